#include "toys.h"

#include <gsl/gsl_errno.h>

#include "jensen/target.h"

static jn_support mixed(const void *self, size_t j)
{
    static const jn_support kinds[] = { JN_REAL, JN_POSITIVE, JN_UNIT };
    (void)self;
    return kinds[j];
}

static double independent(const double *z) /* normal, Gamma(3, 2), Beta(2, 3): log-densities */
{
    if (z[1] <= 0.0 || z[2] <= 0.0 || z[2] >= 1.0) {
        return -INFINITY;
    }
    return -0.5 * z[0] * z[0] - 0.5 * log(2.0 * M_PI) + log(4.0) + 2.0 * log(z[1]) - 2.0 * z[1] +
           log(12.0) + log(z[2]) + 2.0 * log1p(-z[2]);
}

/* There and back; points so far out that z is at the end of the doubles stay inside the support. */
static void test_round_trip(void **state)
{
    (void)state;
    jn_toy toy = { 3, independent };
    jn_density density = { .support = mixed };
    const jn_model m = jn_toy_model(&toy, &density);
    enum { N = 7, LD = 9 };
    const double at[N] = { -800.0, -30.0, -1.0, 0.0, 2.0, 30.0, 800.0 };
    double u[3 * LD], z[3 * LD], back[3 * LD], lj[N], alone[N];
    for (size_t i = 0; i < N; i++) {
        u[i] = u[LD + i] = u[2 * LD + i] = at[i];
    }
    jn_target_to_z(&m, N, LD, u, z, lj);
    jn_target_log_jacobian(&m, N, LD, u, alone);
    jn_target_to_u(&m, N, LD, z, back);
    for (size_t i = 0; i < N; i++) {
        assert_close(z[i], at[i], 0.0, 0.0);
        assert_true(z[LD + i] > 0.0 && z[LD + i] < INFINITY);
        assert_true(z[2 * LD + i] > 0.0 && z[2 * LD + i] < 1.0);
        /* log sigma'(u) = -|u| - 2 log(1 + e^-|u|); |u| may cancel, a rounding of 30 is 7e-15 */
        assert_close(lj[i], at[i] - fabs(at[i]) - 2.0 * log1p(exp(-fabs(at[i]))), 1e-15, 1e-14);
        assert_close(alone[i], lj[i], 0.0, 0.0);
        if (fabs(at[i]) < 31.0) {
            assert_close(back[LD + i], at[i], 1e-15, 1e-15);
            /* near 1 a unit z keeps only what is left of 53 bits */
            assert_close(back[2 * LD + i], at[i], 1e-15, 1e-15 + 2e-16 * exp(at[i]));
        }
    }
    jn_target_to_z(&m, N, LD, u, u, NULL); /* in place */
    for (size_t i = 0; i < N; i++) {
        assert_true(u[LD + i] == z[LD + i] && u[2 * LD + i] == z[2 * LD + i]);
    }
}

/* A normalised density stays one: trapezoid over u of each coordinate with the others integrated
 * out by the product form. */
static void test_log_joint_over_u_is_normalised(void **state)
{
    (void)state;
    jn_toy toy = { 3, independent };
    jn_density density = { .support = mixed };
    const jn_model m = jn_toy_model(&toy, &density);
    enum { N = 81 };
    static double u[3 * N], scratch[4 * N], out[N];
    const double step[3] = { 0.2, 0.25, 0.25 };
    double total = 1.0;
    for (size_t j = 0; j < 3; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < N; i++) {
            u[i] = u[N + i] = u[2 * N + i] = 0.0;
            u[j * N + i] = ((double)i - 40.0) * step[j];
        }
        assert_ok(jn_target_log_joint(&m, 0, N, N, u, scratch, out), NULL);
        for (size_t i = 0; i < N; i++) {
            sum += exp(out[i] - out[40]) * step[j];
        }
        total *= sum;
        if (j == 2) {
            total *= exp(out[40]);
        }
    }
    assert_close(total, 1.0, 1e-7, 0.0); /* the left tail of Gamma(3) ends at u = -10: e^-30 .. */
}

static double returns_nan(const double *z)
{
    return z[0] > 0.0 ? NAN : -z[0] * z[0];
}

static double returns_inf(const double *z)
{
    return z[0] > 0.0 ? INFINITY : -z[0] * z[0];
}

static void test_statuses(void **state)
{
    (void)state;
    const double u[] = { -1.0, 1.0 };
    double scratch[4], out[2];
    jn_density density = { 0 };
    jn_toy nan = { 1, returns_nan }, inf = { 1, returns_inf };
    jn_model m = jn_toy_model(&nan, &density);
    assert_int_equal(jn_target_log_joint(&m, 0, 2, 2, u, scratch, out), JN_ERR_NAN);
    assert_ok(jn_target_log_joint(&m, 0, 1, 1, u, scratch, out), NULL);
    m = jn_toy_model(&inf, &density);
    assert_int_equal(jn_target_log_joint(&m, 0, 2, 2, u, scratch, out), JN_ERR_NAN);
    jn_model *discrete = jn_test_model("two-point-weights", NULL, NULL);
    assert_int_equal(jn_target_log_joint(discrete, 0, 2, 2, u, scratch, out), JN_ERR_UNSUPPORTED);
    jn_model_free(discrete);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_log_joint_over_u_is_normalised),
        cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
