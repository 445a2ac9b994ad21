/* W ~ Gamma(a, rate a): a law of weights whose bounds are known in closed form (L_K - log p =
 * psi(Ka) - log(Ka)). As a model: z = W, log p(x | z) = log z, so p(x) = E W = 1 and the posterior
 * is Gamma(a + 1, rate a). */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/gamma_quantile.h"
#include "model/log_densities.h"
#include "model/models.h"

typedef struct gamma_weights {
    double a;
    double constant; /* a log a - a - log Gamma(a), without cancellation for large a */
} gamma_weights;

/* Below 0.05 draws would underflow to 0 once in 10^15 and, further down, all the time. */
static const double least_a = 0.05, most_a = 1e6;

static const jn_param_spec specs[] = {
    { "a", "number in [0.05, 1e6]", "1", "shape: Var W = 1 / a" },
};

static jn_support support(const void *self, size_t j)
{
    (void)self;
    (void)j;
    return JN_POSITIVE;
}

static double prior_at(const gamma_weights *m, double z)
{
    return jn_log_gamma_density(m->a, m->a, m->constant, z);
}

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = prior_at(self, z[i]);
    }
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    (void)self;
    (void)ld;
    (void)ld_out; /* one observation */
    for (size_t i = 0; rows.count > 0 && i < n; i++) {
        out[i] = z[i] < 0.0 ? -INFINITY : log(z[i]);
    }
    return JN_OK;
}

static jn_status derivatives(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess)
{
    const gamma_weights *m = self;
    (void)row;
    *value = prior_at(m, z[0]) + (z[0] > 0.0 ? log(z[0]) : -INFINITY);
    if (grad != NULL) {
        grad[0] = m->a * (1.0 - z[0]) / z[0];
    }
    if (hess != NULL) {
        hess[0] = -m->a / (z[0] * z[0]);
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
    const gamma_weights *m = self;
    (void)ld;
    map_to_gamma(m->a, m->a, n, base, z);
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
    const gamma_weights *m = self;
    (void)row;
    (void)ld;
    map_to_gamma(m->a + 1.0, m->a, n, base, z);
    return JN_OK;
}

static jn_status posterior_log_density(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out)
{
    const gamma_weights *m = self;
    (void)row;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        const bool inside = z[i] > 0.0 && z[i] < INFINITY;
        out[i] = inside ? m->constant + m->a * jn_log_minus_line(z[i]) : prior_at(m, z[i]);
    }
    return JN_OK;
}

/* log W falls linearly to the left: no Gaussian tail. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    (void)self;
    (void)row;
    precision[0] = 0.0;
    return JN_OK;
}

/* E W^n = Gamma(a + n) / (a^n Gamma(a)) */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const gamma_weights *m = self;
    (void)row;
    return m->a + n > 0.0;
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
};

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    (void)data;
    gamma_weights *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    const jn_status status = jn_params_number(params, "a", least_a, most_a, &m->a, err);
    if (status < 0) {
        return status;
    }
    m->constant = jn_log_gamma_peak(m->a);
    model->n_obs = 1;
    model->dim = 1;
    model->density = &density;
    return JN_OK;
}

static const char *own_proposal(const void *self, jn_params *params)
{
    (void)self;
    (void)params;
    return "prior";
}

const jn_model_type jn_model_gamma_weights = {
    .name = "gamma-weights",
    .summary = "oracle: with its prior as q the weights are W ~ Gamma(a, rate a)",
    .exact = "closed form: log p(x) = 0",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = free,
    .own_proposal = own_proposal,
};
