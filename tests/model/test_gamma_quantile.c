#include "assertions.h"

#include <float.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "model/gamma_quantile.h"

static const double us[] = { 1e-16,  1e-8, 1e-3,  0.1,        0.4999,       0.5,
                             0.5001, 0.9,  0.999, 1.0 - 1e-8, 1.0 - 0x1p-53 };
enum { N_US = sizeof us / sizeof *us };

/* Shape 1 is the exponential law, shape 1/2 half the square of a normal. */
static void test_closed_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_US; i++) {
        assert_close(jn_gamma_quantile(1.0, us[i]), -log1p(-us[i]), 1e-14, 0.0);
        const double y = gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - us[i])); /* 1 - u is exact */
        if (us[i] >= 0.5) { /* below, this road to y loses the digits of u */
            assert_close(jn_gamma_quantile(0.5, us[i]), 0.5 * y * y, 2e-14, 0.0);
        }
    }
}

/* P(a, x) by its power series in long double, Q by 1 - P: apart from the library's. Good to 1e-18 /
 * min(P, 1) while x is moderate. */
static long double slow_p(long double a, long double x)
{
    long double term = 1.0L / a, sum = term;
    for (int k = 1; k < 2000; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return sum * expl(a * logl(x) - x - lgammal(a));
}

static void test_round_trip(void **state)
{
    (void)state;
    const double shapes[] = { 0.05, 0.1, 0.3, 0.7, 1.5, 2.0, 10.0, 100.0, 400.0 };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (size_t i = 0; i < N_US - 2; i++) {
            const double a = shapes[s], x = jn_gamma_quantile(a, us[i]);
            if (x < DBL_MIN) { /* no double is near the answer */
                assert_true((log(us[i]) + lgamma(a + 1.0)) / a < log(DBL_MIN));
                continue;
            }
            const long double p = slow_p((long double)a, (long double)x);
            const long double density = expl(a * logl((long double)x) - x -
                                             lgammal((long double)a)); /* dP / dlog x */
            /* error in log x: GSL's P and Q, good to 1e-14 of themselves or better */
            assert_close((double)((p - us[i]) / density), 0.0, 0.0, 3e-13);
        }
    }
}

static void test_monotone(void **state)
{
    (void)state;
    for (double a = 0.05; a < 1e6; a *= 7.0) {
        double last = 0.0;
        for (int i = 1; i < 2000; i++) {
            const double x = jn_gamma_quantile(a, i / 2000.0);
            assert_true(x >= last && isfinite(x));
            last = x;
        }
    }
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
