/* A gap from groups of draws and a known log p(x). Internal. */
#ifndef JN_BOUND_CONTROL_H
#define JN_BOUND_CONTROL_H

#include "jensen/bound.h"

/* The gap at group size k of a set of replicates, by the estimator of least estimated variance:
 *     the mean over groups of c (R - 1) - log R,   R the mean of k weights in units of p(x),
 * c = 0 ("naive"), c = 1 ("bregman": no term is negative) or c by regression on the groups of the
 * other parity ("regression"). All are unbiased, since E R = 1. *method: NULL where the laws keep
 * no controls for k; out is then untouched. */
void jn_control_gap(const jn_law_set *set, uint64_t k, jn_estimate *out, const char **method);

#endif
