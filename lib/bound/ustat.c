/* The average of log-mean-exp over all subsets of K of N weights.
 *
 * With A(s) the average of e^(-s sum of a subset) over subsets, by Frullani, as for the IWAE bound,
 *     log mean W - U_K = integral over u of  A(s) - e^(-Ks),   s = e^u, mean W = 1.
 * All N leave-one-out values come along: the jackknife. */
#include "jensen/ustat.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "bound/subsets.h"

static const double FLOOR = -44.0; /* log of what no longer counts against 1 */
static const double LEFT = 1e-4;   /* s times the sd of a subset's sum, and s K, at the left end */

/* One node of the rule: adds to the gap and to the leave-one-out changes; false: nothing more to
 * come. */
static bool add_node(const jn_subsets *a, double u, double log_average, double weight, double first,
                     double *gap, double *change)
{
    const double ks = a->k * exp(u);
    const double average = exp(a->shifted ? log_average : log_average - ks);
    const double f = !a->shifted && log_average <= 1.0 ? exp(-ks) * expm1(log_average)
                                                       : average - exp(-ks);
    *gap += weight * f;
    for (size_t j = 0; j < a->x->n; j++) {
        change[j] -= weight * first * average * a->without[j];
    }
    return !(ks > -FLOOR && average < exp(FLOOR));
}

/* To the left of the first node the gap's integrand falls like s^2 and a change like s: geometric
 * sums over the nodes that are not there. */
static jn_status integrate(jn_subsets *a, double *gap, double *change)
{
    const jn_sample *x = a->x;
    const double step = x->total > 1000.0 ? 0.4 : 0.2;
    const double sd = sqrt(a->k * (1.0 - a->k / x->total) * x->mu2);
    const double first = log(LEFT / fmax(sd, a->k));
    const double left = 1.0 + 1.0 / expm1(2.0 * step), left1 = 1.0 + 1.0 / expm1(step);
    bool more = true;
    *gap = 0.0;
    for (size_t i = 0; more; i++) {
        const double u = first + step * (double)i;
        double value;
        const jn_status st = jn_subsets_average(a, u, &value);
        if (st != JN_OK) {
            return st;
        }
        more = i == 0 ? add_node(a, u, value, step * left, left1 / left, gap, change)
                      : add_node(a, u, value, step, 1.0, gap, change);
    }
    return JN_OK;
}

/* 1 < k < n, fewer than k zeros, weights that are not all the same. */
static jn_status subsets(const jn_sample *x, double k, double *gap, double *change)
{
    jn_subsets a;
    jn_status st = jn_subsets_new(x, k, &a);
    if (st == JN_OK) {
        st = integrate(&a, gap, change);
        jn_subsets_free(&a);
    }
    return st;
}

/* One k; change: what leaving out a draw of each kind adds to the value. */
static jn_status one(const jn_sample *x, uint64_t k, jn_ustat *out, double *change)
{
    const double kk = (double)k, n = x->total;
    jn_status st = JN_OK;
    double gap = 0.0;
    memset(change, 0, x->n * sizeof *change);
    if (x->zeros >= kk) {
        gap = INFINITY;
    } else if (k == 1) {
        for (size_t j = 0; j < x->n; j++) {
            gap -= x->count[j] / n * x->log_w[j];
        }
        for (size_t j = 0; j < x->n; j++) {
            change[j] = (-gap - x->log_w[j]) / (n - 1.0);
        }
    } else if (kk < n && x->mu2 > 0.0) {
        st = subsets(x, kk, &gap, change);
    }
    *out = (jn_ustat){ .value = x->log_unit - gap, .error = NAN, .gap = gap };
    return st;
}

/* (n - 1) / n times the sum of products of changes over all draws. */
static double jackknife(const jn_sample *x, const double *a, const double *b)
{
    double sum = 0.0;
    for (size_t j = 0; j < x->n; j++) {
        sum += x->count[j] * a[j] * b[j];
    }
    return (x->total - 1.0) / x->total * sum;
}

static void set_errors(const jn_sample *x, size_t n_k, const uint64_t *ks, const double *changes,
                       jn_ustat *out, double *covariance)
{
    for (size_t i = 0; i < n_k; i++) {
        for (size_t j = 0; j < n_k; j++) {
            const bool known = 2.0 * (double)ks[i] <= x->total && 2.0 * (double)ks[j] <= x->total &&
                               isfinite(out[i].value) && isfinite(out[j].value);
            const double c = known ? jackknife(x, changes + i * x->n, changes + j * x->n) : NAN;
            if (i == j) {
                out[i].error = sqrt(c);
            }
            if (covariance != NULL) {
                covariance[i * n_k + j] = c;
            }
        }
    }
}

jn_status jn_ustat_values(size_t n, const double *log_w, size_t n_k, const uint64_t *ks,
                          jn_ustat *out, double *covariance)
{
    for (size_t i = 0; i < n_k; i++) {
        if (ks[i] < 1 || ks[i] > n) {
            return JN_ERR_VALUE;
        }
    }
    jn_sample x;
    jn_status st = n == 0 ? JN_ERR_VALUE : jn_sample_new(n, log_w, &x);
    if (st != JN_OK) {
        return st;
    }
    jn_ustat *result = jn_alloc(n_k, sizeof *result);
    double *changes = jn_alloc_doubles(n_k * x.n);
    st = result == NULL || changes == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; st == JN_OK && i < n_k; i++) {
        st = one(&x, ks[i], &result[i], changes + i * x.n);
    }
    if (st == JN_OK) {
        set_errors(&x, n_k, ks, changes, result, covariance);
        memcpy(out, result, n_k * sizeof *out);
    }
    free(result);
    free(changes);
    jn_sample_free(&x);
    return st;
}
