/* Log-weights on their way to a law: made, measured, and their exponentials summed. */
#include <stdbool.h>

#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { WIDE = 4 };
#define EACH UNROLL for (int u = 0; u < WIDE; u++)

/* m vectors of weights from `at` on (or, where m is 1, some of one); what is not below +inf, of
 * them or of log q, shows in the result. */
INLINE vm weigh_some(int m, size_t at, size_t n, const double *log_lik, const double *log_q,
                     const double *log_prior, const double first[2], double *log_ratio,
                     double *log_w, vd marks[4])
{
    const vd none = v_set(-INFINITY), infinity = v_set(INFINITY);
    vm good = v_lt(none, infinity);
    UNROLL for (int u = 0; u < m; u++)
    {
        const size_t i = at + (size_t)u * VN;
        const vd q = v_load_n(log_q + i, n);
        const vd lik = n < VN ? v_load_part(log_lik + i, n, first[0]) : v_load(log_lik + i);
        vd ratio = v_set(0.0);
        if (log_prior != NULL) {
            ratio = q - v_load_n(log_prior + i, n);
        }
        const vd w = v_select(v_eq(q, none), none, lik - ratio);
        v_store_n(log_ratio + i, ratio, n);
        v_store_n(log_w + i, w, n);
        good = m_and(good, m_and(v_lt(w, infinity), v_lt(q, infinity)));
        if (n < VN) {
            ratio = v_load_part(log_ratio + i, n, first[1]);
        }
        const vd x = lik - first[0], y = ratio - first[1];
        marks[0] = marks[0] + x;
        marks[1] = v_fma(x, x, marks[1]);
        marks[2] = marks[2] + y;
        marks[3] = v_fma(y, y, marks[3]);
    }
    return good;
}

INLINE int weigh(size_t n, const double *log_lik, const double *log_q, const double *log_prior,
                 double *log_ratio, double *log_w, double marks[4])
{
    vm good = v_lt(v_set(0.0), v_set(1.0));
    vd sums[4];
    EACH sums[u] = v_set(0.0);
    const double first[2] = { n > 0 ? log_lik[0] : 0.0,
                              n > 0 && log_prior != NULL ? log_q[0] - log_prior[0] : 0.0 };
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        good = m_and(good, weigh_some(WIDE, i, VN, log_lik, log_q, log_prior, first, log_ratio,
                                      log_w, sums));
    }
    for (; i < n; i += VN) {
        good = m_and(good, weigh_some(1, i, n - i, log_lik, log_q, log_prior, first, log_ratio,
                                      log_w, sums));
    }
    EACH marks[u] = v_sum(sums[u]);
    return m_all(good);
}

int JN_K(weigh)(size_t n, const double *log_lik, const double *log_q, const double *log_prior,
                double *log_ratio, double *log_w, double marks[4])
{
    return log_prior == NULL ? weigh(n, log_lik, log_q, NULL, log_ratio, log_w, marks)
                             : weigh(n, log_lik, log_q, log_prior, log_ratio, log_w, marks);
}

/* Least and largest of x, and the first two powers of x - shift, where these are wanted. */
INLINE void measure(size_t n, const double *x, double shift, bool powers, double out[4])
{
    vd lo[WIDE], hi[WIDE], one[WIDE], two[WIDE];
    EACH
    {
        lo[u] = v_set(INFINITY);
        hi[u] = v_set(-INFINITY);
        one[u] = two[u] = v_set(0.0);
    }
    for (size_t i = 0; i < n; i += WIDE * VN) {
        EACH
        {
            const size_t at = i + (size_t)u * VN;
            if (at < n) {
                const bool whole = at + VN <= n;
                const vd v = whole ? v_load(x + at) : v_load_part(x + at, n - at, x[at]);
                lo[u] = v_min(v, lo[u]);
                hi[u] = v_max(v, hi[u]);
                if (powers) {
                    const vd y = (whole ? v : v_load_part(x + at, n - at, shift)) - shift;
                    one[u] = one[u] + y;
                    two[u] = v_fma(y, y, two[u]);
                }
            }
        }
    }
    out[0] = -v_top(-v_min(v_min(lo[0], lo[1]), v_min(lo[2], lo[3])));
    out[1] = v_top(v_max(v_max(hi[0], hi[1]), v_max(hi[2], hi[3])));
    if (powers) {
        out[2] = v_sum((one[0] + one[1]) + (one[2] + one[3]));
        out[3] = v_sum((two[0] + two[1]) + (two[2] + two[3]));
    }
}

