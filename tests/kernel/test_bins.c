#include "kernel/isas.h"

#include <string.h>

enum { N = 700, ROWS = 2048 };

/* Where the header says that x lies, by arithmetic alone: octaves of y = |x - origin| + 16 in 256
 * equal bins each. */
static int64_t slow_row(double x, double origin, double *t)
{
    const double d = x - origin, y = fabs(d) + 16.0;
    int64_t octave = 0;
    double start = 16.0;
    while (y >= 2.0 * start) {
        start *= 2.0;
        octave++;
    }
    const double place = (y - start) / start * 256.0;
    const int64_t up = 256 * octave + (int64_t)floor(place);
    *t = 2.0 * (place - floor(place)) - 1.0;
    return d < 0.0 ? -1 - up : up;
}

static void test_sums_go_to_their_rows(void **state)
{
    (void)state;
    static double x[N], want[ROWS * JN_BIN_SUMS], got[ROWS * JN_BIN_SUMS];
    const double origin = -3.7;
    const int64_t first = -ROWS / 2;
    uint64_t seed = 1;
    for (size_t i = 0; i < N; i++) {
        x[i] = i % 5 == 0 ? next_between(&seed, -100.0, 100.0) : next_between(&seed, -6.0, -1.0);
    }
    x[7] = origin;
    x[8] = nextafter(origin, -INFINITY);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t n = 0; n <= N; n += n < 80 ? 1 : 62) {
        memset(want, 0, sizeof want);
        for (size_t i = 0; i < n; i++) {
            double t, power = 1.0, *row = want;
            row += (slow_row(x[i], origin, &t) - first) * JN_BIN_SUMS;
            for (int j = 0; j < JN_BIN_SUMS; j++, power *= t) {
                row[j] += power;
            }
        }
        for (size_t s = 0; s < n_sets; s++) {
            memset(got, 0, sizeof got);
            sets[s]->bins(n, x, origin, first, got);
            for (size_t i = 0; i < ROWS * JN_BIN_SUMS; i++) {
                /* a row's sum of up to n products of seven */
                assert_close(got[i], want[i], 1e-15, 1e-15 * want[i - i % JN_BIN_SUMS]);
            }
        }
    }
}

/* Counts are exact, and the split into calls does not matter. */
static void test_pieces(void **state)
{
    (void)state;
    static double x[N], whole[64 * JN_BIN_SUMS], pieces[64 * JN_BIN_SUMS];
    uint64_t seed = 2;
    for (size_t i = 0; i < N; i++) {
        x[i] = next_between(&seed, -1.9, 1.9);
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        memset(whole, 0, sizeof whole);
        memset(pieces, 0, sizeof pieces);
        sets[s]->bins(N, x, 0.0, -32, whole);
        for (size_t at = 0, n = 1; at < N; at += n, n = n * 2 % 37) {
            n = at + n > N ? N - at : n;
            sets[s]->bins(n, x + at, 0.0, -32, pieces);
        }
        assert_memory_equal(whole, pieces, sizeof whole);
        double count = 0.0;
        for (size_t r = 0; r < 64; r++) {
            count += whole[r * JN_BIN_SUMS];
        }
        assert_true(count == N);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_go_to_their_rows),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
