#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/csv.h"
#include "jensen/npy.h"
#include "malloc_sweep.h"
#include "scratch.h"

static jn_table *read_text(const char *text, char separator)
{
    const jn_csv_options options = { .separator = separator };
    jn_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_text("d.csv", text);
    assert_ok(jn_csv_read("d.csv", separator ? &options : NULL, &t, &err), &err);
    return t;
}

/* The table written as name|name/cell|cell/... */
static void expect(const char *text, char separator, const char *want)
{
    char got[400] = "", buf[32];
    jn_table *t = read_text(text, separator);
    for (size_t c = 0; c < t->n_cols; c++) {
        strcat(strcat(got, c > 0 ? "|" : ""), t->names[c]);
    }
    for (size_t i = 0; i < t->n_rows * t->n_cols; i++) {
        strcat(got, i % t->n_cols == 0 ? "/" : "|");
        strcat(got, jn_table_text(t, i / t->n_cols, i % t->n_cols, buf));
    }
    assert_string_equal(got, want);
    jn_table_free(t);
}

static void test_what_people_write(void **state)
{
    (void)state;
    expect("y,n\n1,2\n3,4\n", 0, "y|n/1|2/3|4");
    expect("y,n\r\n1,2\r\n3,4", 0, "y|n/1|2/3|4");
    expect("y,n\r1,2\r3,4\r", 0, "y|n/1|2/3|4");
    expect("\xef\xbb\xbfy,n\n1,2\n\n\r\n\n", 0, "y|n/1|2");
    expect("y , n\n 1 ,\t2\t\n", 0, "y|n/1|2");
    expect("y,n\n,\n1,", 0, "y|n/|/1|");
    expect("y\n1\n\n2\n", 0, "y/1//2"); /* an empty line in a single column is an empty cell */
    expect("y;n\n1,5;2\n", ';', "y|n/1,5|2");
    expect("y\tn\n a\t\n", '\t', "y|n/a|");
    expect("y,n\n5\" pipe,\xc3\xa9\n", 0, "y|n/5\" pipe|\xc3\xa9");
}

static void test_quoted_cells(void **state)
{
    (void)state;
    expect("\"y\",\"a,b\"\n\"1\",\"x\"\n", 0, "y|a,b/1|x");
    expect("y,n\n\"a \"\"b\"\" c\",\"\"\n", 0, "y|n/a \"b\" c|");
    expect("y,n\n  \" a \"  ,\"\"\"\"\n", 0, "y|n/ a |\"");
    expect("y,n\n\"two\nlines\",\"\r\n\"\n", 0, "y|n/two\nlines|\r\n");
    expect("y\n\"\"", 0, "y/");
    expect("y\n\"a\n\n\"", 0, "y/a\n\n");
}

static void test_rows_know_their_lines(void **state)
{
    (void)state;
    jn_table *t = read_text("y,n\n\"a\nb\r\nc\rd\",2\n1,\"\"\r\n5,x\n", 0);
    assert_int_equal(t->lines[0], 2);
    assert_int_equal(t->lines[1], 6);
    assert_int_equal(t->lines[2], 7);
    double x[3];
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_table_numbers(t, 1, x, &err), JN_ERR_VALUE);
    assert_string_equal(err.message,
                        "d.csv, line 6, column 'n': found an empty cell, expected a number");
    jn_table_free(t);
}

