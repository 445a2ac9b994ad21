/* Integrals with known answers: densities given as formulas, up to a constant that is the answer.
 */
#ifndef JN_TESTS_PROBLEMS_H
#define JN_TESTS_PROBLEMS_H

#include "models.h"

#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>

enum { JN_PROBLEM_DIM = 6, JN_PROBLEM_PARTS = 4 };

typedef enum jn_shape {
    JN_SHAPE_GAUSSIAN,
    JN_SHAPE_MIXTURE,  /* of Gaussians: parts, apart, scale of the second */
    JN_SHAPE_STUDENT,  /* product, a degrees of freedom */
    JN_SHAPE_T,        /* multivariate Student, a degrees of freedom */
    JN_SHAPE_SKEW,     /* skew-normal product, slope a */
    JN_SHAPE_LOGGAMMA, /* e^(a y - e^y), product */
    JN_SHAPE_LAPLACE,  /* product of e^-|y| / 2: a kink at the top */
    JN_SHAPE_KINK,     /* N(y) e^(-a |y_1 - 0.3|): a kink off the centre */
    JN_SHAPE_BEND,     /* N(y_1) N(y_2 - a (y_1^2 - 1)) ... */
    JN_SHAPE_FLAT,     /* e^(-y^4), product */
    JN_SHAPE_NEEDLE,   /* half N(0, 1), half N(0, a^2), both in every coordinate */
    JN_SHAPES
} jn_shape;

/* log f(z) = constant + log shape(y), z = mean + B y with B lower triangular. */
typedef struct jn_problem {
    char name[64];
    jn_shape shape;
    size_t dim, parts;
    double a, apart, scale, constant;
    double mean[JN_PROBLEM_DIM], b[JN_PROBLEM_DIM * JN_PROBLEM_DIM];
    double truth;
} jn_problem;

static inline double jn_normal_log(double y, double sd)
{
    return -0.5 * (y / sd) * (y / sd) - log(sd) - 0.5 * log(2.0 * M_PI);
}

static inline double jn_add_logs(double a, double b)
{
    const double top = fmax(a, b);
    return top == -INFINITY ? top : top + log1p(exp(fmin(a, b) - top));
}

/* Component k of a mixture stands `apart` along an axis of its own, in turn on both sides. */
static inline double jn_mixture_log(const jn_problem *p, const double *y)
{
    double sum = -INFINITY;
    for (size_t k = 0; k < p->parts; k++) {
        const double sd = k == 1 ? p->scale : 1.0;
        double part = -log((double)p->parts);
        for (size_t j = 0; j < p->dim; j++) {
            const double at = k > 0 && (k - 1) / 2 % p->dim == j
                                  ? (k % 2 == 1 ? p->apart : -p->apart)
                                  : 0.0;
            part += jn_normal_log(y[j] - at, sd);
        }
        sum = sum == -INFINITY ? part : jn_add_logs(sum, part);
    }
    return sum;
}

static inline double jn_factor_log(const jn_problem *p, const double *y, size_t j)
{
    const double a = p->a;
    switch (p->shape) {
    case JN_SHAPE_STUDENT:
        return lgamma(0.5 * (a + 1.0)) - lgamma(0.5 * a) - 0.5 * log(a * M_PI) -
               0.5 * (a + 1.0) * log1p(y[j] * y[j] / a);
    case JN_SHAPE_SKEW:
        return M_LN2 + jn_normal_log(y[j], 1.0) + gsl_sf_log_erfc(-a * y[j] * M_SQRT1_2) - M_LN2;
    case JN_SHAPE_LOGGAMMA:
        return a * y[j] - exp(y[j]) - lgamma(a);
    case JN_SHAPE_LAPLACE:
        return -fabs(y[j]) - M_LN2;
    case JN_SHAPE_KINK: /* its integral is in the truth */
        return jn_normal_log(y[j], 1.0) - (j == 0 ? a * fabs(y[j] - 0.3) : 0.0);
    case JN_SHAPE_BEND:
        return jn_normal_log(y[j] - (j == 0 ? 0.0 : a * (y[j - 1] * y[j - 1] - 1.0)), 1.0);
    case JN_SHAPE_FLAT:
        return -y[j] * y[j] * y[j] * y[j] - log(2.0 * tgamma(1.25));
    default:
        return jn_normal_log(y[j], 1.0);
    }
}

