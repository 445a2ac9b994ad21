/* Large counts: y log p and log y! are then large numbers of opposite signs. A sum of rows is
 * evaluated by its peak in u and the deviance from there, which is small where it matters. */
#include <float.h>
#include <math.h>

#include "model/glmm.h"
#include "model/log_densities.h"

/* Of n rows' terms of these sizes: what their cancellation leaves, and that of a place in u. */
static double rounding(double deviations, double constant, double spread, double place)
{
    return 4.0 * DBL_EPSILON * (deviations + fabs(constant) + spread * (1.0 + fabs(place)));
}

/* Rows of a sum are, given the sum, multinomial: the product of Poisson laws over that of the sum,
 * each mean the row's share of the sum; the sum's own height at its peak cancels. */
void jn_glmm_many_poisson(jn_glmm_group *g, const jn_glmm_row *rows, size_t n)
{
    double deviations = 0.0;
    g->many = true;
    g->centre = log(g->successes) - g->log_mean;
    g->constant = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double y = rows[i].y, share = rows[i].offset - g->log_mean;
        const double mean = g->successes * exp(share);
        g->constant += jn_log_poisson(y, jn_log_poisson_peak(y), mean);
        deviations += fabs(y - mean) * (2.0 + fabs(share));
    }
    g->rounding = rounding(deviations, g->constant, sqrt(g->successes),
                           fabs(g->centre) + fabs(g->log_mean));
}

void jn_glmm_many_binomial(jn_glmm_pattern *p, const jn_glmm_row *rows, size_t n)
{
    const double fails = p->trials - p->successes, share = p->successes / p->trials;
    const double spread = sqrt(share * fails);
    double deviations = 0.0;
    p->many = true;
    p->centre = log(p->successes) - log(fails) - p->offset; /* infinite: all alike */
    for (size_t i = 0; i < n; i++) {
        const double y = rows[i].y, trials = rows[i].trials;
        p->constant += jn_log_binomial(y, trials, jn_log_binomial_peak(y, trials), share);
        deviations += 0.5 * fabs(y - trials * share);
    }
    p->rounding = rounding(deviations, p->constant, spread,
                           spread > 0.0 ? fabs(p->centre) + fabs(p->offset) : 0.0);
}

/* S (t - (e^t - 1)) with t = u - centre. */
double jn_glmm_poisson_deviance(const jn_glmm_group *g, double u)
{
    const double t = u - g->centre;
    return g->successes * (t - expm1(t));
}

static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

/* y of n at t from their centre, y <= n / 2: y t - n log(1 + P (e^t - 1)) with P = y / n. */
static double minority(double y, double n, double t)
{
    const double overflow = 500.0;
    return t < overflow ? y * t - n * log1p(y / n * expm1(t)) : -(n - y) * t - n * log(y / n);
}

double jn_glmm_binomial_deviance(const jn_glmm_pattern *p, double u)
{
    const double y = p->successes, n = p->trials, t = u - p->centre;
    if (y == 0.0 || y == n) {
        return -n * softplus(y == 0.0 ? u + p->offset : -(u + p->offset));
    }
    return y <= 0.5 * n ? minority(y, n, t) : minority(n - y, n, -t);
}
