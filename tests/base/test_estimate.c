#include "assertions.h"

#include <string.h>

#include "jensen/estimate.h"

static jn_estimate make(double value, double error, double dof, jn_error_kind kind)
{
    return (jn_estimate){ .value = value, .error = error, .dof = dof, .kind = kind, .n_eval = 10 };
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(jn_error_kind_name(JN_EXACT), "exact");
    assert_string_equal(jn_error_kind_name(JN_QUADRATURE), "quadrature");
    assert_string_equal(jn_error_kind_name(JN_MC), "mc");
    assert_string_equal(jn_error_kind_name(JN_RQMC), "rqmc");
    assert_string_equal(jn_error_kind_name((jn_error_kind)99), "unknown");
    assert_string_equal(jn_error_kind_name((jn_error_kind)-1), "unknown");
}

static void test_zero_is_neutral(void **state)
{
    (void)state;
    jn_estimate a = make(-3.0, 0.5, 15.0, JN_MC);
    a.method = "groups";
    const jn_estimate sums[] = { jn_estimate_add(jn_estimate_zero(), a),
                                 jn_estimate_add(a, jn_estimate_zero()) };
    for (int i = 0; i < 2; i++) {
        /* adding zero rounds nothing */
        assert_close(sums[i].value, -3.0, 0.0, 0.0);
        assert_close(sums[i].error, 0.5, 0.0, 0.0);
        assert_close(sums[i].dof, 15.0, 0.0, 0.0);
        assert_int_equal(sums[i].kind, JN_MC);
        assert_string_equal(sums[i].method, "groups");
        assert_int_equal(sums[i].n_eval, 10);
    }
}

static void test_standard_errors_add_in_quadrature(void **state)
{
    (void)state;
    const jn_estimate s = jn_estimate_add(make(1.0, 3.0, 8.0, JN_MC),
                                          make(2.0, 4.0, 16.0, JN_RQMC));
    assert_close(s.value, 3.0, 0.0, 0.0);   /* small integers are exact */
    assert_close(s.error, 5.0, 1e-15, 0.0); /* hypot: within 1 ulp */
    /* Welch-Satterthwaite: (9 + 16)^2 / (81/8 + 256/16) = 625 / 26.125 */
    assert_close(s.dof, 625.0 / 26.125, 4e-16, 0.0); /* two roundings */
    assert_int_equal(s.kind, JN_MC);
    assert_int_equal(s.n_eval, 20);
}

static void test_equal_errors_add_degrees_of_freedom(void **state)
{
    (void)state;
    const jn_estimate a = make(0.0, 0.1, 15.0, JN_MC);
    assert_close(jn_estimate_add(a, a).dof, 30.0, 1e-15, 0.0); /* a few roundings of 30 */
    const jn_estimate none = make(0.0, 0.0, 15.0, JN_MC), few = make(0.0, 0.0, 7.0, JN_MC);
    assert_close(jn_estimate_add(none, few).dof, 7.0, 0.0, 0.0);
}

static void test_deterministic_errors_add_linearly(void **state)
{
    (void)state;
    const jn_estimate q = make(1.0, 3.0, NAN, JN_QUADRATURE), e = make(2.0, 4.0, NAN, JN_EXACT);
    const jn_estimate s = jn_estimate_add(q, e);
    assert_close(s.error, 7.0, 0.0, 0.0);
    assert_true(isnan(s.dof));
    assert_int_equal(s.kind, JN_QUADRATURE);
    const jn_estimate mixed = jn_estimate_add(q, make(0.0, 4.0, 9.0, JN_MC));
    assert_close(mixed.error, 7.0, 0.0, 0.0);
    assert_close(mixed.dof, 9.0, 0.0, 0.0);
    assert_int_equal(mixed.kind, JN_MC);
}

static void test_the_kind_of_a_sum_is_the_weakest(void **state)
{
    (void)state;
    static const jn_error_kind order[] = { JN_EXACT, JN_QUADRATURE, JN_RQMC, JN_MC };
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            const jn_estimate s = jn_estimate_add(make(0, 1, 5, order[i]), make(0, 1, 5, order[j]));
            assert_int_equal(s.kind, order[i > j ? i : j]);
        }
    }
}

static void test_unknown_errors_stay_unknown(void **state)
{
    (void)state;
    assert_true(
        isnan(jn_estimate_add(make(1, NAN, NAN, JN_QUADRATURE), make(1, 1, NAN, JN_EXACT)).error));
    assert_true(isnan(jn_estimate_add(make(1, NAN, 5, JN_MC), make(1, 1, 5, JN_MC)).error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_zero_is_neutral),
        cmocka_unit_test(test_standard_errors_add_in_quadrature),
        cmocka_unit_test(test_equal_errors_add_degrees_of_freedom),
        cmocka_unit_test(test_deterministic_errors_add_linearly),
        cmocka_unit_test(test_the_kind_of_a_sum_is_the_weakest),
        cmocka_unit_test(test_unknown_errors_stay_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
