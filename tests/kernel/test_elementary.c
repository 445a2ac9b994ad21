#include "kernel/accuracy.h"

/* a million points a function against the stated maximum, which 1e8 points set: test_accuracy.c */
static void test_errors_within_what_is_stated(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTARIES; i++) {
        measure(&elementaries[i], 1000, 0);
    }
}

/* x, and what libm's double function of it must be matched in: zeros with sign, infinities, NaN */
static const double special[] = { 0.0,    -0.0,    INFINITY, -INFINITY, NAN,       1.0,
                                  -1.0,   DBL_MAX, -DBL_MAX, DBL_MIN,   5e-324,    -5e-324,
                                  -745.2, -745.0,  -740.0,   709.78271, 709.78272, 1e300,
                                  -1e300, -2.0,    -708.5,   37.0,      800.0,     -800.0,
                                  1e-310, -1e-310, 2.5e-308, 0x1p-54,   -0x1p-54 };
enum { SPECIALS = sizeof special / sizeof special[0] };

static void test_special_values(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t f = 0; f < ELEMENTARIES; f++) {
            double y[SPECIALS];
            kernel_of(sets[s], &elementaries[f])(SPECIALS, special, y);
            for (size_t i = 0; i < SPECIALS; i++) {
                const long double want = elementaries[f].reference((long double)special[i]);
                if (ulps(y[i], want) > elementaries[f].stated ||
                    (want == 0.0L && !signbit(y[i]) != !signbit(want))) {
                    print_error("%s of %g on %s: %.17g, want %.17Lg\n", elementaries[f].name,
                                special[i], sets[s]->isa, y[i], want);
                    fail();
                }
            }
        }
    }
}

/* One value gets one result: at every place in an array of every length, at every alignment, in
 * place or not; and nothing is written beyond the end. */
static void test_place_and_length_do_not_matter(void **state)
{
    (void)state;
    enum { N = 41 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    double x[N], whole[N], part[N + 2];
    uint64_t seed = 5;
    for (size_t i = 0; i < N; i++) {
        x[i] = next_between(&seed, -0.99, 30.0);
    }
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t f = 0; f < ELEMENTARIES; f++) {
            jn_map_fn *kernel = kernel_of(sets[s], &elementaries[f]);
            kernel(N, x, whole);
            for (size_t from = 0; from < 9; from++) {
                for (size_t n = 0; n <= N - from; n++) {
                    part[n + 1] = part[0] = 42.0;
                    memcpy(part + 1, x + from, n * sizeof *x);
                    kernel(n, part + 1, part + 1);
                    assert_true(part[0] == 42.0);
                    assert_true(n == 0 || memcmp(part + 1, whole + from, n * sizeof *x) == 0);
                    assert_true(part[n + 1] == 42.0);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_within_what_is_stated),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_place_and_length_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
