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

#ifdef __AVX512F__
#include "kernel/tables.h"
#else
#include "kernel/series.h"
#endif

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

/* log(1 + x): the log of the rounded sum, and what the rounding lost over it */
INLINE vd v_log1p(vd x)
{
    const vd u = x + 1.0, lost = (x - (u - 1.0)) / u;
    const vm usual = m_and(v_lt(v_set(0.0), u), v_lt(u, v_set(INFINITY)));
    const vd l = v_log(u) + v_select(usual, lost, v_set(0.0));
    return v_select(v_lt(v_abs(x), v_set(1e-300)), x, l);
}

/* the same for x in [0, 1], where nothing is special; NaN passes through `lost` */
INLINE vd v_log1p_unit(vd x)
{
    const vd u = x + 1.0, lost = (x - (u - 1.0)) / u;
    return v_log_normal(u, v_set(0.0)) + lost;
}

/* (e^2a - 1) / (e^2a + 1) with a = |x|; it is 1 from a = 20 on, so that nothing overflows. */
INLINE vd v_tanh(vd x)
{
    const vd e = v_expm1(v_min(v_set(40.0), v_abs(x) * 2.0)), t = e / (e + 2.0);
    return v_select(v_lt(v_set(0.0), x), t, v_select(v_lt(x, v_set(0.0)), -t, x));
}

/* Neither branch overflows or loses the tail. */
INLINE vd v_sigmoid(vd x)
{
    const vd e = v_exp(-v_abs(x));
    return v_select(v_lt(x, v_set(0.0)), e, v_set(1.0)) / (e + 1.0);
}

#endif
