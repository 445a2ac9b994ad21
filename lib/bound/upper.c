/* U_K = E log of the mean of K weights, one at a draw of the posterior and K - 1 at draws of q
 * (Domke & Sheldon 2018; Grosse et al. 2015 for the idea): an upper bound that falls with K from
 * the EUBO to log p(x).
 *
 * By the law, as for the IWAE bound, with delta(s) = s + log phi(s) and phi' = -E W e^(-sW):
 *     U_K - log p = integral over u of  e^(-Ks) - E W e^(-sW) phi(s)^(K-1),   s = e^u,
 *                 = integral of  e^(-Ks) (e^(K delta) delta' - expm1(K delta)),
 * where neither term is a difference. */
#include <math.h>

#include "base/memory.h"
#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/rounding.h"

static const double STEP = 0.2;    /* in u: off by e^(-pi^2 / STEP), as for iwae */
static const double FLOOR = -44.0; /* log of what no longer counts against 1 */
static const double REACH = 800.0; /* most that is looked for on the left, in u */

/* phi at even steps of u, ascending. */
typedef struct table {
    size_t n, capacity;
    double *u, *log_phi, *delta, *slope, *log_biased;
} table;

enum { ARRAYS = 5, BATCH = 32 };

static void table_free(table *t)
{
    double *const arrays[ARRAYS] = { t->u, t->log_phi, t->delta, t->slope, t->log_biased };
    for (size_t i = 0; i < ARRAYS; i++) {
        free(arrays[i]);
    }
}

static jn_status reserve(table *t, size_t more)
{
    if (t->n + more <= t->capacity) {
        return JN_OK;
    }
    const size_t capacity = 2 * (t->n + more);
    double **const arrays[ARRAYS] = { &t->u, &t->log_phi, &t->delta, &t->slope, &t->log_biased };
    for (size_t i = 0; i < ARRAYS; i++) {
        double *a = jn_realloc(*arrays[i], capacity, sizeof *a);
        if (a == NULL) {
            return JN_ERR_NOMEM;
        }
        *arrays[i] = a;
    }
    t->capacity = capacity;
    return JN_OK;
}

/* The integrand falls like delta'(s) on the left: like s where the variance is finite, like
 * s^(a - 1) where the tail index a is in (1, 2). Its end is looked for in steps. */
static jn_status left_end(const jn_weight_law *w, double k_max, double *out)
{
    const double start = -log(k_max);
    double u = start, top, slope, ignored;
    jn_status st = jn_weight_law_laplace_slope(w, 1, &u, &top, &ignored);
    do {
        u -= 10.0;
        st = st == JN_OK ? jn_weight_law_laplace_slope(w, 1, &u, &slope, &ignored) : st;
    } while (st == JN_OK && slope > 1e-18 * top && u > start - REACH);
    *out = STEP * floor(u / STEP);
    return st;
}

static jn_status add_batch(const jn_weight_law *w, double first, table *t)
{
    jn_status st = reserve(t, BATCH);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = t->n; i < t->n + BATCH; i++) {
        t->u[i] = first + STEP * (double)i;
    }
    st = jn_weight_law_laplace(w, BATCH, t->u + t->n, t->log_phi + t->n, t->delta + t->n);
    st = st == JN_OK ? jn_weight_law_laplace_slope(w, BATCH, t->u + t->n, t->slope + t->n,
                                                   t->log_biased + t->n)
                     : st;
    t->n += st == JN_OK ? BATCH : 0;
    return st;
}

/* To where e^(-Ks) and the other term of the smallest K are gone. */
static jn_status tabulate(const jn_weight_law *w, double k_min, double k_max, table *t)
{
    double first;
    jn_status st = left_end(w, k_max, &first);
    while (st == JN_OK) {
        st = add_batch(w, first, t);
        const size_t last = t->n - 1;
        if (st == JN_OK && k_min * exp(t->u[last]) > -FLOOR &&
            !(t->log_biased[last] + (k_min - 1.0) * t->log_phi[last] > FLOOR)) {
            break;
        }
    }
    return st;
}

static double integrand(double k, const table *t, size_t i)
{
    const double ks = k * exp(t->u[i]), kd = k * t->delta[i];
    if (kd <= 1.0) { /* false where delta is NaN */
        return exp(-ks) * (exp(kd) * t->slope[i] - expm1(kd));
    }
    return exp(-ks) - exp(t->log_biased[i] + (k - 1.0) * t->log_phi[i]);
}

static void integrate(const table *t, double k, jn_rounding rounding, double *excess, double *error)
{
    double all = 0.0, odd = 0.0, size = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        const double f = integrand(k, t, i);
        all += f;
        odd += i % 2 == 1 ? f : 0.0;
        size += fabs(f);
    }
    const double ends = fabs(integrand(k, t, 0)) + fabs(integrand(k, t, t->n - 1));
    /* halving the step squares the relative error of the rule */
    const double off = fabs(2.0 * odd - all) / fmax(size, 1e-300);
    *excess = STEP * all;
    *error = STEP * size * (fmin(off * off, off) + 2.0 * rounding.relative) + 5.0 * ends +
             rounding.floor;
}

