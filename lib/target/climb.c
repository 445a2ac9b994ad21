#include "target/climb.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"

enum { MAX_ITERATIONS = 200, MAX_HALVINGS = 50, MAX_SHIFTS = 60 };

/* g'P^-1 g, the squared length of the Newton step in posterior standard deviations. */
static const double decrement_fine = 1e-14; /* enough, where rounding stops progress */

jn_status jn_search_new(jn_search *s, const jn_model *m, size_t row, double done)
{
    const size_t d = m->dim;
    *s = (jn_search){
        .m = m, .row = row, .d = d, .done = done, .memory = jn_alloc_doubles(3 * d + 2 * d * d)
    };
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
static double newton_step(jn_search *s, bool *shifted)
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

/* Moves u along the step as far as the log joint rises enough, and evaluates there: value, gradient
 * and Hessian; false: it does not rise, and both derivatives are spoilt. */
static bool line_search(jn_search *s, double *u, double *value, double decrement)
{
    const double from = *value;
    double t = 1.0;
    for (int i = 0; i < MAX_HALVINGS; i++, t *= 0.5) {
        for (size_t j = 0; j < s->d; j++) {
            s->trial[j] = u[j] + t * s->step[j];
        }
        if (jn_target_derivatives(s->m, s->row, s->trial, value, s->grad, s->hess) >= 0 &&
            *value >= from + 1e-4 * t * decrement) {
            memcpy(u, s->trial, s->d * sizeof *u);
            return true;
        }
    }
    return false;
}

/* The step as it is, without a look at the value. */
static jn_status trust(jn_search *s, jn_peak *p)
{
    for (size_t j = 0; j < s->d; j++) {
        p->u[j] += s->step[j];
    }
    return jn_target_derivatives(s->m, s->row, p->u, &p->value, s->grad, s->hess);
}

/* Where rounding ended the line search, its own trials have spoilt the derivatives. */
static jn_status settle(jn_search *s, jn_peak *p, bool converged)
{
    p->converged = converged;
    return jn_target_derivatives(s->m, s->row, p->u, &p->value, s->grad, s->hess);
}

jn_status jn_search_climb(jn_search *s, jn_peak *p)
{
    double last = INFINITY; /* decrement before the last full step near the mode */
    p->converged = false;
    jn_status status = jn_target_derivatives(s->m, s->row, p->u, &p->value, s->grad, s->hess);
    for (int i = 0; status >= 0 && i < MAX_ITERATIONS; i++) {
        bool shifted = false;
        const double decrement = newton_step(s, &shifted);
        if (!isfinite(p->value) || !isfinite(decrement)) {
            return JN_OK;
        }
        const bool stuck = decrement > 0.25 * last;
        if (!shifted && (decrement <= s->done || (stuck && decrement <= decrement_fine))) {
            p->converged = true;
            return JN_OK;
        }
        /* here a rise drowns in the rounding of the value: trust the step instead */
        const bool near = !shifted && !stuck && decrement < 1e-10 * fmax(1.0, fabs(p->value));
        last = near ? decrement : INFINITY;
        if (near) {
            status = trust(s, p);
        } else if (!line_search(s, p->u, &p->value, decrement)) {
            return settle(s, p, !shifted && decrement <= fmax(decrement_fine, s->done));
        }
    }
    if (status < 0) {
        p->value = -INFINITY;
    }
    return status < 0 ? status : JN_OK;
}

/* Differences leave noise where the curvature is 0: what is not above it counts as flat. */
static bool is_curved(const jn_search *s, double value)
{
    const double noise = s->m->density->derivatives == NULL ? 1e-9 * fmax(1.0, fabs(value)) : 0.0;
    for (size_t j = 0; j < s->d; j++) {
        if (!(-s->hess[j * s->d + j] > noise)) {
            return false;
        }
    }
    return true;
}

jn_status jn_search_gaussian(const jn_search *s, const jn_peak *p, jn_mode *out, jn_error *err)
{
    const size_t d = s->d;
    for (size_t i = 0; i < d * d; i++) {
        out->precision[i] = out->chol_cov[i] = -s->hess[i];
    }
    out->log_joint = p->value;
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
    out->n_modes = p->converged ? 1 : 0;
    return p->converged ? JN_OK : JN_NOT_CONVERGED;
}

jn_status jn_search_describe(jn_search *s, const jn_peak *p, jn_mode *out, jn_error *err)
{
    jn_peak here = *p;
    const jn_status status = jn_target_derivatives(s->m, s->row, p->u, &here.value, s->grad,
                                                   s->hess);
    return status < 0 ? jn_error_set(err, status, "observation %zu: no finite log-density", s->row)
                      : jn_search_gaussian(s, &here, out, err);
}
