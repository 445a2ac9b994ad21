/* Newton's method for the highest mode. Far from a mode the Hessian may not be negative definite:
 * a multiple of the identity is then added until it is (Levenberg), which keeps the step uphill. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/dense.h"
#include "base/memory.h"
#include "jensen/target.h"

enum { MAX_STARTS = 8, MAX_ITERATIONS = 200, MAX_HALVINGS = 50, MAX_SHIFTS = 60 };

/* g'P^-1 g, the squared length of the Newton step in posterior standard deviations. */
static const double decrement_done = 1e-28; /* nothing left to gain */
static const double decrement_fine = 1e-14; /* enough, where rounding stops progress */

typedef struct search {
    const jn_model *m;
    size_t row, d;
    double *grad, *hess, *chol, *step, *trial; /* d, d x d, d x d, d, d */
    double *memory;
} search;

typedef struct peak {
    double *u;     /* d */
    double value;  /* log joint; -inf: nothing was found */
    double *scale; /* d: square roots of the precision's diagonal */
    bool converged;
} peak;

static jn_status search_new(search *s, const jn_model *m, size_t row)
{
    const size_t d = m->dim;
    *s = (search){ .m = m, .row = row, .d = d, .memory = jn_alloc_doubles(3 * d + 2 * d * d) };
    if (s->memory == NULL) {
        return JN_ERR_NOMEM;
    }
    s->grad = s->memory;
    s->step = s->grad + d;
    s->trial = s->step + d;
    s->hess = s->trial + d;
    s->chol = s->hess + d * d;
    return JN_OK;
}

/* step = (P + shift)^-1 grad with the least shift (of a ladder) that makes it positive definite;
 * gives grad . step, or NaN where there is no such shift. */
static double newton_step(search *s, bool *shifted)
{
    const size_t d = s->d;
    double largest = DBL_MIN, shift = 0.0, decrement = 0.0;
    for (size_t i = 0; i < d * d; i++) {
        largest = fmax(largest, fabs(s->hess[i]));
    }
    for (int tries = 0;; tries++) {
        for (size_t i = 0; i < d * d; i++) {
            s->chol[i] = -s->hess[i] + (i % (d + 1) == 0 ? shift : 0.0);
        }
        if (jn_cholesky(d, s->chol)) {
            break;
        }
        if (tries == MAX_SHIFTS) {
            return NAN;
        }
        shift = shift == 0.0 ? 1e-6 * largest : 4.0 * shift;
    }
    *shifted = shift > 0.0;
    memcpy(s->step, s->grad, d * sizeof *s->step);
    jn_lower_solve(d, s->chol, s->step);
    jn_lower_transpose_solve(d, s->chol, s->step);
    for (size_t i = 0; i < d; i++) {
        decrement += s->grad[i] * s->step[i];
    }
    return decrement;
}

/* Moves u along the step as far as the log joint rises enough; false: it does not rise. */
static bool line_search(search *s, double *u, double value, double decrement)
{
    double t = 1.0;
    for (int i = 0; i < MAX_HALVINGS; i++, t *= 0.5) {
        double there;
        for (size_t j = 0; j < s->d; j++) {
            s->trial[j] = u[j] + t * s->step[j];
        }
        if (jn_target_derivatives(s->m, s->row, s->trial, &there, NULL, NULL) >= 0 &&
            there >= value + 1e-4 * t * decrement) {
            memcpy(u, s->trial, s->d * sizeof *u);
            return true;
        }
    }
    return false;
}

