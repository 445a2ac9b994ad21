/* log p(x) without q: closed forms, finite sums, quadrature about the posterior's mode.
 *
 * Shares no nodes and no code path with the laws, so that the truth and the bounds can contradict
 * each other. */
#ifndef JENSEN_EXACT_H
#define JENSEN_EXACT_H

#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jn_exact_options {
    double tolerance;   /* absolute, nats, per observation; 0: 1e-9 */
    uint64_t max_nodes; /* of the finest resolution; 0: 2^24 */
    size_t threads;     /* 0: as many as there are; changes no digit */
} jn_exact_options;

/* log p(x_row) by the cheapest method that applies: the model's closed form or finite sum, the
 * recursion of a chain (jn_chain_evidence), else jn_exact_quadrature. JN_NOT_CONVERGED: out->error
 * exceeds the tolerance. */
JN_API JN_CHECKED jn_status jn_exact(const jn_model *m, size_t row, const jn_exact_options *options,
                                     jn_estimate *out, jn_error *err);

/* All observations of a model; out: n_obs. As jn_exact row by row, but a rugged model without a
 * closed form (a decoder) is integrated on adaptively refined panels whose nodes all observations
 * share. */
JN_API JN_CHECKED jn_status jn_exact_all(const jn_model *m, const jn_exact_options *options,
                                         jn_estimate *out, jn_error *err);

/* Discrete latents: the finite sum over states of log p(x_row, z). */
JN_API JN_CHECKED jn_status jn_exact_sum(const jn_model *m, size_t row, jn_estimate *out,
                                         jn_error *err);

/* Continuous latents of 1 to 6 coordinates: trapezoid rule in coordinates whitened by the Hessian
 * at the mode, in log space, halving the step until two resolutions agree to the tolerance (the
 * rule converges exponentially; Trefethen & Weideman 2014). The domain, an ellipsoid in each
 * orthant, is found by marching from the mode until the joint is far below its top; the mass of its
 * outer shell is part of the error. Assumes one dominant mode. */
JN_API JN_CHECKED jn_status jn_exact_quadrature(const jn_model *m, size_t row,
                                                const jn_exact_options *options, jn_estimate *out,
                                                jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
