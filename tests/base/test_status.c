#include "assertions.h"

#include <string.h>

static void test_every_status_has_a_name_and_a_text(void **state)
{
    (void)state;
    static const int known[] = {
#define VALUE(name, value, text) name,
        JN_STATUS_LIST(VALUE)
#undef VALUE
    };
    const size_t n = sizeof known / sizeof *known;
    for (size_t i = 0; i < n; i++) {
        assert_non_null(strstr(jn_status_name(known[i]), "JN_"));
        assert_string_not_equal(jn_status_name(known[i]), "JN_STATUS_UNKNOWN");
        assert_true(strlen(jn_status_text(known[i])) > 3);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(known[i], known[j]);
            assert_string_not_equal(jn_status_text(known[i]), jn_status_text(known[j]));
        }
    }
    for (int s = -4096; s < 4096; s++) {
        assert_non_null(jn_status_name(s));
        assert_non_null(jn_status_text(s));
    }
    assert_string_equal(jn_status_name(12345), "JN_STATUS_UNKNOWN");
    assert_string_equal(jn_status_text(12345), "unknown status");
}

static void test_set_hands_back_the_status_and_takes_null(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_error_set(&err, JN_ERR_VALUE, "sd = %g", -1.0), JN_ERR_VALUE);
    assert_int_equal(err.status, JN_ERR_VALUE);
    assert_string_equal(err.message, "sd = -1");
    assert_int_equal(jn_error_set(NULL, JN_ERR_IO, "x"), JN_ERR_IO);
    assert_int_equal(jn_error_prefix(NULL, JN_ERR_IO, "x"), JN_ERR_IO);
}

static void test_control_characters_leave_one_line(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    (void)jn_error_set(&err, JN_ERR_IO, "%s: no such file", "a\nb\tc\x1b[31m\x7f.csv");
    assert_string_equal(err.message, "a?b?c?[31m?.csv: no such file");
}

static void test_long_messages_end_in_dots(void **state)
{
    (void)state;
    char text[2 * JN_ERROR_TEXT];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    jn_error err = JN_ERROR_INIT;
    (void)jn_error_set(&err, JN_ERR_IO, "%s", text);
    assert_int_equal(strlen(err.message), JN_ERROR_TEXT - 1);
    assert_string_equal(err.message + JN_ERROR_TEXT - 4, "...");
    /* the longest that fits is left whole */
    text[JN_ERROR_TEXT - 1] = '\0';
    (void)jn_error_set(&err, JN_ERR_IO, "%s", text);
    assert_string_equal(err.message, text);
}

static void test_prefix_stands_before_the_message(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    (void)jn_error_set(&err, JN_ERR_NAN, "NaN at z = 1");
    assert_int_equal(jn_error_prefix(&err, JN_ERR_VALUE, "row %d", 7), JN_ERR_VALUE);
    assert_string_equal(err.message, "row 7: NaN at z = 1");
    assert_int_equal(err.status, JN_ERR_VALUE);

    char text[2 * JN_ERROR_TEXT];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)jn_error_prefix(&err, JN_ERR_VALUE, "%s", text);
    assert_int_equal(strlen(err.message), JN_ERROR_TEXT - 1);
    assert_string_equal(err.message + JN_ERROR_TEXT - 4, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_name_and_a_text),
        cmocka_unit_test(test_set_hands_back_the_status_and_takes_null),
        cmocka_unit_test(test_control_characters_leave_one_line),
        cmocka_unit_test(test_long_messages_end_in_dots),
        cmocka_unit_test(test_prefix_stands_before_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
