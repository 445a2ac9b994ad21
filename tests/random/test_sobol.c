#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/sobol.h"

static jn_stream replicate(uint32_t r)
{
    return (jn_stream){ .seed = 11, .replicate = r, .purpose = JN_FOR_SCRAMBLE };
}

static void fill(uint32_t r, size_t n, uint32_t dimension, double *u)
{
    const jn_stream s = replicate(r);
    assert_ok(jn_sobol_fill(&s, 0, n, dimension, u), NULL);
}

/* Points 0 to 7 of the first three dimensions as the generator of Joe & Kuo prints them, which goes
 * through the points in the order of the Gray code: its point i is ours of number i ^ i / 2. */
static void test_first_points(void **state)
{
    (void)state;
    static const double published[8][3] = {
        { 0.0, 0.0, 0.0 },       { 0.5, 0.5, 0.5 },       { 0.75, 0.25, 0.25 },
        { 0.25, 0.75, 0.75 },    { 0.375, 0.375, 0.625 }, { 0.875, 0.875, 0.125 },
        { 0.625, 0.125, 0.875 }, { 0.125, 0.625, 0.375 },
    };
    for (uint32_t d = 0; d < 3; d++) {
        uint32_t x[8];
        assert_ok(jn_sobol_digits(0, 8, d, x), NULL);
        for (int i = 0; i < 8; i++) {
            assert_true(x[i ^ i / 2] * 0x1p-32 == published[i][d]);
        }
    }
}

/* Dimension 3 belongs to x^3 + x + 1, whose recurrence Bratley & Fox (1988) give as
 * m_i = 4 m_(i-2) ^ 8 m_(i-3) ^ m_(i-3): from 1, 3, 1 come 5 and 31. The mirrored polynomial would
 * be primitive, too, and look as good. */
static void test_the_recurrence(void **state)
{
    (void)state;
    uint32_t x;
    assert_ok(jn_sobol_digits(8, 1, 3, &x), NULL);
    assert_true(x * 0x1p-32 == 5.0 / 16.0);
    assert_ok(jn_sobol_digits(16, 1, 3, &x), NULL);
    assert_true(x * 0x1p-32 == 31.0 / 32.0);
}

/* 2^k points from any multiple of 2^k: one in each of 2^k cells, in every dimension tried. */
static void test_one_point_in_each_cell(void **state)
{
    (void)state;
    enum { N = 1 << 12 };
    static double u[N];
    static unsigned char seen[N];
    const jn_stream s = replicate(3);
    for (uint32_t d = 0; d < JN_SOBOL_DIMENSIONS; d += d < 8 ? 1 : 31) {
        for (uint64_t start = 0; start < 4 * N; start += 3 * N) {
            assert_ok(jn_sobol_fill(&s, start, N, d, u), NULL);
            memset(seen, 0, sizeof seen);
            for (size_t i = 0; i < N; i++) {
                assert_true(u[i] > 0.0 && u[i] < 1.0);
                seen[(size_t)(u[i] * N)]++;
            }
            for (size_t i = 0; i < N; i++) {
                assert_int_equal(seen[i], 1);
            }
        }
    }
}

/* Dimensions 0 and 1 are a (0, 2)-sequence: one point in each box 2^-a by 2^-b, a + b = k. Nested
 * scrambling keeps that; a scrambling that is not nested loses it. */
static void test_two_dimensions_are_a_net(void **state)
{
    (void)state;
    enum { K = 10, N = 1 << K };
    static double x[N], y[N];
    for (uint32_t r = 0; r < 20; r++) {
        fill(r, N, 0, x);
        fill(r, N, 1, y);
        for (int a = 0; a <= K; a++) {
            unsigned char seen[N] = { 0 };
            for (size_t i = 0; i < N; i++) {
                const size_t column = (size_t)(x[i] * (1 << a));
                const size_t row = (size_t)(y[i] * (1 << (K - a)));
                seen[column << (K - a) | row]++;
            }
            for (size_t i = 0; i < N; i++) {
                assert_int_equal(seen[i], 1);
            }
        }
    }
}

/* All pairs of the first 24 dimensions: 64 points a cell of an 8 x 8 grid over 4096 points, which
 * the unscrambled points have exactly and scrambling must keep. */
static void test_pairs_of_early_dimensions(void **state)
{
    (void)state;
    enum { N = 4096, DIMS = 24 };
    static double u[DIMS][N];
    for (uint32_t d = 0; d < DIMS; d++) {
        fill(1, N, d, u[d]);
    }
    for (int a = 0; a < DIMS; a++) {
        for (int b = 0; b < a; b++) {
            size_t count[64] = { 0 };
            for (size_t i = 0; i < N; i++) {
                count[(size_t)(u[a][i] * 8) * 8 + (size_t)(u[b][i] * 8)]++;
            }
            for (size_t c = 0; c < 64; c++) {
                assert_int_equal(count[c], 64);
            }
        }
    }
}

/* A single point is uniform over replicates, to its last digits, and so is the place of a second
 * point given the digits that nesting forces. Chi-squared of 64 cells with 63 degrees of freedom:
 * 5 sd above is 63 + 5 sqrt(126). */
