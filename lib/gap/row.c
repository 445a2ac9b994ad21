#include "gap/row.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "gap/doubt.h"
#include "gap/verdict.h"

/* The largest part of a power of W that stands on the border of the nodes' domain, of those that
 * make bounds and are known to be finite: its error, which a wider domain may mend. */
static jn_status border_share(const jn_proposal *q, size_t row, const jn_law *law, double *share)
{
    *share = 0.0;
    for (size_t i = 0; i < law->n_tilts; i++) {
        const jn_tilt *t = &law->tilts[i];
        jn_verdict v;
        const jn_status st = jn_finite_moment(q, row, t->beta, &v);
        if (st != JN_OK) {
            return st;
        }
        if (v.finite == JN_FINITE && t->mass > 0.0) {
            *share = fmax(*share, t->edge / t->mass);
        }
    }
    return JN_OK;
}

/* Masses that do not add up, or evidence that contradicts the exact one: the nodes miss q or the
 * posterior, and no bound of theirs is worth printing. */
static jn_row_state check_law(const jn_law_set *set, const jn_estimate *exact, double tolerance,
                              double share, jn_diagnostics *d, char *why)
{
    const jn_law *law = &set->law[0];
    const double mass = expm1(jn_lse_log_sum(&law->mass));
    const jn_estimate seen = jn_law_set_evidence(set);
    const double off = expm1(seen.value - exact->value);
    const double allowed = fmax(tolerance, 1e-12 * (1.0 + fabs(exact->value)));
    d->coverage = exact->value == -INFINITY ? NAN : 1.0 + off;
    const double edge = fmax(jn_lse_log_sum(&law->edge_mass) - jn_lse_log_sum(&law->mass),
                             jn_lse_log_sum(&law->edge_evidence) - jn_lse_log_sum(&law->evidence));
    if (edge > log(1e-3 * allowed) || share > 1e-4) {
        (void)snprintf(why, JN_ERROR_TEXT,
                       "%.2g of q, of the posterior or of a power of W lies on the border of "
                       "the nodes' domain",
                       fmax(exp(edge), share));
        return JN_ROW_NARROW;
    }
    if (!(fabs(mass) <= allowed)) {
        (void)snprintf(why, JN_ERROR_TEXT, "the nodes make %.12g of q's mass, not 1", 1.0 + mass);
        return JN_ROW_REFUSED;
    }
    if (!(fabs(off) <= allowed + exact->error) && exact->value > -INFINITY) {
        (void)snprintf(why, JN_ERROR_TEXT,
                       "the nodes see %.12g of p(x): they do not resolve the posterior, or q "
                       "misses part of it",
                       1.0 + off);
        return JN_ROW_REFUSED;
    }
    return JN_ROW_GOOD;
}

typedef struct weight_moments {
    jn_verdict finite2, finite3;
    double mu2, mu3; /* NaN: not known; +INFINITY */
} weight_moments;

static jn_status draw_moments(const jn_law *law, weight_moments *w)
{
    if (law->n_nodes < 2) { /* one draw has no spread */
        w->mu2 = w->mu3 = NAN;
        return JN_OK;
    }
    const double mass = jn_lse_log_sum(&law->mass), one = jn_lse_log_sum(&law->evidence) - mass;
    const double two = exp(jn_lse_log_sum(&law->second) - mass - 2.0 * one);
    const double three = exp(jn_lse_log_sum(&law->third) - mass - 3.0 * one);
    w->mu2 = two - 1.0;
    w->mu3 = three - 3.0 * two + 2.0;
    return JN_OK;
}

/* A moment that two resolutions put apart is not known: it is printed without an error. */
static double settled(const jn_estimate *e)
{
    return e->error <= 1e-3 * fabs(e->value) || fabs(e->value) < 1e-12 ? e->value : NAN;
}

static jn_status node_moments(const jn_law_set *set, weight_moments *w)
{
    jn_estimate e;
    jn_status st = jn_law_set_moment(set, 2, &e);
    w->mu2 = settled(&e);
    if (st == JN_OK) {
        st = jn_law_set_moment(set, 3, &e);
        w->mu3 = e.error <= 1e-3 * (1.0 + fabs(e.value)) ? e.value : NAN;
    }
    return st;
}

/* A shape fitted to weights of which a few are all says light where nothing was seen of the tail;
 * where it says heavy, it may stand. */
