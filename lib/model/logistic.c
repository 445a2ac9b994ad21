/* beta ~ N(0, prior_sd^2 I), y_i ~ Bernoulli(1 / (1 + exp(-x_i' beta))): one observation, the whole
 * data set. Rows are kept as f_i = (1 - 2 y_i) x_i, so that
 *   log p(y | beta) = - sum log(1 + exp(f_i' beta)),
 * a sum of terms of one sign: no cancellation, no overflow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "kernel/kernels.h"
#include "model/models.h"

typedef struct logistic {
    size_t n, p;       /* data rows, coefficients */
    double *flipped_x; /* n x p */
    double prior_sd;
} logistic;

static const jn_param_spec specs[] = {
    { "prior_sd", "number > 0", "2.5", "prior standard deviation of every coefficient" },
    { "intercept", "0|1", "1", "1: a column of ones comes first" },
};

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const logistic *m = self;
    const double constant = -(double)m->p * (0.5 * JN_LOG_2PI + log(m->prior_sd));
    jn_kernels_get()->quadratic(m->p, NULL, NULL, constant, -0.5 / (m->prior_sd * m->prior_sd), n,
                                ld, z, out);
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const logistic *m = self;
    (void)ld_out; /* one observation */
    if (rows.count > 0) {
        memset(out, 0, n * sizeof *out);
        jn_kernels_get()->logistic(m->n, m->p, m->flipped_x, n, ld, z, out);
    }
    return JN_OK;
}

enum { CHUNK = 256 };

/* Rows first .. first+n-1 of the likelihood and of its derivatives. */
static void add_rows(const logistic *m, size_t first, size_t n, const double *z, double *value,
                     double *grad, double *hess)
{
    const jn_kernels *kernels = jn_kernels_get();
    const size_t p = m->p;
    const double *x = m->flipped_x + first * p;
    double eta[CHUNK], term[CHUNK];
    for (size_t r = 0; r < n; r++) {
        eta[r] = 0.0;
        for (size_t k = 0; k < p; k++) {
            eta[r] += x[r * p + k] * z[k];
        }
    }
    kernels->softplus(n, eta, term);
    for (size_t r = 0; r < n; r++) {
        *value -= term[r];
    }
    if (grad == NULL && hess == NULL) {
        return;
    }
    kernels->sigmoid(n, eta, term); /* chance of the other outcome */
    for (size_t k = 0; grad != NULL && k < p; k++) {
        for (size_t r = 0; r < n; r++) {
            grad[k] -= x[r * p + k] * term[r];
        }
    }
    for (size_t r = 0; hess != NULL && r < n; r++) {
        eta[r] = -eta[r];
    }
    kernels->sigmoid(hess != NULL ? n : 0, eta, eta); /* of this one */
    for (size_t r = 0; hess != NULL && r < n; r++) {
        eta[r] *= term[r]; /* the variance */
    }
    for (size_t k = 0; hess != NULL && k < p; k++) {
        for (size_t l = 0; l <= k; l++) {
            double sum = 0.0;
            for (size_t r = 0; r < n; r++) {
                sum += x[r * p + k] * x[r * p + l] * eta[r];
            }
            hess[k * p + l] -= sum;
            hess[l * p + k] = hess[k * p + l];
        }
    }
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const logistic *m = self;
    const size_t p = m->p;
    const double inv_var = 1.0 / (m->prior_sd * m->prior_sd);
    (void)row;
    (void)log_prior(self, 1, 1, z, value);
    for (size_t k = 0; grad != NULL && k < p; k++) {
        grad[k] = -z[k] * inv_var;
    }
    if (hess != NULL) {
        jn_model_scaled_identity(p, -inv_var, hess);
    }
    for (size_t r = 0; r < m->n; r += CHUNK) {
        add_rows(m, r, m->n - r < CHUNK ? m->n - r : CHUNK, z, value, grad, hess);
    }
    return JN_OK;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const logistic *m = self;
    for (size_t k = 0; k < m->p; k++) {
        for (size_t i = 0; i < n; i++) {
            z[k * ld + i] = m->prior_sd * base[k * ld + i];
        }
    }
    return JN_OK;
}

static jn_status prior_gaussian(const void *self, double *mean, double *cov)
{
    const logistic *m = self;
    if (mean != NULL) {
        memset(mean, 0, m->p * sizeof *mean);
    }
    if (cov != NULL) {
        jn_model_scaled_identity(m->p, m->prior_sd * m->prior_sd, cov);
    }
    return JN_OK;
}

