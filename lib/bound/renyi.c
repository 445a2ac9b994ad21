/* Variational Renyi bounds, VR-alpha = log E w^(1 - alpha) / (1 - alpha) (Li & Turner 2016), and
 * CUBO-n = VR-(1 - n) (Dieng, Tran, Ranganath, Paisley & Blei 2017). */
#include <math.h>

#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/rounding.h"

/* The order of the moment that the bound is made of. */
static double order_of(const jn_bound_arg *arg)
{
    return arg->bound == &jn_bound_cubo ? arg->n : 1.0 - arg->alpha;
}

static double from_draws(const jn_law *law, double beta)
{
    const jn_tilt *t = jn_find_tilt(law, beta);
    if (t == NULL) {
        return NAN;
    }
    if (beta < 0.0 && law->n_zero > 0) {
        return -INFINITY;
    }
    const double sum = jn_tilt_log_sum(t);
    return (sum - jn_lse_log_sum(&law->mass)) / beta;
}

/* How many times what stands on the border lies beyond it. Shells whose radii grow by one factor
 * hold masses of one ratio under a power law, and of a falling one under any lighter tail (a
 * density log-concave in log r), so that the rest is at most the geometric series: thrice that,
 * since directions differ, and no less than the border's own. Without shells, what polynomial tails
 * take. */
static double times_beyond(const jn_tilt *t)
{
    static const double most = 100.0;
    const double ratio = t->inner > 0.0 ? t->edge / t->inner : 1.0;
    return ratio < 1.0 ? fmin(fmax(3.0 * ratio / (1.0 - ratio), 1.0), most) : most;
}

/* What lies beyond the nodes, from what stands on their border. */
static double border_error(const jn_law *law, double beta)
{
    const jn_tilt *t = jn_find_tilt(law, beta);
    return t == NULL || !(t->mass > 0.0) ? 0.0 : times_beyond(t) * t->edge / (t->mass * fabs(beta));
}

/* Where W^beta all but diverges it counts weights of e^(1e7), whose logs, and those of the masses
 * that nearly balance them, are rounded themselves. */
static double log_rounding(const jn_law *law, const jn_weight_law *w, double beta)
{
    const jn_tilt *t = jn_find_tilt(law, beta);
    const double mean = t == NULL ? jn_weight_law_tilt(w, beta).mean
                                  : jn_tilt_mean(t) - w->log_evidence;
    return isfinite(mean) ? 4.4e-16 * fabs(mean) : 0.0;
}

/* A law of many nodes is compressed, and leaves out what neither the ELBO nor the first powers of W
 * see. The sum over all nodes has it, but not the digits of a small gap. */
static jn_bound_value from_nodes(const jn_law *law, const jn_weight_law *w, double beta)
{
    const double gap = 0.0 - jn_weight_law_tilt(w, beta).log_moment / beta; /* no -0 */
    const jn_rounding r = jn_rounding_of(w);
    const double error = fabs(gap) * (1.0 + fabs(beta)) * r.relative + r.floor +
                         border_error(law, beta) + log_rounding(law, w, beta);
    const double sum = from_draws(law, beta), all = w->log_evidence - sum;
    const double rounding = 1e-13 * (1.0 + fabs(sum) + fabs(w->log_evidence));
    return !isnan(sum) && !(fabs(all - gap) <= rounding) ? jn_gap_value(w, all, error + rounding)
                                                         : jn_gap_value(w, gap, error);
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    for (size_t i = 0; i < n; i++) {
        const double beta = order_of(&args[i]);
        if (beta == 0.0) {
            const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
            const jn_status st = jn_bound_elbo.eval(law, w, estimator, 1, &elbo, &out[i]);
            if (st != JN_OK) {
                return st;
            }
        } else if (w != NULL && !law->draws) {
            out[i] = from_nodes(law, w, beta);
        } else {
            out[i] = jn_sample_value(law, from_draws(law, beta));
        }
    }
    return JN_OK;
}

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    const double beta = order_of(arg);
    if (beta == 0.0) {
        return jn_bound_elbo.influence(law, w, arg, out);
    }
    jn_influence_renyi(w, beta, out);
    return JN_OK;
}

/* Nodes of a rule give every moment; draws are counted as they come. */
static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    (void)estimator;
    const double beta = order_of(arg);
    out->needs |= beta < 0.0 ? JN_NEED_NODES : 0; /* they show how heavy the tail of 1/W is */
    return beta == 0.0 ? JN_OK : jn_bound_wish_beta(out, beta);
}

static jn_side side(const jn_bound_arg *arg)
{
    return order_of(arg) > 1.0 ? JN_SIDE_UPPER : JN_SIDE_LOWER;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    const double beta = order_of(arg);
    *n = beta == 0.0 ? 1.0 : beta;
    if (beta == 0.0) {
        return JN_OF_LOG;
    }
    return beta > 1.0 || beta < 0.0 ? JN_OF_MOMENT : JN_ALWAYS_FINITE;
}

const jn_bound jn_bound_vr = {
    .name = "vr",
    .summary = "vr:ALPHA: log E w^(1 - alpha) / (1 - alpha) (Li & Turner 2016); alpha 1: elbo",
    .number = JN_BOUND_ALPHA,
    .estimator = jn_choose_law,
    .wish = wish,
    .side = side,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};

const jn_bound jn_bound_cubo = {
    .name = "cubo",
    .summary = "cubo:N: log E w^n / n, n > 1, an upper bound (Dieng et al. 2017)",
    .number = JN_BOUND_N,
    .estimator = jn_choose_law,
    .wish = wish,
    .side = side,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};
