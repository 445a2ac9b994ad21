/* p = N(0, I) and its own q = N(0, s^2 I): an oracle for the tail of weights (shape k = 1 - s^2 in
 * every dimension). p has no split into likelihood and prior; log p(x) = 0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/models.h"

typedef struct gaussian_scale {
    size_t dim;
    double s;
} gaussian_scale;

static const jn_param_spec specs[] = {
    { "dim", "whole number >= 1", "2", "coordinates of z" },
    { "s", "number > 0", "0.6", "standard deviation of the model's own q" },
};

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    (void)self;
    (void)ld;
    (void)z;
    memset(out, 0, n * sizeof *out);
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const gaussian_scale *m = self;
    (void)ld_out; /* one observation */
    if (rows.count > 0) {
        jn_model_normal_prior(m->dim, n, ld, z, out);
    }
    return JN_OK;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const gaussian_scale *m = self;
    (void)row;
    jn_model_normal_prior(m->dim, 1, 1, z, value);
    for (size_t j = 0; grad != NULL && j < m->dim; j++) {
        grad[j] = -z[j];
    }
    if (hess != NULL) {
        jn_model_scaled_identity(m->dim, -1.0, hess);
    }
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    (void)self;
    (void)row;
    *out = (jn_estimate){ .dof = NAN, .kind = JN_EXACT, .method = "closed form" };
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const gaussian_scale *m = self;
    (void)row;
    jn_model_copy_points(m->dim, n, ld, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const gaussian_scale *m = self;
    (void)row;
    jn_model_normal_prior(m->dim, n, ld, z, out);
    return JN_OK;
}

static jn_status posterior_gaussian(const void *self, size_t row, double *mean, double *cov)
{
    const gaussian_scale *m = self;
    (void)row;
    if (mean != NULL) {
        memset(mean, 0, m->dim * sizeof *mean);
    }
    if (cov != NULL) {
        jn_model_scaled_identity(m->dim, 1.0, cov);
    }
    return JN_OK;
}

static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const gaussian_scale *m = self;
    (void)row;
    jn_model_scaled_identity(m->dim, 1.0, precision);
    return JN_OK;
}

static const jn_density density = {
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .evidence = evidence,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .posterior_gaussian = posterior_gaussian,
    .tail_precision = tail_precision,
    .tail_everywhere = true,
    .has_split = false,
    .log_concave = true,
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    enum { MOST = 65536 };
    (void)data;
    gaussian_scale *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_model_count(params, "dim", 1, MOST, &m->dim, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "s", nextafter(0.0, 1.0), INFINITY, &m->s, err);
    }
    model->n_obs = 1;
    model->dim = m->dim;
    model->density = &density;
    return status;
}

static const char *own_proposal(const void *self, jn_params *params)
{
    const gaussian_scale *m = self;
    if (jn_params_set_number(params, "mean", 0.0) < 0 ||
        jn_params_set_number(params, "sd", m->s) < 0) {
        return NULL;
    }
    return "gaussian";
}

const jn_model_type jn_model_gaussian_scale = {
    .name = "gaussian-scale",
    .summary = "oracle: p = N(0, I) and q = N(0, s^2 I), weights with a Pareto tail for s < 1",
    .exact = "closed form: log p(x) = 0",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = free,
    .own_proposal = own_proposal,
};