jn_status jn_upper_integral(const jn_weight_law *w, size_t n, const double *k, double *excess,
                            double *error)
{
    double k_min = INFINITY, k_max = 1.0;
    for (size_t i = 0; i < n; i++) {
        k_min = fmin(k_min, k[i]);
        k_max = fmax(k_max, k[i]);
    }
    table t = { 0 };
    const jn_rounding rounding = jn_rounding_of(w);
    const jn_status st = n == 0 ? JN_OK : tabulate(w, k_min, k_max, &t);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        integrate(&t, k[i], rounding, &excess[i], &error[i]);
    }
    table_free(&t);
    return st;
}

static jn_status eval_law(const jn_law *law, const jn_weight_law *w, size_t n,
                          const jn_bound_arg *args, jn_bound_value *out)
{
    double *k = jn_alloc_doubles(3 * n);
    if (k == NULL) {
        return JN_ERR_NOMEM;
    }
    double *excess = k + n, *error = k + 2 * n;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (args[i].k > 1) {
            k[m++] = (double)args[i].k;
        }
    }
    jn_status st = jn_upper_integral(w, m, k, excess, error);
    m = 0;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        if (args[i].k > 1) {
            out[i] = jn_gap_value(w, -excess[m], error[m]);
            m++;
        } else { /* K = 1 is the EUBO, never the integral */
            const jn_bound_arg eubo = { .bound = &jn_bound_eubo };
            const jn_law nodes = { .draws = false };
            st = jn_bound_eubo.eval(&nodes, w, JN_BY_LAW, 1, &eubo, &out[i]);
        }
        if (st == JN_OK && law->draws) { /* of a sample: its own log p(x) is no truth */
            out[i].gap = NAN;
            out[i].gap_error = NAN;
        }
    }
    free(k);
    return st;
}

/* One law for the draws of the posterior, one for the K - 1 of q. */
static jn_status eval_both(const jn_law *law, const jn_weight_law *w, size_t n,
                           const jn_bound_arg *args, jn_bound_value *out)
{
    const bool none = law->of_posterior == NULL || law->of_posterior->n_nodes == 0;
    double *k = jn_alloc_doubles(2 * n), *excess = k == NULL ? NULL : k + n;
    jn_weight_law posterior = { 0 };
    jn_status st = k == NULL ? JN_ERR_NOMEM : JN_OK;
    st = st == JN_OK && !none ? jn_weight_law_new(law->of_posterior, &posterior) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        k[i] = (double)args[i].k;
        excess[i] = NAN;
    }
    st = st == JN_OK && !none ? jn_upper_of_both(w, &posterior, n, k, excess) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        out[i] = jn_plain_value(law->n_outside > 0 ? INFINITY : w->log_evidence + excess[i]);
    }
    jn_weight_law_free(&posterior);
    free(k);
    return st;
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    if (estimator == JN_BY_POSTERIOR_LAW) {
        return eval_both(law, w, n, args, out);
    }
    if (estimator != JN_BY_POSTERIOR) {
        return eval_law(law, w, n, args, out);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = law->n_outside > 0
                     ? jn_plain_value(INFINITY)
                     : jn_group_value(jn_find_groups(law->n_posterior, law->posterior, args[i].k));
    }
    return JN_OK;
}

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    (void)law;
    return jn_influence_upper(w, (double)arg->k, out);
}

/* Groups need draws that are independent of each other; scrambled points are not. */
static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    if (!jn_is_sampled(s) || !s->posterior) {
        return jn_is_sampled(s) ? JN_BY_SELF_NORMALISED : JN_BY_LAW;
    }
    return arg->k == 1 || s->kind == JN_MC ? JN_BY_POSTERIOR : JN_BY_POSTERIOR_LAW;
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    if (estimator == JN_BY_POSTERIOR) {
        return jn_bound_wish_posterior(out, arg->k);
    }
    out->needs |= JN_NEED_NODES | (estimator == JN_BY_POSTERIOR_LAW ? JN_NEED_POSTERIOR_NODES : 0);
    return JN_OK;
}

static jn_integrand integrand_of(const jn_bound_arg *arg, double *n)
{
    (void)arg;
    *n = 1.0;
    return JN_OF_ENTROPY; /* E R log R of a mean of K weights exists where it does for one */
}

const jn_bound jn_bound_upper = {
    .name = "upper",
    .summary = "E log of the mean of K weights, one at a draw of the posterior, an upper bound",
    .takes_k = true,
    .estimator = choose,
    .wish = wish,
    .side = jn_side_upper,
    .integrand = integrand_of,
    .eval = eval,
    .influence = influence,
};
