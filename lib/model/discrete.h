/* What models with a finite latent share: a table of log-probabilities and its inverse. Internal.
 */
#ifndef JN_MODEL_DISCRETE_H
#define JN_MODEL_DISCRETE_H

#include <stddef.h>

#include "jensen/model.h"

/* Weights that sum to 1 within 1e-12 for each of the n; divided by their sum, since a rounded sum
 * is what a person can type. Negative ones and other sums are JN_ERR_VALUE. */
JN_CHECKED jn_status jn_discrete_normalise(size_t n, double *weights, jn_error *err);

/* log sum exp(v_k). */
double jn_discrete_log_sum(size_t n, const double *v);

/* v[z_i] for points that are whole numbers in 0 .. n_states-1, -inf elsewhere, NaN for NaN. */
void jn_discrete_look_up(size_t n_states, const double *v, size_t n, const double *z, double *out);

/* The state at which the cumulative sum of exp(log_p) passes u_i in (0, 1). States of probability 0
 * are never drawn. */
void jn_discrete_invert(size_t n_states, const double *log_p, size_t n, const double *u, double *z);

/* log posterior of every state from log prior and log-likelihood; JN_ERR_VALUE where all are
 * impossible. *log_evidence gets the log of the sum (-inf then). */
jn_status jn_discrete_posterior(size_t n_states, const double *log_prior,
                                const double *log_likelihood, double *log_posterior,
                                double *log_evidence);

/* Is the sum of prior_k likelihood_k^n finite? Only a negative power of 0 makes it infinite. */
bool jn_discrete_moment_finite(size_t n_states, const double *log_prior,
                               const double *log_likelihood, double n);

#endif
