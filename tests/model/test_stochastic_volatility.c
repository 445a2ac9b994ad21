#include "chains.h"

#include <gsl/gsl_randist.h>

static const double returns[] = { 0.5, 0.0, -2.0, 1e-200, 1e150 };

static jn_table *series(void)
{
    return jn_test_table(5, 1, (const char *const[]){ "y" }, returns);
}

static void test_densities(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_model *m = jn_test_model("stochastic-volatility", TEXTS("mu=-0.5", "phi=0.6", "sigma=0.8"),
                                data);
    assert_true(m->density == NULL && m->dim == 1 && m->n_obs == 1);
    const double z[] = { -3.0, -0.5, 0.7, 4.0 }, from[] = { 0.0, 1.0, -2.0, 5.0 };
    double out[4];
    assert_ok(m->chain->log_initial(m->self, 4, 4, z, out), NULL);
    for (size_t i = 0; i < 4; i++) { /* stationary: sigma^2 / (1 - phi^2) = 1 */
        assert_close(exp(out[i]), gsl_ran_gaussian_pdf(z[i] + 0.5, 1.0), 1e-14, 0.0);
    }
    assert_ok(m->chain->log_transition(m->self, 1, 4, 4, from, z, out), NULL);
    for (size_t i = 0; i < 4; i++) {
        const double mean = -0.5 + 0.6 * (from[i] + 0.5);
        assert_close(exp(out[i]), gsl_ran_gaussian_pdf(z[i] - mean, 0.8), 1e-13, 0.0);
    }
    for (size_t t = 0; t < 3; t++) {
        assert_ok(m->chain->log_emission(m->self, 0, t, 4, 4, z, out), NULL);
        for (size_t i = 0; i < 4; i++) {
            assert_close(exp(out[i]), gsl_ran_gaussian_pdf(returns[t], exp(0.5 * z[i])), 1e-13,
                         1e-300);
        }
    }
    jn_model_free(m);
    jn_table_free(data);
}

/* y = 0 at any h, tiny and huge y: no 0 times infinity, no overflow but to -inf. */
static void test_extremes(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_model *m = jn_test_model("stochastic-volatility", NULL, data);
    const double z[] = { -2000.0, -921.0340371976183, -15.0, 690.7755278982137 };
    double out[4];
    assert_ok(m->chain->log_emission(m->self, 0, 1, 4, 4, z, out), NULL);
    assert_close(out[0], 1000.0 - 0.5 * log(2.0 * M_PI), 1e-15, 0.0);
    assert_ok(m->chain->log_emission(m->self, 0, 3, 4, 4, z, out), NULL);
    assert_true(out[0] == -INFINITY);
    assert_close(out[1], 0.5 * 921.0340371976183 - 0.5 * log(2.0 * M_PI) - 0.5, 1e-13, 0.0);
    assert_ok(m->chain->log_emission(m->self, 0, 4, 4, 4, z, out), NULL);
    assert_true(out[2] < -1e300 && isfinite(out[2])); /* 1e300 e^15 */
    assert_close(out[3], -0.5 * 690.7755278982137 - 0.5 * log(2.0 * M_PI) - 0.5, 1e-13, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_maps_and_derivatives(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_model *m = jn_test_model("stochastic-volatility", TEXTS("mu=-0.5", "phi=0.6", "sigma=0.8"),
                                data);
    const double e[] = { -1.0, 2.0 }, from[] = { 0.5, -1.5 };
    double z[2], mean[2], root;
    assert_ok(m->chain->initial_map(m->self, 2, 2, e, z), NULL);
    assert_close(z[0], -1.5, 1e-15, 0.0);
    assert_close(z[1], 1.5, 1e-15, 0.0);
    assert_ok(m->chain->transition_map(m->self, 1, 2, 2, from, e, z), NULL);
    assert_ok(m->chain->transition_gaussian(m->self, 1, 2, 2, from, mean, &root), NULL);
    assert_true(root == 0.8);
    assert_close(z[1], mean[1] + 1.6, 1e-15, 0.0);
    assert_close(mean[0], 0.1, 1e-15, 0.0);
    assert_ok(m->chain->initial_gaussian(m->self, mean, &root), NULL);
    assert_close(root, 1.0, 1e-15, 0.0);
    const double h = 0x1p-10, at[] = { 0.3 - 2 * h, 0.3 - h, 0.3, 0.3 + h, 0.3 + 2 * h };
    double f[5], grad[5], hess[5];
    assert_ok(m->chain->log_emission(m->self, 0, 2, 5, 5, at, f), NULL);
    assert_ok(m->chain->emission_derivatives(m->self, 0, 2, 5, 5, at, grad, hess), NULL);
    /* fourth order differences: h^4 = 1e-12, rounding 1e-13 */
    assert_close(grad[2], (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h), 2e-12, 0.0);
    assert_close(hess[2], (grad[0] - 8 * grad[1] + 8 * grad[3] - grad[4]) / (12 * h), 2e-12, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* A square that overflows must not pass for an impossible observation. */
static void test_squares_out_of_range(void **state)
{
    (void)state;
    const double at[] = { 1.01e150, -1e155, 1e300, -1e300 };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        const double y[] = { 0.1, at[i] };
        jn_table *data = jn_test_table(2, 1, (const char *const[]){ "y" }, y);
        jn_test_refused("stochastic-volatility", NULL, data, JN_ERR_VALUE,
                        "its square is out of range");
        jn_table_free(data);
    }
    jn_table *data = jn_test_table(2, 2, (const char *const[]){ "a", "y" },
                                   (const double[]){ 0.1, 0.2, 1.0, 1e300 });
    jn_test_refused("stochastic-volatility", NULL, data, JN_ERR_VALUE, "column y: found '1e+300'");
    jn_table_free(data);
}

static void test_refusals_and_memory(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_test_refused("stochastic-volatility", TEXTS("phi=1"), data, JN_ERR_VALUE, "phi");
    jn_test_refused("stochastic-volatility", TEXTS("sigma=0"), data, JN_ERR_VALUE, "sigma");
    jn_test_refused("stochastic-volatility", TEXTS("mu=x"), data, JN_ERR_VALUE, "mu");
    jn_test_model_memory("stochastic-volatility", NULL, data);
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_maps_and_derivatives),
        cmocka_unit_test(test_squares_out_of_range),
        cmocka_unit_test(test_refusals_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
