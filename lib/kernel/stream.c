/* Log-weights on their way to a law: made, measured, and their exponentials summed. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { WIDE = 4 };
#define EACH UNROLL for (int u = 0; u < WIDE; u++)

void JN_K(fill)(size_t n, double value, double *out)
{
    const vd v = v_set(value);
    for (size_t i = 0; i < n; i += VN) {
        v_store_n(out + i, v, n - i);
    }
}

/* m vectors of weights from `at` on (or, where m is 1, some of one); what is not below +inf, of
 * them or of log q, shows in the result. */
INLINE vm weigh_some(int m, size_t at, size_t n, const double *log_lik, const double *log_q,
                     const double *log_prior, double *log_ratio, double *log_w)
{
    const vd none = v_set(-INFINITY), infinity = v_set(INFINITY);
    vm good = v_lt(none, infinity);
    UNROLL for (int u = 0; u < m; u++)
    {
        const size_t i = at + (size_t)u * VN;
        const vd q = v_load_n(log_q + i, n);
        vd ratio = v_set(0.0);
        if (log_prior != NULL) {
            ratio = q - v_load_n(log_prior + i, n);
        }
        const vd w = v_select(v_eq(q, none), none, v_load_n(log_lik + i, n) - ratio);
        v_store_n(log_ratio + i, ratio, n);
        v_store_n(log_w + i, w, n);
        good = m_and(good, m_and(v_lt(w, infinity), v_lt(q, infinity)));
    }
    return good;
}

INLINE int weigh(size_t n, const double *log_lik, const double *log_q, const double *log_prior,
                 double *log_ratio, double *log_w)
{
    vm good = v_lt(v_set(0.0), v_set(1.0));
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        good = m_and(good, weigh_some(WIDE, i, VN, log_lik, log_q, log_prior, log_ratio, log_w));
    }
    for (; i < n; i += VN) {
        good = m_and(good, weigh_some(1, i, n - i, log_lik, log_q, log_prior, log_ratio, log_w));
    }
    return m_all(good);
}

int JN_K(weigh)(size_t n, const double *log_lik, const double *log_q, const double *log_prior,
                double *log_ratio, double *log_w)
{
    return log_prior == NULL ? weigh(n, log_lik, log_q, NULL, log_ratio, log_w)
                             : weigh(n, log_lik, log_q, log_prior, log_ratio, log_w);
}

void JN_K(extent)(size_t n, const double *x, double out[2])
{
    vd lo[WIDE], hi[WIDE];
    EACH
    {
        lo[u] = v_set(INFINITY);
        hi[u] = v_set(-INFINITY);
    }
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        EACH
        {
            const vd v = v_load(x + i + (size_t)u * VN);
            lo[u] = v_min(v, lo[u]);
            hi[u] = v_max(v, hi[u]);
        }
    }
    for (; i < n; i += VN) {
        const vd v = n - i < VN ? v_load_part(x + i, n - i, x[i]) : v_load(x + i);
        lo[0] = v_min(v, lo[0]);
        hi[0] = v_max(v, hi[0]);
    }
    out[0] = -v_top(-v_min(v_min(lo[0], lo[1]), v_min(lo[2], lo[3])));
    out[1] = v_top(v_max(v_max(hi[0], hi[1]), v_max(hi[2], hi[3])));
}

void JN_K(powers)(size_t n, const double *x, double shift, double out[3])
{
    vd one[WIDE], two[WIDE], three[WIDE];
    EACH one[u] = two[u] = three[u] = v_set(0.0);
    for (size_t i = 0; i < n; i += WIDE * VN) {
        EACH
        {
            const size_t at = i + (size_t)u * VN;
            const vd v = at + VN <= n ? v_load(x + at)
                         : at < n     ? v_load_part(x + at, n - at, -INFINITY)
                                      : v_set(-INFINITY);
            const vd e = v_exp_falling(v - shift), e2 = e * e;
            one[u] = one[u] + e;
            two[u] = two[u] + e2;
            three[u] = v_fma(e, e2, three[u]);
        }
    }
    out[0] = v_sum((one[0] + one[1]) + (one[2] + one[3]));
    out[1] = v_sum((two[0] + two[1]) + (two[2] + two[3]));
    out[2] = v_sum((three[0] + three[1]) + (three[2] + three[3]));
}

size_t JN_K(above)(size_t n, const double *x, double floor, double *out)
{
    const vd limit = v_set(floor);
    size_t kept = 0, i = 0;
    for (; i + VN <= n; i += VN) {
        const vd v = v_load(x + i);
        kept += v_pick(v_lt(limit, v), v, out + kept);
    }
    if (i < n) { /* what is picked may not reach beyond n */
        const vd v = v_load_part(x + i, n - i, -INFINITY);
        double last[VN];
        const size_t m = v_pick(v_lt(limit, v), v, last);
        memcpy(out + kept, last, m * sizeof *out);
        kept += m;
    }
    return kept;
}

/* e^x and e^x - 1, |x| < 700 */
INLINE vd both(vd x, vd *less_one)
{
    vd r;
    const vd k = v_reduce(x, &r), h = v_half_power(k), p = v_fma(r * r, v_exp_tail(r), r);
    *less_one = v_fma(h, p, h - 0.5) * 2.0;
    return v_fma(h, p, h) * 2.0;
}

void JN_K(weights)(size_t n, const double *x, double unit, double *w, double *w1, double sums[3])
{
    enum { PAIR = 2 };
    const double nothing = unit - 650.0;
    vd one[PAIR], two[PAIR], three[PAIR];
    for (int u = 0; u < PAIR; u++) {
        one[u] = two[u] = three[u] = v_set(0.0);
    }
    for (size_t i = 0; i < n; i += PAIR * VN) {
        UNROLL for (int u = 0; u < PAIR; u++)
        {
            const size_t at = i + (size_t)u * VN;
            if (at < n) {
                const size_t m = n - at;
                const vd v = m < VN ? v_load_part(x + at, m, nothing) : v_load(x + at);
                vd less_one;
                const vd e = both(v - unit, &less_one), square = e * e;
                v_store_n(w + at, e, m);
                v_store_n(w1 + at, less_one, m);
                one[u] = one[u] + e;
                two[u] = two[u] + square;
                three[u] = v_fma(e, square, three[u]);
            }
        }
    }
    sums[0] = v_sum(one[0] + one[1]);
    sums[1] = v_sum(two[0] + two[1]);
    sums[2] = v_sum(three[0] + three[1]);
}
