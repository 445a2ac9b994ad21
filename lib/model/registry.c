#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/models.h"

static const jn_model_type *const types[] = {
    &jn_model_linear_gaussian,
    &jn_model_gaussian_mixture,
    &jn_model_logistic,
    &jn_model_gamma_weights,
    &jn_model_two_point_weights,
    &jn_model_gaussian_scale,
    &jn_model_decoder,
    &jn_model_hmm,
    &jn_model_local_level,
    &jn_model_lgssm,
    &jn_model_beta_binomial,
    &jn_model_gamma_poisson,
    &jn_model_linear_regression,
    &jn_model_glmm,
    &jn_model_hierarchical_normal,
    &jn_model_funnel,
    &jn_model_banana,
    &jn_model_student,
    &jn_model_stochastic_volatility,
    &jn_model_diffusion,
};
enum { N_TYPES = sizeof types / sizeof *types };

const jn_model_type *const *jn_model_types(size_t *n)
{
    *n = N_TYPES;
    return types;
}

const jn_model_type *jn_model_type_find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

static jn_status unknown_model(const char *name, jn_error *err)
{
    const char *names[N_TYPES];
    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i]->name;
    }
    const char *near = jn_nearest(name, names, N_TYPES);
    return near == NULL
               ? jn_error_set(err, JN_ERR_USAGE, "no model '%s' ('jensen models' lists them)", name)
               : jn_error_set(err, JN_ERR_USAGE, "no model '%s'; did you mean '%s'?", name, near);
}

static jn_status check_data(const jn_model_type *type, const jn_table *data, jn_error *err)
{
    if (type->data == NULL && data != NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s takes no data, but %s was given",
                            type->name, data->origin == NULL ? "a table" : data->origin);
    }
    if (type->data != NULL && data == NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s needs data: %s", type->name, type->data);
    }
    if (data != NULL && (data->n_rows == 0 || data->n_cols == 0)) {
        return jn_error_set(err, JN_ERR_VALUE, "%s: no data rows; model %s needs %s",
                            data->origin == NULL ? "the data" : data->origin, type->name,
                            type->data);
    }
    return JN_OK;
}

static jn_status bind(jn_model *m, const jn_params *params, const jn_table *data, jn_error *err)
{
    char owner[64] = "model ";
    strncat(owner, m->type->name, sizeof owner - strlen(owner) - 1);
    if (params != NULL && jn_params_copy(params, &m->params) < 0) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the parameters");
    }
    jn_status status = jn_params_complete(&m->params, m->type->params, m->type->n_params, owner,
                                          err);
    if (status < 0) {
        return status;
    }
    status = check_data(m->type, data, err);
    if (status < 0) {
        return status;
    }
    status = m->type->create(&m->params, data, m, err);
    return status < 0 ? jn_error_prefix(err, status, "%s", owner) : status;
}

jn_status jn_model_new(const char *name, const jn_params *params, const jn_table *data,
                       jn_model **out, jn_error *err)
{
    const jn_model_type *type = jn_model_type_find(name);
    if (type == NULL) {
        return unknown_model(name, err);
    }
    jn_model *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for model %s", name);
    }
    m->type = type;
    const jn_status status = bind(m, params, data, err);
    if (status < 0) {
        jn_model_free(m);
        return status;
    }
    *out = m;
    return status;
}

void jn_model_free(jn_model *m)
{
    if (m != NULL) {
        m->type->destroy(m->self);
        jn_params_free(&m->params);
        free(m);
    }
}

jn_support jn_model_support(const jn_model *m, size_t j)
{
    return m->density == NULL || m->density->support == NULL ? JN_REAL
                                                             : m->density->support(m->self, j);
}

static jn_base base_of(const jn_model *m, size_t j, jn_base (*own)(const void *self, size_t j))
{
    if (own != NULL) {
        return own(m->self, j);
    }
    const jn_support support = jn_model_support(m, j);
    return support == JN_REAL       ? JN_BASE_NORMAL
           : support == JN_DISCRETE ? JN_BASE_CHOICE
                                    : JN_BASE_UNIFORM;
}

jn_base jn_model_prior_base(const jn_model *m, size_t j)
{
    return base_of(m, j, m->density->prior_base);
}

jn_base jn_model_posterior_base(const jn_model *m, size_t j)
{
    return base_of(m, j, m->density->posterior_base);
}

size_t jn_model_states(const jn_model *m)
{
    return m->density == NULL || m->density->n_states == NULL ? 0 : m->density->n_states(m->self);
}
