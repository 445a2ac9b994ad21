#include "toys.h"

#include <gsl/gsl_errno.h>

#include "jensen/target.h"
#include "malloc_sweep.h"

/* The gradient at the mode is 0 against the size of its own terms; L L' and the precision are
 * inverses; the log determinant is that of L. */
static void check_mode(const jn_model *m, size_t row, const jn_mode *mode)
{
    const size_t d = m->dim;
    double value, grad[JN_TEST_MAX_DIM], log_det = 0.0;
    assert_int_equal(mode->dim, d);
    assert_ok(jn_target_derivatives(m, row, mode->u, &value, grad, NULL), NULL);
    assert_close(mode->log_joint, value, 0.0, 0.0);
    for (size_t i = 0; i < d; i++) {
        /* a step of 1e-13 standard deviations would change it by this much */
        assert_close(grad[i], 0.0, 0.0, 1e-12 * sqrt(mode->precision[i * d + i]));
        log_det += 2.0 * log(mode->chol_cov[i * d + i]);
        for (size_t j = 0; j < d; j++) {
            double cell = 0.0;
            for (size_t k = 0; k < d; k++) {
                for (size_t l = 0; l < d; l++) {
                    cell += mode->precision[i * d + k] * mode->chol_cov[k * d + l] *
                            mode->chol_cov[j * d + l];
                }
            }
            assert_close(cell, i == j ? 1.0 : 0.0, 0.0, 1e-11); /* condition below 1e4 */
            assert_true(j <= i || mode->chol_cov[i * d + j] == 0.0);
        }
    }
    assert_close(mode->log_det_cov, log_det, 1e-14, 1e-14);
}

static void test_logistic_birthwt(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    jn_mode mode;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_target_mode(m, 0, &mode, &err), &err);
    check_mode(m, 0, &mode);
    assert_int_equal(mode.n_modes, 1);
    /* Laplace's approximation is near the exact evidence, known from an independent program */
    const double laplace = mode.log_joint + 2.0 * log(2.0 * M_PI) + 0.5 * mode.log_det_cov;
    assert_close(laplace, -121.42579906466793, 0.0, 0.05); /* its own error, O(1/n) */
    jn_mode_free(&mode);
    assert_true(mode.u == NULL && mode.dim == 0);
    jn_model_free(m);
    jn_table_free(t);
}

/* Perfectly separated data have no maximum-likelihood estimate; the prior alone holds the mode, far
 * from the start where it is wide. */
static void test_separable_data(void **state)
{
    (void)state;
    const double x[] = { 0, -30, 0, -20, 0, -11, 1, 12, 1, 25, 1, 40 };
    const char *const sds[] = { "prior_sd=0.01", "prior_sd=1", "prior_sd=1000", "prior_sd=1e6" };
    jn_table *t = jn_test_table(6, 2, (const char *const[]){ "y", "x" }, x);
    for (size_t i = 0; i < 4; i++) {
        jn_model *m = jn_test_model("logistic", TEXTS(sds[i]), t);
        jn_mode mode;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_target_mode(m, 0, &mode, &err), &err);
        double value, grad[2];
        assert_ok(jn_target_derivatives(m, 0, mode.u, &value, grad, NULL), NULL);
        for (size_t k = 0; k < 2; k++) {
            assert_close(grad[k], 0.0, 0.0, 1e-10 * sqrt(mode.precision[3 * k]));
        }
        jn_mode_free(&mode);
        jn_model_free(m);
    }
    jn_table_free(t);
}

/* Gamma(a + 1, a) over u = log z: a mode at u = log((a + 1) / a) with curvature a + 1. */
static void test_mode_in_unconstrained_coordinates(void **state)
{
    (void)state;
    const char *const texts[] = { "a=0.1", "a=1", "a=250" };
    const double as[] = { 0.1, 1.0, 250.0 };
    for (size_t i = 0; i < 3; i++) {
        jn_model *m = jn_test_model("gamma-weights", TEXTS(texts[i]), NULL);
        jn_mode mode;
        assert_ok(jn_target_mode(m, 0, &mode, NULL), NULL);
        assert_close(mode.u[0], log1p(1.0 / as[i]), 1e-13, 1e-15);
        assert_close(mode.precision[0], as[i] + 1.0, 1e-12, 0.0);
        assert_int_equal(mode.n_modes, 1);
        check_mode(m, 0, &mode);
        jn_mode_free(&mode);
        jn_model_free(m);
    }
}

static double two_hills(const double *z) /* heights 0.7 and 0.3, four standard deviations apart */
{
    const double a = z[0] - 3.0, b = z[0] + 1.0;
    return log(0.7 * exp(-0.5 * a * a) + 0.3 * exp(-0.5 * b * b)) - 0.5 * z[1] * z[1];
}

