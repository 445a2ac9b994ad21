/* Sums over the nodes of a law that the integral for every K is made of. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { WIDE = 4 };

/* g(y) = e^-y - 1 + y. With -y = k log 2 + r: half of it is
 * 2^(k-1) (e^r - 1 - r) + (2^(k-1) r + y / 2) + (2^(k-1) - 1/2), where for k = 0 the two brackets
 * are 0 exactly and the first term has its full relative accuracy. */
INLINE vd v_gap(vd y)
{
    vd r;
    const vd k = v_reduce(v_max(v_set(-700.0), v_min(v_set(710.0), -y)), &r);
    const vd h = v_half_power(k);
    return v_fma(h, r * r * v_exp_tail(r), v_fma(h, r, y * 0.5) + (h - 0.5)) * 2.0;
}

INLINE vd v_decay(vd y)
{
    return v_exp_falling(-y);
}

typedef vd lane_fn(vd y);

/* sum of m f(s v); a padded lane has mass 0 and f finite */
INLINE double weighted(double s, size_t n, const double *m, const double *v, lane_fn *f)
{
    vd sum[WIDE];
    UNROLL for (int u = 0; u < WIDE; u++)
    {
        sum[u] = v_set(0.0);
    }
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        UNROLL for (int u = 0; u < WIDE; u++)
        {
            const size_t at = i + (size_t)u * VN;
            sum[u] = v_fma(v_load(m + at), f(v_load(v + at) * s), sum[u]);
        }
    }
    for (size_t u = 0; i < n; i += VN, u++) {
        sum[u] = v_fma(v_load_n(m + i, n - i), f(v_load_n(v + i, n - i) * s), sum[u]);
    }
    return v_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

void JN_K(law_gap)(size_t ns, const double *s, size_t n, const double *m, const double *v,
                   double *out)
{
    for (size_t k = 0; k < ns; k++) {
        out[k] = weighted(s[k], n, m, v, v_gap);
    }
}

void JN_K(law_exp)(size_t ns, const double *s, size_t n, const double *m, const double *w,
                   double *out)
{
    for (size_t k = 0; k < ns; k++) {
        out[k] = weighted(s[k], n, m, w, v_decay);
    }
}
