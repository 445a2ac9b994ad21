/* Jackknife variational inference (Nowozin 2018): the jackknife of order m over group sizes,
 *     JVI-m = sum over j of c_j L_(K-j),   c_j = (-1)^j (K - j)^m / (j! (m - j)!),
 * which cancels the first m powers of 1/K in the gap. It is no bound. The coefficients sum to 1 but
 * grow like (2K)^m / m!, so they are applied to L - log p(x), never to L. */
#include <math.h>

#include "base/memory.h"
#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/jvi.h"

double jn_jvi_coefficient(uint64_t k, unsigned m, unsigned j)
{
    double c = j % 2 == 0 ? 1.0 : -1.0;
    for (unsigned i = 0; i < m; i++) { /* (K - j)^m / (j! (m - j)!), factor by factor */
        c *= (double)(k - j) / (double)(i < j ? j - i : m - i);
    }
    return c;
}

/* `terms`: L_K, L_(K-1), ..., L_(K-m). */
static jn_bound_value combine(const jn_bound_arg *arg, const jn_bound_value *terms,
                              double log_evidence)
{
    double value = 0.0, gap = 0.0, error = 0.0;
    for (unsigned j = 0; j <= arg->order; j++) {
        const double c = jn_jvi_coefficient(arg->k, arg->order, j);
        if (!isfinite(terms[j].value)) {
            return jn_plain_value(NAN);
        }
        value += c * (terms[j].value - log_evidence);
        gap += c * terms[j].gap;
        error += fabs(c) * (terms[j].gap_error + 2.2e-16 * fabs(terms[j].gap));
    }
    const bool by_gap = isfinite(gap);
    return (jn_bound_value){ .value = log_evidence + (by_gap ? -gap : value),
                             .gap = by_gap ? gap : NAN,
                             .gap_error = by_gap ? error : NAN,
                             .variance = NAN };
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    enum { TERMS = JN_JVI_ORDER_MAX + 1 };
    jn_bound_arg *iwae = jn_alloc(n * TERMS, sizeof *iwae);
    jn_bound_value *value = jn_alloc(n * TERMS, sizeof *value);
    jn_status st = iwae == NULL || value == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; st == JN_OK && i < n * TERMS; i++) {
        const jn_bound_arg *a = &args[i / TERMS];
        const unsigned j = (unsigned)(i % TERMS);
        iwae[i] = (jn_bound_arg){ .bound = &jn_bound_iwae, .k = j <= a->order ? a->k - j : a->k };
    }
    st = st == JN_OK ? jn_bound_iwae.eval(law, w, estimator, n * TERMS, iwae, value) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const double unit = w != NULL ? w->log_evidence : jn_law_log_evidence(law);
        out[i] = combine(&args[i], value + i * TERMS, unit);
    }
    free(iwae);
    free(value);
    return st;
}

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    double c[JN_JVI_ORDER_MAX + 1], k[JN_JVI_ORDER_MAX + 1];
    (void)law;
    for (unsigned j = 0; j <= arg->order; j++) {
        c[j] = jn_jvi_coefficient(arg->k, arg->order, j);
        k[j] = (double)(arg->k - j);
    }
    return jn_influence_iwae(w, arg->order + 1, c, k, out);
}

/* Means over groups of K and over groups of K - 1 of the same draws share them in part: one
 * replicate does not show how far they err together, and their law is sharper anyway. */
static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    return s->alone ? JN_BY_LAW : jn_bound_iwae.estimator(arg, s);
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    jn_status st = JN_OK;
    for (unsigned j = 0; st == JN_OK && j <= arg->order; j++) {
        const jn_bound_arg iwae = { .bound = &jn_bound_iwae, .k = arg->k - j };
        st = jn_bound_iwae.wish(&iwae, estimator, out);
    }
    return st;
}

static jn_side side(const jn_bound_arg *arg)
{
    (void)arg;
    return JN_SIDE_NONE;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    *n = (double)(arg->k - arg->order);
    return JN_OF_LOG;
}

const jn_bound jn_bound_jvi = {
    .name = "jvi",
    .summary = "jvi:ORDER: jackknife of iwae over K, no bound (Nowozin 2018)",
    .takes_k = true,
    .number = JN_BOUND_ORDER,
    .estimator = choose,
    .wish = wish,
    .side = side,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};
