/* tau from its prior, mu and theta from their Gaussians given tau and y: the weights are p(y |
 * tau), which is bounded. */
#include <math.h>

#include "base/constants.h"
#include "model/hierarchical_normal.h"

enum { MU = 0, TAU = 1, THETA = 2 };

/* mu given tau and y */
typedef struct centre {
    double mean, variance;
} centre;

static centre centre_given(const jn_hierarchical *m, double tau)
{
    double precision = 1.0 / (m->mu_sd * m->mu_sd), weighted = 0.0;
    for (size_t j = 0; j < m->J; j++) {
        const double v = m->sd[j] * m->sd[j] + tau * tau;
        precision += 1.0 / v;
        weighted += m->y[j] / v;
    }
    return (centre){ weighted / precision, 1.0 / precision };
}

/* theta_j given mu, tau and y is y_j drawn back towards mu by this. */
static double share_of_data(const jn_hierarchical *m, size_t j, double tau)
{
    const double r = m->sd[j] / tau;
    return 1.0 / (1.0 + r * r);
}

jn_status jn_hierarchical_conditional_map(const void *self, size_t row, size_t n, size_t ld,
                                          const double *base, double *z)
{
    const jn_hierarchical *m = self;
    (void)row;
    for (size_t i = 0; i < n; i++) {
        const double tau = jn_hierarchical_tau(m, base[TAU * ld + i]);
        const centre c = centre_given(m, tau);
        const double mu = c.mean + sqrt(c.variance) * base[MU * ld + i];
        z[MU * ld + i] = mu;
        z[TAU * ld + i] = tau;
        for (size_t j = 0; j < m->J; j++) {
            const double k = share_of_data(m, j, tau);
            z[(THETA + j) * ld + i] = mu + k * (m->y[j] - mu) +
                                      sqrt(k) * m->sd[j] * base[(THETA + j) * ld + i];
        }
    }
    return JN_OK;
}

static double density_at(const jn_hierarchical *m, size_t ld, const double *z)
{
    const double mu = z[MU], tau = z[TAU * ld];
    if (!(tau > 0.0) || isinf(tau)) {
        return isnan(tau) ? tau : -INFINITY;
    }
    const centre c = centre_given(m, tau);
    double square = (mu - c.mean) * (mu - c.mean) / c.variance, log_det = log(c.variance);
    for (size_t j = 0; j < m->J; j++) {
        const double k = share_of_data(m, j, tau), sd = sqrt(k) * m->sd[j];
        const double e = (z[(THETA + j) * ld] - mu - k * (m->y[j] - mu)) / sd;
        square += e * e;
        log_det += 2.0 * log(sd);
    }
    return jn_hierarchical_tau_prior(m, tau) -
           0.5 * ((double)(m->J + 1) * JN_LOG_2PI + log_det + square);
}

jn_status jn_hierarchical_conditional_log_density(const void *self, size_t row, size_t n, size_t ld,
                                                  const double *z, double *out)
{
    (void)row;
    for (size_t i = 0; i < n; i++) {
        out[i] = density_at(self, ld, z + i);
    }
    return JN_OK;
}
