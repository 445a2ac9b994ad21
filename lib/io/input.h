/* Reading files and standard input. Internal. */
#ifndef JN_IO_INPUT_H
#define JN_IO_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

enum { JN_PEEK = 8 };

typedef struct jn_input {
    int fd;
    const char *name; /* for messages: the path, borrowed, or "standard input" */
    bool sized;       /* `left` is known: a regular file */
    uint64_t left;    /* bytes from here to the end, when sized */
    size_t n_ahead;   /* bytes read but not yet taken */
    char ahead[JN_PEEK];
} jn_input;

/* path "-": standard input. JN_ERR_IO: cannot be opened, or is a directory. */
JN_CHECKED jn_status jn_input_open(const char *path, jn_input *in, jn_error *err);
void jn_input_close(jn_input *in);

/* n bytes into buf; *got < n only at the end of the input. */
JN_CHECKED jn_status jn_input_take(jn_input *in, void *buf, size_t n, size_t *got, jn_error *err);

/* Whether the input goes on with these bytes (n <= JN_PEEK), which are not taken. */
JN_CHECKED jn_status jn_input_starts(jn_input *in, const void *bytes, size_t n, bool *starts,
                                     jn_error *err);

/* All that is left into a new block with a NUL behind it. A NUL byte inside means that this is no
 * text: reading may stop after it, so that an endless device does not fill the memory. */
JN_CHECKED jn_status jn_input_text(jn_input *in, char **text, size_t *n, jn_error *err);

#endif
