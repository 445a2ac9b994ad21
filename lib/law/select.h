/* The largest of many values without sorting them all. Internal. */
#ifndef JN_LAW_SELECT_H
#define JN_LAW_SELECT_H

#include <stddef.h>

/* Reorders x so that its k largest values stand first, in no order; k <= n. No NaN. */
void jn_select_largest(size_t n, double *x, size_t k);

/* A value that at least k of the n values reach or pass, and not many more where that can be told
 * from a few of them; -INFINITY for k = n. */
double jn_select_floor(size_t n, const double *x, size_t k);

/* x in ascending order; scratch: n. No NaN. */
void jn_sort_ascending(size_t n, double *x, double *scratch);

#endif
