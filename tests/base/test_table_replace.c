/* Columns of a table exchanged for numbers. */
#include "../models.h"

#include "malloc_sweep.h"

static void test_columns_are_put_in_place(void **state)
{
    (void)state;
    const double old[] = { 1.0, 2.5, 3.0, 4.0 }, x[] = { 7.0, 8.0, 0.1, 1e300 };
    jn_table *t = jn_test_table(2, 2, TEXTS("a", "y"), old), *made = NULL;
    assert_ok(jn_table_replace(t, 2, 2, TEXTS("y", "b"), x, &made), NULL);
    assert_int_equal(made->n_rows, 2);
    assert_int_equal(made->n_cols, 3);
    const char *const names[] = { "b", "a", "y" };
    const char *const cells[] = { "0.1", "1", "7", "1e+300", "3", "8" };
    for (size_t c = 0; c < 3; c++) {
        assert_string_equal(made->names[c], names[c]);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(made->cells[i], cells[i]);
    }
    jn_table_free(made);
    jn_table_free(t);
}

static void test_a_table_from_nothing(void **state)
{
    (void)state;
    const double x[] = { 1.0, 2.0, 3.0 };
    jn_table *made = NULL;
    assert_ok(jn_table_replace(NULL, 3, 1, TEXTS("y"), x, &made), NULL);
    assert_int_equal(made->n_cols, 1);
    double back[3];
    assert_ok(jn_table_numbers(made, 0, back, NULL), NULL);
    assert_memory_equal(back, x, sizeof x);
    jn_table_free(made);
}

static jn_status attempt(void *user)
{
    const double x[] = { 1.0, 2.0 };
    jn_table *made = NULL;
    const jn_status st = jn_table_replace(user, 2, 1, TEXTS("z"), x, &made);
    assert_true(st == JN_OK || made == NULL);
    jn_table_free(made);
    return st;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    const double old[] = { 1.0, 2.0 };
    jn_table *t = jn_test_table(2, 1, TEXTS("y"), old);
    assert_true(jn_malloc_sweep(attempt, t) >= 7);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_put_in_place),
        cmocka_unit_test(test_a_table_from_nothing),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
