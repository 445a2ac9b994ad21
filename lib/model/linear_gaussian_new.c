/* Parameters, data and everything that depends on them alone: made once, then read only. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "model/linear_gaussian.h"
#include "model/models.h"

static const jn_param_spec specs[] = {
    { "W", "D x d", NULL, "loadings, a row a data column; 1 where D is 1" },
    { "b", "number or D numbers", "0", "mean of x at z = 0" },
    { "noise_sd", "number > 0 or D numbers > 0", "1", "standard deviation of x given z" },
};

/* The data bind W's rows; without data W, b or noise_sd say how many columns x has. */
static size_t n_columns(const jn_params *params)
{
    size_t rows, cols, most = 1;
    jn_params_shape(params, "W", &rows, &cols);
    if (rows > 0) {
        return rows;
    }
    jn_params_shape(params, "b", &rows, &cols);
    most = rows * cols > most ? rows * cols : most;
    jn_params_shape(params, "noise_sd", &rows, &cols);
    return rows * cols > most ? rows * cols : most;
}

/* The model is bound to x = 0: what it keeps of x is -b. */
static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const linear_gaussian *m = self;
    (void)t;
    for (size_t j = 0; j < m->D; j++) {
        const size_t at = j * cells->n_rows + row;
        double x = cells->base[at] / sqrt(m->inv_var[j]) - m->r[row * m->D + j];
        for (size_t k = 0; k < m->d; k++) {
            x += m->W[j * m->d + k] * z[k * ld];
        }
        cells->x[at] = x;
    }
    return JN_OK;
}

static const jn_simulator simulator = { .column = "x", .n_columns = n_columns, .draw = draw };

static void destroy(void *self)
{
    linear_gaussian *m = self;
    if (m != NULL) {
        free(m->r);
        free(m->W);
        free(m->scaled_W);
        free(m->scaled_r);
        free(m->inv_var);
        free(m->precision);
        free(m->chol_prec);
        free(m->cov);
        free(m->chol);
        free(m->mean);
        free(m);
    }
}

/* d from the shape of W, and what to write where the shape is wrong. */
static jn_status loadings_shape(const jn_params *params, size_t D, size_t *d, jn_error *err)
{
    const jn_value *W = jn_params_find(params, "W");
    if (W == NULL) {
        *d = 1;
        return D == 1
                   ? JN_OK
                   : jn_error_set(err, JN_ERR_VALUE,
                                  "W is needed: the data have %zu columns, so W is %zu x d, rows "
                                  "separated by ';' (one latent: W=w1;w2;...)",
                                  D, D);
    }
    if (W->word != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "W = '%s': need %zu x d numbers", W->word, D);
    }
    if (W->rows != D) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "W is %zu x %zu, but the data have %zu column%s: need %zu x d, rows "
                            "separated by ';'",
                            W->rows, W->cols, D, D == 1 ? "" : "s", D);
    }
    *d = W->cols;
    return JN_OK;
}

static jn_status allocate(linear_gaussian *m, jn_error *err)
{
    m->W = jn_alloc_doubles(m->D * m->d);
    m->scaled_W = jn_alloc_doubles(m->D * m->d);
    m->scaled_r = jn_alloc_doubles(m->n * m->D);
    m->inv_var = jn_alloc_doubles(m->D);
    m->precision = jn_alloc_doubles(m->d * m->d);
    m->chol_prec = jn_alloc_doubles(m->d * m->d);
    m->cov = jn_alloc_doubles(m->d * m->d);
    m->chol = jn_alloc_doubles(m->d * m->d);
    m->mean = jn_alloc_doubles(m->n * m->d);
    if (m->W == NULL || m->scaled_W == NULL || m->scaled_r == NULL || m->inv_var == NULL ||
        m->precision == NULL || m->chol_prec == NULL || m->cov == NULL || m->chol == NULL ||
        m->mean == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu x %zu loadings", m->D, m->d);
    }
    return JN_OK;
}

static jn_status read_noise(linear_gaussian *m, const double *sd, jn_error *err)
{
    m->log_norm = -0.5 * (double)m->D * JN_LOG_2PI;
    for (size_t j = 0; j < m->D; j++) {
        m->log_norm -= log(sd[j]);
        m->inv_var[j] = 1.0 / (sd[j] * sd[j]);
        if (!isnormal(m->inv_var[j])) {
            return jn_error_set(err, JN_ERR_VALUE, "noise_sd = %g: its square is out of range",
                                sd[j]);
        }
    }
    return JN_OK;
}

