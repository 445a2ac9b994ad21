#include "io/npy_decode.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static uint64_t load(const unsigned char *p, size_t size, bool big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | p[big_endian ? i : size - 1 - i];
    }
    return bits;
}

/* IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
static double half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31);
    const double fraction = (double)(bits & 1023);
    double x;
    if (exponent == 31) {
        x = fraction == 0.0 ? HUGE_VAL : (double)NAN;
    } else if (exponent == 0) {
        x = ldexp(fraction, -24);
    } else {
        x = ldexp(1024.0 + fraction, exponent - 25);
    }
    return bits >> 15 ? -x : x;
}

static double real(uint64_t bits, size_t size)
{
    if (size == 2) {
        return half(bits);
    }
    if (size == 4) {
        const uint32_t low = (uint32_t)bits;
        float x;
        memcpy(&x, &low, sizeof x);
        return (double)x;
    }
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool integer(uint64_t bits, size_t size, bool is_signed, double *out)
{
    const uint64_t exact = UINT64_C(1) << 53;
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    const bool negative = is_signed && (bits & sign) != 0;
    const uint64_t all = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
    const uint64_t magnitude = negative ? (all - bits) + 1 : bits;
    *out = negative ? -(double)magnitude : (double)magnitude;
    return magnitude <= exact;
}

static bool is_native_double(const jn_npy_header *h)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return h->kind == 'f' && h->size == 8 && h->big_endian == (first == 0);
}

size_t jn_npy_decode(const jn_npy_header *h, const unsigned char *raw, size_t n, double *out)
{
    if (is_native_double(h)) {
        memcpy(out, raw, n * sizeof *out);
        return n;
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = load(raw + i * h->size, h->size, h->big_endian);
        if (h->kind == 'f') {
            out[i] = real(bits, h->size);
        } else if (h->kind == 'b') {
            out[i] = bits != 0;
        } else if (!integer(bits, h->size, h->kind == 'i', &out[i])) {
            return i;
        }
    }
    return n;
}
