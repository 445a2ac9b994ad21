/* Parameters of a linear-Gaussian state space, checked, and square roots of its covariances. */
#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "model/lgssm.h"
#include "model/models.h"
#include "model/series.h"

static const jn_param_spec specs[] = {
    { "F", "d x d", "1", "z_t = F z_{t-1} + noise" },
    { "Q", "d x d covariance", "1", "of the noise of a step" },
    { "H", "p x d", "1", "y_t = H z_t + noise" },
    { "R", "p x p covariance", "1", "of the noise of y" },
    { "m0", "number or d numbers", "0", "mean of the state at the first observation" },
    { "P0", "d x d covariance", "1", "of the state at the first observation" },
};

/* root root' = cov: Cholesky where it is definite (*definite), else from the eigenvalues. */
static jn_status square_root(size_t n, const double *cov, const char *name, double *root,
                             bool *definite, jn_error *err)
{
    double a[JN_STATE_MAX * JN_STATE_MAX], vectors[JN_STATE_MAX * JN_STATE_MAX];
    double values[JN_STATE_MAX];
    for (size_t k = 0; k < n * n; k++) {
        const double other = cov[k % n * n + k / n];
        const double size = sqrt(fabs(cov[k / n * (n + 1)])) * sqrt(fabs(cov[k % n * (n + 1)]));
        if (fabs(cov[k] - other) > 1e-12 * size) {
            return jn_error_set(err, JN_ERR_VALUE, "%s is not symmetric", name);
        }
        a[k] = 0.5 * (cov[k] + other);
    }
    memcpy(root, a, n * n * sizeof *root);
    *definite = jn_cholesky(n, root);
    if (*definite) {
        return JN_OK;
    }
    if (!jn_symmetric_eigen(n, a, values, vectors) ||
        values[0] < -1e-12 * fmax(values[n - 1], 0.0)) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s has a negative eigenvalue; a covariance has none", name);
    }
    for (size_t k = 0; k < n * n; k++) {
        root[k] = vectors[k] * sqrt(fmax(values[k % n], 0.0));
    }
    return JN_OK;
}

static jn_status read_root(const jn_params *params, const char *name, size_t n, double *root,
                           bool *definite, jn_error *err)
{
    double cov[JN_STATE_MAX * JN_STATE_MAX];
    const double huge = 1e300;
    const jn_status status = jn_params_matrix(params, name, n, n, -huge, huge, cov, err);
    return status == JN_OK ? square_root(n, cov, name, root, definite, err) : status;
}

static jn_status read_shape(lgssm *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, "F", &rows, &cols);
    if (rows == 0 || rows != cols || rows > JN_STATE_MAX || m->p > JN_STATE_MAX) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "F is %zu x %zu, y has %zu columns: need d x d, rows separated by ';', "
                            "and at most %d of either",
                            rows, cols, m->p, JN_STATE_MAX);
    }
    m->d = rows;
    return JN_OK;
}

static jn_status read_params(lgssm *m, const jn_params *params, jn_error *err)
{
    const double huge = 1e300;
    jn_status status = jn_params_matrix(params, "F", m->d, m->d, -huge, huge, m->F, err);
    if (status == JN_OK) {
        status = jn_params_matrix(params, "H", m->p, m->d, -huge, huge, m->H, err);
    }
    if (status == JN_OK) {
        status = jn_params_vector(params, "m0", m->d, -huge, huge, m->m0, err);
    }
    if (status == JN_OK) {
        status = read_root(params, "Q", m->d, m->root_Q, &m->definite_Q, err);
    }
    if (status == JN_OK) {
        status = read_root(params, "R", m->p, m->root_R, &m->definite_R, err);
    }
    return status == JN_OK ? read_root(params, "P0", m->d, m->root_P0, &m->definite_P0, err)
                           : status;
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    lgssm *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    jn_status status = jn_series_read_all(data, model, &m->p, &m->y, err);
    status = status == JN_OK ? read_shape(m, params, err) : status;
    status = status == JN_OK ? jn_lgssm_allocate(m, err) : status;
    status = status == JN_OK ? read_params(m, params, err) : status;
    if (status == JN_OK) {
        jn_lgssm_finish(m, model);
    }
    return status;
}

static size_t n_columns(const jn_params *params)
{
    size_t rows, cols;
    jn_params_shape(params, "H", &rows, &cols);
    return rows;
}

static const jn_simulator simulator = { .column = "y",
                                        .n_columns = n_columns,
                                        .draw = jn_lgssm_draw };

const jn_model_type jn_model_lgssm = {
    .name = "lgssm",
    .summary = "linear-Gaussian state space: z_t = F z_{t-1} + N(0, Q), y_t = H z_t + N(0, R)",
    .data = "y, or y1, y2, ... in order; the series is one observation",
    .exact = "Kalman filter",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_lgssm_free,
    .simulator = &simulator,
};
