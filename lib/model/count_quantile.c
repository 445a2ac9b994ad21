#include "model/count_quantile.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

typedef double cdf(double k, const double *args);

/* P(Y <= k) = Q(k + 1, mean), the upper tail of a Gamma law. */
static double poisson_cdf(double k, const double *args)
{
    return gsl_cdf_gamma_Q(args[0], k + 1.0, 1.0);
}

/* P(Y <= k) = P(Beta(k + 1, n - k) > p). */
static double binomial_cdf(double k, const double *args)
{
    return k >= args[0] ? 1.0 : gsl_cdf_beta_Q(args[1], k + 1.0, args[0] - k);
}

/* The least k in 0 .. most with F(k) >= u: steps that double away from `guess`, then halving. */
static double search(cdf *F, const double *args, double guess, double most, double u)
{
    double lo = guess, hi = guess, step = 1.0;
    while (lo >= 0.0 && F(lo, args) >= u) {
        hi = lo;
        lo -= step;
        step *= 2.0;
    }
    for (step = 1.0; hi < most && F(hi, args) < u; step *= 2.0) {
        lo = hi;
        hi = fmin(most, hi + step);
    }
    lo = fmax(lo, -1.0); /* F(lo) < u <= F(hi) */
    while (hi - lo > 1.0) {
        const double middle = floor(0.5 * (lo + hi));
        if (F(middle, args) >= u) {
            hi = middle;
        } else {
            lo = middle;
        }
    }
    return hi;
}

double jn_poisson_quantile(double mean, double u)
{
    const double most = 0x1p53;
    if (mean <= 0.0) {
        return 0.0;
    }
    const double k = mean < most ? search(poisson_cdf, &mean, floor(mean), most, u) : most;
    return k < most ? k : INFINITY;
}

double jn_binomial_quantile(double n, double p, double u)
{
    const double args[] = { n, p };
    return p <= 0.0 ? 0.0 : p >= 1.0 ? n : search(binomial_cdf, args, floor(n * p), n, u);
}