static void test_malformed_files(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "d.csv is empty" },
        { "\n\r\n", "d.csv is empty" },
        { "\xef\xbb\xbf", "d.csv is empty" },
        { "y,n", "d.csv has a header but no rows" },
        { "y,n\n\n\n", "d.csv has a header but no rows" },
        { "1,2\n3,4\n", "d.csv, line 1: '1' is a number; the first line names the columns" },
        { "y,,n\n1,2,3\n", "d.csv, line 1: column 2 of 3 has no name" },
        { "y,n,\n1,2,\n", "d.csv, line 1: column 3 of 3 has no name" },
        { "y,n,y\n1,2,3\n", "d.csv, line 1: two columns are called 'y'" },
        { "y,n\n1,2\n3\n", "d.csv, line 3: 1 cell where the header has 2" },
        { "y,n\n1,2,3\n", "d.csv, line 2: 3 cells where the header has 2" },
        { "y,n\n\"a\n\",2\n3,4,5\n", "d.csv, line 4: 3 cells where the header has 2" },
        { "y,n\n1,2\n\n3,4\n", "d.csv, line 3 is empty: expected 2 cells" },
        { "y,n\n1,\"2\n3,4\n", "d.csv, line 2: a quote that is never closed" },
        { "y,n\n1,\"2\"x\n", "d.csv, line 2: text after the closing quote of a cell" },
        { "y,n\n1,\"2\"\"\n", "d.csv, line 2: a quote that is never closed" },
        { "\xff\xfey", "d.csv is UTF-16 text: save it as UTF-8" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_table *t = (jn_table *)1;
        jn_error err = JN_ERROR_INIT;
        jn_scratch_text("d.csv", bad[i][0]);
        assert_int_equal(jn_csv_read("d.csv", NULL, &t, &err), JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i][1]);
        assert_ptr_equal(t, (jn_table *)1);
    }
    jn_table *t = (jn_table *)1;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_file("d.csv", "y,n\n1,\0\n", 8);
    assert_int_equal(jn_csv_read("d.csv", NULL, &t, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "d.csv, line 2: a NUL byte, so this is no text file");
    assert_int_equal(jn_csv_read("gone.csv", NULL, &t, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot open gone.csv: No such file or directory");
    assert_ptr_equal(t, (jn_table *)1);
}

static void test_standard_input(void **state)
{
    (void)state;
    jn_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_stdin("y\n1\n", 4);
    assert_ok(jn_csv_read("-", NULL, &t, &err), &err);
    jn_scratch_stdin_restore();
    assert_string_equal(t->origin, "standard input");
    assert_int_equal(t->n_rows, 1);
    jn_table_free(t);
    jn_scratch_stdin("y\n1,2\n", 6);
    assert_int_equal(jn_csv_read("-", NULL, &t, &err), JN_ERR_VALUE);
    jn_scratch_stdin_restore();
    assert_string_equal(err.message, "standard input, line 2: 2 cells where the header has 1");
}

/* Many rows and many columns: growth, and the check of names must not be quadratic. */
static void test_large_tables(void **state)
{
    (void)state;
    enum { WIDE = 100000, LONG = 50000 };
    char *text = malloc(WIDE * 16);
    size_t n = 0;
    for (int row = 0; row < 2; row++) {
        for (int c = 0; c < WIDE; c++) {
            n += (size_t)sprintf(text + n, "%s%d%c", row == 0 ? "c" : "", c,
                                 c == WIDE - 1 ? '\n' : ',');
        }
    }
    jn_table *t = read_text(text, 0);
    assert_int_equal(t->n_cols, WIDE);
    assert_string_equal(t->cells[WIDE - 1], "99999");
    jn_table_free(t);

    n = (size_t)sprintf(text, "a,b\n");
    for (int r = 0; r < LONG; r++) {
        n += (size_t)sprintf(text + n, "%d,%d.5\n", r, -r);
    }
    t = read_text(text, 0);
    assert_int_equal(t->n_rows, LONG);
    double *x = calloc(LONG, sizeof *x);
    assert_ok(jn_table_numbers(t, 1, x, NULL), NULL);
    for (int r = 1; r < LONG; r++) {
        assert_close(x[r], -(r + 0.5), 0.0, 0.0); /* halves are exact */
    }
    free(x);
    jn_table_free(t);
    free(text);
}

static void test_tables_from_either_kind_of_file(void **state)
{
    (void)state;
    jn_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_text("d.csv", "y\n1\n");
    assert_ok(jn_table_read("d.csv", &t, &err), &err);
    assert_non_null(t->cells);
    jn_table_free(t);
    double x[] = { 1, 2, 3 };
    for (int ndim = 1; ndim <= 2; ndim++) {
        const jn_matrix m = { .rows = 1, .cols = 3, .ndim = ndim, .x = x };
        assert_ok(jn_npy_write("d.npy", &m, &err), &err);
        assert_ok(jn_table_read("d.npy", &t, &err), &err);
        assert_int_equal(t->n_rows, ndim == 1 ? 3 : 1);
        assert_int_equal(t->n_cols, ndim == 1 ? 1 : 3);
        assert_string_equal(t->names[0], "x1");
        assert_close(t->numbers[2], 3.0, 0.0, 0.0);
        assert_string_equal(t->origin, "d.npy");
        jn_table_free(t);
    }
    assert_int_equal(jn_table_read("gone", &t, &err), JN_ERR_IO);
}

static jn_status attempt(void *path)
{
    jn_table *t = (jn_table *)1;
    jn_error err = JN_ERROR_INIT;
    const jn_status status = jn_table_read(path, &t, &err);
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
    char text[4000] = "a,b,c\n";
    for (int i = 0; i < 200; i++) {
        strcat(text, "1,2,3\n");
    }
    jn_scratch_text("d.csv", text);
    char csv[] = "d.csv", npy[] = "d.npy";
    assert_true(jn_malloc_sweep(attempt, csv) >= 9);
    double x[] = { 1, 2, 3 };
    const jn_matrix m = { .rows = 1, .cols = 3, .ndim = 2, .x = x };
    assert_ok(jn_npy_write("d.npy", &m, NULL), NULL);
    assert_true(jn_malloc_sweep(attempt, npy) >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_write),
        cmocka_unit_test(test_quoted_cells),
        cmocka_unit_test(test_rows_know_their_lines),
        cmocka_unit_test(test_malformed_files),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_large_tables),
        cmocka_unit_test(test_tables_from_either_kind_of_file),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
