#include "model/stationary.h"

#include "chains.h"
#include "malloc_sweep.h"

static void check_fixed(size_t n, const double *p)
{
    double pi[8], sum = 0.0;
    assert_ok(jn_stationary(n, p, pi), NULL);
    for (size_t j = 0; j < n; j++) {
        double next = 0.0;
        for (size_t i = 0; i < n; i++) {
            next += pi[i] * p[i * n + j];
        }
        assert_close(next, pi[j], 1e-14, 0.0); /* relative, in tiny components too */
        sum += pi[j];
    }
    assert_close(sum, 1.0, 1e-15, 0.0);
}

static void test_fixed_points(void **state)
{
    (void)state;
    check_fixed(1, (double[]){ 1 });
    check_fixed(2, (double[]){ 0.98, 0.02, 0.01, 0.99 });
    check_fixed(2, (double[]){ 0, 1, 1, 0 });
    check_fixed(3, (double[]){ 0.5, 0.5, 0, 0, 0.5, 0.5, 0.25, 0, 0.75 });
    /* state 0 is left for good; 1 and 2 are one closed class */
    check_fixed(3, (double[]){ 0.5, 0.25, 0.25, 0, 0.25, 0.75, 0, 0.5, 0.5 });
    double pi[2];
    assert_ok(jn_stationary(2, (double[]){ 1, 0x1p-60, 0.5, 0.5 }, pi), NULL);
    assert_close(pi[1], 0x1p-59, 1e-15, 0.0); /* pi1 / pi0 = 2^-60 / (1/2) */
}

static void test_no_one_law(void **state)
{
    (void)state;
    double pi[3] = { 42.0, 42.0, 42.0 };
    assert_int_equal(jn_stationary(2, (double[]){ 1, 0, 0, 1 }, pi), JN_ERR_VALUE);
    assert_int_equal(jn_stationary(3, (double[]){ 0, 0.5, 0.5, 0, 1, 0, 0, 0, 1 }, pi),
                     JN_ERR_VALUE);
    assert_true(pi[0] == 42.0 && pi[2] == 42.0);
}

static jn_status attempt(void *user)
{
    double pi[2] = { 42.0, 42.0 };
    (void)user;
    const jn_status st = jn_stationary(2, (double[]){ 0.5, 0.5, 0.25, 0.75 }, pi);
    assert_true(st == JN_OK || pi[0] == 42.0);
    return st;
}

static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(jn_malloc_sweep(attempt, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_points),
        cmocka_unit_test(test_no_one_law),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
