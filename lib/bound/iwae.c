/* IWAE-K (Burda, Grosse & Salakhutdinov 2016), for every K from one law.
 *
 * By the law: L_K = log p(x) - gap_K with, for delta(s) = s + log E e^(-sW) >= 0 and s = e^u,
 *     gap_K = integral over u of  e^(-Ks) expm1(K delta(s)),
 * from Frullani's log s = integral of (e^-t - e^-ts) dt / t. The integrand is analytic in
 * |Im u| < pi/2, so the trapezoid rule in u with step h is off by about e^(-pi^2/h). */
#include <math.h>

#include "base/memory.h"
#include "bound/choose.h"
#include "bound/rounding.h"

static const double STEP = 0.2;
static const double EULER = 0.57721566490153286061;
static const double FLOOR = -44.0; /* log of what no longer counts against 1 */

/* phi on an even lattice of u. Where no weight is between nothing and all at s W, phi is flat: a
 * stretch of `count` lattice points is one entry (`odd` of them at odd places), with u its middle.
 * So a law whose weights spread over thousands of nats costs what its nodes do. */
typedef struct laplace_table {
    size_t n, capacity;
    double *u, *log_phi, *delta, *count, *odd;
} laplace_table;

enum { MOST_ENTRIES = 1 << 24 };

static void table_free(laplace_table *t)
{
    free(t->u);
    free(t->log_phi);
    free(t->delta);
    free(t->count);
    free(t->odd);
}

static jn_status reserve(laplace_table *t, size_t more)
{
    if (t->n + more <= t->capacity) {
        return JN_OK;
    }
    const size_t capacity = 2 * (t->n + more);
    double **const arrays[] = { &t->u, &t->log_phi, &t->delta, &t->count, &t->odd };
    for (size_t i = 0; i < 5; i++) {
        double *a = jn_realloc(*arrays[i], capacity, sizeof *a);
        if (a == NULL) {
            return JN_ERR_NOMEM;
        }
        *arrays[i] = a;
    }
    t->capacity = capacity;
    return JN_OK;
}

/* From u = -log k_max - 40, where the integrand of every K falls like s^2 (s^a for weights of tail
 * index a < 2), to where phi^K of the smallest K is gone: at the latest where s W is large for the
 * smallest W of the law. */
static jn_status tabulate(const jn_weight_law *w, double k_min, double k_max, laplace_table *t)
{
    enum { BATCH = 32 };
    double at = floor((-log(k_max) - 40.0) / STEP); /* place on the lattice */
    for (;;) {
        jn_status st = reserve(t, BATCH);
        if (st != JN_OK) {
            return st;
        }
        for (size_t i = t->n; i < t->n + BATCH; i++) {
            const double u = STEP * at;
            const double flat = fmin(jn_weight_law_flat(w, u), 1e15);
            const double count = fmax(floor(flat / STEP), 1.0);
            t->u[i] = u + 0.5 * STEP * (count - 1.0);
            t->count[i] = count;
            t->odd[i] = floor(0.5 * (count + fabs(fmod(at, 2.0))));
            at += count;
        }
        st = jn_weight_law_laplace(w, BATCH, t->u + t->n, t->log_phi + t->n, t->delta + t->n);
        if (st != JN_OK) {
            return st;
        }
        t->n += BATCH;
        if (!(k_min * t->log_phi[t->n - 1] > FLOOR) || t->n >= MOST_ENTRIES) {
            return JN_OK;
        }
    }
}

/* phi(s)^K - e^-Ks >= 0 */
static double integrand(double k, const laplace_table *t, size_t i)
{
    const double ks = k * exp(t->u[i]), kd = k * t->delta[i];
    if (kd <= 1.0) {
        return exp(-ks) * expm1(kd);
    }
    return exp(k * t->log_phi[i]) - exp(-ks);
}

typedef struct sums {
    double all, odd; /* of the integrand; every second node alone */
    double log_all;  /* of the integrand times log(K s) + gamma */
    double first, last;
} sums;

