/* The one caller of a bound's eval: values and their errors from the set of laws. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "bound/control.h"
#include "bound/influence.h"
#include "jensen/bound.h"

double jn_nested_error(double fine, double middle, double coarse)
{
    if (fine == middle && middle == coarse) { /* equal infinities too */
        return 0.0;
    }
    const double e1 = fabs(fine - middle), e2 = fabs(middle - coarse);
    if (isnan(e2)) {
        return NAN;
    }
    const bool rate_known = e2 > 0.0 && e2 < INFINITY; /* else e1 stands alone */
    return rate_known ? e1 * fmin(1.0, 10.0 * e1 / e2) : e1;
}

/* The t interval of n skewed values holds the mean too seldom, by gamma^2 (z^4 + 2 z^2 - 3) / 18 -
 * kappa (z^2 - 3) / 12 of its length over n (Hall 1988, Edgeworth's series): at z = 1.96, where
 * kappa = 3/2 gamma^2 as for gamma laws, 0.98 gamma^2. Of the sample's own skewness 6 / n is noise.
 */
static double stretch(size_t n, const double *x, const jn_moments *m)
{
    double cubes = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - m->mean;
        cubes += d * d * d;
    }
    const double size = (double)n, moment = cubes / size / pow(m->m2 / size, 1.5);
    const double gamma = moment * sqrt(size * (size - 1.0)) / (size - 2.0);
    enum { LEAST = 8 }; /* a series in 1 / n */
    const double skewed = n < LEAST ? 0.0 : 0.98 * (gamma * gamma - 6.0 / size) / size;
    return skewed > 0.0 ? 1.0 + skewed : 1.0; /* all the same: gamma is NaN */
}

/* Mean of n values, its standard error and its degrees of freedom; NaN for n < 2. */
static double spread(size_t n, const double *x, double *se, double *dof)
{
    jn_moments m = JN_MOMENTS_INIT;
    for (size_t i = 0; i < n; i++) {
        jn_moments_add(&m, x[i], 1.0);
    }
    *se = sqrt(jn_moments_variance(&m) / (double)n) * stretch(n, x, &m);
    *dof = n < 2 ? NAN : (double)(n - 1);
    return m.mean;
}

static double rounding(const jn_law *law)
{
    const double mean = law->log_w.mean,
                 evidence = jn_law_log_evidence(law); /* -inf: zero weights */
    return 4.4e-16 * (1.0 + (isfinite(mean) ? fabs(mean) : 0.0) +
                      (isfinite(evidence) ? fabs(evidence) : 0.0));
}

/* What lies beyond the border of a rule's domain, relative to the whole: less than what stands on
 * it. */
static double beyond(const jn_law *law)
{
    const double mass = exp(jn_lse_log_sum(&law->edge_mass) - jn_lse_log_sum(&law->mass));
    const double evidence = exp(jn_lse_log_sum(&law->edge_evidence) -
                                jn_lse_log_sum(&law->evidence));
    return mass + evidence;
}

/* parts: values of the parts of the set; own: error of the evaluation itself. */
static jn_estimate from_parts(const jn_law_set *set, double value, const double *parts, double own)
{
    jn_estimate e = { .value = value, .dof = NAN, .kind = set->kind, .n_eval = set->n_eval };
    if (isinf(value)) {
        e.error = NAN;
    } else if (set->nested) {
        e.error = jn_nested_error(parts[0], parts[1], parts[set->n - 1]) + own +
                  beyond(&set->law[0]);
    } else if (set->kind == JN_EXACT) {
        e.error = own;
    } else {
        const double mean = spread(set->n, parts, &e.error, &e.dof);
        /* what is no mean of draws has a bias of order 1/draws: R times as large in a replicate */
        if (set->n > 1 && isfinite(mean)) {
            e.error = hypot(e.error, (mean - value) / (double)(set->n - 1));
        }
        e.error += own; /* draws that all agree are not certain beyond rounding */
    }
    return e;
}

static const jn_law *whole(const jn_law_set *set)
{
    return set->nested ? &set->law[0] : &set->pooled;
}

jn_estimate jn_law_set_evidence(const jn_law_set *set)
{
    double parts[JN_PARTS_MAX];
    for (size_t i = 0; i < set->n; i++) {
        parts[i] = jn_law_log_evidence(&set->law[i]);
    }
    const jn_law *law = whole(set);
    return from_parts(set, jn_law_log_evidence(law), parts, rounding(law));
}

