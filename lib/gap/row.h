/* One observation's row of the gap table, from its laws. Internal. */
#ifndef JN_GAP_ROW_H
#define JN_GAP_ROW_H

#include "jensen/gap.h"

/* What a row's laws amount to. */
typedef enum jn_row_state {
    JN_ROW_GOOD,   /* all that was asked, within the tolerance */
    JN_ROW_COARSE, /* an error exceeds the tolerance: a finer rule may help */
    JN_ROW_SHORT,  /* the same, as a power of W reaches the border: a wider domain may help */
    JN_ROW_NARROW, /* mass on the border of the domain: a wider one may help */
    JN_ROW_REFUSED /* the masses do not add up */
} jn_row_state;

/* Fills row->bounds and row->diagnostics from the set; row->evidence stands already. `why` (of
 * JN_ERROR_TEXT bytes) is filled unless the state is GOOD. */
JN_CHECKED jn_status jn_gap_row_fill(const jn_proposal *q, const jn_law_set *set,
                                     jn_estimator estimator, size_t n, const jn_bound_arg *args,
                                     double tolerance, jn_gap_row *row, jn_row_state *state,
                                     char *why);

#endif
