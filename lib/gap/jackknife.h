/* Standard errors where a sample shows none of its own: functionals of the whole law. Internal. */
#ifndef JN_GAP_JACKKNIFE_H
#define JN_GAP_JACKKNIFE_H

#include "jensen/bound.h"

/* For each of n bounds the delete-a-group jackknife over (at most) 20 runs of consecutive draws
 * (Tukey 1958; Kott 2001): se[i], and its degrees of freedom, NaN where a part has no finite value.
 * `wish` is what laws must keep for the bounds, `size` >= 2 the draws. */
JN_CHECKED jn_status jn_gap_jackknife(size_t size, const double *log_w, const jn_law_wish *wish,
                                      jn_estimator estimator, size_t n, const jn_bound_arg *args,
                                      double *se, double *dof);

#endif
