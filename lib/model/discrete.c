#include "model/discrete.h"

#include <math.h>

jn_status jn_discrete_normalise(size_t n, double *weights, jn_error *err)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        if (!(weights[k] >= 0.0)) {
            return jn_error_set(err, JN_ERR_VALUE, "weights[%zu] = %g: need a number >= 0", k,
                                weights[k]);
        }
        sum += weights[k];
    }
    if (!(fabs(sum - 1.0) <= 1e-12 * (double)n)) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "weights sum to %.17g: they must sum to 1 (within 1e-12 for each)",
                            sum);
    }
    for (size_t k = 0; k < n; k++) {
        weights[k] /= sum;
    }
    return JN_OK;
}

double jn_discrete_log_sum(size_t n, const double *v)
{
    double max = -INFINITY, sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        max = fmax(max, v[k]);
    }
    if (isinf(max)) {
        return max;
    }
    for (size_t k = 0; k < n; k++) {
        sum += exp(v[k] - max);
    }
    return max + log(sum);
}

void jn_discrete_look_up(size_t n_states, const double *v, size_t n, const double *z, double *out)
{
    for (size_t i = 0; i < n; i++) {
        const bool inside = z[i] >= 0.0 && z[i] < (double)n_states;
        const size_t k = inside ? (size_t)z[i] : 0;
        out[i] = inside && (double)k == z[i] ? v[k] : isnan(z[i]) ? z[i] : -INFINITY;
    }
}

void jn_discrete_invert(size_t n_states, const double *log_p, size_t n, const double *u, double *z)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0.0;
        size_t state = n_states;
        for (size_t k = 0; k < n_states; k++) {
            if (log_p[k] == -INFINITY) {
                continue;
            }
            state = k; /* rounding may leave the sum short of u: then the last possible state */
            below += exp(log_p[k]);
            if (u[i] < below) {
                break;
            }
        }
        z[i] = (double)state;
    }
}

jn_status jn_discrete_posterior(size_t n_states, const double *log_prior,
                                const double *log_likelihood, double *log_posterior,
                                double *log_evidence)
{
    for (size_t k = 0; k < n_states; k++) {
        log_posterior[k] = log_prior[k] == -INFINITY ? -INFINITY : log_prior[k] + log_likelihood[k];
    }
    *log_evidence = jn_discrete_log_sum(n_states, log_posterior);
    if (*log_evidence == -INFINITY) {
        return JN_ERR_VALUE;
    }
    for (size_t k = 0; k < n_states; k++) {
        log_posterior[k] -= *log_evidence;
    }
    return JN_OK;
}

bool jn_discrete_moment_finite(size_t n_states, const double *log_prior,
                               const double *log_likelihood, double n)
{
    for (size_t k = 0; n < 0.0 && k < n_states; k++) {
        if (log_prior[k] > -INFINITY && log_likelihood[k] == -INFINITY) {
            return false;
        }
    }
    return true;
}
