#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/table.h"
#include "malloc_sweep.h"

enum { ROWS = 4, COLS = 5 };
static const char *const columns[COLS] = { "label", "p0", "p1", "p2", "a..b" };

/* Number 10 r + c in row r, column c. */
static jn_table *numbers(void)
{
    double x[ROWS * COLS];
    for (int i = 0; i < ROWS * COLS; i++) {
        x[i] = 10 * (i / COLS) + i % COLS;
    }
    jn_table *t = NULL;
    assert_ok(jn_table_new("d.csv", ROWS, COLS, columns, x, &t), NULL);
    return t;
}

/* The same as text: "r c". */
static jn_table *cells(void)
{
    jn_table *t = numbers();
    free(t->numbers);
    t->numbers = NULL;
    t->cells = jn_alloc(ROWS * COLS, sizeof *t->cells);
    t->lines = jn_alloc(ROWS, sizeof *t->lines);
    t->arena = jn_alloc(ROWS * COLS, 8);
    for (size_t i = 0; i < ROWS * COLS; i++) {
        t->lines[i / COLS] = 2 + 3 * (i / COLS);
        t->cells[i] = t->arena + 8 * i;
        snprintf(t->cells[i], 8, "%zu", 10 * (i / COLS) + i % COLS);
    }
    return t;
}

static void expect(const jn_table *t, size_t row, size_t col, const char *want)
{
    char buf[32];
    assert_string_equal(jn_table_text(t, row, col, buf), want);
}

static void test_rows_and_columns_of_both_kinds(void **state)
{
    (void)state;
    jn_table *whole[] = { numbers(), cells() };
    for (int i = 0; i < 2; i++) {
        jn_table *t = NULL;
        jn_error err = JN_ERROR_INIT;
        const char *const names[] = { "p1..a..b", "label" };
        /* "p1..a..b": from p1 to the column that is called a..b */
        assert_ok(jn_table_select(whole[i], 1, 2, names, 2, &t, &err), &err);
        jn_table_free(whole[i]); /* the part owns all it needs */
        assert_int_equal(t->n_rows, 2);
        assert_int_equal(t->n_cols, 4);
        assert_string_equal(t->names[0], "p1");
        assert_string_equal(t->names[2], "a..b");
        assert_string_equal(t->names[3], "label");
        expect(t, 0, 0, "12");
        expect(t, 1, 2, "24");
        expect(t, 1, 3, "20");
        char where[64];
        assert_string_equal(jn_table_where(t, 1, where, sizeof where),
                            i == 0 ? "d.csv, row 1" : "d.csv, line 8");
        jn_table_free(t);
    }
}

static void test_no_names_means_all_columns(void **state)
{
    (void)state;
    jn_table *whole = numbers(), *t = NULL;
    assert_ok(jn_table_select(whole, 3, 1, NULL, 0, &t, NULL), NULL);
    assert_int_equal(t->n_cols, COLS);
    expect(t, 0, 4, "34");
    jn_table_free(t);
    jn_table_free(whole);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    static const struct {
        size_t first, count;
        const char *name, *message;
    } bad[] = {
        { 0, 0, "p0", "d.csv: no row is chosen" },
        { 4, 1, "p0", "d.csv: rows from 4, 1 of them, are asked for, but it has 4" },
        { 2, 3, "p0", "d.csv: rows from 2, 3 of them, are asked for, but it has 4" },
        { 1, SIZE_MAX, "p0",
          "d.csv: rows from 1, 18446744073709551615 of them, are asked for, but it has 4" },
        { 0, 1, "lable", "d.csv has no column 'lable'; did you mean 'label'?" },
        { 0, 1, "unlikely", "d.csv has no column 'unlikely' among its 5" },
        { 0, 1, "p0..p7", "d.csv has no column 'p7'; did you mean 'p0'?" },
        { 0, 1, "elsewhere..p1", "d.csv has no column 'elsewhere' among its 5" },
        { 0, 1, "p2..p0", "d.csv: the columns of 'p2..p0' stand in the other order" },
    };
    jn_table *whole = numbers(), *t = (jn_table *)1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(
            jn_table_select(whole, bad[i].first, bad[i].count, &bad[i].name, 1, &t, &err),
            JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i].message);
    }
    jn_error err = JN_ERROR_INIT;
    const char *const twice[] = { "p0..p2", "p1" };
    assert_int_equal(jn_table_select(whole, 0, 1, twice, 2, &t, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "d.csv: column 'p1' is chosen twice");
    assert_ptr_equal(t, (jn_table *)1);
    jn_table_free(whole);
}

static jn_status attempt(void *user)
{
    jn_table *t = (jn_table *)1;
    const char *const names[] = { "label", "p0..p2" };
    const jn_status status = jn_table_select(user, 0, 2, names, 2, &t, NULL);
    if (status == JN_OK) {
        jn_table_free(t);
    } else {
        assert_ptr_equal(t, (jn_table *)1);
    }
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    jn_table *whole[] = { numbers(), cells() };
    for (int i = 0; i < 2; i++) {
        assert_true(jn_malloc_sweep(attempt, whole[i]) >= 8);
        jn_table_free(whole[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_columns_of_both_kinds),
        cmocka_unit_test(test_no_names_means_all_columns),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
