#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proposal/families.h"

static const jn_proposal_type *const types[] = {
    &jn_proposal_prior,   &jn_proposal_gaussian, &jn_proposal_laplace, &jn_proposal_posterior,
    &jn_proposal_encoder, &jn_proposal_student,  &jn_proposal_mixture, &jn_proposal_conditional,
};
enum { N_TYPES = sizeof types / sizeof *types };

const jn_proposal_type *const *jn_proposal_types(size_t *n)
{
    *n = N_TYPES;
    return types;
}

const jn_proposal_type *jn_proposal_type_find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

static jn_status unknown_proposal(const char *name, jn_error *err)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i]->name;
    }
    const char *near = jn_nearest(name, names, N_TYPES);
    return near == NULL ? jn_error_set(err, JN_ERR_USAGE,
                                       "no proposal '%s' ('jensen models' lists them)", name)
                        : jn_error_set(err, JN_ERR_USAGE, "no proposal '%s'; did you mean '%s'?",
                                       name, near);
}

static jn_status bind(jn_proposal *q, const jn_params *params, jn_error *err)
{
    char owner[64] = "proposal ";
    strncat(owner, q->type->name, sizeof owner - strlen(owner) - 1);
    if (params != NULL && jn_params_copy(params, &q->params) < 0) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the parameters");
    }
    jn_status status = jn_params_complete(&q->params, q->type->params, q->type->n_params, owner,
                                          err);
    if (status < 0) {
        return status;
    }
    status = q->type->create(&q->params, q->model, q, err);
    return status < 0 ? jn_error_prefix(err, status, "%s", owner) : status;
}

jn_status jn_proposal_new(const char *name, const jn_params *params, const jn_model *model,
                          jn_proposal **out, jn_error *err)
{
    const jn_proposal_type *type = jn_proposal_type_find(name);
    if (type == NULL) {
        return unknown_proposal(name, err);
    }
    jn_proposal *q = jn_alloc(1, sizeof *q);
    if (q == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for proposal %s", name);
    }
    q->type = type;
    q->model = model;
    const jn_status status = bind(q, params, err);
    if (status < 0) {
        jn_proposal_free(q);
        return status;
    }
    *out = q;
    return status;
}

void jn_proposal_free(jn_proposal *q)
{
    if (q != NULL) {
        q->type->destroy(q->self);
        jn_params_free(&q->params);
        free(q);
    }
}

size_t jn_proposal_n_base(const jn_proposal *q)
{
    return q->ops == NULL || q->ops->n_base == NULL ? q->model->dim : q->ops->n_base(q->self);
}

jn_base jn_proposal_base(const jn_proposal *q, size_t j)
{
    return q->ops->base == NULL ? JN_BASE_NORMAL : q->ops->base(q->self, j);
}
