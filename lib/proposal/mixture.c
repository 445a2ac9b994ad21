/* A mixture of Gaussians with diagonal covariances, in unconstrained coordinates, the same for
 * every observation. A uniform base coordinate chooses the component; log q is the density of the
 * whole mixture, whichever component a point came from: multiple importance sampling with the
 * balance heuristic (Veach & Guibas 1995). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "jensen/logspace.h"
#include "jensen/target.h"
#include "kernel/kernels.h"
#include "model/discrete.h"
#include "proposal/affine.h"
#include "proposal/families.h"

enum { CHUNK = 256 };

typedef struct mixture {
    const jn_model *model;
    size_t dim, C;
    double *log_weight, *log_norm;  /* C; the norm with the weight in it */
    double *means, *sds, *inverses; /* C x dim */
    double *memory;
} mixture;

static const jn_param_spec specs[] = {
    { "weights", "C numbers that sum to 1", NULL, "of the components (default equal)" },
    { "means", "C x d", NULL, "a row a component, in unconstrained coordinates" },
    { "sds", "number > 0, or C x d", "1", "standard deviations, a row a component" },
    JN_AFFINE_SPECS,
};

static size_t n_base(const void *self)
{
    return ((const mixture *)self)->dim + 1;
}

static jn_base base_kind(const void *self, size_t j)
{
    return j < ((const mixture *)self)->dim ? JN_BASE_NORMAL : JN_BASE_CHOICE;
}

/* log of the density in u of n <= CHUNK points. */
static void density_in_u(const mixture *m, size_t n, size_t ld, const double *u, double *out)
{
    double part[CHUNK];
    for (size_t c = 0; c < m->C; c++) {
        double *to = c == 0 ? out : part;
        jn_kernels_get()->quadratic(m->dim, m->means + c * m->dim, m->inverses + c * m->dim,
                                    m->log_norm[c], -0.5, n, ld, u, to);
        for (size_t i = 0; c > 0 && i < n; i++) {
            out[i] = jn_log_add(out[i], part[i]);
        }
    }
}

static void map_chunk(const mixture *m, size_t n, size_t ld, const double *base, double *z,
                      double *log_q)
{
    double component[CHUNK], log_jacobian[CHUNK];
    jn_discrete_invert(m->C, m->log_weight, n, base + m->dim * ld, component);
    for (size_t j = 0; j < m->dim; j++) {
        for (size_t i = 0; i < n; i++) {
            const size_t k = (size_t)component[i] * m->dim + j;
            z[j * ld + i] = m->means[k] + m->sds[k] * base[j * ld + i];
        }
    }
    density_in_u(m, n, ld, z, log_q);
    jn_target_to_z(m->model, n, ld, z, z, log_jacobian);
    for (size_t i = 0; i < n; i++) {
        log_q[i] -= log_jacobian[i];
    }
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    (void)row;
    for (size_t at = 0; at < n; at += CHUNK) {
        map_chunk(self, n - at < CHUNK ? n - at : CHUNK, ld, base + at, z + at, log_q + at);
    }
    return JN_OK;
}

/* work: dim x CHUNK */
static void density_chunk(const mixture *m, size_t n, size_t ld, const double *z, double *work,
                          double *log_q)
{
    double log_jacobian[CHUNK];
    for (size_t j = 0; j < m->dim; j++) {
        memcpy(work + j * CHUNK, z + j * ld, n * sizeof *work);
    }
    jn_target_to_u(m->model, n, CHUNK, work, work);
    jn_target_log_jacobian(m->model, n, CHUNK, work, log_jacobian);
    density_in_u(m, n, CHUNK, work, log_q);
    for (size_t i = 0; i < n; i++) {
        /* on the border of the support u is infinite and q is 0, whatever the Jacobian */
        log_q[i] = log_q[i] == -INFINITY ? -INFINITY : log_q[i] - log_jacobian[i];
    }
}

