/* Linear-Gaussian state space: z_0 ~ N(m0, P0), z_t = F z_{t-1} + N(0, Q), y_t = H z_t + N(0, R).
 */
#include "model/lgssm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "model/models.h"
#include "model/series.h"

static size_t n_steps(const void *self, size_t row)
{
    (void)row; /* one series, one observation */
    return ((const lgssm *)self)->n;
}

/* mean = A z for a block of points; A rows x d. */
static void product(size_t rows, size_t d, const double *a, size_t n, size_t ld, const double *z,
                    size_t ld_out, double *out)
{
    for (size_t r = 0; r < rows; r++) {
        double *mr = out + r * ld_out;
        memset(mr, 0, n * sizeof *mr);
        for (size_t k = 0; k < d; k++) {
            const double f = a[r * d + k];
            const double *zk = z + k * ld;
            for (size_t i = 0; i < n; i++) {
                mr[i] += f * zk[i];
            }
        }
    }
}

static jn_status log_initial(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const lgssm *m = self;
    if (!m->definite_P0) {
        return JN_ERR_UNSUPPORTED;
    }
    jn_gaussian_log_density(m->d, m->m0, 0, m->root_P0, n, ld, z, out);
    return JN_OK;
}

/* Particles worked on at once: their means stay on the stack. */
enum { CHUNK = 64 };

static jn_status log_transition(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *to, double *out)
{
    const lgssm *m = self;
    double mean[JN_STATE_MAX * CHUNK];
    (void)t;
    if (!m->definite_Q) {
        return JN_ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t count = n - i < CHUNK ? n - i : CHUNK;
        product(m->d, m->d, m->F, count, ld, from + i, CHUNK, mean);
        jn_gaussian_log_density(m->d, mean, CHUNK, m->root_Q, count, ld, to + i, out + i);
    }
    return JN_OK;
}

static jn_status log_emission(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *z, double *out)
{
    const lgssm *m = self;
    double e[JN_STATE_MAX * CHUNK];
    (void)row;
    if (!m->definite_R) {
        return JN_ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t count = n - i < CHUNK ? n - i : CHUNK;
        product(m->p, m->d, m->H, count, ld, z + i, CHUNK, e);
        jn_gaussian_log_density(m->p, m->y + t * m->p, 0, m->root_R, count, CHUNK, e, out + i);
    }
    return JN_OK;
}

static jn_status initial_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const lgssm *m = self;
    jn_gaussian_draw(m->d, m->m0, 0, m->root_P0, n, ld, base, z);
    return JN_OK;
}

static jn_status transition_map(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *base, double *to)
{
    const lgssm *m = self;
    double mean[JN_STATE_MAX * CHUNK];
    (void)t;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t count = n - i < CHUNK ? n - i : CHUNK;
        product(m->d, m->d, m->F, count, ld, from + i, CHUNK, mean);
        jn_gaussian_draw(m->d, mean, CHUNK, m->root_Q, count, ld, base + i, to + i);
    }
    return JN_OK;
}

static const jn_chain_linear *linear(const void *self)
{
    return &((const lgssm *)self)->view;
}

static jn_status initial_gaussian(const void *self, double *mean, double *root)
{
    const lgssm *m = self;
    if (!m->definite_P0) {
        return JN_ERR_UNSUPPORTED;
    }
    if (mean != NULL) {
        memcpy(mean, m->m0, m->d * sizeof *mean);
    }
    if (root != NULL) {
        memcpy(root, m->root_P0, m->d * m->d * sizeof *root);
    }
    return JN_OK;
}

static jn_status transition_gaussian(const void *self, size_t t, size_t n, size_t ld,
                                     const double *from, double *mean, double *root)
{
    const lgssm *m = self;
    (void)t;
    if (!m->definite_Q) {
        return JN_ERR_UNSUPPORTED;
    }
    if (mean != NULL) {
        product(m->d, m->d, m->F, n, ld, from, ld, mean);
    }
    if (root != NULL) {
        memcpy(root, m->root_Q, m->d * m->d * sizeof *root);
    }
    return JN_OK;
}

