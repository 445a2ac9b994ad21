/* z ~ Cat(weights), x | z ~ N(means_z, diag(sds_z^2)): everything is a finite sum over z. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/discrete.h"
#include "model/models.h"

typedef struct mixture {
    size_t n, D, C;        /* rows, columns of x, components */
    double *x;             /* n x D */
    double *means, *sds;   /* C x D */
    double *log_weight;    /* C */
    double *log_norm;      /* C: -D/2 log 2pi - sum log sd */
    double *log_lik;       /* n x C */
    double *log_posterior; /* n x C */
    double *log_evidence;  /* n */
} mixture;

static const jn_param_spec specs[] = {
    { "weights", "C numbers that sum to 1", NULL,
      "probabilities of the components (default equal)" },
    { "means", "C x D", NULL, "a row a component" },
    { "sds", "number, or C x D", "1", "standard deviations, a row a component" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_DISCRETE;
}

static size_t n_states(const void *self)
{
    return ((const mixture *)self)->C;
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const mixture *m = self;
    (void)ld;
    jn_discrete_look_up(m->C, m->log_weight, n, z, out);
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const mixture *m = self;
    (void)ld;
    for (size_t r = 0; r < rows.count; r++) {
        jn_discrete_look_up(m->C, m->log_lik + (rows.first + r) * m->C, n, z, out + r * ld_out);
    }
    return JN_OK;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const mixture *m = self;
    (void)ld;
    jn_discrete_invert(m->C, m->log_weight, n, base, z);
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const mixture *m = self;
    const double value = m->log_evidence[row];
    double size = 4.0;
    for (size_t k = 0; k < m->C; k++) { /* each component by its share of the sum */
        const double share = exp(m->log_posterior[row * m->C + k]);
        if (share > 0.0) {
            size += share * (fabs(m->log_norm[k]) + fabs(m->log_lik[row * m->C + k]) +
                             fabs(m->log_weight[k]));
        }
    }
    *out = (jn_estimate){ .value = value,
                          .error = isinf(value) ? 0.0
                                                : DBL_EPSILON * ((double)(m->D + m->C + 4) * size),
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "finite sum" };
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const mixture *m = self;
    (void)ld;
    if (m->log_evidence[row] == -INFINITY) {
        return JN_ERR_VALUE; /* x is impossible to doubles: there is no posterior */
    }
    jn_discrete_invert(m->C, m->log_posterior + row * m->C, n, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const mixture *m = self;
    (void)ld;
    if (m->log_evidence[row] == -INFINITY) {
        return JN_ERR_VALUE;
    }
    jn_discrete_look_up(m->C, m->log_posterior + row * m->C, n, z, out);
    return JN_OK;
}

static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const mixture *m = self;
    return jn_discrete_moment_finite(m->C, m->log_weight, m->log_lik + row * m->C, n);
}

static const jn_density density = {
    .support = support,
    .n_states = n_states,
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .prior_map = prior_map,
    .evidence = evidence,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
};

static void destroy(void *self)
{
    mixture *m = self;
    if (m != NULL) {
        free(m->x);
        free(m->means);
        free(m->sds);
        free(m->log_weight);
        free(m->log_norm);
        free(m->log_lik);
        free(m->log_posterior);
        free(m->log_evidence);
        free(m);
    }
}

/* How many rows `name` has, a plain list counting as a column where D is 1. */
static size_t components_of(const jn_params *params, const char *name, size_t D)
{
    size_t rows, cols;
    jn_params_shape(params, name, &rows, &cols);
    return D == 1 && rows == 1 ? cols : rows;
}

static jn_status count_components(mixture *m, const jn_params *params, jn_error *err)
{
    if (jn_params_find(params, "means") == NULL) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "means is needed: a row a component, %zu number%s each, rows separated "
                            "by ';'",
                            m->D, m->D == 1 ? "" : "s");
    }
    m->C = components_of(params, "means", m->D);
    return m->C > 0 ? JN_OK
                    : jn_error_set(err, JN_ERR_VALUE, "means = '%s': need C x %zu numbers",
                                   jn_params_find(params, "means")->word, m->D);
}

static jn_status read_rows(const mixture *m, const jn_params *params, const char *name, double lo,
                           double *out, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, name, &rows, &cols);
    return (rows == 1 && cols == 1) || (m->D == 1 && rows == 1)
               ? jn_params_vector(params, name, m->C * m->D, lo, INFINITY, out, err)
               : jn_params_matrix(params, name, m->C, m->D, lo, INFINITY, out, err);
}

