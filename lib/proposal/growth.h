/* Does -log p(x_row, z) grow exponentially along a coordinate? Internal. */
#ifndef JN_PROPOSAL_GROWTH_H
#define JN_PROPOSAL_GROWTH_H

#include "jensen/finite.h"

/* Along the unconstrained coordinates through the middle of q, both ways, at 200 to 500: as e^-rate
 * z does in log z, and Poisson counts in the log of their mean. No q whose tails are powers has a
 * finite E log w then. *axis: which, where *grows. */
JN_CHECKED jn_status jn_growth_ask(const jn_proposal *q, size_t row, bool *grows, size_t *axis);

#endif
