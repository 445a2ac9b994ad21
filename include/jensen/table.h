/* A data table in memory: named columns, cells as text or as numbers. */
#ifndef JENSEN_TABLE_H
#define JENSEN_TABLE_H

#include <stddef.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Owns all it points to; at least one row and one column. Exactly one of `cells` and `numbers` is
 * set. A function that makes a table of cells puts all their text into one block, `arena`. */
typedef struct jn_table {
    char *origin; /* where it came from, for messages: a file name or "(built in)" */
    size_t n_rows, n_cols;
    char **names;    /* n_cols; distinct, not empty */
    char **cells;    /* text of row r, column c: cells[r * n_cols + c]; never NULL inside */
    char *arena;     /* the block that the cells point into; NULL for a table of numbers */
    size_t *lines;   /* n_rows: the line of the file where each row starts, from 1; or NULL */
    double *numbers; /* row r, column c: numbers[r * n_cols + c] */
} jn_table;

/* A table of numbers, copied. names NULL: "x1", "x2", ... JN_ERR_VALUE: no row, no column, or a
 * name that is empty or comes twice. */
JN_API JN_CHECKED jn_status jn_table_new(const char *origin, size_t n_rows, size_t n_cols,
                                         const char *const *names, const double *numbers,
                                         jn_table **out);
JN_API void jn_table_free(jn_table *t); /* NULL is fine */

enum { JN_NO_COLUMN = -1 };
/* Index of the column called `name`, or JN_NO_COLUMN. */
JN_API ptrdiff_t jn_table_find(const jn_table *t, const char *name);

/* Column `col` as n_rows finite numbers. JN_ERR_VALUE names file, line, column, the text found and
 * what was expected; "", "NA", "nan" and "inf" are errors. JN_ERR_USAGE: there is no column `col`.
 */
JN_API JN_CHECKED jn_status jn_table_numbers(const jn_table *t, size_t col, double *out,
                                             jn_error *err);

/* One cell as text; for a table of numbers it is written into buf (>= 32 bytes). */
JN_API const char *jn_table_text(const jn_table *t, size_t row, size_t col, char *buf);

/* "file, line 12" or "file, row 11" (rows from 0) for messages; written into buf, which is
 * returned. */
JN_API const char *jn_table_where(const jn_table *t, size_t row, char *buf, size_t size);

/* Rows first..first+count-1 and the named columns (n_names 0: all) as a new table. A column range
 * "p0..p63" stands for all columns from p0 to p63 in file order. JN_ERR_VALUE where a row or
 * column is not there, a column is named twice, a range runs backwards, or count is 0. */
JN_API JN_CHECKED jn_status jn_table_select(const jn_table *t, size_t first, size_t count,
                                            const char *const *names, size_t n_names,
                                            jn_table **out, jn_error *err);

/* A copy of t (NULL: n_rows rows without columns) in which the n named columns are these numbers,
 * column k, row r at x[k * n_rows + r]; those that were not there come first. JN_ERR_NOMEM. */
JN_API JN_CHECKED jn_status jn_table_replace(const jn_table *t, size_t n_rows, size_t n,
                                             const char *const *names, const double *x,
                                             jn_table **out);

#ifdef __cplusplus
}
#endif
#endif
