#include "kernel/isas.h"

static long double gap(long double y)
{
    if (fabsl(y) > 1e-3L) {
        return expm1l(-y) + y;
    }
    long double term = y * y / 2.0L, sum = 0.0L;
    for (int k = 3; k < 12; k++) {
        sum += term;
        term *= -y / k;
    }
    return sum;
}

/* one node at a time: the function itself, to a few roundings at any size of y */
static void test_gap_keeps_its_digits(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    uint64_t seed = 2;
    for (size_t i = 0; i < 100000; i++) {
        const double size = exp(next_between(&seed, -300.0, 6.5)), one = 1.0;
        const double y = next_word(&seed) & 1 ? size : -size;
        for (size_t s = 0; s < n_sets; s++) {
            double g;
            sets[s]->law_gap(1, &one, 1, &one, &y, &g);
            assert_close(g, (double)gap((long double)y), 4e-15, 0.0); /* 0.05 + 1 - 1 at worst */
        }
    }
}

static void test_sums_for_several_s(void **state)
{
    (void)state;
    enum { N = 203, NS = 5 };
    const double s[NS] = { 0.0, 1e-6, 0.3, 2.0, 1e4 };
    double m[N], v[N], got[NS + 1] = { 0 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    uint64_t seed = 9;
    for (size_t i = 0; i < N; i++) {
        m[i] = next_between(&seed, 0.0, 1.0) / N;
        v[i] = exp(next_between(&seed, -9.0, 3.0)) - (i % 3 == 0 ? 0.0 : 9e-5);
    }
    for (size_t n = 0; n <= N; n += 1 + n / 9) {
        for (size_t k = 0; k < n_sets; k++) {
            got[NS] = 42.0;
            sets[k]->law_gap(NS, s, n, m, v, got);
            for (size_t j = 0; j < NS; j++) {
                long double want = 0.0L;
                for (size_t i = 0; i < n; i++) {
                    want += m[i] * gap((long double)s[j] * v[i]);
                }
                assert_close(got[j], (double)want, 1e-14, 0.0);
            }
            sets[k]->law_exp(NS, s, n, m, v, got);
            for (size_t j = 0; j < NS; j++) {
                long double want = 0.0L;
                for (size_t i = 0; i < n; i++) {
                    want += m[i] * expl(-(long double)s[j] * v[i]);
                }
                /* an exponent of size 700 carries 700 roundings */
                assert_close(got[j], (double)want, 3e-13, 1e-300);
            }
            assert_true(got[NS] == 42.0);
        }
    }
}

static void test_ends(void **state)
{
    (void)state;
    const double s = 1.0, m = 0.5;
    const double y[] = { INFINITY, 1e300, -800.0, 0.0 },
                 gaps[] = { INFINITY, 5e299, INFINITY, 0.0 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t k = 0; k < n_sets; k++) {
        double out;
        for (int i = 0; i < 4; i++) {
            sets[k]->law_gap(1, &s, 1, &m, &y[i], &out);
            assert_close(out, gaps[i], 1e-15, 0.0);
        }
        sets[k]->law_exp(1, &s, 1, &m, &y[0], &out);
        assert_true(out == 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap_keeps_its_digits),
        cmocka_unit_test(test_sums_for_several_s),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
