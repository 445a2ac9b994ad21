#include "gap/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "gap/warnings.h"
#include "proposal/growth.h"

static jn_status examine(const jn_proposal *q, size_t row, const jn_bound_arg *arg, jn_verdict *out)
{
    double n = 1.0;
    switch (arg->bound->integrand(arg, &n)) {
    case JN_OF_MOMENT:
        return jn_finite_moment(q, row, n, out);
    case JN_OF_LOG:
        return jn_finite_log(q, row, n, out);
    case JN_OF_ENTROPY:
        return jn_finite_entropy(q, row, out);
    case JN_ALWAYS_FINITE:
    default:
        *out = (jn_verdict){ .finite = JN_FINITE };
        return JN_OK;
    }
}

jn_status jn_gap_judge(const jn_proposal *q, size_t row, jn_gap_bound *b)
{
    const jn_status st = examine(q, row, &b->arg, &b->finite);
    if (st != JN_OK || b->finite.finite != JN_INFINITE) {
        return st;
    }
    b->value.value = b->side == JN_SIDE_LOWER   ? -INFINITY
                     : b->side == JN_SIDE_UPPER ? INFINITY
                                                : NAN;
    b->value.error = b->value.dof = b->variance = NAN;
    b->reconstruction.value = b->kl.value = NAN; /* one of them is infinite */
    b->reconstruction.error = b->kl.error = NAN;
    return JN_OK;
}

/* Why a bound of a row gets a warning. */
typedef enum trouble { NONE, DIVERGES, ZERO_WEIGHTS, UNKNOWN } trouble;

static bool is_impossible(const jn_gap_table *t, const jn_gap_row *row)
{
    return t->model != NULL && row->evidence.value == -INFINITY;
}

/* Without a density to ask (paths, stored weights) nothing can be known of an ELBO or an IWAE
 * bound, and nothing is said. */
static trouble trouble_of(const jn_gap_table *t, const jn_gap_row *row, const jn_gap_bound *b)
{
    double n;
    const bool density = t->model != NULL && t->model->density != NULL;
    const bool logs = b->arg.bound->integrand(&b->arg, &n) == JN_OF_LOG;
    if (b->finite.finite == JN_INFINITE) {
        return DIVERGES;
    }
    if (isinf(b->value.value) && is_impossible(t, row)) {
        return NONE; /* said once for all bounds */
    }
    if (isinf(b->value.value)) {
        return ZERO_WEIGHTS;
    }
    return b->finite.finite == JN_FINITE_UNKNOWN && isfinite(b->value.value) && (density || !logs)
               ? UNKNOWN
               : NONE;
}

static size_t count_rows(const jn_gap_table *t, size_t i, trouble what, const jn_gap_row **first)
{
    size_t count = 0;
    *first = NULL;
    for (size_t r = 0; r < t->n_rows; r++) {
        if (trouble_of(t, &t->rows[r], &t->rows[r].bounds[i]) == what) {
            *first = *first == NULL ? &t->rows[r] : *first;
            count++;
        }
    }
    return count;
}

/* Would heavy tails of q make the ELBO infinite? */
static bool heavy_tails_harm(const jn_gap_table *t, size_t row)
{
    const jn_proposal *q = t->proposal;
    bool grows = false;
    size_t axis;
    return q != NULL && q->ops != NULL && jn_model_states(q->model) == 0 &&
           jn_growth_ask(q, row, &grows, &axis) == JN_OK && grows;
}

/* What would make it finite. */
static const char *remedy(const jn_gap_table *t, size_t row, const jn_bound_arg *arg)
{
    double n = 1.0;
    const jn_integrand of = arg->bound->integrand(arg, &n);
    if (of == JN_OF_LOG && t->proposal != NULL && t->proposal->has_power_tails) {
        return "a q of Gaussian tails (--q laplace) may have a finite one";
    }
    if (of == JN_OF_LOG || (of == JN_OF_MOMENT && n < 0.0)) {
        return "a narrower q (--q-set widen=0.7) may have a finite one";
    }
    return heavy_tails_harm(t, row)
               ? "a wider q (--q-set widen=1.5) may have a finite one; one with heavier tails "
                 "(--q student) would have an ELBO of -inf"
               : "a wider q (--q-set widen=1.5), or one with heavier tails (--q student), may have "
                 "a finite one";
}

static jn_status warn_infinite(jn_gap_table *t, size_t i, trouble what)
{
    char label[JN_BOUND_LABEL];
    const jn_gap_row *first;
    const size_t count = count_rows(t, i, what, &first);
    if (count == 0) {
        return JN_OK;
    }
    const jn_gap_bound *b = &first->bounds[i];
    (void)jn_bound_label(&b->arg, label);
    if (what == DIVERGES) {
        return jn_gap_warn(t, "%s is infinite for %zu of %zu observations; observation %zu: %s; %s",
                           label, count, t->n_rows, first->index, b->finite.reason,
                           remedy(t, first->index, &b->arg));
    }
    return jn_gap_warn(
        t,
        "%s is infinite for %zu of %zu observations: weights that are zero, or draws "
        "of the posterior where q is (%llu zero weights in observation %zu); keep q to where "
        "p(x, z) > 0, or ask for bounds that allow zeros (eubo, cubo, vr of alpha < 1)",
        label, count, t->n_rows, (unsigned long long)first->diagnostics.zero_weights, first->index);
}

