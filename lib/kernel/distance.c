/* Squared distances of rows of data to decoded nodes. The terms of an entry are added in the order
 * of j, whatever rows and nodes stand beside it. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

/* rows times vectors of nodes whose sums stay in registers (32 of them, or 16) */
#ifdef __AVX512F__
enum { ROWS = 4, WIDE = 4 };
#else
enum { ROWS = 4, WIDE = 2 };
#endif

typedef struct job {
    size_t dim, ld, ld_out;
    const double *a, *start;
    double scale;
} job;

INLINE void block(int rows, int wide, const job *b, const double *const *x, size_t at, size_t n,
                  double *out)
{
    vd s[ROWS][WIDE];
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            s[r][u] = v_set(0.0);
        }
    }
    for (size_t j = 0; j < b->dim; j++) {
        vd a[WIDE];
        UNROLL for (int u = 0; u < wide; u++)
        {
            a[u] = v_load_n(b->a + j * b->ld + at + (size_t)u * VN, n);
        }
        UNROLL for (int r = 0; r < rows; r++)
        {
            const vd xr = v_set(x[r][j]);
            UNROLL for (int u = 0; u < wide; u++)
            {
                const vd e = xr - a[u];
                s[r][u] = v_fma(e, e, s[r][u]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            const vd first = v_load_n(b->start + at + (size_t)u * VN, n);
            v_store_n(out + (size_t)r * b->ld_out + at + (size_t)u * VN,
                      v_fma(v_set(b->scale), s[r][u], first), n);
        }
    }
}

INLINE void some_rows(int rows, const job *b, const double *const *x, size_t n, double *out)
{
    size_t i = 0;
    for (; i + WIDE * VN <= n; i += WIDE * VN) {
        block(rows, WIDE, b, x, i, VN, out);
    }
    for (; i < n; i += VN) {
        block(rows, 1, b, x, i, n - i, out);
    }
}

INLINE void all_rows(const job *b, size_t rows, const size_t *pick, const double *x, size_t n,
                     double *out)
{
    size_t k = 0;
    for (; k + ROWS <= rows; k += ROWS) {
        const double *some[ROWS];
        for (size_t r = 0; r < ROWS; r++) {
            some[r] = x + (pick == NULL ? k + r : pick[k + r]) * b->dim;
        }
        some_rows(ROWS, b, some, n, out + k * b->ld_out);
    }
    for (; k < rows; k++) {
        const double *one = x + (pick == NULL ? k : pick[k]) * b->dim;
        some_rows(1, b, &one, n, out + k * b->ld_out);
    }
}

void JN_K(distance)(size_t rows, const size_t *pick, size_t dim, const double *x, double scale,
                    size_t n, size_t ld, const double *a, const double *start, size_t ld_out,
                    double *out)
{
    const job b = {
        .dim = dim, .ld = ld, .ld_out = ld_out, .a = a, .start = start, .scale = scale
    };
    all_rows(&b, rows, pick, x, n, out);
}
