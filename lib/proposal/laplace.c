/* The Gaussian about the highest mode of log p(x, u), one for each observation. */
#include <stdio.h>
#include <string.h>

#include "jensen/target.h"
#include "proposal/affine.h"
#include "proposal/families.h"

static const jn_param_spec specs[] = { JN_AFFINE_SPECS };

/* What to take instead, after what is wrong. */
static jn_status no_mode(const jn_model *model, jn_error *err)
{
    char why[JN_ERROR_TEXT];
    (void)snprintf(why, sizeof why, "%s", err == NULL ? "" : err->message);
    return jn_error_set(err, JN_ERR_VALUE, "%s; %s needs no mode", why,
                        model->density->conditional_map != NULL ? "--q conditional" : "--q prior");
}

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    if (jn_model_states(model) > 0 || model->density == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no continuous latent",
                            model->type->name);
    }
    const size_t d = model->dim;
    jn_affine *a = jn_affine_new(model, true);
    if (a == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a proposal in %zu dimensions", d);
    }
    q->self = a;
    for (size_t row = 0; row < model->n_obs; row++) {
        jn_mode mode;
        const jn_status status = jn_target_mode(model, row, &mode, err);
        if (status == JN_ERR_VALUE) {
            return no_mode(model, err);
        }
        if (status < 0) {
            return status;
        }
        q->weakest = status > 0 ? status : q->weakest;
        memcpy(a->mean + row * d, mode.u, d * sizeof *a->mean);
        memcpy(a->chol + row * d * d, mode.chol_cov, d * d * sizeof *a->chol);
        jn_mode_free(&mode);
    }
    q->ops = &jn_affine_ops;
    q->is_gaussian = true;
    q->per_row = a->n_sets > 1;
    return jn_affine_finish(a, params, err);
}

const jn_proposal_type jn_proposal_laplace = {
    .name = "laplace",
    .summary = "the mode of log p(x, z) and the exact negative Hessian there, each observation",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_affine_free,
};
