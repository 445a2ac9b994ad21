#include "toys.h"

#include <gsl/gsl_errno.h>

#include "jensen/target.h"
#include "malloc_sweep.h"

static jn_support mixed(const void *self, size_t j)
{
    static const jn_support kinds[] = { JN_REAL, JN_POSITIVE, JN_UNIT };
    (void)self;
    return kinds[j];
}

/* Coupled coordinates, so that the cross terms of the chain rule show. */
static double coupled(const double *z)
{
    return -z[0] * z[0] * z[1] + 2.0 * log(z[1]) - z[1] * z[2] + log(z[2]) + 3.0 * log1p(-z[2]);
}

static jn_status coupled_derivatives(const void *self, size_t row, const double *z, double *value,
                                     double *grad, double *hess)
{
    (void)self;
    (void)row;
    const double w = 1.0 - z[2];
    *value = coupled(z);
    if (grad != NULL) {
        grad[0] = -2.0 * z[0] * z[1];
        grad[1] = -z[0] * z[0] + 2.0 / z[1] - z[2];
        grad[2] = -z[1] + 1.0 / z[2] - 3.0 / w;
    }
    if (hess != NULL) {
        hess[0] = -2.0 * z[1];
        hess[1] = hess[3] = -2.0 * z[0];
        hess[2] = hess[6] = 0.0;
        hess[4] = -2.0 / (z[1] * z[1]);
        hess[5] = hess[7] = -1.0;
        hess[8] = -1.0 / (z[2] * z[2]) - 3.0 / (w * w);
    }
    return JN_OK;
}

/* The chain rule and central differences share nothing but the density. */
static void test_chain_rule_against_differences(void **state)
{
    (void)state;
    jn_toy toy = { 3, coupled };
    jn_density exact = { .support = mixed, .derivatives = coupled_derivatives };
    jn_density plain = { .support = mixed };
    const jn_model a = jn_toy_model(&toy, &exact), b = jn_toy_model(&toy, &plain);
    const double points[4][3] = {
        { 0.3, 0.1, -0.7 }, { -1.5, -0.8, 1.2 }, { 2.0, 0.5, 0.0 }, { 0.0, 1.0, -3.0 }
    };
    for (size_t i = 0; i < 4; i++) {
        double va, vb, ga[3], gb[3], ha[9], hb[9], value, grad[3], hess[9];
        assert_ok(jn_target_derivatives(&a, 0, points[i], &va, ga, ha), NULL);
        assert_ok(jn_target_derivatives(&b, 0, points[i], &vb, gb, hb), NULL);
        assert_close(va, vb, 1e-14, 0.0);
        for (size_t j = 0; j < 3; j++) {
            assert_close(gb[j], ga[j], 0.0, 2e-10); /* h^4 at h = 2^-9: 1.5e-11 a derivative */
        }
        for (size_t j = 0; j < 9; j++) {
            assert_close(hb[j], ha[j], 0.0, 3e-9);
        }
        /* asking for less changes nothing */
        assert_ok(jn_target_derivatives(&a, 0, points[i], &value, NULL, hess), NULL);
        assert_ok(jn_target_derivatives(&a, 0, points[i], &value, grad, NULL), NULL);
        assert_true(memcmp(hess, ha, sizeof ha) == 0 && memcmp(grad, ga, sizeof ga) == 0);
        assert_ok(jn_target_derivatives(&b, 0, points[i], &value, NULL, hess), NULL);
        assert_ok(jn_target_derivatives(&b, 0, points[i], &value, grad, NULL), NULL);
        assert_true(memcmp(hess, hb, sizeof hb) == 0 && memcmp(grad, gb, sizeof gb) == 0);
        assert_ok(jn_target_derivatives(&b, 0, points[i], &value, NULL, NULL), NULL);
        assert_close(value, vb, 0.0, 0.0);
    }
}

static double returns_nan(const double *z)
{
    return z[0] * NAN;
}

static void test_statuses(void **state)
{
    (void)state;
    double value, grad[1];
    jn_toy toy = { 1, returns_nan };
    jn_density density = { 0 };
    const jn_model m = jn_toy_model(&toy, &density);
    assert_int_equal(jn_target_derivatives(&m, 0, (double[]){ 1 }, &value, grad, NULL), JN_ERR_NAN);
    jn_model *discrete = jn_test_model("two-point-weights", NULL, NULL);
    assert_int_equal(jn_target_derivatives(discrete, 0, (double[]){ 1 }, &value, grad, NULL),
                     JN_ERR_UNSUPPORTED);
    jn_model_free(discrete);
}

static jn_status evaluate(void *user)
{
    double value = 42.0, grad[3], hess[9];
    const jn_status status = jn_target_derivatives(user, 0, (double[]){ 0.1, 0.2, 0.3 }, &value,
                                                   grad, hess);
    assert_true(status == JN_OK || value == 42.0);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_toy toy = { 3, coupled };
    jn_density exact = { .support = mixed, .derivatives = coupled_derivatives };
    jn_density plain = { .support = mixed };
    jn_model a = jn_toy_model(&toy, &exact), b = jn_toy_model(&toy, &plain);
    assert_int_equal(jn_malloc_sweep(evaluate, &a), 1);
    assert_int_equal(jn_malloc_sweep(evaluate, &b), 1);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_rule_against_differences),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
