#include "bound/influence.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "bound/laplace_table.h"
#include "kernel/kernels.h"

/* An integral over u = log s of
 *     plain(s) (phi(s) - e^(-sW)) + weighted(s) W (A(s) - e^(-sW)),   A(s) = E W e^(-sW),
 * for every W of the law: entries of the table. */
typedef struct integrand {
    double *plain, *weighted, *log_a; /* weighted NULL: 0 */
} integrand;

/* e^(-sW) - 1 at every node; weight: W, x: scratch. */
static void fill_lost(const jn_weight_law *w, double u, const double *weight, double *x,
                      double *lost)
{
    const jn_kernels *kernel = jn_kernels_get();
    const double LOG_S_FITS = 600.0, GONE = 1100.0; /* e^-GONE is nothing */
    if (u < LOG_S_FITS) {
        const double s = exp(u);
        for (size_t j = 0; j < w->n; j++) {
            const double sw = s * weight[j];
            x[j] = sw < GONE ? -sw : -GONE;
        }
    } else {
        for (size_t j = 0; j < w->n; j++) {
            x[j] = fmax(fmin(u + w->log_w[j], 7.0), -700.0); /* e^-e^7 is 0, and e^-700 against 1 */
        }
        kernel->exp(w->n, x, lost);
        for (size_t j = 0; j < w->n; j++) {
            x[j] = -lost[j];
        }
    }
    kernel->expm1(w->n, x, lost);
}

static jn_status integrate(const jn_weight_law *w, const jn_laplace_table *t, const integrand *f,
                           double *out)
{
    double *weight = jn_alloc_doubles(3 * w->n);
    if (weight == NULL) {
        return JN_ERR_NOMEM;
    }
    double *const x = weight + w->n, *const lost = x + w->n;
    jn_kernels_get()->exp(w->n, w->log_w, weight);
    for (size_t i = 0; i < t->n; i++) {
        const double step = t->step * t->count[i];
        const double plain = step * f->plain[i], phi1 = expm1(t->log_phi[i]);
        const double weighted = f->weighted == NULL ? 0.0 : step * f->weighted[i];
        if (plain == 0.0 && weighted == 0.0) {
            continue;
        }
        fill_lost(w, t->u[i], weight, x, lost);
        const double a1 = weighted == 0.0 ? 0.0 : expm1(f->log_a[i]);
        for (size_t j = 0; j < w->n; j++) {
            out[j] += plain * (phi1 - lost[j]);
        }
        for (size_t j = 0; weighted != 0.0 && j < w->n; j++) {
            out[j] += weighted * (1.0 + w->w1[j]) * (a1 - lost[j]);
        }
    }
    free(weight);
    return JN_OK;
}

static void add_logs(const jn_weight_law *w, double c, double *out)
{
    double mean = 0.0;
    for (size_t j = 0; j < w->n; j++) {
        mean += w->m[j] > 0.0 ? w->m[j] * w->log_w[j] : 0.0;
    }
    for (size_t j = 0; j < w->n; j++) {
        out[j] += c * (w->log_w[j] - mean);
    }
}

/* L_k = log p + integral of (e^(-ks) - phi^k) ds/s, so that IF = integral of
 * k phi^(k-1) (phi - e^(-sW)) ds/s. */
static jn_status add_integrals(const jn_weight_law *w, size_t n, const double *c, const double *k,
                               double k_min, double k_max, double *out)
{
    jn_laplace_table t = { 0 };
    jn_status st = jn_laplace_tabulate(w, k_min, k_max, JN_LAPLACE_COARSE, &t);
    integrand f = { .plain = st == JN_OK ? jn_alloc_doubles(t.n) : NULL };
    st = st == JN_OK && f.plain == NULL ? JN_ERR_NOMEM : st;
    for (size_t i = 0; st == JN_OK && i < t.n; i++) {
        for (size_t term = 0; term < n; term++) {
            f.plain[i] += k[term] > 1.0 ? c[term] * k[term] * exp((k[term] - 1.0) * t.log_phi[i])
                                        : 0.0;
        }
    }
    st = st == JN_OK ? integrate(w, &t, &f, out) : st;
    free(f.plain);
    jn_laplace_table_free(&t);
    return st;
}

jn_status jn_influence_iwae(const jn_weight_law *w, size_t n, const double *c, const double *k,
                            double *out)
{
    double k_min = INFINITY, k_max = 1.0;
    memset(out, 0, w->n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        k_min = k[i] > 1.0 ? fmin(k_min, k[i]) : k_min;
        k_max = fmax(k_max, k[i]);
        if (k[i] == 1.0) { /* the integral would not end: phi^0 */
            add_logs(w, c[i], out);
        }
    }
    return k_max > 1.0 ? add_integrals(w, n, c, k, k_min, k_max, out) : JN_OK;
}

/* U_k - log p = integral of (e^(-ks) - A phi^(k-1)) ds/s in units of p, and p changes by W - 1. */
static jn_status add_upper(const jn_weight_law *w, const jn_laplace_table *t, double k, double *out)
{
    double *data = jn_alloc_doubles(4 * t->n);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    const integrand f = { data, data + t->n, data + 2 * t->n };
    double *slope = data + 3 * t->n;
    jn_status st = jn_weight_law_laplace_slope(w, t->n, t->u, slope, f.log_a);
    for (size_t i = 0; st == JN_OK && i < t->n; i++) {
        const double log_phi = t->log_phi[i];
        f.plain[i] = (k - 1.0) * exp(f.log_a[i] + (k - 2.0) * fmax(log_phi, -1e300));
        f.weighted[i] = exp((k - 1.0) * log_phi);
    }
    st = st == JN_OK ? integrate(w, t, &f, out) : st;
    free(data);
    return st;
}

jn_status jn_influence_upper(const jn_weight_law *w, double k, double *out)
{
    memset(out, 0, w->n * sizeof *out);
    if (k == 1.0) { /* the EUBO */
        jn_influence_curve(w, 1.0, 1.0, out);
        return JN_OK;
    }
    jn_laplace_table t = { 0 };
    jn_status st = jn_laplace_tabulate(w, k, k, JN_LAPLACE_COARSE, &t);
    st = st == JN_OK ? add_upper(w, &t, k, out) : st;
    jn_laplace_table_free(&t);
    return st;
}

void jn_influence_renyi(const jn_weight_law *w, double beta, double *out)
{
    const double moment = jn_weight_law_tilt(w, beta).log_moment;
    for (size_t j = 0; j < w->n; j++) {
        out[j] = expm1(beta * w->log_w[j] - moment) / beta;
    }
}

void jn_influence_curve(const jn_weight_law *w, double beta, double c, double *out)
{
    if (beta == 0.0) {
        add_logs(w, c, out);
        return;
    }
    const jn_tilted t = jn_weight_law_tilt(w, beta);
    for (size_t j = 0; j < w->n; j++) {
        const double l = w->log_w[j]; /* a zero weight has no part in it */
        out[j] += l > -INFINITY ? c * exp(beta * l - t.log_moment) * (l - t.mean) : 0.0;
    }
}
