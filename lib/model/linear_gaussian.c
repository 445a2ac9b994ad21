/* x | z ~ N(W z + b, diag(noise_sd^2)), z ~ N(0, I): probabilistic PCA and factor analysis.
 *
 * With S = diag(noise_sd^2), P = I + W'S^-1 W and r = x - b, the posterior is N(m, P^-1) with
 * m = P^-1 W'S^-1 r, and
 *   log p(x) = -D/2 log 2pi - 1/2 log|S| - 1/2 log|P| - 1/2 ((r - Wm)'S^-1(r - Wm) + m'm),
 * the form of Woodbury's identity in which nothing cancels. */
#include "model/linear_gaussian.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "kernel/kernels.h"
#include "model/models.h"

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const linear_gaussian *m = self;
    jn_model_normal_prior(m->d, n, ld, z, out);
    return JN_OK;
}

static void log_likelihood_of_row(const linear_gaussian *m, const jn_kernels *k, size_t row,
                                  size_t n, size_t ld, const double *z, double *out)
{
    k->residual(m->D, m->d, m->scaled_W, m->scaled_r + row * m->D, m->log_norm, n, ld, z, out);
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const jn_kernels *k = jn_kernels_get();
    for (size_t r = 0; r < rows.count; r++) {
        log_likelihood_of_row(self, k, rows.first + r, n, ld, z, out + r * ld_out);
    }
    return JN_OK;
}

static jn_status log_likelihood_of(const void *self, size_t n_rows, const size_t *rows, size_t n,
                                   size_t ld, const double *z, size_t ld_out, double *out)
{
    const jn_kernels *k = jn_kernels_get();
    for (size_t r = 0; r < n_rows; r++) {
        log_likelihood_of_row(self, k, rows[r], n, ld, z, out + r * ld_out);
    }
    return JN_OK;
}

/* W z in coordinate j of x, and a bound on the size of what was added up. */
static double fitted(const linear_gaussian *m, size_t j, const double *z, double *size)
{
    double mean = 0.0;
    *size = 0.0;
    for (size_t k = 0; k < m->d; k++) {
        mean += m->W[j * m->d + k] * z[k];
        *size += fabs(m->W[j * m->d + k] * z[k]);
    }
    return mean;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const linear_gaussian *m = self;
    double quad = 0.0;
    for (size_t k = 0; k < m->d; k++) {
        quad += z[k] * z[k];
        if (grad != NULL) {
            grad[k] = -z[k];
        }
    }
    for (size_t j = 0; j < m->D; j++) {
        double size;
        const double e = m->r[row * m->D + j] - fitted(m, j, z, &size);
        quad += m->inv_var[j] * (e * e);
        for (size_t k = 0; grad != NULL && k < m->d; k++) {
            grad[k] += m->W[j * m->d + k] * m->inv_var[j] * e;
        }
    }
    for (size_t k = 0; hess != NULL && k < m->d * m->d; k++) {
        hess[k] = -m->precision[k];
    }
    *value = m->log_norm - 0.5 * (double)m->d * JN_LOG_2PI - 0.5 * quad;
    return JN_OK;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const linear_gaussian *m = self;
    jn_model_copy_points(m->d, n, ld, base, z);
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const linear_gaussian *m = self;
    const double *z = m->mean + row * m->d;
    const double eps = DBL_EPSILON;
    double quad = 0.0, error = 0.0;
    for (size_t k = 0; k < m->d; k++) {
        quad += z[k] * z[k];
    }
    for (size_t j = 0; j < m->D; j++) {
        const double r = m->r[row * m->D + j];
        double size;
        const double e = r - fitted(m, j, z, &size);
        const double de = (double)(m->d + 2) * eps * (size + fabs(r));
        quad += m->inv_var[j] * (e * e);
        error += m->inv_var[j] * (2.0 * fabs(e) + de) * de;
    }
    /* errors of the mean itself are of second order: the mean minimises quad */
    error += (double)(m->D + m->d + 4) * eps * quad;
    *out = (jn_estimate){ .value = m->log_norm - m->half_log_det - 0.5 * quad,
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "closed form" };
    out->error = 0.5 * error + m->log_det_error + (double)(m->D + 4) * eps * fabs(m->log_norm) +
                 2.0 * eps * fabs(out->value);
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const linear_gaussian *m = self;
    jn_kernels_get()->affine(m->d, m->mean + row * m->d, m->chol, n, ld, base, z);
    return JN_OK;
}

/* With R R' = P lower triangular: (z - m)'P(z - m) = |R'(z - m)|^2. */
static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const linear_gaussian *m = self;
    const double *mean = m->mean + row * m->d;
    const double constant = m->half_log_det - 0.5 * (double)m->d * JN_LOG_2PI;
    memset(out, 0, n * sizeof *out);
    for (size_t at = 0; at < n; at += JN_MODEL_CHUNK) {
        const size_t count = n - at < JN_MODEL_CHUNK ? n - at : JN_MODEL_CHUNK;
        double e[JN_MODEL_CHUNK];
        for (size_t j = 0; j < m->d; j++) {
            memset(e, 0, count * sizeof *e);
            for (size_t k = j; k < m->d; k++) {
                const double r = m->chol_prec[k * m->d + j];
                const double *zk = z + k * ld + at;
                for (size_t i = 0; i < count; i++) {
                    e[i] += r * (zk[i] - mean[k]);
                }
            }
            for (size_t i = 0; i < count; i++) {
                out[at + i] += e[i] * e[i];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = constant - 0.5 * out[i];
    }
    return JN_OK;
}

static jn_status posterior_gaussian(const void *self, size_t row, double *mean, double *cov)
{
    const linear_gaussian *m = self;
    if (mean != NULL) {
        memcpy(mean, m->mean + row * m->d, m->d * sizeof *mean);
    }
    if (cov != NULL) {
        memcpy(cov, m->cov, m->d * m->d * sizeof *cov);
    }
    return JN_OK;
}

static jn_status prior_gaussian(const void *self, double *mean, double *cov)
{
    const linear_gaussian *m = self;
    if (mean != NULL) {
        memset(mean, 0, m->d * sizeof *mean);
    }
    if (cov != NULL) {
        jn_model_scaled_identity(m->d, 1.0, cov);
    }
    return JN_OK;
}

static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const linear_gaussian *m = self;
    (void)row; /* the same for every observation */
    memcpy(precision, m->precision, m->d * m->d * sizeof *precision);
    return JN_OK;
}

/* log p(x | z)^n + log p(z) bends as -(I + n W'S^-1 W) = -(I + n (P - I)). */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const linear_gaussian *m = self;
    (void)row;
    if (n >= 0.0) {
        return true;
    }
    double *bend = jn_alloc_doubles(m->d * m->d);
    for (size_t k = 0; bend != NULL && k < m->d * m->d; k++) {
        bend[k] = n * m->precision[k] + (k % (m->d + 1) == 0 ? 1.0 - n : 0.0);
    }
    const bool finite = bend != NULL && jn_cholesky(m->d, bend); /* unknown counts as infinite */
    free(bend);
    return finite;
}

const jn_density jn_linear_gaussian_density = {
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .log_likelihood_of = log_likelihood_of,
    .derivatives = derivatives,
    .prior_map = prior_map,
    .evidence = evidence,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .posterior_gaussian = posterior_gaussian,
    .prior_gaussian = prior_gaussian,
    .tail_precision = tail_precision,
    .tail_everywhere = true,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
    .log_concave = true,
};
