/* The inverse of the regularised incomplete gamma function. Internal. */
#ifndef JN_MODEL_GAMMA_QUANTILE_H
#define JN_MODEL_GAMMA_QUANTILE_H

/* x > 0 with P(shape, x) = u, for shape > 0 and u in (0, 1): relative error below 3e-13 in both
 * tails (that of GSL's P and Q), for shapes far below 1, too (0 where x is below the smallest
 * double). Monotone in u but for rounding. GSL's own inverse stops with an error, or short of the
 * answer, for small shapes and far tails. */
double jn_gamma_quantile(double shape, double u);

#endif
