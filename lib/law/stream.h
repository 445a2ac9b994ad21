/* What a law streams over everything that is added: sums of powers of W, moments of l and of its
 * parts, the ledger of zero weights. Internal. */
#ifndef JN_LAW_STREAM_H
#define JN_LAW_STREAM_H

#include "jensen/law.h"

/* Equal masses (block->log_mass NULL). range: least and largest log-weight of the block. */
void jn_law_stream_draws(jn_law *law, const jn_weights *block, const double range[2]);
/* Nodes of a rule, each with its mass. */
void jn_law_stream_nodes(jn_law *law, const jn_weights *block);

/* n equal masses at x, added to acc. */
void jn_moments_add_array(jn_moments *acc, size_t n, const double *x);

#endif