/* One ascent from p->u. Negative: the model failed at the start. */
static jn_status climb(search *s, peak *p)
{
    double last = INFINITY; /* decrement before the last full step near the mode */
    p->converged = false;
    for (int i = 0; i < MAX_ITERATIONS; i++) {
        const jn_status status = jn_target_derivatives(s->m, s->row, p->u, &p->value, s->grad,
                                                       s->hess);
        if (status < 0) {
            p->value = -INFINITY;
            return status;
        }
        bool shifted = false;
        const double decrement = newton_step(s, &shifted);
        if (!isfinite(p->value) || !isfinite(decrement)) {
            return JN_OK;
        }
        const bool stuck = decrement > 0.25 * last;
        if (!shifted && (decrement <= decrement_done || (stuck && decrement <= decrement_fine))) {
            p->converged = true;
            return JN_OK;
        }
        /* here a rise drowns in the rounding of the value: trust the step instead */
        const bool near = !shifted && !stuck && decrement < 1e-10 * fmax(1.0, fabs(p->value));
        last = near ? decrement : INFINITY;
        for (size_t j = 0; near && j < s->d; j++) {
            p->u[j] += s->step[j];
        }
        if (!near && !line_search(s, p->u, p->value, decrement)) {
            p->converged = !shifted && decrement <= decrement_fine;
            return JN_OK;
        }
    }
    return JN_OK;
}

/* A fixed number in (0, 1) for start k, coordinate j: the mixer of Steele, Lea & Flood (2014). */
static double fixed_uniform(size_t k, size_t j)
{
    uint64_t x = (uint64_t)(k + 1) * 0x9e3779b97f4a7c15u + (uint64_t)(j + 1) * 0xd1b54a32d192ed03u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return ((double)(x >> 12) + 0.5) * 0x1p-52;
}

static bool base_is_normal(const jn_model *m, size_t j)
{
    return m->density->prior_base == NULL ? jn_model_support(m, j) == JN_REAL
                                          : m->density->prior_base(m->self, j) == JN_BASE_NORMAL;
}

/* Start k: 0 the origin, 1 the prior's centre, then draws of the prior; scattered points about the
 * origin where the prior cannot be drawn. */
static jn_status place_start(const search *s, size_t k, double *u)
{
    const jn_model *m = s->m;
    memset(u, 0, s->d * sizeof *u);
    if (k == 0) {
        return JN_OK;
    }
    const bool draws = m->density->prior_map != NULL;
    double *base = s->trial;
    for (size_t j = 0; j < s->d; j++) {
        const double p = k == 1 ? 0.5 : fixed_uniform(k, j);
        base[j] = draws && !base_is_normal(m, j) ? p : gsl_cdf_ugaussian_Pinv(p);
    }
    if (!draws) {
        memcpy(u, base, s->d * sizeof *u);
        return JN_OK;
    }
    const jn_status status = m->density->prior_map(m->self, 1, 1, base, u);
    jn_target_to_u(m, 1, 1, u, u);
    return status;
}

static void set_scale(const search *s, peak *p)
{
    for (size_t j = 0; j < s->d; j++) {
        p->scale[j] = sqrt(fmax(0.0, -s->hess[j * s->d + j]));
    }
}

/* Closer than a thousandth of a standard deviation in every coordinate: the same mode. */
static bool is_known(const peak *found, size_t n, const peak *p, size_t d)
{
    for (size_t i = 0; i < n; i++) {
        double distance = 0.0;
        for (size_t j = 0; j < d; j++) {
            distance = fmax(distance, fabs(found[i].u[j] - p->u[j]) * found[i].scale[j]);
        }
        if (distance < 1e-3) {
            return true;
        }
    }
    return false;
}

/* All starts; peaks[0 .. *n-1] are distinct modes in order of finding. *seen is the highest point
 * at which a search stopped short of a mode. */
static jn_status climb_all(search *s, peak *peaks, size_t *n, peak *seen)
{
    const size_t starts = s->m->density->log_concave ? 1 : MAX_STARTS;
    jn_status failure = JN_OK;
    *n = 0;
    for (size_t k = 0; k < starts; k++) {
        peak *p = peaks + *n;
        jn_status status = place_start(s, k, p->u);
        if (status >= 0) {
            status = climb(s, p);
        }
        if (status == JN_ERR_NOMEM) {
            return status;
        }
        failure = status < 0 ? status : failure;
        set_scale(s, p);
        if (status >= 0 && p->converged && !is_known(peaks, *n, p, s->d)) {
            ++*n;
        } else if (status >= 0 && !p->converged && p->value > seen->value) {
            const peak spare = *seen;
            *seen = *p;
            *p = spare;
        }
    }
    return *n == 0 && seen->value == -INFINITY && failure < 0 ? failure : JN_OK;
}