/* Differences only, a start between the hills: both are found and the higher one is given. */
static void test_two_modes(void **state)
{
    (void)state;
    jn_toy toy = { 2, two_hills };
    jn_density density = { 0 };
    const jn_model m = jn_toy_model(&toy, &density);
    jn_mode mode;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_target_mode(&m, 0, &mode, &err), &err);
    assert_int_equal(mode.n_modes, 2);
    assert_close(mode.u[0], 3.0, 0.0, 0.01); /* the other hill pulls by e^-8 */
    assert_close(mode.u[1], 0.0, 0.0, 1e-9);
    assert_close(mode.precision[0], 1.0, 0.02, 0.0);
    jn_mode_free(&mode);
}

static double flat(const double *z)
{
    return -0.5 * (z[0] + z[1]) * (z[0] + z[1]);
}

static double level(const double *z)
{
    return -0.5 * z[0] * z[0];
}

static double endless(const double *z)
{
    return z[0];
}

static double quartic(const double *z) /* a maximum whose curvature is 0 */
{
    return -z[0] * z[0] * z[0] * z[0];
}

static double never(const double *z)
{
    (void)z;
    return -INFINITY;
}

static double nan_everywhere(const double *z)
{
    return z[0] * NAN;
}

static void test_targets_without_a_gaussian_mode(void **state)
{
    (void)state;
    const struct {
        jn_toy toy;
        jn_status status;
    } cases[] = {
        { { 2, flat }, JN_ERR_VALUE },         { { 2, level }, JN_ERR_VALUE },
        { { 1, endless }, JN_ERR_VALUE },      { { 1, never }, JN_ERR_VALUE },
        { { 1, nan_everywhere }, JN_ERR_NAN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_toy toy = cases[i].toy;
        jn_density density = { 0 };
        const jn_model m = jn_toy_model(&toy, &density);
        jn_mode mode = { .dim = 42 };
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_target_mode(&m, 0, &mode, &err), cases[i].status);
        assert_int_equal(mode.dim, 42);
        assert_non_null(strstr(err.message, "observation 0"));
    }
    jn_toy toy = { 1, quartic };
    jn_density density = { 0 };
    const jn_model m = jn_toy_model(&toy, &density);
    jn_mode mode = { .dim = 42 };
    const jn_status status = jn_target_mode(&m, 0, &mode, NULL);
    assert_true(status == JN_ERR_VALUE || status == JN_NOT_CONVERGED); /* never a plain success */
    if (status == JN_NOT_CONVERGED) {
        jn_mode_free(&mode);
    }
    jn_model *discrete = jn_test_model("two-point-weights", NULL, NULL);
    assert_int_equal(jn_target_mode(discrete, 0, &mode, NULL), JN_ERR_UNSUPPORTED);
    jn_model_free(discrete);
}

static double rosenbrock(const double *z)
{
    const double bend = z[1] - z[0] * z[0], off = 1.0 - z[0];
    return -100.0 * bend * bend - off * off;
}

/* A curved ridge: Newton's raw step overshoots, the line search must hold it back. */
static void test_curved_ridge(void **state)
{
    (void)state;
    jn_toy toy = { 2, rosenbrock };
    jn_density density = { 0 };
    const jn_model m = jn_toy_model(&toy, &density);
    jn_mode mode;
    assert_ok(jn_target_mode(&m, 0, &mode, NULL), NULL);
    assert_close(mode.u[0], 1.0, 0.0, 1e-7); /* differences: the gradient is good to 1e-9 */
    assert_close(mode.u[1], 1.0, 0.0, 1e-7);
    assert_close(mode.precision[0], 802.0, 1e-6, 0.0);
    assert_close(mode.precision[1], -400.0, 1e-6, 0.0);
    jn_mode_free(&mode);
}

static double blunt(const double *z) /* concave, with tails too straight for Newton's full step */
{
    return -sqrt(1.0 + (z[0] - 3.0) * (z[0] - 3.0));
}

/* From the origin a full step lands at 30, the next at 20000: only the line search saves it. */
static void test_newton_overshoots(void **state)
{
    (void)state;
    jn_toy toy = { 1, blunt };
    jn_density density = { .log_concave = true };
    const jn_model m = jn_toy_model(&toy, &density);
    jn_mode mode;
    assert_ok(jn_target_mode(&m, 0, &mode, NULL), NULL);
    assert_close(mode.u[0], 3.0, 0.0, 1e-9);
    assert_close(mode.precision[0], 1.0, 1e-8, 0.0);
    jn_mode_free(&mode);
}

static jn_status find(void *user)
{
    jn_mode mode = { .dim = 42 };
    const jn_status status = jn_target_mode(user, 0, &mode, NULL);
    assert_true(status == JN_OK || mode.dim == 42);
    if (status == JN_OK) {
        jn_mode_free(&mode);
    }
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gamma-weights", NULL, NULL);
    jn_malloc_allow(-1);
    assert_true(jn_malloc_sweep(find, m) >= 6);
    jn_model_free(m);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logistic_birthwt),
        cmocka_unit_test(test_separable_data),
        cmocka_unit_test(test_mode_in_unconstrained_coordinates),
        cmocka_unit_test(test_two_modes),
        cmocka_unit_test(test_targets_without_a_gaussian_mode),
        cmocka_unit_test(test_curved_ridge),
        cmocka_unit_test(test_newton_overshoots),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