void JN_K(extent)(size_t n, const double *x, double out[2])
{
    measure(n, x, 0.0, false, out);
}

void JN_K(measure)(size_t n, const double *x, double shift, double out[4])
{
    measure(n, x, shift, true, out);
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

/* Few pass, and a branch on each is mistaken as often as they do: so pieces that have any are noted
 * first, without a branch, and read afterwards. */
size_t JN_K(above)(size_t n, const double *x, double floor, double *out)
{
    enum { SPAN = 16, PIECE = WIDE * VN };
    const vd limit = v_set(floor);
    size_t kept = 0, i = 0;
    while (i + PIECE <= n) {
        uint32_t high[SPAN];
        size_t at[SPAN], found = 0;
        for (size_t m = 0; m < SPAN && i + PIECE <= n; m++, i += PIECE) {
            uint32_t bits = 0;
            EACH bits |= m_bits(v_lt(limit, v_load(x + i + (size_t)u * VN))) << (u * VN);
            high[found] = bits;
            at[found] = i;
            found += bits != 0;
        }
        for (size_t f = 0; f < found; f++) {
            for (uint32_t bits = high[f]; bits != 0; bits &= bits - 1) {
                out[kept++] = x[at[f] + (size_t)__builtin_ctz(bits)];
            }
        }
    }
    for (; i < n; i++) {
        if (x[i] > floor) {
            out[kept++] = x[i];
        }
    }
    return kept;
}

typedef struct sums {
    vd low, high, power[3], fold[5];
} sums;

/* m vectors, or, where m is 1, n <= VN numbers; `keep` has 1 where there is one, and 0. */
INLINE void some_weights(int m, size_t n, vd keep, const double *x, double first, double unit,
                         double *w, double *w1, sums *s)
{
    UNROLL for (int u = 0; u < m; u++)
    {
        const size_t at = (size_t)u * VN;
        const vd v = n < VN ? v_load_part(x, n, first) : v_load(x + at), y = v - first;
        vd less_one, e = v_exp_both(v - unit, &less_one);
        v_store_n(w + at, e, n);
        v_store_n(w1 + at, less_one, n);
        if (n < VN) {
            e = e * keep;
            less_one = less_one * keep;
        }
        const vd square = e * e;
        s->low = v_min(v, s->low);
        s->high = v_max(v, s->high);
        s->power[0] = s->power[0] + e;
        s->power[1] = s->power[1] + square;
        s->power[2] = v_fma(e, square, s->power[2]);
        s->fold[0] = s->fold[0] + less_one;
        s->fold[1] = s->fold[1] + y;
        s->fold[2] = v_fma(less_one, less_one, s->fold[2]);
        s->fold[3] = v_fma(less_one, y, s->fold[3]);
        s->fold[4] = v_fma(y, y, s->fold[4]);
    }
}

void JN_K(weights)(size_t n, const double *x, double unit, double *w, double *w1, jn_draw_sums *out)
{
    enum { FLIGHT = VN == 8 ? 4 : 2 };
    const vd zero = v_set(0.0), one = v_set(1.0);
    sums s = {
        v_set(INFINITY), v_set(-INFINITY), { zero, zero, zero }, { zero, zero, zero, zero, zero }
    };
    size_t i = 0;
    for (; i + FLIGHT * VN <= n; i += FLIGHT * VN) {
        some_weights(FLIGHT, VN, one, x + i, x[0], unit, w + i, w1 + i, &s);
    }
    for (; i < n; i += VN) {
        static const double ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
        const vd keep = n - i < VN ? v_load_part(ones, n - i, 0.0) : one;
        some_weights(1, n - i, keep, x + i, x[0], unit, w + i, w1 + i, &s);
    }
    out->range[0] = -v_top(-s.low);
    out->range[1] = v_top(s.high);
    for (int j = 0; j < 3; j++) {
        out->power[j] = v_sum(s.power[j]);
    }
    for (int j = 0; j < 5; j++) { /* lanes of even number hold draws of even number */
        out->fold[0][j] = out->fold[1][j] = 0.0;
        for (int lane = 0; lane < VN; lane++) {
            out->fold[lane % 2][j] += s.fold[j][lane];
        }
    }
}
