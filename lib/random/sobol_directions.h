/* The table of direction numbers. Internal to lib/random. */
#ifndef JN_RANDOM_SOBOL_DIRECTIONS_H
#define JN_RANDOM_SOBOL_DIRECTIONS_H

#include <stdint.h>

/* Bits of the primitive polynomial of each dimension, leading and constant coefficient included;
 * dimension 0, which has none, has 1. */
extern const uint16_t jn_sobol_polynomial[1024];

/* Initial direction integers m_1 .. m_s of all dimensions one after another, s the degree. */
extern const uint16_t jn_sobol_initial[12092];

#endif