/* The log-likelihood falls at most linearly: the prior alone bends the tail. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const logistic *m = self;
    (void)row;
    jn_model_scaled_identity(m->p, 1.0 / (m->prior_sd * m->prior_sd), precision);
    return JN_OK;
}

/* The log-likelihood is bounded by a linear function on both sides, the prior is Gaussian. */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    (void)self;
    (void)row;
    (void)n;
    return true;
}

static const jn_density density = {
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .prior_map = prior_map,
    .prior_gaussian = prior_gaussian,
    .tail_precision = tail_precision,
    .tail_everywhere = true,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
    .log_concave = true,
};

static void destroy(void *self)
{
    logistic *m = self;
    if (m != NULL) {
        free(m->flipped_x);
        free(m);
    }
}

/* Column y as signs: 0 is +1, 1 is -1. */
static jn_status read_signs(const jn_table *data, size_t col, double *sign, jn_error *err)
{
    const jn_status status = jn_table_numbers(data, col, sign, err);
    if (status < 0) {
        return status;
    }
    for (size_t r = 0; r < data->n_rows; r++) {
        if (sign[r] != 0.0 && sign[r] != 1.0) {
            char where[256], found[32];
            return jn_error_set(err, JN_ERR_VALUE, "%s, column y: found '%s', expected 0 or 1",
                                jn_table_where(data, r, where, sizeof where),
                                jn_table_text(data, r, col, found));
        }
        sign[r] = 1.0 - 2.0 * sign[r];
    }
    return JN_OK;
}

static jn_status read_design(logistic *m, const jn_table *data, size_t y, bool intercept,
                             double *sign, double *column, jn_error *err)
{
    jn_status status = read_signs(data, y, sign, err);
    size_t k = 0;
    for (size_t r = 0; status == JN_OK && intercept && r < m->n; r++) {
        m->flipped_x[r * m->p] = sign[r];
    }
    k += intercept;
    for (size_t c = 0; status == JN_OK && c < data->n_cols; c++) {
        if (c == y) {
            continue;
        }
        status = jn_table_numbers(data, c, column, err);
        for (size_t r = 0; status == JN_OK && r < m->n; r++) {
            m->flipped_x[r * m->p + k] = sign[r] * column[r];
        }
        k++;
    }
    return status;
}

static jn_status read_data(logistic *m, const jn_table *data, bool intercept, jn_error *err)
{
    const ptrdiff_t y = jn_table_find(data, "y");
    if (y == JN_NO_COLUMN) {
        return jn_error_set(err, JN_ERR_VALUE, "%s has no column 'y' (the outcome, 0 or 1)",
                            data->origin);
    }
    m->n = data->n_rows;
    m->p = data->n_cols - 1 + intercept;
    if (m->p == 0) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s has no covariate beside y, and intercept is 0: nothing to infer",
                            data->origin);
    }
    double *sign = jn_alloc_doubles(2 * m->n);
    m->flipped_x = jn_alloc_doubles(m->n * m->p);
    const jn_status status =
        sign == NULL || m->flipped_x == NULL
            ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the design matrix")
            : read_design(m, data, (size_t)y, intercept, sign, sign + m->n, err);
    free(sign);
    return status;
}

static jn_base uniform(const void *self)
{
    (void)self;
    return JN_BASE_UNIFORM;
}

/* The model is bound to y = 0, for which no row is flipped. */
static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const logistic *m = self;
    (void)row;
    (void)t;
    for (size_t r = 0; r < m->n; r++) {
        double eta = 0.0;
        for (size_t k = 0; k < m->p; k++) {
            eta += m->flipped_x[r * m->p + k] * z[k * ld];
        }
        cells->x[r] = cells->base[r] * (1.0 + exp(-eta)) < 1.0 ? 1.0 : 0.0;
    }
    return JN_OK;
}

static const jn_simulator simulator = {
    .column = "y", .takes_design = true, .base = uniform, .draw = draw
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    size_t intercept = 1;
    logistic *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_model_count(params, "intercept", 0, 1, &intercept, err);
    if (status == JN_OK) { /* bounds that keep the square a normal number */
        status = jn_params_number(params, "prior_sd", 1e-150, 1e150, &m->prior_sd, err);
    }
    if (status == JN_OK) {
        status = read_data(m, data, intercept == 1, err);
    }
    model->n_obs = 1;
    model->dim = m->p;
    model->density = &density;
    return status;
}

const jn_model_type jn_model_logistic = {
    .name = "logistic",
    .summary = "logistic regression: y ~ Bernoulli(logit^-1(X beta)), beta ~ N(0, prior_sd^2 I)",
    .data = "y (0 or 1), covariates; the whole table is one observation",
    .exact = "quadrature about the mode",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
