/* Conjugate linear regression: the parts of its two files. Internal. */
#ifndef JN_MODEL_LINEAR_REGRESSION_H
#define JN_MODEL_LINEAR_REGRESSION_H

#include "jensen/model.h"

/* |target - X b|^2 = |c - R b|^2 + rest, R upper triangular k x k: a least-squares problem turned
 * to one of its own size. */
typedef struct jn_least_squares {
    double *R, *c; /* k x k, k */
    double rest;
} jn_least_squares;

typedef struct jn_regression {
    size_t n, k;              /* rows, coefficients (the intercept included) */
    double *x;                /* n x k: the design, centred */
    double *mean, *precision; /* k each: of the prior */
    double shape, rate;
    jn_least_squares data;      /* |y - X b|^2 */
    jn_least_squares posterior; /* the same plus the prior's sum of squares */
    double *posterior_mean;     /* k */
    double posterior_shape, posterior_rate;
    double *strength, *pull; /* k each: see jn_regression_moment_finite */
    double residual;         /* |y - X mean|^2 */
    double *memory;
} jn_regression;

extern const jn_density jn_regression_density;

JN_CHECKED jn_status jn_regression_create(const jn_params *params, const jn_table *data,
                                          jn_model *model, jn_error *err);
void jn_regression_destroy(void *self);

/* E_prior p(y | b, tau)^n, finite or not. With the eigenvalues s_i of X'X and the components g_i of
 * X'(y - X mean), both seen in coordinates where the prior precision is tau I: finite where every
 * 1 + n s_i > 0, shape + n N / 2 > 0 and
 * rate + 1/2 (n |y - X mean|^2 - n^2 sum g_i^2 / (1 + n s_i)) > 0. */
bool jn_regression_moment_finite(const void *self, size_t row, double n);

#endif