static inline double jn_shape_log(const jn_problem *p, const double *y)
{
    double sum = 0.0, square = 0.0, wide = -M_LN2, thin = -M_LN2;
    const double d = (double)p->dim;
    for (size_t j = 0; j < p->dim; j++) {
        sum += jn_factor_log(p, y, j);
        square += y[j] * y[j];
        wide += jn_normal_log(y[j], 1.0);
        thin += p->shape == JN_SHAPE_NEEDLE ? jn_normal_log(y[j], p->a) : 0.0;
    }
    switch (p->shape) {
    case JN_SHAPE_MIXTURE:
        return jn_mixture_log(p, y);
    case JN_SHAPE_T:
        return lgamma(0.5 * (p->a + d)) - lgamma(0.5 * p->a) - 0.5 * d * log(p->a * M_PI) -
               0.5 * (p->a + d) * log1p(square / p->a);
    case JN_SHAPE_NEEDLE:
        return jn_add_logs(wide, thin);
    default:
        return sum;
    }
}

static inline jn_status jn_problem_joint(const void *self, jn_range rows, size_t n, size_t ld,
                                         const double *z, size_t ld_out, double *out)
{
    const jn_problem *p = self;
    (void)rows;
    (void)ld_out;
    for (size_t i = 0; i < n; i++) {
        double y[JN_PROBLEM_DIM];
        for (size_t j = 0; j < p->dim; j++) {
            y[j] = z[j * ld + i] - p->mean[j];
            for (size_t k = 0; k < j; k++) {
                y[j] -= p->b[j * p->dim + k] * y[k];
            }
            y[j] /= p->b[j * p->dim + j];
        }
        out[i] = p->constant + jn_shape_log(p, y);
    }
    return JN_OK;
}

static inline jn_status jn_problem_zero(const void *self, size_t n, size_t ld, const double *z,
                                        double *out)
{
    (void)self;
    (void)ld;
    (void)z;
    memset(out, 0, n * sizeof *out);
    return JN_OK;
}

static const jn_model_type jn_problem_type = { .name = "problem" };
static const jn_density jn_problem_density = { .log_prior = jn_problem_zero,
                                               .log_likelihood = jn_problem_joint };

static inline jn_model jn_problem_model(jn_problem *p)
{
    return (jn_model){ .type = &jn_problem_type,
                       .self = p,
                       .n_obs = 1,
                       .dim = p->dim,
                       .density = &jn_problem_density };
}

/* integral of N(y) e^(-a |y - c|) */
static inline double jn_kink_integral(double a, double c)
{
    const double up = 0.5 * a * a + a * c + gsl_sf_log_erfc((c + a) * M_SQRT1_2) - M_LN2;
    const double down = 0.5 * a * a - a * c + gsl_sf_log_erfc((a - c) * M_SQRT1_2) - M_LN2;
    return jn_add_logs(up, down);
}

/* y maps to itself, and what the formula integrates to. */
static inline jn_problem jn_problem_plain(jn_shape shape, size_t dim, double a)
{
    jn_problem p = { .shape = shape, .dim = dim, .a = a, .parts = 1, .scale = 1.0 };
    for (size_t j = 0; j < dim; j++) {
        p.b[j * dim + j] = 1.0;
    }
    p.truth = shape == JN_SHAPE_KINK ? jn_kink_integral(a, 0.3) : 0.0;
    return p;
}

/* Moves, scales and correlates; the truth follows. */
static inline void jn_problem_map(jn_problem *p, double mean, double scale, double slant)
{
    for (size_t j = 0; j < p->dim; j++) {
        p->mean[j] = mean * (j % 2 == 0 ? 1.0 : -0.7);
        for (size_t k = 0; k <= j; k++) {
            p->b[j * p->dim + k] = scale * (k == j ? 1.0 : slant / (double)(j - k));
        }
    }
    p->truth += (double)p->dim * log(scale);
}

#endif