/* Bounds of which it is not known, for one reason, in one line. */
static jn_status warn_unknown(jn_gap_table *t, size_t i, bool *said)
{
    char labels[160] = "", label[JN_BOUND_LABEL];
    const jn_gap_row *first, *other;
    const size_t count = count_rows(t, i, UNKNOWN, &first);
    if (count == 0 || said[i]) {
        return JN_OK;
    }
    const char *reason = first->bounds[i].finite.reason;
    for (size_t j = i; j < t->n_bounds; j++) {
        const size_t used = strlen(labels);
        if (count_rows(t, j, UNKNOWN, &other) > 0 &&
            strcmp(other->bounds[j].finite.reason, reason) == 0) {
            said[j] = true;
            const size_t room = sizeof labels - used;
            const char *name = room > JN_BOUND_LABEL + 8
                                   ? jn_bound_label(&t->total.bounds[j].arg, label)
                                   : "...";
            if (strstr(labels, "...") == NULL) {
                (void)snprintf(labels + used, room, "%s%s", used == 0 ? "" : ", ", name);
            }
        }
    }
    return jn_gap_warn(t,
                       "%s: not known to be finite for %zu of %zu observations (%s), and a calm "
                       "value proves nothing: see that it stays with more draws or nodes",
                       labels, count, t->n_rows, reason);
}

static jn_status warn_impossible(jn_gap_table *t)
{
    size_t count = 0, first = 0;
    for (size_t r = t->n_rows; r-- > 0;) {
        const bool impossible = is_impossible(t, &t->rows[r]);
        count += impossible;
        first = impossible ? t->rows[r].index : first;
    }
    return count == 0 ? JN_OK
                      : jn_gap_warn(t,
                                    "log p(x) is -inf for %zu of %zu observations, and so is every "
                                    "lower bound: the model cannot have made observation %zu",
                                    count, t->n_rows, first);
}

jn_status jn_gap_warn_infinite(jn_gap_table *t)
{
    bool *said = jn_alloc(t->n_bounds, sizeof *said);
    jn_status st = said == NULL ? JN_ERR_NOMEM : warn_impossible(t);
    for (size_t i = 0; st == JN_OK && i < t->n_bounds; i++) {
        st = warn_infinite(t, i, DIVERGES);
        st = st == JN_OK ? warn_infinite(t, i, ZERO_WEIGHTS) : st;
    }
    for (size_t i = 0; st == JN_OK && i < t->n_bounds; i++) {
        st = warn_unknown(t, i, said);
    }
    free(said);
    return st;
}

jn_status jn_gap_warn_unsure(jn_gap_table *t)
{
    jn_status weak = JN_OK;
    for (size_t i = 0; i < t->n_bounds; i++) {
        char label[JN_BOUND_LABEL];
        const char *reason = NULL;
        size_t count = 0;
        for (size_t r = 0; r < t->n_rows; r++) {
            const char *here = t->rows[r].bounds[i].unsure;
            reason = reason == NULL ? here : reason;
            count += here != NULL;
        }
        if (count == 0) {
            continue;
        }
        weak = JN_NOT_CONVERGED;
        const jn_status st = jn_gap_warn(
            t, "%s: its error is not known for %zu of %zu observations: %s",
            jn_bound_label(&t->total.bounds[i].arg, label), count, t->n_rows, reason);
        if (st != JN_OK) {
            return st;
        }
    }
    return weak;
}

jn_status jn_gap_warn_heavy(jn_gap_table *t)
{
    const double limit = jn_pareto_limit(t->samples * t->replicates);
    const jn_diagnostics *worst = &t->total.diagnostics;
    size_t count = 0, of_weights = 0; /* bounds that rest on q's weights */
    for (size_t i = 0; i < t->n_bounds; i++) {
        of_weights += !t->total.bounds[i].arg.bound->runs;
    }
    for (size_t r = 0; of_weights > 0 && r < t->n_rows; r++) {
        count += t->rows[r].diagnostics.pareto_k > limit;
    }
    if (count == 0) {
        return JN_OK;
    }
    const jn_status st = jn_gap_warn(
        t,
        "the weights of %zu of %zu observations are too heavy-tailed for draws: Pareto k-hat is "
        "above %.3g, %.3g +- %.2g in observation %zu; %s",
        count, t->n_rows, limit, worst->pareto_k, worst->pareto_error, worst->pareto_row,
        t->model->chain != NULL ? "take --q guided or smoother, or particles (--bounds fivo)"
        : heavy_tails_harm(t, worst->pareto_row)
            ? "widen q (--q-set widen=1.5), or use --rule quadrature"
            : "widen q (--q-set widen=1.5), give it heavier tails, or use --rule quadrature");
    return st == JN_OK ? JN_NOT_CONVERGED : st;
}
