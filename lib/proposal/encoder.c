/* The Gaussian that the model's own encoder gives for each observation: means and log sds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder.h"
#include "proposal/affine.h"
#include "proposal/families.h"

static const jn_param_spec specs[] = { JN_AFFINE_SPECS };

static jn_status fill(jn_affine *a, const double *outputs, jn_error *err)
{
    const size_t d = a->dim;
    for (size_t r = 0; r < a->n_sets; r++) {
        const double *y = outputs + r * 2 * d;
        for (size_t j = 0; j < d; j++) {
            const double sd = exp(y[d + j]);
            if (!isfinite(y[j]) || !isnormal(sd)) {
                return jn_error_set(err, JN_ERR_VALUE,
                                    "observation %zu: the encoder gives mean %g and log sd %g for "
                                    "coordinate %zu, out of range",
                                    r, y[j], y[d + j], j);
            }
            a->mean[r * d + j] = y[j];
            a->chol[(r * d + j) * d + j] = sd;
        }
    }
    return JN_OK;
}

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    jn_affine *a = jn_affine_new(model, true);
    double *outputs = jn_alloc_doubles(model->n_obs * 2 * model->dim);
    q->self = a;
    jn_status status = a == NULL || outputs == NULL
                           ? jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu observations",
                                          model->n_obs)
                           : jn_decoder_encode(model, outputs, err);
    if (status == JN_OK) {
        status = fill(a, outputs, err);
    }
    free(outputs);
    q->ops = &jn_affine_ops;
    q->is_gaussian = true;
    q->per_row = model->n_obs > 1;
    return status < 0 ? status : jn_affine_finish(a, params, err);
}

const jn_proposal_type jn_proposal_encoder = {
    .name = "encoder",
    .summary = "N(mean(x), sd(x)^2) from the encoder of model decoder",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_affine_free,
};
