/* Output files that appear whole or not at all. Internal.
 *
 *     jn_output *out;
 *     status = jn_output_open(path, &out, err);      nothing is visible yet
 *     fprintf(jn_output_file(out), ...);             errors need not be checked here
 *     status = jn_output_commit(out, err);           now it is, or the old file stands
 *
 * A file is written beside its target under another name, brought to the disk and renamed. What is
 * no regular file (a device, a pipe) is written directly. On a pipe whose reader has gone the rest
 * is dropped, and that is success. */
#ifndef JN_IO_OUTPUT_H
#define JN_IO_OUTPUT_H

#include <stdio.h>

#include "jensen/status.h"

typedef struct jn_output jn_output;

/* path NULL or "-": standard output. JN_ERR_IO: cannot be opened for writing. */
JN_CHECKED jn_status jn_output_open(const char *path, jn_output **out, jn_error *err);

/* To write to; valid until commit or discard. The caller never closes it. */
FILE *jn_output_file(jn_output *out);

/* Frees `out` whatever happens. JN_ERR_IO: a write failed (a full disk) or the file could not take
 * its name; then the old file is untouched and nothing new is left behind. */
JN_CHECKED jn_status jn_output_commit(jn_output *out, jn_error *err);

/* Gives up: as if it had never been opened. NULL is fine. */
void jn_output_discard(jn_output *out);

#endif
