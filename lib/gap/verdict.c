#include "gap/verdict.h"

#include <math.h>

#include "gap/warnings.h"

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
    return JN_OK;
}

/* Does an unknown verdict deserve a word? The ELBO and IWAE under a q without known tails are what
 * everybody computes; moments are what nobody should without knowing. */
static bool worth_saying(const jn_gap_bound *b)
{
    double n;
    return b->finite.finite == JN_INFINITE ||
           (b->finite.finite == JN_FINITE_UNKNOWN &&
            b->arg.bound->integrand(&b->arg, &n) != JN_OF_LOG && isfinite(b->value.value));
}

/* Why a bound of a row gets a warning. */
typedef enum trouble { NONE, DIVERGES, UNKNOWN, ZERO_WEIGHTS } trouble;

static trouble trouble_of(const jn_gap_bound *b)
{
    if (isinf(b->value.value) && b->finite.finite != JN_INFINITE) {
        return ZERO_WEIGHTS;
    }
    return !worth_saying(b) ? NONE : b->finite.finite == JN_INFINITE ? DIVERGES : UNKNOWN;
}

static jn_status warn_one(jn_gap_table *t, size_t i, trouble what, size_t count,
                          const jn_gap_row *first)
{
    char label[JN_BOUND_LABEL];
    const jn_gap_bound *b = &first->bounds[i];
    (void)jn_bound_label(&b->arg, label);
    switch (what) {
    case DIVERGES:
        return jn_gap_warn(t, "%s is infinite for %zu of %zu observations; observation %zu: %s",
                           label, count, t->n_rows, first->index, b->finite.reason);
    case UNKNOWN:
        return jn_gap_warn(t,
                           "%s: whether it is finite is not known for %zu of %zu observations "
                           "(%s), and a calm value proves nothing",
                           label, count, t->n_rows, b->finite.reason);
    case ZERO_WEIGHTS:
        return jn_gap_warn(t,
                           "%s is infinite for %zu of %zu observations: weights that are zero, or "
                           "draws of the posterior where q is (%llu zero weights in observation "
                           "%zu)",
                           label, count, t->n_rows,
                           (unsigned long long)first->diagnostics.zero_weights, first->index);
    case NONE:
    default:
        return JN_OK;
    }
}

jn_status jn_gap_warn_infinite(jn_gap_table *t)
{
    for (size_t i = 0; i < t->n_bounds; i++) {
        for (int what = DIVERGES; what <= ZERO_WEIGHTS; what++) {
            size_t count = 0;
            const jn_gap_row *first = NULL;
            for (size_t r = 0; r < t->n_rows; r++) {
                if (trouble_of(&t->rows[r].bounds[i]) == (trouble)what) {
                    first = first == NULL ? &t->rows[r] : first;
                    count++;
                }
            }
            const jn_status st = count > 0 ? warn_one(t, i, (trouble)what, count, first) : JN_OK;
            if (st != JN_OK) {
                return st;
            }
        }
    }
    return JN_OK;
}

jn_status jn_gap_warn_heavy(jn_gap_table *t)
{
    const double limit = jn_pareto_limit(t->samples * t->replicates);
    const jn_diagnostics *worst = &t->total.diagnostics;
    size_t count = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
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
        t->model->chain != NULL ? "take --q guided, or particles (--bounds fivo)"
                                : "widen q (--q-set widen=1.5), give it heavier tails, or use "
                                  "--rule quadrature");
    return st == JN_OK ? JN_NOT_CONVERGED : st;
}
