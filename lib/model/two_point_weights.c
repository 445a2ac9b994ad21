/* W = values_k with probability weights_k, any number of points: an oracle law of weights. As a
 * model: z is the index k, log p(x | z) = log values_z, and p(x) = sum of weights_k values_k. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/discrete.h"
#include "model/models.h"

typedef struct point_weights {
    size_t n;
    double *log_weight, *log_value, *log_posterior; /* n each, one block */
    double log_evidence, size;                      /* size: of the terms, for the rounding bound */
} point_weights;

static const jn_param_spec specs[] = {
    { "values", "C numbers >= 0", "8,0.22222222222222221", "the values that W takes" },
    { "weights", "C numbers that sum to 1", "0.1,0.9", "their probabilities" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_DISCRETE;
}

static size_t n_states(const void *self)
{
    return ((const point_weights *)self)->n;
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const point_weights *m = self;
    (void)ld;
    jn_discrete_look_up(m->n, m->log_weight, n, z, out);
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const point_weights *m = self;
    (void)ld;
    (void)ld_out; /* one observation */
    if (rows.count > 0) {
        jn_discrete_look_up(m->n, m->log_value, n, z, out);
    }
    return JN_OK;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const point_weights *m = self;
    (void)ld;
    jn_discrete_invert(m->n, m->log_weight, n, base, z);
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const point_weights *m = self;
    (void)row;
    *out = (jn_estimate){ .value = m->log_evidence,
                          .error = (double)(m->n + 4) * DBL_EPSILON * m->size,
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "finite sum" };
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const point_weights *m = self;
    (void)row;
    (void)ld;
    jn_discrete_invert(m->n, m->log_posterior, n, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const point_weights *m = self;
    (void)row;
    (void)ld;
    jn_discrete_look_up(m->n, m->log_posterior, n, z, out);
    return JN_OK;
}

static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const point_weights *m = self;
    (void)row;
    return jn_discrete_moment_finite(m->n, m->log_weight, m->log_value, n);
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
    point_weights *m = self;
    if (m != NULL) {
        free(m->log_weight);
        free(m);
    }
}

static jn_status read_points(point_weights *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, "weights", &rows, &cols);
    if (rows * cols != m->n) { /* also a scalar, which would be spread */
        return jn_error_set(err, JN_ERR_VALUE, "%zu weights for %zu values: need as many",
                            rows * cols, m->n);
    }
    jn_status status = jn_params_vector(params, "values", m->n, 0.0, INFINITY, m->log_value, err);
    if (status == JN_OK) {
        status = jn_params_vector(params, "weights", m->n, -INFINITY, INFINITY, m->log_weight, err);
    }
    if (status == JN_OK) {
        status = jn_discrete_normalise(m->n, m->log_weight, err);
    }
    for (size_t k = 0; status == JN_OK && k < m->n; k++) {
        m->log_value[k] = log(m->log_value[k]);
        m->log_weight[k] = log(m->log_weight[k]);
    }
    if (status == JN_OK && jn_discrete_posterior(m->n, m->log_weight, m->log_value,
                                                 m->log_posterior, &m->log_evidence) < 0) {
        status = jn_error_set(err, JN_ERR_VALUE, "every value with a weight is 0: p(x) would be 0");
    }
    return status;
}

static void measure(point_weights *m)
{
    m->size = 1.0 + fabs(m->log_evidence);
    for (size_t k = 0; k < m->n; k++) {
        const double share = exp(m->log_posterior[k]);
        m->size += share > 0.0 ? share * (fabs(m->log_weight[k]) + fabs(m->log_value[k])) : 0.0;
    }
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    (void)data;
    size_t rows, cols;
    jn_params_shape(params, "values", &rows, &cols);
    if (rows * cols == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "values = '%s': need numbers",
                            jn_params_find(params, "values")->word);
    }
    point_weights *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = rows * cols;
    m->log_weight = jn_alloc_doubles(3 * m->n);
    if (m->log_weight == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu points", m->n);
    }
    m->log_value = m->log_weight + m->n;
    m->log_posterior = m->log_value + m->n;
    const jn_status status = read_points(m, params, err);
    if (status < 0) {
        return status;
    }
    measure(m);
    model->n_obs = 1;
    model->dim = 1;
    model->density = &density;
    return JN_OK;
}

static const char *own_proposal(const void *self, jn_params *params)
{
    (void)self;
    (void)params;
    return "prior";
}

const jn_model_type jn_model_two_point_weights = {
    .name = "two-point-weights",
    .summary = "oracle: with its prior as q the weights are W = values_k with chance weights_k",
    .exact = "finite sum",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .own_proposal = own_proposal,
};