/* H' R^-1 (y - H z), and -H' R^-1 H. */
static jn_status emission_derivatives(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                      const double *z, double *grad, double *hess)
{
    const lgssm *m = self;
    (void)row;
    if (!m->definite_R) {
        return JN_ERR_UNSUPPORTED;
    }
    for (size_t j = 0; j < m->d; j++) {
        double at0 = 0.0;
        for (size_t k = 0; k < m->p; k++) {
            at0 += m->RiH[k * m->d + j] * m->y[t * m->p + k];
        }
        for (size_t i = 0; i < n; i++) {
            grad[j * ld + i] = at0;
        }
        for (size_t k = 0; k < m->d; k++) {
            const double bend = m->bend[j * m->d + k];
            for (size_t i = 0; i < n; i++) {
                grad[j * ld + i] += bend * z[k * ld + i];
                hess[(j * m->d + k) * ld + i] = bend;
            }
        }
    }
    return JN_OK;
}

jn_status jn_lgssm_draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                        const jn_cells *cells)
{
    const lgssm *m = self;
    (void)row; /* one series */
    for (size_t k = 0; k < m->p; k++) {
        double y = 0.0;
        for (size_t j = 0; j < m->d; j++) {
            y += m->H[k * m->d + j] * z[j * ld];
        }
        for (size_t j = 0; j < m->p; j++) {
            y += m->root_R[k * m->p + j] * cells->base[j * cells->n_rows + t];
        }
        cells->x[k * cells->n_rows + t] = y;
    }
    return JN_OK;
}

jn_status jn_lgssm_allocate(lgssm *m, jn_error *err)
{
    const size_t d = m->d, p = m->p;
    double *next = jn_alloc_doubles(4 * d * d + 2 * p * d + d + p * p);
    if (next == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", d);
    }
    m->F = next;
    m->root_P0 = m->F + d * d;
    m->root_Q = m->root_P0 + d * d;
    m->bend = m->root_Q + d * d;
    m->H = m->bend + d * d;
    m->RiH = m->H + p * d;
    m->m0 = m->RiH + p * d;
    m->root_R = m->m0 + d;
    return JN_OK;
}

void jn_lgssm_finish(lgssm *m, jn_model *model)
{
    double column[JN_STATE_MAX];
    for (size_t j = 0; m->definite_R && j < m->d; j++) {
        for (size_t k = 0; k < m->p; k++) {
            column[k] = m->H[k * m->d + j];
        }
        jn_lower_solve(m->p, m->root_R, column);
        jn_lower_transpose_solve(m->p, m->root_R, column);
        for (size_t k = 0; k < m->p; k++) {
            m->RiH[k * m->d + j] = column[k];
        }
    }
    for (size_t j = 0; j < m->d * m->d; j++) {
        m->bend[j] = 0.0;
        for (size_t k = 0; k < m->p; k++) {
            m->bend[j] -= m->H[k * m->d + j / m->d] * m->RiH[k * m->d + j % m->d];
        }
    }
    m->view = (jn_chain_linear){ .d = m->d,
                                 .p = m->p,
                                 .n_steps = m->n,
                                 .F = m->F,
                                 .H = m->H,
                                 .m0 = m->m0,
                                 .root_P0 = m->root_P0,
                                 .root_Q = m->root_Q,
                                 .root_R = m->root_R,
                                 .y = m->y };
    model->n_obs = 1;
    model->dim = m->d;
    model->chain = &jn_lgssm_chain;
}

void jn_lgssm_free(void *self)
{
    lgssm *m = self;
    if (m != NULL) {
        free(m->y);
        free(m->F); /* one block with all other matrices */
        free(m);
    }
}

const jn_chain jn_lgssm_chain = {
    .n_steps = n_steps,
    .log_initial = log_initial,
    .log_transition = log_transition,
    .log_emission = log_emission,
    .initial_map = initial_map,
    .transition_map = transition_map,
    .linear = linear,
    .initial_gaussian = initial_gaussian,
    .transition_gaussian = transition_gaussian,
    .homogeneous = true,
    .emission_derivatives = emission_derivatives,
};
