/* Sums of squares and z = mean + L e, over columns of a block. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { WIDE = 4 };

/* `wide` vectors of samples, or, where wide is 1, n <= VN samples */
INLINE void quadratic(int wide, size_t dim, const double *mean, const double *inv_sd, double scale,
                      size_t n, size_t ld, const double *z, double *out)
{
    vd s[WIDE];
    UNROLL for (int u = 0; u < wide; u++)
    {
        s[u] = v_set(0.0);
    }
    for (size_t d = 0; d < dim; d++) {
        const vd m = v_set(mean == NULL ? 0.0 : mean[d]);
        const vd i = v_set(inv_sd == NULL ? 1.0 : inv_sd[d]);
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd y = (v_load_n(z + d * ld + (size_t)u * VN, n) - m) * i;
            s[u] = v_fma(y, y, s[u]);
        }
    }
    UNROLL for (int u = 0; u < wide; u++)
    {
        double *o = out + (size_t)u * VN;
        v_store_n(o, v_fma(s[u], v_set(scale), v_load_n(o, n)), n);
    }
}

void JN_K(quadratic)(size_t dim, const double *mean, const double *inv_sd, double scale, size_t n,
                     size_t ld, const double *z, double *out)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        quadratic(WIDE, dim, mean, inv_sd, scale, VN, ld, z + i, out + i);
    }
    for (; i < n; i += VN) {
        quadratic(1, dim, mean, inv_sd, scale, n - i, ld, z + i, out + i);
    }
}

/* From the last row up, so that e may be overwritten. */
INLINE void affine(int wide, size_t dim, const double *mean, const double *l, size_t n, size_t ld,
                   const double *e, double *z)
{
    for (size_t d = dim; d-- > 0;) {
        vd s[WIDE];
        UNROLL for (int u = 0; u < wide; u++)
        {
            s[u] = v_set(mean[d]);
        }
        for (size_t j = 0; j <= d; j++) {
            const vd w = v_set(l[d * dim + j]);
            UNROLL for (int u = 0; u < wide; u++)
            {
                s[u] = v_fma(w, v_load_n(e + j * ld + (size_t)u * VN, n), s[u]);
            }
        }
        UNROLL for (int u = 0; u < wide; u++)
        {
            v_store_n(z + d * ld + (size_t)u * VN, s[u], n);
        }
    }
}

void JN_K(affine)(size_t dim, const double *mean, const double *l, size_t n, size_t ld,
                  const double *e, double *z)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        affine(WIDE, dim, mean, l, VN, ld, e + i, z + i);
    }
    for (; i < n; i += VN) {
        affine(1, dim, mean, l, n - i, ld, e + i, z + i);
    }
}
