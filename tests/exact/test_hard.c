/* Integrals too hard for what is allowed, by every rule, converged or not: what a rule says of its
 * error must hold, and an infinite error always does. Thousands of them: experiments/error-honesty.
 */
#include "hard_problems.h"

#include <gsl/gsl_errno.h>

enum { PROBLEMS = 250 };

typedef struct tally {
    size_t answers, told, wrong;
} tally;

static void judge(size_t i, const jn_hard *h, const jn_exact_method *method, tally *t)
{
    const double tolerance = jn_random_tolerance(i);
    const jn_exact_options o = {
        .tolerance = tolerance, .max_nodes = jn_hard_budget(i), .threads = 1, .seed = i
    };
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    const jn_status st = method == NULL ? jn_exact(&h->m, 0, &o, &e, &err)
                                        : method->run(&h->m, 0, &o, &e, &err);
    assert_true(st >= 0);
    assert_false(isnan(e.error));
    const bool drawn = e.kind == JN_MC || e.kind == JN_RQMC, told = isfinite(e.error);
    const double allowed = (drawn ? 5.0 : 1.0) * e.error + h->slack;
    const bool held = !told || fabs(e.value - h->truth) <= allowed;
    assert_true(st != JN_OK || e.error <= tolerance);
    assert_true(st == JN_OK || err.message[0] != '\0');
    t->answers++;
    t->told += told;
    t->wrong += !held;
    if (!held) {
        print_message("problem %zu (%s, %zu-D) by %s: off by %.3g, error %.3g\n", i, h->name,
                      h->dim, method == NULL ? "choice" : method->name, fabs(e.value - h->truth),
                      e.error);
    }
}

static void test_no_error_is_too_small(void **state)
{
    tally t = { 0 };
    size_t n;
    (void)state;
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    for (size_t i = 0; i < PROBLEMS; i++) {
        jn_hard h;
        jn_hard_problem(i, &h);
        for (size_t k = 0; k < n; k++) {
            if (methods[k]->applies(&h.m) && !methods[k]->approximate) {
                judge(i, &h, methods[k], &t);
            }
        }
        judge(i, &h, NULL, &t);
        jn_hard_free(&h);
    }
    print_message("%zu answers, %zu with an error\n", t.answers, t.told);
    assert_int_equal(t.wrong, 0);
    assert_true(t.told > t.answers / 2); /* not all is unknown */
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_error_is_too_small) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