static size_t highest(const peak *peaks, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) { /* equal heights but for rounding: the first one found */
        best = peaks[i].value > peaks[best].value + 1e-10 * fmax(1.0, fabs(peaks[best].value))
                   ? i
                   : best;
    }
    return best;
}

/* Differences leave noise where the curvature is 0: what is not above it counts as flat. */
static bool is_curved(const search *s, double value)
{
    const double noise = s->m->density->derivatives == NULL ? 1e-9 * fmax(1.0, fabs(value)) : 0.0;
    for (size_t j = 0; j < s->d; j++) {
        if (!(-s->hess[j * s->d + j] > noise)) {
            return false;
        }
    }
    return true;
}

static jn_status describe(search *s, const peak *p, jn_mode *out, jn_error *err)
{
    const size_t d = s->d;
    const jn_status status = jn_target_derivatives(s->m, s->row, p->u, &out->log_joint, s->grad,
                                                   s->hess);
    if (status < 0) {
        return jn_error_set(err, status, "observation %zu: no finite log-density", s->row);
    }
    for (size_t i = 0; i < d * d; i++) {
        out->precision[i] = out->chol_cov[i] = -s->hess[i];
    }
    const bool fine = isfinite(out->log_joint) && is_curved(s, out->log_joint) &&
                      jn_spd_invert(d, out->chol_cov) && jn_cholesky(d, out->chol_cov);
    if (!fine) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "observation %zu: log p(x, z) has no strict maximum that a Gaussian "
                            "fits (a flat direction, or it grows without end)",
                            s->row);
    }
    memcpy(out->u, p->u, d * sizeof *out->u);
    out->log_det_cov = 2.0 * jn_lower_log_det(d, out->chol_cov);
    out->dim = d;
    return p->converged ? JN_OK : JN_NOT_CONVERGED;
}

static jn_status find(search *s, double *points, jn_mode *out, jn_error *err)
{
    peak peaks[MAX_STARTS + 1];
    size_t n;
    for (size_t i = 0; i <= MAX_STARTS; i++) {
        peaks[i] = (peak){ .u = points + 2 * i * s->d, .scale = points + (2 * i + 1) * s->d };
    }
    peak *seen = peaks + MAX_STARTS;
    seen->value = -INFINITY;
    jn_status status = climb_all(s, peaks, &n, seen);
    if (status < 0) {
        return jn_error_set(err, status, "observation %zu: no finite log-density at any start",
                            s->row);
    }
    status = describe(s, n == 0 ? seen : peaks + highest(peaks, n), out, err);
    out->n_modes = n;
    return status;
}

jn_status jn_target_mode(const jn_model *m, size_t row, jn_mode *out, jn_error *err)
{
    if (m->density == NULL || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no continuous latent, so no mode to expand about",
                            m->type->name);
    }
    const size_t d = m->dim;
    search s;
    jn_mode mode = { .u = jn_alloc_doubles(d),
                     .precision = jn_alloc_doubles(d * d),
                     .chol_cov = jn_alloc_doubles(d * d) };
    double *points = jn_alloc_doubles(2 * (MAX_STARTS + 1) * d);
    jn_status status = search_new(&s, m, row);
    if (status < 0 || points == NULL || mode.u == NULL || mode.precision == NULL ||
        mode.chol_cov == NULL) {
        status = jn_error_set(err, JN_ERR_NOMEM, "no memory for a mode in %zu dimensions", d);
    } else {
        status = find(&s, points, &mode, err);
    }
    free(points);
    free(s.memory);
    if (status < 0) {
        jn_mode_free(&mode);
        return status;
    }
    *out = mode;
    return status;
}

void jn_mode_free(jn_mode *mode)
{
    free(mode->u);
    free(mode->precision);
    free(mode->chol_cov);
    *mode = (jn_mode){ 0 };
}
