/* The local level model: a level that walks at random, seen through noise. The linear-Gaussian
 * state space of one coordinate with F = H = 1. */
#include <math.h>

#include "base/memory.h"
#include "model/lgssm.h"
#include "model/models.h"
#include "model/series.h"

static const jn_param_spec specs[] = {
    { "level_sd", "number >= 0", "1", "standard deviation of a step of the level" },
    { "noise_sd", "number > 0", "1", "standard deviation of y about the level" },
    { "m0", "number", "0", "mean of the level at the first observation" },
    { "sd0", "number >= 0", "1", "standard deviation of the level at the first observation" },
};

static jn_status read_params(lgssm *m, const jn_params *params, jn_error *err)
{
    const double huge = 1e150; /* squares stay finite and normal */
    jn_status status = jn_params_number(params, "level_sd", 0.0, huge, m->root_Q, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "noise_sd", 1e-150, huge, m->root_R, err);
    }
    if (status == JN_OK) {
        status = jn_params_number(params, "m0", -INFINITY, INFINITY, m->m0, err);
    }
    return status == JN_OK ? jn_params_number(params, "sd0", 0.0, huge, m->root_P0, err) : status;
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    lgssm *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->d = m->p = 1;
    m->n = data->n_rows;
    jn_status status = jn_lgssm_allocate(m, err);
    status = status == JN_OK ? read_params(m, params, err) : status;
    status = status == JN_OK ? jn_series_read(data, "y", model, &m->y, err) : status;
    if (status < 0) {
        return status;
    }
    m->F[0] = m->H[0] = 1.0;
    m->definite_P0 = m->root_P0[0] > 0.0;
    m->definite_Q = m->root_Q[0] > 0.0;
    m->definite_R = true;
    jn_lgssm_finish(m, model);
    return JN_OK;
}

static const jn_simulator simulator = { .column = "y", .draw = jn_lgssm_draw };

const jn_model_type jn_model_local_level = {
    .name = "local-level",
    .summary = "a level that walks at random by level_sd, seen through noise of noise_sd",
    .data = "y in order; the series is one observation",
    .exact = "Kalman filter",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_lgssm_free,
    .simulator = &simulator,
};
