#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/csv.h"
#include "jensen/matrix.h"
#include "jensen/npy.h"
#include "malloc_sweep.h"
#include "scratch.h"

static double x[] = { 1, 2, 3, 4, 5, 6 };

/* Text that is named .npy was meant to be something else. */
static void test_the_contents_decide_unless_the_name_contradicts(void **state)
{
    (void)state;
    const jn_matrix m = { 2, 3, 2, x };
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_npy_write("a.csv", &m, &err), &err);
    jn_scratch_text("b.npy", "1,2,3\n4,5,6\n");
    jn_scratch_text("b.txt", "1,2,3\n4,5,6\n");
    static const char *const paths[] = { "a.csv", "b.txt" };
    for (int i = 0; i < 2; i++) {
        jn_matrix got = JN_MATRIX_INIT;
        assert_ok(jn_matrix_read(paths[i], &got, &err), &err);
        assert_int_equal(got.rows, 2);
        assert_memory_equal(got.x, x, sizeof x);
        jn_matrix_free(&got);
    }
    jn_matrix text = { .rows = 42 };
    jn_table *table;
    assert_int_equal(jn_matrix_read("b.npy", &text, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "b.npy is not a .npy file"));
    assert_int_equal(jn_table_read("b.npy", &table, &err), JN_ERR_VALUE);
    assert_int_equal(text.rows, 42);
    size_t n = 0;
    char *bytes = jn_scratch_contents("a.csv", &n);
    jn_scratch_stdin(bytes, n);
    jn_matrix got = JN_MATRIX_INIT;
    const jn_status status = jn_matrix_read("-", &got, &err);
    jn_scratch_stdin_restore();
    assert_ok(status, &err);
    assert_memory_equal(got.x, x, sizeof x);
    jn_matrix_free(&got);
    free(bytes);
}

static void test_infinities_are_numbers_of_a_matrix(void **state)
{
    (void)state;
    jn_matrix got = JN_MATRIX_INIT;
    jn_scratch_text("w.csv", "-inf\n1\n");
    assert_ok(jn_matrix_read("w.csv", &got, NULL), NULL);
    assert_close(got.x[0], -INFINITY, 0.0, 0.0);
    jn_matrix_free(&got);
    assert_int_equal(jn_matrix_read("gone", &got, NULL), JN_ERR_IO);
}

static void test_values_from_texts_and_files(void **state)
{
    (void)state;
    jn_value v = JN_VALUE_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_value_read(" 1,2;3,4", &v, &err), &err);
    assert_int_equal(v.rows, 2);
    jn_value_free(&v);
    assert_ok(jn_value_read("word", &v, &err), &err);
    assert_string_equal(v.word, "word");
    jn_value_free(&v);
    jn_scratch_text("v.csv", "1\n2\n3\n");
    assert_ok(jn_value_read("@v.csv", &v, &err), &err);
    assert_int_equal(v.rows, 3);
    assert_int_equal(v.cols, 1);
    assert_close(v.x[2], 3.0, 0.0, 0.0);
    jn_value_free(&v);
    const jn_matrix m = { 1, 6, 1, x };
    assert_ok(jn_npy_write("v.npy", &m, &err), &err);
    assert_ok(jn_value_read("@v.npy", &v, &err), &err);
    assert_int_equal(v.rows, 1);
    assert_int_equal(v.cols, 6);
    jn_value_free(&v);
}

static void test_values_that_cannot_be_read(void **state)
{
    (void)state;
    jn_scratch_text("v.csv", "1,2\n3,-inf\n");
    jn_scratch_text("w.csv", "1,b\n");
    static const struct {
        const char *text;
        jn_status status;
        const char *message;
    } bad[] = {
        { "@", JN_ERR_USAGE, "'@' without a file: expected @FILE.csv or @FILE.npy" },
        { "@gone", JN_ERR_IO, "cannot open gone: No such file or directory" },
        { "@v.csv", JN_ERR_VALUE,
          "v.csv, row 1, column 1 (from 0): found -inf, expected a finite number" },
        { "@w.csv", JN_ERR_VALUE, "w.csv, line 1, cell 2: found 'b', expected a number" },
        { "5x", JN_ERR_USAGE, "'5x' is not a finite number" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_value v = { .rows = 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_value_read(bad[i].text, &v, &err), bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(v.rows, 42);
    }
}

static jn_status attempt(void *user)
{
    jn_value v = { .rows = 42 };
    const jn_status status = jn_value_read(user, &v, NULL);
    if (status == JN_OK) {
        jn_value_free(&v);
    } else {
        assert_int_equal(v.rows, 42);
    }
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    jn_scratch_text("v.csv", "1\n2\n3\n");
    char csv[] = "@v.csv", npy[] = "@v.npy";
    assert_true(jn_malloc_sweep(attempt, csv) >= 2);
    assert_true(jn_malloc_sweep(attempt, npy) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_contents_decide_unless_the_name_contradicts),
        cmocka_unit_test(test_infinities_are_numbers_of_a_matrix),
        cmocka_unit_test(test_values_from_texts_and_files),
        cmocka_unit_test(test_values_that_cannot_be_read),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
