/* FIVO = E log p-hat(x) by sequential Monte Carlo with K particles (Maddison et al. 2017): the ELBO
 * of a law of its own. The driver of the gap table runs that source; the laws of q say nothing. */
#include <math.h>

#include "bound/choose.h"

static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    (void)arg;
    (void)s;
    return JN_BY_GROUPS;
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    (void)arg;
    (void)estimator;
    (void)out;
    return JN_OK;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    (void)arg;
    *n = 0.0;
    return JN_ALWAYS_FINITE;
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    (void)law;
    (void)w;
    (void)estimator;
    (void)args;
    for (size_t i = 0; i < n; i++) {
        out[i] = (jn_bound_value){
            .value = NAN, .gap = NAN, .gap_error = NAN, .variance = NAN, .groups = 0.0
        };
    }
    return JN_OK;
}

const jn_bound jn_bound_fivo = {
    .name = "fivo",
    .summary = "trajectories: E log p-hat of a particle filter with K particles (Maddison et al. "
               "2017)",
    .takes_k = true,
    .estimator = choose,
    .wish = wish,
    .side = jn_side_lower,
    .integrand = integrand,
    .eval = eval,
};
