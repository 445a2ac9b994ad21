/* Works in y = log x, where both log P and log Q = log(1 - P) are concave: Halley's method on the
 * smaller of the two, kept inside a shrinking bracket. */
#include "model/gamma_quantile.h"

#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>

/* log P or log Q at x = e^y and its slope in y. */
static double log_tail(double shape, double y, bool upper, double log_gamma, double *slope)
{
    gsl_sf_result r = { NAN, NAN };
    const double x = exp(y);
    (void)(upper ? gsl_sf_gamma_inc_Q_e(shape, x, &r) : gsl_sf_gamma_inc_P_e(shape, x, &r));
    const double log_p = log(r.val);
    *slope = exp(shape * y - x - log_gamma - log_p) * (upper ? -1.0 : 1.0);
    return log_p;
}

/* P(a, x) = x^a / Gamma(a + 1) (1 + O(x)): exact for tiny x. Elsewhere Wilson and Hilferty. */
static double first_guess(double shape, double small_y, double u)
{
    const double v = 1.0 / (9.0 * shape);
    const double cube = 1.0 - v + gsl_cdf_ugaussian_Pinv(u) * sqrt(v);
    if (shape < 0.5 || cube < 0.1) {
        return small_y < 0.0 ? small_y : log(fmax(1e-3, -log1p(-u)));
    }
    return log(shape) + 3.0 * log(cube);
}

double jn_gamma_quantile(double shape, double u)
{
    enum { MAX_STEPS = 200 };
    const double log_gamma = lgamma(shape);
    const double small_y = (log(u) + lgamma(shape + 1.0)) / shape;
    if (small_y < -40.0) {
        return exp(small_y);
    }
    const bool upper = u > 0.5;
    const double goal = upper ? log1p(-u) : log(u), sign = upper ? -1.0 : 1.0;
    double lo = small_y, hi = INFINITY; /* P(a, x) <= x^a / Gamma(a + 1): small_y is below */
    double y = fmax(first_guess(shape, small_y, u), lo);
    for (int i = 0; i < MAX_STEPS; i++) {
        double slope;
        const double off = log_tail(shape, y, upper, log_gamma, &slope) - goal;
        if (sign * off > 0.0 || isnan(off)) {
            hi = y;
        } else {
            lo = y;
        }
        const double newton = off / slope;
        const double bend = 0.5 * (shape - exp(y) - slope); /* second derivative over twice slope */
        double next = y - newton / (1.0 - fmin(0.5, fmax(-1.0, newton * bend)));
        if (!(next >= lo && next <= hi)) { /* also where the tail underflowed */
            next = isinf(hi) ? lo + 1.0 : 0.5 * (lo + hi);
        }
        const bool done = fabs(next - y) <= 3e-8; /* the error is of the order of its square now */
        y = next;
        if (done) {
            break;
        }
    }
    return exp(y);
}
