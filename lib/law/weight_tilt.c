/* Moments of W of any order under q, and the mean of log W under masses tilted by W^beta. */
#include "jensen/law.h"

enum { TERMS = 24 };

/* Coefficients of W^beta - 1 - beta (W - 1) in x = log W: (beta^k - beta) / k!, from k = 2. */
static void series_of(double beta, double c[TERMS])
{
    double factorial = 1.0, power = beta;
    for (int k = 2; k < TERMS + 2; k++) {
        factorial *= k;
        power *= beta;
        /* near beta = 1 the difference would cancel */
        c[k - 2] = (beta > 0.5 && beta < 2.0 ? beta * expm1((k - 1) * log(beta)) : power - beta) /
                   factorial;
    }
}

/* Terms of one sign: E W = 1, and W^beta lies on one side of its tangent at 1. */
static double excess(const jn_weight_law *w, double beta)
{
    double c[TERMS], sum = 0.0;
    series_of(beta, c);
    for (size_t i = 0; i < w->n; i++) {
        const double x = w->log_w[i];
        if (fabs(x) < 0.5 && fabs(beta * x) < 1.0) {
            double s = 0.0;
            for (int k = TERMS - 1; k >= 0; k--) {
                s = c[k] + x * s;
            }
            sum += w->m[i] * x * x * s;
        } else if (fabs(x) < 1.0) {
            sum += w->m[i] * (expm1(beta * x) - beta * expm1(x));
        } else {
            sum += exp(w->log_m[i] + beta * x) - w->m[i] - beta * w->mw1[i];
        }
    }
    return sum;
}

static bool counts(const jn_weight_law *w, size_t i)
{
    return w->log_w[i] > -INFINITY && w->log_m[i] > -INFINITY;
}

/* log E W^beta by the largest term, and the mean of log W there. */
static jn_tilted direct(const jn_weight_law *w, double beta)
{
    double max = -INFINITY, mass = 0.0, first = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        max = counts(w, i) ? fmax(max, w->log_m[i] + beta * w->log_w[i]) : max;
    }
    for (size_t i = 0; max > -INFINITY && i < w->n; i++) {
        if (counts(w, i)) {
            const double e = exp(w->log_m[i] + beta * w->log_w[i] - max);
            mass += e;
            first += e * w->log_w[i];
        }
    }
    return (jn_tilted){ .log_moment = max > -INFINITY ? max + log(mass) : -INFINITY,
                        .mean = mass > 0.0 ? first / mass : NAN };
}

jn_tilted jn_weight_law_tilt(const jn_weight_law *w, double beta)
{
    if (w->zero_mass > 0.0 && beta <= 0.0) {
        return (jn_tilted){ .log_moment = beta < 0.0 ? INFINITY : 0.0, .mean = -INFINITY };
    }
    jn_tilted t = direct(w, beta);
    const double e = excess(w, beta);
    if (fabs(e) < 0.5) {
        t.log_moment = log1p(e);
    }
    return t;
}
