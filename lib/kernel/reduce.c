/* One number from an array: four vectors of partial results, in an order fixed by n alone. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { WIDE = 4 };
#define EACH UNROLL for (int u = 0; u < WIDE; u++)

/* Vector number u of those that start at x: whole ones first, then one padded with `fill`. */
INLINE vd nth(const double *x, size_t n, size_t u, double fill)
{
    const size_t at = u * VN;
    return at + VN <= n ? v_load(x + at) : at < n ? v_load_part(x + at, n - at, fill) : v_set(fill);
}

double JN_K(max)(size_t n, const double *x)
{
    vd m[WIDE];
    EACH m[u] = v_set(-INFINITY);
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        EACH m[u] = v_max(v_load(x + i + (size_t)u * VN), m[u]);
    }
    EACH m[u] = v_max(nth(x + i, n - i, (size_t)u, -INFINITY), m[u]);
    return v_top(v_max(v_max(m[0], m[1]), v_max(m[2], m[3])));
}

double JN_K(sum_exp)(size_t n, const double *x, double shift)
{
    vd s[WIDE];
    EACH s[u] = v_set(0.0);
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        EACH s[u] = s[u] + v_exp(v_load(x + i + (size_t)u * VN) - shift);
    }
    for (size_t u = 0; i + u * VN < n; u++) {
        s[u] = s[u] + v_exp(nth(x + i, n - i, u, -INFINITY) - shift);
    }
    return v_sum((s[0] + s[1]) + (s[2] + s[3]));
}

void JN_K(moments)(size_t n, const double *x, double shift, double out[2])
{
    vd s[WIDE], q[WIDE];
    EACH s[u] = q[u] = v_set(0.0);
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        EACH
        {
            const vd y = v_load(x + i + (size_t)u * VN) - shift;
            s[u] = s[u] + y;
            q[u] = v_fma(y, y, q[u]);
        }
    }
    for (size_t u = 0; i + u * VN < n; u++) {
        const vd y = nth(x + i, n - i, u, shift) - shift;
        s[u] = s[u] + y;
        q[u] = v_fma(y, y, q[u]);
    }
    out[0] = v_sum((s[0] + s[1]) + (s[2] + s[3]));
    out[1] = v_sum((q[0] + q[1]) + (q[2] + q[3]));
}

/* With nothing but -inf the shift is 0, so that NaN still shows. */
double JN_K(lse)(size_t n, const double *x)
{
    const double top = JN_K(max)(n, x), shift = top == -INFINITY ? 0.0 : top;
    return shift + log(JN_K(sum_exp)(n, x, shift));
}

/* Eight factors 1 + a a logarithm: (1 + a)(1 + b) = 1 + (a + b + a b) keeps the digits of small
 * ones, the plain product those of factors near 0 and of large ones. */
INLINE vd v_both(vd a, vd b)
{
    return v_fma(a, b, a + b);
}

INLINE vd some_log1p(size_t n, const double *x, vd scale)
{
    vd a[8], p[8];
    UNROLL for (int u = 0; u < 8; u++)
    {
        a[u] = nth(x, n, (size_t)u, 0.0) * scale;
    }
    const vd b = v_both(v_both(a[0], a[1]), v_both(a[2], a[3]));
    const vd c = v_both(v_both(v_both(a[4], a[5]), v_both(a[6], a[7])), b);
    const vm small = v_lt(v_abs(c), v_set(0.5));
    if (m_all(small)) { /* mostly all are, or none: what is sorted comes in order */
        return v_log1p(c);
    }
    UNROLL for (int u = 0; u < 8; u++)
    {
        p[u] = a[u] + 1.0;
    }
    const vd product = ((p[0] * p[1]) * (p[2] * p[3])) * ((p[4] * p[5]) * (p[6] * p[7]));
    const vd large = v_log(product);
    return m_any(small) ? v_select(small, v_log1p(c), large) : large;
}

double JN_K(sum_log1p)(size_t n, const double *x, double scale)
{
    vd sum = v_set(0.0);
    for (size_t i = 0; i < n; i += 8 * VN) {
        sum = sum + some_log1p(n - i, x + i, v_set(scale));
    }
    return v_sum(sum);
}
