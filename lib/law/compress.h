/* Fewer nodes for the same law. Internal.
 *
 * Nodes are gathered into bins of width 1/16 in l; each bin is replaced by at most three nodes with
 * the same mass and the same first five moments (the Gauss rule of the bin's own measure, by
 * Lanczos' method, which keeps masses positive and nodes inside the bin). For a functional f(l),
 * analytic with derivatives of the order of f, what changes is below
 * (1/32)^6 / 6! of the sixth derivative: 1e-12 relative for every functional the library has. */
#ifndef JN_LAW_COMPRESS_H
#define JN_LAW_COMPRESS_H

#include <stddef.h>

#include "jensen/status.h"

/* log_w, log_m: n nodes, replaced in place by *n_out <= n nodes. */
JN_CHECKED jn_status jn_compress(size_t n, double *log_w, double *log_m, size_t *n_out);

#endif
