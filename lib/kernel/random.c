/* Philox4x32-10 and Box-Muller. */
#include "kernel/elementary.h"
#include "kernel/isa.h"

enum { SIDE_BY_SIDE = 4, STEP = SIDE_BY_SIDE * VN };
#define M0   0xD2511F53U
#define M1   0xCD9E8D57U
#define W0   0x9E3779B9U
#define W1   0xBB67AE85U
#define EACH UNROLL for (int u = 0; u < SIDE_BY_SIDE; u++)

/* Word 0 of the counter differs from lane to lane, so that half of the first two rounds is the
 * same for all: a0, a1 are words 0 and 1 after the first round, b the high product of the second.
 */
typedef struct start {
    uint32_t a1k, a23, bk, b_low, k0, k1;
} start;

static start start_at(const jn_counter *c, uint64_t pair)
{
    const uint32_t word1 = (uint32_t)(pair >> 32) | c->coordinate << 8;
    const uint64_t p1 = (uint64_t)M1 * c->word2;
    const uint32_t a0 = (uint32_t)(p1 >> 32) ^ word1 ^ c->key[0], a1 = (uint32_t)p1;
    const uint64_t b = (uint64_t)M0 * a0;
    const uint32_t k0 = c->key[0] + W0, k1 = c->key[1] + W1;
    return (start){ .a1k = a1 ^ k0,
                    .a23 = c->word3 ^ c->key[1],
                    .bk = (uint32_t)(b >> 32) ^ k1,
                    .b_low = (uint32_t)b,
                    .k0 = k0 + W0,
                    .k1 = k1 + W1 };
}

/* Two 64-bit words a lane from the counters x, x + VN, ... Only the low half of a lane counts. */
INLINE void philox(const start *s, vi x, uint64_t *first, uint64_t *second)
{
    const vi m0 = i_set(M0), m1 = i_set(M1), low = i_set(0xffffffffU);
    vi c0[SIDE_BY_SIDE], c1[SIDE_BY_SIDE], c2[SIDE_BY_SIDE], c3[SIDE_BY_SIDE];
    uint32_t k0 = s->k0, k1 = s->k1;
    EACH
    {
        const vi p0 = i_mul32(m0, x + (uint64_t)(u * VN));
        c1[u] = i_mul32(m1, (p0 >> 32) ^ i_set(s->a23));
        c0[u] = (c1[u] >> 32) ^ i_set(s->a1k);
        c2[u] = p0 ^ i_set(s->bk);
        c3[u] = i_set(s->b_low);
    }
    UNROLL for (int round = 2; round < 10; round++)
    {
        vi p0[SIDE_BY_SIDE], p1[SIDE_BY_SIDE];
        EACH
        {
            p0[u] = i_mul32(m0, c0[u]);
            p1[u] = i_mul32(m1, c2[u]);
        }
        EACH
        {
            c0[u] = i_xor3(p1[u] >> 32, c1[u], i_set(k0));
            c2[u] = i_xor3(p0[u] >> 32, c3[u], i_set(k1));
            c1[u] = p1[u];
            c3[u] = p0[u];
        }
        k0 += W0;
        k1 += W1;
    }
    EACH
    {
        i_store(first + u * VN, (c0[u] << 32) | (c1[u] & low));
        i_store(second + u * VN, (c2[u] << 32) | (c3[u] & low));
    }
}

/* 2^64 unit(w): an integer below 2^64 that a double holds exactly */
INLINE vd v_unit64(vi w)
{
    const vi coarse = (w & i_set(~(uint64_t)0xfff)) | i_set(0x800);
    return v_from_unsigned(i_select(i_none(w, ~(uint64_t)0 << 44), w | i_set(1), coarse));
}

INLINE vd v_radius(vi w)
{
    return v_sqrt(v_log_normal(v_unit64(w), v_set(-64.0)) * -2.0);
}

/* `pairs` pairs of words, a multiple of 8, to 2 `pairs` samples: first numbers of eight pairs, then
 * the second ones */
