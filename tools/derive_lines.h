/* The lines of the derivation of the ELBO as numbers, each found in its own way. */
#ifndef JN_TOOLS_DERIVE_LINES_H
#define JN_TOOLS_DERIVE_LINES_H

#include "jensen/gap.h"

/* log p(x), total over observations, as the log-weights of one source see it: the log of their mean
 * under q. `rule` picks the source; where its nodes cannot carry the law the next coarser kind of
 * rule is taken, as in the main job. JN_REFUSED with the reason: no law of theirs can tell it
 * (nodes miss a part of q or of the posterior, draws are too heavy-tailed). */
JN_CHECKED jn_status jn_derive_by_nodes(const jn_proposal *q, const jn_gap_options *o,
                                        jn_estimate *out, jn_error *err);
/* *sound: standard errors mean what they do of normal means, in every observation. */
JN_CHECKED jn_status jn_derive_by_draws(const jn_proposal *q, const jn_gap_options *o,
                                        jn_estimate *out, bool *sound, jn_error *err);

/* KL(q || p(z|x)), total, without log p(x): in closed form between Gaussians, else by draws of q
 * where the density of the posterior is known. JN_ERR_UNSUPPORTED: it is not. */
JN_CHECKED jn_status jn_derive_kl_posterior(const jn_proposal *q, const jn_gap_options *o,
                                            jn_estimate *out, jn_error *err);

/* KL(q || p(z)) in closed form, total. JN_ERR_UNSUPPORTED: not both Gaussian in z. */
JN_CHECKED jn_status jn_derive_kl_prior(const jn_proposal *q, jn_estimate *out, jn_error *err);

#endif
