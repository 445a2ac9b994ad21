/* The coefficients of the jackknife over group sizes. Internal. */
#ifndef JN_BOUND_JVI_H
#define JN_BOUND_JVI_H

#include <stdint.h>

/* Of L_(k - j) in JVI of order m: (-1)^j (k - j)^m / (j! (m - j)!). */
double jn_jvi_coefficient(uint64_t k, unsigned m, unsigned j);

#endif
