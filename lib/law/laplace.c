/* phi(s) = E e^(-sW), s = e^u, without cancellation at either end. */
#include "base/memory.h"
#include "jensen/law.h"
#include "kernel/kernels.h"

static const double S_CENTRED = 600.0;                /* e^s must fit */
static const double LOG_S_CENTRED = 6.39692965521615; /* its log */
/* e^(-sW) is 1 - sW below the first of these log sW, and nothing above the second */
static const double FAINT = -40.0, GONE = 6.62;
static const double NEAR_ONE = 1.0 / 16.0; /* -log phi / s, below which a difference cancels */

/* (e^-y - 1 + y) / y: its sign is that of y, and nothing cancels. */
static double g_over_y(double y)
{
    if (fabs(y) >= 0.5) {
        return 1.0 + expm1(-y) / y;
    }
    double sum = 0.0; /* Taylor: the first term left out is y^16/17! < 1e-19 */
    for (int k = 16; k >= 2; k--) {
        sum = 1.0 / k * (1.0 - y * sum);
    }
    return y * sum;
}

/* E e^(-s(W-1)) - 1 = sum m g(s(W - 1)), g(y) = e^-y - 1 + y >= 0, since E (W - 1) = 0: a sum of
 * terms that are never negative. Its log1p is delta. Nodes with W below e^-40 are one: W - 1 = -1.
 */
static double centred_delta(const jn_weight_law *w, double s)
{
    double sum;
    jn_kernels_get()->law_gap(1, &s, w->high - w->low, w->m + w->low, w->w1 + w->low, &sum);
    if (w->low > 0) {
        sum -= s * w->m_below[w->low] * g_over_y(-s);
    }
    for (size_t i = w->high; i < w->n; i++) {
        sum += s * w->mw1[i] * g_over_y(s * w->w1[i]);
    }
    return log1p(sum);
}

/* The first node with log W >= x. */
static size_t first_at(const jn_weight_law *w, double x)
{
    size_t lo = 0, hi = w->n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (w->log_w[middle] < x) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    return lo;
}

/* log E exp(-e^(u + log W)) by plain sums: where e^-s is nothing, and where phi is so near to 1
 * that delta - s has no digits left. Its K-th power counts, so it is made of 1 - phi there. Only
 * the nodes with s W between e^-40 and 745 need an exponential: below, 1 - e^(-sW) is s W, above,
 * e^(-sW) is nothing. */
static double direct_log_phi(const jn_weight_law *w, double u, double *scratch)
{
    const jn_kernels *k = jn_kernels_get();
    const size_t lo = first_at(w, FAINT - u), hi = first_at(w, GONE - u), n = hi - lo;
    double *minus_sw = scratch, *value = scratch + n;
    for (size_t i = 0; i < n; i++) {
        minus_sw[i] = u + w->log_w[lo + i];
    }
    k->exp(n, minus_sw, minus_sw);
    for (size_t i = 0; i < n; i++) {
        minus_sw[i] = -minus_sw[i];
    }
    double phi = w->m_below[lo], below = 0.0;
    k->exp(n, minus_sw, value);
    for (size_t i = 0; i < n; i++) {
        phi += w->m[lo + i] * value[i];
    }
    if (phi < 0.5) {
        return log(phi);
    }
    k->expm1(n, minus_sw, value);
    for (size_t i = 0; i < n; i++) {
        below += w->m[lo + i] * value[i];
    }
    below -= w->m_above[hi];
    const double faint = w->mw_below[lo] > 0.0 ? exp(u + log(w->mw_below[lo])) : 0.0;
    return log1p(below - faint);
}

double jn_weight_law_flat(const jn_weight_law *w, double u)
{
    const size_t lo = first_at(w, FAINT - u), hi = first_at(w, GONE - u);
    if (lo < hi || u <= LOG_S_CENTRED) {
        return 0.0;
    }
    return lo == 0 ? INFINITY : FAINT - w->log_w[lo - 1] - u;
}

jn_status jn_weight_law_laplace(const jn_weight_law *w, size_t n, const double *u, double *log_phi,
                                double *delta)
{
    double *scratch = jn_alloc_doubles(2 * w->n);
    if (scratch == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const double s = exp(u[i]);
        if (s <= S_CENTRED) {
            delta[i] = centred_delta(w, s);
            log_phi[i] = delta[i] - s;
            if (-log_phi[i] < NEAR_ONE * s) {
                log_phi[i] = direct_log_phi(w, u[i], scratch);
            }
        } else {
            delta[i] = NAN;
            log_phi[i] = direct_log_phi(w, u[i], scratch);
        }
    }
    free(scratch);
    return JN_OK;
}

/* slope = E v (1 - e^-sv) / E e^-sv, v = W - 1, since E v = 0: terms that are never negative. */
static void centred_slope(const jn_weight_law *w, double s, double *scratch, double *slope,
                          double *log_biased)
{
    const double phi = exp(centred_delta(w, s)); /* in units of e^-s, as all sums here */
    double *e = scratch + w->n, rise = 0.0, biased = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        scratch[i] = -s * w->w1[i];
    }
    jn_kernels_get()->expm1(w->n, scratch, e);
    for (size_t i = 0; i < w->n; i++) {
        rise -= w->mw1[i] * e[i];
        biased += (w->m[i] + w->mw1[i]) * (1.0 + e[i]);
    }
    *slope = rise / phi;
    *log_biased = log(biased) - s;
}

static double direct_log_biased(const jn_weight_law *w, double u, double *scratch)
{
    const jn_kernels *k = jn_kernels_get();
    double *sw = scratch + w->n;
    for (size_t i = 0; i < w->n; i++) {
        scratch[i] = u + w->log_w[i];
    }
    k->exp(w->n, scratch, sw);
    for (size_t i = 0; i < w->n; i++) {
        scratch[i] = w->log_m[i] + w->log_w[i] - sw[i];
    }
    return k->lse(w->n, scratch);
}

jn_status jn_weight_law_laplace_slope(const jn_weight_law *w, size_t n, const double *u,
                                      double *slope, double *log_biased)
{
    double *scratch = jn_alloc_doubles(2 * w->n);
    if (scratch == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        const double s = exp(u[i]);
        if (s <= S_CENTRED) {
            centred_slope(w, s, scratch, &slope[i], &log_biased[i]);
        } else {
            slope[i] = NAN;
            log_biased[i] = direct_log_biased(w, u[i], scratch);
        }
    }
    free(scratch);
    return JN_OK;
}
