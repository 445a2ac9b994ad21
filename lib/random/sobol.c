#include "jensen/sobol.h"

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

static void offsets(const uint32_t v[DIGITS], uint32_t offset[RUN])
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

enum { ROUNDS = 3 };
typedef struct scramble {
    uint64_t add[ROUNDS], times[ROUNDS];
} scramble;

static scramble scramble_of(const jn_stream *s, uint32_t dimension)
{
    uint64_t words[2 * ROUNDS];
    scramble key;
    jn_word_fill(s, 0, 2 * ROUNDS, dimension, words);
    for (int r = 0; r < ROUNDS; r++) {
        key.add[r] = words[2 * r];
        key.times[r] = words[2 * r + 1] | 1;
    }
    return key;
}

/* bit 0 becomes bit 63 */
static uint64_t reverse(uint64_t x)
{
    x = __builtin_bswap64(x);
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0fU) | (x & 0x0f0f0f0f0f0f0f0fU) << 4;
    x = (x >> 2 & 0x3333333333333333U) | (x & 0x3333333333333333U) << 2;
    return (x >> 1 & 0x5555555555555555U) | (x & 0x5555555555555555U) << 1;
}

/* Digits in reverse: the first digit is bit 0. Sums and products carry upwards alone, so a bit of
 * the result depends on the bits below it and on itself, and on itself only by a flip: a nested
 * scrambling (Laine & Karras 2011; Burley 2020), here of 64 bits with 384 bits of key. A keyed sum
 * makes each single point uniform; the other steps make the flips below different prefixes differ.
 */
static uint64_t scrambled(uint64_t x, const scramble *key)
{
    for (int r = 0; r < ROUNDS; r++) {
        x ^= x * 0xa2d2e8f5c1cb5a0eU; /* even, so that a bit flips by those below it */
        x += key->add[r];
        x *= key->times[r];
    }
    return x ^ x * 0x94d049bb1331126aU;
}

jn_status jn_sobol_fill(const jn_stream *s, uint64_t index0, size_t n, uint32_t dimension,
                        double *out)
{
    const jn_status status = check(index0, n, dimension);
    if (status != JN_OK) {
        return status;
    }
    uint32_t v[DIGITS], offset[RUN];
    directions(dimension, v);
    for (int k = 0; k < DIGITS; k++) {
        v[k] = (uint32_t)(reverse(v[k]) >> 32);
    }
    offsets(v, offset);
    const scramble key = scramble_of(s, dimension);
    for (size_t i = 0; i < n;) {
        const uint64_t index = index0 + i, low = index % RUN;
        const uint32_t base = point(v, index - low);
        for (uint64_t k = low; k < RUN && i < n; k++, i++) {
            const uint64_t y = reverse(scrambled(base ^ offset[k], &key));
            out[i] = ((double)(int64_t)(y >> 12) + 0.5) * 0x1p-52;
        }
    }
    return JN_OK;
}