static jn_status read_params(mixture *m, const jn_params *params, jn_error *err)
{
    jn_status status = read_rows(m, params, "means", -INFINITY, m->means, err);
    if (status == JN_OK) {
        status = read_rows(m, params, "sds", nextafter(0.0, 1.0), m->sds, err);
    }
    if (status == JN_OK && jn_params_find(params, "weights") != NULL) {
        size_t rows, cols; /* a scalar would be spread over all components */
        jn_params_shape(params, "weights", &rows, &cols);
        status = rows * cols == 1 && m->C > 1
                     ? jn_error_set(err, JN_ERR_VALUE,
                                    "weights is one number: need %zu, one a row of means", m->C)
                     : jn_params_vector(params, "weights", m->C, -INFINITY, INFINITY, m->log_weight,
                                        err);
    } else {
        for (size_t k = 0; k < m->C; k++) {
            m->log_weight[k] = 1.0 / (double)m->C;
        }
    }
    if (status == JN_OK) {
        status = jn_discrete_normalise(m->C, m->log_weight, err);
    }
    for (size_t k = 0; status == JN_OK && k < m->C; k++) {
        m->log_weight[k] = log(m->log_weight[k]);
    }
    return status;
}

static jn_status allocate(mixture *m, jn_error *err)
{
    m->means = jn_alloc_doubles(m->C * m->D);
    m->sds = jn_alloc_doubles(m->C * m->D);
    m->log_weight = jn_alloc_doubles(m->C);
    m->log_norm = jn_alloc_doubles(m->C);
    m->log_lik = jn_alloc_doubles(m->n * m->C);
    m->log_posterior = jn_alloc_doubles(m->n * m->C);
    m->log_evidence = jn_alloc_doubles(m->n);
    const bool fine = m->means != NULL && m->sds != NULL && m->log_weight != NULL &&
                      m->log_norm != NULL && m->log_lik != NULL && m->log_posterior != NULL &&
                      m->log_evidence != NULL;
    return fine ? JN_OK : jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu components", m->C);
}

/* The latent is finite: all there is to know of a row is C numbers. */
static void tabulate(mixture *m)
{
    for (size_t k = 0; k < m->C; k++) {
        m->log_norm[k] = -0.5 * (double)m->D * JN_LOG_2PI;
        for (size_t j = 0; j < m->D; j++) {
            m->log_norm[k] -= log(m->sds[k * m->D + j]);
        }
    }
    for (size_t r = 0; r < m->n; r++) {
        double *log_lik = m->log_lik + r * m->C;
        for (size_t k = 0; k < m->C; k++) {
            double quad = 0.0;
            for (size_t j = 0; j < m->D; j++) {
                const double e = (m->x[r * m->D + j] - m->means[k * m->D + j]) /
                                 m->sds[k * m->D + j];
                quad += e * e;
            }
            log_lik[k] = m->log_norm[k] - 0.5 * quad;
        }
        (void)jn_discrete_posterior(m->C, m->log_weight, log_lik, m->log_posterior + r * m->C,
                                    m->log_evidence + r);
    }
}

static size_t n_columns(const jn_params *params)
{
    size_t rows, cols;
    jn_params_shape(params, "means", &rows, &cols);
    return rows == 1 ? 1 : cols; /* a plain list: components of one column */
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const mixture *m = self;
    const size_t k = (size_t)z[0];
    (void)t;
    (void)ld;
    for (size_t j = 0; j < m->D; j++) {
        const size_t at = j * cells->n_rows + row;
        cells->x[at] = m->means[k * m->D + j] + m->sds[k * m->D + j] * cells->base[at];
    }
    return JN_OK;
}

static const jn_simulator simulator = { .column = "x", .n_columns = n_columns, .draw = draw };

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    mixture *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    m->D = data->n_cols;
    jn_status status = count_components(m, params, err);
    if (status == JN_OK) {
        status = jn_model_read_all(data, &m->x, err);
    }
    if (status == JN_OK) {
        status = allocate(m, err);
    }
    if (status == JN_OK) {
        status = read_params(m, params, err);
    }
    if (status < 0) {
        return status;
    }
    tabulate(m);
    model->n_obs = m->n;
    model->dim = 1;
    model->density = &density;
    return JN_OK;
}

const jn_model_type jn_model_gaussian_mixture = {
    .name = "gaussian-mixture",
    .summary = "z ~ Cat(weights), x | z ~ N(means_z, diag(sds_z^2))",
    .data = "rows of x, all columns",
    .exact = "finite sum",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
