/* Reading comma-separated values: RFC 4180, and what people write in its name.
 *
 * A line ends in LF, CRLF or CR; the last one need not end, and empty lines at the end are not
 * rows. A cell may stand in double quotes, and then hold separators, line ends and "" for a quote;
 * blanks around a cell are dropped unless they are inside quotes. A UTF-8 byte order mark is
 * skipped. "-" is standard input.
 *
 * JN_ERR_IO: the file cannot be opened or read. JN_ERR_VALUE: its contents; the message names file
 * and line. */
#ifndef JENSEN_CSV_H
#define JENSEN_CSV_H

#include <stdbool.h>

#include "jensen/matrix.h"
#include "jensen/status.h"
#include "jensen/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* { 0 } and NULL: the defaults. */
typedef struct jn_csv_options {
    char separator;  /* 0: a comma */
    bool non_finite; /* matrix: "inf", "-inf" and "nan" are numbers, too */
    bool header;     /* matrix: a first line in which no cell is a number is skipped */
} jn_csv_options;

/* A header and at least one row, all of the same number of cells. Errors: an empty file, a header
 * alone, a column without a name or with a name that came before, a row with more or fewer cells,
 * a quote that is not closed or is followed by text, a NUL byte. Cells stay text. */
JN_API JN_CHECKED jn_status jn_csv_read(const char *path, const jn_csv_options *options,
                                        jn_table **out, jn_error *err);

/* Rows of numbers without a header. *out is overwritten, not freed. */
JN_API JN_CHECKED jn_status jn_csv_matrix(const char *path, const jn_csv_options *options,
                                          jn_matrix *out, jn_error *err);

/* Data from either kind of file: a .csv with a header, or a .npy, whose columns are called x1, x2,
 * ...; a .npy of one dimension is one column. */
JN_API JN_CHECKED jn_status jn_table_read(const char *path, jn_table **out, jn_error *err);

/* A header and the rows, as jn_csv_read reads them: cells with a separator, a quote, a line end or
 * blanks at an end stand in quotes; numbers with the fewest digits that read back as the same. The
 * file appears whole or not at all; NULL or "-" is standard output. JN_ERR_IO: cannot be written.
 */
JN_API JN_CHECKED jn_status jn_csv_write(const char *path, const jn_table *t, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
