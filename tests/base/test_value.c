#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "malloc_sweep.h"

/* The text form, parsed and written back. */
static void round_trip(const char *text, size_t rows, size_t cols, const char *want)
{
    jn_value v = JN_VALUE_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_value_parse(text, &v, &err), &err);
    assert_int_equal(v.rows, rows);
    assert_int_equal(v.cols, cols);
    assert_true((v.word == NULL) == (rows > 0));
    char *back = jn_value_text(&v);
    assert_string_equal(back, want);
    free(back);
    jn_value_free(&v);
    assert_null(v.x);
    assert_null(v.word);
}

static void test_text_form(void **state)
{
    (void)state;
    round_trip("0.5", 1, 1, "0.5");
    round_trip("1e6", 1, 1, "1000000");
    round_trip("-1e-3", 1, 1, "-0.001");
    round_trip(" 1 , 2,\t3 ", 1, 3, "1,2,3");
    round_trip("1,0;0,1", 2, 2, "1,0;0,1");
    round_trip("1;2;3", 3, 1, "1;2;3");
    round_trip("0.1,0.30000000000000004", 1, 2, "0.1,0.30000000000000004");
    round_trip("poisson", 0, 0, "poisson");
    round_trip("information", 0, 0, "information"); /* begins like inf */
    round_trip("nanometre", 0, 0, "nanometre");
    round_trip("../weights/dec-2,b", 0, 0, "../weights/dec-2,b");
    round_trip("./a", 0, 0, "./a");
    round_trip("/a/b c", 0, 0, "/a/b c");
    round_trip("_x", 0, 0, "_x");
    jn_value_free(NULL);
}

static void test_malformed_texts(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "an empty value: expected a number, a word, or a list like 1,2,3 or 1,0;0,1" },
        { "  ", "an empty value: expected a number, a word, or a list like 1,2,3 or 1,0;0,1" },
        { "5x", "'5x' is not a finite number" },
        { "0x10", "'0x10' is not a finite number" },
        { "nan", "'nan' is not a finite number" },
        { "-inf", "'-inf' is not a finite number" },
        { "Infinity", "'Infinity' is not a finite number" },
        { "1e999", "'1e999' is not a finite number" },
        { "1,,2", "'' in '1,,2' is not a finite number" },
        { "1,2,", "'' in '1,2,' is not a finite number" },
        { "1;", "'' in '1;' is not a finite number" },
        { "1,b,3", "'b' in '1,b,3' is not a finite number" },
        { "nan,1", "'nan' in 'nan,1' is not a finite number" },
        { "1 2", "'1 2' is not a finite number" },
        { "1,2;3", "row 1 has 1 numbers, the rows before it have 2 each" },
        { "1;2,3", "row 1 has 2 numbers, the rows before it have 1 each" },
        { "@x.npy", "'@x.npy' is not a finite number" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_value v = { .rows = 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_value_parse(bad[i][0], &v, &err), JN_ERR_USAGE);
        assert_string_equal(err.message, bad[i][1]);
        assert_int_equal(v.rows, 42);
    }
}

static void test_numbers_must_be_finite_and_there(void **state)
{
    (void)state;
    jn_value v = { .rows = 42 };
    assert_int_equal(jn_value_numbers(1, 2, (const double[]){ 1, NAN }, &v), JN_ERR_VALUE);
    assert_int_equal(jn_value_numbers(1, 1, (const double[]){ INFINITY }, &v), JN_ERR_VALUE);
    assert_int_equal(jn_value_numbers(0, 1, (const double[]){ 1 }, &v), JN_ERR_VALUE);
    assert_int_equal(jn_value_numbers(1, 0, (const double[]){ 1 }, &v), JN_ERR_VALUE);
    assert_int_equal(jn_value_numbers(SIZE_MAX, 2, (const double[]){ 1 }, &v), JN_ERR_NOMEM);
    assert_int_equal(v.rows, 42);
}

static jn_status attempt_parse(void *user)
{
    jn_value v = { .rows = 42 };
    const jn_status status = jn_value_parse(user, &v, NULL);
    if (status == JN_OK) {
        jn_value_free(&v);
    } else {
        assert_int_equal(v.rows, 42);
    }
    return status;
}

static jn_status attempt_copy(void *user)
{
    jn_value v = { .rows = 42 };
    const jn_status status = jn_value_copy(user, &v);
    if (status == JN_OK) {
        jn_value_free(&v);
    } else {
        assert_int_equal(v.rows, 42);
    }
    return status;
}

static jn_status attempt_text(void *user)
{
    char *text = jn_value_text(user);
    const jn_status status = text == NULL ? JN_ERR_NOMEM : JN_OK;
    free(text);
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    char matrix[] = "1,2;3,4", word[] = "poisson";
    char *const texts[] = { matrix, word };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(jn_malloc_sweep(attempt_parse, texts[i]), 1);
        jn_value v;
        assert_ok(jn_value_parse(texts[i], &v, NULL), NULL);
        assert_int_equal(jn_malloc_sweep(attempt_copy, &v), 1);
        assert_int_equal(jn_malloc_sweep(attempt_text, &v), 1);
        jn_value_free(&v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_form),
        cmocka_unit_test(test_malformed_texts),
        cmocka_unit_test(test_numbers_must_be_finite_and_there),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
