/* Four lanes: AVX2 and FMA. See simd.h. */
#ifndef JN_KERNEL_SIMD_AVX2_H
#define JN_KERNEL_SIMD_AVX2_H

#include <immintrin.h>

enum { VN = 4 };
typedef __m256d vd;
typedef uint64_t vi __attribute__((vector_size(32)));
typedef vd vm;

INLINE vd v_load(const double *p)
{
    return _mm256_loadu_pd(p);
}

INLINE void v_store(double *p, vd x)
{
    _mm256_storeu_pd(p, x);
}

INLINE vi i_load(const uint64_t *p)
{
    return (vi)_mm256_loadu_si256((const __m256i *)(const void *)p);
}

INLINE void i_store(uint64_t *p, vi x)
{
    _mm256_storeu_si256((__m256i *)(void *)p, (__m256i)x);
}

INLINE vd v_fma(vd a, vd b, vd c) /* a b + c */
{
    return _mm256_fmadd_pd(a, b, c);
}

INLINE vd v_fnma(vd a, vd b, vd c) /* c - a b */
{
    return _mm256_fnmadd_pd(a, b, c);
}

INLINE vd v_fms(vd a, vd b, vd c) /* a b - c */
{
    return _mm256_fmsub_pd(a, b, c);
}

INLINE vd v_sqrt(vd x)
{
    return _mm256_sqrt_pd(x);
}

INLINE vd v_max(vd a, vd b)
{
    return _mm256_max_pd(a, b);
}

INLINE vd v_min(vd a, vd b)
{
    return _mm256_min_pd(a, b);
}

INLINE vm v_lt(vd a, vd b)
{
    return _mm256_cmp_pd(a, b, _CMP_LT_OQ);
}

INLINE vm v_eq(vd a, vd b)
{
    return _mm256_cmp_pd(a, b, _CMP_EQ_OQ);
}

INLINE vm m_and(vm a, vm b)
{
    return _mm256_and_pd(a, b);
}

INLINE unsigned m_bits(vm a)
{
    return (unsigned)_mm256_movemask_pd(a);
}

INLINE int m_all(vm a)
{
    return _mm256_movemask_pd(a) == 0xf;
}

INLINE int m_any(vm a)
{
    return _mm256_movemask_pd(a) != 0;
}

INLINE vd v_select(vm m, vd yes, vd no)
{
    return _mm256_blendv_pd(no, yes, m);
}

INLINE vi i_select(vm m, vi yes, vi no)
{
    return (vi)_mm256_blendv_pd((vd)no, (vd)yes, m);
}

/* where x & bits is 0 */
INLINE vm i_none(vi x, uint64_t bits)
{
    return (vm)((x & bits) == 0);
}

/* products of the low halves */
INLINE vi i_mul32(vi a, vi b)
{
    return (vi)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

INLINE vi i_xor3(vi a, vi b, vi c)
{
    return a ^ b ^ c;
}

INLINE double v_sum(vd x)
{
    const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return half[0] + half[1];
}

INLINE double v_top(vd x)
{
    const __m128d half = _mm_max_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return half[0] > half[1] ? half[0] : half[1];
}

INLINE void v_transpose(vd x[4])
{
    const vd a = _mm256_unpacklo_pd(x[0], x[1]), b = _mm256_unpackhi_pd(x[0], x[1]);
    const vd c = _mm256_unpacklo_pd(x[2], x[3]), d = _mm256_unpackhi_pd(x[2], x[3]);
    x[0] = _mm256_permute2f128_pd(a, c, 0x20);
    x[1] = _mm256_permute2f128_pd(b, d, 0x20);
    x[2] = _mm256_permute2f128_pd(a, c, 0x31);
    x[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

INLINE vd v_stride(const double *p, size_t k)
{
    return _mm256_set_pd(p[3 * k], p[2 * k], p[k], p[0]);
}

#include "kernel/simd_convert.h"

#endif
