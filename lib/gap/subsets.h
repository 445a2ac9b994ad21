/* Means over all subsets of K stored draws, in place of those over groups. Internal. */
#ifndef JN_GAP_SUBSETS_H
#define JN_GAP_SUBSETS_H

#include "jensen/bound.h"

/* Is it one of those, iwae or jvi? */
bool jn_gap_is_of_subsets(const jn_bound_arg *arg);

/* Fills the results of iwae and jvi among n by the complete U-statistic of these draws, and of
 * jvi by its combination of them, with the error that their covariance gives. */
JN_CHECKED jn_status jn_gap_subsets(size_t size, const double *log_w, size_t n,
                                    const jn_bound_arg *args, jn_bound_result *results);

#endif
