/* The ELBO of a chain under its own backward process, one step at a time. That process is Gaussian
 * and affine from the observation on, z_t = a_t + k_t z_{t+1} + s_t e, so that every z_t | x is
 * Gaussian and so is every z_t | z_{t-1}, x; what is left of each term is an expectation over one
 * coordinate, by the trapezoid rule over ten standard deviations. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/constants.h"
#include "base/memory.h"
#include "chain/sum.h"
#include "jensen/path.h"

enum { MAX_NODES = 8193, FIRST_NODES = 65 };

typedef struct ledger {
    const jn_model *m;
    size_t row, T;
    double *offset, *slope, *sd; /* of the backward steps */
    double *mean, *var;          /* of z_t | x */
    double *node, *value, *from; /* MAX_NODES each */
    uint64_t n_eval;
} ledger;

static jn_status backward_moments(ledger *l)
{
    for (size_t t = l->T; t-- > 0;) {
        const double at[2] = { 0.0, 1.0 };
        double to[2];
        const bool last = t + 1 == l->T;
        const jn_status st = l->m->chain->backward_gaussian(l->m->self, l->row, t, 2, 2,
                                                            last ? NULL : at, to, l->sd + t);
        if (st < 0) {
            return st;
        }
        l->offset[t] = to[0];
        l->slope[t] = last ? 0.0 : to[1] - to[0];
        l->mean[t] = l->offset[t] + (last ? 0.0 : l->slope[t] * l->mean[t + 1]);
        l->var[t] = l->sd[t] * l->sd[t] + (last ? 0.0 : l->slope[t] * l->slope[t] * l->var[t + 1]);
    }
    return JN_OK;
}

/* KL of one Gaussian from another of the same kind, with e the difference of their means. */
static double kl_gaussian(double e, double var_q, double var_p)
{
    const double r = var_q / var_p;
    return 0.5 * (e * e / var_p + (r - 1.0 - log(r)));
}

/* The integrand of term t at n values of z_{t-1} (of z_{T-1} for t = T). */
static jn_status integrand(ledger *l, size_t t, size_t n, const double *z, double *out)
{
    const jn_chain *c = l->m->chain;
    l->n_eval += n;
    if (t == l->T) {
        const jn_status st = c->log_emission(l->m->self, l->row, t - 1, n, n, z, out);
        for (size_t i = 0; st == JN_OK && i < n; i++) {
            out[i] = -out[i];
        }
        return st;
    }
    /* z_{t-1} = a + k z_t + s e with z_t ~ N(mean, var) */
    const double gain = l->slope[t - 1] * l->var[t] / l->var[t - 1];
    const double var = l->var[t] * (l->sd[t - 1] * l->sd[t - 1] / l->var[t - 1]);
    double sd;
    const jn_status st = c->transition_gaussian(l->m->self, t, n, n, z, out, &sd);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const double e = l->mean[t] + gain * (z[i] - l->mean[t - 1]) - out[i];
        out[i] = kl_gaussian(e, var, sd * sd);
    }
    return st;
}

/* Mean of the integrand over z_{t-1} | x with n nodes. */
static jn_status expectation(ledger *l, size_t t, size_t n, double *out)
{
    const double sd = sqrt(l->var[t - 1]), h = 20.0 / (double)(n - 1);
    for (size_t i = 0; i < n; i++) {
        l->from[i] = -10.0 + (double)i * h;
        l->node[i] = l->mean[t - 1] + sd * l->from[i];
    }
    const jn_status st = integrand(l, t, n, l->node, l->value);
    jn_sum sum = { 0.0, 0.0 };
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        jn_sum_add(&sum, h * exp(-0.5 * l->from[i] * l->from[i]) * l->value[i]);
    }
    *out = jn_sum_total(&sum) / sqrt(2.0 * M_PI);
    return st;
}

/* Nodes are doubled until the term stays; what the last doubling moved is its error. */
static jn_status term(ledger *l, size_t t, double *out, double *error)
{
    double old;
    jn_status st = expectation(l, t, FIRST_NODES, &old);
    for (size_t n = 2 * FIRST_NODES - 1; st == JN_OK && n <= MAX_NODES; n = 2 * n - 1) {
        st = expectation(l, t, n, out);
        *error = fabs(*out - old) + 8.0 * DBL_EPSILON * fabs(*out);
        if (fabs(*out - old) <= 1e-13 * (1.0 + fabs(*out))) {
            break;
        }
        old = *out;
    }
    return st;
}

static jn_status all_terms(ledger *l, double *terms, jn_estimate *elbo)
{
    double mean, sd, error = 0.0;
    jn_sum sum = { 0.0, 0.0 };
    jn_status st = backward_moments(l);
    st = st == JN_OK ? l->m->chain->initial_gaussian(l->m->self, &mean, &sd) : st;
    if (st < 0) {
        return st;
    }
    terms[0] = kl_gaussian(l->mean[0] - mean, l->var[0], sd * sd);
    jn_sum_add(&sum, terms[0]);
    error += 8.0 * DBL_EPSILON * (1.0 + terms[0]);
    for (size_t t = 1; st == JN_OK && t <= l->T; t++) {
        double moved = 0.0;
        st = term(l, t, terms + t, &moved);
        jn_sum_add(&sum, st == JN_OK ? terms[t] : 0.0);
        error += moved;
    }
    *elbo = (jn_estimate){ .value = -jn_sum_total(&sum),
                           .error = error,
                           .dof = NAN,
                           .kind = JN_QUADRATURE,
                           .method = "step by step",
                           .n_eval = l->n_eval };
    return st;
}

jn_status jn_chain_ledger(const jn_model *m, size_t row, double *terms, jn_estimate *elbo,
                          jn_error *err)
{
    const jn_chain *c = m->chain;
    if (c == NULL || m->dim != 1 || c->backward_gaussian == NULL || c->initial_gaussian == NULL ||
        c->transition_gaussian == NULL) {
        return jn_error_set(
            err, JN_ERR_UNSUPPORTED,
            "model %s: a ledger needs a chain of one coordinate with a process that "
            "leads from x to noise",
            m->type->name);
    }
    if (row >= m->n_obs) {
        return jn_error_set(err, JN_ERR_VALUE, "observation %zu: model %s has %zu", row,
                            m->type->name, m->n_obs);
    }
    ledger l = { .m = m, .row = row, .T = c->n_steps(m->self, row) };
    double *memory = jn_alloc_doubles(6 * l.T + 1 + 3 * MAX_NODES);
    if (memory == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps", l.T);
    }
    double **const rows[] = { &l.offset, &l.slope, &l.sd, &l.mean, &l.var };
    for (size_t i = 0; i < 5; i++) {
        *rows[i] = memory + i * l.T;
    }
    double *own = memory + 5 * l.T; /* terms, until all of them are known */
    l.node = own + l.T + 1;
    l.value = l.node + MAX_NODES;
    l.from = l.value + MAX_NODES;
    jn_estimate sum;
    const jn_status st = all_terms(&l, own, &sum);
    for (size_t t = 0; st == JN_OK && t <= l.T; t++) {
        terms[t] = own[t];
    }
    if (st == JN_OK) {
        *elbo = sum;
    }
    free(memory);
    return st < 0 ? jn_error_set(err, st, "model %s: %s", m->type->name, jn_status_text(st)) : st;
}