static jn_bound_setting setting_of(const jn_law_set *set, jn_estimator asked)
{
    const jn_law *law = whole(set);
    bool posterior = false;
    for (size_t i = 0; i < law->n_posterior; i++) {
        posterior = posterior || law->posterior[i].done.n > 0 || set->law[0].posterior[i].n > 0;
    }
    posterior = posterior || (law->of_posterior != NULL && law->of_posterior->n_nodes > 0);
    return (jn_bound_setting){ .asked = asked,
                               .kind = set->kind,
                               .posterior = posterior || law->n_outside > 0,
                               .alone = !set->nested && set->n == 1 };
}

/* Arguments that one eval takes: of one bound under one estimator. */
static size_t family_size(size_t n, const jn_bound_arg *args, const jn_bound_result *out)
{
    size_t count = 1;
    while (count < n && args[count].bound == args[0].bound &&
           out[count].estimator == out[0].estimator) {
        count++;
    }
    return count;
}

/* All values of one law, and what draws of it show of their errors (NULL: not asked);
 * out[].estimator stands. */
static jn_status eval_law(const jn_law *law, size_t n, const jn_bound_arg *args,
                          const jn_bound_result *out, jn_bound_value *values, jn_delta *delta)
{
    const bool nodes = (law->needs & JN_NEED_NODES) != 0;
    jn_weight_law w;
    jn_status st = nodes ? jn_weight_law_new(law, &w) : JN_OK;
    if (st != JN_OK) {
        return st;
    }
    for (size_t first = 0, count; st == JN_OK && first < n; first += count) {
        count = family_size(n - first, args + first, out + first);
        const jn_estimator e = out[first].estimator;
        const bool reads = nodes && (!law->draws || e == JN_BY_LAW || e == JN_BY_SELF_NORMALISED ||
                                     e == JN_BY_POSTERIOR_LAW);
        st = args[first].bound->eval(law, reads ? &w : NULL, e, count, args + first,
                                     values + first);
    }
    if (nodes) {
        st = st == JN_OK && delta != NULL ? jn_delta_errors(law, &w, n, args, out, values, delta)
                                          : st;
        jn_weight_law_free(&w);
    }
    return st;
}

/* Values on every law of the set: parts[part * n + i], then the whole. */
static jn_status eval_all(const jn_law_set *set, size_t n, const jn_bound_arg *args,
                          const jn_bound_result *out, jn_bound_value *parts, jn_bound_value *all,
                          jn_delta *delta)
{
    const bool replicates = !set->nested && set->n > 1;
    jn_status st = JN_OK;
    for (size_t part = 0; st == JN_OK && part < set->n; part++) {
        st = eval_law(&set->law[part], n, args, out, parts + part * n, delta);
    }
    if (st == JN_OK && replicates) {
        return eval_law(&set->pooled, n, args, out, all, NULL);
    }
    memcpy(all, parts, n * sizeof *all);
    return st;
}

typedef double getter(const jn_law_set *set, const jn_bound_value *values, size_t stride,
                      size_t part);

static double get_value(const jn_law_set *set, const jn_bound_value *v, size_t stride, size_t part)
{
    (void)set;
    return v[part * stride].value;
}

static double get_gap(const jn_law_set *set, const jn_bound_value *v, size_t stride, size_t part)
{
    (void)set;
    return v[part * stride].gap;
}

static double get_reconstruction(const jn_law_set *set, const jn_bound_value *v, size_t stride,
                                 size_t part)
{
    (void)v;
    (void)stride;
    return set->law[part].has_marks ? set->law[part].log_lik.mean : NAN;
}

static double get_kl(const jn_law_set *set, const jn_bound_value *v, size_t stride, size_t part)
{
    (void)v;
    (void)stride;
    return set->law[part].has_marks ? set->law[part].log_ratio.mean : NAN;
}

static jn_estimate collect(const jn_law_set *set, getter *get, const jn_bound_value *v,
                           size_t stride, double value, double own)
{
    double parts[JN_PARTS_MAX];
    for (size_t i = 0; i < set->n; i++) {
        parts[i] = get(set, v, stride, i);
    }
    return from_parts(set, value, parts, own);
}

/* Has the set one replicate of independent draws, so that errors must come from within? */
static bool is_one_sample(const jn_law_set *set)
{
    return !set->nested && set->n == 1 && set->kind == JN_MC && set->pooled.draws;
}

/* The spread of what a value is a mean of, where there are two. */
static void error_within(const jn_law *law, const jn_bound_value *all, jn_bound_result *out)
{
    const double n = (double)law->n_nodes, round = rounding(law);
    out->value.error = sqrt(all->variance / all->groups) + round;
    out->value.dof = all->groups > 1.0 ? all->groups - 1.0 : NAN;
    out->reconstruction.error = sqrt(jn_moments_variance(&law->log_lik) / n) + round;
    out->kl.error = sqrt(jn_moments_variance(&law->log_ratio) / n) + round;
    out->reconstruction.dof = out->kl.dof = n > 1.0 ? n - 1.0 : NAN;
}

