/* y_i ~ N(alpha + beta'(x_i - mean x), 1 / tau), coefficients | tau ~ N(mean, 1 / (precision tau)),
 * tau ~ Gamma(shape, rate): one observation, z = (alpha, beta_1 .. beta_p, tau). The posterior is
 * of the prior's family. */
#include "model/linear_regression.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "model/gamma_quantile.h"
#include "model/log_densities.h"
#include "model/models.h"

static const jn_param_spec specs[] = {
    { "mean", "number or k numbers", "0", "prior means, intercept first" },
    { "precision", "number > 0 or k", "1", "prior precisions in units of tau, intercept first" },
    { "shape", "number in [0.05, 1e6]", "1", "shape of the prior of tau" },
    { "rate", "number > 0", "1", "rate of the prior of tau" },
};

static jn_support support(const void *self, size_t j)
{
    return j == ((const jn_regression *)self)->k ? JN_POSITIVE : JN_REAL;
}

/* |c - R b|^2 + rest at point i. */
static double sum_of_squares(const jn_least_squares *s, size_t k, size_t ld, const double *b)
{
    double total = s->rest;
    for (size_t r = 0; r < k; r++) {
        double e = s->c[r];
        for (size_t c = r; c < k; c++) {
            e -= s->R[r * k + c] * b[c * ld];
        }
        total += e * e;
    }
    return total;
}

static double prior_squares(const jn_regression *m, size_t ld, const double *b)
{
    double total = 0.0;
    for (size_t j = 0; j < m->k; j++) {
        const double e = b[j * ld] - m->mean[j];
        total += m->precision[j] * e * e;
    }
    return total;
}

/* log N of k coefficients with precision tau P, given log det P and their sum of squares. */
static double log_normal(size_t k, double log_det, double tau, double squares)
{
    return 0.5 * (log_det + (double)k * (log(tau) - JN_LOG_2PI) - tau * squares);
}

static double prior_log_det(const jn_regression *m)
{
    double total = 0.0;
    for (size_t j = 0; j < m->k; j++) {
        total += log(m->precision[j]);
    }
    return total;
}

static double posterior_log_det(const jn_regression *m)
{
    double total = 0.0;
    for (size_t j = 0; j < m->k; j++) {
        total += 2.0 * log(fabs(m->posterior.R[j * (m->k + 1)]));
    }
    return total;
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const jn_regression *m = self;
    const double peak = jn_log_gamma_peak(m->shape), log_det = prior_log_det(m);
    for (size_t i = 0; i < n; i++) {
        const double tau = z[m->k * ld + i];
        out[i] = jn_log_gamma_density(m->shape, m->rate, peak, tau);
        if (out[i] > -INFINITY) {
            out[i] += log_normal(m->k, log_det, tau, prior_squares(m, ld, z + i));
        }
    }
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const jn_regression *m = self;
    (void)ld_out; /* one observation */
    for (size_t i = 0; rows.count > 0 && i < n; i++) {
        const double tau = z[m->k * ld + i];
        out[i] = tau < 0.0 ? -INFINITY
                           : log_normal(m->n, 0.0, tau, sum_of_squares(&m->data, m->k, ld, z + i));
    }
    return JN_OK;
}

/* With Q(b) the sum of all squares and P the posterior precision: log joint = (power) log tau -
 * tau (rate + Q / 2), gradient of Q / 2 in b is P (b - posterior mean). */
static void slopes(const jn_regression *m, const double *z, double *grad, double *hess)
{
    const size_t k = m->k, d = k + 1;
    const double tau = z[k], power = m->shape - 1.0 + 0.5 * (double)(m->n + k);
    const double squares = sum_of_squares(&m->posterior, k, 1, z);
    for (size_t a = 0; a < k; a++) {
        double slope = 0.0;
        for (size_t r = 0; r <= a; r++) { /* column a of R' times the residual R b - c */
            double e = -m->posterior.c[r];
            for (size_t c = r; c < k; c++) {
                e += m->posterior.R[r * k + c] * z[c];
            }
            slope += m->posterior.R[r * k + a] * e;
        }
        if (grad != NULL) {
            grad[a] = -tau * slope;
        }
        if (hess != NULL) {
            hess[a * d + k] = hess[k * d + a] = -slope;
        }
        for (size_t b = 0; hess != NULL && b <= a; b++) {
            double entry = 0.0;
            for (size_t r = 0; r <= b; r++) {
                entry += m->posterior.R[r * k + a] * m->posterior.R[r * k + b];
            }
            hess[a * d + b] = hess[b * d + a] = -tau * entry;
        }
    }
    if (grad != NULL) {
        grad[k] = power / tau - m->rate - 0.5 * squares;
    }
    if (hess != NULL) {
        hess[k * d + k] = -power / (tau * tau);
    }
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    double prior = 0.0, likelihood = 0.0;
    (void)row;
    jn_status status = log_prior(self, 1, 1, z, &prior);
    if (status == JN_OK) {
        status = log_likelihood(self, (jn_range){ 0, 1 }, 1, 1, z, 1, &likelihood);
    }
    *value = prior + likelihood;
    slopes(self, z, grad, hess);
    return status;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const jn_regression *m = self;
    for (size_t i = 0; i < n; i++) {
        const double tau = jn_gamma_quantile(m->shape, base[m->k * ld + i]) / m->rate;
        z[m->k * ld + i] = tau;
        for (size_t j = 0; j < m->k; j++) {
            z[j * ld + i] = m->mean[j] + base[j * ld + i] / sqrt(m->precision[j] * tau);
        }
    }
    return JN_OK;
}

