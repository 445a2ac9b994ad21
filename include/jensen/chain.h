/* Trajectory models: the latent is a whole path z_0, z_1, ..., z_{T-1}, a Markov chain, and
 *   p(x, z) = p(z_0) p(z_1 | z_0) ... p(z_{T-1} | z_{T-2}) times p(x_t | z_t) over the steps t.
 * log p(x) sums over every path; a recursion does it in T steps.
 *
 * Functions work on batches of states, as in jensen/model.h: a block is `dim` rows of `ld` doubles
 * (dim = jn_model.dim, the coordinates of ONE state), coordinate j of particle i is z[j * ld + i];
 * a discrete state is its index 0, 1, .... Any n. Log-densities are in nats with every normalising
 * constant included; -INFINITY is legal, NaN and +INFINITY are errors. Everything may be called
 * from several threads at once. `t` counts steps of the chain from 0. A diffusion's chain runs from
 * noise to data: z_t = x_{T-t} in its own notation, and only the last step emits.
 *
 * The law of the path is the same for every observation up to its length; emissions are not. */
#ifndef JENSEN_CHAIN_H
#define JENSEN_CHAIN_H

#include "jensen/exact.h"
#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A chain on finitely many states, by its tables. Probabilities; zeros are legal. */
typedef struct jn_chain_finite {
    size_t n_states;
    const double *initial;    /* n_states */
    const double *transition; /* n_states x n_states, rows are "from" */
    /* Where what is observed are symbols (counts, categories): their number, the symbol of every
     * step of the observation, and how often each comes. 0, NULL, NULL: they are not. */
    size_t n_symbols;
    const uint32_t *symbols;
    const uint64_t *counts;
    const double *log_emission; /* n_symbols x n_states, or NULL */
} jn_chain_finite;

/* z_0 ~ N(m0, P0), z_t = F z_{t-1} + N(0, Q), y_t = H z_t + N(0, R). Roots are square matrices
 * with root root' = covariance (lower triangular where it is positive definite); covariances may be
 * singular. */
typedef struct jn_chain_linear {
    size_t d, p, n_steps; /* of state, of y_t, of y */
    const double *F, *H;  /* d x d, p x d */
    const double *m0;     /* d */
    const double *root_P0, *root_Q, *root_R;
    const double *y; /* n_steps x p */
} jn_chain_linear;

typedef struct jn_chain {
    /* --- every chain has these --------------------------------------------------------------- */

    size_t (*n_steps)(const void *self, size_t row); /* T >= 1 */

    /* Densities. JN_ERR_UNSUPPORTED where there is none (singular noise). */
    jn_status (*log_initial)(const void *self, size_t n, size_t ld, const double *z, double *out);
    /* log p(z_t = to_i | z_{t-1} = from_i), 1 <= t < T. */
    jn_status (*log_transition)(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *to, double *out);
    jn_status (*log_emission)(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *z, double *out);

    /* Exact draws from base points: `dim` standard normals each, or for finite chains one uniform.
     * `to` may be `base`, never `from`. */
    jn_status (*initial_map)(const void *self, size_t n, size_t ld, const double *base, double *z);
    jn_status (*transition_map)(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *base, double *to);

    /* --- what the chain can; NULL: it cannot -------------------------------------------------- */

    /* Does step t emit? false: log_emission is 0 everywhere there. NULL: every step does. */
    bool (*emits)(const void *self, size_t row, size_t t);

    /* Exact structure; the views live as long as the model. */
    const jn_chain_finite *(*finite)(const void *self);
    const jn_chain_linear *(*linear)(const void *self);
    /* Finite chains: log p(x_t | z_t = s), t = t0 .. t0 + count - 1: out[(t - t0) * n_states + s].
     */
    jn_status (*state_log_emissions)(const void *self, size_t row, size_t t0, size_t count,
                                     double *out);

    /* Gaussian steps: z_0 ~ N(mean, root root'), z_t | z_{t-1} = from_i ~ N(mean_i, root root'),
     * mean in a block like `from`, root dim x dim, lower triangular, the same for every `from`.
     * mean (of a step) or root may be NULL. */
    jn_status (*initial_gaussian)(const void *self, double *mean, double *root);
    jn_status (*transition_gaussian)(const void *self, size_t t, size_t n, size_t ld,
                                     const double *from, double *mean, double *root);
    bool homogeneous; /* transitions do not depend on t */

    /* Gradient (dim rows of ld) and Hessian (dim x dim rows of ld) of log_emission in z. */
    jn_status (*emission_derivatives)(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                      const double *z, double *grad, double *hess);

    /* A Gaussian process that runs against the chain from the observation (a diffusion's forward
     * process): z_t | z_{t+1} = next_i, or z_{T-1} | x with next NULL, is N(mean_i, root root'). */
    jn_status (*backward_gaussian)(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                   const double *next, double *mean, double *root);

    /* log p(x_row) in closed form; JN_ERR_UNSUPPORTED: not for these parameters. */
    jn_status (*evidence)(const void *self, size_t row, jn_estimate *out);
} jn_chain;

/* log p(x_row): the closed form, the forward recursion of a finite chain, the Kalman filter of a
 * linear-Gaussian one, else jn_chain_grid. -INFINITY (an impossible observation) is an answer. */
JN_API JN_CHECKED jn_status jn_chain_evidence(const jn_model *m, size_t row,
                                              const jn_exact_options *options, jn_estimate *out,
                                              jn_error *err);

/* All observations; out: n_obs. The grid recursion shares what comes before the first emission. */
JN_API JN_CHECKED jn_status jn_chain_evidence_all(const jn_model *m,
                                                  const jn_exact_options *options, jn_estimate *out,
                                                  jn_error *err);

/* Chains with one real coordinate and Gaussian steps: the recursion on an even grid of states by
 * the trapezoid rule, whose error falls faster than any power of the step (Trefethen & Weideman
 * 2014). Step halved and domain widened until neither changes the answer by a quarter of the
 * tolerance; the error is what the last of each changed. JN_NOT_CONVERGED: options->max_nodes (a
 * grid of 2^15 at most) did not suffice, or mass escaped the band of the kernel. */
JN_API JN_CHECKED jn_status jn_chain_grid(const jn_model *m, jn_range rows,
                                          const jn_exact_options *options, jn_estimate *out,
                                          jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
