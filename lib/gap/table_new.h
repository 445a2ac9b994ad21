/* Making the gap table. Internal. */
#ifndef JN_GAP_TABLE_NEW_H
#define JN_GAP_TABLE_NEW_H

#include "jensen/gap.h"

/* n bounds of which nothing is known yet; NULL: out of memory. */
jn_gap_bound *jn_gap_blank_bounds(const jn_bound_arg *args, size_t n);
/* A table of which nothing is known, without model and proposal; NULL: out of memory. */
jn_gap_table *jn_gap_table_blank(size_t n_rows, size_t n_bounds, const jn_bound_arg *args);
/* One of a model and a proposal; NULL: out of memory. */
jn_gap_table *jn_gap_table_new(const jn_proposal *q, size_t n_bounds, const jn_bound_arg *args,
                               const jn_gap_options *o);

#endif
