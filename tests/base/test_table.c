#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/table.h"
#include "malloc_sweep.h"

static const double six[] = { 1, 2, 3, 4, 5.5, 6 };

static void test_numbers_with_given_and_made_names(void **state)
{
    (void)state;
    jn_table *t = NULL;
    assert_ok(jn_table_new("d.npy", 3, 2, (const char *const[]){ "y", "sd" }, six, &t), NULL);
    assert_int_equal(t->n_rows, 3);
    assert_int_equal(jn_table_find(t, "y"), 0);
    assert_int_equal(jn_table_find(t, "sd"), 1);
    assert_int_equal(jn_table_find(t, "Y"), JN_NO_COLUMN);
    double y[3];
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_table_numbers(t, 1, y, &err), &err);
    assert_close(y[0], 2.0, 0.0, 0.0); /* copies round nothing */
    assert_close(y[2], 6.0, 0.0, 0.0);
    char buf[32];
    assert_string_equal(jn_table_text(t, 2, 0, buf), "5.5");
    jn_table_free(t);

    assert_ok(jn_table_new(NULL, 2, 3, NULL, six, &t), NULL);
    assert_string_equal(t->origin, "(built in)");
    assert_string_equal(t->names[0], "x1");
    assert_string_equal(t->names[2], "x3");
    char where[64];
    assert_string_equal(jn_table_where(t, 1, where, sizeof where), "(built in), row 1");
    jn_table_free(t);
    jn_table_free(NULL);
}

static void test_new_refuses_empty_tables_and_bad_names(void **state)
{
    (void)state;
    jn_table *t = (jn_table *)1;
    assert_int_equal(jn_table_new("a", 0, 2, NULL, six, &t), JN_ERR_VALUE);
    assert_int_equal(jn_table_new("a", 2, 0, NULL, six, &t), JN_ERR_VALUE);
    const char *const twice[] = { "a", "a" }, *const empty[] = { "a", "" };
    assert_int_equal(jn_table_new("a", 3, 2, twice, six, &t), JN_ERR_VALUE);
    assert_int_equal(jn_table_new("a", 3, 2, empty, six, &t), JN_ERR_VALUE);
    const volatile size_t many = SIZE_MAX / 2;
    assert_int_equal(jn_table_new("a", many, 3, NULL, six, &t), JN_ERR_NOMEM);
    assert_ptr_equal(t, (jn_table *)1);
}

static void test_numbers_that_are_not_finite(void **state)
{
    (void)state;
    const double x[] = { 1, NAN, 2, -INFINITY };
    jn_table *t = NULL;
    assert_ok(jn_table_new("w.npy", 2, 2, NULL, x, &t), NULL);
    double out[2] = { 42, 42 };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_table_numbers(t, 1, out, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "w.npy, row 0, column 'x2': found 'nan', expected a number");
    assert_close(out[0], 42.0, 0.0, 0.0);
    assert_int_equal(jn_table_numbers(t, 2, out, &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "w.npy: column 2 asked for, there are 2");
    jn_table_free(t);
}

/* A table of cells as a reader makes it; `text` is the cells, separated by commas. */
static jn_table *cells(size_t n_rows, size_t n_cols, const char *text)
{
    double *zero = jn_alloc_doubles(n_rows * n_cols);
    jn_table *t = NULL;
    assert_ok(jn_table_new("d.csv", n_rows, n_cols, NULL, zero, &t), NULL);
    free(zero);
    free(t->numbers);
    t->numbers = NULL;
    t->arena = jn_strdup(text);
    t->cells = jn_alloc(n_rows * n_cols, sizeof *t->cells);
    t->lines = jn_alloc(n_rows, sizeof *t->lines);
    char *p = t->arena;
    for (size_t i = 0; i < n_rows * n_cols; i++) {
        t->lines[i / n_cols] = i / n_cols + 2;
        t->cells[i] = strsep(&p, ",");
    }
    return t;
}

static void test_cells_as_numbers(void **state)
{
    (void)state;
    jn_table *t = cells(3, 1, "1e3,-0.5,7");
    double y[3];
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_table_numbers(t, 0, y, &err), &err);
    assert_close(y[0], 1000.0, 0.0, 0.0); /* exact in binary */
    assert_close(y[1], -0.5, 0.0, 0.0);
    assert_close(y[2], 7.0, 0.0, 0.0);
    char where[64], buf[32];
    assert_string_equal(jn_table_where(t, 2, where, sizeof where), "d.csv, line 4");
    assert_string_equal(jn_table_text(t, 0, 0, buf), "1e3");
    jn_table_free(t);
}

static void test_cells_that_are_no_numbers(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "1,2,,4", "found an empty cell, expected a number" },
        { "1,2,NA,4", "found 'NA', expected a number" },
        { "1,2,nan,4", "found 'nan', expected a number" },
        { "1,2,-inf,4", "found '-inf', expected a number" },
        { "1,2,5x,4", "found '5x', expected a number" },
        { "1,2,0x1f,4", "found '0x1f', expected a number" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_table *t = cells(2, 2, bad[i][0]);
        double out[2] = { 42, 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_table_numbers(t, 0, out, &err), JN_ERR_VALUE);
        char want[200] = "d.csv, line 3, column 'x1': ";
        assert_string_equal(err.message, strcat(want, bad[i][1]));
        assert_close(out[0], 42.0, 0.0, 0.0); /* untouched, although row 0 was fine */
        assert_ok(jn_table_numbers(t, 1, out, &err), &err);
        jn_table_free(t);
    }
}

static jn_status attempt_new(void *user)
{
    (void)user;
    jn_table *t = (jn_table *)1;
    const char *const names[] = { "a", "b" };
    const jn_status status = jn_table_new("d.csv", 3, 2, names, six, &t);
    if (status == JN_OK) {
        jn_table_free(t);
    } else {
        assert_ptr_equal(t, (jn_table *)1);
    }
    return status;
}

static void test_new_survives_failing_memory(void **state)
{
    (void)state;
    assert_true(jn_malloc_sweep(attempt_new, NULL) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_with_given_and_made_names),
        cmocka_unit_test(test_new_refuses_empty_tables_and_bad_names),
        cmocka_unit_test(test_numbers_that_are_not_finite),
        cmocka_unit_test(test_cells_as_numbers),
        cmocka_unit_test(test_cells_that_are_no_numbers),
        cmocka_unit_test(test_new_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
