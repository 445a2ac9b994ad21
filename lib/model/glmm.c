/* u_g ~ N(0, sigma^2), eta = x'beta + u_g; y ~ Bernoulli, Binomial(trials) with logit^-1(eta), or
 * Poisson(e^eta). A group is an observation and u_g its latent.
 *
 * x'beta is a number, so a group is a few sums. Poisson: S u - E e^u. Binomial: S u less the sum of
 * trials_k log(1 + w_k e^u), w_k = e^{x'beta}; for u > 0, u + log(e^-u + w_k) in its place. One
 * exponential serves a point and one log a product of factors. Large counts: glmm_counts.c. */
#include "model/glmm.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "kernel/kernels.h"
#include "model/models.h"

static const jn_param_spec specs[] = {
    { "family", "bernoulli|binomial|poisson", "bernoulli", "law of y given eta" },
    { "beta", "numbers, intercept first", NULL, "fixed effects: intercept, then each covariate" },
    { "sigma", "number > 0", "1", "standard deviation of the random intercept" },
    { "intercept", "0|1", "1", "1: beta starts with an intercept" },
};

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const jn_glmm *m = self;
    const double constant = -0.5 * JN_LOG_2PI - log(m->sigma);
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        const double e = z[i] / m->sigma;
        out[i] = constant - 0.5 * e * e;
    }
    return JN_OK;
}

/* A chunk of points, and 1 + w e^u = scale (one + w growth) with growth and one at most 1. */
typedef struct points {
    size_t n;
    const double *u;
    double one[JN_MODEL_CHUNK], growth[JN_MODEL_CHUNK];
} points;

static void points_set(points *p, size_t n, const double *u)
{
    p->n = n;
    p->u = u;
    double small[JN_MODEL_CHUNK];
    for (size_t i = 0; i < n; i++) {
        small[i] = -fabs(u[i]);
    }
    jn_kernels_get()->exp(n, small, small);
    for (size_t i = 0; i < n; i++) {
        p->one[i] = u[i] > 0.0 ? small[i] : 1.0;
        p->growth[i] = u[i] > 0.0 ? 1.0 : small[i];
    }
}

static void subtract_batch(const jn_glmm_batch *b, const double *odds, const points *p, double *out)
{
    double product[JN_MODEL_CHUNK];
    for (size_t i = 0; i < p->n; i++) {
        product[i] = p->one[i] + odds[b->first] * p->growth[i];
    }
    for (size_t k = b->first + 1; k < b->first + b->count; k++) {
        for (size_t i = 0; i < p->n; i++) {
            product[i] *= p->one[i] + odds[k] * p->growth[i];
        }
    }
    jn_kernels_get()->log(p->n, product, product);
    for (size_t i = 0; i < p->n; i++) {
        out[i] -= b->power * product[i];
    }
}

static void score_binomial(const jn_glmm *m, const jn_glmm_group *g, const points *p, double *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const double slope = p->u[i] > 0.0 ? g->successes - g->trials : g->successes;
        out[i] = g->constant + slope * p->u[i];
    }
    for (size_t b = 0; b < g->n_batches; b++) {
        subtract_batch(m->batches + g->batch + b, m->odds, p, out);
    }
    for (size_t k = g->pattern; g->many && k < g->pattern + g->n_patterns; k++) {
        for (size_t i = 0; m->patterns[k].many && i < p->n; i++) {
            out[i] += jn_glmm_binomial_deviance(m->patterns + k, p->u[i]);
        }
    }
}

static void score_poisson(const jn_glmm_group *g, const points *p, double *out)
{
    double mean[JN_MODEL_CHUNK];
    if (g->many) {
        for (size_t i = 0; i < p->n; i++) {
            out[i] = g->constant + jn_glmm_poisson_deviance(g, p->u[i]);
        }
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        mean[i] = p->u[i] + g->log_mean;
    }
    jn_kernels_get()->exp(p->n, mean, mean);
    for (size_t i = 0; i < p->n; i++) {
        out[i] = g->constant + g->successes * p->u[i] - mean[i];
    }
}

