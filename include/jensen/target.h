/* The target: a density model in unconstrained coordinates u, and the mode of each observation.
 *
 * POSITIVE coordinates become log z, UNIT ones logit z; log-densities over u carry the Jacobian.
 * Discrete models have no target. */
#ifndef JENSEN_TARGET_H
#define JENSEN_TARGET_H

#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* z from u for n points (dim x ld blocks; z may be u), and log |dz/du| where log_jacobian is not
 * NULL. All models with continuous latents. Where exp(u) or the logistic function leaves the range
 * of doubles z is held at the end of it, so that it stays inside the open support. */
JN_API void jn_target_to_z(const jn_model *m, size_t n, size_t ld, const double *u, double *z,
                           double *log_jacobian);
/* log |dz/du| alone. */
JN_API void jn_target_log_jacobian(const jn_model *m, size_t n, size_t ld, const double *u,
                                   double *out);
/* u from z (u may be z); values on the border of the support give infinities. */
JN_API void jn_target_to_u(const jn_model *m, size_t n, size_t ld, const double *z, double *u);

/* log p(x_row, u_i) + log |dz/du|, i < n. scratch: (dim + 1) * ld doubles.
 * JN_ERR_NAN where a density is NaN or +inf (`out` then shows which); JN_ERR_UNSUPPORTED for
 * discrete latents and chains. */
JN_API JN_CHECKED jn_status jn_target_log_joint(const jn_model *m, size_t row, size_t n, size_t ld,
                                                const double *u, double *scratch, double *out);

/* Value, gradient and Hessian of the log joint over u at one point: the model's own derivatives
 * through the chain rule, or central differences of fourth order where it has none (Hessian good to
 * about 1e-10 of the value). grad, hess may be NULL. Statuses as above; after one of them the
 * outputs are undefined. */
JN_API JN_CHECKED jn_status jn_target_derivatives(const jn_model *m, size_t row, const double *u,
                                                  double *value, double *grad, double *hess);

/* A mode and the Gaussian about it. All matrices dim x dim, row-major. */
typedef struct jn_mode {
    size_t dim;
    double *u;         /* the highest mode found, in unconstrained coordinates */
    double *precision; /* negative Hessian there, symmetric positive definite */
    double *chol_cov;  /* lower triangular L with L L' = inverse of precision */
    double log_joint;  /* value at the mode */
    double log_det_cov;
    size_t n_modes; /* distinct modes found, this one included; 0: not converged */
} jn_mode;

/* Newton's method with a line search, exact Hessian, from the origin; where the model is not said
 * to be log-concave also from the prior's centre and from fixed draws of the prior. *out is filled
 * on JN_OK and on JN_NOT_CONVERGED (no gradient zero was reached); JN_ERR_VALUE where the Hessian
 * at the mode is not negative definite (a flat direction); JN_ERR_UNSUPPORTED where the model is
 * discrete or a chain; JN_ERR_NAN where no start gives a finite density. Free with jn_mode_free. */
JN_API JN_CHECKED jn_status jn_target_mode(const jn_model *m, size_t row, jn_mode *out,
                                           jn_error *err);
JN_API void jn_mode_free(jn_mode *mode); /* leaves zeros */

/* Distinct modes, the highest first, each with its Gaussian (n_modes 1 in each). */
typedef struct jn_modes {
    size_t n;
    jn_mode *mode; /* n */
} jn_modes;

/* Every mode that is found from the starts of jn_target_mode and, where the model is not said to be
 * log-concave, from those of a few hundred points of the prior and about the modes known so far
 * that lie highest above what these modes explain. Points are good to 1e-4 posterior standard
 * deviations: enough to place nodes. Errors as for jn_target_mode, JN_ERR_VALUE also where no
 * search converged. Free with jn_modes_free. */
JN_API JN_CHECKED jn_status jn_target_modes(const jn_model *m, size_t row, jn_modes *out,
                                            jn_error *err);
JN_API void jn_modes_free(jn_modes *modes); /* leaves zeros */

#ifdef __cplusplus
}
#endif
#endif
