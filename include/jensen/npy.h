/* NumPy's .npy files (numpy/lib/format.py describes them). */
#ifndef JENSEN_NPY_H
#define JENSEN_NPY_H

#include "jensen/matrix.h"
#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Versions 1.0, 2.0 and 3.0; floats of 16, 32 and 64 bits, integers of 8 to 64 bits, booleans; C
 * and Fortran order; both byte orders; up to two dimensions. "-" is standard input. *out is
 * overwritten, not freed. No size in the file is trusted before the bytes are there.
 * JN_ERR_IO: cannot open or read. JN_ERR_VALUE: no .npy file, a malformed header, another type of
 * element, more dimensions, no elements, fewer or more bytes than the shape says, an integer that a
 * double cannot hold. */
JN_API JN_CHECKED jn_status jn_npy_read(const char *path, jn_matrix *out, jn_error *err);

/* Version 1.0, 64-bit little-endian floats in C order, with m->ndim dimensions. The file appears
 * whole or not at all; "-" or NULL is standard output. JN_ERR_IO: cannot be written. */
JN_API JN_CHECKED jn_status jn_npy_write(const char *path, const jn_matrix *m, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
