#include "assertions.h"

#include <float.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static void test_what_is_a_number(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",   "-0",   "+1",      "5",      "1.5", ".5",    "5.",
        "1e6", "1E-3", "-1.5e+2", "1e-999", "007", "1e308", "4.9406564584124654e-324"
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double x = NAN;
        assert_true(jn_number_read(good[i], strlen(good[i]), &x));
        assert_close(x, strtod(good[i], NULL), 0.0, 0.0); /* both round correctly */
    }
    static const char *const bad[] = { "",    "5x",   " 5",       "5 ",    "nan", "NaN",
                                       "inf", "-inf", "0x10",     "1e",    "1e+", ".",
                                       "-",   "+",    "e5",       "1e999", "1,5", "1.2.3",
                                       "--1", "1_0",  "infinity", "1e1.5" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double x = 42.0;
        assert_false(jn_number_read(bad[i], strlen(bad[i]), &x));
        assert_close(x, 42.0, 0.0, 0.0); /* untouched */
    }
}

static void test_only_the_given_length_is_read(void **state)
{
    (void)state;
    double x = 0.0;
    assert_true(jn_number_read("12,34", 2, &x));
    assert_close(x, 12.0, 0.0, 0.0);
    /* also where strtod does the work */
    assert_true(jn_number_read("0.12345678901234567890;1", 22, &x));
    assert_close(x, 0.12345678901234567890, 0.0, 0.0);
}

/* strtod of the C library is the truth: every digit string must come out as the same double. Half
 * of the mantissas have 1 to 19 digits, half lie about 2^53, where the quick way must stop. */
static void test_agrees_with_strtod(void **state)
{
    (void)state;
    uint64_t s = 88172645463325252u; /* xorshift64 */
    char text[64];
    for (int i = 0; i < 200000; i++) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        const int shift = i % 2 == 0 ? (int)(s & 63) : 8 + (int)(s & 3);
        const unsigned long long mantissa = s >> shift;
        const int exponent = (int)(s >> 20 & 63) - 32;
        snprintf(text, sizeof text, "%s%llu.%llue%d", i % 3 == 0 ? "-" : "", mantissa / 1000,
                 mantissa % 1000, exponent);
        double x = 0.0;
        assert_true(jn_number_read(text, strlen(text), &x));
        assert_true(x == strtod(text, NULL));
    }
}

static void test_many_digits(void **state)
{
    (void)state;
    char text[400];
    memset(text, '0', sizeof text);
    text[1] = '.';
    strcpy(text + 350, "12345678901234567890123e340");
    double x = 0.0;
    assert_true(jn_number_read(text, strlen(text), &x));
    assert_true(x == strtod(text, NULL));
    /* half way between two doubles but for the last digit */
    const char *const half = "9007199254740993.00000000000000000000000000000000001";
    assert_true(jn_number_read(half, strlen(half), &x));
    assert_close(x, 9007199254740994.0, 0.0, 0.0);
}

static void test_text_reads_back_the_same(void **state)
{
    (void)state;
    static const double x[] = {
        0.0,     -0.0,   0.1,  1.0 / 3.0, 1e6,       -1.5, DBL_MAX,
        DBL_MIN, 5e-324, M_PI, 1e-300,    0.1 + 0.2, 1e15, 123456789012345678.0
    };
    char buf[JN_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        double back = NAN;
        jn_number_text(x[i], buf);
        assert_true(jn_number_read(buf, strlen(buf), &back));
        assert_memory_equal(&back, &x[i], sizeof back);
    }
    assert_string_equal(jn_number_text(0.1, buf), "0.1");
    assert_string_equal(jn_number_text(0.1 + 0.2, buf), "0.30000000000000004");
    assert_string_equal(jn_number_text(1000.0, buf), "1000");
    assert_string_equal(jn_number_text(-INFINITY, buf), "-inf");
    assert_string_equal(jn_number_text(INFINITY, buf), "inf");
    assert_string_equal(jn_number_text(NAN, buf), "nan");
}

/* A program may have called setlocale(); where no comma locale is installed this tests little. */
static void test_no_locale_changes_a_number(void **state)
{
    (void)state;
    static const char *const comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
    for (int i = 0; i < 4 && setlocale(LC_ALL, comma[i]) == NULL; i++) {
    }
    double x = 0.0;
    char buf[JN_NUMBER_TEXT];
    assert_true(jn_number_read("0.12345678901234567890", 22, &x));
    assert_string_equal(jn_number_text(x, buf), "0.12345678901234568");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_number),
        cmocka_unit_test(test_only_the_given_length_is_read),
        cmocka_unit_test(test_agrees_with_strtod),
        cmocka_unit_test(test_many_digits),
        cmocka_unit_test(test_text_reads_back_the_same),
        cmocka_unit_test(test_no_locale_changes_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