static jn_status log_density(const void *self, size_t row, size_t n, size_t ld, const double *z,
                             double *log_q)
{
    enum { ON_STACK = 16 };
    const mixture *m = self;
    double stack[ON_STACK * CHUNK], *heap = NULL, *work = stack;
    (void)row;
    if (m->dim > ON_STACK) {
        work = heap = jn_alloc_doubles(m->dim * CHUNK);
        if (heap == NULL) {
            return JN_ERR_NOMEM;
        }
    }
    for (size_t at = 0; at < n; at += CHUNK) {
        density_chunk(m, n - at < CHUNK ? n - at : CHUNK, ld, z + at, work, log_q + at);
    }
    free(heap);
    return JN_OK;
}

/* The Gaussian with the mixture's mean and covariance. */
static jn_status location(const void *self, size_t row, double *mean, double *chol)
{
    const mixture *m = self;
    const size_t d = m->dim;
    (void)row;
    memset(mean, 0, d * sizeof *mean);
    memset(chol, 0, d * d * sizeof *chol);
    for (size_t k = 0; k < m->C * d; k++) {
        mean[k % d] += exp(m->log_weight[k / d]) * m->means[k];
    }
    for (size_t c = 0; c < m->C; c++) {
        const double weight = exp(m->log_weight[c]);
        const double *at = m->means + c * d, *sd = m->sds + c * d;
        for (size_t i = 0; i < d * d; i++) {
            const size_t r = i / d, s = i % d;
            chol[i] += weight *
                       ((at[r] - mean[r]) * (at[s] - mean[s]) + (r == s ? sd[r] * sd[r] : 0.0));
        }
    }
    return jn_cholesky(d, chol) ? JN_OK : JN_ERR_VALUE;
}

/* Known where one component is the widest in every coordinate: it outlasts the others. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const mixture *m = self;
    const size_t d = m->dim;
    (void)row;
    for (size_t c = 0; c < m->C; c++) {
        bool widest = m->log_weight[c] > -INFINITY;
        for (size_t k = 0; k < m->C * d; k++) {
            widest = widest &&
                     (m->log_weight[k / d] == -INFINITY || m->sds[k] <= m->sds[c * d + k % d]);
        }
        for (size_t i = 0; widest && i < d * d; i++) {
            const double inverse = m->inverses[c * d + i % d];
            precision[i] = i % (d + 1) == 0 ? inverse * inverse : 0.0;
        }
        if (widest) {
            return JN_OK;
        }
    }
    return JN_ERR_UNSUPPORTED;
}

static const jn_proposal_ops ops = {
    .map = map,
    .log_density = log_density,
    .base = base_kind,
    .n_base = n_base,
    .location = location,
    .tail_precision = tail_precision,
};

static void destroy(void *self)
{
    mixture *m = self;
    if (m != NULL) {
        free(m->memory);
        free(m);
    }
}

/* How many components `means` has: a plain list is a column where d is 1. */
static jn_status count_components(mixture *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols;
    const bool given = jn_params_find(params, "means") != NULL;
    jn_params_shape(params, "means", &rows, &cols);
    m->C = m->dim == 1 && rows == 1 ? cols : rows;
    const size_t width = m->C == 0 ? 0 : rows * cols / m->C;
    return width == m->dim
               ? JN_OK
               : jn_error_set(err, JN_ERR_VALUE,
                              "means %s: need a row a component, %zu number%s each, rows "
                              "separated by ';'",
                              given ? "has the wrong shape" : "is missing", m->dim,
                              m->dim == 1 ? "" : "s");
}

static jn_status allocate(mixture *m, jn_error *err)
{
    const size_t cells = m->C * m->dim;
    double *next = m->memory = jn_alloc_doubles(2 * m->C + 3 * cells);
    if (next == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu components", m->C);
    }
    m->log_weight = next;
    m->log_norm = next + m->C;
    m->means = m->log_norm + m->C;
    m->sds = m->means + cells;
    m->inverses = m->sds + cells;
    return JN_OK;
}

