#include "chains.h"

#include "base/dense.h"

static jn_table *two_series(void)
{
    return jn_test_table(3, 3, (const char *const[]){ "year", "y1", "y2" },
                         (double[]){ 1, 0.3, -0.2, 2, 1.1, 0.4, 3, -0.7, 2.0 });
}

#define DENSE                                                                                     \
    "F=0.9,0.2;-0.1,0.7", "Q=0.5,0.1;0.1,0.3", "H=1,0.5;0.2,2", "R=0.4,-0.1;-0.1,0.2", "m0=1,-2", \
        "P0=2,0.6;0.6,1"

/* log N(x; mean, cov) in two coordinates, by the inverse written out. */
static double log_normal_2(const double x[2], const double mean[2], const double cov[4])
{
    const double det = cov[0] * cov[3] - cov[1] * cov[2];
    const double a = x[0] - mean[0], b = x[1] - mean[1];
    const double quad = (cov[3] * a * a - (cov[1] + cov[2]) * a * b + cov[0] * b * b) / det;
    return -log(2.0 * M_PI) - 0.5 * log(det) - 0.5 * quad;
}

static void test_densities(void **state)
{
    (void)state;
    enum { N = 150, LD = 160 }; /* more than two chunks */
    static double from[2 * LD], to[2 * LD], out[LD];
    jn_table *data = two_series();
    jn_model *m = jn_test_model("lgssm", TEXTS(DENSE), data);
    assert_string_equal(m->notes, "1 column beside y not used");
    assert_true(m->dim == 2 && m->chain->n_steps(m->self, 0) == 3);
    for (size_t k = 0; k < 2 * LD; k++) {
        from[k] = jn_chance_normal(1, k);
        to[k] = jn_chance_normal(2, k);
    }
    const double P0[] = { 2, 0.6, 0.6, 1 }, Q[] = { 0.5, 0.1, 0.1, 0.3 };
    const double R[] = { 0.4, -0.1, -0.1, 0.2 }, y[] = { 1.1, 0.4 };
    assert_ok(m->chain->log_initial(m->self, N, LD, to, out), NULL);
    for (size_t i = 0; i < N; i++) {
        const double z[] = { to[i], to[LD + i] };
        assert_close(out[i], log_normal_2(z, (double[]){ 1, -2 }, P0), 1e-13, 0.0);
    }
    assert_ok(m->chain->log_transition(m->self, 1, N, LD, from, to, out), NULL);
    for (size_t i = 0; i < N; i++) {
        const double z[] = { to[i], to[LD + i] };
        const double mean[] = { 0.9 * from[i] + 0.2 * from[LD + i],
                                -0.1 * from[i] + 0.7 * from[LD + i] };
        assert_close(out[i], log_normal_2(z, mean, Q), 1e-13, 0.0);
    }
    assert_ok(m->chain->log_emission(m->self, 0, 1, N, LD, to, out), NULL);
    for (size_t i = 0; i < N; i++) {
        const double mean[] = { to[i] + 0.5 * to[LD + i], 0.2 * to[i] + 2.0 * to[LD + i] };
        assert_close(out[i], log_normal_2(y, mean, R), 1e-13, 0.0);
    }
    jn_model_free(m);
    jn_table_free(data);
}