typedef void transform(size_t pairs, const uint64_t *first, const uint64_t *second, double *out);

INLINE double *place(double *out, size_t pair)
{
    return out + pair / 8 * 16 + pair % 8;
}

INLINE void to_words(size_t pairs, const uint64_t *first, const uint64_t *second, double *out)
{
    for (size_t i = 0; i < pairs; i += VN) {
        v_store(place(out, i), v_real(i_load(first + i)));
        v_store(place(out, i) + 8, v_real(i_load(second + i)));
    }
}

INLINE void to_uniforms(size_t pairs, const uint64_t *first, const uint64_t *second, double *out)
{
    for (size_t i = 0; i < pairs; i += VN) {
        v_store(place(out, i), v_unit64(i_load(first + i)) * 0x1p-64);
        v_store(place(out, i) + 8, v_unit64(i_load(second + i)) * 0x1p-64);
    }
}

INLINE void to_normals(size_t pairs, const uint64_t *first, const uint64_t *second, double *out)
{
    for (size_t i = 0; i < pairs; i += VN) {
        vd a, b;
        v_turn(i_load(second + i), v_radius(i_load(first + i)), &a, &b);
        v_store(place(out, i), a);
        v_store(place(out, i) + 8, b);
    }
}

/* 2 `pairs` samples from `pair` on: words and numbers of STEP pairs in turn, so that the integer
 * work of one step runs beside the floating-point work of another. */
INLINE void make(const start *s, uint64_t pair, size_t pairs, double *out, transform *to)
{
    uint64_t first[STEP], second[STEP];
    vi lanes;
    for (int i = 0; i < VN; i++) {
        lanes[i] = (uint64_t)i;
    }
    for (size_t i = 0; i < pairs; i += STEP) {
        philox(s, lanes + (pair + i), first, second);
        if (pairs - i >= STEP) {
            to(STEP, first, second, out + 2 * i);
        } else {
            to(pairs - i, first, second, out + 2 * i);
        }
    }
}

/* Pieces that start at a multiple of 16 and within which word 1 of the counter is constant; blocks
 * of 16 that are not wanted whole go through a buffer. */
INLINE void fill(const jn_counter *c, uint64_t index0, size_t n, double *out, transform *to)
{
    while (n > 0) {
        const uint64_t pair = index0 / 16 * 8, room = 2 * (((uint64_t)1 << 32) - (uint32_t)pair);
        const size_t skip = index0 % 16;
        const start s = start_at(c, pair);
        size_t got;
        if (skip == 0 && n >= 16) {
            got = (n < room ? n : (size_t)room) / 16 * 16;
            make(&s, pair, got / 2, out, to);
        } else {
            double part[16];
            got = n < 16 - skip ? n : 16 - skip;
            make(&s, pair, 8, part, to);
            memcpy(out, part + skip, got * sizeof *out);
        }
        index0 += got;
        out += got;
        n -= got;
    }
}

void JN_K(words)(const jn_counter *c, uint64_t index0, size_t n, uint64_t *out)
{
    fill(c, index0, n, (double *)out, to_words);
}

void JN_K(uniforms)(const jn_counter *c, uint64_t index0, size_t n, double *out)
{
    fill(c, index0, n, out, to_uniforms);
}

void JN_K(normals)(const jn_counter *c, uint64_t index0, size_t n, double *out)
{
    fill(c, index0, n, out, to_normals);
}

void JN_K(box_muller)(size_t n, const uint64_t *first, const uint64_t *second, double *z_cos,
                      double *z_sin)
{
    for (size_t i = 0; i < n; i += VN) {
        uint64_t w[2][VN] = { { 0 } };
        const size_t m = n - i < VN ? n - i : VN;
        vd a, b;
        memcpy(w[0], first + i, m * sizeof *first);
        memcpy(w[1], second + i, m * sizeof *second);
        v_turn(i_load(w[1]), v_radius(i_load(w[0])), &a, &b);
        v_store_n(z_cos + i, a, m);
        v_store_n(z_sin + i, b, m);
    }
}
