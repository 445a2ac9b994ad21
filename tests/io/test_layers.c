#include "assertions.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jensen/layers.h"
#include "jensen/npy.h"
#include "malloc_sweep.h"
#include "scratch.h"

static void write_layer(const char *name, size_t rows, size_t cols, int ndim, const double *x)
{
    double copy[8];
    memcpy(copy, x, rows * cols * sizeof *x);
    const jn_matrix m = { .rows = rows, .cols = cols, .ndim = ndim, .x = copy };
    assert_ok(jn_npy_write(name, &m, NULL), NULL);
}

static const double numbers[] = { 1, 2, 3, 4, 5, 6, NAN, 8 };

/* net: 2 -> 3 -> 1 */
static void write_network(void)
{
    write_layer("net.0.weight.npy", 3, 2, 2, numbers);
    write_layer("net.0.bias.npy", 1, 3, 1, numbers);
    write_layer("net.1.weight.npy", 1, 3, 2, numbers + 3);
    write_layer("net.1.bias.npy", 1, 1, 1, numbers + 1);
}

static void test_layers_become_parameters(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    size_t rows, cols;
    write_network();
    assert_ok(jn_params_set_number(&p, "other", 7.0), NULL);
    assert_ok(jn_layers_read("net", "decoder", &p, &err), &err);
    assert_int_equal(p.n, 6);
    assert_string_equal(jn_params_find(&p, "decoder")->word, "net");
    jn_params_shape(&p, "decoder.0.weight", &rows, &cols);
    assert_true(rows == 3 && cols == 2);
    assert_true(jn_params_find(&p, "decoder.0.weight")->x[5] == 6.0);
    assert_true(jn_params_find(&p, "decoder.1.bias")->x[0] == 2.0);
    jn_params_free(&p);
}

static const jn_param_spec specs[] = { { "decoder", JN_LAYERS, NULL, "" },
                                       { "encoder", JN_LAYERS, NULL, "" },
                                       { "activation", "word", "tanh", "" } };

static void test_networks_among_the_parameters(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    write_network();
    assert_ok(jn_params_set_word(&p, "decoder", "./net"), NULL);
    assert_ok(jn_params_set_word(&p, "activation", "net"), NULL); /* no network */
    assert_ok(jn_layers_resolve(specs, 3, &p, &err), &err);
    assert_int_equal(p.n, 6);
    assert_non_null(jn_params_find(&p, "decoder.1.weight"));
    assert_ok(jn_params_complete(&p, specs, 3, "model m", &err), &err);
    assert_true(jn_param_is_layer("decoder.10.bias", specs, 3));
    assert_false(jn_param_is_layer("decoder.10.biased", specs, 3));
    assert_false(jn_param_is_layer("decoder..bias", specs, 3));
    assert_false(jn_param_is_layer("decoder", specs, 3));
    assert_false(jn_param_is_layer("activation.0.bias", specs, 3));
    assert_ok(jn_params_set_word(&p, "encoder", "lost"), NULL);
    assert_int_equal(jn_layers_resolve(specs, 3, &p, &err), JN_ERR_IO);
    assert_non_null(strstr(err.message, "encoder: lost.0.weight.npy: no such file"));
    jn_params_free(&p);
}

static void refused(jn_status status, const char *part)
{
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_layers_read("net", "decoder", &p, &err), status);
    assert_int_equal(p.n, 0);
    if (strstr(err.message, part) == NULL || strchr(err.message, '\n') != NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
}

static void test_files_that_are_not_there_or_no_good(void **state)
{
    (void)state;
    size_t n;
    write_network();
    assert_int_equal(unlink("net.1.bias.npy"), 0);
    refused(JN_ERR_IO, "net.1.bias.npy: no such file, but the weight");
    write_network();
    assert_int_equal(unlink("net.1.weight.npy"), 0);
    refused(JN_ERR_IO, "net.1.weight.npy: no such file, but the bias");
    assert_int_equal(unlink("net.1.bias.npy"), 0);
    write_layer("net.2.weight.npy", 1, 1, 2, numbers);
    refused(JN_ERR_IO, "net.1.weight.npy: no such file, but the layer after it");
    assert_int_equal(unlink("net.2.weight.npy"), 0);
    write_layer("net.0.bias.npy", 1, 3, 1, numbers + 5);
    refused(JN_ERR_VALUE, "net.0.bias.npy: element [0,1] is nan");
    char *bytes = jn_scratch_contents("net.0.weight.npy", &n);
    jn_scratch_file("net.0.weight.npy", bytes, n - 3);
    free(bytes);
    refused(JN_ERR_VALUE, "net.0.weight.npy");
    assert_int_equal(unlink("net.0.weight.npy"), 0);
    assert_int_equal(unlink("net.0.bias.npy"), 0);
    refused(JN_ERR_IO, "net.0.weight.npy: no such file; a network is PREFIX.0.weight.npy");
}

static jn_status attempt(void *user)
{
    jn_params p = JN_PARAMS_INIT;
    (void)user;
    const jn_status status = jn_layers_read("net", "decoder", &p, NULL);
    assert_true(status == JN_OK || p.n == 0);
    jn_params_free(&p);
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    write_network();
    assert_true(jn_malloc_sweep(attempt, NULL) >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_become_parameters),
        cmocka_unit_test(test_networks_among_the_parameters),
        cmocka_unit_test(test_files_that_are_not_there_or_no_good),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
