#include "gap/total.h"

#include <math.h>

/* Sum where both infinite with unlike signs, or anything not known, stays not known. */
static jn_estimate add(jn_estimate a, jn_estimate b)
{
    jn_estimate sum = jn_estimate_add(a, b);
    if (!isfinite(sum.value)) {
        sum.error = NAN;
    }
    return sum;
}

static void add_bound(jn_gap_bound *to, const jn_gap_bound *b, bool first)
{
    if (first) {
        *to = *b;
        return;
    }
    to->value = add(to->value, b->value);
    to->gap = add(to->gap, b->gap);
    to->gap_method = to->gap_method == b->gap_method ? to->gap_method : "mixed";
    to->reconstruction = add(to->reconstruction, b->reconstruction);
    to->kl = add(to->kl, b->kl);
    to->gap_predicted += b->gap_predicted;
    to->variance += b->variance;
    to->predicted_reliable = to->predicted_reliable < b->predicted_reliable ? to->predicted_reliable
                                                                            : b->predicted_reliable;
}

/* Worst over observations; what is not known in one is not known of the whole. */
static void add_diagnostics(jn_diagnostics *to, const jn_diagnostics *d, size_t row)
{
    if (d->ess_fraction < to->ess_fraction ||
        (isnan(d->ess_fraction) && !isnan(to->ess_fraction))) {
        to->ess_fraction = d->ess_fraction;
        to->ess_row = row;
    }
    if (d->var_w > to->var_w || (isnan(d->var_w) && to->var_w < INFINITY) ||
        (isinf(d->var_w) && isnan(to->var_w))) { /* infinite is worse than not known */
        to->var_w = d->var_w;
        to->var_w_row = row;
    }
    if (d->pareto_k > to->pareto_k || (isnan(to->pareto_k) && !isnan(d->pareto_k))) {
        to->pareto_k = d->pareto_k;
        to->pareto_error = d->pareto_error;
        to->pareto_note = d->pareto_note;
        to->pareto_row = row;
    }
    to->coverage = fmin(to->coverage, d->coverage);
    to->zero_weights += d->zero_weights;
}

void jn_gap_total(jn_gap_table *t)
{
    for (size_t r = 0; r < t->n_rows; r++) {
        const jn_gap_row *row = &t->rows[r];
        for (size_t i = 0; i < t->n_bounds; i++) {
            add_bound(&t->total.bounds[i], &row->bounds[i], r == 0);
        }
        if (r == 0) {
            t->total.evidence = row->evidence;
            t->total.diagnostics = row->diagnostics;
        } else {
            t->total.evidence = add(t->total.evidence, row->evidence);
            add_diagnostics(&t->total.diagnostics, &row->diagnostics, r);
        }
    }
}
