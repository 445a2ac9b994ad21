/* Kalman filter in square-root form (array algorithm: Kailath, Sayed & Hassibi 2000, chapter 12).
 * The covariance P = S S' is never formed: orthogonal rotations of
 *   [ root R   H S ]      [ root F   0  ]
 *   [   0       S  ]  to  [   G      S+ ]
 * give the root of the innovation covariance, the gain G (root F)^-1 and the new root, whatever the
 * condition of P0, Q and R. Once the covariance has stopped moving the rotations are left out. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "chain/recursions.h"
#include "chain/sum.h"

typedef struct filter {
    const jn_chain_linear *c;
    size_t d, p;
    double *m, *next_m; /* prediction of the state: d */
    double *S;          /* root of its covariance: d x d, lower triangular after step 0 */
    double *a;          /* (p + d) x (p + d): the array above */
    double *b;          /* d x 2d: [F S+, root Q] */
    double *root_F, *G; /* p x p, d x p */
    double *before;     /* S of the step before, d x d */
    double *loop;       /* 2 d x d: powers of the closed loop */
    double *v;          /* p */
    jn_sum log_det, quad;
    double size, min_F;
    double *memory;
} filter;

/* Brings the column with the largest entry of row k to place k. */
static void pivot(size_t rows, size_t cols, size_t k, double *a)
{
    size_t best = k;
    for (size_t j = k + 1; j < cols; j++) {
        best = fabs(a[k * cols + j]) > fabs(a[k * cols + best]) ? j : best;
    }
    for (size_t r = 0; best != k && r < rows; r++) {
        const double x = a[r * cols + k];
        a[r * cols + k] = a[r * cols + best];
        a[r * cols + best] = x;
    }
}

/* Row y of the array through the reflection that sends row x to norm e_k: I - 2 w w' / w'w with
 * w = x - sign norm e_k, w_k = head, 2 / w'w = -1 / (sign norm head). */
static void reflect(size_t k, size_t cols, const double *x, double head, double sign, double norm,
                    double *y)
{
    double dot = y[k];
    for (size_t j = k + 1; j < cols; j++) {
        dot += y[j] * (x[j] / head);
    }
    dot *= -head / (sign * norm);
    y[k] = sign * (y[k] - dot);
    for (size_t j = k + 1; j < cols; j++) {
        y[j] -= dot * (x[j] / head);
    }
}

/* a (rows x cols, rows <= cols) to lower triangular with diagonal >= 0 by Householder reflections
 * of its columns. Columns are sources of noise, and may differ by many orders of magnitude (a vague
 * start beside a fine instrument): with the largest entry as the pivot each keeps its own relative
 * accuracy (Cox & Higham 1998). */
static void triangularise(size_t rows, size_t cols, double *a)
{
    for (size_t k = 0; k < rows; k++) {
        pivot(rows, cols, k, a);
        double *x = a + k * cols, norm = 0.0;
        if (x[k] == 0.0) {
            continue; /* the whole row is 0 */
        }
        for (size_t j = k; j < cols; j++) {
            norm += (x[j] / x[k]) * (x[j] / x[k]);
        }
        norm = fabs(x[k]) * sqrt(norm);
        const double sign = x[k] > 0.0 ? -1.0 : 1.0, head = x[k] - sign * norm;
        for (size_t r = k + 1; r < rows; r++) {
            reflect(k, cols, x, head, sign, norm, a + r * cols);
        }
        x[k] = norm;
        memset(x + k + 1, 0, (cols - k - 1) * sizeof *x);
    }
}

