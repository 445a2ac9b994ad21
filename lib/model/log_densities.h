/* Log-densities of the textbook's families that keep their digits where shapes and counts are
 * large: each is its value at the peak, and deviations that vanish there (Loader 2000). Internal.
 */
#ifndef JN_MODEL_LOG_DENSITIES_H
#define JN_MODEL_LOG_DENSITIES_H

/* log r - (r - 1) <= 0; -inf for r = 0 and r = inf, NaN for r < 0. */
double jn_log_minus_line(double r);

/* log(Gamma(x) / (sqrt(2 pi) x^(x - 1/2) e^-x)), x > 0. */
double jn_log_gammastar(double x);

/* Gamma(shape, rate) at z > 0: peak + shape log_minus_line(z rate / shape) - log z. */
double jn_log_gamma_peak(double shape);
/* shape, rate > 0; -inf outside (0, inf), NaN for NaN. */
double jn_log_gamma_density(double shape, double rate, double peak, double z);

/* Beta(a, b) at z in (0, 1), the same way with mean a / (a + b). */
double jn_log_beta_peak(double a, double b);
double jn_log_beta_density(double a, double b, double peak, double z);

/* log(Gamma(a + h) / (Gamma(a) a^h)), a > 0, h >= 0: vanishes like h (h - 1) / 2a. */
double jn_log_gamma_ratio(double a, double h);

/* log of the standard Student density with df degrees of freedom at 0. */
double jn_log_student_peak(double df);

/* log y!, n choose y and the masses: constants of the counts alone and what depends on the mean.
 * y (and n) are whole numbers >= 0. */
double jn_log_poisson_peak(double y);
double jn_log_poisson(double y, double peak, double mean);
double jn_log_binomial_peak(double y, double n);
double jn_log_binomial(double y, double n, double peak, double p);

#endif
