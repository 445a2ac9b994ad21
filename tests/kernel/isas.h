/* What the tests of the kernels share: every instruction set that this machine runs, and a cheap
 * generator of inputs that does not come from the library. */
#ifndef JN_TESTS_KERNEL_ISAS_H
#define JN_TESTS_KERNEL_ISAS_H

#include "assertions.h"

#include "kernel/kernels.h"

enum { MAX_ISAS = 3 };

/* The sets of this build that run here, the plain one first; the best one is selected again. */
static inline size_t every_isa(const jn_kernels *sets[MAX_ISAS])
{
    static const char *const names[MAX_ISAS] = { "plain", "avx2", "avx512" };
    size_t n = 0;
    for (size_t i = 0; i < MAX_ISAS; i++) {
        if (jn_kernels_select(names[i]) == JN_OK) {
            sets[n++] = jn_kernels_get();
        }
    }
    assert_int_equal(jn_kernels_select(NULL), JN_OK);
    return n;
}

/* splitmix64 (Steele, Lea & Flood 2014) */
static inline uint64_t next_word(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

/* in [a, b) */
static inline double next_between(uint64_t *state, double a, double b)
{
    return a + (b - a) * ((double)(next_word(state) >> 11) * 0x1p-53);
}

#endif
