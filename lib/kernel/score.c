/* Products of rows of data with decoded nodes. The terms of an entry are added four by four,
 * (x0 a0 + x1 a1) + (x2 a2 + x3 a3), and the fours in their order, whatever rows and nodes stand
 * beside it. Bits meet only sixteen different fours at a node: they are made once and looked up,
 * with the same bits as by multiplication. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

/* rows times vectors of nodes whose sums stay in registers */
enum { ROWS = 4, WIDE = 2 };

typedef struct job {
    size_t dim, ld, ld_out;
    const double *a, *start;
} job;

/* Entries j .. j + 3 of a column of vectors, 0 beyond the end. */
INLINE void load_four(const job *b, size_t j, size_t at, size_t n, vd a[4])
{
    UNROLL for (size_t k = 0; k < 4; k++)
    {
        a[k] = j + k < b->dim ? v_load_n(b->a + (j + k) * b->ld + at, n) : v_set(0.0);
    }
}

INLINE vd four(const double x[4], const vd a[4])
{
    const vd low = v_fma(v_set(x[1]), a[1], v_set(x[0]) * a[0]);
    const vd high = v_fma(v_set(x[3]), a[3], v_set(x[2]) * a[2]);
    return low + high;
}

INLINE void add_four(int rows, int wide, const job *b, const double *const *x, size_t j, size_t at,
                     size_t n, vd s[ROWS][WIDE])
{
    const size_t left = b->dim - j;
    UNROLL for (int u = 0; u < wide; u++)
    {
        vd a[4];
        load_four(b, j, at + (size_t)u * VN, n, a);
        UNROLL for (int r = 0; r < rows; r++)
        {
            const double *xr = x[r] + j;
            const double last[4] = { xr[0], left > 1 ? xr[1] : 0.0, left > 2 ? xr[2] : 0.0,
                                     left > 3 ? xr[3] : 0.0 };
            s[r][u] = s[r][u] + four(last, a);
        }
    }
}

INLINE void block(int rows, int wide, const job *b, const double *const *x, size_t at, size_t n,
                  double *out)
{
    vd s[ROWS][WIDE];
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            s[r][u] = v_load_n(b->start + at + (size_t)u * VN, n);
        }
    }
    for (size_t j = 0; j < b->dim; j += 4) {
        add_four(rows, wide, b, x, j, at, n, s);
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < wide; u++)
        {
            v_store_n(out + (size_t)r * b->ld_out + at + (size_t)u * VN, s[r][u], n);
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

void JN_K(score)(size_t rows, const size_t *pick, size_t dim, const double *x, size_t n, size_t ld,
                 const double *a, const double *start, size_t ld_out, double *out)
{
    const job b = { .dim = dim, .ld = ld, .ld_out = ld_out, .a = a, .start = start };
    size_t k = 0;
    for (; k + ROWS <= rows; k += ROWS) {
        const double *some[ROWS];
        for (size_t r = 0; r < ROWS; r++) {
            some[r] = x + (pick == NULL ? k + r : pick[k + r]) * dim;
        }
        some_rows(ROWS, &b, some, n, out + k * ld_out);
    }
    for (; k < rows; k++) {
        const double *one = x + (pick == NULL ? k : pick[k]) * dim;
        some_rows(1, &b, &one, n, out + k * ld_out);
    }
}

/* --- bits ------------------------------------------------------------------------------------- */

enum { STRIP = JN_SCORE_STRIP / VN }; /* vectors in a row of the table */

/* Nodes of vector u of a strip that has n nodes. */
INLINE size_t nodes_of(size_t n, int u)
{
    const size_t before = (size_t)u * VN;
    return n > before ? n - before : 0;
}

/* The sixteen fours of entries j .. j + 3 for one vector; 0 a stands where a bit is 0, so that
 * infinities do what they do in a product. */
INLINE void sixteen(const vd a[4], double *table)
{
    vd low[4], high[4];
    UNROLL for (int c = 0; c < 4; c++)
    {
        const double first = c & 1 ? 1.0 : 0.0, second = c & 2 ? 1.0 : 0.0;
        low[c] = a[0] * first + a[1] * second;
        high[c] = a[2] * first + a[3] * second;
    }
    for (int c = 0; c < 16; c++) {
        v_store(table + (size_t)c * JN_SCORE_STRIP, low[c & 3] + high[c >> 2]);
    }
}

INLINE void make_table(const job *b, size_t at, size_t n, double *table)
{
    for (size_t j = 0; j < b->dim; j += 4) {
        for (int u = 0; u < STRIP; u++) {
            vd a[4];
            load_four(b, j, at + (size_t)u * VN, nodes_of(n, u), a);
            sixteen(a, table + j * 4 * JN_SCORE_STRIP + (size_t)u * VN);
        }
    }
}

INLINE void look_up(int rows, size_t fours, const uint8_t *const *codes, const double *table,
                    const double *start, size_t n, size_t ld_out, double *out)
{
    vd s[ROWS][STRIP];
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < STRIP; u++)
        {
            s[r][u] = v_load_n(start + u * VN, nodes_of(n, u));
        }
    }
    for (size_t g = 0; g < fours; g++) {
        UNROLL for (int r = 0; r < rows; r++)
        {
            const double *entry = table + (16 * g + codes[r][g]) * JN_SCORE_STRIP;
            UNROLL for (int u = 0; u < STRIP; u++)
            {
                s[r][u] = s[r][u] + v_load(entry + u * VN);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
    {
        UNROLL for (int u = 0; u < STRIP; u++)
        {
            v_store_n(out + (size_t)r * ld_out + u * VN, s[r][u], nodes_of(n, u));
        }
    }
}

void JN_K(score_bits)(size_t rows, const size_t *pick, size_t dim, const uint8_t *codes, size_t n,
                      size_t ld, const double *a, const double *start, double *table, size_t ld_out,
                      double *out)
{
    const job b = { .dim = dim, .ld = ld, .a = a };
    const size_t fours = (dim + 3) / 4;
    for (size_t at = 0; at < n; at += JN_SCORE_STRIP) {
        const size_t left = n - at;
        make_table(&b, at, left, table);
        size_t k = 0;
        for (; k + ROWS <= rows; k += ROWS) {
            const uint8_t *some[ROWS];
            for (size_t r = 0; r < ROWS; r++) {
                some[r] = codes + (pick == NULL ? k + r : pick[k + r]) * fours;
            }
            look_up(ROWS, fours, some, table, start + at, left, ld_out, out + k * ld_out + at);
        }
        for (; k < rows; k++) {
            const uint8_t *one = codes + (pick == NULL ? k : pick[k]) * fours;
            look_up(1, fours, &one, table, start + at, left, ld_out, out + k * ld_out + at);
        }
    }
}
