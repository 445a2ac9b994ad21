/* A Gaussian over whole paths: the posterior itself for linear-Gaussian chains; for others of one
 * coordinate with Gaussian steps the Gaussian at the mode of p(z | x), as in Shephard & Pitt (1997)
 * and Durbin & Koopman (1997). The mode by Newton's method with steps linearised where they are not
 * linear: the precision is tridiagonal, and its Cholesky factor draws the path backwards. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "chain/paths.h"

enum { MAX_NEWTON = 200, MAX_HALVINGS = 40 };

/* z_t | z_{t+1} ~ N(centre + J z_{t+1}, root^2), for every row and step. */
typedef struct backward_step {
    double centre, J, root;
} backward_step;

typedef struct smoother {
    size_t T;
    backward_step steps[]; /* n_obs x T */
} smoother;

/* One observation on the way to its mode. */
typedef struct search {
    const jn_model *m;
    size_t row, T;
    double *z, *mean, *slope, *sd; /* path; what step t expects of z_{t-1}, its slope there */
    double *grad, *diag, *off;     /* of the log joint, and minus its Hessian */
    double *move, *other;
    double *memory;
} search;

static bool emits(const search *s, size_t t)
{
    return s->m->chain->emits == NULL || s->m->chain->emits(s->m->self, s->row, t);
}

/* Means and slopes of the steps along z, by differences of a thousandth of a step's noise. */
static jn_status follow(search *s, const double *z)
{
    const jn_chain *c = s->m->chain;
    jn_status st = c->initial_gaussian(s->m->self, s->mean, s->sd);
    for (size_t t = 1; st == JN_OK && t < s->T; t++) {
        const double h = 1e-3 * s->sd[t];
        const double at[3] = { z[t - 1] - h, z[t - 1], z[t - 1] + h };
        double mean[3];
        st = c->transition_gaussian(s->m->self, t, 3, 3, at, mean, NULL);
        s->mean[t] = mean[1];
        s->slope[t] = (mean[2] - mean[0]) / (at[2] - at[0]);
    }
    return st;
}

/* log p(x, z) but for constants, at a path whose means are known. */
static jn_status log_joint(search *s, const double *z, double *out)
{
    double sum = 0.0, e;
    jn_status st = follow(s, z);
    for (size_t t = 0; st == JN_OK && t < s->T; t++) {
        const double r = (z[t] - s->mean[t]) / s->sd[t];
        sum -= 0.5 * r * r;
        if (emits(s, t)) {
            st = s->m->chain->log_emission(s->m->self, s->row, t, 1, 1, z + t, &e);
            sum += e;
        }
    }
    *out = isnan(sum) ? -INFINITY : sum;
    return st;
}

static jn_status emission_slopes(const search *s, size_t t, double z, double *first, double *second)
{
    const jn_chain *c = s->m->chain;
    *first = *second = 0.0;
    if (!emits(s, t)) {
        return JN_OK;
    }
    if (c->emission_derivatives != NULL) {
        return c->emission_derivatives(s->m->self, s->row, t, 1, 1, &z, first, second);
    }
    const double h = 1e-3 * s->sd[t], at[3] = { z - h, z, z + h };
    double e[3];
    const jn_status st = c->log_emission(s->m->self, s->row, t, 3, 3, at, e);
    *first = (e[2] - e[0]) / (2.0 * h);
    *second = (e[2] - 2.0 * e[1] + e[0]) / (h * h);
    return st;
}

/* Gradient, and a positive definite stand-in for minus the Hessian: second derivatives of a step's
 * mean are left out, and emissions that bend upwards count as flat. */
static jn_status expand(search *s)
{
    jn_status st = JN_OK;
    for (size_t t = 0; st == JN_OK && t < s->T; t++) {
        double first, second;
        const double w = 1.0 / (s->sd[t] * s->sd[t]), r = s->z[t] - s->mean[t];
        st = emission_slopes(s, t, s->z[t], &first, &second);
        s->grad[t] = first - w * r;
        s->diag[t] = w + (second < 0.0 ? -second : 0.0);
        if (t > 0) {
            s->grad[t - 1] += s->slope[t] * w * r;
            s->diag[t - 1] += s->slope[t] * s->slope[t] * w;
            s->off[t - 1] = -s->slope[t] * w;
        }
    }
    return st;
}

/* diag, off (t and t + 1) to the factor L of L L', lower bidiagonal, in their place. */
static bool factor(size_t T, double *diag, double *off)
{
    for (size_t t = 0; t < T; t++) {
        const double before = t > 0 ? off[t - 1] : 0.0;
        diag[t] = sqrt(diag[t] - before * before);
        if (!(diag[t] > 0.0 && diag[t] < INFINITY)) {
            return false;
        }
        if (t + 1 < T) {
            off[t] /= diag[t];
        }
    }
    return true;
}

static void newton_move(search *s)
{
    for (size_t t = 0; t < s->T; t++) {
        s->move[t] = (s->grad[t] - (t > 0 ? s->off[t - 1] * s->move[t - 1] : 0.0)) / s->diag[t];
    }
    for (size_t t = s->T; t-- > 0;) {
        const double next = t + 1 < s->T ? s->off[t] * s->move[t + 1] : 0.0;
        s->move[t] = (s->move[t] - next) / s->diag[t];
    }
}

