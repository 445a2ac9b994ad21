/* Networks for tests: small ones made up here, and the trained autoencoder of digits. */
#ifndef JN_TESTS_NETWORKS_H
#define JN_TESTS_NETWORKS_H

#include "jensen/layers.h"
#include "models.h"

/* Layers of these sizes (n + 1 of them) as parameters NAME.k.weight and NAME.k.bias. */
static inline void jn_test_network(jn_params *p, const char *name, size_t n, const size_t *sizes)
{
    for (size_t k = 0; k < n; k++) {
        const size_t in = sizes[k], out = sizes[k + 1];
        double w[1024], b[64];
        char full[64];
        assert_true(in * out <= 1024 && out <= 64);
        for (size_t i = 0; i < in * out; i++) {
            w[i] = jn_chance_normal(50 + k, i) / sqrt((double)in) * (k == 0 ? 1.0 : 1.5);
        }
        for (size_t i = 0; i < out; i++) {
            b[i] = 0.4 * jn_chance_normal(70 + k, i);
        }
        snprintf(full, sizeof full, "%s.%zu.weight", name, k);
        assert_ok(jn_params_set_matrix(p, full, out, in, w), NULL);
        snprintf(full, sizeof full, "%s.%zu.bias", name, k);
        assert_ok(jn_params_set_matrix(p, full, 1, out, b), NULL);
    }
}

/* Rows first .. first + count - 1 of the digits (count 0: all), with or without their encoder. */
static inline jn_model *jn_test_digits(size_t first, size_t count, bool encoder)
{
    enum { N = 1797, D = 64 };
    static double all[N][D + 1];
    char line[512];
    FILE *f = fopen(JN_TEST_DIGITS "/digits.csv", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (size_t i = 0; i < (size_t)N * (D + 1); i++) {
        assert_int_equal(fscanf(f, "%lf%*[,\n]", &all[0][0] + i), 1);
    }
    fclose(f);
    count = count == 0 ? N : count;
    double *x = malloc(count * D * sizeof *x);
    assert_non_null(x);
    for (size_t r = 0; r < count; r++) {
        memcpy(x + r * D, all[first + r], D * sizeof *x);
    }
    jn_table *t = jn_test_table(count, D, NULL, x);
    free(x);
    jn_params p = jn_test_params(TEXTS("binarize=7.5"));
    jn_error err = JN_ERROR_INIT;
    jn_model *m = NULL;
    assert_ok(jn_layers_read(JN_TEST_DIGITS "/decoder", "decoder", &p, &err), &err);
    if (encoder) {
        assert_ok(jn_layers_read(JN_TEST_DIGITS "/encoder", "encoder", &p, &err), &err);
    }
    assert_ok(jn_model_new("decoder", &p, t, &m, &err), &err);
    jn_params_free(&p);
    jn_table_free(t);
    return m;
}

#endif
