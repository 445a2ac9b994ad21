/* Works in t = logit x, where the logs of both tails are concave, so that Newton's method converges
 * from one side; Halley's correction makes the last step free. The tail itself is the continued
 * fraction of DiDonato & Morris (1992) for the incomplete beta function, its prefactor in the form
 * that keeps its digits for large a and b. */
#include "model/beta_quantile.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "model/log_densities.h"

typedef struct beta_law {
    double a, b, peak;
    double center; /* logit of the mean, log(a / b) */
} beta_law;

/* log(1 + e^t) */
static double softplus(double t)
{
    return (t > 0.0 ? t : 0.0) + log1p(exp(-fabs(t)));
}

/* log r - (r - 1) where log r is known too, r beyond the range of doubles included. */
static double from_log(double log_r)
{
    const double r = exp(log_r);
    return r >= 0.5 && r <= 2.0 ? jn_log_minus_line(r) : log_r - (r - 1.0);
}

/* Log-density in t. */
static double log_density(const beta_law *w, double t)
{
    const double log_mean = -softplus(-w->center), log_rest = -softplus(w->center);
    return w->peak + w->a * from_log(-softplus(-t) - log_mean) +
           w->b * from_log(-softplus(t) - log_rest);
}

/* I_x(a, b) over x^a (1 - x)^b / B(a, b), for x below (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x, double rest)
{
    enum { MOST = 1000000 };
    const double first = 1.0 + a * rest - b * x; /* the fraction's heart: no cancellation here */
    double before[2] = { 0.0, 1.0 }, now[2] = { 1.0, first * (a / (a + 1.0)) };
    double value = now[0] / now[1], last_p = 1.0;
    for (int n = 1; n < MOST; n++) {
        const double w = n * (b - n) * x, s = a + 2.0 * n - 1.0, e = a / s, p = 1.0 + n / a;
        const double alpha = last_p * (last_p + b / a) * e * e * w * x;
        const double beta = n + w / s + p * a / (s + 2.0) * (first + n * (1.0 + rest));
        last_p = p;
        for (int i = 0; i < 2; i++) {
            const double next = alpha * before[i] + beta * now[i];
            before[i] = now[i];
            now[i] = next;
        }
        const double last = value, scale = 1.0 / now[1];
        value = now[0] * scale;
        if (fabs(value - last) <= DBL_EPSILON * value) {
            break;
        }
        for (int i = 0; i < 2; i++) { /* only ratios matter */
            before[i] *= scale;
            now[i] *= scale;
        }
    }
    return value;
}

/* log of the mass below t and its slope in t. */
static double log_below(const beta_law *w, double t, double *slope)
{
    const double x = 1.0 / (1.0 + exp(-t)), rest = 1.0 / (1.0 + exp(t));
    const double g = log_density(w, t);
    double log_mass;
    if (x * (w->a + w->b + 2.0) < w->a + 1.0) {
        log_mass = g + log(fraction(w->a, w->b, x, rest));
    } else {
        log_mass = log1p(-fmin(1.0, exp(g + log(fraction(w->b, w->a, rest, x)))));
    }
    *slope = exp(g - log_mass);
    return log_mass;
}

/* The root of log_below = goal; from the left of it Newton's steps never pass it. */
static double solve(const beta_law *w, double goal)
{
    enum { MAX_STEPS = 200 };
    const double done = 1e-7 * fmin(1.0, sqrt(1.0 / w->a + 1.0 / w->b));
    double lo = -INFINITY, hi = INFINITY, t = w->center;
    for (int i = 0; i < MAX_STEPS; i++) {
        double slope;
        const double off = log_below(w, t, &slope) - goal;
        if (off > 0.0) {
            hi = t;
        } else {
            lo = t;
        }
        const double newton = off / slope, x = 1.0 / (1.0 + exp(-t));
        const double bend = 0.5 * (w->a - (w->a + w->b) * x - slope); /* f'' / 2 f' */
        double next = t - newton / (1.0 - fmin(0.5, fmax(-1.0, newton * bend)));
        if (!(next >= lo && next <= hi) || isinf(next)) { /* also where the slope is 0 */
            next = isinf(lo) ? t - 1.0 : isinf(hi) ? t + 1.0 : 0.5 * (lo + hi);
        }
        const bool finished = fabs(next - t) <= done; /* the error is of the order of its cube */
        t = next;
        if (finished) {
            break;
        }
    }
    return t;
}

double jn_beta_logit_quantile(double a, double b, double below, double above)
{
    const double peak = jn_log_beta_peak(a, b), center = log(a / b);
    if (below <= above) {
        return solve(&(beta_law){ a, b, peak, center }, log(below));
    }
    return -solve(&(beta_law){ b, a, peak, -center }, log(above));
}

double jn_beta_quantile(double a, double b, double u)
{
    const double t = jn_beta_logit_quantile(a, b, u, 1.0 - u);
    return fmax(DBL_MIN, fmin(1.0 / (1.0 + exp(-t)), 1.0 - 0.5 * DBL_EPSILON));
}

/* P(|T| > t) is the mass of Beta(df / 2, 1 / 2) below df / (df + t^2). */
double jn_student_quantile(double df, double u)
{
    const double outside = 2.0 * fmin(u, 1.0 - u), inside = fabs(1.0 - 2.0 * u);
    if (inside == 0.0) {
        return 0.0;
    }
    const double size = sqrt(df) *
                        exp(-0.5 * jn_beta_logit_quantile(0.5 * df, 0.5, outside, inside));
    return u < 0.5 ? -size : size;
}
