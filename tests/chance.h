/* Numbers for tests that look random and are the same everywhere. */
#ifndef JN_TESTS_CHANCE_H
#define JN_TESTS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_cdf.h>

/* The i-th number in (0, 1) of sequence s (the mixer of Steele, Lea & Flood 2014). */
static inline double jn_chance(uint64_t s, uint64_t i)
{
    uint64_t x = (s + 1) * 0xd1b54a32d192ed03u + (i + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return ((double)(x >> 12) + 0.5) * 0x1p-52;
}

static inline double jn_chance_normal(uint64_t s, uint64_t i)
{
    return gsl_cdf_ugaussian_Pinv(jn_chance(s, i));
}

#endif
