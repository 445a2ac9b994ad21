/* A thousand random integrals with known answers: is the error that is reported true? */
#include "problems.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

enum { PROBLEMS = 1000 };

static size_t first; /* another thousand: test_exact_honesty 1000, 2000, ... */

/* A number in (lo, hi) for problem i, the k-th of its choices. */
static double choose(size_t i, size_t k, double lo, double hi)
{
    return lo + (hi - lo) * jn_chance(9000 + k, first + i);
}

static jn_problem random_problem(size_t i)
{
    static const size_t most[JN_SHAPES] = { 5, 4, 2, 3, 4, 4, 2, 3, 3, 2, 2 };
    static const double least_a[JN_SHAPES] = { 0, 0, 1.5, 2.0, 0.2, 0.3, 0, 0.2, 0.1, 0, 0.02 };
    static const double most_a[JN_SHAPES] = { 1, 1, 9, 9, 6, 20, 1, 3, 0.5, 1, 0.5 };
    const jn_shape shape = (jn_shape)(i % JN_SHAPES);
    const size_t dim = 1 + (size_t)(choose(i, 0, 0.0, 1.0) * (double)most[shape]);
    jn_problem p = jn_problem_plain(shape, dim, choose(i, 1, least_a[shape], most_a[shape]));
    if (shape == JN_SHAPE_MIXTURE) {
        p.parts = 2 + (size_t)choose(i, 2, 0.0, 2.99);
        p.apart = choose(i, 3, 1.0, 9.0);
        p.scale = exp(choose(i, 4, log(0.1), log(3.0)));
    }
    jn_problem_map(&p, choose(i, 5, -5.0, 5.0), exp(choose(i, 6, log(0.01), log(10.0))),
                   choose(i, 7, -0.8, 0.8));
    p.constant = choose(i, 8, 0.0, 1.0) < 0.1 ? -1e6 : choose(i, 9, -300.0, 50.0);
    p.truth += p.constant;
    return p;
}

typedef struct score {
    size_t n, covered, tight, converged, silent;
} score;

static void run_one(size_t i, score *all, score *shape)
{
    jn_problem p = random_problem(i);
    const jn_model m = jn_problem_model(&p);
    static const double tolerances[] = { 1e-4, 1e-6, 1e-9 };
    const double tolerance = tolerances[i / JN_SHAPES % 3];
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    const jn_exact_options o = { .tolerance = tolerance, .max_nodes = 1 << 20, .threads = 1 };
    const jn_status st = jn_exact(&m, 0, &o, &e, &err);
    assert_true(st >= 0);
    const bool drawn = e.kind == JN_MC || e.kind == JN_RQMC;
    const double off = fabs(e.value - p.truth), error = drawn ? 5.0 * e.error : e.error;
    const bool covered = off <= error || isnan(e.error);
    const bool tight = e.error <= fmax(100.0 * off, fmax(tolerance, 1e-13 * fabs(e.value)));
    /* the unforgivable: told to be good, and wrong by more than was asked for */
    const bool silent = st == JN_OK && !(off <= fmax(tolerance, error));
    if (!covered || silent) {
        print_message("  problem %zu: shape %d, %zu-D, a = %.3g, tolerance %g: off by %.2g, error "
                      "%.2g (%s)\n",
                      i, (int)p.shape, p.dim, p.a, tolerance, off, e.error, e.method);
    }
    score *both[] = { all, shape };
    for (int k = 0; k < 2; k++) {
        both[k]->n++;
        both[k]->covered += covered;
        both[k]->tight += tight;
        both[k]->converged += st == JN_OK;
        both[k]->silent += silent;
    }
}

static void test_errors_of_random_problems(void **state)
{
    static const char *const names[JN_SHAPES] = {
        "Gaussian", "mixture", "Student", "joint Student", "skew-normal",     "log-gamma",
        "Laplace",  "kink",    "bend",    "flat top",      "needle in a hill"
    };
    score all = { 0 }, by[JN_SHAPES] = { { 0 } };
    (void)state;
    for (size_t i = 0; i < PROBLEMS; i++) {
        run_one(i, &all, &by[i % JN_SHAPES]);
    }
    print_message("%-18s %8s %8s %8s %10s\n", "shape", "problems", "covered", "tight", "converged");
    for (size_t k = 0; k < JN_SHAPES; k++) {
        print_message("%-18s %8zu %8zu %8zu %10zu\n", names[k], by[k].n, by[k].covered, by[k].tight,
                      by[k].converged);
    }
    print_message("%-18s %8zu %8zu %8zu %10zu\n", "all", all.n, all.covered, all.tight,
                  all.converged);
    assert_int_equal(all.silent, 0);
    assert_true(all.covered >= 995 * all.n / 1000);
    assert_true(all.tight >= 95 * all.n / 100);
}

int main(int argc, char **argv)
{
    first = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_errors_of_random_problems) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