static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const jn_regression *m = self;
    (void)row;
    const double terms[] = { -0.5 * (double)m->n * JN_LOG_2PI,
                             0.5 * prior_log_det(m),
                             -0.5 * posterior_log_det(m),
                             m->shape * log(m->rate),
                             -m->posterior_shape * log(m->posterior_rate),
                             lgamma(m->posterior_shape),
                             -lgamma(m->shape) };
    double value = 0.0, size = (double)m->n + m->posterior_shape; /* Q has n terms */
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        value += terms[i];
        size += fabs(terms[i]);
    }
    *out = (jn_estimate){ .value = value,
                          .error = 4.0 * DBL_EPSILON * size,
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "closed form" };
    return JN_OK;
}

/* b = posterior mean + R^-1 e / sqrt(tau) */
static jn_status posterior_map(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z)
{
    const jn_regression *m = self;
    const size_t k = m->k;
    const double *R = m->posterior.R;
    (void)row;
    for (size_t i = 0; i < n; i++) {
        const double u = base[k * ld + i];
        const double tau = jn_gamma_quantile(m->posterior_shape, u) / m->posterior_rate;
        z[k * ld + i] = tau;
        for (size_t r = k; r-- > 0;) {
            double e = base[r * ld + i] / sqrt(tau);
            for (size_t c = r + 1; c < k; c++) {
                e -= R[r * k + c] * (z[c * ld + i] - m->posterior_mean[c]);
            }
            z[r * ld + i] = m->posterior_mean[r] + e / R[r * (k + 1)];
        }
    }
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const jn_regression *m = self;
    const double peak = jn_log_gamma_peak(m->posterior_shape), log_det = posterior_log_det(m);
    (void)row;
    for (size_t i = 0; i < n; i++) {
        const double tau = z[m->k * ld + i];
        out[i] = jn_log_gamma_density(m->posterior_shape, m->posterior_rate, peak, tau);
        if (out[i] > -INFINITY) {
            const double squares = sum_of_squares(&m->posterior, m->k, ld, z + i) -
                                   m->posterior.rest;
            out[i] += log_normal(m->k, log_det, tau, squares);
        }
    }
    return JN_OK;
}

/* Where tau falls to 0 the coefficients are free and the density falls linearly in log tau. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_regression *m = self;
    (void)row;
    memset(precision, 0, (m->k + 1) * (m->k + 1) * sizeof *precision);
    return JN_OK;
}

const jn_density jn_regression_density = {
    .support = support,
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .derivatives = derivatives,
    .prior_map = prior_map,
    .evidence = evidence,
    .posterior_map = posterior_map,
    .posterior_log_density = posterior_log_density,
    .tail_precision = tail_precision,
    .prior_moment_finite = jn_regression_moment_finite,
    .has_split = true,
};

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const jn_regression *m = self;
    const double sd = 1.0 / sqrt(z[m->k * ld]);
    (void)row;
    (void)t;
    for (size_t r = 0; r < m->n; r++) {
        cells->x[r] = sd * cells->base[r];
        for (size_t j = 0; j < m->k; j++) {
            cells->x[r] += m->x[r * m->k + j] * z[j * ld];
        }
    }
    return JN_OK;
}

static const jn_simulator simulator = { .column = "y", .takes_design = true, .draw = draw };

const jn_model_type jn_model_linear_regression = {
    .name = "linear-regression",
    .summary = "normal-gamma regression: y ~ N(alpha + beta'(x - mean x), 1/tau)",
    .data = "columns y, covariates; the whole table is one observation",
    .exact = "closed form",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = jn_regression_create,
    .destroy = jn_regression_destroy,
    .simulator = &simulator,
};
