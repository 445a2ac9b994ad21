/* ELBO = E_q l = A - B (Jordan, Ghahramani, Jaakkola & Saul 1999; Kingma & Welling 2014). */
#include <math.h>

#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/rounding.h"

/* e^x - 1 - x >= 0, without cancellation near 0. */
static double bregman(double x)
{
    if (fabs(x) > 0.5) {
        return expm1(x) - x;
    }
    double sum = 0.0;
    for (int k = 17; k >= 2; k--) {
        sum = 1.0 / k * (1.0 + x * sum);
    }
    return x * x * sum;
}

/* log p - E log W = E (W - 1 - log W): terms that are never negative. */
static double law_gap(const jn_weight_law *w)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->log_w[i] == -INFINITY) {
            return w->m[i] > 0.0 ? INFINITY : sum;
        }
        sum += fabs(w->log_w[i]) < 1.0 ? w->m[i] * bregman(w->log_w[i])
                                       : w->mw1[i] - w->m[i] * w->log_w[i];
    }
    return sum;
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    (void)estimator;
    (void)args;
    jn_bound_value v = jn_plain_value(law->log_w.mean);
    if (law->draws) {
        v.variance = jn_moments_variance(&law->log_w);
        v.groups = (double)law->n_nodes;
    } else {
        v.variance = law->log_w.m2 / law->log_w.weight;
    }
    if (w != NULL) {
        v.gap = law_gap(w);
        const jn_rounding r = jn_rounding_of(w);
        v.gap_error = v.gap * r.relative + r.floor;
        v.value = w->log_evidence - v.gap;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = v;
    }
    return JN_OK;
}

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    (void)law;
    (void)arg;
    return jn_influence_iwae(w, 1, (double[]){ 1.0 }, (double[]){ 1.0 }, out);
}

static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    (void)arg;
    return s->asked == JN_BY_GROUPS && s->kind == JN_MC ? JN_BY_GROUPS : JN_BY_LAW;
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    (void)arg;
    out->needs |= estimator == JN_BY_LAW ? JN_NEED_NODES : 0;
    return estimator == JN_BY_GROUPS ? jn_bound_wish_k(out, 1) : JN_OK;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    (void)arg;
    *n = 1.0;
    return JN_OF_LOG;
}

const jn_bound jn_bound_elbo = {
    .name = "elbo",
    .summary = "E log w = A - B: reconstruction minus KL to the prior",
    .estimator = choose,
    .wish = wish,
    .side = jn_side_lower,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};
