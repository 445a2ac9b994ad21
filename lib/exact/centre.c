/* A centre and widths without derivatives, for targets that no Gaussian fits at their top: the
 * simplex method of Nelder & Mead from the best of a few points, then the distance along each axis
 * at which the log joint has fallen by 1/2. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>

#include "base/memory.h"
#include "exact/chart.h"
#include "target/climb.h"

enum { STARTS = 8, ROUNDS = 400, DOUBLINGS = 60, BISECTIONS = 40 };

static const double NOTHING = 1e300; /* minus log of nothing */

typedef struct centre {
    jn_search s; /* for the starts alone */
    double *u, *trial, *scratch;
    double value;
    uint64_t n_eval;
} centre;

static double joint_at(centre *c, const double *u)
{
    double value = NAN;
    const jn_status st = jn_target_log_joint(c->s.m, c->s.row, 1, 1, u, c->scratch, &value);
    c->n_eval++;
    return st == JN_OK ? value : -INFINITY;
}

static double minus_joint(const gsl_vector *u, void *user)
{
    centre *c = user;
    for (size_t j = 0; j < c->s.d; j++) {
        c->trial[j] = gsl_vector_get(u, j);
    }
    return fmin(-joint_at(c, c->trial), NOTHING);
}

static void best_start(centre *c)
{
    c->value = -INFINITY;
    for (size_t k = 0; k < STARTS; k++) {
        if (jn_search_start(&c->s, k, c->trial) == JN_OK) {
            const double value = joint_at(c, c->trial);
            if (value > c->value) {
                c->value = value;
                memcpy(c->u, c->trial, c->s.d * sizeof *c->u);
            }
        }
    }
}

/* Until the simplex has shrunk to nothing; twice, since a simplex may collapse on a ridge. */
static jn_status descend(centre *c)
{
    const size_t d = c->s.d;
    gsl_multimin_function f = { .f = minus_joint, .n = d, .params = c };
    gsl_vector *at = gsl_vector_alloc(d), *size = gsl_vector_alloc(d);
    gsl_multimin_fminimizer *min = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2,
                                                                 d);
    jn_status st = at == NULL || size == NULL || min == NULL ? JN_ERR_NOMEM : JN_OK;
    for (int pass = 0; st == JN_OK && pass < 2; pass++) {
        for (size_t j = 0; j < d; j++) {
            gsl_vector_set(at, j, c->u[j]);
            gsl_vector_set(size, j, pass == 0 ? 1.0 : 0.1);
        }
        if (gsl_multimin_fminimizer_set(min, &f, at, size) != GSL_SUCCESS) {
            break;
        }
        for (size_t i = 0; i < ROUNDS * d && gsl_multimin_fminimizer_size(min) > 1e-7; i++) {
            if (gsl_multimin_fminimizer_iterate(min) != GSL_SUCCESS) {
                break;
            }
        }
        for (size_t j = 0; j < d; j++) {
            c->u[j] = gsl_vector_get(gsl_multimin_fminimizer_x(min), j);
        }
    }
    if (min != NULL) {
        gsl_multimin_fminimizer_free(min);
    }
    if (at != NULL) {
        gsl_vector_free(at);
    }
    if (size != NULL) {
        gsl_vector_free(size);
    }
    c->value = st == JN_OK ? joint_at(c, c->u) : c->value;
    return st;
}

/* How far along an axis the log joint falls by 1/2. */
static double width(centre *c, size_t axis, double direction)
{
    double in = 0.0, out = 1e-8 * fmax(1.0, fabs(c->u[axis]));
    memcpy(c->trial, c->u, c->s.d * sizeof *c->u);
    for (int i = 0; i < DOUBLINGS; i++, in = out, out *= 2.0) {
        c->trial[axis] = c->u[axis] + direction * out;
        if (joint_at(c, c->trial) < c->value - 0.5) {
            break;
        }
    }
    for (int i = 0; i < BISECTIONS && out - in > 1e-3 * out; i++) {
        const double middle = 0.5 * (in + out);
        c->trial[axis] = c->u[axis] + direction * middle;
        if (joint_at(c, c->trial) < c->value - 0.5) {
            out = middle;
        } else {
            in = middle;
        }
    }
    return out;
}

static void describe(centre *c, jn_mode *out)
{
    const size_t d = c->s.d;
    memcpy(out->u, c->u, d * sizeof *c->u);
    out->log_joint = c->value;
    out->log_det_cov = 0.0;
    out->n_modes = 0;
    for (size_t j = 0; j < d; j++) {
        const double sd = 0.5 * (width(c, j, -1.0) + width(c, j, 1.0));
        out->chol_cov[j * d + j] = sd;
        out->precision[j * d + j] = 1.0 / (sd * sd);
        out->log_det_cov += 2.0 * log(sd);
    }
}

static jn_status find(centre *c, jn_modes *out, jn_error *err)
{
    best_start(c);
    if (c->value == -INFINITY) {
        return jn_error_set(err, JN_ERR_NAN, "observation %zu: no finite log-density at any start",
                            c->s.row);
    }
    jn_modes found = { 1, jn_alloc(1, sizeof *found.mode) };
    jn_status st = found.mode == NULL ? JN_ERR_NOMEM : jn_mode_alloc(c->s.d, found.mode);
    st = st == JN_OK ? descend(c) : st;
    if (st != JN_OK) {
        found.n = found.mode == NULL ? 0 : 1;
        jn_modes_free(&found);
        return st;
    }
    describe(c, found.mode);
    *out = found;
    return JN_OK;
}

jn_status jn_chart_modes(const jn_model *m, size_t row, jn_modes *out, jn_error *err)
{
    jn_status st = jn_target_modes(m, row, out, err);
    if (st != JN_ERR_VALUE) {
        return st;
    }
    const size_t d = m->dim;
    centre c = { .value = -INFINITY };
    st = jn_search_new(&c.s, m, row, 0.0);
    c.u = jn_alloc_doubles(3 * d + 1);
    if (st == JN_OK && c.u != NULL) {
        c.trial = c.u + d;
        c.scratch = c.trial + d;
        st = find(&c, out, err);
    } else {
        st = JN_ERR_NOMEM;
    }
    free(c.s.memory);
    free(c.u);
    return st == JN_ERR_NOMEM ? jn_error_set(err, st, "no memory for modes in %zu dimensions", d)
                              : st;
}
