/* Stochastic volatility: h_t = mu + phi (h_{t-1} - mu) + sigma e_t, stationary from the start;
 * y_t ~ N(0, e^{h_t}) (variance). */
#include <math.h>
#include <stdlib.h>

#include "base/constants.h"
#include "base/memory.h"
#include "jensen/chain.h"
#include "kernel/kernels.h"
#include "model/columns.h"
#include "model/models.h"
#include "model/series.h"

typedef struct volatility {
    size_t n;
    double *log_y2; /* n: log y^2, -inf where y = 0; on the heap with y */
    double *y;
    double mu, phi, sigma, sd0; /* sd0: of the stationary law */
} volatility;

static const jn_param_spec specs[] = {
    { "mu", "number", "0", "mean of the log-variance h" },
    { "phi", "number in (-1, 1)", "0.95", "persistence of h" },
    { "sigma", "number > 0", "0.25", "standard deviation of a step of h" },
};

static size_t n_steps(const void *self, size_t row)
{
    (void)row; /* one series, one observation */
    return ((const volatility *)self)->n;
}

static jn_status log_initial(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const volatility *m = self;
    jn_gaussian_log_density(1, &m->mu, 0, &m->sd0, n, ld, z, out);
    return JN_OK;
}

static double next_mean(const volatility *m, double from)
{
    return m->mu + m->phi * (from - m->mu);
}

static jn_status log_transition(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *to, double *out)
{
    const volatility *m = self;
    const double constant = -0.5 * JN_LOG_2PI - log(m->sigma), inv = 1.0 / m->sigma;
    (void)t;
    (void)ld; /* one coordinate */
    for (size_t i = 0; i < n; i++) {
        const double e = (to[i] - next_mean(m, from[i])) * inv;
        out[i] = constant - 0.5 * (e * e);
    }
    return JN_OK;
}

/* -1/2 (log 2 pi + h + y^2 e^-h), the last term as e^(log y^2 - h): 0, never 0 times inf, at y = 0.
 */
static jn_status log_emission(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *z, double *out)
{
    const volatility *m = self;
    (void)row;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = m->log_y2[t] - z[i];
    }
    jn_kernels_get()->exp(n, out, out);
    for (size_t i = 0; i < n; i++) {
        out[i] = -0.5 * (JN_LOG_2PI + z[i] + out[i]);
    }
    return JN_OK;
}

static jn_status initial_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const volatility *m = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        z[i] = m->mu + m->sd0 * base[i];
    }
    return JN_OK;
}

static jn_status transition_map(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *base, double *to)
{
    const volatility *m = self;
    (void)t;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        to[i] = next_mean(m, from[i]) + m->sigma * base[i];
    }
    return JN_OK;
}

static jn_status initial_gaussian(const void *self, double *mean, double *root)
{
    const volatility *m = self;
    if (mean != NULL) {
        *mean = m->mu;
    }
    if (root != NULL) {
        *root = m->sd0;
    }
    return JN_OK;
}

static jn_status transition_gaussian(const void *self, size_t t, size_t n, size_t ld,
                                     const double *from, double *mean, double *root)
{
    const volatility *m = self;
    (void)t;
    (void)ld;
    for (size_t i = 0; mean != NULL && i < n; i++) {
        mean[i] = next_mean(m, from[i]);
    }
    if (root != NULL) {
        *root = m->sigma;
    }
    return JN_OK;
}

static jn_status emission_derivatives(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                      const double *z, double *grad, double *hess)
{
    const volatility *m = self;
    (void)row;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        hess[i] = m->log_y2[t] - z[i];
    }
    jn_kernels_get()->exp(n, hess, hess);
    for (size_t i = 0; i < n; i++) {
        hess[i] *= -0.5;
        grad[i] = -0.5 - hess[i];
    }
    return JN_OK;
}

static const jn_chain chain = {
    .n_steps = n_steps,
    .log_initial = log_initial,
    .log_transition = log_transition,
    .log_emission = log_emission,
    .initial_map = initial_map,
    .transition_map = transition_map,
    .initial_gaussian = initial_gaussian,
    .transition_gaussian = transition_gaussian,
    .homogeneous = true,
    .emission_derivatives = emission_derivatives,
};

static void destroy(void *self)
{
    volatility *m = self;
    if (m != NULL) {
        free(m->y);
        free(m->log_y2);
        free(m);
    }
}

static jn_status read_params(volatility *m, const jn_params *params, jn_error *err)
{
    jn_status status = jn_params_number(params, "mu", -600.0, 600.0, &m->mu, err);
    if (status == JN_OK) {
        const double edge = 1.0 - 1e-12;
        status = jn_params_number(params, "phi", -edge, edge, &m->phi, err);
    }
    if (status == JN_OK) {
        status = jn_params_number(params, "sigma", 1e-12, 1e12, &m->sigma, err);
    }
    m->sd0 = m->sigma / sqrt((1.0 - m->phi) * (1.0 + m->phi));
    return status;
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    (void)self;
    (void)row;
    (void)ld;
    cells->x[t] = exp(0.5 * z[0]) * cells->base[t];
    return JN_OK;
}

static const jn_simulator simulator = { .column = "y", .draw = draw };

/* Beyond it y^2 e^-h overflows where the prior of h lives: log p would be a false -inf. */
static const double Y_MAX = 1e150;

static jn_status refuse(const jn_table *data, size_t row, jn_error *err)
{
    const ptrdiff_t col = jn_table_find(data, "y");
    return jn_column_refuse(data, row, col == JN_NO_COLUMN ? 0 : (size_t)col,
                            "|y| <= 1e150: its square is out of range", err);
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    volatility *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    jn_status status = read_params(m, params, err);
    status = status == JN_OK ? jn_series_read(data, "y", model, &m->y, err) : status;
    if (status == JN_OK) {
        m->log_y2 = jn_alloc_doubles(m->n);
        status = m->log_y2 == NULL ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the series")
                                   : JN_OK;
    }
    for (size_t t = 0; status == JN_OK && t < m->n; t++) {
        m->log_y2[t] = 2.0 * log(fabs(m->y[t]));
        status = fabs(m->y[t]) <= Y_MAX ? JN_OK : refuse(data, t, err);
    }
    model->n_obs = 1;
    model->dim = 1;
    model->chain = &chain;
    return status;
}

const jn_model_type jn_model_stochastic_volatility = {
    .name = "stochastic-volatility",
    .summary = "h_t = mu + phi (h_{t-1} - mu) + sigma e_t, stationary; y_t ~ N(0, exp(h_t))",
    .data = "y in order; the series is one observation",
    .exact = "grid filter",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
};
