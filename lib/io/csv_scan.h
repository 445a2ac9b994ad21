/* Cells of a .csv text, one after the other, made in place. Internal. */
#ifndef JN_IO_CSV_SCAN_H
#define JN_IO_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "io/input.h"
#include "jensen/status.h"

/* Over text that the scanner changes: quotes go, and each cell gets a NUL behind it. */
typedef struct jn_csv_scan {
    char *next, *end; /* *end is a NUL and writable */
    char separator;
    size_t line;      /* of `next`, from 1 */
    const char *name; /* of the file, for messages */
} jn_csv_scan;

/* The rest of `in` as a text in *block, for the caller to free, and a scanner at its first cell.
 * JN_ERR_VALUE: an empty file, a NUL byte. *block is NULL after an error. */
JN_CHECKED jn_status jn_csv_scan_open(jn_input *in, char separator, char **block, jn_csv_scan *scan,
                                      jn_error *err);

static inline bool jn_csv_scan_ended(const jn_csv_scan *s)
{
    return s->next == s->end;
}

/* The next cell and whether it is the last of its row. */
JN_CHECKED jn_status jn_csv_scan_cell(jn_csv_scan *s, char **cell, bool *row_ends, jn_error *err);

#endif