/* root_F, G and, in place of S, the root after the observation; then S of the next prediction. */
static void rotate(filter *k)
{
    const size_t d = k->d, p = k->p, w = p + d;
    memset(k->a, 0, w * w * sizeof *k->a);
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < p; j++) {
            k->a[i * w + j] = k->c->root_R[i * p + j];
        }
        for (size_t j = 0; j < d; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < d; l++) {
                sum += k->c->H[i * d + l] * k->S[l * d + j];
            }
            k->a[i * w + p + j] = sum;
        }
    }
    for (size_t i = 0; i < d; i++) {
        memcpy(k->a + (p + i) * w + p, k->S + i * d, d * sizeof *k->a);
    }
    triangularise(w, w, k->a);
    for (size_t i = 0; i < p; i++) {
        memcpy(k->root_F + i * p, k->a + i * w, p * sizeof *k->a);
    }
    for (size_t i = 0; i < d; i++) {
        memcpy(k->G + i * p, k->a + (p + i) * w, p * sizeof *k->a);
        for (size_t j = 0; j < d; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < d; l++) {
                sum += k->c->F[i * d + l] * k->a[(p + l) * w + p + j];
            }
            k->b[i * 2 * d + j] = sum;
            k->b[i * 2 * d + d + j] = k->c->root_Q[i * d + j];
        }
    }
    triangularise(d, 2 * d, k->b);
    for (size_t i = 0; i < d; i++) {
        memcpy(k->S + i * d, k->b + i * 2 * d, d * sizeof *k->S);
    }
}

/* Innovation of step t through root_F and G: sums and the next prediction. */
static void observe(filter *k, size_t t)
{
    const jn_chain_linear *c = k->c;
    for (size_t i = 0; i < k->p; i++) {
        k->v[i] = c->y[t * k->p + i];
        for (size_t j = 0; j < k->d; j++) {
            k->v[i] -= c->H[i * k->d + j] * k->m[j];
        }
    }
    jn_lower_solve(k->p, k->root_F, k->v);
    double quad = 0.0;
    for (size_t i = 0; i < k->p; i++) {
        quad += k->v[i] * k->v[i];
    }
    jn_sum_add(&k->quad, quad);
    for (size_t i = 0; i < k->d; i++) {
        for (size_t j = 0; j < k->p; j++) {
            k->m[i] += k->G[i * k->p + j] * k->v[j];
        }
    }
    for (size_t i = 0; i < k->d; i++) {
        k->next_m[i] = 0.0;
        for (size_t j = 0; j < k->d; j++) {
            k->next_m[i] += c->F[i * k->d + j] * k->m[j];
        }
    }
    double *old = k->m;
    k->m = k->next_m;
    k->next_m = old;
}

/* log det of the innovation covariance; NaN where it is singular. */
static double log_det(filter *k)
{
    for (size_t i = 0; i < k->p; i++) {
        const double x = k->root_F[i * (k->p + 1)];
        if (!(x > 0.0) || !isfinite(x)) {
            return NAN;
        }
        k->min_F = fmin(k->min_F, x);
    }
    return 2.0 * jn_lower_log_det(k->p, k->root_F);
}

/* The closed loop F (I - K H) with the gain K = G root_F^-1 into loop. */
static void closed_loop(filter *k)
{
    const size_t d = k->d, p = k->p;
    double *gain = k->a; /* d x p, lent */
    memcpy(gain, k->G, d * p * sizeof *gain);
    for (size_t i = 0; i < d; i++) { /* rows of G times root_F^-1 */
        jn_lower_transpose_solve(p, k->root_F, gain + i * p);
    }
    double *keep = k->b; /* I - K H, lent */
    for (size_t i = 0; i < d * d; i++) {
        keep[i] = i % (d + 1) == 0 ? 1.0 : 0.0;
        for (size_t l = 0; l < p; l++) {
            keep[i] -= gain[i / d * p + l] * k->c->H[l * d + i % d];
        }
    }
    for (size_t i = 0; i < d * d; i++) {
        k->loop[i] = 0.0;
        for (size_t l = 0; l < d; l++) {
            k->loop[i] += k->c->F[i / d * d + l] * keep[l * d + i % d];
        }
    }
}

/* Has the covariance stopped moving, and could it not creep on? A deviation dP of `steps` / 2 steps
 * ago is now loop^(steps/2) dP loop^(steps/2)': that must have vanished, and S must not have moved
 * in the last step. `steps` is a power of two. */
