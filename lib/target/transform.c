#include <float.h>
#include <math.h>
#include <string.h>

#include "jensen/target.h"

/* Beyond the range of doubles z is held at the ends of it: the support is open, and 0 or infinity
 * would make a density that is merely tiny NaN or infinite. */
static double held(double z, double lo, double hi)
{
    return z < lo ? lo : z > hi ? hi : z;
}

static double logistic(double u)
{
    const double e = exp(-fabs(u));
    return (u < 0.0 ? e : 1.0) / (1.0 + e);
}

static const double largest_unit = 1.0 - 0.5 * DBL_EPSILON;

static void coordinate_to_z(jn_support support, size_t n, const double *u, double *z)
{
    switch (support) {
    case JN_POSITIVE:
        for (size_t i = 0; i < n; i++) {
            z[i] = held(exp(u[i]), DBL_MIN, DBL_MAX);
        }
        return;
    case JN_UNIT:
        for (size_t i = 0; i < n; i++) {
            z[i] = held(logistic(u[i]), DBL_MIN, largest_unit);
        }
        return;
    case JN_REAL:
    case JN_DISCRETE:
        if (z != u) {
            memcpy(z, u, n * sizeof *z);
        }
        return;
    }
}

/* log |dz_j/du_j| added to out. */
static void add_log_jacobian(jn_support support, size_t n, const double *u, double *out)
{
    if (support == JN_POSITIVE) {
        for (size_t i = 0; i < n; i++) {
            out[i] += u[i];
        }
    } else if (support == JN_UNIT) {
        for (size_t i = 0; i < n; i++) {
            const double a = fabs(u[i]);
            out[i] -= a + 2.0 * log1p(exp(-a));
        }
    }
}

void jn_target_log_jacobian(const jn_model *m, size_t n, size_t ld, const double *u, double *out)
{
    memset(out, 0, n * sizeof *out);
    for (size_t j = 0; j < m->dim; j++) {
        add_log_jacobian(jn_model_support(m, j), n, u + j * ld, out);
    }
}

void jn_target_to_z(const jn_model *m, size_t n, size_t ld, const double *u, double *z,
                    double *log_jacobian)
{
    if (log_jacobian != NULL) { /* before z overwrites u */
        jn_target_log_jacobian(m, n, ld, u, log_jacobian);
    }
    for (size_t j = 0; j < m->dim; j++) {
        coordinate_to_z(jn_model_support(m, j), n, u + j * ld, z + j * ld);
    }
}

static double to_u(jn_support support, double z)
{
    switch (support) {
    case JN_POSITIVE:
        return log(z);
    case JN_UNIT:
        return log(z) - log1p(-z);
    case JN_REAL:
    case JN_DISCRETE:
        break;
    }
    return z;
}

void jn_target_to_u(const jn_model *m, size_t n, size_t ld, const double *z, double *u)
{
    for (size_t j = 0; j < m->dim; j++) {
        const jn_support support = jn_model_support(m, j);
        for (size_t i = 0; i < n; i++) {
            u[j * ld + i] = to_u(support, z[j * ld + i]);
        }
    }
}

/* 0: fine; a NaN or +inf anywhere turns the block down. */
static jn_status check_densities(size_t n, const double *log_p)
{
    for (size_t i = 0; i < n; i++) {
        if (!(log_p[i] < INFINITY)) {
            return JN_ERR_NAN;
        }
    }
    return JN_OK;
}

jn_status jn_target_log_joint(const jn_model *m, size_t row, size_t n, size_t ld, const double *u,
                              double *scratch, double *out)
{
    if (m->density == NULL || jn_model_states(m) > 0) {
        return JN_ERR_UNSUPPORTED;
    }
    double *z = scratch, *extra = scratch + m->dim * ld; /* log prior, then the Jacobian */
    jn_target_to_z(m, n, ld, u, z, NULL);
    jn_status status = m->density->log_prior(m->self, n, ld, z, extra);
    if (status < 0) {
        return status;
    }
    status = m->density->log_likelihood(m->self, (jn_range){ row, 1 }, n, ld, z, n, out);
    if (status < 0) {
        return status;
    }
    for (size_t i = 0; i < n; i++) { /* where the prior has nothing the likelihood has no say */
        out[i] = extra[i] == -INFINITY ? -INFINITY : out[i] + extra[i];
    }
    jn_target_log_jacobian(m, n, ld, u, extra);
    for (size_t i = 0; i < n; i++) {
        out[i] += extra[i];
    }
    return check_densities(n, out);
}
