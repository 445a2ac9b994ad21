/* Guided steps of chains with Gaussian noise: prediction times the emission, whose logarithm is
 * expanded to second order about the predicted mean. For a linear-Gaussian emission that is the
 * locally optimal proposal. Where the expansion bends upwards the prediction alone is used. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "chain/paths.h"
#include "kernel/kernels.h"
#include "model/series.h"

typedef struct guided {
    const jn_model *m;
} guided;

typedef struct scratch {
    double *grad, *hess;  /* d and d x d rows of ld */
    double *root, *first; /* d x d, d */
    double *memory;
} scratch;

/* One coordinate: all particles at once. On entry z holds the means. */
static void draw_one(double sd, size_t n, const double *grad, const double *hess,
                     const double *base, double *z, double *log_q)
{
    const double prior = 1.0 / (sd * sd);
    for (size_t i = 0; i < n; i++) {
        const double bend = hess[i] < 0.0 ? -hess[i] : 0.0;
        const double precision = bend < INFINITY ? prior + bend : prior;
        z[i] += (bend < INFINITY ? grad[i] / precision : 0.0) + base[i] / sqrt(precision);
        log_q[i] = precision;
    }
    jn_kernels_get()->log(n, log_q, log_q);
    for (size_t i = 0; i < n; i++) {
        log_q[i] = 0.5 * (log_q[i] - JN_LOG_2PI - base[i] * base[i]);
    }
}

/* Particle i: precision C C' = prior - hess, z = mean + precision^-1 grad + C'^-1 base. */
static void draw_many(size_t d, const double *prior, size_t i, size_t ld, const scratch *s,
                      const double *base, double *z, double *log_q)
{
    double C[JN_STATE_MAX * JN_STATE_MAX], shift[JN_STATE_MAX], noise[JN_STATE_MAX], size = 0.0;
    for (size_t k = 0; k < d * d; k++) {
        C[k] = prior[k] - s->hess[k * ld + i];
    }
    const bool good = jn_cholesky(d, C);
    if (!good) {
        memcpy(C, prior, d * d * sizeof *C);
        (void)jn_cholesky(d, C); /* it is the inverse of a covariance that has a factor */
    }
    for (size_t j = 0; j < d; j++) {
        shift[j] = good ? s->grad[j * ld + i] : 0.0;
        noise[j] = base[j * ld + i];
        size += noise[j] * noise[j];
    }
    jn_lower_solve(d, C, shift);
    jn_lower_transpose_solve(d, C, shift);
    jn_lower_transpose_solve(d, C, noise);
    for (size_t j = 0; j < d; j++) {
        z[j * ld + i] += shift[j] + noise[j];
    }
    log_q[i] = jn_lower_log_det(d, C) - 0.5 * ((double)d * JN_LOG_2PI + size);
}

/* Means into z, the root of the noise. */
static jn_status predict(const jn_model *m, size_t t, size_t n, size_t ld, const double *near,
                         const scratch *s, double *z)
{
    if (t > 0) {
        return m->chain->transition_gaussian(m->self, t, n, ld, near, z, s->root);
    }
    const jn_status st = m->chain->initial_gaussian(m->self, s->first, s->root);
    for (size_t j = 0; st == JN_OK && j < m->dim; j++) {
        for (size_t i = 0; i < n; i++) {
            z[j * ld + i] = s->first[j];
        }
    }
    return st;
}

static jn_status step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                      const double *near, const double *base, double *z, double *log_q)
{
    const jn_model *m = ((const guided *)self)->m;
    const size_t d = m->dim;
    scratch s = { .memory = jn_alloc_doubles((d + d * d) * ld + d * d + d) };
    if (s.memory == NULL) {
        return JN_ERR_NOMEM;
    }
    s.grad = s.memory; /* zeroed: a step that emits nothing is the prediction */
    s.hess = s.grad + d * ld;
    s.root = s.hess + d * d * ld;
    s.first = s.root + d * d;
    jn_status st = predict(m, t, n, ld, near, &s, z);
    if (st == JN_OK && (m->chain->emits == NULL || m->chain->emits(m->self, row, t))) {
        st = m->chain->emission_derivatives(m->self, row, t, n, ld, z, s.grad, s.hess);
    }
    if (st == JN_OK && d == 1) {
        draw_one(s.root[0], n, s.grad, s.hess, base, z, log_q);
    } else if (st == JN_OK) {
        jn_cholesky_invert(d, s.root);
        for (size_t i = 0; i < n; i++) {
            draw_many(d, s.root, i, ld, &s, base, z, log_q);
        }
    }
    free(s.memory);
    return st;
}

static const jn_path_ops ops = { .step = step };

jn_status jn_path_gaussian_guided(const jn_model *m, jn_proposal *q, jn_error *err)
{
    const jn_chain *c = m->chain;
    double root[JN_STATE_MAX * JN_STATE_MAX];
    if (c->initial_gaussian == NULL || c->transition_gaussian == NULL ||
        c->emission_derivatives == NULL || m->dim > JN_STATE_MAX) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s: guided needs Gaussian steps and derivatives of the emission",
                            m->type->name);
    }
    if (c->initial_gaussian(m->self, NULL, root) < 0 ||
        c->transition_gaussian(m->self, 1, 0, 1, NULL, NULL, root) < 0) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "model %s: guided needs steps that have a density, and a covariance of "
                            "its parameters is singular",
                            m->type->name);
    }
    guided *g = jn_alloc(1, sizeof *g);
    if (g == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the proposal");
    }
    g->m = m;
    q->self = g;
    q->path = &ops;
    return JN_OK;
}
