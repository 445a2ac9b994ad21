#include "assertions.h"

#include <string.h>

#include "jensen/params.h"

static const char *const names[] = { "gap",      NULL,    "evidence", "laplace",
                                     "gaussian", "bound", "sd",       "noise_sd" };
enum { N = sizeof names / sizeof *names };

static void test_slips_of_the_keyboard(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "bounds", "bound" },
        { "lapalce", "laplace" },
        { "laplce", "laplace" },
        { "Laplace", "laplace" },
        { "noise-sd", "noise_sd" },
        { "gauss", "gaussian" },
        { "evidnece", "evidence" },
        { "gpa", "gap" },
        { "ds", "sd" },
        { "sd", "sd" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *near = jn_nearest(pairs[i][0], names, N);
        assert_non_null(near);
        assert_string_equal(near, pairs[i][1]);
    }
}

static void test_nothing_near(void **state)
{
    (void)state;
    static const char *const far[] = { "", "x", "completely", "posterior", "zz" };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        assert_null(jn_nearest(far[i], names, N));
    }
    assert_null(jn_nearest("gap", names, 0));
    assert_null(jn_nearest("gap", (const char *const[]){ "" }, 1));
}

static void test_names_of_any_length(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'g', sizeof text);
    text[199] = '\0';
    assert_null(jn_nearest(text, names, N));
    assert_null(jn_nearest("gap", (const char *const[]){ text }, 1));
    text[64] = '\0';
    assert_ptr_equal(jn_nearest(text, (const char *const[]){ text }, 1), text);
}

static void test_the_first_of_equals(void **state)
{
    (void)state;
    assert_string_equal(jn_nearest("cat", (const char *const[]){ "bat", "hat", "car" }, 3), "bat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips_of_the_keyboard),
        cmocka_unit_test(test_nothing_near),
        cmocka_unit_test(test_names_of_any_length),
        cmocka_unit_test(test_the_first_of_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
