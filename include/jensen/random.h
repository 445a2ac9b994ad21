/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011).
 *
 * A random number is a function of (seed, purpose, observation, replicate, index, coordinate) and
 * of nothing else: any subset can be made again alone, on any thread, by any machine of one kind.
 *
 * Philox key: the seed, low word first. Counter words, low first:
 *   word 0  low 32 bits of the pair index
 *   word 1  high 8 bits of the pair index (bits 0..7), coordinate (24 bits, 8..31)
 *   word 2  observation
 *   word 3  replicate (24 bits, 0..23), purpose (8 bits, 24..31)
 * One call gives two 64-bit words and so two numbers. Sample i has pair index (i/16)*8 + i%8 and
 * takes the first number where i%16 < 8, the second otherwise. */
#ifndef JENSEN_RANDOM_H
#define JENSEN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draws made for different purposes never share numbers. Append only. */
typedef enum jn_purpose {
    JN_FOR_PROPOSAL = 0,   /* q's draws */
    JN_FOR_POSTERIOR = 1,  /* exact posterior draws */
    JN_FOR_SIMULATION = 2, /* data from a model */
    JN_FOR_RESAMPLING = 3, /* particle filters */
    JN_FOR_RAYS = 4,       /* directions of tail tests */
    JN_FOR_STARTS = 5,     /* starting points of searches */
    JN_FOR_SCRAMBLE = 6,   /* keys of scrambled Sobol' points */
    JN_FOR_SUBSETS = 7,    /* incomplete U-statistics */
    JN_FOR_TRANSITION = 8  /* Markov transitions of annealed importance sampling */
} jn_purpose;

typedef struct jn_stream {
    uint64_t seed;
    uint32_t observation; /* any */
    uint32_t replicate;   /* < 2^24 */
    jn_purpose purpose;   /* < 256 */
} jn_stream;

enum { JN_COORDINATE_BITS = 24, JN_REPLICATE_BITS = 24 };
#define JN_INDEX_MAX ((uint64_t)1 << 41) /* samples of one stream */

/* The bare bijection, as published. Pure. */
JN_API void jn_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Samples index0 .. index0+n-1 of one coordinate (< 2^24): standard normals (Box-Muller), or
 * uniforms strictly inside (0, 1), or raw 64-bit words. Pure, thread-safe, any alignment of
 * index0: filling in pieces gives the same bytes as filling at once. index0 + n <= JN_INDEX_MAX. */
JN_API void jn_normal_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate,
                           double *out);
JN_API void jn_uniform_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate,
                            double *out);
JN_API void jn_word_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t coordinate,
                         uint64_t *out);

#ifdef __cplusplus
}
#endif
#endif
