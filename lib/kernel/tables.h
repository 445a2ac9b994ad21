/* exp, log and a turn by tables of 16 entries, which two AVX-512 registers hold, and the
 * instructions that take a double apart. Included by elementary.h alone. */
#ifndef JN_KERNEL_TABLES_H
#define JN_KERNEL_TABLES_H

#include "kernel/coefficients16.h"

/* entry number (word mod 16) of each lane */
INLINE vd v_lookup(const double table[16], vi word)
{
    return _mm512_permutex2var_pd(v_load(table), (__m512i)word, v_load(table + 8));
}

/* x = (k + j / 16) log 2 + r, |r| <= log(2) / 32; *s = 2^(j/16) from the table, *e = e^r - 1. */
INLINE vd v_exp_parts(vd x, vd *s, vd *e)
{
    const double rounder = ROUNDER / 16.0; /* rounds to sixteenths */
    const vd t = v_fma(x, v_set(LOG2_E), v_set(rounder)), k = t - rounder;
    const vd r = v_fnma(k, v_set(LOG2_LOW), v_fnma(k, v_set(LOG2_HIGH), x)), r2 = r * r;
    const vd a = v_fma(r, v_set(EXP16_Q[1]), v_set(EXP16_Q[0]));
    const vd b = v_fma(r, v_set(EXP16_Q[3]), v_set(EXP16_Q[2]));
    *e = v_fma(r2, v_fma(r2, v_fma(r2, v_set(EXP16_Q[4]), b), a), r);
    *s = v_lookup(EXP16_POWER, v_bits(t));
    return k;
}

/* scalef takes the floor of its exponent, and overflows and underflows as it should. For x <= 710.
 */
INLINE vd v_exp_falling(vd x)
{
    vd s, e;
    const vd k = v_exp_parts(v_max(v_set(-746.0), x), &s, &e);
    return _mm512_scalef_pd(v_fma(s, e, s), k);
}

/* e^x and e^x - 1, |x| < 700; of the latter the error is below 3e-16, and of no more than
 * rounding and 2e-11 |x|^3 near 0, where the table has 1. */
INLINE vd v_exp_both(vd x, vd *less_one)
{
    vd s, e;
    const vd k = v_exp_parts(x, &s, &e);
    const vd power = _mm512_scalef_pd(s, k);
    *less_one = v_fma(power, e, power - 1.0);
    return v_fma(power, e, power);
}

INLINE vd v_exp(vd x)
{
    return v_exp_falling(v_min(v_set(710.0), x));
}

/* log of 2^shift x. x = 2^k m, m in [3/4, 3/2), r = m inverse[j] - 1 for the cell j of m. Zero,
 * infinities, NaN and negative numbers come out right by themselves. */
INLINE vd v_log_normal(vd x, vd shift)
{
    const vd m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    const vd k = _mm512_getexp_pd(x) - _mm512_getexp_pd(m) + shift;
    const vi cell = v_bits(m) >> 48;
    const vd r = v_fms(m, v_lookup(LOG16_INVERSE, cell), v_set(1.0)), r2 = r * r, r4 = r2 * r2;
    const vd high = v_fma(k, v_set(LOG2_HIGH), v_lookup(LOG16_LOG, cell)); /* exact */
#define PAIR(i) v_fma(r, v_set(LOG16_P[(i) + 1]), v_set(LOG16_P[i]))
    const vd a = v_fma(r2, PAIR(2), PAIR(0)), b = v_fma(r2, PAIR(6), PAIR(4));
#undef PAIR
    const vd p = v_fma(r4, v_fma(r4, v_set(LOG16_P[8]), b), a);
    return high + (r + v_fma(r2, p, k * LOG2_LOW));
}

INLINE vd v_log(vd x)
{
    return v_log_normal(x, v_set(0.0));
}

/* r cos t and r sin t: t = 2 pi j / 16 + d. The table has exact zeros, so that both keep their
 * relative accuracy near the axes. */
INLINE void v_turn(vi w, vd r, vd *z_cos, vd *z_sin)
{
    const double unit = 0x1.921fb54442d18p-3 * 0x1p-63; /* half a sixteenth of a turn at 2^63 */
    const vd d = v_from_signed(w) * unit, d2 = d * d;
    const vd cj = v_lookup(TURN16_COS, w), sj = v_lookup(TURN16_SIN, w);
    vd s = v_fma(d2, v_set(SIN16_P[3]), v_set(SIN16_P[2]));
    vd c = v_fma(d2, v_set(COS16_P[3]), v_set(COS16_P[2]));
    s = v_fma(s, d2, v_set(SIN16_P[1]));
    c = v_fma(c, d2, v_set(COS16_P[1]));
    s = v_fma(s, d2, v_set(SIN16_P[0]));
    c = v_fma(c, d2, v_set(COS16_P[0]));
    const vd rs = r * v_fma(d * d2, s, d), rc = v_fma(r * d2, c, r);
    *z_cos = v_fms(cj, rc, sj * rs);
    *z_sin = v_fma(sj, rc, cj * rs);
}

#endif
