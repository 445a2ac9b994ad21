#include "assertions.h"

#include <float.h>
#include <string.h>

#include "io/numbers.h"

static void expect(double value, double error, int most, const char *want)
{
    char buf[JN_ROUNDED_TEXT];
    assert_string_equal(jn_text_rounded(value, error, most, buf), want);
}

static void test_as_many_digits_as_the_error_supports(void **state)
{
    (void)state;
    expect(-121.4258, 0.0003, 6, "-121.4258(3)");
    expect(-121.42583, 0.0003, 6, "-121.4258(3)");
    expect(-121.42587, 0.0003, 6, "-121.4259(3)");
    expect(-121.42583, 0.00014, 6, "-121.42583(14)");
    expect(-121.42583, 0.000196, 6, "-121.4258(2)"); /* 19.6 rounds to 20: one digit */
    expect(-121.42583, 0.00096, 6, "-121.4258(10)");
    expect(-121.42583, 0.000996, 6, "-121.4258(10)");
    expect(-121.4, 1.4, 6, "-121.4(1.4)");
    expect(-121.4, 2.6, 6, "-121(3)");
    expect(-121.4, 23.4, 6, "-121(23)");
    expect(-121.4, 1234.5, 6, "-121(1234)");
    expect(0.5, 0.25, 6, "0.5(2)");
}

static void test_errors_that_are_not_seen(void **state)
{
    (void)state;
    expect(-15.41, 1e-13, 6, "-15.410000");
    expect(-15.41, 0.0, 4, "-15.4100");
    expect(-15.41, 0.0, 0, "-15");
    expect(-15.41, 4e-7, 6, "-15.410000");
    expect(-15.41, 6e-7, 6, "-15.410000(1)");
    expect(-15.41, NAN, 4, "-15.4100(?)");
    expect(-15.41, INFINITY, 4, "-15(inf)");
}

static void test_small_values_keep_their_digits(void **state)
{
    (void)state;
    expect(3.1e-7, 2e-9, 6, "3.10(2)e-07");
    expect(-3.1e-7, 1.4e-9, 6, "-3.100(14)e-07");
    expect(1e-7, 3e-6, 6, "0(3)e-06");
    expect(4e-7, 0.0, 3, "4.000e-07");
    expect(4e-7, NAN, 3, "4.000(?)e-07");
    expect(0.0, 2e-9, 6, "0(2)e-09");
    expect(4e-7, 0.5, 6, "0.0(5)");
    expect(5e-324, 0.0, 2, "4.94e-324");
    expect(0.0, 0.0, 3, "0.000");
    expect(9.999e-4, 1e-5, 6, "1.000(10)e-03");
}

static void test_values_that_are_no_numbers(void **state)
{
    (void)state;
    expect(INFINITY, 1.0, 4, "inf");
    expect(-INFINITY, NAN, 4, "-inf");
    expect(NAN, 1.0, 4, "");
}

static void test_zero_has_no_sign(void **state)
{
    (void)state;
    expect(-0.0, 0.0, 2, "0.00");
    expect(-0.02, 0.4, 6, "0.0(4)");
    expect(-0.2, 3.0, 6, "0(3)");
    expect(-0.06, 0.4, 6, "-0.1(4)");
}

static void test_no_value_overflows_the_text(void **state)
{
    (void)state;
    static const double x[] = { DBL_MAX, -DBL_MAX, 1e15, -1e15,    DBL_MIN,
                                -5e-324, 1.0,      0.0,  INFINITY, NAN };
    const size_t n = sizeof x / sizeof *x;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            for (int most = 0; most <= 15; most++) {
                char buf[JN_ROUNDED_TEXT];
                memset(buf, 'x', sizeof buf);
                assert_true(strlen(jn_text_rounded(x[i], fabs(x[j]), most, buf)) < 60);
            }
        }
    }
    expect(-1.25e20, 3e17, 6, "-1.250000e+20(3.0e+17)");
}

static void test_decimals(void **state)
{
    (void)state;
    assert_int_equal(jn_decimals_for(0.00034, 9), 4);
    assert_int_equal(jn_decimals_for(0.00014, 9), 5);
    assert_int_equal(jn_decimals_for(0.00014, 3), 3);
    assert_int_equal(jn_decimals_for(25.0, 9), 0);
    assert_int_equal(jn_decimals_for(0.0, 9), 9);
    assert_int_equal(jn_decimals_for(NAN, 9), 9);
    assert_int_equal(jn_decimals_for(INFINITY, 9), 0);
    assert_int_equal(jn_decimals_for(5e-324, 9), 9);
    assert_int_equal(jn_decimals_for(DBL_MAX, 9), 0);
}

static void test_columns_line_up(void **state)
{
    (void)state;
    static const char *const texts[] = { "-121.4258(3)", "3(2)", "3.10(2)e-07", "-inf", "" };
    static const char *const want[] = { "-121.4258(3) ", "   3(2)      ", "   3.10(2)e-07",
                                        "-inf         ", "             " };
    jn_alignment a = { 0, 0 };
    for (int i = 0; i < 5; i++) {
        jn_alignment_add(&a, texts[i]);
    }
    assert_int_equal(a.lead, 4);
    assert_int_equal(a.tail, 10);
    for (int i = 0; i < 5; i++) {
        char buf[JN_ROUNDED_TEXT], padded[20];
        snprintf(padded, sizeof padded, "%-14s", want[i]);
        assert_string_equal(jn_alignment_pad(&a, texts[i], buf, sizeof buf), padded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_digits_as_the_error_supports),
        cmocka_unit_test(test_errors_that_are_not_seen),
        cmocka_unit_test(test_small_values_keep_their_digits),
        cmocka_unit_test(test_values_that_are_no_numbers),
        cmocka_unit_test(test_zero_has_no_sign),
        cmocka_unit_test(test_no_value_overflows_the_text),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_columns_line_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
