/* Accumulators in log space that merge. */
#ifndef JENSEN_LOGSPACE_H
#define JENSEN_LOGSPACE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* log(sum of exp(v)) over v_1..v_n without overflow.
 * Invariant: sum of exp(v_i) == scaled * exp(max). Copy freely; nothing to free. */
typedef struct jn_lse {
    double max;    /* largest v so far, -INFINITY when there was none above it */
    double scaled; /* sum of exp(v_i - max) */
    uint64_t n;    /* every v counts, -INFINITY too */
} jn_lse;

#define JN_LSE_INIT       \
    {                     \
        -INFINITY, 0.0, 0 \
    }

/* v in nats, -INFINITY legal. NaN and +INFINITY are the caller's to keep out. */
JN_API void jn_lse_add(jn_lse *acc, double v);
/* n values at once. Last bits depend on how values are split into calls: keep the split fixed. */
JN_API void jn_lse_add_array(jn_lse *acc, size_t n, const double *v);
/* Exact in n; last bits depend on the order of merging: merge in a fixed order. */
JN_API void jn_lse_merge(jn_lse *into, const jn_lse *from);
/* -INFINITY for nothing or all zeros. */
JN_API double jn_lse_log_sum(const jn_lse *acc);
/* -INFINITY if all are zeros, NaN if n == 0. */
JN_API double jn_lse_log_mean(const jn_lse *acc);

/* log(exp(a) + exp(b)) */
JN_API double jn_log_add(double a, double b);

/* Weighted mean and spread of real values (West 1979), mergeable. An infinity among values with
 * positive weight makes the mean that infinity and the spread NaN. */
typedef struct jn_moments {
    double weight; /* sum of weights */
    double mean;
    double m2; /* sum of weight * (x - mean)^2 */
    uint64_t n;
} jn_moments;

#define JN_MOMENTS_INIT  \
    {                    \
        0.0, 0.0, 0.0, 0 \
    }

JN_API void jn_moments_add(jn_moments *acc, double x, double weight);
JN_API void jn_moments_merge(jn_moments *into, const jn_moments *from);
/* Unbiased variance of one value, for equal weights; NaN for n < 2. */
JN_API double jn_moments_variance(const jn_moments *acc);

#ifdef __cplusplus
}
#endif
#endif
