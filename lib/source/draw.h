/* From base points to log-weights: what every source of draws does. Internal. */
#ifndef JN_SOURCE_DRAW_H
#define JN_SOURCE_DRAW_H

#include "source/workspace.h"

/* Checks samples (1 .. max_samples) and replicates, and sets the plan's parts and points. */
JN_CHECKED jn_status jn_draw_plan(const jn_source_options *options, uint64_t max_samples,
                                  jn_plan *plan, jn_error *err);

/* Points of block b of a plan. */
size_t jn_draw_count(const jn_plan *plan, uint64_t b);

/* Base coordinate j of points index0 .. index0 + n - 1 of a part: q's, or the posterior's, which
 * share no numbers. */
typedef jn_status jn_draw_fill(const jn_plan *plan, size_t part, bool posterior, uint64_t index0,
                               size_t n, size_t j, jn_base kind, double *out);

/* Block b of a part from the base points that `fill` gives: q's draws, and the posterior's where
 * the plan's options ask for them. */
JN_CHECKED jn_status jn_draw_block(const jn_plan *plan, size_t part, uint64_t b, jn_draw_fill *fill,
                                   jn_workspace *ws, jn_weights *out, jn_error *err);

#endif