/* b is taken from the data once: what is left has all its digits where x is near b. */
static void centre_and_scale(linear_gaussian *m, const double *b, const double *sd)
{
    for (size_t j = 0; j < m->D; j++) {
        for (size_t k = 0; k < m->d; k++) {
            m->scaled_W[j * m->d + k] = m->W[j * m->d + k] / sd[j];
        }
        for (size_t r = 0; r < m->n; r++) {
            m->r[r * m->D + j] -= b[j];
            m->scaled_r[r * m->D + j] = m->r[r * m->D + j] / sd[j];
        }
    }
}

static jn_status read_params(linear_gaussian *m, const jn_params *params, jn_error *err)
{
    double *b = jn_alloc_doubles(2 * m->D), *sd = b == NULL ? NULL : b + m->D;
    if (b == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the parameters");
    }
    jn_status status = JN_OK;
    m->W[0] = 1.0;
    if (jn_params_find(params, "W") != NULL) {
        status = jn_params_matrix(params, "W", m->D, m->d, -INFINITY, INFINITY, m->W, err);
    }
    if (status == JN_OK) {
        status = jn_params_vector(params, "b", m->D, -INFINITY, INFINITY, b, err);
    }
    if (status == JN_OK) {
        status = jn_params_vector(params, "noise_sd", m->D, nextafter(0.0, 1.0), INFINITY, sd, err);
    }
    if (status == JN_OK) {
        status = read_noise(m, sd, err);
    }
    if (status == JN_OK) {
        centre_and_scale(m, b, sd);
    }
    free(b);
    return status;
}

/* P, its factors, and a bound on the rounding of log|P|: to first order the trace of P^-1 dP, where
 * dP is at most (D + d + 8) eps times the sum of absolute terms (Higham 2002, theorem 10.3). */
static jn_status factorise(linear_gaussian *m, jn_error *err)
{
    const size_t d = m->d;
    for (size_t k = 0; k < d; k++) {
        for (size_t l = 0; l < d; l++) {
            double sum = k == l ? 1.0 : 0.0, size = sum;
            for (size_t j = 0; j < m->D; j++) {
                const double term = m->W[j * d + k] * m->inv_var[j] * m->W[j * d + l];
                sum += term;
                size += fabs(term);
            }
            m->precision[k * d + l] = sum;
            m->chol[k * d + l] = size; /* lent until the factor of the covariance is made */
        }
    }
    memcpy(m->chol_prec, m->precision, d * d * sizeof *m->precision);
    bool fine = jn_cholesky(d, m->chol_prec);
    memcpy(m->cov, m->chol_prec, d * d * sizeof *m->cov);
    if (fine) {
        m->half_log_det = jn_lower_log_det(d, m->chol_prec);
        jn_cholesky_invert(d, m->cov);
        double trace = 0.0;
        for (size_t k = 0; k < d * d; k++) {
            const size_t i = k / d, j = k % d;
            const double largest = sqrt(m->precision[i * d + i] * m->precision[j * d + j]);
            trace += fabs(m->cov[k]) * fmax(m->chol[k], largest);
        }
        m->log_det_error = 0.5 * (double)(m->D + d + 8) * DBL_EPSILON * trace;
        memcpy(m->chol, m->cov, d * d * sizeof *m->chol);
        fine = jn_cholesky(d, m->chol);
    }
    return fine
               ? JN_OK
               : jn_error_set(err, JN_ERR_VALUE,
                              "W and noise_sd: the posterior precision I + W'S^-1 W is singular to "
                              "working precision or out of range; rescale W");
}

static void posterior_means(linear_gaussian *m)
{
    for (size_t r = 0; r < m->n; r++) {
        double *mean = m->mean + r * m->d;
        for (size_t j = 0; j < m->D; j++) {
            const double e = m->inv_var[j] * m->r[r * m->D + j];
            for (size_t k = 0; k < m->d; k++) {
                mean[k] += m->W[j * m->d + k] * e;
            }
        }
        jn_lower_solve(m->d, m->chol_prec, mean);
        jn_lower_transpose_solve(m->d, m->chol_prec, mean);
    }
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    linear_gaussian *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    m->D = data->n_cols;
    jn_status status = loadings_shape(params, m->D, &m->d, err);
    if (status == JN_OK) {
        status = jn_model_read_all(data, &m->r, err);
    }
    if (status == JN_OK) {
        status = allocate(m, err);
    }
    if (status == JN_OK) {
        status = read_params(m, params, err);
    }
    if (status == JN_OK) {
        status = factorise(m, err);
    }
    if (status < 0) {
        return status;
    }
    posterior_means(m);
    model->n_obs = m->n;
    model->dim = m->d;
    model->density = &jn_linear_gaussian_density;
    return JN_OK;
}

const jn_model_type jn_model_linear_gaussian = {
    .name = "linear-gaussian",
    .summary = "x | z ~ N(W z + b, diag(noise_sd^2)), z ~ N(0, I): PPCA, factor analysis",
    .data = "rows of x, all columns",
    .exact = "closed form",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
