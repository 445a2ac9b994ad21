/* exp, log and a turn by polynomials and one division, for machines without tables in registers.
 * Included by elementary.h alone. */
#ifndef JN_KERNEL_SERIES_H
#define JN_KERNEL_SERIES_H

/* p 2^k for p in [1/2, 2] and integer k in -1080..1030 */
INLINE vd v_scale(vd p, vd k)
{
    /* two factors, neither of which can overflow */
    const vd half = v_fma(k, v_set(0.5), v_set(ROUNDER)), rest = k - (half - ROUNDER) + ROUNDER;
    return p * v_power2(half) * v_power2(rest);
}

INLINE vd v_exp(vd x)
{
    vd r;
    const vd k = v_reduce(v_max(v_set(-746.0), v_min(v_set(710.0), x)), &r);
    return v_scale(v_fma(r * r, v_exp_tail(r), r) + 1.0, k);
}

/* e^x and e^x - 1, |x| < 700 */
INLINE vd v_exp_both(vd x, vd *less_one)
{
    vd r;
    const vd k = v_reduce(x, &r), h = v_power2(k - 1.0 + ROUNDER),
             p = v_fma(r * r, v_exp_tail(r), r);
    *less_one = v_fma(h, p, h - 0.5) * 2.0;
    return v_fma(h, p, h) * 2.0;
}

/* For x <= 0, with 0 for what is below 2^-1020. NaN gives NaN. */
INLINE vd v_exp_falling(vd x)
{
    vd r;
    const vd end = v_set(-707.0), k = v_reduce(v_max(end, x), &r);
    const vd e = (v_fma(r * r, v_exp_tail(r), r) + 1.0) * v_power2(k + ROUNDER);
    return v_select(v_lt(x, end), v_set(0.0), e);
}

/* log of x = 2^k (1 + f), f in [sqrt(1/2) - 1, sqrt(2) - 1], after fdlibm: with s = f / (2 + f),
 * log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)), R = s^2 P. */
INLINE vd v_log_parts(vd k, vd f)
{
    const vd s = f / (f + 2.0), z = s * s, z2 = z * z, h = f * f * 0.5;
#define PAIR(i) v_fma(z, v_set(LOG_P[(i) + 1]), v_set(LOG_P[i]))
    const vd p = v_fma(z2, v_fma(z2, v_fma(z2, v_set(LOG_P[6]), PAIR(4)), PAIR(2)), PAIR(0));
#undef PAIR
    const vd inner = v_fma(s, v_fma(z, p, h), k * LOG2_LOW);
    return v_fma(k, v_set(LOG2_HIGH), f - (h - inner));
}

/* log of 2^shift x for normal, finite x > 0 */
INLINE vd v_log_normal(vd x, vd shift)
{
    /* moves the end of a binade from 1 to sqrt(1/2) */
    const vi b = v_bits(x) + i_set(0x95f6400000000U);
    const vd k = v_real((b >> 52) | i_set(0x4330000000000000U)) - (0x1p52 + 1023.0) + shift;
    const vd f = v_real((b & i_set(0xfffffffffffffU)) + i_set(0x3fe6a09c00000000U)) - 1.0;
    return v_log_parts(k, f);
}

INLINE vd v_log(vd x)
{
    const vd zero = v_set(0.0), infinity = v_set(INFINITY);
    const vm small = v_lt(x, v_set(0x1p-1022));
    const vd l = v_log_normal(v_select(small, x * 0x1p54, x), v_select(small, v_set(-54.0), zero));
    const vm usual = m_and(v_lt(zero, x), v_lt(x, infinity));
    if (__builtin_expect(m_all(usual), 1)) {
        return l;
    }
    const vd odd = v_select(v_eq(x, infinity), x, v_set(NAN));
    return v_select(usual, l, v_select(v_eq(x, zero), -infinity, odd));
}

/* r cos t and r sin t. The turn is cut at the nearest quarter q, where one of the two is 0, so that
 * both keep their relative accuracy. */
INLINE void v_turn(vi w, vd r, vd *z_cos, vd *z_sin)
{
    const vi j = w & i_set(15), q = (j + i_set(2)) >> 2;                                 /* 0..4 */
    const vd sixteenths = v_real((j - (q << 2)) + i_set(0x4338000000000000U)) - ROUNDER; /* -2..1 */
    const double unit = 0x1.921fb54442d18p-2; /* 2 pi / 16 */
    const vd t = v_fma(v_from_signed(w), v_set(unit * 0x1p-64), sixteenths * unit), t2 = t * t;
    vd s = v_set(SIN_P[6]), c = v_set(COS_P[6]);
    UNROLL for (int i = 5; i >= 0; i--)
    {
        s = v_fma(s, t2, v_set(SIN_P[i]));
        c = v_fma(c, t2, v_set(COS_P[i]));
    }
    s = v_fma(t * t2, s, t);
    c = v_fma(t2 * t2, c, v_fma(t2, v_set(-0.5), v_set(1.0)));
    const vm even = i_none(q, 1);
    const vd a = r * v_select(even, c, s), b = r * v_select(even, s, c);
    *z_cos = v_real(v_bits(a) ^ (((q + i_set(1)) & i_set(2)) << 62));
    *z_sin = v_real(v_bits(b) ^ ((q & i_set(2)) << 62));
}

#endif
