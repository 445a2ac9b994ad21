/* Eight lanes: AVX-512 F, DQ, BW and VL. See simd.h. */
#ifndef JN_KERNEL_SIMD_AVX512_H
#define JN_KERNEL_SIMD_AVX512_H

#include <immintrin.h>

enum { VN = 8 };
typedef __m512d vd;
typedef uint64_t vi __attribute__((vector_size(64)));
typedef __mmask8 vm;

INLINE vd v_load(const double *p)
{
    return _mm512_loadu_pd(p);
}

INLINE void v_store(double *p, vd x)
{
    _mm512_storeu_pd(p, x);
}

INLINE vi i_load(const uint64_t *p)
{
    return (vi)_mm512_loadu_si512(p);
}

INLINE void i_store(uint64_t *p, vi x)
{
    _mm512_storeu_si512(p, (__m512i)x);
}

INLINE vd v_fma(vd a, vd b, vd c) /* a b + c */
{
    return _mm512_fmadd_pd(a, b, c);
}

INLINE vd v_fnma(vd a, vd b, vd c) /* c - a b */
{
    return _mm512_fnmadd_pd(a, b, c);
}

INLINE vd v_fms(vd a, vd b, vd c) /* a b - c */
{
    return _mm512_fmsub_pd(a, b, c);
}

INLINE vd v_sqrt(vd x)
{
    return _mm512_sqrt_pd(x);
}

INLINE vd v_max(vd a, vd b)
{
    return _mm512_max_pd(a, b);
}

INLINE vd v_min(vd a, vd b)
{
    return _mm512_min_pd(a, b);
}

INLINE vm v_lt(vd a, vd b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}

INLINE vm v_eq(vd a, vd b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
}

INLINE vm m_and(vm a, vm b)
{
    return _kand_mask8(a, b);
}

INLINE unsigned m_bits(vm a)
{
    return a;
}

INLINE int m_all(vm a)
{
    return a == 0xff;
}

INLINE int m_any(vm a)
{
    return a != 0;
}

INLINE vd v_select(vm m, vd yes, vd no)
{
    return _mm512_mask_blend_pd(m, no, yes);
}

INLINE vi i_select(vm m, vi yes, vi no)
{
    return (vi)_mm512_mask_blend_epi64(m, (__m512i)no, (__m512i)yes);
}

/* where x & bits is 0 */
INLINE vm i_none(vi x, uint64_t bits)
{
    return _mm512_testn_epi64_mask((__m512i)x, _mm512_set1_epi64((long long)bits));
}

/* products of the low halves */
INLINE vi i_mul32(vi a, vi b)
{
    return (vi)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

INLINE vi i_xor3(vi a, vi b, vi c)
{
    return (vi)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
}

/* nearest double of an unsigned, of a signed word */
INLINE vd v_from_unsigned(vi x)
{
    return _mm512_cvtepu64_pd((__m512i)x);
}

INLINE vd v_from_signed(vi x)
{
    return _mm512_cvtepi64_pd((__m512i)x);
}

INLINE double v_sum(vd x)
{
    return _mm512_reduce_add_pd(x);
}

INLINE double v_top(vd x)
{
    return _mm512_reduce_max_pd(x);
}

/* Two rows of lanes a and b, a quarter of a register at a time: those of even or of odd number. */
#define V_EVEN(a, b) _mm512_shuffle_f64x2(a, b, 0x88)
#define V_ODD(a, b)  _mm512_shuffle_f64x2(a, b, 0xdd)

INLINE void v_transpose(vd x[8])
{
    vd half[8];
    UNROLL for (int i = 0; i < 8; i += 2)
    {
        half[i] = _mm512_unpacklo_pd(x[i], x[i + 1]);
        half[i + 1] = _mm512_unpackhi_pd(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 2; i++)
    {
        const vd a = V_EVEN(half[i], half[i + 2]), b = V_EVEN(half[i + 4], half[i + 6]);
        const vd c = V_ODD(half[i], half[i + 2]), d = V_ODD(half[i + 4], half[i + 6]);
        x[i] = V_EVEN(a, b);
        x[i + 2] = V_EVEN(c, d);
        x[i + 4] = V_ODD(a, b);
        x[i + 6] = V_ODD(c, d);
    }
}

#undef V_EVEN
#undef V_ODD

INLINE vd v_stride(const double *p, size_t k)
{
    return _mm512_set_pd(p[7 * k], p[6 * k], p[5 * k], p[4 * k], p[3 * k], p[2 * k], p[k], p[0]);
}

#endif
