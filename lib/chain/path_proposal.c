/* The path proposals by name; `prior` and `forward`, which are the chain's own functions. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "chain/paths.h"

static const jn_proposal_type *const types[] = { &jn_path_prior, &jn_path_forward,
                                                 &jn_path_posterior, &jn_path_guided,
                                                 &jn_path_smoother };
enum { N_TYPES = sizeof types / sizeof *types };

const jn_proposal_type *const *jn_path_proposal_types(size_t *n)
{
    *n = N_TYPES;
    return types;
}

static const jn_proposal_type *find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

static jn_status unknown(const char *name, jn_error *err)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i]->name;
    }
    const char *near = jn_nearest(name, names, N_TYPES);
    return jn_error_set(err, JN_ERR_USAGE,
                        near == NULL ? "no proposal '%s' over paths; there are prior, forward, "
                                       "posterior, guided and smoother%s%s"
                                     : "no proposal '%s' over paths; did you mean '%s'?%s",
                        name, near == NULL ? "" : near, "");
}

static jn_status bind(jn_proposal *q, const jn_params *params, jn_error *err)
{
    if (params != NULL && jn_params_copy(params, &q->params) < 0) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the parameters");
    }
    char owner[64] = "proposal ";
    strncat(owner, q->type->name, sizeof owner - strlen(owner) - 1);
    jn_status st = jn_params_complete(&q->params, q->type->params, q->type->n_params, owner, err);
    if (st < 0) {
        return st;
    }
    st = q->type->create(&q->params, q->model, q, err);
    return st < 0 ? jn_error_prefix(err, st, "%s", owner) : st;
}

jn_status jn_path_proposal_new(const char *name, const jn_params *params, const jn_model *model,
                               jn_proposal **out, jn_error *err)
{
    const jn_proposal_type *type = find(name);
    if (type == NULL) {
        return unknown(name, err);
    }
    if (model->chain == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s is no chain", model->type->name);
    }
    jn_proposal *q = jn_alloc(1, sizeof *q);
    if (q == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for proposal %s", name);
    }
    q->type = type;
    q->model = model;
    const jn_status st = bind(q, params, err);
    if (st < 0) {
        jn_proposal_free(q);
        return st;
    }
    *out = q;
    return st;
}

static void borrowed(void *self)
{
    (void)self;
}

static jn_status prior_step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                            const double *near, const double *base, double *z, double *log_q)
{
    const jn_model *m = self;
    const jn_chain *c = m->chain;
    (void)row;
    jn_status st = t == 0 ? c->initial_map(m->self, n, ld, base, z)
                          : c->transition_map(m->self, t, n, ld, near, base, z);
    if (st == JN_OK && log_q != NULL) {
        st = t == 0 ? c->log_initial(m->self, n, ld, z, log_q)
                    : c->log_transition(m->self, t, n, ld, near, z, log_q);
    }
    return st;
}

static const jn_path_ops prior_ops = { .step = prior_step };

static jn_status prior_create(const jn_params *params, const jn_model *model, jn_proposal *q,
                              jn_error *err)
{
    (void)params;
    (void)err;
    q->self = (void *)(uintptr_t)model; /* read only: the ops take it as const */
    q->path = &prior_ops;
    q->is_prior = true;
    return JN_OK;
}

const jn_proposal_type jn_path_prior = {
    .name = "prior",
    .summary = "the law of the path itself",
    .create = prior_create,
    .destroy = borrowed,
};

static jn_status forward_step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *near, const double *base, double *z, double *log_q)
{
    const jn_model *m = self;
    double sd;
    const jn_status st = m->chain->backward_gaussian(m->self, row, t, n, ld, near, z, &sd);
    if (st < 0) {
        return st;
    }
    const double constant = -0.5 * JN_LOG_2PI - log(sd);
    for (size_t i = 0; i < n; i++) {
        z[i] += sd * base[i];
        log_q[i] = constant - 0.5 * (base[i] * base[i]);
    }
    return JN_OK;
}

static const jn_path_ops forward_ops = { .backward = true, .step = forward_step };

static jn_status forward_create(const jn_params *params, const jn_model *model, jn_proposal *q,
                                jn_error *err)
{
    (void)params;
    if (model->chain->backward_gaussian == NULL || model->dim != 1) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no forward process that leads from x to noise",
                            model->type->name);
    }
    q->self = (void *)(uintptr_t)model;
    q->path = &forward_ops;
    q->per_row = true;
    return JN_OK;
}

const jn_proposal_type jn_path_forward = {
    .name = "forward",
    .summary = "diffusion: the forward process from x_0",
    .create = forward_create,
    .destroy = borrowed,
};

static jn_status posterior_create(const jn_params *params, const jn_model *model, jn_proposal *q,
                                  jn_error *err)
{
    (void)params;
    q->is_posterior = true;
    q->per_row = true;
    if (model->chain->finite != NULL) {
        return jn_path_finite_posterior(model, q, err);
    }
    if (model->chain->linear != NULL) {
        return jn_path_linear_posterior(model, q, err);
    }
    return jn_error_set(err, JN_ERR_UNSUPPORTED,
                        "the posterior over paths of model %s has no exact sampler; try guided",
                        model->type->name);
}

const jn_proposal_type jn_path_posterior = {
    .name = "posterior",
    .summary = "exact, drawn backwards through the filter",
    .create = posterior_create,
    .destroy = free,
};

static jn_status guided_create(const jn_params *params, const jn_model *model, jn_proposal *q,
                               jn_error *err)
{
    (void)params;
    q->per_row = true;
    return model->chain->finite != NULL ? jn_path_finite_guided(model, q, err)
                                        : jn_path_gaussian_guided(model, q, err);
}

const jn_proposal_type jn_path_guided = {
    .name = "guided",
    .summary = "each step sees its observation: exactly, or linearised about the predicted mean",
    .create = guided_create,
    .destroy = free,
};

size_t jn_path_step_base(const jn_model *m)
{
    return m->chain->finite != NULL ? 1 : m->dim;
}

void jn_path_base(const jn_model *m, const jn_stream *stream, size_t t, uint64_t index0, size_t n,
                  size_t ld, double *base)
{
    if (m->chain->finite != NULL) {
        jn_uniform_fill(stream, index0, n, (uint32_t)t, base);
        return;
    }
    for (size_t j = 0; j < m->dim; j++) {
        jn_normal_fill(stream, index0, n, (uint32_t)(t * m->dim + j), base + j * ld);
    }
}

jn_status jn_path_check(const jn_proposal *q, size_t row, jn_error *err)
{
    const jn_model *m = q->model;
    if (q->path == NULL || row >= m->n_obs) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "proposal %s, observation %zu: need a proposal over paths and one of "
                            "%zu observations",
                            q->type->name, row, m->n_obs);
    }
    const size_t T = m->chain->n_steps(m->self, row);
    return T <= ((size_t)1 << JN_COORDINATE_BITS) / m->dim
               ? JN_OK
               : jn_error_set(err, JN_ERR_UNSUPPORTED,
                              "%zu steps of %zu coordinates: paths are drawn up to 2^%d numbers", T,
                              m->dim, JN_COORDINATE_BITS);
}
