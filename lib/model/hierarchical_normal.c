/* mu ~ N(0, mu_sd^2), tau ~ HalfCauchy(tau_scale) or HalfNormal(tau_scale), theta_j ~ N(mu, tau^2),
 * y_j ~ N(theta_j, sd_j^2). One observation; z = (mu, tau, theta_1 .. theta_J), centred. */
#include "model/hierarchical_normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/columns.h"
#include "model/models.h"

enum { MU = 0, TAU = 1, THETA = 2 };

/* Squares and quotients of scales stay normal numbers. */
static const double least_scale = 1e-75, most_scale = 1e75;

static const jn_param_spec specs[] = {
    { "mu_sd", "number > 0", "5", "prior standard deviation of mu, whose mean is 0" },
    { "tau_scale", "number > 0", "5", "scale of the prior of tau" },
    { "tau_prior", "halfcauchy|halfnormal", "halfcauchy", "family of the prior of tau" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    return j == TAU ? JN_POSITIVE : JN_REAL;
}

static double prior_at(const jn_hierarchical *m, size_t ld, const double *z)
{
    const double mu = z[MU], tau = z[TAU * ld], e = mu / m->mu_sd;
    if (!(tau > 0.0) || isinf(tau)) {
        return isnan(tau) ? tau : -INFINITY;
    }
    double square = e * e;
    for (size_t j = 0; j < m->J; j++) {
        const double r = (z[(THETA + j) * ld] - mu) / tau;
        square += r * r;
    }
    return jn_hierarchical_tau_prior(m, tau) - log(m->mu_sd) - (double)m->J * log(tau) -
           0.5 * ((double)(m->J + 1) * JN_LOG_2PI + square);
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = prior_at(self, ld, z + i);
    }
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const jn_hierarchical *m = self;
    (void)ld_out; /* one observation */
    if (rows.count == 0) {
        return JN_OK;
    }
    double constant = -0.5 * (double)m->J * JN_LOG_2PI;
    for (size_t j = 0; j < m->J; j++) {
        constant -= log(m->sd[j]);
    }
    memset(out, 0, n * sizeof *out);
    for (size_t j = 0; j < m->J; j++) {
        const double *theta = z + (THETA + j) * ld;
        for (size_t i = 0; i < n; i++) {
            const double e = (m->y[j] - theta[i]) / m->sd[j];
            out[i] += e * e;
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = constant - 0.5 * out[i];
    }
    return JN_OK;
}

/* First and second derivative of log p(tau). */
static void tau_prior_slopes(const jn_hierarchical *m, double tau, double *first, double *second)
{
    const double s2 = m->tau_scale * m->tau_scale, bottom = s2 + tau * tau;
    *first = m->half_cauchy ? -2.0 * tau / bottom : -tau / s2;
    *second = m->half_cauchy ? -2.0 / bottom + *first * *first : -1.0 / s2;
}

static void gradient(const jn_hierarchical *m, const double *z, double *grad)
{
    const double tau = z[TAU], w = 1.0 / (tau * tau);
    double none;
    tau_prior_slopes(m, tau, grad + TAU, &none);
    grad[MU] = -z[MU] / (m->mu_sd * m->mu_sd);
    for (size_t j = 0; j < m->J; j++) {
        const double e = z[THETA + j] - z[MU];
        grad[MU] += e * w;
        grad[TAU] += (e * e * w - 1.0) / tau;
        grad[THETA + j] = -e * w + (m->y[j] - z[THETA + j]) / (m->sd[j] * m->sd[j]);
    }
}

static void hessian(const jn_hierarchical *m, const double *z, double *hess)
{
    const size_t d = m->J + THETA;
    const double tau = z[TAU], w = 1.0 / (tau * tau);
    double none, cross = 0.0;
    memset(hess, 0, d * d * sizeof *hess);
    tau_prior_slopes(m, tau, &none, hess + TAU * d + TAU);
    hess[MU * d + MU] = -1.0 / (m->mu_sd * m->mu_sd) - (double)m->J * w;
    for (size_t j = 0; j < m->J; j++) {
        const size_t t = THETA + j;
        const double e = z[t] - z[MU];
        hess[TAU * d + TAU] += (1.0 - 3.0 * e * e * w) * w;
        hess[t * d + t] = -w - 1.0 / (m->sd[j] * m->sd[j]);
        hess[MU * d + t] = hess[t * d + MU] = w;
        hess[TAU * d + t] = hess[t * d + TAU] = 2.0 * e * w / tau;
        cross -= 2.0 * e * w / tau;
    }
    hess[MU * d + TAU] = hess[TAU * d + MU] = cross;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const jn_hierarchical *m = self;
    double likelihood = 0.0;
    (void)row;
    const jn_status status = log_likelihood(m, (jn_range){ 0, 1 }, 1, 1, z, 1, &likelihood);
    *value = prior_at(m, 1, z) + likelihood;
    if (grad != NULL) {
        gradient(m, z, grad);
    }
    if (hess != NULL) {
        hessian(m, z, hess);
    }
    return status;
}

/* |N(0, 1)| at probability u */
static double half_normal_quantile(double u)
{
    if (u < 1e-3) { /* of the inverse error function's series; the next term is below 1e-19 of it */
        const double r = sqrt(M_PI_2) * u, q = r * r;
        return r * (1.0 + q / 6.0 * (1.0 + 7.0 / 20.0 * q));
    }
    return u > 0.5 ? gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - u))
                   : gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * u);
}

