/* Quantiles of counts: one uniform to one draw. Internal. */
#ifndef JN_MODEL_COUNT_QUANTILE_H
#define JN_MODEL_COUNT_QUANTILE_H

/* The least k with P(Y <= k) >= u, Y Poisson of that mean (>= 0); infinity where k
 * would be 2^53 or more: doubles no longer tell such counts apart. */
double jn_poisson_quantile(double mean, double u);

/* The same for Binomial(n, p), n a whole number to 1e9, p in [0, 1]. */
double jn_binomial_quantile(double n, double p, double u);

#endif
