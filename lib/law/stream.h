/* What a law streams over everything that is added: sums of powers of W, moments of l and of its
 * parts, the ledger of zero weights. Internal. */
#ifndef JN_LAW_STREAM_H
#define JN_LAW_STREAM_H

#include "law/groups.h"

/* A block of draws, and what is made of it once for all. */
enum { JN_STREAM_BLOCK = 512 };
typedef struct jn_stream_block {
    const jn_weights *b;
    double range[2]; /* least and largest log-weight */
    double sums[3];  /* of w, w^2, w^3 in units of e^unit */
    jn_scaled scaled;
    double w[JN_STREAM_BLOCK], w1[JN_STREAM_BLOCK];
} jn_stream_block;

void jn_stream_look(const jn_law *law, const jn_weights *block, jn_stream_block *out);
/* Equal masses (block->log_mass NULL). */
void jn_law_stream_draws(jn_law *law, const jn_stream_block *block);
/* Nodes of a rule, each with its mass. */
void jn_law_stream_nodes(jn_law *law, const jn_weights *block);

/* n equal masses at x, added to acc. */
void jn_moments_add_array(jn_moments *acc, size_t n, const double *x);

#endif
