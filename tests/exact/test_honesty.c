/* A thousand random integrals with known answers: is the error that is reported true? The same for
 * each method, and for more thousands: experiments/error-honesty. */
#include "random_problems.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

enum { PROBLEMS = 1000 };

static void test_errors_of_random_problems(void **state)
{
    jn_score all = { 0 };
    (void)state;
    for (size_t i = 0; i < PROBLEMS; i++) {
        jn_problem p = jn_random_problem(i);
        const jn_model m = jn_problem_model(&p);
        const double tolerance = jn_random_tolerance(i);
        const jn_exact_options o = { .tolerance = tolerance, .max_nodes = 1 << 20, .threads = 1 };
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        const jn_status st = jn_exact(&m, 0, &o, &e, &err);
        assert_true(st >= 0);
        if (!jn_score_add(&all, &p, tolerance, st, &e)) {
            print_message("problem %zu: %s, %zu-D, a = %.3g, tolerance %g: off by %.2g, error "
                          "%.2g (%s)\n",
                          i, jn_shape_names[p.shape], p.dim, p.a, tolerance,
                          fabs(e.value - p.truth), e.error, e.method);
        }
    }
    assert_int_equal(all.unknown, 0);
    assert_int_equal(all.silent, 0);
    assert_true(all.covered >= 995 * all.n / 1000);
    assert_true(all.tight >= 95 * all.n / 100);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_errors_of_random_problems) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
