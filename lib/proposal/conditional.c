/* Some coordinates from the prior, the others exactly given them and x, where the model knows how.
 */
#include <stdint.h>

#include "proposal/families.h"

static jn_base base_kind(const void *self, size_t j)
{
    return jn_model_prior_base(self, j);
}

static jn_status log_density(const void *self, size_t row, size_t n, size_t ld, const double *z,
                             double *log_q)
{
    const jn_model *m = self;
    return m->density->conditional_log_density(m->self, row, n, ld, z, log_q);
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    const jn_model *m = self;
    const jn_status status = m->density->conditional_map(m->self, row, n, ld, base, z);
    return status < 0 ? status : log_density(self, row, n, ld, z, log_q);
}

static const jn_proposal_ops ops = { .map = map, .log_density = log_density, .base = base_kind };

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    (void)params;
    if (model->density == NULL || model->density->conditional_map == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no coordinates that are known given the others; try "
                            "laplace",
                            model->type->name);
    }
    q->self = (void *)(uintptr_t)model; /* read only: the ops take it as const */
    q->ops = &ops;
    q->is_bounded = true;
    q->per_row = model->n_obs > 1;
    return JN_OK;
}

static void destroy(void *self)
{
    (void)self; /* borrowed */
}

const jn_proposal_type jn_proposal_conditional = {
    .name = "conditional",
    .summary = "the prior of some coordinates, the others exactly given these and x, where known",
    .create = create,
    .destroy = destroy,
};
