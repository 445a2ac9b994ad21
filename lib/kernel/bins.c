/* Sums of powers of a law's log-weights, bin by bin. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { PIECE = 64, SUMS = JN_BIN_SUMS, PARTS = SUMS / VN };

/* The row of x, counted from that of the origin, and where in its bin x lies. */
INLINE vi find_row(vd x, double origin, vd *t)
{
    const vd d = x - origin, one = v_set(1.0);
    const vi y = v_bits(v_abs(d) + JN_BIN_NEAR), first = v_bits(v_set(JN_BIN_NEAR)) >> JN_BIN_SHIFT;
    const vi low = i_set(0xfffffffffffffU), side = i_set(0) - (v_bits(d) >> 63);
    *t = v_fms(v_real(((y << (52 - JN_BIN_SHIFT)) & low) | v_bits(one)), v_set(2.0), v_set(3.0));
    return ((y >> JN_BIN_SHIFT) - first) ^ side;
}

/* Powers 0 .. 7 of one number are products of those of 1, t, t^2, t^4. */
typedef struct pattern {
    vm odd[PARTS], pairs[PARTS], quads[PARTS];
} pattern;

INLINE pattern patterns(void)
{
    static const double bits[3][SUMS] = { { 0, 1, 0, 1, 0, 1, 0, 1 },
                                          { 0, 0, 1, 1, 0, 0, 1, 1 },
                                          { 0, 0, 0, 0, 1, 1, 1, 1 } };
    const vd one = v_set(1.0);
    pattern p;
    UNROLL for (int u = 0; u < PARTS; u++)
    {
        p.odd[u] = v_eq(v_load(bits[0] + u * VN), one);
        p.pairs[u] = v_eq(v_load(bits[1] + u * VN), one);
        p.quads[u] = v_eq(v_load(bits[2] + u * VN), one);
    }
    return p;
}

INLINE void add_powers(const pattern *p, double t, double t2, double t4, double *row)
{
    const vd one = v_set(1.0);
    UNROLL for (int u = 0; u < PARTS; u++)
    {
        const vd a = v_select(p->odd[u], v_set(t), one), b = v_select(p->pairs[u], v_set(t2), one);
        const vd c = v_select(p->quads[u], v_set(t4), one);
        v_store(row + u * VN, v_load(row + u * VN) + a * b * c);
    }
}

void JN_K(bins)(size_t n, const double *x, double origin, int64_t first, double *rows)
{
    const pattern p = patterns();
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t m = n - at < PIECE ? n - at : PIECE;
        double t[PIECE], t2[PIECE], t4[PIECE];
        uint64_t row[PIECE];
        for (size_t i = 0; i < m; i += VN) {
            vd v;
            const vi r = find_row(v_load_n(x + at + i, m - i), origin, &v) - i_set((uint64_t)first);
            const vd square = v * v;
            i_store(row + i, r);
            v_store(t + i, v);
            v_store(t2 + i, square);
            v_store(t4 + i, square * square);
        }
        for (size_t i = 0; i < m; i++) {
            add_powers(&p, t[i], t2[i], t4[i], rows + row[i] * SUMS);
        }
    }
}
