/* Bounds that are ELBOs of laws of their own: FIVO = E log p-hat(x) by sequential Monte Carlo with
 * K particles (Maddison et al. 2017), and annealed importance sampling with K temperatures, from q
 * up and from the posterior down (Neal 2001; Grosse, Ghahramani & Adams 2015). The driver of the
 * gap table runs those sources; the laws of q say nothing. */
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

static jn_side ais_side(const jn_bound_arg *arg)
{
    return arg->right ? JN_SIDE_UPPER : JN_SIDE_LOWER;
}

const jn_bound jn_bound_ais = {
    .name = "ais",
    .summary = "annealed importance sampling, K temperatures: up from q, and down from the "
               "posterior (Neal 2001)",
    .takes_k = true,
    .two_sided = true,
    .runs = true,
    .estimator = choose,
    .wish = wish,
    .side = ais_side,
    .integrand = integrand,
    .eval = eval,
};

const jn_bound jn_bound_fivo = {
    .name = "fivo",
    .summary = "trajectories: E log p-hat of a particle filter with K particles (Maddison et al. "
               "2017)",
    .takes_k = true,
    .runs = true,
    .estimator = choose,
    .wish = wish,
    .side = jn_side_lower,
    .integrand = integrand,
    .eval = eval,
};