static sums sum_table(const laplace_table *t, double k)
{
    sums a = { 0 };
    const double log_k = log(k);
    for (size_t i = 0; i < t->n; i++) {
        const double f = integrand(k, t, i);
        a.all += f * t->count[i];
        a.odd += f * t->odd[i];
        a.log_all += f * t->count[i] * (log_k + t->u[i] + EULER);
        a.first = i == 0 ? f : a.first;
        a.last = f;
    }
    return a;
}

jn_status jn_iwae_integral(const jn_weight_law *w, size_t n, const double *k, double *gap,
                           double *gap_error, double *variance)
{
    double k_min = INFINITY, k_max = 1.0;
    for (size_t i = 0; i < n; i++) {
        k_min = fmin(k_min, k[i]);
        k_max = fmax(k_max, k[i]);
    }
    laplace_table t = { 0 };
    const jn_rounding rounding = jn_rounding_of(w);
    const jn_status st = w->zero_mass > 0.0 || n == 0 ? JN_OK : tabulate(w, k_min, k_max, &t);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        if (w->zero_mass > 0.0) { /* a whole group of zeros has probability zero_mass^K > 0 */
            gap[i] = variance[i] = INFINITY;
            gap_error[i] = NAN;
            continue;
        }
        const sums a = sum_table(&t, k[i]);
        gap[i] = STEP * a.all;
        variance[i] = fmax(2.0 * STEP * a.log_all - gap[i] * gap[i], 0.0);
        /* halving the step squares the relative error of the rule */
        const double off = fabs(2.0 * a.odd - a.all) / fmax(a.all, 1e-300);
        gap_error[i] = gap[i] * (fmin(off * off, off) + rounding.relative) + 5.0 * a.last +
                       5.0 * a.first + rounding.floor;
    }
    table_free(&t);
    return st;
}

static jn_status eval_law(const jn_weight_law *w, size_t n, const jn_bound_arg *args,
                          jn_bound_value *out)
{
    double *k = jn_alloc_doubles(4 * n);
    if (k == NULL) {
        return JN_ERR_NOMEM;
    }
    double *gap = k + n, *error = k + 2 * n, *variance = k + 3 * n;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (args[i].k > 1) {
            k[m++] = (double)args[i].k;
        }
    }
    const jn_status st = jn_iwae_integral(w, m, k, gap, error, variance);
    m = 0;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        if (args[i].k > 1) {
            out[i] = (jn_bound_value){ .value = w->log_evidence - gap[m],
                                       .gap = gap[m],
                                       .gap_error = error[m],
                                       .variance = variance[m] };
            m++;
        }
    }
    free(k);
    return st;
}

static jn_status eval(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out)
{
    const jn_bound_arg one = { .bound = &jn_bound_elbo };
    jn_bound_value elbo;
    const jn_status st = jn_bound_elbo.eval(law, w, estimator, 1, &one, &elbo);
    for (size_t i = 0; i < n && st == JN_OK; i++) { /* K = 1 is the ELBO, never the integral */
        out[i] = args[i].k > 1 && estimator == JN_BY_GROUPS
                     ? jn_group_value(jn_find_groups(law->n_groups, law->groups, args[i].k))
                     : elbo;
    }
    return st == JN_OK && estimator == JN_BY_LAW ? eval_law(w, n, args, out) : st;
}

static jn_estimator choose(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    return jn_bound_elbo.estimator(arg, s);
}

static jn_status wish(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out)
{
    if (estimator == JN_BY_GROUPS) {
        return jn_bound_wish_k(out, arg->k);
    }
    out->needs |= JN_NEED_NODES;
    return JN_OK;
}

static jn_integrand integrand_of(const jn_bound_arg *arg, double *n)
{
    *n = (double)arg->k;
    return JN_OF_LOG;
}

const jn_bound jn_bound_iwae = {
    .name = "iwae",
    .summary = "E log of the mean of K weights (Burda, Grosse & Salakhutdinov 2016)",
    .takes_k = true,
    .estimator = choose,
    .wish = wish,
    .side = jn_side_lower,
    .integrand = integrand_of,
    .eval = eval,
};
