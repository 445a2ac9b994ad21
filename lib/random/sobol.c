#include "jensen/sobol.h"

#include "kernel/kernels.h"
#include "random/sobol_directions.h"

enum { DIGITS = 32, DIMENSIONS = JN_SOBOL_DIMENSIONS };

static unsigned degree_of(uint32_t dimension)
{
    return 31U - (unsigned)__builtin_clz(jn_sobol_polynomial[dimension]);
}

/* v[k]: what digit k of the index contributes (Joe & Kuo 2008, equation 2). */
static void directions(uint32_t dimension, uint32_t v[DIGITS])
{
    const unsigned s = degree_of(dimension), polynomial = jn_sobol_polynomial[dimension];
    const uint16_t *m = jn_sobol_initial;
    for (uint32_t d = 0; d < dimension; d++) {
        m += degree_of(d);
    }
    for (unsigned k = 0; k < DIGITS; k++) {
        if (s == 0 || k < s) {
            v[k] = (uint32_t)(s == 0 ? 1 : m[k]) << (31 - k);
            continue;
        }
        v[k] = v[k - s] ^ (v[k - s] >> s);
        for (unsigned i = 1; i < s; i++) {
            v[k] ^= (polynomial >> (s - i) & 1) * v[k - i];
        }
    }
}

static jn_status check(uint64_t index0, size_t n, uint32_t dimension)
{
    const int fits = index0 <= JN_SOBOL_INDEX_MAX && n <= JN_SOBOL_INDEX_MAX - index0;
    return fits && dimension < DIMENSIONS ? JN_OK : JN_ERR_UNSUPPORTED;
}

static uint32_t point(const uint32_t v[DIGITS], uint64_t index)
{
    uint32_t x = 0;
    for (; index != 0; index &= index - 1) {
        x ^= v[__builtin_ctzll(index)];
    }
    return x;
}

/* Points come in aligned runs of RUN: the low digits of the index give the same offsets in each. */
enum { RUN_DIGITS = 6, RUN = 1 << RUN_DIGITS };

static void offsets(const uint32_t v[DIGITS], uint64_t offset[RUN])
{
    offset[0] = 0;
    for (int k = 0; k < RUN_DIGITS; k++) {
        for (int i = 0; i < 1 << k; i++) {
            offset[(1 << k) + i] = offset[i] ^ v[k];
        }
    }
}

jn_status jn_sobol_digits(uint64_t index0, size_t n, uint32_t dimension, uint32_t *out)
{
    const jn_status status = check(index0, n, dimension);
    if (status != JN_OK) {
        return status;
    }
    uint32_t v[DIGITS];
    directions(dimension, v);
    for (size_t i = 0; i < n; i++) {
        out[i] = point(v, index0 + i);
    }
    return JN_OK;
}

static jn_scramble scramble_of(const jn_stream *s, uint32_t dimension)
{
    uint64_t words[2 * JN_SCRAMBLE_ROUNDS];
    jn_scramble key;
    jn_word_fill(s, 0, 2 * JN_SCRAMBLE_ROUNDS, dimension, words);
    for (int r = 0; r < JN_SCRAMBLE_ROUNDS; r++) {
        key.add[r] = words[2 * r];
        key.times[r] = words[2 * r + 1] | 1;
    }
    return key;
}

/* The first digit, from bit 31 to bit 0, as the scrambling kernel wants it. */
static void reverse_each(uint32_t v[DIGITS])
{
    for (int k = 0; k < DIGITS; k++) {
        uint32_t reversed = 0;
        for (int b = 0; b < 32; b++) {
            reversed |= (v[k] >> b & 1) << (31 - b);
        }
        v[k] = reversed;
    }
}

jn_status jn_sobol_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t dimension,
                        double *out)
{
    const jn_status status = check(index0, n, dimension);
    if (status != JN_OK) {
        return status;
    }
    uint32_t v[DIGITS];
    uint64_t offset[RUN];
    directions(dimension, v);
    reverse_each(v);
    offsets(v, offset);
    const jn_scramble key = scramble_of(s, dimension);
    const jn_kernels *kernels = jn_kernels_get();
    for (size_t i = 0; i < n;) {
        const uint64_t index = index0 + i, low = index % RUN;
        const size_t m = n - i < RUN - low ? n - i : (size_t)(RUN - low);
        kernels->scramble(&key, point(v, index - low), m, offset + low, out + i);
        i += m;
    }
    return JN_OK;
}