static jn_status read_rows(const mixture *m, const jn_params *params, const char *name, double lo,
                           double *out, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, name, &rows, &cols);
    return (rows == 1 && cols == 1) || (m->dim == 1 && rows == 1)
               ? jn_params_vector(params, name, m->C * m->dim, lo, INFINITY, out, err)
               : jn_params_matrix(params, name, m->C, m->dim, lo, INFINITY, out, err);
}

static jn_status read_weights(mixture *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, "weights", &rows, &cols);
    for (size_t c = 0; c < m->C; c++) {
        m->log_weight[c] = 1.0 / (double)m->C;
    }
    jn_status status = JN_OK;
    if (rows * cols == 1 && m->C > 1) { /* a scalar would be spread over all components */
        status = jn_error_set(err, JN_ERR_VALUE,
                              "weights is one number: need %zu, one a row of "
                              "means",
                              m->C);
    } else if (jn_params_find(params, "weights") != NULL) {
        status = jn_params_vector(params, "weights", m->C, -INFINITY, INFINITY, m->log_weight, err);
    }
    if (status == JN_OK) {
        status = jn_discrete_normalise(m->C, m->log_weight, err);
    }
    for (size_t c = 0; status == JN_OK && c < m->C; c++) {
        m->log_weight[c] = log(m->log_weight[c]);
    }
    return status;
}

static jn_status shift_and_widen(mixture *m, const jn_params *params, jn_error *err)
{
    double widen;
    double *shift = m->inverses; /* dim of them: filled below */
    jn_status status = jn_params_vector(params, "shift", m->dim, -INFINITY, INFINITY, shift, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "widen", nextafter(0.0, 1.0), INFINITY, &widen, err);
    }
    for (size_t k = m->C * m->dim; status == JN_OK && k-- > 0;) {
        m->means[k] += shift[k % m->dim];
        m->sds[k] *= widen;
    }
    return status;
}

static jn_status finish(mixture *m, jn_error *err)
{
    for (size_t c = 0; c < m->C; c++) {
        m->log_norm[c] = m->log_weight[c] - 0.5 * (double)m->dim * JN_LOG_2PI;
        for (size_t k = c * m->dim; k < (c + 1) * m->dim; k++) {
            m->inverses[k] = 1.0 / m->sds[k];
            m->log_norm[c] -= log(m->sds[k]);
            if (!isfinite(m->means[k]) || !(m->sds[k] >= JN_SD_LEAST && m->sds[k] <= JN_SD_MOST)) {
                return jn_error_set(err, JN_ERR_VALUE,
                                    "means, sds, shift and widen together leave the range of "
                                    "doubles: sds are to be between 1e-100 and 1e100");
            }
        }
    }
    return JN_OK;
}

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    if (jn_model_states(model) > 0 || model->density == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no continuous latent",
                            model->type->name);
    }
    mixture *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a proposal");
    }
    q->self = m;
    q->ops = &ops;
    m->model = model;
    m->dim = model->dim;
    jn_status status = count_components(m, params, err);
    if (status == JN_OK) {
        status = allocate(m, err);
    }
    if (status == JN_OK) {
        status = read_weights(m, params, err);
    }
    if (status == JN_OK) {
        status = read_rows(m, params, "means", -INFINITY, m->means, err);
    }
    if (status == JN_OK) {
        status = read_rows(m, params, "sds", nextafter(0.0, 1.0), m->sds, err);
    }
    if (status == JN_OK) {
        status = shift_and_widen(m, params, err);
    }
    return status < 0 ? status : finish(m, err);
}

const jn_proposal_type jn_proposal_mixture = {
    .name = "mixture",
    .summary = "Gaussians with diagonal covariances, weighed by the density of the whole mixture",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
};
