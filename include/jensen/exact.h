/* log p(x) without q: closed forms, finite sums, quadrature of several kinds.
 *
 * Shares no nodes and no code path with the laws, so that the truth and the bounds can contradict
 * each other. */
#ifndef JENSEN_EXACT_H
#define JENSEN_EXACT_H

#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in a field means "the default". */
typedef struct jn_exact_options {
    double tolerance;   /* absolute, nats, per observation; 1e-9 */
    uint64_t max_nodes; /* of a rule's finest resolution, or of all it evaluates; 2^24 */
    size_t threads;     /* as many as there are; changes no digit */
    uint64_t seed;      /* of the methods that draw; 0 is a seed like any other */
} jn_exact_options;

/* log p(x_row) by the cheapest method whose error meets the tolerance: the closed form, the finite
 * sum, the recursion of a chain; else the trapezoid rule about the modes (panels first where the
 * model is rugged), and where its error is too large panels, cubature and importance sampling in
 * turn. JN_NOT_CONVERGED: out is the sharpest answer there is and out->error exceeds the tolerance.
 */
JN_API JN_CHECKED jn_status jn_exact(const jn_model *m, size_t row, const jn_exact_options *options,
                                     jn_estimate *out, jn_error *err);

/* All observations of a model; out: n_obs. As jn_exact row by row, but a rugged model with a
 * Gaussian prior and no closed form (a decoder) is integrated on adaptively refined panels whose
 * nodes all observations share. */
JN_API JN_CHECKED jn_status jn_exact_all(const jn_model *m, const jn_exact_options *options,
                                         jn_estimate *out, jn_error *err);

/* One way to log p(x). */
typedef struct jn_exact_method {
    const char *name;    /* "trapezoid" */
    const char *summary; /* one line for people */
    bool approximate;    /* has no error of its own (NaN): a row to compare with */
    bool (*applies)(const jn_model *m);
    /* JN_ERR_UNSUPPORTED where it does not apply; JN_NOT_CONVERGED as for jn_exact. */
    jn_status (*run)(const jn_model *m, size_t row, const jn_exact_options *options,
                     jn_estimate *out, jn_error *err);
} jn_exact_method;

/* All methods. They share neither nodes nor rules with each other, but for the modes about which
 * they work:
 * - closed-form: the model's own formula
 * - sum: over the states of a discrete latent
 * - recursion: forward over the steps of a chain
 * - trapezoid, 1 to 8 continuous coordinates: a grid about each mode, steps chosen axis by axis,
 *   the mass beyond the grid part of the error; tails that die out slowly are drawn in by a sinh
 * - gauss-hermite, 1 to 4: orders raised until they agree
 * - panels, 1 to 3: Gauss-Legendre panels on a box that covers all modes, halved where two
 *   resolutions differ: kinks, ridges, several modes
 * - cubature, 1 to 5: h-adaptive, the whole space drawn into a cube (libcubature)
 * - importance, 1 to 64: randomised Sobol' points through multivariate Student densities about the
 *   modes; a standard error
 * - bridge, where the posterior can be drawn exactly: bridge sampling between its draws and those
 *   of the Student densities; a standard error
 * - bridge-resampled, 1 to 64: the same, the posterior's draws made of those of the Student
 *   densities by resampling with their weights, and bridged to an independent set; a standard
 *   error, infinite where a few weights are most of the sum
 * - laplace: the Gaussians at the modes; no error known */
JN_API const jn_exact_method *const *jn_exact_methods(size_t *n);
JN_API const jn_exact_method *jn_exact_method_find(const char *name);

/* Discrete latents: the finite sum over states of log p(x_row, z). */
JN_API JN_CHECKED jn_status jn_exact_sum(const jn_model *m, size_t row, jn_estimate *out,
                                         jn_error *err);

/* The trapezoid rule in coordinates whitened by the Hessian at the modes, in log space, with steps
 * refined until they agree (the rule converges exponentially; Trefethen & Weideman 2014). The
 * domain, an ellipsoid in each orthant, is found by looking along the axes until the joint is far
 * below its top; what its outer shells say of the mass beyond is part of the error. With several
 * modes each is integrated in its own coordinates, weighted by its Gaussian's share. */
JN_API JN_CHECKED jn_status jn_exact_quadrature(const jn_model *m, size_t row,
                                                const jn_exact_options *options, jn_estimate *out,
                                                jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
