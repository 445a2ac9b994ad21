/* Neal's funnel: z_1 ~ N(0, scale^2), z_j | z_1 ~ N(0, e^{z_1}) for j > 1. No data, no split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/models.h"

typedef struct funnel {
    size_t dim;
    double scale;
} funnel;

static const jn_param_spec specs[] = {
    { "dim", "whole number >= 2", "2", "coordinates of z" },
    { "scale", "number in [1e-100, 100]", "3",
      "standard deviation of z_1, the log variance of the rest" },
};

/* z / sd, where 0 stays 0 whatever the overflow of 1 / sd. */
static double over(double z, double inverse_sd)
{
    return z == 0.0 ? 0.0 : z * inverse_sd;
}

static void density_at(const funnel *m, size_t n, size_t ld, const double *z, double *out)
{
    const double constant = -0.5 * (double)m->dim * JN_LOG_2PI - log(m->scale);
    for (size_t i = 0; i < n; i++) {
        const double e = z[i] / m->scale, inverse_sd = exp(-0.5 * z[i]);
        double square = e * e;
        for (size_t j = 1; j < m->dim; j++) {
            const double r = over(z[j * ld + i], inverse_sd);
            square += r * r;
        }
        out[i] = constant - 0.5 * ((double)(m->dim - 1) * z[i] + square);
    }
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    (void)ld_out; /* one observation */
    if (rows.count > 0) {
        density_at(self, n, ld, z, out);
    }
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    (void)row;
    density_at(self, n, ld, z, out);
    return JN_OK;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const funnel *m = self;
    const size_t d = m->dim;
    const double inv_var = 1.0 / (m->scale * m->scale), inverse_sd = exp(-0.5 * z[0]);
    double square = 0.0;
    (void)row;
    density_at(m, 1, 1, z, value);
    if (hess != NULL) {
        memset(hess, 0, d * d * sizeof *hess);
    }
    for (size_t j = 1; j < d; j++) {
        const double r = over(z[j], inverse_sd);
        square += r * r;
        if (grad != NULL) {
            grad[j] = -over(r, inverse_sd);
        }
        if (hess != NULL) {
            hess[j * d + j] = -inverse_sd * inverse_sd;
            hess[j] = hess[j * d] = over(r, inverse_sd);
        }
    }
    if (grad != NULL) {
        grad[0] = -z[0] * inv_var - 0.5 * ((double)(d - 1) - square);
    }
    if (hess != NULL) {
        hess[0] = -inv_var - 0.5 * square;
    }
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const funnel *m = self;
    (void)row;
    for (size_t i = 0; i < n; i++) {
        z[i] = m->scale * base[i];
        const double sd = exp(0.5 * z[i]);
        for (size_t j = 1; j < m->dim; j++) {
            z[j * ld + i] = sd * base[j * ld + i];
        }
    }
    return JN_OK;
}

/* Along rays into the mouth (z_1 > 0) only the Gaussian of z_1 bends the tail. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const funnel *m = self;
    (void)row;
    memset(precision, 0, m->dim * m->dim * sizeof *precision);
    precision[0] = 1.0 / (m->scale * m->scale);
    return JN_OK;
}

static const jn_density density = {
    .log_prior = jn_model_no_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .evidence = jn_model_normalised,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .tail_precision = tail_precision,
    .has_split = false,
    .rugged = true,
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    enum { MOST = 65536 };
    (void)data;
    funnel *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_model_count(params, "dim", 2, MOST, &m->dim, err);
    if (status == JN_OK) { /* above 100 the sd of z_j leaves the range of doubles within reach */
        status = jn_params_number(params, "scale", 1e-100, 100.0, &m->scale, err);
    }
    model->n_obs = 1;
    model->dim = m->dim;
    model->density = &density;
    return status;
}

const jn_model_type jn_model_funnel = {
    .name = "funnel",
    .summary = "Neal's funnel: z_1 ~ N(0, scale^2), z_j | z_1 ~ N(0, e^{z_1})",
    .exact = "normalised by construction: log p(x) = 0",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = free,
};
