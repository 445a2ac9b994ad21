/* The header of a .npy file. Internal. */
#ifndef JN_IO_NPY_HEADER_H
#define JN_IO_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/status.h"

enum { JN_NPY_DESCR = 8, JN_NPY_SHAPE = 64 };

typedef struct jn_npy_header {
    char descr[JN_NPY_DESCR]; /* as in the file: "<f8" */
    char kind;                /* f, i, u or b */
    size_t size;              /* bytes an element: 1, 2, 4 or 8 */
    bool big_endian, fortran;
    int ndim;        /* 0, 1 or 2 */
    size_t shape[2]; /* the first ndim are set */
} jn_npy_header;

/* The dictionary in text[0..n-1], a Python literal. JN_ERR_VALUE: malformed, or an array that we do
 * not read; the message begins with `name`. */
JN_CHECKED jn_status jn_npy_header_parse(const char *text, size_t n, const char *name,
                                         jn_npy_header *out, jn_error *err);

/* "(3, 4)" into buf, which is returned. */
const char *jn_npy_shape_text(const jn_npy_header *h, char buf[JN_NPY_SHAPE]);

#endif
