/* No command writes over what it reads. */
#ifndef JN_TOOLS_OVERWRITE_H
#define JN_TOOLS_OVERWRITE_H

#include "options.h"

/* "-", or nothing given. */
bool jn_is_standard(const char *path);

/* Would two tables be written to one place, so that one would be lost? A device (/dev/null) takes
 * both. */
bool jn_same_place(const char *a, const char *b);

/* JN_ERR_USAGE: an option that names a file to write names one that this command line reads, or
 * that another option writes. args: the command's, parsed. */
JN_CHECKED jn_status jn_check_outputs(const jn_command *c, const void *args, const jn_parsed *p,
                                      jn_error *err);

#endif
