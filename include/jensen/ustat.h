/* Bounds from stored log-weights: the complete U-statistic, the average of log-mean-exp over every
 * subset of K of N draws. It is unbiased for L_K and has the least variance of all unbiased
 * estimators from N independent draws. No subset is enumerated. */
#ifndef JENSEN_USTAT_H
#define JENSEN_USTAT_H

#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jn_ustat {
    double value; /* nats; -INFINITY where a subset of K zero weights exists */
    double error; /* jackknife standard error; NaN for k > n / 2, and where value is infinite */
    double gap;   /* log of the mean of all n weights - value, >= 0 */
} jn_ustat;

/* For each of n_k subset sizes 1 <= k <= n; log_w: n >= 1 log-weights, -INFINITY is a zero weight
 * (NaN and +INFINITY are the caller's to keep out). out: n_k. covariance: NULL, or the n_k x n_k
 * jackknife covariance of the values, NaN where an error is.
 *
 * The jackknife variance (n - 1) / n sum (U_(-i) - U)^2 is exact to first order in k / n and high
 * by a share of the order k / n of what is not linear (Efron & Stein 1981).
 *
 * JN_ERR_VALUE: n is 0, or a k out of range. */
JN_API JN_CHECKED jn_status jn_ustat_values(size_t n, const double *log_w, size_t n_k,
                                            const uint64_t *ks, jn_ustat *out, double *covariance);

#ifdef __cplusplus
}
#endif
#endif
