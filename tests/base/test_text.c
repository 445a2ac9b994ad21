#include "assertions.h"

#include <string.h>

#include "base/text.h"
#include "malloc_sweep.h"

static void test_excerpts_are_quoted_and_cut(void **state)
{
    (void)state;
    char buf[JN_EXCERPT];
    assert_string_equal(jn_excerpt("abc", buf), "'abc'");
    assert_string_equal(jn_excerpt("", buf), "''");
    char text[200];
    memset(text, 'x', sizeof text);
    text[JN_EXCERPT - 6] = '\0';
    jn_excerpt(text, buf);
    assert_int_equal(strlen(buf), JN_EXCERPT - 4); /* just fits: no dots */
    text[JN_EXCERPT - 6] = 'x';
    text[199] = '\0';
    jn_excerpt(text, buf);
    assert_int_equal(strlen(buf), JN_EXCERPT - 1);
    assert_string_equal(buf + JN_EXCERPT - 5, "...'");
}

static void test_excerpts_keep_characters_whole(void **state)
{
    (void)state;
    char text[200] = "", buf[JN_EXCERPT];
    for (int i = 0; i < 60; i++) {
        strcat(text, "\xe2\x82\xac"); /* three bytes each */
    }
    jn_excerpt(text, buf);
    assert_int_equal((strlen(buf) - 5) % 3, 0);
    assert_string_equal(buf + strlen(buf) - 7, "\xe2\x82\xac...'");
}

static void test_names_that_are_empty_or_come_twice(void **state)
{
    (void)state;
    size_t bad = 99;
    assert_ok(jn_names_check(3, (const char *const[]){ "a", "b", "c" }, &bad), NULL);
    assert_int_equal(bad, 3);
    assert_ok(jn_names_check(3, (const char *const[]){ "b", "a", "b" }, &bad), NULL);
    assert_int_equal(bad, 2);
    assert_ok(jn_names_check(4, (const char *const[]){ "b", "", "b", "" }, &bad), NULL);
    assert_int_equal(bad, 1);
    assert_ok(jn_names_check(5, (const char *const[]){ "a", "z", "z", "a", "a" }, &bad), NULL);
    assert_int_equal(bad, 2);
    bad = 42;
    jn_malloc_allow(0);
    const jn_status status = jn_names_check(1, (const char *const[]){ "a" }, &bad);
    jn_malloc_allow(-1);
    assert_int_equal(status, JN_ERR_NOMEM);
    assert_int_equal(bad, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excerpts_are_quoted_and_cut),
        cmocka_unit_test(test_excerpts_keep_characters_whole),
        cmocka_unit_test(test_names_that_are_empty_or_come_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
