/* q = p(z | x), where the model knows it: every weight equals p(x). */
#include <stdint.h>

#include "base/dense.h"
#include "proposal/families.h"

static jn_base base_kind(const void *self, size_t j)
{
    return jn_model_posterior_base(self, j);
}

static jn_status log_density(const void *self, size_t row, size_t n, size_t ld, const double *z,
                             double *log_q)
{
    const jn_model *m = self;
    return m->density->posterior_log_density(m->self, row, n, ld, z, log_q);
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    const jn_model *m = self;
    const jn_status status = m->density->posterior_map(m->self, row, n, ld, base, z);
    return status < 0 ? status : log_density(self, row, n, ld, z, log_q);
}

static jn_status location(const void *self, size_t row, double *mean, double *chol)
{
    const jn_model *m = self;
    const jn_status status = m->density->posterior_gaussian(m->self, row, mean, chol);
    return status < 0 ? status : jn_cholesky(m->dim, chol) ? JN_OK : JN_ERR_VALUE;
}

static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_model *m = self;
    const jn_status status = m->density->posterior_gaussian(m->self, row, NULL, precision);
    return status < 0 ? status : jn_spd_invert(m->dim, precision) ? JN_OK : JN_ERR_VALUE;
}

static const jn_proposal_ops ops = { .map = map, .log_density = log_density, .base = base_kind };
static const jn_proposal_ops gaussian_ops = { .map = map,
                                              .log_density = log_density,
                                              .base = base_kind,
                                              .location = location,
                                              .tail_precision = tail_precision };

static jn_status create(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err)
{
    (void)params;
    const jn_density *density = model->density;
    if (density == NULL || density->posterior_map == NULL ||
        density->posterior_log_density == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no posterior in closed form; try laplace",
                            model->type->name);
    }
    q->self = (void *)(uintptr_t)model; /* read only: the ops take it as const */
    q->ops = density->posterior_gaussian == NULL ? &ops : &gaussian_ops;
    q->is_posterior = true;
    q->is_gaussian = density->posterior_gaussian != NULL;
    q->per_row = model->n_obs > 1;
    return JN_OK;
}

static void destroy(void *self)
{
    (void)self; /* borrowed */
}

const jn_proposal_type jn_proposal_posterior = {
    .name = "posterior",
    .summary = "p(z | x) itself, where it is known in closed form",
    .create = create,
    .destroy = destroy,
};
