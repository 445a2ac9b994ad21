/* Adaptive Gauss-Hermite quadrature about a mode (Liu & Pierce 1994): a tensor rule for the weight
 * e^(-s^2/2) in the coordinates of a chart, its order raised until successive orders agree. */
#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "exact/local.h"
#include "jensen/logspace.h"
#include "kernel/kernels.h"

enum { ORDERS = 12, ORDER_MAX = 191 };

static const size_t orders[ORDERS] = { 5, 9, 13, 19, 27, 37, 51, 69, 91, 119, 151, 191 };

typedef struct rule {
    size_t n;
    double s[ORDER_MAX],
        log_w[ORDER_MAX]; /* for the integral of f itself, the weight divided out */
} rule;

/* Normalised Hermite functions psi_{n-1} and psi_n at x: bounded where Hermite polynomials are not.
 */
static void hermite(size_t n, double x, double *below, double *at)
{
    double p0 = 0.0, p1 = pow(M_PI, -0.25) * exp(-0.5 * x * x);
    for (size_t k = 1; k <= n; k++) {
        const double p2 = x * sqrt(2.0 / (double)k) * p1 - sqrt((double)(k - 1) / (double)k) * p0;
        p0 = p1;
        p1 = p2;
    }
    *below = p0;
    *at = p1;
}

/* Nodes: eigenvalues of the Jacobi matrix (Golub & Welsch 1969), polished by a Newton step; weights
 * from the Hermite functions, which keeps the digits of the small ones. */
static bool rule_make(size_t n, rule *r)
{
    double off[ORDER_MAX], first[ORDER_MAX], x[ORDER_MAX] = { 0 };
    for (size_t k = 0; k + 1 < n; k++) {
        off[k] = sqrt(0.5 * (double)(k + 1));
    }
    r->n = n;
    if (!jn_tridiagonal_eigen(n, x, off, first)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        double below, at;
        hermite(n, x[i], &below, &at);
        x[i] -= at / (sqrt(2.0 * (double)n) * below); /* slope at a node: the rest vanishes there */
        hermite(n, x[i], &below, &at);
        r->s[i] = M_SQRT2 * x[i];
        r->log_w[i] = 0.5 * M_LN2 - log((double)n) - 2.0 * log(fabs(below));
    }
    return true;
}

/* log of the tensor rule's sum, and of the part of it at outermost nodes. */
static jn_status apply(const jn_chart *f, const rule *r, uint64_t n_nodes, double *block,
                       double *value, double *edge)
{
    const size_t ld = JN_CHART_BLOCK;
    double *s = block, *log_w = s + f->dim * ld, *out = log_w + ld, *scratch = out + ld;
    bool outer[JN_CHART_BLOCK];
    jn_lse sum = JN_LSE_INIT, border = JN_LSE_INIT;
    for (uint64_t first = 0; first < n_nodes; first += ld) {
        const size_t n = n_nodes - first < ld ? (size_t)(n_nodes - first) : ld;
        for (size_t i = 0; i < n; i++) {
            uint64_t index = first + i;
            log_w[i] = 0.0;
            outer[i] = false;
            for (size_t a = 0; a < f->dim; a++, index /= r->n) {
                const size_t k = index % r->n;
                s[a * ld + i] = r->s[k];
                log_w[i] += r->log_w[k];
                outer[i] = outer[i] || k == 0 || k + 1 == r->n;
            }
        }
        const jn_status st = jn_chart_log(f, n, s, scratch, out);
        if (st != JN_OK) {
            return st;
        }
        for (size_t i = 0; i < n; i++) {
            out[i] += log_w[i];
            if (outer[i]) {
                jn_lse_add(&border, out[i]);
            }
        }
        const jn_lse part = { jn_kernels_get()->max(n, out), 0.0, n };
        jn_lse whole = part;
        whole.scaled = part.max > -INFINITY ? jn_kernels_get()->sum_exp(n, out, part.max) : 0.0;
        jn_lse_merge(&sum, &whole);
    }
    *value = jn_lse_log_sum(&sum);
    *edge = jn_lse_log_sum(&border) - *value;
    return JN_OK;
}

/* Successive differences shrink, but not by much where a pole is near; then much is left. A last
 * difference that is small by chance is not believed, nor is one before it, least of all where they
 * were no great steps either (a kink, a needle between the nodes). older: two before, NaN for none.
 */
static double order_error(double last, double before, double older)
{
    const bool fast = before <= 0.05 * older;
    const double ratio = before > 0.0 ? last / before : last > 0.0 ? 1.0 : 0.0;
    const double left = ratio < 0.97 ? 10.0 * last / (1.0 - ratio) : 300.0 * last;
    const double first = isnan(older) ? 0.0 : older;
    return fmax(left, fast ? fmax(0.03 * before, 0.01 * first) : 5.0 * fmax(before, first));
}

jn_status jn_gauss_hermite(jn_chart *f, const jn_exact_options *o, double tolerance, jn_local *out)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 22 : o->max_nodes;
    double previous = NAN, before = NAN, older = NAN;
    rule r;
    *out = (jn_local){ NAN, NAN, 0 };
    double *block = jn_alloc_doubles((f->dim + 2) * JN_CHART_BLOCK + JN_CHART_SCRATCH(f->dim));
    jn_status st = block == NULL ? JN_ERR_NOMEM : JN_NOT_CONVERGED;
    for (size_t k = 0; st == JN_NOT_CONVERGED && k < ORDERS; k++) {
        const double n = pow((double)orders[k], (double)f->dim);
        double value = NAN, edge = NAN;
        if (n > (double)most || !rule_make(orders[k], &r)) {
            break;
        }
        const jn_status ran = apply(f, &r, (uint64_t)n, block, &value, &edge);
        if (ran != JN_OK) {
            st = ran;
            break;
        }
        const double last = fabs(expm1(previous - value));
        out->value = value;
        out->n_eval += (uint64_t)n;
        if (k > 1) {
            out->error = order_error(last, before, older) + exp(edge);
            st = out->error <= tolerance && r.s[r.n - 1] > 5.0 ? JN_OK : JN_NOT_CONVERGED;
        }
        older = before;
        before = last;
        previous = value;
    }
    free(block);
    return st;
}
