/* From base points to log-weights: what every source of draws does. Internal. */
#ifndef JN_SOURCE_DRAW_H
#define JN_SOURCE_DRAW_H

#include "source/workspace.h"

/* Checks samples (1 .. max_samples) and replicates, and sets the plan's parts and points. */
JN_CHECKED jn_status jn_draw_plan(const jn_source_options *options, uint64_t max_samples,
                                  jn_plan *plan, jn_error *err);

/* Kind of base coordinate j of q. */
jn_base jn_draw_base(const jn_proposal *q, size_t j);

/* Points of block b of a plan. */
size_t jn_draw_count(const jn_plan *plan, uint64_t b);

/* ws->base (n points from index0) through q to log-weights. */
JN_CHECKED jn_status jn_draw_weigh(const jn_plan *plan, jn_workspace *ws, size_t n,
                                   uint64_t index0, jn_weights *out, jn_error *err);

#endif
