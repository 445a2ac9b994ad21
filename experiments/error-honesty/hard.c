/* Are the errors true where the rules fail? Random integrals that are too hard for the evaluations
 * that are allowed, by each rule and by the choice among them: a rule need not be good, and what it
 * says of its error must hold. The problems are those of tests/exact.
 *
 * hard FIRST COUNT [METHOD]: lines of CSV, an answer each. */
#include "exact/hard_problems.h"

#include <gsl/gsl_errno.h>

static void answer(size_t i, const jn_hard *h, const jn_exact_method *method)
{
    const double tolerance = jn_random_tolerance(i);
    const jn_exact_options o = {
        .tolerance = tolerance, .max_nodes = jn_hard_budget(i), .threads = 1, .seed = i
    };
    jn_estimate e = { .value = NAN, .error = NAN };
    jn_error err = JN_ERROR_INIT;
    if (method != NULL && (!method->applies(&h->m) || method->approximate)) {
        return;
    }
    const jn_status st = method == NULL ? jn_exact(&h->m, 0, &o, &e, &err)
                                        : method->run(&h->m, 0, &o, &e, &err);
    if (st < 0) {
        fprintf(stderr, "problem %zu: %s\n", i, err.message);
        return;
    }
    const bool drawn = e.kind == JN_MC || e.kind == JN_RQMC;
    const double off = fabs(e.value - h->truth);
    const double allowed = h->slack + (drawn ? 5.0 : 1.0) * e.error;
    const bool told = isfinite(e.error), held = !told || off <= allowed;
    printf("%zu,%s,%zu,%g,%s,%llu,%d,%.3g,%.3g,%d,%d,%.3g\n", i, h->name, h->dim, tolerance,
           method == NULL ? "choice" : method->name, (unsigned long long)o.max_nodes, st == JN_OK,
           off, e.error, told, held, told ? off / (allowed / (drawn ? 5.0 : 1.0)) : 0.0);
}

int main(int argc, char **argv)
{
    const size_t first = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    const size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    const jn_exact_method *only = argc > 3 ? jn_exact_method_find(argv[3]) : NULL;
    size_t n;
    const jn_exact_method *const *all = jn_exact_methods(&n);
    (void)gsl_set_error_handler_off();
    if (argc > 3 && only == NULL && strcmp(argv[3], "choice") != 0) {
        fprintf(stderr, "no method %s\n", argv[3]);
        return 2;
    }
    for (size_t i = first; i < first + count; i++) {
        jn_hard h;
        jn_hard_problem(i, &h);
        for (size_t k = 0; k < n && argc <= 3; k++) {
            answer(i, &h, all[k]);
        }
        if (argc <= 3 || only == NULL) {
            answer(i, &h, NULL);
        } else {
            answer(i, &h, only);
        }
        jn_hard_free(&h);
    }
    return 0;
}
