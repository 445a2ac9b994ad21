#include "kernel/isas.h"

#include <string.h>

static const jn_counter counter = {
    .key = { 0x12345678, 0x9abcdef0 }, .coordinate = 77, .word2 = 1, .word3 = 0x03000002
};

static void test_sets_give_the_same_words_and_uniforms(void **state)
{
    (void)state;
    enum { N = 3000 };
    static uint64_t want[N], w[N];
    static double uniform[N], u[N];
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    sets[0]->words(&counter, 9, N, want);
    sets[0]->uniforms(&counter, 9, N, uniform);
    for (size_t s = 1; s < n_sets; s++) {
        sets[s]->words(&counter, 9, N, w);
        sets[s]->uniforms(&counter, 9, N, u);
        assert_memory_equal(w, want, sizeof w);
        assert_memory_equal(u, uniform, sizeof u); /* no rounding in them */
    }
}

/* the digits one at a time, as kernels.h describes them */
static double scrambled(uint64_t x, const jn_scramble *key)
{
    uint64_t reversed = 0;
    for (int r = 0; r < JN_SCRAMBLE_ROUNDS; r++) {
        x ^= x * 0xa2d2e8f5c1cb5a0eU;
        x = (x + key->add[r]) * key->times[r];
    }
    x ^= x * 0x94d049bb1331126aU;
    for (int b = 0; b < 64; b++) {
        reversed |= (x >> b & 1) << (63 - b);
    }
    return ((double)(int64_t)(reversed >> 12) + 0.5) * 0x1p-52;
}

static void test_scramble(void **state)
{
    (void)state;
    enum { N = 37 };
    uint64_t offset[N], seed = 3;
    double u[N + 1];
    jn_scramble key;
    for (int r = 0; r < JN_SCRAMBLE_ROUNDS; r++) {
        key.add[r] = next_word(&seed);
        key.times[r] = next_word(&seed) | 1;
    }
    for (size_t i = 0; i < N; i++) {
        offset[i] = next_word(&seed) >> 32;
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 0; n <= N; n++) {
            u[n] = 42.0;
            sets[s]->scramble(&key, 0x89abcdefU, n, offset, u);
            for (size_t i = 0; i < n; i++) {
                assert_true(u[i] == scrambled(0x89abcdefU ^ offset[i], &key));
            }
            assert_true(u[n] == 42.0);
        }
    }
}

static void test_sets_agree_in_normals(void **state)
{
    (void)state;
    enum { N = 200000 };
    static double want[N], z[N];
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    sets[0]->normals(&counter, 0, N, want);
    for (size_t s = 1; s < n_sets; s++) {
        sets[s]->normals(&counter, 0, N, z);
        for (size_t i = 0; i < N; i++) {
            assert_close(z[i], want[i], 1e-12, 0.0); /* what design.md promises */
        }
    }
}

static long double unit_of(uint64_t w)
{
    const uint64_t x = w < (uint64_t)1 << 44 ? w | 1 : (w & ~(uint64_t)0xfff) | 0x800;
    return (long double)x * 0x1p-64L;
}

/* Box-Muller as kernels.h defines it, in long double */
static void reference(uint64_t first, uint64_t second, long double *z_cos, long double *z_sin)
{
    const long double two_pi = 6.283185307179586476925286766559L;
    const long double r = sqrtl(-2.0L * logl(unit_of(first)));
    const long double d = (long double)(int64_t)second * 0x1p-63L;
    const long double t = two_pi / 16.0L * ((long double)(second % 16) + d / 2.0L);
    *z_cos = r * cosl(t);
    *z_sin = r * sinl(t);
}

static void check_pairs(size_t n, const uint64_t *first, const uint64_t *second)
{
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < n; i += 8) {
            double a[8], b[8];
            const size_t m = n - i < 8 ? n - i : 8;
            sets[s]->box_muller(m, first + i, second + i, a, b);
            for (size_t k = 0; k < m; k++) {
                long double za, zb;
                reference(first[i + k], second[i + k], &za, &zb);
                const double r = hypot((double)za, (double)zb);
                /* log, sqrt, angle and product each round once or twice: 4 eps of the radius;
                 * relative to the number itself away from where long double loses it */
                assert_close(a[k], (double)za, 2e-15, 1e-18 * r);
                assert_close(b[k], (double)zb, 2e-15, 1e-18 * r);
            }
        }
    }
}

static void test_the_transform(void **state)
{
    (void)state;
    enum { N = 100000 };
    static uint64_t first[N], second[N];
    uint64_t seed = 1;
    for (size_t i = 0; i < N; i++) {
        first[i] = next_word(&seed) >> next_word(&seed) % 64; /* far tails in plenty */
        second[i] = next_word(&seed);
    }
    check_pairs(N, first, second);
}

/* The ends of the radius and the quarters of the turn: 9.42 standard deviations are reached. */
static void test_the_ends(void **state)
{
    (void)state;
    enum { RADII = 8, TURNS = 24 };
    const uint64_t radii[RADII] = { 0,
                                    1,
                                    2,
                                    ((uint64_t)1 << 44) - 1,
                                    (uint64_t)1 << 44,
                                    (uint64_t)1 << 63,
                                    UINT64_MAX - 4096,
                                    UINT64_MAX };
    uint64_t first[RADII * TURNS], second[RADII * TURNS];
    for (size_t r = 0; r < RADII; r++) {
        for (size_t t = 0; t < TURNS; t++) {
            first[r * TURNS + t] = radii[r];
            second[r * TURNS + t] = t < 16 ? t : (uint64_t[]){ INT64_MAX,  (uint64_t)1 << 63,
                                                               UINT64_MAX, (uint64_t)1 << 62,
                                                               12345,      4,
                                                               8,          12 }[t - 16];
        }
    }
    check_pairs(RADII * TURNS, first, second);
    double a, b;
    jn_kernels_get()->box_muller(1, first, second, &a, &b);
    assert_close(a, sqrt(128.0 * log(2.0)), 1e-15, 0.0); /* u = 2^-64 at angle 0 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_give_the_same_words_and_uniforms),
        cmocka_unit_test(test_scramble),
        cmocka_unit_test(test_sets_agree_in_normals),
        cmocka_unit_test(test_the_transform),
        cmocka_unit_test(test_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
