#include "assertions.h"

#include <float.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "chance.h"
#include "model/beta_quantile.h"

/* Roots of the regularised incomplete beta function by bisection in 40 digits (mpmath 1.3). */
static void test_against_forty_digits(void **state)
{
    (void)state;
    static const double cases[][4] = {
        { 0.05, 0.5, 1e-12, -551.31080203234468619 },  { 0.05, 0.5, 0.75, -4.4378569939632771869 },
        { 0.5, 0.5, 0.2, -2.2483544313958604111 },     { 2, 3, 1e-15, -18.165267910552795645 },
        { 2, 3, 0.999, 2.6820958993931214311 },        { 7.25, 1, 0.5, 2.2993303061101436757 },
        { 50, 4000, 0.01, -4.7395148091473723042 },    { 50, 4000, 0.9, -4.2110229541995341241 },
        { 1000, 1000, 0.3, -0.023455104331929792283 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i], t = jn_beta_logit_quantile(c[0], c[1], c[2], 1.0 - c[2]);
        /* roundings of the log mass over its slope; 0.999 and 1e-16 of it: 2e-13 of the root */
        assert_close(t, c[3], 5e-14, 5e-14);
        const double mirror = jn_beta_logit_quantile(c[1], c[0], 1.0 - c[2], c[2]);
        assert_close(mirror, -c[3], 5e-14, 5e-14);
    }
}

/* Beta(a, 1) and Beta(1, b) in closed form, far into both tails. */
static void test_powers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        const double p = exp(-600.0 * jn_chance(1, i)), a = exp(6.0 * jn_chance(2, i) - 2.0);
        const double log_x = log(p) / a; /* I_x(a, 1) = x^a */
        const double want = log_x - log(-expm1(log_x));
        assert_close(jn_beta_logit_quantile(a, 1.0, p, 1.0 - p), want, 1e-13, 1e-13);
        assert_close(jn_beta_logit_quantile(1.0, a, 1.0 - p, p), -want, 1e-13, 1e-13);
    }
}

/* Large shapes: x is normal about its mean, and the round trip goes through GSL's function. */
static void test_large_shapes(void **state)
{
    (void)state;
    const double u[] = { 1e-10, 0.02, 0.5, 0.7, 1.0 - 1e-9 };
    for (size_t i = 0; i < 5; i++) {
        const double x = jn_beta_quantile(3e4, 5e4, u[i]);
        assert_close(gsl_cdf_beta_P(x, 3e4, 5e4), u[i], 1e-9, 0.0); /* GSL's own rounding */
        const double far = jn_beta_quantile(4e8, 6e8, u[i]);
        const double normal = (far - 0.4) / sqrt(0.24 / 1e9);
        /* the normal approximation: skewness of the order of 1e-5 */
        assert_close(normal, gsl_cdf_ugaussian_Pinv(u[i]), 1e-4, 1e-4);
    }
}

static void test_stays_inside(void **state)
{
    (void)state;
    const double low = jn_beta_quantile(0.05, 0.5, 0x1p-60);
    const double high = jn_beta_quantile(5.0, 0.5, 1.0 - 0x1p-53);
    assert_true(low >= DBL_MIN && low < 1e-300);
    assert_true(high < 1.0 && high > 0.999);
}

/* df = 1, 2 and 4 have closed forms; df = 1e6 is nearly normal. */
static void test_student(void **state)
{
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        const double u = i % 2 == 0 ? jn_chance(3, i) : exp(-200.0 * jn_chance(4, i));
        const double cauchy = u < 0.25 ? -1.0 / tan(M_PI * u) : tan(M_PI * (u - 0.5));
        /* a rounding of u - 1/2 */
        assert_close(jn_student_quantile(1.0, u), cauchy, 5e-13, 1e-15);
        const double alpha = 4.0 * u * (1.0 - u);
        assert_close(jn_student_quantile(2.0, u), 2.0 * (u - 0.5) * sqrt(2.0 / alpha), 5e-13,
                     1e-15);
    }
    assert_true(jn_student_quantile(3.0, 0.5) == 0.0);
    /* t(0.975; 3) and t(0.9995; 10) of the tables, to 16 digits by mpmath */
    assert_close(jn_student_quantile(3.0, 0.975), 3.1824463052837096, 1e-14, 0.0);
    assert_close(jn_student_quantile(10.0, 0.025), -2.2281388519862747, 1e-14, 0.0);
    assert_close(jn_student_quantile(1e4, 0.975), 1.9602012398906258778, 3e-15, 0.0);
    assert_close(jn_student_quantile(1e6, 0.975), 1.9599663568141066553, 3e-15, 0.0);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_forty_digits),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_large_shapes),
        cmocka_unit_test(test_stays_inside),
        cmocka_unit_test(test_student),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
