#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/csv.h"
#include "malloc_sweep.h"
#include "scratch.h"

static const jn_csv_options weights = { .non_finite = true, .header = true };

static jn_matrix read_text(const char *text, const jn_csv_options *options)
{
    jn_matrix m = JN_MATRIX_INIT;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_text("m.csv", text);
    assert_ok(jn_csv_matrix("m.csv", options, &m, &err), &err);
    return m;
}

static void test_rows_of_numbers(void **state)
{
    (void)state;
    jn_matrix m = read_text("1,2,3\n 4e2 ,\"-5\",.5\n", NULL);
    assert_int_equal(m.rows, 2);
    assert_int_equal(m.cols, 3);
    assert_int_equal(m.ndim, 2);
    assert_close(m.x[3], 400.0, 0.0, 0.0); /* exact */
    assert_close(m.x[4], -5.0, 0.0, 0.0);
    assert_close(m.x[5], 0.5, 0.0, 0.0);
    jn_matrix_free(&m);
    assert_null(m.x);
    jn_matrix_free(NULL);
}

static void test_non_finite_numbers_where_they_are_asked_for(void **state)
{
    (void)state;
    jn_matrix m = read_text("-inf,1\nInf,+Infinity\n-Infinity,NaN\n", &weights);
    assert_close(m.x[0], -INFINITY, 0.0, 0.0);
    assert_close(m.x[2], INFINITY, 0.0, 0.0);
    assert_close(m.x[3], INFINITY, 0.0, 0.0);
    assert_close(m.x[4], -INFINITY, 0.0, 0.0);
    assert_true(isnan(m.x[5]));
    jn_matrix_free(&m);
}

static void test_a_header_is_skipped_where_it_is_allowed(void **state)
{
    (void)state;
    jn_matrix m = read_text("log_w,\"other\"\n1,2\n", &weights);
    assert_int_equal(m.rows, 1);
    assert_close(m.x[1], 2.0, 0.0, 0.0);
    jn_matrix_free(&m);
    m = read_text("7\n8\n", &weights);
    assert_int_equal(m.rows, 2);
    jn_matrix_free(&m);
}

static void test_malformed_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const jn_csv_options *options;
        const char *message;
    } bad[] = {
        { "", NULL, "m.csv is empty" },
        { "1,2\n3\n", NULL, "m.csv, line 2: 1 cell where the rows before have 2" },
        { "1\n2,3\n", NULL, "m.csv, line 2: 2 cells where the rows before have 1" },
        { "1,2\n3,x\n", NULL, "m.csv, line 2, cell 2: found 'x', expected a number" },
        { "1,2\n3,\n", NULL, "m.csv, line 2, cell 2: found an empty cell, expected a number" },
        { "1,-inf\n", NULL, "m.csv, line 1, cell 2: found '-inf', expected a number" },
        { "a,b\n1,2\n", NULL, "m.csv, line 1, cell 1: found 'a', expected a number" },
        { "a,b\n", &weights, "m.csv has a header but no rows" },
        { "a,2\n1,2\n", &weights, "m.csv, line 1, cell 1: found 'a', expected a number" },
        { "1,b\n1,2\n", &weights, "m.csv, line 1, cell 2: found 'b', expected a number" },
        { "a,b\nc,d\n", &weights, "m.csv, line 2, cell 1: found 'c', expected a number" },
        { "1,infx\n", &weights, "m.csv, line 1, cell 2: found 'infx', expected a number" },
        { "1,\"2\n", NULL, "m.csv, line 1: a quote that is never closed" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_matrix m = { .rows = 42 };
        jn_error err = JN_ERROR_INIT;
        jn_scratch_text("m.csv", bad[i].text);
        assert_int_equal(jn_csv_matrix("m.csv", bad[i].options, &m, &err), JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(m.rows, 42);
    }
    jn_matrix m = { .rows = 42 };
    assert_int_equal(jn_csv_matrix("gone", NULL, &m, NULL), JN_ERR_IO);
    assert_int_equal(m.rows, 42);
}

static jn_status attempt(void *user)
{
    (void)user;
    jn_matrix m = { .rows = 42 };
    const jn_status status = jn_csv_matrix("m.csv", NULL, &m, NULL);
    if (status == JN_OK) {
        jn_matrix_free(&m);
    } else {
        assert_int_equal(m.rows, 42);
    }
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    char text[2000] = "";
    for (int i = 0; i < 300; i++) {
        strcat(text, "1\n");
    }
    jn_scratch_text("m.csv", text);
    assert_true(jn_malloc_sweep(attempt, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_numbers),
        cmocka_unit_test(test_non_finite_numbers_where_they_are_asked_for),
        cmocka_unit_test(test_a_header_is_skipped_where_it_is_allowed),
        cmocka_unit_test(test_malformed_files),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
