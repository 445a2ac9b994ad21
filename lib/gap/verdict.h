/* Whether the bounds of a row are finite at all. Internal. */
#ifndef JN_GAP_VERDICT_H
#define JN_GAP_VERDICT_H

#include "jensen/gap.h"

/* The verdict on one bound for observation `row`: b->finite. A bound that is infinite becomes so:
 * its value, and its variance, whatever the laws showed. */
JN_CHECKED jn_status jn_gap_judge(const jn_proposal *q, size_t row, jn_gap_bound *b);

/* One warning for each bound of the table that is infinite, or may be, for some rows. */
JN_CHECKED jn_status jn_gap_warn_infinite(jn_gap_table *t);

/* JN_NOT_CONVERGED with a warning for each bound whose error draws do not show. */
JN_CHECKED jn_status jn_gap_warn_unsure(jn_gap_table *t);

/* JN_NOT_CONVERGED with a warning where draws have weights too heavy-tailed for their means to be
 * trusted: k-hat above jn_pareto_limit. t->total stands. */
JN_CHECKED jn_status jn_gap_warn_heavy(jn_gap_table *t);

#endif
