/* Draws in constant memory. Internal.
 *
 * Log-weights are gathered into the bins of kernel/kernels.h; each keeps the sums of eight powers,
 * which add up over blocks and replicates, and is read as the at most four nodes of its Gauss rule:
 * positive masses, the bin's first seven moments. With f analytic in l and h the width of the bin,
 * what changes in a mean of f is below (h / 4)^8 / 8! of the eighth derivative, 1e-19 of it where
 * bins are narrowest: to IWAE, VR and the moments of W less than 1e-10 relative, where N draws are
 * off by N^-1/2. Only log-weights further than 16 nats from the middle are in wider bins, of a
 * 256th of their distance. */
#ifndef JN_LAW_BINS_H
#define JN_LAW_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

typedef struct jn_bins {
    bool placed; /* origin is known */
    double origin;
    int64_t first; /* of the rows there are */
    size_t n;
    double *rows; /* n x JN_BIN_SUMS */
} jn_bins;

jn_bins *jn_bins_new(void); /* NULL: out of memory */
void jn_bins_free(jn_bins *b);
/* Empty again; memory and origin stay. */
void jn_bins_clear(jn_bins *b);
/* The origin that suits these values (n > 0, finite): one for which the middle one lies in the
 * middle of a bin. Sets of bins that are to be merged should have the same. */
void jn_bins_place(jn_bins *b, double origin);
double jn_bins_origin(size_t n, const double *x);

/* Finite values from lo to hi. Without an origin so far they set it. */
JN_CHECKED jn_status jn_bins_add(jn_bins *b, size_t n, const double *x, double lo, double hi);
JN_CHECKED jn_status jn_bins_merge(jn_bins *into, const jn_bins *from);

/* How many nodes jn_bins_nodes may write; then the nodes, with log-masses (a draw has mass 1).
 * Returns how many. */
size_t jn_bins_room(const jn_bins *b);
size_t jn_bins_nodes(const jn_bins *b, double *x, double *log_m);

#endif
