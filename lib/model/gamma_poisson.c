/* z ~ Gamma(shape, rate), y | z ~ Poisson(z exposure): the posterior is
 * Gamma(shape + y, rate + exposure). */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/columns.h"
#include "model/count_quantile.h"
#include "model/gamma_quantile.h"
#include "model/log_densities.h"
#include "model/models.h"

typedef struct gamma_poisson {
    size_t n_obs;
    double shape, rate, prior_peak;
    double *y, *exposure, *peak; /* n_obs each: jn_log_poisson_peak */
} gamma_poisson;

/* Below 0.05 draws of the prior would underflow to 0 once in 10^15 and, further down, all the time.
 * The range of rates and exposures keeps every product of them a normal number. */
static const double least_shape = 0.05, most_shape = 1e6, tiny = 1e-100, huge_rate = 1e100,
                    most_count = 1e9;

static const jn_param_spec specs[] = {
    { "shape", "number in [0.05, 1e6]", "1", "shape of the prior" },
    { "rate", "number > 0", "1", "rate of the prior: its mean is shape / rate" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_POSITIVE;
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const gamma_poisson *m = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = jn_log_gamma_density(m->shape, m->rate, m->prior_peak, z[i]);
    }
    return JN_OK;
}

static double likelihood_at(const gamma_poisson *m, size_t row, double z)
{
    return z < 0.0 ? -INFINITY : jn_log_poisson(m->y[row], m->peak[row], z * m->exposure[row]);
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    (void)ld;
    for (size_t r = 0; r < rows.count; r++) {
        for (size_t i = 0; i < n; i++) {
            out[r * ld_out + i] = likelihood_at(self, rows.first + r, z[i]);
        }
    }
    return JN_OK;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const gamma_poisson *m = self;
    const double power = m->shape + m->y[row] - 1.0;
    *value = jn_log_gamma_density(m->shape, m->rate, m->prior_peak, z[0]) +
             likelihood_at(m, row, z[0]);
    if (grad != NULL) {
        grad[0] = power / z[0] - (m->rate + m->exposure[row]);
    }
    if (hess != NULL) {
        hess[0] = -power / (z[0] * z[0]);
    }
    return JN_OK;
}

static void map_to_gamma(double shape, double rate, size_t n, const double *base, double *z)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = jn_gamma_quantile(shape, base[i]) / rate;
    }
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const gamma_poisson *m = self;
    (void)ld;
    map_to_gamma(m->shape, m->rate, n, base, z);
    return JN_OK;
}

/* Negative binomial: Gamma(shape + y) / (Gamma(shape) y!) = 1 / (y B(shape, y)) for y > 0. */
static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const gamma_poisson *m = self;
    const double s = m->shape, y = m->y[row], odds = m->exposure[row] / m->rate;
    double term[6] = { -s * log1p(odds) };
    if (y > 0.0) {
        term[1] = jn_log_beta_peak(s, y);
        term[2] = s * log1p(y / s);
        term[3] = y * log1p(s / y);
        term[4] = -y * log1p(1.0 / odds);
        term[5] = -log(y);
    }
    double value = 0.0, size = 1.0;
    for (size_t i = 0; i < 6; i++) {
        value += term[i];
        size += fabs(term[i]);
    }
    *out = (jn_estimate){ .value = value,
                          .error = 4.0 * DBL_EPSILON * size,
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "closed form" };
    return JN_OK;
}

static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const gamma_poisson *m = self;
    (void)ld;
    map_to_gamma(m->shape + m->y[row], m->rate + m->exposure[row], n, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const gamma_poisson *m = self;
    const double shape = m->shape + m->y[row], rate = m->rate + m->exposure[row];
    const double peak = jn_log_gamma_peak(shape);
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = jn_log_gamma_density(shape, rate, peak, z[i]);
    }
    return JN_OK;
}

/* The joint falls linearly as log z goes to the left, faster than any Gaussian to the right. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    (void)self;
    (void)row;
    precision[0] = 0.0;
    return JN_OK;
}

/* E z^(n y) e^(-n exposure z) */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const gamma_poisson *m = self;
    return m->shape + n * m->y[row] > 0.0 && m->rate + n * m->exposure[row] > 0.0;
}

static const jn_density density = {
    .support = support,
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .prior_map = prior_map,
    .evidence = evidence,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .tail_precision = tail_precision,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
    .log_concave = true, /* in log z, Jacobian included */
};

static void destroy(void *self)
{
    gamma_poisson *m = self;
    if (m != NULL) {
        free(m->y);
        free(m);
    }
}

static jn_status read_exposure(gamma_poisson *m, const jn_table *data, jn_error *err)
{
    const ptrdiff_t col = jn_table_find(data, "exposure");
    for (size_t r = 0; col == JN_NO_COLUMN && r < m->n_obs; r++) {
        m->exposure[r] = 1.0;
    }
    return col == JN_NO_COLUMN
               ? JN_OK
               : jn_column_numbers(data, (size_t)col, tiny, huge_rate,
                                   "a number > 0 (1e-100 to 1e100)", m->exposure, err);
}

static jn_status read_data(gamma_poisson *m, const jn_table *data, jn_error *err)
{
    size_t y;
    jn_status status = jn_column_find(data, "y", "the count", &y, err);
    if (status < 0) {
        return status;
    }
    m->n_obs = data->n_rows;
    m->y = jn_alloc_doubles(3 * m->n_obs);
    if (m->y == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the data");
    }
    m->exposure = m->y + m->n_obs;
    m->peak = m->exposure + m->n_obs;
    status = jn_column_counts(data, y, 0.0, most_count, "a whole number, 0 to 1e9", m->y, err);
    for (size_t r = 0; status == JN_OK && r < m->n_obs; r++) {
        m->peak[r] = jn_log_poisson_peak(m->y[r]);
    }
    return status < 0 ? status : read_exposure(m, data, err);
}

static jn_base uniform(const void *self)
{
    (void)self;
    return JN_BASE_UNIFORM;
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const gamma_poisson *m = self;
    (void)t;
    (void)ld;
    cells->x[row] = jn_poisson_quantile(z[0] * m->exposure[row], cells->base[row]);
    return JN_OK;
}

static const jn_simulator simulator = {
    .column = "y", .takes_design = true, .base = uniform, .draw = draw
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    static const char *const used[] = { "y", "exposure" };
    gamma_poisson *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_params_number(params, "shape", least_shape, most_shape, &m->shape, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "rate", tiny, huge_rate, &m->rate, err);
    }
    if (status == JN_OK) {
        status = read_data(m, data, err);
    }
    if (status < 0) {
        return status;
    }
    m->prior_peak = jn_log_gamma_peak(m->shape);
    jn_columns_note_unused(data, used, 2, model);
    model->n_obs = m->n_obs;
    model->dim = 1;
    model->density = &density;
    return JN_OK;
}

const jn_model_type jn_model_gamma_poisson = {
    .name = "gamma-poisson",
    .summary = "z ~ Gamma(shape, rate), y | z ~ Poisson(z exposure)",
    .data = "columns y[, exposure]; a row is an observation",
    .exact = "closed form",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
