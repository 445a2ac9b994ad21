#include "model/log_densities.h"

#include <math.h>

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_log.h>

#include "base/constants.h"

/* log(1 + x) - x */
static double deviation(double x)
{
    if (!(x >= -0.5 && x <= 1.0)) {
        return x == INFINITY ? -INFINITY : log1p(x) - x;
    }
    gsl_sf_result v = { NAN, NAN };
    (void)gsl_sf_log_1plusx_mx_e(x, &v); /* its argument is in [-1/2, 1] */
    return v.val;
}

double jn_log_minus_line(double r)
{
    return r < 0.5 ? log(r) - (r - 1.0) : deviation(r - 1.0);
}

double jn_log_gammastar(double x)
{
    gsl_sf_result v = { NAN, NAN };
    (void)gsl_sf_gammastar_e(x, &v);
    return log(v.val);
}

/* a log a - a - log Gamma(a) */
double jn_log_gamma_peak(double shape)
{
    return 0.5 * (log(shape) - JN_LOG_2PI) - jn_log_gammastar(shape);
}

double jn_log_gamma_density(double shape, double rate, double peak, double z)
{
    if (!(z > 0.0) || isinf(z)) {
        return isnan(z) ? z : -INFINITY;
    }
    return peak + shape * jn_log_minus_line(z * (rate / shape)) - log(z);
}

/* log of a^a b^b / ((a + b)^(a + b) B(a, b)) */
double jn_log_beta_peak(double a, double b)
{
    const double sum = a + b;
    return 0.5 * (log(a * (b / sum)) - JN_LOG_2PI) + jn_log_gammastar(sum) - jn_log_gammastar(a) -
           jn_log_gammastar(b);
}

double jn_log_beta_density(double a, double b, double peak, double z)
{
    if (!(z > 0.0) || !(z < 1.0)) {
        return isnan(z) ? z : -INFINITY;
    }
    const double sum = a + b, rest = 1.0 - z;
    return peak + a * jn_log_minus_line(z * (sum / a)) + b * jn_log_minus_line(rest * (sum / b)) -
           log(z) - log1p(-z);
}

double jn_log_gamma_ratio(double a, double h)
{
    return (a + h - 0.5) * log1p(h / a) - h + jn_log_gammastar(a + h) - jn_log_gammastar(a);
}

double jn_log_student_peak(double df)
{
    return jn_log_gamma_ratio(0.5 * df, 0.5) - 0.5 * JN_LOG_2PI;
}

double jn_log_poisson_peak(double y)
{
    return y == 0.0 ? 0.0 : jn_log_gamma_peak(y) - log(y);
}

/* A ratio near 1 would be rounded by eps, which y of 10^9 makes much of: differences are not. */
double jn_log_poisson(double y, double peak, double mean)
{
    if (y == 0.0 || !(mean >= 0.5 * y)) {
        return y == 0.0 ? -mean : peak + y * jn_log_minus_line(mean / y);
    }
    return peak + y * deviation((mean - y) / y);
}

double jn_log_binomial_peak(double y, double n)
{
    return y == 0.0 || y == n ? 0.0 : jn_log_beta_peak(y, n - y) - log(y * ((n - y) / n));
}

double jn_log_binomial(double y, double n, double peak, double p)
{
    if (y == 0.0 || y == n) {
        return (y == n ? 0.0 : n * log1p(-p)) + (y == 0.0 ? 0.0 : n * log(p));
    }
    const double fails = n - y, more = fma(p, n, -y); /* than y, expected */
    const double of_y = more / y > -0.5 ? deviation(more / y) : jn_log_minus_line(p * (n / y));
    const double of_fails = -more / fails > -0.5 ? deviation(-more / fails)
                                                 : jn_log_minus_line((1.0 - p) * (n / fails));
    return peak + y * of_y + fails * of_fails;
}
