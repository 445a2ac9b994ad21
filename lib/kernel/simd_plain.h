/* Two lanes of what every machine has: SSE2, NEON, or whatever the compiler makes of two doubles.
 * See simd.h. */
#ifndef JN_KERNEL_SIMD_PLAIN_H
#define JN_KERNEL_SIMD_PLAIN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { VN = 2 };
typedef double vd __attribute__((vector_size(16)));
typedef uint64_t vi __attribute__((vector_size(16)));
typedef vi vm; /* all ones or all zeros */

INLINE vd v_load(const double *p)
{
    vd x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void v_store(double *p, vd x)
{
    memcpy(p, &x, sizeof x);
}

INLINE vi i_load(const uint64_t *p)
{
    vi x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void i_store(uint64_t *p, vi x)
{
    memcpy(p, &x, sizeof x);
}

/* Not fused where the machine has no such instruction: nothing here relies on it. */
INLINE vd v_fma(vd a, vd b, vd c) /* a b + c */
{
#if defined(__FP_FAST_FMA) || defined(__aarch64__)
    return (vd){ __builtin_fma(a[0], b[0], c[0]), __builtin_fma(a[1], b[1], c[1]) };
#else
    return a * b + c;
#endif
}

INLINE vd v_fnma(vd a, vd b, vd c) /* c - a b */
{
    return v_fma(-a, b, c);
}

INLINE vd v_fms(vd a, vd b, vd c) /* a b - c */
{
    return v_fma(a, b, -c);
}

INLINE vd v_sqrt(vd x)
{
    return (vd){ __builtin_sqrt(x[0]), __builtin_sqrt(x[1]) };
}

INLINE vm v_lt(vd a, vd b)
{
    return (vm)(a < b);
}

INLINE vm v_eq(vd a, vd b)
{
    return (vm)(a == b);
}

INLINE vm m_and(vm a, vm b)
{
    return a & b;
}

INLINE unsigned m_bits(vm a)
{
    return (unsigned)(a[0] & 1) | (unsigned)(a[1] & 2);
}

INLINE int m_all(vm a)
{
    return (a[0] & a[1]) != 0;
}

INLINE int m_any(vm a)
{
    return (a[0] | a[1]) != 0;
}

INLINE vi i_select(vm m, vi yes, vi no)
{
    return (m & yes) | (~m & no);
}

INLINE vd v_select(vm m, vd yes, vd no)
{
    return (vd)i_select(m, (vi)yes, (vi)no);
}

INLINE vd v_max(vd a, vd b)
{
#ifdef __SSE2__
    return (vd)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    return v_select((vm)(a > b), a, b);
#endif
}

INLINE vd v_min(vd a, vd b)
{
#ifdef __SSE2__
    return (vd)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    return v_select((vm)(a < b), a, b);
#endif
}

/* where x & bits is 0 */
INLINE vm i_none(vi x, uint64_t bits)
{
    return (vm)((x & bits) == 0);
}

/* products of the low halves */
INLINE vi i_mul32(vi a, vi b)
{
#ifdef __SSE2__
    return (vi)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xffffffffU) * (b & 0xffffffffU);
#endif
}

INLINE vi i_xor3(vi a, vi b, vi c)
{
    return a ^ b ^ c;
}

INLINE double v_sum(vd x)
{
    return x[0] + x[1];
}

INLINE double v_top(vd x)
{
    return x[0] > x[1] ? x[0] : x[1];
}

INLINE void v_transpose(vd x[2])
{
    const vd a = x[0], b = x[1];
    x[0] = (vd){ a[0], b[0] };
    x[1] = (vd){ a[1], b[1] };
}

INLINE vd v_stride(const double *p, size_t k)
{
    return (vd){ p[0], p[k] };
}

#include "kernel/simd_convert.h"

#endif
