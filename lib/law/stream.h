/* What a law streams over everything that is added: sums of powers of W, moments of l and of its
 * parts, the ledger of zero weights. Internal. */
#ifndef JN_LAW_STREAM_H
#define JN_LAW_STREAM_H

#include "law/groups.h"

/* A block of draws, and what is made of it once for all. */
enum { JN_STREAM_BLOCK = 512 };
typedef struct jn_stream_block {
    const jn_weights *b;
    jn_draw_sums sums; /* in units of scaled.unit; folds where the weights are made */
    jn_scaled scaled;
    double w[JN_STREAM_BLOCK], w1[JN_STREAM_BLOCK];
} jn_stream_block;

void jn_stream_look(const jn_law *law, const jn_weights *block, jn_stream_block *out);
/* Equal masses (block->log_mass NULL). */
void jn_law_stream_draws(jn_law *law, const jn_stream_block *block);
/* Nodes of a rule, each with its mass. */
void jn_law_stream_nodes(jn_law *law, const jn_weights *block);

/* Least and largest of x, n > 0, and its moments; false: one is infinite, and these are not made.
 */
bool jn_moments_of_array(size_t n, const double *x, jn_moments *out, double range[2]);
/* Moments of n log-weights with these sums. */
jn_moments jn_moments_of_draws(size_t n, const double *log_w, const jn_draw_sums *sums);
/* n equal masses at x, added to acc. */
void jn_moments_add_array(jn_moments *acc, size_t n, const double *x);

#endif