/* rows NULL: the n_rows groups from `first`. */
static void score(const jn_glmm *m, size_t first, const size_t *rows, size_t n_rows, size_t n,
                  const double *z, size_t ld_out, double *out)
{
    points p;
    for (size_t at = 0; at < n; at += JN_MODEL_CHUNK) {
        points_set(&p, n - at < JN_MODEL_CHUNK ? n - at : JN_MODEL_CHUNK, z + at);
        for (size_t r = 0; r < n_rows; r++) {
            const jn_glmm_group *g = m->groups + (rows == NULL ? first + r : rows[r]);
            if (m->family == JN_GLMM_POISSON) {
                score_poisson(g, &p, out + r * ld_out + at);
            } else {
                score_binomial(m, g, &p, out + r * ld_out + at);
            }
        }
    }
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    (void)ld;
    score(self, rows.first, NULL, rows.count, n, z, ld_out, out);
    return JN_OK;
}

static jn_status log_likelihood_of(const void *self, size_t n_rows, const size_t *rows, size_t n,
                                   size_t ld, const double *z, size_t ld_out, double *out)
{
    (void)ld;
    score(self, 0, rows, n_rows, n, z, ld_out, out);
    return JN_OK;
}

static void binomial_slopes(const jn_glmm *m, const jn_glmm_group *g, double u, double *first,
                            double *second)
{
    for (size_t k = g->pattern; k < g->pattern + g->n_patterns; k++) {
        const jn_glmm_pattern *c = m->patterns + k;
        const double eta = c->offset + u, e = exp(-fabs(eta));
        const double less = e / (1.0 + e), more = 1.0 / (1.0 + e);
        const double p = eta > 0.0 ? more : less, fail = eta > 0.0 ? less : more;
        *first += c->successes * fail - (c->trials - c->successes) * p;
        *second -= c->trials * (less * more);
    }
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const jn_glmm *m = self;
    const jn_glmm_group *g = m->groups + row;
    const double inv_var = 1.0 / (m->sigma * m->sigma);
    double prior, likelihood, first = -z[0] * inv_var, second = -inv_var;
    (void)log_prior(m, 1, 1, z, &prior);
    score(m, row, NULL, 1, 1, z, 1, &likelihood);
    *value = prior + likelihood;
    if (m->family == JN_GLMM_POISSON) {
        const double mean = exp(z[0] + g->log_mean);
        first += g->successes - mean;
        second -= mean;
    } else {
        binomial_slopes(m, g, z[0], &first, &second);
    }
    if (grad != NULL) {
        grad[0] = first;
    }
    if (hess != NULL) {
        hess[0] = second;
    }
    return JN_OK;
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const jn_glmm *m = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        z[i] = m->sigma * base[i];
    }
    return JN_OK;
}

static jn_status prior_gaussian(const void *self, double *mean, double *cov)
{
    const jn_glmm *m = self;
    if (mean != NULL) {
        mean[0] = 0.0;
    }
    if (cov != NULL) {
        cov[0] = m->sigma * m->sigma;
    }
    return JN_OK;
}

static double constant_rounding(const void *self, size_t row)
{
    const jn_glmm *m = self;
    return m->groups[row].rounding;
}

/* The log-likelihood is linear to the left, and to the right too or falls faster than that. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_glmm *m = self;
    (void)row;
    precision[0] = 1.0 / (m->sigma * m->sigma);
    return JN_OK;
}

/* Linear tails under a Gaussian prior; those of a Poisson likelihood are e^{-E e^u}. */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const jn_glmm *m = self;
    (void)row;
    return m->family != JN_GLMM_POISSON || n >= 0.0;
}

/* One table but for the right tail, where a Poisson likelihood falls like e^{-e^u}. */
#define SHARED_PARTS                                                                            \
    .log_prior = log_prior, .log_likelihood = log_likelihood,                                   \
    .log_likelihood_of = log_likelihood_of, .derivatives = derivatives, .prior_map = prior_map, \
    .prior_gaussian = prior_gaussian, .tail_precision = tail_precision,                         \
    .prior_moment_finite = prior_moment_finite, .has_split = true, .log_concave = true,         \
    .constant_rounding = constant_rounding

static const jn_density linear_tails = { SHARED_PARTS, .tail_everywhere = true };
static const jn_density poisson_tails = { SHARED_PARTS };

const jn_density *jn_glmm_density(jn_glmm_family family)
{
    return family == JN_GLMM_POISSON ? &poisson_tails : &linear_tails;
}

const jn_model_type jn_model_glmm = {
    .name = "glmm",
    .summary = "random intercepts: u_g ~ N(0, sigma^2), eta = X beta + u_g, y by its family",
    .data = "columns group, y[, trials], covariates; a group is an observation",
    .exact = "quadrature about the mode",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = jn_glmm_create,
    .destroy = jn_glmm_destroy,
    .simulator = &jn_glmm_simulator,
};
