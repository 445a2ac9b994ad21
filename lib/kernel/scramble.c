/* Nested scrambling of binary digits. */
#include "kernel/isa.h"
#include "kernel/simd.h"

/* Without a vector multiplication of 64-bit words, one at a time is faster. */
#ifdef __AVX512DQ__
typedef vi digits;
#else
typedef uint64_t digits;
#endif
enum { LANES = sizeof(digits) / sizeof(uint64_t) };

INLINE digits swap_groups(digits x, int width, uint64_t low)
{
    return (x >> width & low) | (x & low) << width;
}

/* bit 0 becomes bit 63 */
INLINE digits reverse(digits x)
{
    x = swap_groups(x, 1, 0x5555555555555555U);
    x = swap_groups(x, 2, 0x3333333333333333U);
    x = swap_groups(x, 4, 0x0f0f0f0f0f0f0f0fU);
    x = swap_groups(x, 8, 0x00ff00ff00ff00ffU);
    x = swap_groups(x, 16, 0x0000ffff0000ffffU);
    return x >> 32 | x << 32;
}

INLINE digits scrambled(digits x, const jn_scramble *key)
{
    UNROLL for (int r = 0; r < JN_SCRAMBLE_ROUNDS; r++)
    {
        x ^= x * 0xa2d2e8f5c1cb5a0eU; /* even, so that a bit flips by those below it */
        x += key->add[r];
        x *= key->times[r];
    }
    return x ^ x * 0x94d049bb1331126aU;
}

/* Bits of a double in [1, 2) with 52 digits as its mantissa, less 1, plus half a unit: exact. */
INLINE digits one_and_more(digits x, const jn_scramble *key)
{
    return reverse(scrambled(x, key)) >> 12 | 0x3ff0000000000000U;
}

void JN_K(scramble)(const jn_scramble *key, uint64_t base, size_t n, const uint64_t *offset,
                    double *out)
{
    const size_t rest = n % LANES;
    digits x;
    for (size_t i = 0; i < n - rest; i += LANES) {
        memcpy(&x, offset + i, sizeof x);
        x = one_and_more(x ^ base, key);
        memcpy(out + i, &x, sizeof x);
    }
    if (rest > 0) {
        memset(&x, 0, sizeof x);
        memcpy(&x, offset + n - rest, rest * sizeof *offset);
        x = one_and_more(x ^ base, key);
        memcpy(out + n - rest, &x, rest * sizeof *out);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] -= 1.0 - 0x1p-53;
    }
}
