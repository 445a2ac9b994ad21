/* exp and log of a vector, and what they are made of. Internal to lib/kernel. */
#ifndef JN_KERNEL_ELEMENTARY_H
#define JN_KERNEL_ELEMENTARY_H

#include <math.h>

#include "kernel/coefficients.h"
#include "kernel/simd.h"

/* log 2 in two parts; the first has 11 zero bits at its end, so that k times it is exact. */
#define LOG2_HIGH 0x1.62e42fefa3800p-1
#define LOG2_LOW  0x1.ef35793c76730p-45
#define LOG2_E    0x1.71547652b82fep+0
#define ROUNDER   0x1.8p52 /* adding it rounds to an integer, in the low bits of the mantissa */

/* x = k log 2 + r, |r| <= log(2)/2. For |x| < 2^20. */
INLINE vd v_reduce(vd x, vd *r)
{
    const vd k = v_fma(x, v_set(LOG2_E), v_set(ROUNDER)) - ROUNDER;
    *r = v_fnma(k, v_set(LOG2_LOW), v_fnma(k, v_set(LOG2_HIGH), x));
    return k;
}

/* (e^r - 1 - r) / r^2 for a reduced r */
INLINE vd v_exp_tail(vd r)
{
    const vd r2 = r * r, r4 = r2 * r2;
#define PAIR(i) v_fma(r, v_set(EXP_Q[(i) + 1]), v_set(EXP_Q[i]))
    const vd a = v_fma(r2, PAIR(2), PAIR(0)), b = v_fma(r2, PAIR(6), PAIR(4)),
             c = v_fma(r2, v_set(EXP_Q[10]), PAIR(8));
#undef PAIR
    return v_fma(r4, v_fma(r4, c, b), a);
}

/* p 2^k for p in [1/2, 2] and integer k in -1080..1030 */
INLINE vd v_scale(vd p, vd k)
{
#ifdef __AVX512F__
    return _mm512_scalef_pd(p, k);
#else
    /* two factors, neither of which can overflow */
    const vd half = v_fma(k, v_set(0.5), v_set(ROUNDER)), rest = k - (half - ROUNDER) + ROUNDER;
    return p * v_power2(half) * v_power2(rest);
#endif
}

INLINE vd v_exp(vd x)
{
    vd r;
    const vd k = v_reduce(v_max(v_set(-746.0), v_min(v_set(710.0), x)), &r);
    return v_scale(v_fma(r * r, v_exp_tail(r), r) + 1.0, k);
}

/* half of 2^k, k in -1021..1024: 2^1024 itself is infinite */
INLINE vd v_half_power(vd k)
{
    return v_power2(k - 1.0 + ROUNDER);
}

INLINE vd v_expm1(vd x)
{
    vd r;
    const vd k = v_reduce(v_max(v_set(-50.0), v_min(v_set(710.0), x)), &r), h = v_half_power(k);
    const vd p = v_fma(r * r, v_exp_tail(r), r);
    const vd e = v_fma(h, p, h - 0.5) * 2.0;
    return v_select(v_lt(v_abs(x), v_set(1e-300)), x, e); /* keeps subnormals and the sign of 0 */
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

/* log(1 + x): the log of the rounded sum, and what the rounding lost over it */
INLINE vd v_log1p(vd x)
{
    const vd u = x + 1.0, lost = (x - (u - 1.0)) / u;
    const vm usual = m_and(v_lt(v_set(0.0), u), v_lt(u, v_set(INFINITY)));
    const vd l = v_log(u) + v_select(usual, lost, v_set(0.0));
    return v_select(v_lt(v_abs(x), v_set(1e-300)), x, l);
}

INLINE vd v_softplus(vd x)
{
    return v_max(v_set(0.0), x) + v_log1p(v_exp(-v_abs(x)));
}

#endif
