#include "assertions.h"

#include <gsl/gsl_errno.h>

#include "model/log_densities.h"

/* Constants of this file: mpmath 1.3, 40 digits. */

static void test_log_minus_line(void **state)
{
    (void)state;
    const double d = 1e-6; /* -d^2/2 + d^3/3 - d^4/4 */
    assert_close(jn_log_minus_line(1.0 + d), -d * d / 2.0 + d * d * d / 3.0, 2e-10, 0.0);
    assert_close(jn_log_minus_line(3.0), log(3.0) - 2.0, 1e-15, 0.0);
    assert_close(jn_log_minus_line(0.25), 0.75 - log(4.0), 1e-15, 0.0);
    assert_true(jn_log_minus_line(1.0) == 0.0 && jn_log_minus_line(0.0) == -INFINITY);
    assert_true(jn_log_minus_line(INFINITY) == -INFINITY && isnan(jn_log_minus_line(-1.0)));
    assert_true(isnan(jn_log_minus_line(NAN)));
}

static void test_peaks(void **state)
{
    (void)state;
    const double df[] = { 0.1, 1.0, 3.0, 1e6 };
    const double student[] = { -1.9099207413682820704, -1.1447298858494001741,
                               -1.0008888496235097104, -0.91893878320467274174 };
    for (size_t i = 0; i < 4; i++) { /* a handful of roundings of numbers near 1 */
        assert_close(jn_log_student_peak(df[i]), student[i], 2e-15, 0.0);
    }
    assert_close(jn_log_gamma_ratio(3.0, 2.0), log(12.0 / 9.0), 2e-15, 1e-15); /* 4! / 2! / 3^2 */
    assert_true(jn_log_gamma_ratio(7.0, 0.0) == 0.0);
    const double a[] = { 0.05, 3.0, 1e6 }, b[] = { 0.5, 4.0, 2e6 };
    const double beta[] = { -3.2287631414073858696, -0.68601217068120090138,
                            5.7860840945011598971 };
    for (size_t i = 0; i < 3; i++) {
        assert_close(jn_log_beta_peak(a[i], b[i]), beta[i], 2e-15, 1e-15);
    }
}

/* Where the textbook's form would cancel 7 to 9 digits. */
static void test_large_counts(void **state)
{
    (void)state;
    const double peak = jn_log_gamma_peak(1e6);
    /* terms of size 1e6 times the rounding of r = 1.001, 1e-16 */
    assert_close(jn_log_gamma_density(1e6, 1e6, peak, 1.001), 5.4881502456442142532, 0.0, 3e-13);
    const double binomial = jn_log_binomial(3e5, 1e6, jn_log_binomial_peak(3e5, 1e6), 0.3005);
    assert_close(binomial, -7.6412310413484025597, 0.0, 1e-12);
    const double poisson = jn_log_poisson(1e6, jn_log_poisson_peak(1e6), 1001000.0);
    assert_close(poisson, -8.3263608119869763178, 0.0, 3e-13);
}

/* Against the textbook where that one is good. */
static void test_small_counts(void **state)
{
    (void)state;
    for (double n = 0.0; n <= 6.0; n += 1.0) {
        for (double y = 0.0; y <= n; y += 1.0) {
            const double p = 0.37;
            const double want = lgamma(n + 1.0) - lgamma(y + 1.0) - lgamma(n - y + 1.0) +
                                y * log(p) + (n - y) * log1p(-p);
            assert_close(jn_log_binomial(y, n, jn_log_binomial_peak(y, n), p), want, 1e-14, 1e-15);
            const double mean = 2.2, count = y * log(mean) - mean - lgamma(y + 1.0);
            assert_close(jn_log_poisson(y, jn_log_poisson_peak(y), mean), count, 1e-14, 1e-15);
        }
    }
    assert_true(jn_log_binomial(0.0, 5.0, 0.0, 0.0) == 0.0);
    assert_true(jn_log_binomial(5.0, 5.0, 0.0, 1.0) == 0.0);
    assert_true(jn_log_binomial(1.0, 5.0, jn_log_binomial_peak(1.0, 5.0), 0.0) == -INFINITY);
    assert_true(jn_log_poisson(2.0, jn_log_poisson_peak(2.0), 0.0) == -INFINITY);
}

static void test_outside_the_support(void **state)
{
    (void)state;
    const double gamma = jn_log_gamma_peak(2.0), beta = jn_log_beta_peak(2.0, 3.0);
    assert_true(jn_log_gamma_density(2.0, 1.0, gamma, 0.0) == -INFINITY);
    assert_true(jn_log_gamma_density(2.0, 1.0, gamma, INFINITY) == -INFINITY);
    assert_true(isnan(jn_log_gamma_density(2.0, 1.0, gamma, NAN)));
    assert_true(jn_log_beta_density(2.0, 3.0, beta, 0.0) == -INFINITY);
    assert_true(jn_log_beta_density(2.0, 3.0, beta, 1.0) == -INFINITY);
    assert_true(isnan(jn_log_beta_density(2.0, 3.0, beta, NAN)));
    /* 12 z (1 - z)^2 */
    assert_close(jn_log_beta_density(2.0, 3.0, beta, 0.2), log(12.0 * 0.2 * 0.64), 1e-14, 0.0);
    assert_close(jn_log_gamma_density(2.0, 3.0, gamma, 0.7), log(9.0 * 0.7) - 2.1, 1e-14, 0.0);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_minus_line),      cmocka_unit_test(test_peaks),
        cmocka_unit_test(test_large_counts),        cmocka_unit_test(test_small_counts),
        cmocka_unit_test(test_outside_the_support),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
