/* Fewer nodes for the same law. Internal.
 *
 * Nodes are gathered into bins of width 1/4 in l; each bin is replaced by at most six nodes with
 * the same mass and the same first eleven moments (the Gauss rule of the bin's own measure, by
 * Lanczos' method, which keeps masses positive and nodes inside the bin). A functional E f(l)
 * changes by less than (1/16)^12 * 4 / 12! = 3e-23 of the twelfth derivative of f: 1e-16 for
 * e^(-sW) and less than 1e-15 of Var W however small that is. (With few moments this is where a
 * small gap loses its digits: three nodes a bin of 1/16 leave 6e-9 of Var W = 3e-4.) */
#ifndef JN_LAW_COMPRESS_H
#define JN_LAW_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/status.h"

/* log_w, log_m: n nodes, replaced in place by *n_out <= n nodes in ascending order of log_w.
 * reduce false: sorted, and no more. */
JN_CHECKED jn_status jn_compress(size_t n, bool reduce, double *log_w, double *log_m,
                                 size_t *n_out);

#endif
