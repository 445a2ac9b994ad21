#include "kernel/isas.h"

enum { N = 1003 };

static void draw(double *x, size_t n, double low, double high)
{
    uint64_t seed = 8;
    for (size_t i = 0; i < n; i++) {
        x[i] = next_between(&seed, low, high);
    }
}

/* against plain sums in long double, for lengths from nothing to several blocks */
static void test_sums(void **state)
{
    (void)state;
    static double x[N];
    draw(x, N, -50.0, 20.0);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t n = 0; n <= N; n += n < 140 ? 1 : 61) {
        long double s1 = 0.0L, s2 = 0.0L, e = 0.0L, size = 0.0L;
        double top = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            s1 += (long double)x[i] - 3.0L;
            size += fabsl((long double)x[i] - 3.0L);
            s2 += ((long double)x[i] - 3.0L) * ((long double)x[i] - 3.0L);
            e += expl((long double)x[i] - 25.0L);
            top = fmax(top, x[i]);
        }
        for (size_t s = 0; s < n_sets; s++) {
            double m[2];
            sets[s]->moments(n, x, 3.0, m);
            /* n / (4 lanes) + tree roundings; 1e-13 stands for a thousand of them */
            assert_close(m[0], (double)s1, 0.0, 1e-13 * (double)size);
            assert_close(m[1], (double)s2, 1e-13, 0.0);
            assert_close(sets[s]->sum_exp(n, x, 25.0), (double)e, 1e-13, 0.0);
            assert_true(sets[s]->max(n, x) == top);
            assert_close(sets[s]->lse(n, x), (double)(logl(e) + 25.0L), 1e-13, 1e-13);
        }
    }
}

/* The same sum at any alignment: vectors start where the array does. */
static void test_alignment_does_not_matter(void **state)
{
    (void)state;
    static double x[N], moved[N + 8];
    draw(x, N, -5.0, 5.0);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t shift = 0; shift < 8; shift++) {
            double a[2], b[2];
            for (size_t i = 0; i < N; i++) {
                moved[i + shift] = x[i];
            }
            sets[s]->moments(N, x, 0.5, a);
            sets[s]->moments(N, moved + shift, 0.5, b);
            assert_true(a[0] == b[0] && a[1] == b[1]);
            assert_true(sets[s]->lse(N, x) == sets[s]->lse(N, moved + shift));
        }
    }
}

static void test_infinities_and_nan(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        double x[40];
        for (int i = 0; i < 40; i++) {
            x[i] = -INFINITY;
        }
        assert_true(sets[s]->lse(40, x) == -INFINITY);
        assert_true(sets[s]->lse(0, x) == -INFINITY);
        assert_true(sets[s]->max(0, x) == -INFINITY);
        x[33] = -1e300; /* far below any exponential, yet the only one */
        assert_true(sets[s]->lse(40, x) == -1e300);
        x[17] = 1e300;
        assert_true(sets[s]->lse(40, x) == 1e300);
        x[5] = NAN;
        assert_true(isnan(sets[s]->lse(40, x)));
        assert_true(isnan(sets[s]->lse(6, x)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_alignment_does_not_matter),
        cmocka_unit_test(test_infinities_and_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