/* The start: along the observation's own backward process, or the chain's means. */
static jn_status begin(search *s)
{
    const jn_chain *c = s->m->chain;
    jn_status st = c->initial_gaussian(s->m->self, s->z, s->sd);
    for (size_t t = 1; st == JN_OK && t < s->T; t++) {
        st = c->transition_gaussian(s->m->self, t, 1, 1, s->z + t - 1, s->z + t, s->sd + t);
    }
    for (size_t t = s->T; st == JN_OK && c->backward_gaussian != NULL && t-- > 0;) {
        double sd;
        st = c->backward_gaussian(s->m->self, s->row, t, 1, 1, t + 1 == s->T ? NULL : s->z + t + 1,
                                  s->z + t, &sd);
    }
    return st;
}

/* JN_NOT_CONVERGED: no step goes up any more, and the last was not small. */
static jn_status climb(search *s)
{
    double here, there = -INFINITY, size = INFINITY;
    jn_status st = begin(s);
    st = st == JN_OK ? log_joint(s, s->z, &here) : st;
    for (int k = 0; st == JN_OK && k < MAX_NEWTON; k++) {
        st = expand(s);
        if (st != JN_OK || !factor(s->T, s->diag, s->off)) {
            return st == JN_OK ? JN_ERR_UNSUPPORTED : st;
        }
        if (size < 1e-9) { /* in units of the steps' noise; the factor is that of the mode */
            return JN_OK;
        }
        newton_move(s);
        double share = 1.0;
        size = 0.0;
        for (int i = 0; st == JN_OK && i < MAX_HALVINGS; i++, share *= 0.5) {
            for (size_t t = 0; t < s->T; t++) {
                s->other[t] = s->z[t] + share * s->move[t];
            }
            st = log_joint(s, s->other, &there);
            if (there >= here - 1e-12 * fabs(here)) {
                break;
            }
        }
        for (size_t t = 0; t < s->T; t++) {
            size = fmax(size, fabs(s->move[t]) / s->sd[t]);
            s->z[t] = s->other[t];
        }
        here = there;
    }
    return st == JN_OK ? JN_NOT_CONVERGED : st;
}

/* The factor at the mode to a draw backwards: L' (z - mode) = e. */
static void keep(const search *s, backward_step *out)
{
    for (size_t t = 0; t < s->T; t++) {
        const bool last = t + 1 == s->T;
        out[t].root = 1.0 / s->diag[t];
        out[t].J = last ? 0.0 : -s->off[t] / s->diag[t];
        out[t].centre = s->z[t] - (last ? 0.0 : out[t].J * s->z[t + 1]);
    }
}

static jn_status step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                      const double *near, const double *base, double *z, double *log_q)
{
    const smoother *s = self;
    const backward_step *b = s->steps + row * s->T + t;
    const double constant = -0.5 * JN_LOG_2PI - log(b->root);
    (void)ld; /* one coordinate */
    for (size_t i = 0; i < n; i++) {
        z[i] = b->centre + (near == NULL ? 0.0 : b->J * near[i]) + b->root * base[i];
        log_q[i] = constant - 0.5 * (base[i] * base[i]);
    }
    return JN_OK;
}

static const jn_path_ops ops = { .backward = true, .step = step };

static bool search_new(search *s, const jn_model *m, size_t T)
{
    *s = (search){ .m = m, .T = T, .memory = T > SIZE_MAX / 128 ? NULL : jn_alloc_doubles(9 * T) };
    double **const rows[] = { &s->z,    &s->mean, &s->slope, &s->sd,   &s->grad,
                              &s->diag, &s->off,  &s->move,  &s->other };
    for (size_t i = 0; s->memory != NULL && i < 9; i++) {
        *rows[i] = s->memory + i * T;
    }
    return s->memory != NULL;
}

static jn_status fill(const jn_model *m, smoother *to, jn_proposal *q, jn_error *err)
{
    search s;
    if (!search_new(&s, m, to->T)) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps", to->T);
    }
    jn_status st = JN_OK;
    for (size_t row = 0; st >= 0 && row < m->n_obs; row++) {
        s.row = row;
        st = climb(&s);
        q->weakest = st > 0 ? st : q->weakest;
        if (st >= 0) {
            keep(&s, to->steps + row * to->T);
        }
    }
    free(s.memory);
    return st < 0 ? jn_error_set(err, st, "observation %zu: no Gaussian about the mode: %s", s.row,
                                 jn_status_text(st))
                  : JN_OK;
}

static jn_status gaussian(const jn_model *m, jn_proposal *q, jn_error *err)
{
    const jn_chain *c = m->chain;
    const size_t T = c->n_steps(m->self, 0);
    double root[2];
    if (m->dim != 1 || c->finite != NULL || c->initial_gaussian == NULL ||
        c->transition_gaussian == NULL || c->initial_gaussian(m->self, NULL, root) < 0 ||
        c->transition_gaussian(m->self, 1, 0, 1, NULL, NULL, root + 1) < 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s: a smoother needs Gaussian steps that have a density, of one "
                            "coordinate unless all is linear",
                            m->type->name);
    }
    smoother *s = T > SIZE_MAX / 64 / m->n_obs
                      ? NULL
                      : jn_alloc(1, sizeof *s + m->n_obs * T * sizeof(backward_step));
    if (s == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps", T);
    }
    s->T = T;
    q->self = s;
    q->path = &ops;
    return fill(m, s, q, err);
}

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    (void)params;
    q->per_row = true;
    if (model->chain->linear != NULL) {
        q->is_posterior = true;
        return jn_path_linear_posterior(model, q, err);
    }
    return gaussian(model, q, err);
}

const jn_proposal_type jn_path_smoother = {
    .name = "smoother",
    .summary = "a Gaussian over whole paths at the mode: exact for linear-Gaussian chains",
    .create = create,
    .destroy = free,
};
