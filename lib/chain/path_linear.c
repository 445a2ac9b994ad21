/* The exact posterior over paths of a linear-Gaussian chain: forwards the Kalman filter (Joseph's
 * form), backwards z_t | z_{t+1} ~ N(m + J (z_{t+1} - F m), (I - J F) P (I - J F)' + J Q J') with
 * J = P F' (F P F' + Q)^-1 (Fruhwirth-Schnatter 1994). */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "chain/paths.h"

typedef struct linear_path {
    size_t d, T;
    double *J, *centre, *root; /* T x d x d, T x d, T x d x d; behind the struct */
} linear_path;

/* out = a b, a m x k, b k x n; or with b transposed (n x k). */
static void multiply(size_t m, size_t k, size_t n, const double *a, const double *b,
                     bool transposed, double *out)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < k; l++) {
                sum += a[i * k + l] * (transposed ? b[j * k + l] : b[l * n + j]);
            }
            out[i * n + j] = sum;
        }
    }
}

typedef struct smoother {
    const jn_chain_linear *c;
    size_t d, p;
    double *P, *Q, *R, *P0, *m;    /* covariances; mean */
    double *a, *b, *e, *F, *K, *v; /* scratch: w x w with w = max(d, p), F p x p, K d x p */
    double *memory;
} smoother;

static bool smoother_new(smoother *s, const jn_chain_linear *c)
{
    const size_t d = c->d, p = c->p, w = d > p ? d : p, ww = w * w;
    s->c = c;
    s->d = d;
    s->p = p;
    s->memory = jn_alloc_doubles(9 * ww + 2 * w);
    if (s->memory == NULL) {
        return false;
    }
    double **const squares[] = { &s->P, &s->Q, &s->R, &s->P0, &s->a, &s->b, &s->e, &s->F, &s->K };
    for (size_t i = 0; i < 9; i++) {
        *squares[i] = s->memory + i * ww;
    }
    s->m = s->memory + 9 * ww;
    s->v = s->m + w;
    multiply(d, d, d, c->root_Q, c->root_Q, true, s->Q);
    multiply(p, p, p, c->root_R, c->root_R, true, s->R);
    multiply(d, d, d, c->root_P0, c->root_P0, true, s->P);
    memcpy(s->m, c->m0, d * sizeof *s->m);
    return true;
}

/* cov = (I - G A) P (I - G A)' + G N G' into s->P0; G d x k, A k x d, N k x k. */
static void joseph(smoother *s, size_t k, const double *G, const double *A, const double *N)
{
    const size_t d = s->d;
    multiply(d, k, d, G, A, false, s->a);
    for (size_t i = 0; i < d * d; i++) {
        s->a[i] = (i % (d + 1) == 0 ? 1.0 : 0.0) - s->a[i];
    }
    multiply(d, d, d, s->a, s->P, false, s->b);
    multiply(d, d, d, s->b, s->a, true, s->P0);
    multiply(d, k, k, G, N, false, s->b);
    multiply(d, k, d, s->b, G, true, s->e);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double x = s->P0[i * d + j] + s->e[i * d + j];
            const double y = s->P0[j * d + i] + s->e[j * d + i];
            s->P0[i * d + j] = s->P0[j * d + i] = 0.5 * (x + y);
        }
    }
}

/* G = P A' (A P A' + N)^-1; false where that is singular. */
static bool gain(smoother *s, size_t k, const double *A, const double *N, double *G)
{
    const size_t d = s->d;
    multiply(k, d, d, A, s->P, false, s->a); /* A P */
    multiply(k, d, k, s->a, A, true, s->F);
    for (size_t i = 0; i < k * k; i++) {
        s->F[i] += N[i];
    }
    if (!jn_cholesky(k, s->F)) {
        return false;
    }
    for (size_t j = 0; j < d; j++) {
        double column[128];
        for (size_t i = 0; i < k; i++) {
            column[i] = s->a[i * d + j];
        }
        jn_lower_solve(k, s->F, column);
        jn_lower_transpose_solve(k, s->F, column);
        memcpy(G + j * k, column, k * sizeof *G);
    }
    return true;
}

