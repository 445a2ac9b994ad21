#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/target.h"

/* Value and first three derivatives in u of one coordinate's map and of its log-Jacobian. */
typedef struct jacobian {
    double dz, ddz;       /* dz/du, d2z/du2 */
    double log_dz;        /* log |dz/du| */
    double d_log, dd_log; /* its first and second derivative */
} jacobian;

static jacobian jacobian_at(jn_support support, double u, double z)
{
    if (support == JN_POSITIVE) {
        return (jacobian){ .dz = z, .ddz = z, .log_dz = u, .d_log = 1.0 };
    }
    if (support == JN_UNIT) {
        const double a = fabs(u), e = exp(-a);
        const double dz = e / ((1.0 + e) * (1.0 + e)), tilt = copysign((1.0 - e) / (1.0 + e), -u);
        return (jacobian){ .dz = dz,
                           .ddz = dz * tilt, /* tilt = 1 - 2z */
                           .log_dz = -a - 2.0 * log1p(e),
                           .d_log = tilt,
                           .dd_log = -2.0 * dz };
    }
    return (jacobian){ .dz = 1.0 };
}

/* From derivatives in z to derivatives in u, in place. */
static void chain_rule(const jn_model *m, const double *u, const double *z, double *value,
                       double *grad, double *hess)
{
    const size_t d = m->dim;
    for (size_t j = 0; j < d; j++) {
        const jn_support support = jn_model_support(m, j);
        if (support == JN_REAL) {
            continue;
        }
        const jacobian f = jacobian_at(support, u[j], z[j]);
        *value += f.log_dz;
        if (hess != NULL) {
            for (size_t k = 0; k < d; k++) {
                hess[j * d + k] *= f.dz;
                hess[k * d + j] *= f.dz;
            }
            hess[j * d + j] += grad[j] * f.ddz + f.dd_log;
        }
        if (grad != NULL) {
            grad[j] = grad[j] * f.dz + f.d_log;
        }
    }
}

static jn_status by_chain_rule(const jn_model *m, size_t row, const double *u, double *value,
                               double *grad, double *hess)
{
    const size_t d = m->dim;
    double *z = jn_alloc_doubles(2 * d);
    if (z == NULL) {
        return JN_ERR_NOMEM;
    }
    double *g = grad == NULL && hess != NULL ? z + d : grad; /* the Hessian needs the gradient */
    jn_target_to_z(m, 1, 1, u, z, NULL);
    const jn_status status = m->density->derivatives(m->self, row, z, value, g, hess);
    if (status >= 0) {
        chain_rule(m, u, z, value, g, hess);
    }
    free(z);
    return status;
}

/* --- central differences --------------------------------------------------------------------- */

/* Fourth-order rules: truncation ~ h^4, rounding ~ eps/h and eps/h^2. One step serves both orders;
 * at 2^-9 both errors of a second derivative are near 1e-11 for a function of size and scale 1. */
static double step_at(double u)
{
    return ldexp(fmax(1.0, fabs(u)), -9);
}

typedef struct stencil {
    const jn_model *m;
    size_t row, dim, n; /* points: the centre, 4 an axis, 8 a pair */
    const double *u;
    double *at, *value, *scratch; /* dim x n, n, (dim + 1) x n */
} stencil;

static size_t axis_point(size_t j)
{
    return 1 + 4 * j;
}

static size_t pair_point(const stencil *s, size_t j, size_t k) /* k < j */
{
    return 1 + 4 * s->dim + 8 * (j * (j - 1) / 2 + k);
}

static const double axis_steps[4] = { 1.0, -1.0, 2.0, -2.0 };
static const double pair_steps[8][2] = {
    { 1.0, 1.0 }, { 1.0, -1.0 }, { -1.0, 1.0 }, { -1.0, -1.0 },
    { 2.0, 2.0 }, { 2.0, -2.0 }, { -2.0, 2.0 }, { -2.0, -2.0 }
};

static void place_points(const stencil *s, bool pairs)
{
    for (size_t j = 0; j < s->dim; j++) {
        for (size_t i = 0; i < s->n; i++) {
            s->at[j * s->n + i] = s->u[j];
        }
    }
    for (size_t j = 0; s->n > 1 && j < s->dim; j++) {
        const double hj = step_at(s->u[j]);
        for (size_t i = 0; i < 4; i++) {
            s->at[j * s->n + axis_point(j) + i] += axis_steps[i] * hj;
        }
        for (size_t k = 0; pairs && k < j; k++) {
            const double hk = step_at(s->u[k]);
            for (size_t i = 0; i < 8; i++) {
                s->at[j * s->n + pair_point(s, j, k) + i] += pair_steps[i][0] * hj;
                s->at[k * s->n + pair_point(s, j, k) + i] += pair_steps[i][1] * hk;
            }
        }
    }
}

static void read_gradient(const stencil *s, double *grad)
{
    for (size_t j = 0; j < s->dim; j++) {
        const double *f = s->value + axis_point(j);
        grad[j] = (8.0 * (f[0] - f[1]) - (f[2] - f[3])) / (12.0 * step_at(s->u[j]));
    }
}

static void read_hessian(const stencil *s, double *hess)
{
    const size_t d = s->dim;
    const double centre = s->value[0];
    for (size_t j = 0; j < d; j++) {
        const double *f = s->value + axis_point(j), h = step_at(s->u[j]);
        const double near = f[0] - 2.0 * centre + f[1], far = f[2] - 2.0 * centre + f[3];
        hess[j * d + j] = (16.0 * near - far) / (12.0 * h * h);
        for (size_t k = 0; k < j; k++) {
            const double *p = s->value + pair_point(s, j, k);
            const double close = p[0] - p[1] - p[2] + p[3], wide = p[4] - p[5] - p[6] + p[7];
            hess[j * d + k] = hess[k * d + j] = (16.0 * close - wide) /
                                                (48.0 * h * step_at(s->u[k]));
        }
    }
}

static jn_status by_differences(const jn_model *m, size_t row, const double *u, double *value,
                                double *grad, double *hess)
{
    const size_t d = m->dim;
    const size_t pairs = hess == NULL ? 0 : d * (d - 1) / 2;
    const size_t n = grad == NULL && hess == NULL ? 1 : 1 + 4 * d + 8 * pairs;
    stencil s = { .m = m, .row = row, .dim = d, .n = n, .u = u };
    double *block = jn_alloc_doubles((2 * d + 2) * s.n);
    if (block == NULL) {
        return JN_ERR_NOMEM;
    }
    s.at = block;
    s.value = block + d * s.n;
    s.scratch = block + (d + 1) * s.n;
    place_points(&s, hess != NULL);
    const jn_status status = jn_target_log_joint(m, row, s.n, s.n, s.at, s.scratch, s.value);
    if (status >= 0) {
        *value = s.value[0];
        if (grad != NULL) {
            read_gradient(&s, grad);
        }
        if (hess != NULL) {
            read_hessian(&s, hess);
        }
    }
    free(block);
    return status;
}

jn_status jn_target_derivatives(const jn_model *m, size_t row, const double *u, double *value,
                                double *grad, double *hess)
{
    if (m->density == NULL || jn_model_states(m) > 0) {
        return JN_ERR_UNSUPPORTED;
    }
    const jn_status status = m->density->derivatives == NULL
                                 ? by_differences(m, row, u, value, grad, hess)
                                 : by_chain_rule(m, row, u, value, grad, hess);
    return status >= 0 && !(*value < INFINITY) ? JN_ERR_NAN : status;
}
