/* z_1 ~ N(0, sd^2), z_2 | z_1 ~ N(curvature (z_1^2 - sd^2), 1). No data, no split. */
#include <math.h>
#include <stdlib.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/models.h"

typedef struct banana {
    double sd, curvature;
} banana;

static const jn_param_spec specs[] = {
    { "sd", "number in [1e-100, 1e100]", "1", "standard deviation of z_1" },
    { "curvature", "number", "1", "bend: the mean of z_2 is curvature (z_1^2 - sd^2)" },
};

static double ridge(const banana *m, double x)
{
    return m->curvature * (x - m->sd) * (x + m->sd);
}

static void density_at(const banana *m, size_t n, size_t ld, const double *z, double *out)
{
    const double constant = -JN_LOG_2PI - log(m->sd);
    for (size_t i = 0; i < n; i++) {
        const double e = z[i] / m->sd, r = z[ld + i] - ridge(m, z[i]);
        out[i] = constant - 0.5 * (e * e + r * r);
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
    const banana *m = self;
    const double inv_var = 1.0 / (m->sd * m->sd), slope = 2.0 * m->curvature * z[0];
    const double r = z[1] - ridge(m, z[0]);
    (void)row;
    density_at(m, 1, 1, z, value);
    if (grad != NULL) {
        grad[0] = -z[0] * inv_var + r * slope;
        grad[1] = -r;
    }
    if (hess != NULL) {
        hess[0] = -inv_var - slope * slope + 2.0 * m->curvature * r;
        hess[1] = hess[2] = slope;
        hess[3] = -1.0;
    }
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const banana *m = self;
    (void)row;
    for (size_t i = 0; i < n; i++) {
        z[i] = m->sd * base[i];
        z[ld + i] = ridge(m, z[i]) + base[ld + i];
    }
    return JN_OK;
}

/* The slowest fall is along the parabola, linear in z_2: no matrix says that. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const banana *m = self;
    (void)row;
    if (m->curvature != 0.0) {
        return JN_ERR_UNSUPPORTED;
    }
    jn_model_scaled_identity(2, 1.0, precision);
    precision[0] = 1.0 / (m->sd * m->sd);
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
    (void)data;
    banana *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_params_number(params, "sd", 1e-100, 1e100, &m->sd, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "curvature", -1e100, 1e100, &m->curvature, err);
    }
    model->n_obs = 1;
    model->dim = 2;
    model->density = &density;
    return status;
}

const jn_model_type jn_model_banana = {
    .name = "banana",
    .summary = "z_1 ~ N(0, sd^2), z_2 | z_1 ~ N(curvature (z_1^2 - sd^2), 1)",
    .exact = "normalised by construction: log p(x) = 0",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = free,
};