static void test_points_are_uniform_over_replicates(void **state)
{
    (void)state;
    enum { R = 20000, CELLS = 64 };
    const double shift[] = { 1.0, 0x1p6, 0x1p20, 0x1p31, 0x1p40 };
    for (size_t k = 0; k < sizeof shift / sizeof shift[0]; k++) {
        double count[3][CELLS] = { { 0 } };
        for (uint32_t r = 0; r < R; r++) {
            double u[6];
            fill(r, 6, 5, u);
            for (int p = 0; p < 3; p++) {
                const double x = u[p == 0 ? 0 : 2 + p] * shift[k];
                count[p][(size_t)((x - floor(x)) * CELLS)] += 1.0;
            }
        }
        for (int p = 0; p < 3; p++) {
            double chi = 0.0;
            for (int c = 0; c < CELLS; c++) {
                const double e = (double)R / CELLS;
                chi += (count[p][c] - e) * (count[p][c] - e) / e;
            }
            assert_true(chi < 63.0 + 5.0 * sqrt(126.0));
        }
    }
}

/* Owen's scrambling: two points whose first different digit is number b are, below it,
 * independent. The digits below of one, against those of the other, over replicates. */
static void test_digits_below_the_first_difference_are_independent(void **state)
{
    (void)state;
    enum { R = 20000, BELOW = 12 };
    for (int b = 0; b < 12; b++) { /* van der Corput: points 0 and 2^b differ in digit b alone */
        double agree[BELOW] = { 0 }, both = 0.0;
        for (uint32_t r = 0; r < R; r++) {
            const jn_stream s = replicate(r);
            double u, v;
            assert_ok(jn_sobol_fill(&s, 0, 1, 0, &u), NULL);
            assert_ok(jn_sobol_fill(&s, (uint64_t)1 << b, 1, 0, &v), NULL);
            const uint64_t x = (uint64_t)(u * 0x1p53), y = (uint64_t)(v * 0x1p53);
            assert_true((x ^ y) >> (52 - b) == 1); /* same digits above, different there */
            for (int j = 0; j < BELOW; j++) {
                agree[j] += (double)((x ^ y) >> (51 - b - j) & 1);
            }
            both += ((x ^ y) >> (51 - b) & 1) == ((x ^ y) >> (50 - b) & 1);
        }
        for (int j = 0; j < BELOW; j++) {
            assert_within_se(agree[j] / R, 0.5, 0.5 / sqrt(R), 5.0);
        }
        assert_within_se(both / R, 0.5, 0.5 / sqrt(R), 5.0);
    }
}

static double smooth(const double *u) /* mean 1 in five dimensions */
{
    double f = 1.0;
    for (int d = 0; d < 5; d++) {
        f *= 1.0 + (exp(u[d]) - (exp(1.0) - 1.0)) / (1.0 + d);
    }
    return f;
}

/* mean over n points of replicate r, n at most 4096 */
static double mean_over(uint32_t r, size_t n)
{
    static double u[5][4096];
    double sum = 0.0;
    for (uint32_t d = 0; d < 5; d++) {
        fill(r, n, d, u[d]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += smooth((double[]){ u[0][i], u[1][i], u[2][i], u[3][i], u[4][i] });
    }
    return sum / (double)n;
}

/* Unbiased, and better than pseudo-random points by the known rate: the standard deviation of a
 * smooth mean falls nearly as n^-1.5 (Owen 1997), so that from 64 to 4096 points it must fall by
 * far more than the 8 of Monte Carlo; 8 * 64 is the ideal. */
static void test_means_are_unbiased_and_converge(void **state)
{
    (void)state;
    enum { R = 400 };
    double sd[2];
    const size_t n[2] = { 64, 4096 };
    for (int k = 0; k < 2; k++) {
        double sum = 0.0, square = 0.0;
        for (uint32_t r = 0; r < R; r++) {
            const double e = mean_over(r, n[k]) - 1.0;
            sum += e;
            square += e * e;
        }
        sd[k] = sqrt(square / R);
        assert_within_se(sum / R, 0.0, sd[k] / sqrt(R), 5.0);
    }
    assert_true(sd[0] / sd[1] > 100.0);
}

static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    enum { N = 300 };
    double whole[N], part[N + 1];
    const jn_stream s = replicate(9);
    const uint64_t start = JN_SOBOL_INDEX_MAX - N;
    assert_ok(jn_sobol_fill(&s, start, N, 1023, whole), NULL);
    for (size_t from = 0; from <= N; from += 7) {
        for (size_t n = 0; n <= N - from; n += 13) {
            part[n] = 42.0;
            assert_ok(jn_sobol_fill(&s, start + from, n, 1023, part), NULL);
            assert_memory_equal(part, whole + from, n * sizeof *part);
            assert_true(part[n] == 42.0);
        }
    }
}

static void test_limits(void **state)
{
    (void)state;
    const jn_stream s = replicate(0);
    double u = 42.0;
    uint32_t x = 42;
    assert_int_equal(jn_sobol_fill(&s, 0, 1, JN_SOBOL_DIMENSIONS, &u), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_sobol_fill(&s, JN_SOBOL_INDEX_MAX, 1, 0, &u), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_sobol_fill(&s, UINT64_MAX, 2, 0, &u), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_sobol_fill(&s, 1, SIZE_MAX, 0, &u), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_sobol_digits(0, 1, UINT32_MAX, &x), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_sobol_digits(JN_SOBOL_INDEX_MAX, 1, 0, &x), JN_ERR_UNSUPPORTED);
    assert_true(u == 42.0 && x == 42);
    assert_ok(jn_sobol_fill(&s, JN_SOBOL_INDEX_MAX, 0, 0, &u), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_points),
        cmocka_unit_test(test_the_recurrence),
        cmocka_unit_test(test_one_point_in_each_cell),
        cmocka_unit_test(test_two_dimensions_are_a_net),
        cmocka_unit_test(test_pairs_of_early_dimensions),
        cmocka_unit_test(test_points_are_uniform_over_replicates),
        cmocka_unit_test(test_digits_below_the_first_difference_are_independent),
        cmocka_unit_test(test_means_are_unbiased_and_converge),
        cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
