/* The Gauss rule of a measure on [-1, 1] that is known by its power sums. Internal. */
#ifndef JN_LAW_GAUSS_H
#define JN_LAW_GAUSS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/kernels.h"

enum { JN_GAUSS_NODES = JN_BIN_SUMS / 2 };

/* sums[j] = sum of t^j, sums[0] > 0. At most four nodes t with positive masses that have the same
 * sums; fewer where fewer already have them to within rounding. Returns how many. */
size_t jn_gauss_nodes(const double sums[JN_BIN_SUMS], double t[JN_GAUSS_NODES],
                      double mass[JN_GAUSS_NODES]);

#endif
