/* Elements of a .npy file as doubles. Internal. */
#ifndef JN_IO_NPY_DECODE_H
#define JN_IO_NPY_DECODE_H

#include "io/npy_header.h"

/* n elements in `raw` (n * h->size bytes) into out. Returns how many were decoded: fewer than n
 * where the next is an integer that no double equals. */
size_t jn_npy_decode(const jn_npy_header *h, const unsigned char *raw, size_t n, double *out);

#endif
