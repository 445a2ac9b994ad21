/* Proposals over the paths of a chain, the sources of log-weights they make, and the ledger of a
 * bound step by step.
 *
 * A path proposal is a jn_proposal whose `path` is set and whose `ops` is NULL: it draws one state
 * of a path at a time, and paths are never stored. Names: `prior` (the chain itself), `forward` (a
 * diffusion's forward process from x_0), `posterior` (exact, drawn backwards through the filter:
 * finite and linear-Gaussian chains), `guided` (each step takes the next observation into account:
 * exactly for finite and linear-Gaussian chains, else linearised about the predicted mean),
 * `smoother` (a Gaussian over the whole path: the posterior of a linear-Gaussian chain, else, for
 * chains of one coordinate with Gaussian steps, that at the mode of p(z | x)). */
#ifndef JENSEN_PATH_H
#define JENSEN_PATH_H

#include "jensen/chain.h"
#include "jensen/source.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jn_path_ops {
    bool backward; /* draws z_{T-1} first, then down to z_0 */
    /* n draws of z_t given the state drawn before (`near`; NULL for the first) and log q of them.
     * base: as jn_chain.initial_map; z is neither near nor base. log_q NULL where q is the prior.
     */
    jn_status (*step)(const void *self, size_t row, size_t t, size_t n, size_t ld,
                      const double *near, const double *base, double *z, double *log_q);
} jn_path_ops;

JN_API const jn_proposal_type *const *jn_path_proposal_types(size_t *n);

/* As jn_proposal_new, for models with a chain. JN_ERR_UNSUPPORTED: this chain has no such proposal.
 * Free with jn_proposal_free. */
JN_API JN_CHECKED jn_status jn_path_proposal_new(const char *name, const jn_params *params,
                                                 const jn_model *model, jn_proposal **out,
                                                 jn_error *err);

/* Independent paths: log-weights log p(x, z) - log q(z), with the marks log p(x | z) and
 * log q(z) / p(z). */
extern JN_API const jn_source jn_source_path;

/* Draws of log p-hat by sequential Monte Carlo (Gordon, Salmond & Smith 1993) with the particles,
 * resampling and threshold of the options: exp of them has mean p(x), so they are log-weights whose
 * ELBO is FIVO (Maddison et al. 2017). No marks. Proposals that run forward. */
extern JN_API const jn_source jn_source_smc;

/* Annealed importance sampling (Neal 2001), for models of either kind: a draw of q moves through
 * p_b proportional to q w^b, b from 0 to 1 in options->steps steps that are short at both ends
 * (a logistic curve), by Metropolis moves of q's base points that leave each law as it is. The
 * log-weight of such a chain is an unbiased estimate of p(x): its mean is a lower bound, and the
 * ELBO with one step.
 *
 * options->reverse: chains from an exact draw of the posterior down to q. They give -log of the
 * same weight, on average q(w > 0) / p(x): minus their mean is an upper bound (Grosse, Ghahramani &
 * Adams 2015), which stays off by -log q(w > 0) where q has mass on z with w = 0. The draws are the
 * model's own, or options->latents; JN_ERR_UNSUPPORTED where there are neither, or where q's base
 * points cannot be told from z.
 *
 * Steps 1 .. 10^6. No marks. */
extern JN_API const jn_source jn_source_ais;

/* The ELBO of a chain of one coordinate under its own backward process (a diffusion's forward
 * process), one term a step, by quadrature over one state at a time:
 *   terms[0]  KL(q(z_0 | x) || p(z_0))                                         L_T
 *   terms[t]  E KL(q(z_t | z_{t-1}, x) || p(z_t | z_{t-1})), 0 < t < T         L_{T-t}
 *   terms[T]  -E log p(x | z_{T-1})                                            L_0
 * all >= 0 but the last; terms: T + 1 numbers; elbo->value = -(their sum). */
JN_API JN_CHECKED jn_status jn_chain_ledger(const jn_model *m, size_t row, double *terms,
                                            jn_estimate *elbo, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