/* Maps are affine in the base: their columns give back the covariances. */
static void test_maps(void **state)
{
    (void)state;
    jn_table *data = two_series();
    jn_model *m = jn_test_model("lgssm", TEXTS(DENSE), data);
    const double base[] = { 0, 1, 0, 0, 0, 1 }; /* points (0,0), (1,0), (0,1) */
    double z[6], mean[6], root[4];
    assert_ok(m->chain->initial_map(m->self, 3, 3, base, z), NULL);
    assert_close(z[0], 1.0, 0.0, 0.0);
    assert_close((z[1] - 1) * (z[4] + 2) + (z[2] - 1) * (z[5] + 2), 0.6, 1e-15, 0.0);
    const double from[] = { 1, 1, 1, 2, 2, 2 };
    assert_ok(m->chain->transition_map(m->self, 1, 3, 3, from, base, z), NULL);
    assert_close(z[0], 1.3, 1e-15, 0.0);
    assert_close(z[3], 1.3, 1e-15, 0.0);
    assert_close((z[4] - 1.3) * (z[4] - 1.3) + (z[5] - 1.3) * (z[5] - 1.3), 0.3, 1e-14, 0.0);
    assert_ok(m->chain->transition_gaussian(m->self, 1, 1, 3, from, mean, NULL), NULL);
    assert_close(mean[0], 1.3, 1e-15, 0.0);
    assert_ok(m->chain->initial_gaussian(m->self, NULL, root), NULL);
    assert_close(root[2] * root[0], 0.6, 1e-15, 0.0);
    assert_true(root[1] == 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_emission_derivatives(void **state)
{
    (void)state;
    jn_table *data = two_series();
    jn_model *m = jn_test_model("lgssm", TEXTS(DENSE), data);
    const double h = 0x1p-10, z[] = { 0.3, 0.3 + h, 0.3 - h, 0.3, 0.3, -1, -1, -1, -1 + h, -1 - h };
    double f[5], grad[10], hess[20];
    assert_ok(m->chain->log_emission(m->self, 0, 2, 5, 5, z, f), NULL);
    assert_ok(m->chain->emission_derivatives(m->self, 0, 2, 5, 5, z, grad, hess), NULL);
    /* a quadratic: central differences are exact but for rounding, 1e-15 f / h */
    assert_close(grad[0], (f[1] - f[2]) / (2 * h), 1e-11, 0.0);
    assert_close(grad[5], (f[3] - f[4]) / (2 * h), 1e-11, 0.0);
    assert_close(hess[0], (grad[1] - grad[2]) / (2 * h), 1e-11, 0.0);
    assert_close(hess[5], (grad[3] - grad[4]) / (2 * h), 1e-11, 0.0);
    assert_close(hess[15], (grad[8] - grad[9]) / (2 * h), 1e-11, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* Noise in one direction alone: draws exist, a density does not. */
static void test_singular_noise(void **state)
{
    (void)state;
    jn_table *data = two_series();
    jn_model *m = jn_test_model(
        "lgssm", TEXTS("F=1,1;0,1", "H=1,0;1,0", "Q=0,0;0,4", "R=1,1;1,1", "P0=1,2;2,4"), data);
    double z[] = { 0, 0 }, out = 42.0, e[] = { 1, 1 }, to[2], mean[2];
    assert_int_equal(m->chain->log_initial(m->self, 1, 1, z, &out), JN_ERR_UNSUPPORTED);
    assert_int_equal(m->chain->log_transition(m->self, 1, 1, 1, z, z, &out), JN_ERR_UNSUPPORTED);
    assert_int_equal(m->chain->log_emission(m->self, 0, 0, 1, 1, z, &out), JN_ERR_UNSUPPORTED);
    assert_int_equal(m->chain->transition_gaussian(m->self, 1, 1, 1, z, mean, NULL),
                     JN_ERR_UNSUPPORTED);
    assert_int_equal(m->chain->initial_gaussian(m->self, mean, NULL), JN_ERR_UNSUPPORTED);
    assert_int_equal(m->chain->emission_derivatives(m->self, 0, 0, 1, 1, z, mean, &out),
                     JN_ERR_UNSUPPORTED);
    assert_true(out == 42.0);
    assert_ok(m->chain->transition_map(m->self, 1, 1, 1, z, e, to), NULL);
    assert_true(to[0] == 0.0 && fabs(to[1]) == 2.0);
    const jn_chain_linear *c = m->chain->linear(m->self);
    for (size_t k = 0; k < 4; k++) { /* root root' = P0, of rank 1 */
        const double got = c->root_P0[k / 2 * 2] * c->root_P0[k % 2 * 2] +
                           c->root_P0[k / 2 * 2 + 1] * c->root_P0[k % 2 * 2 + 1];
        assert_close(got, k == 0 ? 1.0 : k == 3 ? 4.0 : 2.0, 1e-14, 0.0);
    }
    jn_model_free(m);
    jn_table_free(data);
}

static void test_local_level_is_an_lgssm(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("nile.csv");
    jn_model *m = jn_test_model("local-level", TEXTS("level_sd=2", "noise_sd=3", "m0=5", "sd0=7"),
                                data);
    const jn_chain_linear *c = m->chain->linear(m->self);
    assert_true(c->d == 1 && c->p == 1 && c->n_steps == 100 && c->F[0] == 1.0 && c->H[0] == 1.0);
    assert_true(c->m0[0] == 5.0 && c->root_P0[0] == 7.0 && c->root_Q[0] == 2.0 &&
                c->root_R[0] == 3.0 && c->y[99] == 740.0);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
    jn_table *data = two_series();
    jn_test_refused("lgssm", TEXTS("F=1,0"), data, JN_ERR_VALUE, "F is 1 x 2");
    jn_test_refused("lgssm", TEXTS("H=1;1", "R=1,2;3,4"), data, JN_ERR_VALUE, "R is not symmetric");
    jn_test_refused("lgssm", TEXTS("H=1;1", "R=1,2;2,1"), data, JN_ERR_VALUE,
                    "R has a negative eigenvalue");
    jn_test_refused("lgssm", TEXTS("H=1,1", "R=1,0;0,1"), data, JN_ERR_VALUE, "H");
    jn_test_refused("lgssm", TEXTS("H=1;1", "R=1"), data, JN_ERR_VALUE, "R");
    jn_test_refused("local-level", NULL, data, JN_ERR_VALUE, "no column 'y'");
    jn_table_free(data);
    data = jn_test_table(1, 2, (const char *const[]){ "a", "b" }, (double[]){ 1.0, 2.0 });
    jn_test_refused("lgssm", NULL, data, JN_ERR_VALUE, "no column 'y1' or 'y'");
    jn_table_free(data);
    data = jn_test_table(1, 1, (const char *const[]){ "y" }, (double[]){ 1.0 });
    jn_test_refused("local-level", TEXTS("noise_sd=0"), data, JN_ERR_VALUE, "noise_sd");
    jn_test_refused("local-level", TEXTS("level_sd=-1"), data, JN_ERR_VALUE, "level_sd");
    jn_test_refused("local-level", TEXTS("sd0=-1"), data, JN_ERR_VALUE, "sd0");
    jn_table_free(data);
}

static void test_memory(void **state)
{
    (void)state;
    jn_table *data = two_series();
    jn_test_model_memory("lgssm", TEXTS(DENSE), data);
    jn_table_free(data);
    data = jn_test_table(1, 1, (const char *const[]){ "y" }, (double[]){ 1.0 });
    jn_test_model_memory("local-level", NULL, data);
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_emission_derivatives),
        cmocka_unit_test(test_singular_noise),
        cmocka_unit_test(test_local_level_is_an_lgssm),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
