/* Weight laws whose bounds are known, as nodes. */
#ifndef JN_TESTS_BOUND_LAWS_H
#define JN_TESTS_BOUND_LAWS_H

#include "law/slow_law.h"

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

/* log x - psi(x): beyond 20 by its asymptotic series, where the difference would cancel. */
static inline double jn_test_log_minus_psi(double x)
{
    if (x < 20.0) {
        return log(x) - gsl_sf_psi(x);
    }
    const double y = 1.0 / (x * x); /* the first term left out is 1e-15 of the first at x = 20 */
    return 0.5 / x + y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y / 132))));
}

/* Log-density of l = log W for W ~ Gamma(a, 1) / a. */
static inline double jn_test_gamma_density(double a, double l)
{
    return a * (l + log(a)) - a * exp(l) - gsl_sf_lngamma(a);
}

/* Nodes even in log W from where less than 1e-21 of the mass is left to where nothing of W^2 is. */
static inline size_t jn_test_gamma_nodes(double a, size_t capacity, double *l, double *log_m)
{
    double lo = 0.0, hi = 0.0;
    while (jn_test_gamma_density(a, lo) - log(a) > -49.0) {
        lo -= 0.05 / a + 0.01;
    }
    while (jn_test_gamma_density(a, hi) + 2.0 * hi > -60.0) {
        hi += 0.05;
    }
    /* the trapezoid rule on e^-sW (width 1) and on the density (width 1 / sqrt a): e^-60 */
    const double h = 0.15 / fmax(1.0, sqrt(a));
    const size_t n = (size_t)((hi - lo) / h) + 1;
    assert_true(n <= capacity);
    for (size_t i = 0; i < n; i++) {
        l[i] = lo + (double)i * h;
        log_m[i] = jn_test_gamma_density(a, l[i]) + log(h);
    }
    return n;
}

/* L_K of a two-point law by the binomial sum: high with probability p, else low; minus E W is 1. */
static inline double jn_test_two_point_gap(double p, double high, double low, unsigned k)
{
    long double sum = 0.0L, log_binomial = 0.0L;
    const long double lp = logl(p), lq = log1pl(-(long double)p);
    for (unsigned j = 0; j <= k; j++) {
        const long double mean = ((long double)j * high + (long double)(k - j) * low) / k;
        sum -= expl(log_binomial + j * lp + (k - j) * lq) * logl(mean);
        log_binomial += logl((long double)(k - j)) - logl((long double)j + 1.0L);
        if (j > 60 && log_binomial + j * lp + (k - j) * lq < -60.0L && j > 2.0 * k * p) {
            break;
        }
    }
    return (double)sum;
}

#endif
