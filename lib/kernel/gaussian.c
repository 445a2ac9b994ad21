/* Sums of squares and z = mean + L e, over columns of a block. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { ROWS = 4, WIDE = VN == 8 ? 4 : 2 };

/* `wide` vectors of samples, or, where wide is 1, n <= VN samples */
INLINE void quadratic(int wide, size_t dim, const double *mean, const double *inv_sd, double start,
                      double scale, size_t n, size_t ld, const double *z, double *out)
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
        v_store_n(out + (size_t)u * VN, v_fma(s[u], v_set(scale), v_set(start)), n);
    }
}

void JN_K(quadratic)(size_t dim, const double *mean, const double *inv_sd, double start,
                     double scale, size_t n, size_t ld, const double *z, double *out)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        quadratic(WIDE, dim, mean, inv_sd, start, scale, VN, ld, z + i, out + i);
    }
    for (; i < n; i += VN) {
        quadratic(1, dim, mean, inv_sd, start, scale, n - i, ld, z + i, out + i);
    }
}

/* `rows` rows of z from row d on, out of e's rows 0 .. d + rows - 1 */
INLINE void affine_rows(int rows, int wide, size_t d, size_t dim, const double *mean,
                        const double *l, size_t n, size_t ld, const double *e, double *z)
{
    vd s[ROWS][WIDE];
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            s[r][u] = v_set(mean[d + (size_t)r]);
        }
    }
    for (size_t j = 0; j < d; j++) {
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd x = v_load_n(e + j * ld + (size_t)u * VN, n);
            UNROLL for (int r = 0; r < rows; r++)
            {
                s[r][u] = v_fma(v_set(l[(d + (size_t)r) * dim + j]), x, s[r][u]);
            }
        }
    }
    UNROLL for (int j = 0; j < rows; j++) /* the triangle at the diagonal */
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd x = v_load_n(e + (d + (size_t)j) * ld + (size_t)u * VN, n);
            UNROLL for (int r = j; r < rows; r++)
            {
                s[r][u] = v_fma(v_set(l[(d + (size_t)r) * dim + d + (size_t)j]), x, s[r][u]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            v_store_n(z + (d + (size_t)r) * ld + (size_t)u * VN, s[r][u], n);
        }
    }
}

/* From the last row up, so that e may be overwritten. */
INLINE void affine(int wide, size_t dim, const double *mean, const double *l, size_t n, size_t ld,
                   const double *e, double *z)
{
    size_t d = dim;
    for (; d >= ROWS; d -= ROWS) {
        affine_rows(ROWS, wide, d - ROWS, dim, mean, l, n, ld, e, z);
    }
    for (; d > 0; d--) {
        affine_rows(1, wide, d - 1, dim, mean, l, n, ld, e, z);
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

void JN_K(diagonal)(size_t dim, const double *mean, const double *sd, size_t stride, size_t n,
                    size_t ld, const double *e, double *z)
{
    for (size_t d = 0; d < dim; d++) {
        const vd m = v_set(mean[d]), s = v_set(sd[d * stride]);
        const double *from = e + d * ld;
        double *to = z + d * ld;
        size_t i = 0;
        for (; i + WIDE * VN <= n; i += WIDE * VN) {
            UNROLL for (size_t u = i; u < i + WIDE * VN; u += VN)
            {
                v_store(to + u, v_fma(s, v_load(from + u), m));
            }
        }
        for (; i < n; i += VN) {
            v_store_n(to + i, v_fma(s, v_load_n(from + i, n - i), m), n - i);
        }
    }
}
