/* Quantiles of the Beta and Student laws, one uniform to one value, good in both tails. Internal.
 */
#ifndef JN_MODEL_BETA_QUANTILE_H
#define JN_MODEL_BETA_QUANTILE_H

/* log(x / (1 - x)) where x is the point below which Beta(a, b) has mass `below` and above which it
 * has `above`; the smaller of the two, which sum to 1, is the one that is used. a, b >= 0.02 and
 * at most 1e9; masses in (0, 1). Good to about 1e-13 of max(1, |logit|) for moderate a and b. */
double jn_beta_logit_quantile(double a, double b, double below, double above);

/* x itself for `below` = u in (0, 1), held strictly inside (0, 1). */
double jn_beta_quantile(double a, double b, double u);

/* The u-quantile of Student's t with df degrees of freedom, df in [0.04, 2e9]. */
double jn_student_quantile(double df, double u);

#endif
