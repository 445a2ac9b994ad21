/* Sums of softplus(x z) over rows: softplus(u) = max(u, 0) + log(1 + e^-|u|), and the factors
 * 1 + e^-|u| lie in [1, 2], so that many of them are multiplied before one log is taken. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { ROWS = 4, WIDE = 2, ROWS_PER_LOG = 512 };

typedef struct terms {
    vd linear[WIDE], product[WIDE];
} terms;

INLINE void some_rows(int rows, int wide, size_t dim, const double *x, size_t n, size_t ld,
                      const double *z, terms *t)
{
    vd eta[ROWS][WIDE];
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            eta[r][u] = v_set(0.0);
        }
    }
    for (size_t d = 0; d < dim; d++) {
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd zu = v_load_n(z + d * ld + (size_t)u * VN, n);
            UNROLL for (int r = 0; r < rows; r++)
            {
                eta[r][u] = v_fma(v_set(x[(size_t)r * dim + d]), zu, eta[r][u]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd e = v_exp_falling(-v_abs(eta[r][u]));
            t->linear[u] = t->linear[u] + v_max(v_set(0.0), eta[r][u]);
            t->product[u] = v_fma(t->product[u], e, t->product[u]);
        }
    }
}

INLINE void some_samples(int wide, size_t rows, size_t dim, const double *x, size_t n, size_t ld,
                         const double *z, double *out)
{
    vd logs[WIDE];
    terms t;
    UNROLL for (int u = 0; u < wide; u++)
    {
        logs[u] = t.linear[u] = v_set(0.0);
    }
    for (size_t first = 0; first < rows; first += ROWS_PER_LOG) {
        const size_t end = rows - first < ROWS_PER_LOG ? rows : first + ROWS_PER_LOG;
        UNROLL for (int u = 0; u < wide; u++)
        {
            t.product[u] = v_set(1.0);
        }
        size_t r = first;
        for (; r + ROWS <= end; r += ROWS) {
            some_rows(ROWS, wide, dim, x + r * dim, n, ld, z, &t);
        }
        for (; r < end; r++) {
            some_rows(1, wide, dim, x + r * dim, n, ld, z, &t);
        }
        UNROLL for (int u = 0; u < wide; u++)
        {
            logs[u] = logs[u] + v_log(t.product[u]);
        }
    }
    UNROLL for (int u = 0; u < wide; u++)
    {
        double *o = out + (size_t)u * VN;
        v_store_n(o, v_load_n(o, n) - (t.linear[u] + logs[u]), n);
    }
}

void JN_K(logistic)(size_t rows, size_t dim, const double *x, size_t n, size_t ld, const double *z,
                    double *out)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        some_samples(WIDE, rows, dim, x, VN, ld, z + i, out + i);
    }
    for (; i < n; i += VN) {
        some_samples(1, rows, dim, x, n - i, ld, z + i, out + i);
    }
}
