/* Written tables read back. */
#include <stdlib.h>

#include "../assertions.h"
#include "jensen/csv.h"
#include "malloc_sweep.h"
#include "scratch.h"

static void test_cells_come_back(void **state)
{
    (void)state;
    static const char text[] = "name,\"a,b\",\"with \"\"quotes\"\"\"\n"
                               "x,1.50,\" blank at an end\"\n"
                               "\"two\nlines\",,plain\n";
    jn_table *t = NULL, *back = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_csv_read(jn_scratch_text("in.csv", text), NULL, &t, &err), &err);
    assert_ok(jn_csv_write("out.csv", t, &err), &err);
    char *written = jn_scratch_contents("out.csv", NULL);
    assert_string_equal(written, text);
    free(written);
    assert_ok(jn_csv_read("out.csv", NULL, &back, &err), &err);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(t->cells[i], back->cells[i]);
    }
    jn_table_free(t);
    jn_table_free(back);
}

static void test_numbers_come_back(void **state)
{
    (void)state;
    const double x[] = { 0.1, -1e-300, 1.0 / 3.0, 12345678901234567.0 };
    double back[2];
    jn_table *t = NULL, *read = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_table_new("x", 2, 2, NULL, x, &t), NULL);
    assert_ok(jn_csv_write("n.csv", t, &err), &err);
    assert_ok(jn_csv_read("n.csv", NULL, &read, &err), &err);
    for (size_t c = 0; c < 2; c++) {
        assert_ok(jn_table_numbers(read, c, back, &err), &err);
        assert_true(back[0] == x[c] && back[1] == x[2 + c]);
    }
    jn_table_free(t);
    jn_table_free(read);
}

static void test_a_full_disk_is_an_error(void **state)
{
    (void)state;
    const double x = 1.0;
    jn_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_table_new("x", 1, 1, NULL, &x, &t), NULL);
    assert_int_equal(jn_csv_write("/dev/full", t, &err), JN_ERR_IO);
    assert_int_equal(jn_csv_write("no/such/folder.csv", t, &err), JN_ERR_IO);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_come_back),
        cmocka_unit_test(test_numbers_come_back),
        cmocka_unit_test(test_a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
