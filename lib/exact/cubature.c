/* h-adaptive cubature by libcubature (Genz & Malik's rule; Gauss-Kronrod in one dimension) on the
 * whole space, drawn into a cube: each coordinate of a chart is a c / (1 - c^2), c in (-1, 1).
 *
 * The library reports success on NaN and on a spent budget, loses memory when an integrand gives
 * up, and takes a region for finished when its two rules agree by chance: here a failure is noted
 * and zeros are handed on, and the integral is made twice, on differently drawn cubes. */
#include <cubature.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/local.h"
#include "kernel/kernels.h"

/* Of the two cubes. The centre of the one is no dyadic point of the other: a kink beside the mode
 * would hide at the same edge of both. */
static const double spreads[2] = { 3.0, 2.1 }, shifts[2] = { 0.0, 0.37 };

/* Of a stretched axis, where sinh leaves the range of doubles. A plain axis has no end: the far
 * side of a ridge, wide where the mode is narrow, lies thousands of the mode's widths away. */
static const double FARTHEST = 500.0;

/* What the library's own error, and half of the difference between the cubes, may be too small by
 * where the budget was spent: regions whose two rules agree by chance are never looked at again. */
static const double CUT_SHORT = 10.0;

typedef struct integrand_state {
    const jn_chart *f;
    double *block;
    double top; /* taken off the log integrand */
    double spread, shift;
    uint64_t n_eval;
    jn_status status;
} integrand_state;

static jn_status some(integrand_state *c, size_t n, const double *x, double *out)
{
    const size_t d = c->f->dim, ld = JN_CHART_BLOCK;
    double *s = c->block, *jacobian = s + d * ld, *value = jacobian + ld, *scratch = value + ld;
    for (size_t i = 0; i < n; i++) {
        jacobian[i] = 0.0;
        for (size_t a = 0; a < d; a++) {
            const double t = x[i * d + a], rest = (1.0 - t) * (1.0 + t);
            const double far = c->shift + c->spread * t / rest;
            const bool lost = !(fabs(far) < (c->f->stretched[a] ? FARTHEST : 1e150));
            s[a * ld + i] = lost ? 0.0 : far;
            jacobian[i] += lost ? -INFINITY : log(c->spread * (1.0 + t * t) / (rest * rest));
        }
    }
    const jn_status st = jn_chart_log(c->f, n, s, scratch, value);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        value[i] += jacobian[i] - c->top;
    }
    if (st == JN_OK) {
        jn_kernels_get()->exp(n, value, out);
    }
    return st;
}

static int evaluate(unsigned dim, size_t n, const double *x, void *user, unsigned one, double *out)
{
    integrand_state *c = user;
    (void)one;
    for (size_t first = 0; first < n; first += JN_CHART_BLOCK) {
        const size_t count = n - first < JN_CHART_BLOCK ? n - first : JN_CHART_BLOCK;
        if (c->status == JN_OK) {
            c->status = some(c, count, x + first * dim, out + first);
        }
        if (c->status != JN_OK) {
            memset(out + first, 0, count * sizeof *out);
        }
    }
    c->n_eval += n;
    return 0;
}

/* One cube; NaN where there is no answer. */
static jn_status integrate(integrand_state *c, uint64_t most, double tolerance, double *value,
                           double *error)
{
    double lo[JN_CHART_DIM], hi[JN_CHART_DIM], sum = NAN, left = NAN;
    for (size_t a = 0; a < c->f->dim; a++) {
        lo[a] = -1.0;
        hi[a] = 1.0;
    }
    const int failed = hcubature_v(1, evaluate, c, (unsigned)c->f->dim, lo, hi, (size_t)most, 0.0,
                                   tolerance, ERROR_INDIVIDUAL, &sum, &left);
    const bool good = sum > 0.0 && isfinite(sum) && isfinite(left);
    *value = good ? log(sum) + c->top : NAN;
    *error = good ? left / sum : NAN;
    return failed != 0 ? JN_ERR_NOMEM : c->status;
}

jn_status jn_cubature(jn_chart *f, const jn_exact_options *o, double tolerance, jn_local *out)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 22 : o->max_nodes;
    integrand_state c = { .f = f, .top = f->top, .status = JN_OK };
    double value[2] = { NAN, NAN }, error[2] = { NAN, NAN };
    *out = (jn_local){ NAN, NAN, 0 };
    c.block = jn_alloc_doubles((f->dim + 2) * JN_CHART_BLOCK + JN_CHART_SCRATCH(f->dim));
    jn_status st = c.block == NULL ? JN_ERR_NOMEM : JN_OK;
    for (int k = 0; k < 2 && st == JN_OK; k++) {
        c.spread = spreads[k];
        c.shift = shifts[k];
        st = integrate(&c, most / 2, 0.06 * tolerance, &value[k], &error[k]);
    }
    free(c.block);
    if (st != JN_OK) {
        return st;
    }
    const double apart = fabs(expm1(value[0] - value[1])), left = fmax(error[0], error[1]);
    const double believed = 3.0 * left + 5.0 * apart;
    const bool met = believed <= tolerance;
    *out = (jn_local){ .value = value[0],
                       .error = met ? believed : CUT_SHORT * (left + 2.0 * apart),
                       .n_eval = c.n_eval };
    return met ? JN_OK : JN_NOT_CONVERGED;
}