/* |Cauchy| at probability u */
static double half_cauchy_quantile(double u)
{
    return u > 0.5 ? 1.0 / tan(M_PI_2 * (1.0 - u)) : tan(M_PI_2 * u);
}

double jn_hierarchical_tau(const jn_hierarchical *m, double u)
{
    return m->tau_scale * (m->half_cauchy ? half_cauchy_quantile(u) : half_normal_quantile(u));
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const jn_hierarchical *m = self;
    for (size_t i = 0; i < n; i++) {
        z[MU * ld + i] = m->mu_sd * base[MU * ld + i];
        z[TAU * ld + i] = jn_hierarchical_tau(m, base[TAU * ld + i]);
    }
    for (size_t j = THETA; j < THETA + m->J; j++) {
        for (size_t i = 0; i < n; i++) {
            z[j * ld + i] = z[MU * ld + i] + z[TAU * ld + i] * base[j * ld + i];
        }
    }
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const jn_hierarchical *m = self;
    (void)row;
    *out = m->evidence;
    return m->evidence_status;
}

/* Half-Cauchy: along rays with growing tau theta is free of mu, mu and theta meet their own
 * Gaussians and log tau falls linearly. Half-normal: no ray does better than another by a matrix
 * that is known. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_hierarchical *m = self;
    const size_t d = m->J + THETA;
    (void)row;
    if (!m->half_cauchy) {
        return JN_ERR_UNSUPPORTED;
    }
    memset(precision, 0, d * d * sizeof *precision);
    precision[MU] = 1.0 / (m->mu_sd * m->mu_sd);
    for (size_t j = 0; j < m->J; j++) {
        precision[(THETA + j) * (d + 1)] = 1.0 / (m->sd[j] * m->sd[j]);
    }
    return JN_OK;
}

/* The likelihood is bounded; its inverse grows like e^{theta^2 / 2 sd^2}, and theta has any
 * variance under the prior. */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    (void)self;
    (void)row;
    return n >= 0.0;
}

static const jn_density density = {
    .support = support,
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .prior_map = prior_map,
    .evidence = evidence,
    .conditional_map = jn_hierarchical_conditional_map,
    .conditional_log_density = jn_hierarchical_conditional_log_density,
    .tail_precision = tail_precision,
    .prior_moment_finite = prior_moment_finite,
    .has_split = true,
    .rugged = true, /* the density has no bound where tau falls to 0 and every theta to mu */
};

static void destroy(void *self)
{
    jn_hierarchical *m = self;
    if (m != NULL) {
        free(m->y);
        free(m);
    }
}

static jn_status read_data(jn_hierarchical *m, const jn_table *data, jn_error *err)
{
    size_t y, sd;
    jn_status status = jn_column_find(data, "y", "the estimates", &y, err);
    if (status == JN_OK) {
        status = jn_column_find(data, "sd", "their standard errors", &sd, err);
    }
    if (status < 0) {
        return status;
    }
    m->J = data->n_rows;
    m->y = jn_alloc_doubles(2 * m->J);
    if (m->y == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the data");
    }
    m->sd = m->y + m->J;
    status = jn_column_numbers(data, y, -most_scale, most_scale, "a number within +-1e75", m->y,
                               err);
    return status < 0 ? status
                      : jn_column_numbers(data, sd, least_scale, most_scale,
                                          "a number > 0 (1e-75 to 1e75)", m->sd, err);
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const jn_hierarchical *m = self;
    (void)row;
    (void)t;
    for (size_t j = 0; j < m->J; j++) {
        cells->x[j] = z[(THETA + j) * ld] + m->sd[j] * cells->base[j];
    }
    return JN_OK;
}

static const jn_simulator simulator = {
    .column = "y", .design = "sd", .takes_design = true, .draw = draw
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    static const char *const used[] = { "y", "sd" };
    size_t family = 0;
    jn_hierarchical *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_params_number(params, "mu_sd", least_scale, most_scale, &m->mu_sd, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "tau_scale", least_scale, most_scale, &m->tau_scale, err);
    }
    if (status == JN_OK) {
        status = jn_params_choice(params, "tau_prior", "halfcauchy|halfnormal", &family, err);
    }
    if (status == JN_OK) {
        status = read_data(m, data, err);
    }
    if (status < 0) {
        return status;
    }
    m->half_cauchy = family == 0;
    m->evidence_status = jn_hierarchical_evidence(m, &m->evidence);
    jn_columns_note_unused(data, used, 2, model);
    model->n_obs = 1;
    model->dim = m->J + THETA;
    model->density = &density;
    return JN_OK;
}

/* No Gaussian: where tau falls to 0 the joint has no bound, and no mode. */
static const char *own_proposal(const void *self, jn_params *params)
{
    (void)self;
    (void)params;
    return "conditional";
}

const jn_model_type jn_model_hierarchical_normal = {
    .name = "hierarchical-normal",
    .summary =
        "mu ~ N(0, mu_sd^2), tau half-Cauchy, theta_j ~ N(mu, tau^2), y_j ~ N(theta_j, sd_j^2)",
    .data = "columns y, sd; the whole table is one observation",
    .exact = "theta, mu in closed form, tau by quadrature",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &simulator,
    .own_proposal = own_proposal,
};
