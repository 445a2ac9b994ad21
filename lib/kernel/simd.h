/* Vectors of doubles and of 64-bit words: the few operations that the kernels are written in.
 * Internal to lib/kernel.
 *
 * vd: VN doubles, vi: VN unsigned 64-bit words (both with the operators of the language), vm: VN
 * truth values. v_ works on doubles, i_ on words, m_ on truth values.
 * v_max and v_min give the second argument where either is NaN; v_sum and v_top go along a tree of
 * halves; v_stride(p, k) is p[0], p[k], p[2 k], ...; m_bits has bit i set where lane i is true;
 * v_transpose makes the lanes number i of VN vectors vector number i. */
#ifndef JN_KERNEL_SIMD_H
#define JN_KERNEL_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#if defined(__AVX512F__)
#include "kernel/simd_avx512.h"
#elif defined(__AVX2__)
#include "kernel/simd_avx2.h"
#else
#include "kernel/simd_plain.h"
#endif

INLINE vd v_set(double x)
{
    return x - (vd){ 0 };
}

INLINE vi i_set(uint64_t x)
{
    return x - (vi){ 0 };
}

INLINE vi v_bits(vd x)
{
    return (vi)x;
}

INLINE vd v_real(vi x)
{
    return (vd)x;
}

INLINE vd v_abs(vd x)
{
    return v_real(v_bits(x) & i_set(INT64_MAX));
}

/* The first n < VN elements; the others are `fill`. */
INLINE vd v_load_part(const double *p, size_t n, double fill)
{
    double part[VN];
    for (size_t i = 0; i < VN; i++) {
        part[i] = fill;
    }
    memcpy(part, p, n * sizeof *p);
    return v_load(part);
}

INLINE void v_store_part(double *p, vd x, size_t n)
{
    double part[VN];
    v_store(part, x);
    memcpy(p, part, n * sizeof *p);
}

/* n elements at p, n <= VN; the others are 0. */
INLINE vd v_load_n(const double *p, size_t n)
{
    return n >= VN ? v_load(p) : v_load_part(p, n, 0.0);
}

INLINE void v_store_n(double *p, vd x, size_t n)
{
    if (n >= VN) {
        v_store(p, x);
    } else {
        v_store_part(p, x, n);
    }
}

/* 2^k for integers k in -1022..1023, given t = k + 1.5 * 2^52 as the bits of a double. */
INLINE vd v_power2(vd t)
{
    return v_real((v_bits(t) << 52) + i_set(1023ULL << 52));
}

#endif
