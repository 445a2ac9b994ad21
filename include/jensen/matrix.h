/* A matrix of numbers read from a file. */
#ifndef JENSEN_MATRIX_H
#define JENSEN_MATRIX_H

#include <stddef.h>

#include "jensen/params.h"
#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* rows, cols >= 1. `ndim` is the number of dimensions in the file: 0 is 1 x 1, 1 is one row. */
typedef struct jn_matrix {
    size_t rows, cols;
    int ndim;  /* 0, 1 or 2 */
    double *x; /* x[r * cols + c]; any double, infinities and NaN too */
} jn_matrix;

#define JN_MATRIX_INIT \
    {                  \
        0, 0, 0, NULL  \
    }

JN_API void jn_matrix_free(jn_matrix *m); /* leaves an empty matrix; NULL is fine */

/* A .npy file, or numbers in a .csv file without header, whichever the contents are; "-" is
 * standard input. *out is overwritten, not freed. JN_ERR_IO: cannot open or read; JN_ERR_VALUE:
 * the contents (see npy.h and csv.h; -inf, inf and nan are numbers here). */
JN_API JN_CHECKED jn_status jn_matrix_read(const char *path, jn_matrix *out, jn_error *err);

/* The same; a .csv file may begin with a line of names. */
JN_API JN_CHECKED jn_status jn_matrix_read_titled(const char *path, jn_matrix *out, jn_error *err);

/* As jn_value_parse, and "@FILE" reads FILE as jn_matrix_read does; all numbers must be finite. */
JN_API JN_CHECKED jn_status jn_value_read(const char *text, jn_value *out, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