static bool settled(filter *k, size_t steps)
{
    const size_t d = k->d;
    for (size_t i = 0; i < d * d; i++) {
        const double size = fabs(k->S[i / d * (d + 1)]);
        if (!(fabs(k->S[i] - k->before[i]) <= 32.0 * DBL_EPSILON * size)) {
            return false;
        }
    }
    closed_loop(k);
    double *x = k->loop, *square = k->loop + d * d, norm = 0.0;
    for (size_t power = 1; power < steps / 2; power *= 2) {
        for (size_t i = 0; i < d * d; i++) {
            square[i] = 0.0;
            for (size_t l = 0; l < d; l++) {
                square[i] += x[i / d * d + l] * x[l * d + i % d];
            }
        }
        memcpy(x, square, d * d * sizeof *x);
    }
    for (size_t i = 0; i < d * d; i++) {
        norm += x[i] * x[i];
    }
    return norm < 1e-20;
}

static jn_status run(filter *k, jn_error *err)
{
    const size_t n = k->c->n_steps;
    bool still = false;
    double last = NAN;
    for (size_t t = 0; t < n; t++) {
        if (!still) {
            memcpy(k->before, k->S, k->d * k->d * sizeof *k->S);
            rotate(k);
            last = log_det(k);
            if (isnan(last)) {
                return jn_error_set(err, JN_ERR_VALUE,
                                    "step %zu: the covariance of y given its past is singular; "
                                    "give R a positive diagonal",
                                    t);
            }
            still = t >= 8 && (t & (t - 1)) == 0 && settled(k, t);
        }
        k->size += fabs(last);
        jn_sum_add(&k->log_det, last);
        observe(k, t);
    }
    return JN_OK;
}

static bool allocate(filter *k)
{
    const size_t d = k->d, p = k->p, w = p + d;
    k->memory = jn_alloc_doubles(2 * d + 2 * d * d + w * w + 2 * d * d + p * p + d * p + 2 * d * d +
                                 p);
    if (k->memory == NULL) {
        return false;
    }
    k->m = k->memory;
    k->next_m = k->m + d;
    k->S = k->next_m + d;
    k->before = k->S + d * d;
    k->a = k->before + d * d;
    k->b = k->a + w * w;
    k->root_F = k->b + 2 * d * d;
    k->G = k->root_F + p * p;
    k->loop = k->G + d * p;
    k->v = k->loop + 2 * d * d;
    memcpy(k->m, k->c->m0, d * sizeof *k->m);
    memcpy(k->S, k->c->root_P0, d * d * sizeof *k->S);
    return true;
}

/* As in kalman_scalar.c, with the state's memory taken as short. */
static double rounding(const filter *k, double value, double quad)
{
    double top = 0.0;
    const size_t n = k->c->n_steps;
    for (size_t i = 0; i < n * k->p; i++) {
        top = fmax(top, fabs(k->c->y[i]));
    }
    const double w = (double)(k->d + k->p), dv = 8.0 * w * top / k->min_F;
    return DBL_EPSILON * (fabs(value) + 8.0 * w * (k->size + (double)n * 0.1 + 2.0 * quad) +
                          dv * sqrt((double)n * quad));
}

jn_status jn_kalman_dense(const jn_chain_linear *c, jn_estimate *out, jn_error *err)
{
    filter k = { .c = c, .d = c->d, .p = c->p, .min_F = INFINITY };
    if (!allocate(&k)) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", c->d);
    }
    jn_status st = run(&k, err);
    const double quad = jn_sum_total(&k.quad);
    const double value = -0.5 * ((double)(c->n_steps * c->p) * JN_LOG_2PI +
                                 jn_sum_total(&k.log_det) + quad);
    if (st == JN_OK && !isfinite(value)) {
        st = jn_error_set(err, JN_ERR_VALUE, "the filter left the range of doubles; rescale y");
    }
    if (st == JN_OK) {
        *out = (jn_estimate){ .value = value,
                              .error = rounding(&k, value, quad),
                              .dof = NAN,
                              .kind = JN_EXACT,
                              .method = "Kalman filter",
                              .n_eval = c->n_steps };
    }
    free(k.memory);
    return st;
}

jn_status jn_kalman(const jn_chain_linear *c, jn_estimate *out, jn_error *err)
{
    if (c->d == 1 && c->p == 1 && c->root_R[0] > 0.0) {
        const jn_status st = jn_kalman_scalar(c, out);
        return st == JN_OK
                   ? st
                   : jn_error_set(err, st, "the filter left the range of doubles; rescale y");
    }
    return jn_kalman_dense(c, out, err);
}
