/* The thermodynamic variational objective (Masrani, Le & Wood 2019): log p(x) is the integral over
 * beta in [0, 1] of the curve g(beta) = E l under masses proportional to q W^beta, which rises from
 * the ELBO to the EUBO. Its Riemann sums over `points` equal intervals are bounds: left a lower
 * one, right an upper one. */
#include <math.h>
#include <string.h>

#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/rounding.h"

/* Log E W, 0 but for the rounding of log p(x), by which every log W is off: much beside the gap
 * where all weights are nearly the same. */
static double unit(const jn_weight_law *w)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        sum += w->mw1[i];
    }
    return fabs(sum) < 1e-9 ? sum : 0.0; /* more is no rounding of it */
}

static double curve(const jn_weight_law *w, double beta)
{
    if (beta == 0.0 && !(w->zero_mass > 0.0)) { /* -E (W - 1 - log W): terms of one sign */
        const jn_law none = { .draws = false };
        const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
        jn_bound_value v;
        if (jn_bound_elbo.eval(&none, w, JN_BY_LAW, 1, &elbo, &v) == JN_OK) {
            return -v.gap;
        }
    }
    return jn_weight_law_tilt(w, beta).mean - unit(w);
}

void jn_thermodynamic_curve(const jn_weight_law *w, size_t n, const double *beta, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = curve(w, beta[i]);
    }
}

/* The betas of a sum: j / points. */
static double beta_of(const jn_bound_arg *arg, unsigned j)
{
    return (double)(j + (arg->right ? 1u : 0u)) / (double)arg->points;
}

static jn_bound_value from_nodes(const jn_weight_law *w, const jn_bound_arg *arg)
{
    double sum = 0.0, size = 0.0;
    for (unsigned j = 0; j < arg->points; j++) {
        const double g = curve(w, beta_of(arg, j));
        sum += g / arg->points;
        size += fabs(g) / arg->points;
    }
    const jn_rounding r = jn_rounding_of(w);
    /* each term is a sum of either sign, of the size of E |W - 1| */
    return jn_gap_value(w, -sum, (size + fabs(sum)) * r.relative + r.floor);
}

/* Draws of the posterior, which give g(1); NULL: there are none. */
static const jn_groups *posterior_of(const jn_law *law)
{
    const jn_groups *g = jn_find_groups(law->n_posterior, law->posterior, 1);
    return g != NULL && g->done.n > 0 ? g : NULL;
}

static double sampled_curve(const jn_law *law, double beta)
{
    if (beta == 0.0) {
        return law->log_w.mean;
    }
    const jn_groups *posterior = posterior_of(law);
    if (beta == 1.0 && posterior != NULL) {
        return law->n_outside > 0 ? INFINITY : posterior->done.mean;
    }
    const jn_tilt *t = jn_find_tilt(law, beta);
    return t == NULL ? NAN : jn_tilt_mean(t);
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    for (size_t i = 0; i < n; i++) {
        if (w != NULL && !law->draws) {
            out[i] = from_nodes(w, &args[i]);
            continue;
        }
        if (estimator == JN_BY_POSTERIOR && law->n_outside == 0) {
            out[i] = jn_group_value(posterior_of(law));
            continue;
        }
        double sum = 0.0;
        for (unsigned j = 0; j < args[i].points; j++) {
            sum += sampled_curve(law, beta_of(&args[i], j)) / args[i].points;
        }
        out[i] = jn_sample_value(law, sum);
        const jn_groups *posterior = args[i].right ? posterior_of(law) : NULL;
        if (posterior != NULL) {
            const double variance = jn_moments_variance(&posterior->done);
            out[i].apart = sqrt(variance / (double)posterior->done.n) / args[i].points;
        }
    }
    return JN_OK;
}

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    const double c = 1.0 / arg->points;
    memset(out, 0, w->n * sizeof *out);
    for (unsigned j = 0; j < arg->points; j++) {
        const double beta = beta_of(arg, j);
        if (beta < 1.0 || posterior_of(law) == NULL) {
            jn_influence_curve(w, beta, c, out);
        }
    }
    return JN_OK;
}

/* Of draws all of the curve but its ends is self-normalised. */
static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    if (!jn_is_sampled(s)) {
        return JN_BY_LAW;
    }
    if (arg->points == 1 && (!arg->right || s->posterior)) {
        return arg->right ? JN_BY_POSTERIOR : JN_BY_LAW;
    }
    return JN_BY_SELF_NORMALISED;
}

/* The right end asks for draws of the posterior; a source that has none leaves the tilt. */
static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    if (estimator == JN_BY_LAW) {
        return JN_OK;
    }
    jn_status st = arg->right ? jn_bound_wish_posterior(out, 1) : JN_OK;
    for (unsigned j = 0; st == JN_OK && j < arg->points; j++) {
        const double beta = beta_of(arg, j);
        st = beta > 0.0 ? jn_bound_wish_beta(out, beta) : JN_OK;
    }
    return st;
}

static jn_side side(const jn_bound_arg *arg)
{
    return arg->right ? JN_SIDE_UPPER : JN_SIDE_LOWER;
}

static jn_integrand integrand(const jn_bound_arg *arg, double *n)
{
    *n = 1.0;
    return arg->right ? JN_OF_ENTROPY : JN_OF_LOG;
}

const jn_bound jn_bound_tvo = {
    .name = "tvo",
    .summary = "tvo:POINTS: left and right sums of the thermodynamic curve over equal intervals "
               "(Masrani, Le & Wood 2019)",
    .number = JN_BOUND_POINTS,
    .two_sided = true,
    .estimator = choose,
    .wish = wish,
    .side = side,
    .integrand = integrand,
    .eval = eval,
    .influence = influence,
};
