#include "gap/doubt.h"

#include <math.h>

/* The share of the largest draw in a sum of powers of W. */
static double largest_share(const jn_law *law, double beta)
{
    for (size_t i = 0; i < law->n_tilts; i++) {
        if (law->tilts[i].beta == beta) {
            return law->tilts[i].mass > 0.0 ? 1.0 / law->tilts[i].mass : 0.0;
        }
    }
    return 0.0;
}

/* Draws of a mean that few of them make show neither it nor its error: of W^n where W^2n has no
 * mean as far as k-hat tells, or where one draw holds a fiftieth of all (of few draws, more); of
 * W log W read off draws of q where W^3 has none. */
static const char *few_draws(const jn_gap_bound *b, const jn_law *law, const jn_diagnostics *d)
{
    double n;
    const double most = fmax(0.02, 100.0 / (double)law->n_nodes);
    const jn_integrand of = b->arg.bound->integrand(&b->arg, &n);
    if (of == JN_OF_MOMENT && (n * d->pareto_k >= 0.7 || largest_share(law, n) > most)) {
        return "a few draws make most of the power of W that it is a mean of";
    }
    const bool of_posterior = b->arg.bound == &jn_bound_eubo || b->arg.bound == &jn_bound_upper ||
                              (b->arg.bound == &jn_bound_tvo && b->arg.right);
    if (of_posterior && b->estimator == JN_BY_SELF_NORMALISED && d->pareto_k >= 0.3) {
        return "it is read off draws of q, and their weights are too heavy-tailed for that (k-hat "
               "above 0.3): quadrature, or draws of the posterior, would show it";
    }
    return NULL;
}

/* One replicate: its draws, or groups of them, must show it. */
static const char *no_spread(const jn_gap_bound *b, const jn_law_set *set)
{
    if (set->kind == JN_RQMC) {
        return "one replicate of scrambled points does not show it (--replicates 2 or more)";
    }
    if (!isnan(b->value.error)) {
        return NULL;
    }
    if (set->pooled.n_nodes < 2) {
        return "one draw has no spread";
    }
    return b->estimator == JN_BY_USTAT
               ? "K is above half the number of draws, which hold no two separate sets of it"
               : "the draws make too few groups of K to show a spread";
}

void jn_gap_doubt(jn_gap_bound *b, const jn_law_set *set, const jn_diagnostics *d)
{
    if (isfinite(b->value.value)) {
        b->unsure = set->n == 1 ? no_spread(b, set) : NULL;
        b->unsure = b->unsure == NULL ? few_draws(b, &set->pooled, d) : b->unsure;
    }
    if (b->unsure != NULL) {
        b->value.error = b->value.dof = b->gap.error = b->gap.dof = NAN;
    }
}

double jn_gap_ess(const jn_law *law)
{
    return law->n_nodes < 2 ? NAN : jn_law_ess_fraction(law);
}
