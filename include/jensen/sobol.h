/* Scrambled Sobol' points: 1024 dimensions, 2^32 points, direct access to any point.
 *
 * Direction numbers of Joe & Kuo (2008). Point i belongs to the binary digits of i itself, not of
 * its Gray code, so that the points 2^k m .. 2^k (m + 1) - 1 are a (t, k, s)-net for every k, m.
 * Scrambled by a hash that is nested as Owen's scrambling is: whether a binary digit is flipped
 * depends, through a random function, on the digits before it and on nothing else. The function
 * comes from a Philox key for (seed, purpose, observation, replicate, dimension), so replicates are
 * independent. Every point is uniform on the unit cube; a mean over 2^k of them is unbiased. */
#ifndef JENSEN_SOBOL_H
#define JENSEN_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#include "jensen/random.h"
#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JN_SOBOL_DIMENSIONS = 1024 };
#define JN_SOBOL_INDEX_MAX ((uint64_t)1 << 32)

/* Coordinate `dimension` (from 0) of points index0 .. index0+n-1, strictly inside (0, 1), with 52
 * digits and half a unit after them. The stream's purpose is JN_FOR_SCRAMBLE unless the caller
 * has a reason. Pure, thread-safe; filling in pieces gives the same bytes.
 * JN_ERR_UNSUPPORTED for a dimension of 1024 or more or an index beyond 2^32: out untouched. */
JN_API JN_CHECKED jn_status jn_sobol_fill(const jn_stream *s, uint64_t index0, size_t n,
                                          uint32_t dimension, double *out);

/* The points without scrambling: coordinate = out / 2^32. Errors as above. */
JN_API JN_CHECKED jn_status jn_sobol_digits(uint64_t index0, size_t n, uint32_t dimension,
                                            uint32_t *out);

#ifdef __cplusplus
}
#endif
#endif
