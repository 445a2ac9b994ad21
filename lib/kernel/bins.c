/* Sums of powers of a law's log-weights, bin by bin. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { SUMS = JN_BIN_SUMS, PARTS = SUMS / VN };

/* The row of x, counted from that of the origin, and where in its bin x lies. */
INLINE vi find_row(vd x, double origin, vd *t)
{
    const vd d = x - origin, one = v_set(1.0);
    const vi y = v_bits(v_abs(d) + JN_BIN_NEAR), first = v_bits(v_set(JN_BIN_NEAR)) >> JN_BIN_SHIFT;
    const vi low = i_set(0xfffffffffffffU), side = i_set(0) - (v_bits(d) >> 63);
    *t = v_fms(v_real(((y << (52 - JN_BIN_SHIFT)) & low) | v_bits(one)), v_set(2.0), v_set(3.0));
    return ((y >> JN_BIN_SHIFT) - first) ^ side;
}

/* 1, t, ..., t^7 of VN numbers, and then of each number VN powers side by side. */
INLINE void powers_of(vd t, vd p[SUMS])
{
    p[0] = v_set(1.0);
    p[1] = t;
    p[2] = t * t;
    p[3] = t * p[2];
    p[4] = p[2] * p[2];
    p[5] = t * p[4];
    p[6] = p[2] * p[4];
    p[7] = p[3] * p[4];
    UNROLL for (int u = 0; u < PARTS; u++)
    {
        v_transpose(p + u * VN);
    }
}

/* m numbers, the first of those in p */
INLINE void add_rows(size_t m, const vd p[SUMS], const uint64_t row[VN], double *rows)
{
    UNROLL for (size_t i = 0; i < m; i++)
    {
        double *const to = rows + row[i] * SUMS;
        UNROLL for (int u = 0; u < PARTS; u++)
        {
            v_store(to + u * VN, v_load(to + u * VN) + p[u * VN + (int)i]);
        }
    }
}

void JN_K(bins)(size_t n, const double *x, double origin, int64_t first, double *rows)
{
    for (size_t i = 0; i < n; i += VN) {
        vd t, p[SUMS];
        uint64_t row[VN];
        i_store(row, find_row(v_load_n(x + i, n - i), origin, &t) - i_set((uint64_t)first));
        powers_of(t, p);
        if (n - i < VN) {
            add_rows(n - i, p, row, rows);
        } else {
            add_rows(VN, p, row, rows);
        }
    }
}
