/* IWAE-K (Burda, Grosse & Salakhutdinov 2016), for every K from one law.
 *
 * By the law: L_K = log p(x) - gap_K with, for delta(s) = s + log E e^(-sW) >= 0 and s = e^u,
 *     gap_K = integral over u of  e^(-Ks) expm1(K delta(s)),
 * from Frullani's log s = integral of (e^-t - e^-ts) dt / t. The integrand is analytic in
 * |Im u| < pi/2, so the trapezoid rule in u with step h is off by about e^(-pi^2/h). */
#include <math.h>

#include "base/memory.h"
#include "bound/choose.h"
#include "bound/influence.h"
#include "bound/laplace_table.h"
#include "bound/rounding.h"

static const double EULER = 0.57721566490153286061;

/* phi(s)^K - e^-Ks >= 0 */
static double integrand(double k, const jn_laplace_table *t, size_t i)
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

static sums sum_table(const jn_laplace_table *t, double k)
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
    jn_laplace_table t = { 0 };
    const jn_rounding rounding = jn_rounding_of(w);
    const jn_status st = w->zero_mass > 0.0 || n == 0
                             ? JN_OK
                             : jn_laplace_tabulate(w, k_min, k_max, JN_LAPLACE_STEP, &t);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        if (w->zero_mass > 0.0) { /* a whole group of zeros has probability zero_mass^K > 0 */
            gap[i] = variance[i] = INFINITY;
            gap_error[i] = NAN;
            continue;
        }
        const sums a = sum_table(&t, k[i]);
        gap[i] = JN_LAPLACE_STEP * a.all;
        variance[i] = fmax(2.0 * JN_LAPLACE_STEP * a.log_all - gap[i] * gap[i], 0.0);
        /* halving the step squares the relative error of the rule */
        const double off = fabs(2.0 * a.odd - a.all) / fmax(a.all, 1e-300);
        gap_error[i] = gap[i] * (fmin(off * off, off) + rounding.relative) + 5.0 * a.last +
                       5.0 * a.first + rounding.floor;
    }
    jn_laplace_table_free(&t);
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

static jn_status influence(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out)
{
    (void)law;
    return jn_influence_iwae(w, 1, (double[]){ 1.0 }, (double[]){ (double)arg->k }, out);
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
    .influence = influence,
};