static bool filter_step(smoother *s, size_t t)
{
    const jn_chain_linear *c = s->c;
    if (!gain(s, s->p, c->H, s->R, s->K)) {
        return false;
    }
    multiply(s->p, s->d, 1, c->H, s->m, false, s->v);
    for (size_t i = 0; i < s->p; i++) {
        s->v[i] = c->y[t * s->p + i] - s->v[i];
    }
    multiply(s->d, s->p, 1, s->K, s->v, false, s->a);
    for (size_t i = 0; i < s->d; i++) {
        s->m[i] += s->a[i];
    }
    joseph(s, s->p, s->K, c->H, s->R);
    memcpy(s->P, s->P0, s->d * s->d * sizeof *s->P);
    return true;
}

/* J, centre and root of step t from the filter there; then the prediction of the next. */
static bool backward_step(smoother *s, size_t t, linear_path *path)
{
    const size_t d = s->d;
    const bool last = t + 1 == path->T;
    double *J = path->J + t * d * d, *centre = path->centre + t * d;
    double *root = path->root + t * d * d;
    memcpy(centre, s->m, d * sizeof *centre);
    memcpy(root, s->P, d * d * sizeof *root);
    if (!last) {
        if (!gain(s, d, s->c->F, s->Q, J)) {
            return false;
        }
        multiply(d, d, 1, s->c->F, s->m, false, s->v);
        memcpy(s->m, s->v, d * sizeof *s->m);
        multiply(d, d, 1, J, s->v, false, s->a);
        for (size_t i = 0; i < d; i++) {
            centre[i] -= s->a[i];
        }
        joseph(s, d, J, s->c->F, s->Q);
        memcpy(root, s->P0, d * d * sizeof *root);
        multiply(d, d, d, s->c->F, s->P, false, s->a);
        multiply(d, d, d, s->a, s->c->F, true, s->P);
        for (size_t i = 0; i < d * d; i++) {
            s->P[i] += s->Q[i];
        }
    }
    return jn_cholesky(d, root);
}

static jn_status step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                      const double *near, const double *base, double *z, double *log_q)
{
    const linear_path *path = self;
    const size_t d = path->d;
    const double *J = path->J + t * d * d, *root = path->root + t * d * d;
    (void)row; /* one series */
    const double constant = -0.5 * (double)d * JN_LOG_2PI - jn_lower_log_det(d, root);
    for (size_t i = 0; i < n; i++) {
        log_q[i] = constant;
    }
    for (size_t j = 0; j < d; j++) {
        double *zj = z + j * ld;
        for (size_t i = 0; i < n; i++) {
            zj[i] = path->centre[t * d + j];
            log_q[i] -= 0.5 * (base[j * ld + i] * base[j * ld + i]);
        }
        for (size_t k = 0; k < d; k++) {
            for (size_t i = 0; i < n; i++) {
                zj[i] += (near == NULL ? 0.0 : J[j * d + k] * near[k * ld + i]) +
                         root[j * d + k] * base[k * ld + i];
            }
        }
    }
    return JN_OK;
}

static const jn_path_ops ops = { .backward = true, .step = step };

jn_status jn_path_linear_posterior(const jn_model *m, jn_proposal *q, jn_error *err)
{
    const jn_chain_linear *c = m->chain->linear(m->self);
    const size_t d = c->d, T = c->n_steps, each = 2 * d * d + d;
    linear_path *path = T > SIZE_MAX / 64 / each
                            ? NULL
                            : jn_alloc(1, sizeof *path + T * each * sizeof(double));
    smoother s = { 0 };
    if (path == NULL || !smoother_new(&s, c)) {
        free(path);
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps", T);
    }
    path->d = d;
    path->T = T;
    path->J = (double *)(path + 1);
    path->centre = path->J + T * d * d;
    path->root = path->centre + T * d;
    q->self = path;
    q->path = &ops;
    jn_status st = JN_OK;
    for (size_t t = 0; st == JN_OK && t < T; t++) {
        if (!filter_step(&s, t) || !backward_step(&s, t, path)) {
            st = jn_error_set(err, JN_ERR_VALUE,
                              "step %zu: a covariance is singular; paths then have no density", t);
        }
    }
    free(s.memory);
    return st;
}
