/* q = p(z): every log-weight is the likelihood. */
#include <stdint.h>

#include "base/dense.h"
#include "proposal/families.h"

static const jn_density *density_of(const void *self)
{
    return ((const jn_model *)self)->density;
}

static jn_base base_kind(const void *self, size_t j)
{
    return jn_model_prior_base(self, j);
}

static jn_status log_density(const void *self, size_t row, size_t n, size_t ld, const double *z,
                             double *log_q)
{
    const jn_model *m = self;
    (void)row;
    return m->density->log_prior(m->self, n, ld, z, log_q);
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    const jn_model *m = self;
    const jn_status status = m->density->prior_map(m->self, n, ld, base, z);
    return status < 0 ? status : log_density(self, row, n, ld, z, log_q);
}

static jn_status location(const void *self, size_t row, double *mean, double *chol)
{
    const jn_model *m = self;
    (void)row;
    const jn_status status = m->density->prior_gaussian(m->self, mean, chol);
    return status < 0 ? status : jn_cholesky(m->dim, chol) ? JN_OK : JN_ERR_VALUE;
}

static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_model *m = self;
    (void)row;
    const jn_status status = m->density->prior_gaussian(m->self, NULL, precision);
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
    if (model->density == NULL || model->density->prior_map == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no prior to draw from; try laplace", model->type->name);
    }
    q->self = (void *)(uintptr_t)model; /* read only: the ops take it as const */
    q->ops = density_of(model)->prior_gaussian == NULL ? &ops : &gaussian_ops;
    q->is_prior = true;
    q->is_gaussian = density_of(model)->prior_gaussian != NULL;
    return JN_OK;
}

static void destroy(void *self)
{
    (void)self; /* borrowed */
}

const jn_proposal_type jn_proposal_prior = {
    .name = "prior",
    .summary = "p(z) itself",
    .create = create,
    .destroy = destroy,
};
