/* What a draw adds to a functional of the law: the delta method. Internal.
 *
 * Mixed into the law with mass e, a draw of weight W changes a functional by e IF(W) to first
 * order. E IF = 0, and the functional of N draws has the variance E IF^2 / N to the order 1 / N. */
#ifndef JN_BOUND_INFLUENCE_H
#define JN_BOUND_INFLUENCE_H

#include <stddef.h>

#include "jensen/bound.h"

/* Of sum over i < n of c[i] L_k[i]; out: w->n. No zero weights. */
JN_CHECKED jn_status jn_influence_iwae(const jn_weight_law *w, size_t n, const double *c,
                                       const double *k, double *out);

/* Of U_k, k >= 1, all draws those of q, posterior masses made of their weights; out: w->n. */
JN_CHECKED jn_status jn_influence_upper(const jn_weight_law *w, double k, double *out);

/* Of log E W^beta / beta, beta != 0. */
void jn_influence_renyi(const jn_weight_law *w, double beta, double *out);

/* Adds c times that of the mean of log W under masses tilted by W^beta. */
void jn_influence_curve(const jn_weight_law *w, double beta, double c, double *out);

/* Standard errors of what one sample's law says: of the value of a bound, and of log p(x) less the
 * value, both of the same draws. NaN: not shown. */
typedef struct jn_delta {
    double value, gap;
} jn_delta;

/* law: of one replicate of draws, with nodes. */
JN_CHECKED jn_status jn_delta_errors(const jn_law *law, const jn_weight_law *w, size_t n,
                                     const jn_bound_arg *args, const jn_bound_result *results,
                                     const jn_bound_value *values, jn_delta *out);

#endif
