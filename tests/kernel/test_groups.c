#include "kernel/isas.h"

static long double log_mean(size_t k, const double *l)
{
    long double top = -INFINITY, sum = 0.0L;
    for (size_t i = 0; i < k; i++) {
        top = fmaxl(top, (long double)l[i]);
    }
    if (top == -INFINITY) {
        return top;
    }
    for (size_t i = 0; i < k; i++) {
        sum += expl((long double)l[i] - top);
    }
    return top + logl(sum / (long double)k);
}

/* every K to 70 and some more, numbers of groups that fill no vector, -inf among the weights */
static void test_against_one_at_a_time(void **state)
{
    (void)state;
    enum { MOST = 40000 };
    static double l[MOST];
    uint64_t seed = 4;
    for (size_t i = 0; i < MOST; i++) {
        l[i] = next_word(&seed) % 9 == 0 ? -INFINITY : next_between(&seed, -2000.0, -1900.0);
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t k = 1; k <= 5000; k += k < 70 ? 1 : 613) {
        const size_t most = MOST / k < 21 ? MOST / k : 21;
        for (size_t groups = 0; groups <= most; groups += 1 + groups / 3) {
            for (size_t s = 0; s < n_sets; s++) {
                double out[22];
                out[groups] = 42.0;
                sets[s]->group_lme(groups, k, l, out);
                for (size_t g = 0; g < groups; g++) {
                    /* values of size 2000: their rounding is 2e-16 of that */
                    assert_close(out[g], (double)log_mean(k, l + g * k), 4e-16, 1e-13);
                }
                assert_true(out[groups] == 42.0);
            }
        }
    }
}

/* A group does not know its neighbours: values, and -inf, NaN and inf that stay in their group. */
static void test_groups_are_alone(void **state)
{
    (void)state;
    enum { G = 19 };
    const size_t sizes[] = { 1, 3, 8, 15, 16, 64, 67 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            const size_t k = sizes[j];
            double l[G * 67], all[G], one;
            uint64_t seed = 6;
            for (size_t i = 0; i < G * k; i++) {
                l[i] = i / k == 4 ? -INFINITY : next_between(&seed, -3.0, 3.0);
            }
            l[7 * k + k / 2] = NAN;
            l[11 * k + k - 1] = INFINITY;
            sets[s]->group_lme(G, k, l, all);
            assert_true(all[4] == -INFINITY);
            assert_true(isnan(all[7]) && isnan(all[11]));
            for (size_t g = 0; g < G; g++) {
                sets[s]->group_lme(1, k, l + g * k, &one);
                assert_true(one == all[g] || (isnan(one) && isnan(all[g])));
                assert_true(g == 7 || g == 11 || !isnan(all[g]));
            }
        }
    }
}

static void test_means(void **state)
{
    (void)state;
    enum { MOST = 9000 };
    static double x[MOST];
    uint64_t seed = 12;
    for (size_t i = 0; i < MOST; i++) {
        x[i] = next_between(&seed, -1.0, 9.0);
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t k = 1; k <= 400; k += k < 70 ? 1 : 61) {
        for (size_t groups = 0; groups <= 20 && groups * k <= MOST; groups++) {
            for (size_t s = 0; s < n_sets; s++) {
                double out[21];
                out[groups] = 42.0;
                sets[s]->group_means(groups, k, x, out);
                for (size_t g = 0; g < groups; g++) {
                    long double sum = 0.0L;
                    for (size_t i = 0; i < k; i++) {
                        sum += x[g * k + i];
                    }
                    assert_close(out[g], (double)(sum / (long double)k), 1e-15, 1e-15);
                }
                assert_true(out[groups] == 42.0);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_one_at_a_time),
        cmocka_unit_test(test_groups_are_alone),
        cmocka_unit_test(test_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
