/* Laplace's approximation: the Gaussians at the modes. Its error is not known. */
#include <math.h>

#include "base/constants.h"
#include "exact/chart.h"
#include "exact/methods.h"
#include "jensen/logspace.h"

jn_status jn_exact_laplace(const jn_model *m, size_t row, const jn_exact_options *options,
                           jn_estimate *out, jn_error *err)
{
    (void)options;
    jn_modes modes;
    jn_lse sum = JN_LSE_INIT;
    const jn_status st = jn_target_modes(m, row, &modes, err);
    if (st < 0) {
        return st;
    }
    for (size_t k = 0; k < modes.n; k++) {
        jn_lse_add(&sum, modes.mode[k].log_joint + 0.5 * (double)m->dim * JN_LOG_2PI +
                             0.5 * modes.mode[k].log_det_cov);
    }
    *out = (jn_estimate){ .value = jn_lse_log_sum(&sum),
                          .error = NAN,
                          .dof = NAN,
                          .kind = JN_QUADRATURE,
                          .method = "Laplace's approximation",
                          .n_eval = 0 };
    jn_modes_free(&modes);
    return JN_OK;
}
