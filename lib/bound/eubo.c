/* EUBO = E l under the posterior = log p(x) + KL(p(z | x) || q). */
#include <math.h>

#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/rounding.h"

/* x e^x - e^x + 1 >= 0, without cancellation near 0. */
static double entropy_term(double x)
{
    if (fabs(x) > 0.5) {
        return x * exp(x) - expm1(x);
    }
    double sum = 0.0, term = 1.0; /* sum of (k - 1) x^k / k!: the first left out is 1e-20 */
    for (int k = 1; k <= 18; k++) {
        term *= x / k;
        sum += (k - 1) * term;
    }
    return sum;
}

/* EUBO - log p = E W log W = E (W log W - W + 1): terms that are never negative. */
static double law_excess(const jn_weight_law *w)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        const double x = w->log_w[i];
        if (x == -INFINITY) {
            sum += w->m[i];
        } else if (fabs(x) < 1.0) {
            sum += w->m[i] * entropy_term(x);
        } else {
            const double mw = w->log_m[i] > -INFINITY ? exp(w->log_m[i] + x) : 0.0;
            sum += mw * x - w->mw1[i];
        }
    }
    return sum;
}

/* What lies beyond the nodes: under a heavy tail W log W falls so slowly (like 1/x for a Student of
 * 3 degrees against a Gaussian q) that the rest is many times what stands on the border. */
static double beyond(const jn_law *law)
{
    static const double times = 40.0;
    return law->edge_entropy.n == 0
               ? 0.0
               : times * exp(jn_lse_log_sum(&law->edge_entropy) - jn_lse_log_sum(&law->evidence));
}

static jn_bound_value from_draws(const jn_law *law, jn_estimator estimator)
{
    if (estimator == JN_BY_POSTERIOR) {
        return law->n_outside > 0
                   ? jn_plain_value(INFINITY)
                   : jn_group_value(jn_find_groups(law->n_posterior, law->posterior, 1));
    }
    const jn_tilt *t = jn_find_tilt(law, 1.0);
    return jn_plain_value(t == NULL ? NAN : jn_tilt_mean(t));
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    (void)args;
    jn_bound_value v;
    if (w != NULL && !law->draws) {
        const double excess = law_excess(w);
        const jn_rounding r = jn_rounding_of(w);
        v = jn_gap_value(w, -excess, 2.0 * excess * r.relative + r.floor + beyond(law));
    } else {
        v = from_draws(law, estimator);
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
    return jn_influence_upper(w, 1.0, out);
}

static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    (void)arg;
    return !jn_is_sampled(s) ? JN_BY_LAW : s->posterior ? JN_BY_POSTERIOR : JN_BY_SELF_NORMALISED;
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    (void)arg;
    return estimator == JN_BY_POSTERIOR         ? jn_bound_wish_posterior(out, 1)
           : estimator == JN_BY_SELF_NORMALISED ? jn_bound_wish_beta(out, 1.0)
                                                : JN_OK;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    (void)arg;
    *n = 1.0;
    return JN_OF_ENTROPY;
}

const jn_bound jn_bound_eubo = {
    .name = "eubo",
    .summary = "E log w under the posterior, an upper bound",
    .estimator = choose,
    .wish = wish,
    .side = jn_side_upper,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};
