#include "law/gauss.h"

#include <math.h>
#include <string.h>

enum { N = JN_GAUSS_NODES, MOMENTS = JN_BIN_SUMS };

/* Rounding of sums of up to 2^41 terms, added up in blocks. */
static const double NOISE = 1e-13;

/* Monic orthogonal polynomials, c[0] + c[1] x + ..., and their squared norms. */
typedef struct basis {
    size_t n; /* the degree that has a norm of nothing, or N: its roots are the nodes */
    double poly[N + 1][N + 1], norm[N];
} basis;

/* Central moments in units of the standard deviation; `noise`: what rounding makes of them. false:
 * one value alone. */
static bool standardise(const double *sums, double *mean, double *sd, double *m, double *noise)
{
    double raw[MOMENTS];
    for (size_t j = 0; j < MOMENTS; j++) {
        raw[j] = sums[j] / sums[0];
    }
    *mean = raw[1];
    const double variance = raw[2] - raw[1] * raw[1];
    if (!(variance > NOISE * raw[2])) {
        return false;
    }
    *sd = sqrt(variance);
    double size[MOMENTS]; /* of what is added up */
    for (size_t j = 0; j < MOMENTS; j++) {
        m[j] = raw[j];
        size[j] = fabs(raw[j]);
    }
    for (size_t k = 1; k < MOMENTS; k++) { /* E (t - mean)^k t^(j - k) from that for k - 1 */
        for (size_t j = MOMENTS - 1; j >= k; j--) {
            m[j] -= *mean * m[j - 1];
            size[j] += fabs(*mean) * size[j - 1];
        }
    }
    double scale = 1.0;
    const double shrink = 1.0 / *sd;
    *noise = 0.0;
    for (size_t j = 0; j < MOMENTS; j++, scale *= shrink) {
        m[j] *= scale;
        *noise = fmax(*noise, NOISE * size[j] * scale);
    }
    m[0] = 1.0;
    m[1] = 0.0;
    m[2] = 1.0;
    return true;
}

/* E x^power p */
static double mean_of(const double *p, size_t degree, const double *m, size_t power)
{
    double sum = 0.0;
    for (size_t i = 0; i <= degree; i++) {
        sum += p[i] * m[i + power];
    }
    return sum;
}

/* p_(k+1) = (x - alpha) p_k - beta p_(k-1). As p_k is orthogonal to all below degree k,
 * |p_k|^2 = E x^k p_k and E x p_k^2 = E x^(k+1) p_k + c_(k-1) |p_k|^2. */
static void orthogonalise(const double *m, double noise, basis *b)
{
    memset(b, 0, sizeof *b);
    b->poly[0][0] = b->poly[1][1] = 1.0; /* mean 0, variance 1 */
    b->norm[0] = b->norm[1] = 1.0;
    const double least = fmax(1e-10, 1e3 * noise);
    for (size_t k = 1; k < N; k++) {
        const double *p = b->poly[k];
        const double alpha = mean_of(p, k, m, k + 1) / b->norm[k] + p[k - 1];
        const double beta = b->norm[k] / b->norm[k - 1];
        double *next = b->poly[k + 1];
        for (size_t i = 0; i <= k; i++) {
            next[i] = (i > 0 ? p[i - 1] : 0.0) - alpha * p[i] - beta * b->poly[k - 1][i];
        }
        next[k + 1] = 1.0;
        b->n = k + 1;
        if (k + 1 < N) {
            b->norm[k + 1] = mean_of(next, k + 1, m, k + 1);
            if (!(b->norm[k + 1] > least * b->norm[k])) {
                return;
            }
        }
    }
}

/* The largest root of a polynomial whose roots are all real, from above: Laguerre's method. */
static double largest_root(const double *c, size_t n, double x)
{
    for (int step = 0; step < 40; step++) {
        double p = c[n], dp = 0.0, ddp = 0.0;
        for (size_t i = n; i-- > 0;) {
            ddp = ddp * x + dp;
            dp = dp * x + p;
            p = p * x + c[i];
        }
        const double inside = (double)(n - 1) *
                              ((double)(n - 1) * dp * dp - 2.0 * (double)n * p * ddp);
        const double move = (double)n * p / (dp + sqrt(fmax(inside, 0.0)));
        x -= move > 0.0 ? move : 0.0;
        if (!(move > 1e-9 * (1.0 + fabs(x)))) { /* the next one is of the third power of it */
            break;
        }
    }
    return x;
}

/* All n >= 2 roots, largest first: one is found and divided out until two are left; then a step of
 * Newton's method on the whole. `bound` is above them. */
static void real_roots(const double *poly, size_t n, double bound, double *root)
{
    double c[N + 1];
    memcpy(c, poly, (n + 1) * sizeof *c);
    double from = bound;
    size_t k = n;
    for (; k > 2; k--) {
        const double x = largest_root(c, k, from);
        for (size_t i = k; i-- > 0;) {
            c[i] += x * c[i + 1];
        }
        memmove(c, c + 1, k * sizeof *c);
        root[n - k] = from = x;
    }
    const double middle = -0.5 * c[1], half = sqrt(fmax(middle * middle - c[0], 0.0));
    root[n - 2] = middle + half;
    root[n - 1] = middle - half;
    for (k = 0; k < n; k++) {
        double p = poly[n], dp = 0.0;
        for (size_t i = n; i-- > 0;) {
            dp = dp * root[k] + p;
            p = p * root[k] + poly[i];
        }
        root[k] -= dp != 0.0 ? p / dp : 0.0;
    }
}

/* 1 / sum of p_k(x)^2 / |p_k|^2 */
static double christoffel(const basis *b, double x)
{
    double sum = 0.0;
    for (size_t k = 0; k < b->n; k++) {
        double p = b->poly[k][k];
        for (size_t i = k; i-- > 0;) {
            p = p * x + b->poly[k][i];
        }
        sum += p * p / b->norm[k];
    }
    return 1.0 / sum;
}

size_t jn_gauss_nodes(const double sums[JN_BIN_SUMS], double t[JN_GAUSS_NODES],
                      double mass[JN_GAUSS_NODES])
{
    double mean, sd, m[MOMENTS], noise, total = 0.0;
    if (!standardise(sums, &mean, &sd, m, &noise)) {
        t[0] = mean;
        mass[0] = sums[0];
        return 1;
    }
    basis b;
    orthogonalise(m, noise, &b);
    real_roots(b.poly[b.n], b.n, (1.0 - mean) / sd, t);
    for (size_t k = 0; k < b.n; k++) {
        mass[k] = christoffel(&b, t[k]);
        total += mass[k];
    }
    for (size_t k = 0; k < b.n; k++) {
        mass[k] *= sums[0] / total;
        t[k] = mean + sd * t[k];
    }
    return b.n;
}
