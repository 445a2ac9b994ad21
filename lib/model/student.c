/* A product of standard Student t densities. No data, no split. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/beta_quantile.h"
#include "model/log_densities.h"
#include "model/models.h"

typedef struct student {
    size_t dim;
    double df;
    double constant; /* log density of one coordinate at 0 */
} student;

static const jn_param_spec specs[] = {
    { "dim", "whole number >= 1", "1", "coordinates of z" },
    { "df", "number in [0.1, 1e6]", "3", "degrees of freedom" },
};

/* log(1 + z^2 / df), where z^2 may overflow */
static double log_growth(double z, double df)
{
    const double r = fabs(z) / sqrt(df);
    return r < 1e8 ? log1p(r * r) : 2.0 * log(r);
}

static void density_at(const student *m, size_t n, size_t ld, const double *z, double *out)
{
    const double power = 0.5 * (m->df + 1.0);
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)m->dim * m->constant;
    }
    for (size_t j = 0; j < m->dim; j++) {
        for (size_t i = 0; i < n; i++) {
            out[i] -= power * log_growth(z[j * ld + i], m->df);
        }
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
    const student *m = self;
    const size_t d = m->dim;
    (void)row;
    density_at(m, 1, 1, z, value);
    if (hess != NULL) {
        memset(hess, 0, d * d * sizeof *hess);
    }
    for (size_t j = 0; j < d; j++) {
        const double bottom = m->df + z[j] * z[j]; /* infinite far out: the quotients are 0 */
        const double slope = isinf(bottom) ? 0.0 : -(m->df + 1.0) * z[j] / bottom;
        if (grad != NULL) {
            grad[j] = slope;
        }
        if (hess != NULL) {
            hess[j * d + j] = -(m->df + 1.0) / bottom + 2.0 / (m->df + 1.0) * slope * slope;
        }
    }
    return JN_OK;
}

static jn_base posterior_base(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_BASE_UNIFORM;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const student *m = self;
    (void)row;
    for (size_t j = 0; j < m->dim; j++) {
        for (size_t i = 0; i < n; i++) {
            z[j * ld + i] = jn_student_quantile(m->df, base[j * ld + i]);
        }
    }
    return JN_OK;
}

/* Logarithmic tails. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const student *m = self;
    (void)row;
    memset(precision, 0, m->dim * m->dim * sizeof *precision);
    return JN_OK;
}

static const jn_density density = {
    .log_prior = jn_model_no_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .evidence = jn_model_normalised,
    .posterior_base = posterior_base,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .tail_precision = tail_precision,
    .tail_everywhere = true,
    .has_split = false,
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    enum { MOST = 65536 };
    (void)data;
    student *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_model_count(params, "dim", 1, MOST, &m->dim, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "df", 0.1, 1e6, &m->df, err);
    }
    if (status < 0) {
        return status;
    }
    m->constant = jn_log_student_peak(m->df);
    model->n_obs = 1;
    model->dim = m->dim;
    model->density = &density;
    return JN_OK;
}

const jn_model_type jn_model_student = {
    .name = "student",
    .summary = "a product of standard Student t densities with df degrees of freedom",
    .exact = "normalised by construction: log p(x) = 0",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = free,
};
