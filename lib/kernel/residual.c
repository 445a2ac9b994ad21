/* Squared residuals t - W z of a block: a small matrix product whose entries are squared and summed
 * as they appear. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

/* rows of W times vectors of samples whose sums stay in registers (32 of them, or 16) */
enum { ROWS = 4, WIDE = VN == 8 ? 4 : 2 };

/* Adds the squares of `rows` residuals to s; the same operations in the same order for every
 * `rows` and `wide`. */
INLINE void some_rows(int rows, int wide, size_t dim, const double *w, const double *t, size_t n,
                      size_t ld, const double *z, vd *s)
{
    vd r[ROWS][WIDE];
    UNROLL for (int j = 0; j < rows; j++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            r[j][u] = v_set(t[j]);
        }
    }
    for (size_t d = 0; d < dim; d++) {
        vd x[WIDE];
        UNROLL for (int u = 0; u < wide; u++)
        {
            x[u] = v_load_n(z + d * ld + (size_t)u * VN, n);
        }
        UNROLL for (int j = 0; j < rows; j++)
        {
            const vd wj = v_set(w[(size_t)j * dim + d]);
            UNROLL for (int u = 0; u < wide; u++)
            {
                r[j][u] = v_fnma(wj, x[u], r[j][u]);
            }
        }
    }
    UNROLL for (int j = 0; j < rows; j++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            s[u] = v_fma(r[j][u], r[j][u], s[u]);
        }
    }
}

INLINE void some_samples(int wide, size_t rows, size_t dim, const double *w, const double *t,
                         double start, size_t n, size_t ld, const double *z, double *out)
{
    vd s[WIDE];
    UNROLL for (int u = 0; u < wide; u++)
    {
        s[u] = v_set(0.0);
    }
    size_t j = 0;
    for (; j + ROWS <= rows; j += ROWS) {
        some_rows(ROWS, wide, dim, w + j * dim, t + j, n, ld, z, s);
    }
    for (; j < rows; j++) {
        some_rows(1, wide, dim, w + j * dim, t + j, n, ld, z, s);
    }
    UNROLL for (int u = 0; u < wide; u++)
    {
        v_store_n(out + (size_t)u * VN, v_fnma(s[u], v_set(0.5), v_set(start)), n);
    }
}

void JN_K(residual)(size_t rows, size_t dim, const double *w, const double *t, double start,
                    size_t n, size_t ld, const double *z, double *out)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        some_samples(WIDE, rows, dim, w, t, start, VN, ld, z + i, out + i);
    }
    for (; i < n; i += VN) {
        some_samples(1, rows, dim, w, t, start, n - i, ld, z + i, out + i);
    }
}