static void tell_tail(const jn_law *law, const jn_pareto *shape, jn_diagnostics *d)
{
    if (jn_gap_few_effective(law) && !(shape->k > 0.5)) {
        d->pareto_note = "fewer than 10 draws hold all the weight";
        return;
    }
    d->pareto_k = shape->k;
    d->pareto_error = shape->error;
    d->pareto_note = shape->note;
}

static jn_status find_moments(const jn_proposal *q, const jn_law_set *set, size_t row,
                              weight_moments *w)
{
    jn_status st = jn_finite_moment(q, row, 2.0, &w->finite2);
    st = st == JN_OK ? jn_finite_moment(q, row, 3.0, &w->finite3) : st;
    if (st != JN_OK) {
        return st;
    }
    const bool draws = set->kind == JN_MC || set->kind == JN_RQMC;
    st = draws ? draw_moments(&set->pooled, w) : node_moments(set, w);
    if (w->finite2.finite != JN_FINITE) {
        w->mu2 = w->finite2.finite == JN_INFINITE ? INFINITY : NAN;
    }
    if (w->finite3.finite != JN_FINITE || w->finite2.finite != JN_FINITE) {
        w->mu3 = w->finite3.finite == JN_INFINITE ? INFINITY : NAN;
    }
    return st;
}

/* No series in 1/K where a zero weight has mass: the gap is infinite for every K. */
static void predict(const weight_moments *w, bool zeros, jn_gap_bound *b)
{
    b->gap_predicted = NAN;
    b->predicted_reliable = -1;
    if (b->arg.bound == &jn_bound_iwae && !zeros && isfinite(w->mu2) && isfinite(w->mu3)) {
        const double k = (double)b->arg.k;
        b->gap_predicted = w->mu2 / (2.0 * k) - (w->mu3 / 3.0 - 0.75 * w->mu2 * w->mu2) / (k * k);
        b->predicted_reliable = k >= 10.0 * w->mu2;
    }
}

/* Can a sampled law's own gap be told with its error? That of an iwae bound is made of W^2 at large
 * K. For replicates to show its error the variance of its variance must exist, W^8: k below 1/8.
 * Where k-hat does not vouch for that within two of its errors, draws that were not drawn may hold
 * much of the gap. What a jackknife leaves is made of still higher moments. And the gap within a
 * few draws is not that of many: none within one, whose replicates all agree on it. */
static bool own_gap_shows(const jn_bound_arg *arg, const weight_moments *w, const jn_law_set *set,
                          const jn_diagnostics *d)
{
    enum { FEW_DRAWS = 64 };
    const double most = d->pareto_k + 2.0 * d->pareto_error; /* NaN: too few draws to know */
    return isfinite(w->mu2) && arg->order == 0 && !(most >= 0.125) &&
           set->law[0].n_nodes >= FEW_DRAWS && !jn_gap_few_effective(&set->pooled);
}

/* A control variate R - 1 of groups shows its error where the variance of its square exists, W^4:
 * k below 1/4. */
static bool control_shows(const jn_bound_result *r, const jn_law_set *set, const jn_diagnostics *d)
{
    return strcmp(r->gap_method, "naive") == 0 ||
           (!(d->pareto_k >= 0.25) && !jn_gap_few_effective(&set->pooled));
}

/* gap = evidence - value, from the law itself where that is sharper. */
static void set_gap(jn_gap_bound *b, const jn_estimate *exact, const jn_law_set *set,
                    const weight_moments *w, const jn_diagnostics *d, const jn_bound_result *r)
{
    const bool drawn = set->kind == JN_MC || set->kind == JN_RQMC;
    jn_estimate direct = b->value;
    direct.value = exact->value - b->value.value;
    direct.error = b->value.error + exact->error;
    if (isnan(b->value.value)) {
        b->gap = direct;
        return;
    }
    if (isinf(b->value.value) || isinf(exact->value)) {
        direct.value = b->value.value == exact->value ? NAN : direct.value;
        direct.error = NAN;
        b->gap = direct;
        return;
    }
    b->gap = r->gap;
    b->gap_method = r->gap_method;
    if (r->gap_method != NULL) { /* made with the exact log p(x) */
        const bool shows = control_shows(r, set, d);
        b->gap = shows ? b->gap : direct;
        b->gap_method = shows ? b->gap_method : "naive";
        b->gap.error += shows ? exact->error : 0.0;
        return;
    }
    double n;
    /* of two errors alike the smaller one is too small: it stands where the largest draws, of which
     * a power of W is made, happen to be missing */
    const bool moment = b->arg.bound->integrand(&b->arg, &n) == JN_OF_MOMENT;
    const bool sharper = own_gap_shows(&b->arg, w, set, d) &&
                         b->gap.error <= (moment ? 0.5 : 1.0) * direct.error;
    if (isnan(r->gap.value) || (drawn && !sharper)) {
        b->gap = direct;
        return;
    }
    const jn_estimate seen = jn_law_set_evidence(set);
    const double off = exact->value - seen.value;
    if (!drawn && fabs(off) > exact->error + seen.error + 1e-12 * (1.0 + fabs(exact->value))) {
        b->gap.value += off; /* q misses part of the posterior */
        b->gap.error += exact->error + seen.error;
    }
}

