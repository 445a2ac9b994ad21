#include "assertions.h"

#include <string.h>

#include "jensen/params.h"

static const double above_zero = 4.9406564584124654e-324; /* nextafter(0, 1) */

static jn_params p = JN_PARAMS_INIT;

static int setup(void **state)
{
    (void)state;
    static const char *const pairs[][2] = { { "n", "2.5" },           { "neg", "-1" },
                                            { "row", "1,2,3" },       { "column", "1;2;3" },
                                            { "matrix", "1,2;3,-4" }, { "word", "probit" } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_ok(jn_params_set_text(&p, pairs[i][0], pairs[i][1], NULL), NULL);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jn_params_free(&p);
    return 0;
}

static void test_numbers(void **state)
{
    (void)state;
    double x = 0.0;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_number(&p, "n", above_zero, INFINITY, &x, &err), &err);
    assert_close(x, 2.5, 0.0, 0.0);
    assert_ok(jn_params_number(&p, "n", 2.5, 2.5, &x, &err), &err); /* ranges are inclusive */
    assert_ok(jn_params_number(&p, "neg", -INFINITY, INFINITY, &x, &err), &err);
    assert_close(x, -1.0, 0.0, 0.0);
}

static void test_number_errors(void **state)
{
    (void)state;
    const struct {
        const char *name;
        double lo, hi;
        const char *message;
    } bad[] = {
        { "neg", above_zero, INFINITY, "parameter 'neg' = -1: expected a number > 0" },
        { "neg", 0.0, INFINITY, "parameter 'neg' = -1: expected a number >= 0" },
        { "neg", above_zero, 1.0, "parameter 'neg' = -1: expected a number in (0, 1]" },
        { "n", 0.0, 1.0, "parameter 'n' = 2.5: expected a number in [0, 1]" },
        { "n", -INFINITY, 1.0, "parameter 'n' = 2.5: expected a number <= 1" },
        { "gone", -INFINITY, INFINITY, "parameter 'gone' is not set: expected a number" },
        { "word", 0.0, 1.0, "parameter 'word' is the word 'probit': expected a number in [0, 1]" },
        { "row", 0.0, INFINITY, "parameter 'row' has shape 1 x 3: expected a number >= 0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double x = 42.0;
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_params_number(&p, bad[i].name, bad[i].lo, bad[i].hi, &x, &err),
                         JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i].message);
        assert_close(x, 42.0, 0.0, 0.0);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    double x[3];
    jn_error err = JN_ERROR_INIT;
    static const char *const both[] = { "row", "column" };
    for (int i = 0; i < 2; i++) {
        assert_ok(jn_params_vector(&p, both[i], 3, 1.0, 3.0, x, &err), &err);
        assert_close(x[0], 1.0, 0.0, 0.0);
        assert_close(x[2], 3.0, 0.0, 0.0);
    }
    assert_ok(jn_params_vector(&p, "n", 3, 0.0, INFINITY, x, &err), &err);
    assert_close(x[2], 2.5, 0.0, 0.0);
}

static void test_vector_errors(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t n;
        double hi;
        const char *message;
    } bad[] = {
        { "row", 2, 9, "parameter 'row' has shape 1 x 3: expected 2 numbers, or one for all" },
        { "column", 1, 9, "parameter 'column' has shape 3 x 1: expected 1 number" },
        { "matrix", 4, 9,
          "parameter 'matrix' has shape 2 x 2: expected 4 numbers, or one for all" },
        { "row", 3, 1, "parameter 'row'[1] = 2: expected a number in [0, 1]" },
        { "column", 3, 1, "parameter 'column'[1,0] = 2: expected a number in [0, 1]" },
        { "gone", 3, 1, "parameter 'gone' is not set: expected 3 numbers, or one for all" },
        { "word", 3, 1,
          "parameter 'word' is the word 'probit': expected 3 numbers, or one for all" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double x[4] = { 42, 42, 42, 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_params_vector(&p, bad[i].name, bad[i].n, 0.0, bad[i].hi, x, &err),
                         JN_ERR_VALUE);
        assert_string_equal(err.message, bad[i].message);
        assert_close(x[0], 42.0, 0.0, 0.0);
    }
}

static void test_matrices(void **state)
{
    (void)state;
    double x[4];
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_matrix(&p, "matrix", 2, 2, -INFINITY, INFINITY, x, &err), &err);
    assert_close(x[1], 2.0, 0.0, 0.0); /* row by row */
    assert_close(x[3], -4.0, 0.0, 0.0);
    assert_ok(jn_params_matrix(&p, "n", 1, 4, 0.0, 9.0, x, &err), &err);
    assert_close(x[3], 2.5, 0.0, 0.0);
    assert_ok(jn_params_matrix(&p, "n", 4, 1, 0.0, 9.0, x, &err), &err);
}

static void test_matrix_errors(void **state)
{
    (void)state;
    double x[9] = { 42 };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_params_matrix(&p, "n", 2, 2, 0, 9, x, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "parameter 'n' has shape 1 x 1: expected 2 x 2 (rows "
                                     "separated by ';')");
    assert_int_equal(jn_params_matrix(&p, "row", 3, 1, 0, 9, x, &err), JN_ERR_VALUE);
    assert_int_equal(jn_params_matrix(&p, "matrix", 2, 2, 0, 9, x, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "parameter 'matrix'[1,1] = -4: expected a number in [0, 9]");
    assert_int_equal(jn_params_matrix(&p, "gone", 2, 2, 0, 9, x, &err), JN_ERR_VALUE);
    assert_int_equal(jn_params_matrix(&p, "word", 2, 2, 0, 9, x, &err), JN_ERR_VALUE);
    assert_close(x[0], 42.0, 0.0, 0.0);
}

static void test_shapes(void **state)
{
    (void)state;
    size_t rows, cols;
    jn_params_shape(&p, "column", &rows, &cols);
    assert_int_equal(rows, 3);
    assert_int_equal(cols, 1);
    static const char *const none[] = { "gone", "word" };
    for (int i = 0; i < 2; i++) {
        jn_params_shape(&p, none[i], &rows, &cols);
        assert_int_equal(rows, 0);
        assert_int_equal(cols, 0);
    }
}

static void test_choices(void **state)
{
    (void)state;
    size_t i = 42;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_choice(&p, "word", "logit|probit", &i, &err), &err);
    assert_int_equal(i, 1);
    assert_ok(jn_params_choice(&p, "word", "probit|logit", &i, &err), &err);
    assert_int_equal(i, 0);
    i = 42;
    assert_int_equal(jn_params_choice(&p, "word", "probi|probits|x", &i, &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "parameter 'word' is 'probit': did you mean 'probi'? It takes "
                                     "one of probi|probits|x");
    assert_int_equal(jn_params_choice(&p, "word", "red|green", &i, &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "parameter 'word' is 'probit': expected one of red|green");
    assert_int_equal(jn_params_choice(&p, "n", "red|green", &i, &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "parameter 'n' is a number: expected one of red|green");
    assert_int_equal(jn_params_choice(&p, "gone", "red|green", &i, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "parameter 'gone' is not set: expected one of red|green");
    assert_int_equal(i, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_number_errors),
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_vector_errors),
        cmocka_unit_test(test_matrices), cmocka_unit_test(test_matrix_errors),
        cmocka_unit_test(test_shapes),   cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