/* Errors by the delta method; own: of the evaluation, of the value and of the gap. */
static void error_by_delta(const jn_law *law, const jn_delta *delta, const double own[2],
                           jn_bound_result *out)
{
    const double dof = (double)law->n_nodes - 1.0;
    if (isnan(out->value.error)) {
        out->value.error = delta->value + own[0];
        out->value.dof = isnan(out->value.error) ? NAN : dof;
    }
    out->gap.error = delta->gap + own[1];
    out->gap.dof = isnan(out->gap.error) ? NAN : dof;
}

/* out->estimator stands. */
static void one_result(const jn_law_set *set, const jn_bound_arg *arg, const jn_bound_value *parts,
                       size_t stride, const jn_bound_value *all, const jn_delta *delta,
                       jn_bound_result *out)
{
    const jn_law *law = whole(set);
    const double round = rounding(law);
    out->variance = all->variance;
    out->drawn_error = NAN;
    const double own = isfinite(all->gap_error) ? all->gap_error : 0.0;
    out->value = collect(set, get_value, parts, stride, all->value, own + round);
    /* by the law: free of the error of its own log p(x), and biased by 1/N of itself alone */
    out->gap = collect(set, get_gap, parts, stride, all->gap, own);
    const double a = law->has_marks ? law->log_lik.mean : NAN;
    const double b = law->has_marks ? law->log_ratio.mean : NAN;
    const bool split = arg->bound == &jn_bound_elbo;
    out->reconstruction = collect(set, get_reconstruction, parts, stride, split ? a : NAN,
                                  round + 4.4e-16 * fabs(a));
    out->kl = collect(set, get_kl, parts, stride, split ? b : NAN, round + 4.4e-16 * fabs(b));
    if (out->estimator == JN_BY_GROUPS && (split || arg->bound == &jn_bound_iwae)) {
        jn_control_gap(set, arg->k > 1 ? arg->k : 1, &out->gap, &out->gap_method);
    }
    const bool by_law = arg->k > 1 && out->estimator == JN_BY_LAW;
    if (is_one_sample(set) && all->groups > 0.0 && !by_law) {
        error_within(law, all, out);
    }
    if (delta != NULL && (out->estimator == JN_BY_LAW || out->estimator == JN_BY_SELF_NORMALISED)) {
        error_by_delta(law, delta, (double[]){ own + round, own }, out);
    }
}

jn_status jn_bound_results(const jn_law_set *set, jn_estimator estimator, size_t n,
                           const jn_bound_arg *args, jn_bound_result *out)
{
    const jn_bound_setting setting = setting_of(set, estimator);
    jn_bound_result *results = jn_alloc(n, sizeof *results);
    jn_bound_value *values = jn_alloc((set->n + 1) * n, sizeof *values);
    jn_delta *delta = jn_alloc(n, sizeof *delta);
    jn_status st = results == NULL || values == NULL || delta == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        results[i].estimator = args[i].bound->estimator(&args[i], &setting);
    }
    jn_bound_value *all = st == JN_OK ? values + set->n * n : NULL;
    const bool within = is_one_sample(set) && (set->law[0].needs & JN_NEED_NODES) != 0;
    st = st == JN_OK ? eval_all(set, n, args, results, values, all, within ? delta : NULL) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        one_result(set, &args[i], values + i, n, all + i, within ? &delta[i] : NULL, &results[i]);
    }
    if (st == JN_OK) {
        memcpy(out, results, n * sizeof *out);
    }
    free(results);
    free(values);
    free(delta);
    return st;
}

jn_status jn_law_set_moment(const jn_law_set *set, int j, jn_estimate *out)
{
    double parts[JN_PARTS_MAX];
    double value = NAN;
    for (size_t i = 0; i <= set->n; i++) {
        const jn_law *law = i < set->n ? &set->law[i] : whole(set);
        double moment = NAN;
        if (law->n > 0) {
            jn_weight_law w;
            const jn_status st = jn_weight_law_new(law, &w);
            if (st != JN_OK) {
                return st;
            }
            moment = jn_weight_law_moment(&w, j);
            jn_weight_law_free(&w);
        }
        *(i < set->n ? &parts[i] : &value) = moment;
    }
    *out = from_parts(set, value, parts, 1e-14 * fabs(value));
    return JN_OK;
}