static jn_row_state judge(const jn_gap_row *row, size_t n, double tolerance, char *why)
{
    for (size_t i = 0; i < n; i++) {
        const jn_gap_bound *b = &row->bounds[i];
        const double error = fmax(b->value.error, b->gap.error);
        if (b->value.kind == JN_QUADRATURE && isfinite(b->value.value) && !(error <= tolerance)) {
            char label[JN_BOUND_LABEL];
            (void)snprintf(why, JN_ERROR_TEXT,
                           "%s has an error of %.2g, above the tolerance %.2g: raise "
                           "--tolerance to accept it, or draw (--rule rqmc)",
                           jn_bound_label(&b->arg, label), error, tolerance);
            return JN_ROW_COARSE;
        }
    }
    return JN_ROW_GOOD;
}

static void fill_bound(jn_gap_bound *b, const jn_bound_arg *arg, const jn_bound_result *r)
{
    *b = (jn_gap_bound){ .arg = *arg,
                         .side = arg->bound->side(arg),
                         .estimator = r->estimator,
                         .value = r->value,
                         .variance = r->variance,
                         .reconstruction = r->reconstruction,
                         .kl = r->kl };
}

jn_status jn_gap_row_fill(const jn_proposal *q, const jn_law_set *set, jn_estimator estimator,
                          size_t n, const jn_bound_arg *args, double tolerance, jn_gap_row *row,
                          jn_row_state *state, char *why)
{
    const bool draws = set->kind == JN_MC || set->kind == JN_RQMC;
    jn_diagnostics *d = &row->diagnostics;
    *d = (jn_diagnostics){
        .coverage = NAN,
        .pareto_k = NAN,
        .pareto_error = NAN,
        .ess_row = row->index,
        .var_w_row = row->index,
        .pareto_row = row->index,
    };
    double share = 0.0;
    jn_status st = draws ? JN_OK : border_share(q, row->index, &set->law[0], &share);
    if (st != JN_OK) {
        return st;
    }
    *state = draws ? JN_ROW_GOOD : check_law(set, &row->evidence, tolerance, share, d, why);
    if (*state != JN_ROW_GOOD) {
        return JN_OK;
    }
    jn_bound_result *results = jn_alloc(n, sizeof *results);
    if (results == NULL) {
        return JN_ERR_NOMEM;
    }
    weight_moments w;
    st = jn_bound_results(set, estimator, n, args, results);
    st = st == JN_OK ? find_moments(q, set, row->index, &w) : st;
    const jn_law *law = draws ? &set->pooled : &set->law[0];
    if (st == JN_OK) {
        if (draws) {
            tell_tail(law, &set->shape, d);
        }
        for (size_t i = 0; st == JN_OK && i < n; i++) {
            fill_bound(&row->bounds[i], &args[i], &results[i]);
            st = jn_gap_judge(q, row->index, &row->bounds[i]);
            set_gap(&row->bounds[i], &row->evidence, set, &w, d, &results[i]);
            predict(&w, law->n_zero > 0, &row->bounds[i]);
            if (draws && st == JN_OK) {
                st = jn_gap_doubt(&row->bounds[i], set, d, &row->evidence);
            }
        }
        d->var_w = w.mu2;
        d->ess_fraction = draws ? jn_gap_ess(law) : isfinite(w.mu2) ? 1.0 / (1.0 + w.mu2) : NAN;
        d->zero_weights = law->n_zero;
        *state = judge(row, n, tolerance, why);
        *state = *state == JN_ROW_COARSE && share > 1e-3 * tolerance ? JN_ROW_SHORT : *state;
    }
    free(results);
    return st;
}
