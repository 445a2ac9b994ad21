/* score, score_bits and distance: their definition, and that an entry stands for itself. */
#include <string.h>

#include "kernel/isas.h"

enum { ROWS = 11, DIM = 5, N = 77, LD = 80, LD_OUT = 79 };

static double x[ROWS * DIM], a[DIM * LD], start[N];

static void fill(void)
{
    uint64_t seed = 11;
    for (size_t i = 0; i < ROWS * DIM; i++) {
        x[i] = next_between(&seed, -2.0, 2.0);
    }
    for (size_t i = 0; i < DIM * LD; i++) {
        /* many exponents: on one grid all sums would be exact and no order would show */
        a[i] = next_between(&seed, -2.0, 2.0) / next_between(&seed, 1.0, 9.0);
    }
    for (size_t i = 0; i < N; i++) {
        start[i] = next_between(&seed, -2.0, 2.0);
    }
}

static void run(const jn_kernels *set, int squared, size_t rows, const size_t *pick,
                const double *rows_of, size_t at, size_t n, double *out)
{
    if (squared) {
        set->distance(rows, pick, DIM, rows_of, -0.7, n, LD, a + at, start + at, LD_OUT, out);
    } else {
        set->score(rows, pick, DIM, rows_of, n, LD, a + at, start + at, LD_OUT, out);
    }
}

static void test_the_definition_on_every_set(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    fill();
    for (size_t s = 0; s < 2 * n_sets; s++) {
        double out[ROWS * LD_OUT];
        const int squared = s % 2 == 1;
        run(sets[s / 2], squared, ROWS, NULL, x, 0, N, out);
        for (size_t k = 0; k < ROWS; k++) {
            for (size_t i = 0; i < N; i++) {
                double want = 0.0;
                for (size_t j = 0; j < DIM; j++) {
                    const double p = x[k * DIM + j], q = a[j * LD + i];
                    want += squared ? -0.7 * (p - q) * (p - q) : p * q;
                }
                /* DIM + 2 roundings of sums below 60 */
                assert_close(out[k * LD_OUT + i], want + start[i], 0.0, 1e-13);
            }
        }
    }
}

/* Any rows, in any order and number, over any run of nodes; nothing else is written. */
static void test_an_entry_stands_for_itself(void **state)
{
    (void)state;
    const size_t pick[] = { 10, 2, 2, 7, 0, 5, 9 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    fill();
    for (size_t s = 0; s < 2 * n_sets; s++) {
        double all[ROWS * LD_OUT], out[ROWS * LD_OUT];
        const int squared = s % 2 == 1;
        run(sets[s / 2], squared, ROWS, NULL, x, 0, N, all);
        for (size_t rows = 0; rows <= 7; rows++) {
            for (size_t n = 0; n + 9 <= N; n++) {
                const size_t at = n % 9;
                for (size_t i = 0; i < ROWS * LD_OUT; i++) {
                    out[i] = 42.0;
                }
                run(sets[s / 2], squared, rows, pick, x, at, n, out);
                for (size_t k = 0; k < rows; k++) {
                    assert_true(n == 0 || memcmp(out + k * LD_OUT, all + pick[k] * LD_OUT + at,
                                                 n * sizeof *out) == 0);
                    assert_true(out[k * LD_OUT + n] == 42.0);
                }
                assert_true(out[rows * LD_OUT] == 42.0);
            }
        }
    }
}

/* score_bits is score, bit for bit, also where a sum overflows; dim is no multiple of four. */
static void test_bits_by_table(void **state)
{
    (void)state;
    enum { FOURS = (DIM + 3) / 4 };
    static double table[16 * FOURS * JN_SCORE_STRIP];
    const size_t pick[] = { 10, 2, 2, 7, 0, 5, 9 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    uint8_t codes[ROWS * FOURS] = { 0 };
    fill();
    a[LD + 3] = INFINITY;
    a[3 * LD + 20] = -INFINITY;
    for (size_t i = 0; i < ROWS * DIM; i++) {
        x[i] = x[i] > 0.0 ? 1.0 : 0.0;
        codes[i / DIM * FOURS + i % DIM / 4] |= (uint8_t)(x[i] > 0.0 ? 1u << i % DIM % 4 : 0u);
    }
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 0; n <= N; n++) {
            double want[ROWS * LD_OUT] = { 0.0 }, out[ROWS * LD_OUT] = { 0.0 };
            sets[s]->score(ROWS, NULL, DIM, x, n, LD, a, start, LD_OUT, want);
            sets[s]->score_bits(ROWS, NULL, DIM, codes, n, LD, a, start, table, LD_OUT, out);
            assert_memory_equal(out, want, sizeof out);
            sets[s]->score(7, pick, DIM, x, n, LD, a, start, LD_OUT, want);
            sets[s]->score_bits(7, pick, DIM, codes, n, LD, a, start, table, LD_OUT, out);
            assert_memory_equal(out, want, sizeof out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_definition_on_every_set),
        cmocka_unit_test(test_an_entry_stands_for_itself),
        cmocka_unit_test(test_bits_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
