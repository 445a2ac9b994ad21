/* Outcomes of the rows of one group, given its intercept. */
#include <math.h>

#include "model/count_quantile.h"
#include "model/glmm.h"

static jn_base uniform(const void *self)
{
    (void)self;
    return JN_BASE_UNIFORM;
}

static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const jn_glmm *m = self;
    (void)t;
    (void)ld;
    for (size_t i = 0; i < m->n_rows; i++) {
        const double eta = m->offset[i] + z[0];
        if (m->group[i] == row) {
            cells->x[i] = m->family == JN_GLMM_POISSON
                              ? jn_poisson_quantile(exp(eta), cells->base[i])
                              : jn_binomial_quantile(m->trials[i], 1.0 / (1.0 + exp(-eta)),
                                                     cells->base[i]);
        }
    }
    return JN_OK;
}

const jn_simulator jn_glmm_simulator = {
    .column = "y", .design = "group", .takes_design = true, .base = uniform, .draw = draw
};
