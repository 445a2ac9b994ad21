/* N(mean, diag(sd^2)) or N(mean, cov) in unconstrained coordinates. */
#include "proposal/affine.h"
#include "proposal/families.h"

static const jn_param_spec specs[] = { JN_LOCATION_SCALE_SPECS, JN_AFFINE_SPECS };

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    jn_affine *a;
    const jn_status status = jn_affine_read(params, model, &a, err);
    q->self = a;
    q->per_row = a != NULL && a->n_sets > 1;
    q->ops = &jn_affine_ops;
    q->is_gaussian = true;
    return status;
}

const jn_proposal_type jn_proposal_gaussian = {
    .name = "gaussian",
    .summary = "N(mean, sd^2) or N(mean, cov) in unconstrained coordinates",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = jn_affine_free,
};
