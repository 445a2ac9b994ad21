/* z ~ Beta(a, b), y | z ~ Binomial(n, z): the posterior is Beta(a + y, b + n - y). */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/beta_quantile.h"
#include "model/columns.h"
#include "model/count_quantile.h"
#include "model/log_densities.h"
#include "model/models.h"

typedef struct beta_binomial {
    size_t n_obs;
    double a, b, prior_peak;
    double *y, *trials, *peak; /* n_obs each: jn_log_binomial_peak */
} beta_binomial;

/* 1 - z has no digits below 1e-16, where Beta(a, b) keeps a mass of the order of 1e-16^b. */
static const double least_a = 0.05, least_b = 0.5, most = 1e6, most_trials = 1e9;

static const jn_param_spec specs[] = {
    { "a", "number in [0.05, 1e6]", "1", "first shape of the prior" },
    { "b", "number in [0.5, 1e6]", "1", "second shape of the prior" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_UNIT;
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const beta_binomial *m = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = jn_log_beta_density(m->a, m->b, m->prior_peak, z[i]);
    }
    return JN_OK;
}

static double likelihood_at(const beta_binomial *m, size_t row, double z)
{
    const bool outside = z < 0.0 || z > 1.0;
    return outside ? -INFINITY : jn_log_binomial(m->y[row], m->trials[row], m->peak[row], z);
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
    const beta_binomial *m = self;
    const double up = m->a + m->y[row] - 1.0, down = m->b + (m->trials[row] - m->y[row]) - 1.0;
    const double x = z[0], rest = 1.0 - z[0];
    *value = jn_log_beta_density(m->a, m->b, m->prior_peak, x) + likelihood_at(m, row, x);
    if (grad != NULL) {
        grad[0] = up / x - down / rest;
    }
    if (hess != NULL) {
        hess[0] = -up / (x * x) - down / (rest * rest);
    }
    return JN_OK;
}

static void map_to_beta(double a, double b, size_t n, const double *base, double *z)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = jn_beta_quantile(a, b, base[i]);
    }
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const beta_binomial *m = self;
    (void)ld;
    map_to_beta(m->a, m->b, n, base, z);
    return JN_OK;
}

/* log B(a, b), and the sizes of its terms added to *size. */
static double log_beta(double a, double b, double *size)
{
    const double peak = jn_log_beta_peak(a, b);
    const double first = -a * log1p(b / a), second = -b * log1p(a / b);
    *size += fabs(peak) + fabs(first) + fabs(second);
    return first + second - peak;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const beta_binomial *m = self;
    const double y = m->y[row], fails = m->trials[row] - y;
    double size = 1.0, choose = 0.0;
    if (y > 0.0 && fails > 0.0) {
        const double log_n1 = log(m->trials[row] + 1.0);
        choose = -log_n1 - log_beta(y + 1.0, fails + 1.0, &size);
        size += log_n1;
    }
    const double value = choose + log_beta(m->a + y, m->b + fails, &size) -
                         log_beta(m->a, m->b, &size);
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
    const beta_binomial *m = self;
    (void)ld;
    map_to_beta(m->a + m->y[row], m->b + (m->trials[row] - m->y[row]), n, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const beta_binomial *m = self;
    const double a = m->a + m->y[row], b = m->b + (m->trials[row] - m->y[row]);
    const double peak = jn_log_beta_peak(a, b);
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = jn_log_beta_density(a, b, peak, z[i]);
    }
    return JN_OK;
}

/* The joint falls linearly in logit z on both sides. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    (void)self;
    (void)row;
    precision[0] = 0.0;
    return JN_OK;
}

/* E z^(n y) (1 - z)^(n (trials - y)) */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const beta_binomial *m = self;
    return m->a + n * m->y[row] > 0.0 && m->b + n * (m->trials[row] - m->y[row]) > 0.0;
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
    .tail_everywhere = true,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
    .log_concave = true, /* in logit z, Jacobian included */
};

static void destroy(void *self)
{
    beta_binomial *m = self;
    if (m != NULL) {
        free(m->y);
        free(m);
    }
}

static jn_status read_data(beta_binomial *m, const jn_table *data, jn_error *err)
{
    size_t y, n;
    jn_status status = jn_column_find(data, "y", "the number of successes", &y, err);
    if (status == JN_OK) {
        status = jn_column_find(data, "n", "the number of trials", &n, err);
    }
    if (status < 0) {
        return status;
    }
    m->n_obs = data->n_rows;
    m->y = jn_alloc_doubles(3 * m->n_obs);
    if (m->y == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the data");
    }
    m->trials = m->y + m->n_obs;
    m->peak = m->trials + m->n_obs;
    status = jn_column_counts(data, n, 0.0, most_trials, "a whole number, 0 to 1e9", m->trials,
                              err);
    if (status == JN_OK) {
        status = jn_column_counts(data, y, 0.0, most_trials, "a whole number, 0 to n", m->y, err);
    }
    for (size_t r = 0; status == JN_OK && r < m->n_obs; r++) {
        if (m->y[r] > m->trials[r]) {
            return jn_column_refuse(data, r, y, "a whole number, 0 to n", err);
        }
        m->peak[r] = jn_log_binomial_peak(m->y[r], m->trials[r]);
    }
    return status;
}

static jn_base uniform(const void *self)
{
    (void)self;
    return JN_BASE_UNIFORM;
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const beta_binomial *m = self;
    (void)t;
    (void)ld;
    cells->x[row] = jn_binomial_quantile(m->trials[row], z[0], cells->base[row]);
    return JN_OK;
}

static const jn_simulator simulator = {
    .column = "y", .design = "n", .takes_design = true, .base = uniform, .draw = draw
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    static const char *const used[] = { "y", "n" };
    beta_binomial *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_params_number(params, "a", least_a, most, &m->a, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "b", least_b, most, &m->b, err);
    }
    if (status == JN_OK) {
        status = read_data(m, data, err);
    }
    if (status < 0) {
        return status;
    }
    m->prior_peak = jn_log_beta_peak(m->a, m->b);
    jn_columns_note_unused(data, used, 2, model);
    model->n_obs = m->n_obs;
    model->dim = 1;
    model->density = &density;
    return JN_OK;
}

const jn_model_type jn_model_beta_binomial = {
    .name = "beta-binomial",
    .summary = "z ~ Beta(a, b), y | z ~ Binomial(n, z)",
    .data = "columns y, n; a row is an observation",
    .exact = "closed form",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
