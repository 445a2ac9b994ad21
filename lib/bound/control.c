#include "bound/control.h"

#include <math.h>

#include "bound/choose.h"

/* What looks sharpest on few groups is low by chance: below FEW_GROUPS of a parity no slope is
 * fitted, and a fitted one must have less than WORTHWHILE of the variance. Choosing so biases the
 * gap by at most a tenth of its standard error (1000 seeds, 16 to 32000 groups); with a slope from
 * 16 groups it was a sixth. */
enum { FEW_GROUPS = 128 };
static const double WORTHWHILE = 0.9;

static const char *const methods[] = { "naive", "bregman", "regression" };
enum { N_METHODS = 3 };

/* The slope that a method uses for the groups of one parity. */
static double slope(int method, const jn_groups *g, int parity)
{
    const jn_control *other = &g->fold[1 - parity];
    if (method < 2) {
        return method;
    }
    return other->n < FEW_GROUPS ? NAN : other->xy / other->xx;
}

/* Variance of one group's term about its mean in either parity. */
static double variance(int method, const jn_groups *g)
{
    double sum = 0.0, groups = 0.0;
    for (int f = 0; f < 2; f++) {
        const jn_control *c = &g->fold[f];
        const double b = slope(method, g, f);
        if (c->n > 0) {
            sum += c->yy - 2.0 * b * c->xy + b * b * c->xx;
            groups += (double)c->n;
        }
    }
    return (sum < 0.0 ? 0.0 : sum) / (groups - 2.0); /* below 0: rounding, of what x explains */
}

static double mean(int method, const jn_groups *slopes, const jn_groups *g)
{
    double sum = 0.0, groups = 0.0;
    for (int f = 0; f < 2; f++) {
        const jn_control *c = &g->fold[f];
        if (c->n > 0) {
            sum += (double)c->n * (slope(method, slopes, f) * c->x - c->y);
            groups += (double)c->n;
        }
    }
    return sum / groups;
}

static int best(const jn_groups *g)
{
    int chosen = 0;
    double least = variance(0, g);
    for (int method = 1; method < N_METHODS; method++) {
        const double v = variance(method, g); /* NaN where it overflows: not chosen */
        if (v < (method == 2 ? WORTHWHILE * least : least)) {
            chosen = method;
            least = v;
        }
    }
    return chosen;
}

static void spread(const jn_law_set *set, uint64_t k, int method, const jn_groups *all,
                   jn_estimate *out)
{
    jn_moments parts = JN_MOMENTS_INIT;
    const double groups = (double)(all->fold[0].n + all->fold[1].n);
    for (size_t i = 0; set->n > 1 && i < set->n; i++) {
        const jn_groups *g = jn_find_groups(set->law[i].n_groups, set->law[i].groups, k);
        jn_moments_add(&parts, mean(method, all, g), 1.0);
    }
    out->error = set->n > 1     ? sqrt(jn_moments_variance(&parts) / (double)set->n)
                 : groups > 2.0 ? sqrt(variance(method, all) / groups)
                                : NAN;
    out->dof = set->n > 1 ? (double)(set->n - 1) : groups > 2.0 ? groups - 2.0 : NAN;
}

void jn_control_gap(const jn_law_set *set, uint64_t k, jn_estimate *out, const char **method)
{
    const jn_groups *g = jn_find_groups(set->pooled.n_groups, set->pooled.groups, k);
    *method = NULL;
    if (g == NULL || isnan(g->log_p) || g->done.n == 0 || g->n_zero > 0) {
        return;
    }
    const int chosen = best(g);
    *method = methods[chosen];
    *out = (jn_estimate){ .value = mean(chosen, g, g), .kind = set->kind, .n_eval = set->n_eval };
    spread(set, k, chosen, g, out);
    /* what rounding leaves where the terms hardly vary */
    out->error += 1e-15 * (1.0 + fabs(g->log_p) + fabs(g->done.mean - g->log_p));
}
