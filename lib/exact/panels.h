/* Evidence of many observations at once on adaptively refined panels. Internal.
 *
 * Nodes are shared: a panel is evaluated once for all observations that still need it. A panel is
 * settled for an observation when its value and the sum of its halves agree to that observation's
 * share of the tolerance and nothing that its nodes show could hide between them. The error of an
 * observation is the sum over settled panels of that difference, which for smooth integrands
 * exceeds the error left by orders of magnitude and for kinked ones (relu) by a factor. */
#ifndef JN_EXACT_PANELS_H
#define JN_EXACT_PANELS_H

#include "jensen/exact.h"

/* All observations of a density model with 1 to 3 continuous coordinates; out: n_obs. */
JN_CHECKED jn_status jn_exact_panels(const jn_model *m, const jn_exact_options *options,
                                     jn_estimate *out, jn_error *err);

#endif
