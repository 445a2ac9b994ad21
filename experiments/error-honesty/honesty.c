/* Are the errors true that exact log p(x) is told with? Random integrals with known answers, by the
 * default choice among rules and by each rule alone; the problems are those of tests/exact.
 *
 * honesty FIRST COUNT [METHOD]: lines of CSV, an answer each. */
#include "exact/random_problems.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

static void answer(size_t i, const jn_exact_method *method)
{
    jn_problem p = jn_random_problem(i);
    const jn_model m = jn_problem_model(&p);
    const double tolerance = jn_random_tolerance(i);
    const jn_exact_options o = { .tolerance = tolerance, .max_nodes = 1 << 20, .threads = 1 };
    jn_estimate e = { .value = NAN, .error = NAN };
    jn_error err = JN_ERROR_INIT;
    jn_score s = { 0 };
    if (method != NULL && (!method->applies(&m) || method->approximate)) {
        return;
    }
    const jn_status st = method == NULL ? jn_exact(&m, 0, &o, &e, &err)
                                        : method->run(&m, 0, &o, &e, &err);
    if (st < 0) {
        fprintf(stderr, "problem %zu: %s\n", i, err.message);
        exit(1);
    }
    (void)jn_score_add(&s, &p, tolerance, st, &e);
    printf("%zu,%s,%zu,%g,%s,%d,%.3g,%.3g,%zu,%zu,%zu,%zu,%llu\n", i, jn_shape_names[p.shape],
           p.dim, tolerance, method == NULL ? "choice" : method->name, st == JN_OK,
           fabs(e.value - p.truth), e.error, s.covered, s.tight, s.silent, s.unknown,
           (unsigned long long)e.n_eval);
}

int main(int argc, char **argv)
{
    const size_t first = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    const size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    const jn_exact_method *method = argc > 3 ? jn_exact_method_find(argv[3]) : NULL;
    (void)gsl_set_error_handler_off();
    if (argc > 3 && method == NULL && strcmp(argv[3], "choice") != 0) {
        fprintf(stderr, "no method %s\n", argv[3]);
        return 2;
    }
    for (size_t i = first; i < first + count; i++) {
        answer(i, method);
    }
    return 0;
}
