#include "problems.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

enum { MAX_PROBLEMS = 64 };

typedef struct collection {
    size_t n;
    jn_problem problem[MAX_PROBLEMS];
} collection;

static void add(collection *c, const char *name, jn_problem p, double mean, double scale,
                double slant, double constant)
{
    assert_true(c->n < MAX_PROBLEMS);
    jn_problem_map(&p, mean, scale, slant);
    p.constant = constant;
    p.truth += constant;
    snprintf(p.name, sizeof p.name, "%s, %zu-D", name, p.dim);
    c->problem[c->n++] = p;
}

static jn_problem hills(size_t dim, size_t parts, double apart, double scale)
{
    jn_problem p = jn_problem_plain(JN_SHAPE_MIXTURE, dim, 0.0);
    p.parts = parts;
    p.apart = apart;
    p.scale = scale;
    return p;
}

static void collect(collection *c)
{
    for (size_t d = 1; d <= 6; d++) {
        add(c, "correlated", jn_problem_plain(JN_SHAPE_GAUSSIAN, d, 0.0), 3.0, 0.2, 0.9, -40.0);
    }
    for (size_t d = 1; d <= 6; d++) {
        add(c, "skewed", jn_problem_plain(JN_SHAPE_SKEW, d, 4.0), 1.0, 2.0, 0.5, 7.0);
    }
    for (size_t d = 1; d <= 6; d++) {
        add(c, "two hills 6 sd apart", hills(d, 2, 6.0, 1.0), -2.0, 0.5, 0.3, 0.0);
    }
    for (size_t d = 1; d <= 3; d++) {
        add(c, "log-gamma", jn_problem_plain(JN_SHAPE_LOGGAMMA, d, 0.7), 0.0, 1.0, 0.4, 0.0);
        add(c, "kink", jn_problem_plain(JN_SHAPE_KINK, d, 2.0), 0.5, 1.0, 0.2, 0.0);
        add(c, "needle in a hill", jn_problem_plain(JN_SHAPE_NEEDLE, d, 0.02), 0.0, 1.0, 0.0, 0.0);
    }
    add(c, "Student, 3 degrees", jn_problem_plain(JN_SHAPE_STUDENT, 1, 3.0), 1.0, 1.0, 0.0, 0.0);
    add(c, "Cauchy", jn_problem_plain(JN_SHAPE_STUDENT, 1, 1.0), -5.0, 0.1, 0.0, 0.0);
    add(c, "Student, 4 degrees", jn_problem_plain(JN_SHAPE_STUDENT, 2, 4.0), 1.0, 1.0, 0.0, 0.0);
    add(c, "Student, 1.84 degrees", jn_problem_plain(JN_SHAPE_STUDENT, 2, 1.84), -1.6, 0.13, -0.1,
        -11.6);
    add(c, "joint Student", jn_problem_plain(JN_SHAPE_T, 2, 3.0), 0.0, 1.0, 0.6, 0.0);
    add(c, "Laplace", jn_problem_plain(JN_SHAPE_LAPLACE, 1, 0.0), 0.4, 1.0, 0.0, 0.0);
    add(c, "Laplace", jn_problem_plain(JN_SHAPE_LAPLACE, 2, 0.0), 0.4, 1.0, 0.5, 0.0);
    add(c, "flat top", jn_problem_plain(JN_SHAPE_FLAT, 1, 0.0), 2.0, 1.0, 0.0, 0.0);
    add(c, "flat top", jn_problem_plain(JN_SHAPE_FLAT, 2, 0.0), 2.0, 1.0, 0.3, 0.0);
    add(c, "bend", jn_problem_plain(JN_SHAPE_BEND, 2, 0.5), 0.0, 1.0, 0.0, 0.0);
    add(c, "bend", jn_problem_plain(JN_SHAPE_BEND, 3, 0.3), 0.0, 1.0, 0.0, 0.0);
    add(c, "narrow and wide", hills(1, 2, 6.0, 0.05), 0.0, 1.0, 0.0, 0.0);
    add(c, "narrow and wide", hills(2, 2, 8.0, 0.1), 0.0, 1.0, 0.2, 0.0);
    add(c, "hills 30 sd apart", hills(1, 2, 30.0, 1.0), 0.0, 1.0, 0.0, 0.0);
    add(c, "four hills", hills(2, 4, 7.0, 0.5), 1.0, 1.0, 0.0, 0.0);
    add(c, "as of 1e6 rows", jn_problem_plain(JN_SHAPE_SKEW, 2, 0.1), 2.0, 1e-3, 0.8, -1e6);
    add(c, "log p = -1e6", jn_problem_plain(JN_SHAPE_GAUSSIAN, 3, 0.0), 0.0, 1.0, 0.5, -1e6);
    add(c, "log p = 1e5", jn_problem_plain(JN_SHAPE_LOGGAMMA, 1, 3.0), 0.0, 1.0, 0.0, 1e5);
}

/* Is the answer within its error? A standard error may be passed five times over. */
static bool covers(const jn_problem *p, const char *what, jn_status st, const jn_estimate *e)
{
    const double z = e->kind == JN_MC || e->kind == JN_RQMC ? 5.0 : 1.0;
    const double off = fabs(e->value - p->truth);
    const bool good = isnan(e->value) ? st != JN_OK : isnan(e->error) || off <= z * e->error;
    if (!good) {
        print_error("%s, %s: %.15g is off by %.3g, error %.3g (%s)\n", p->name, what, e->value, off,
                    e->error, jn_status_name(st));
    }
    return good;
}

/* Every rule that applies is right within its own error, converged or not. */
static void test_all_rules_cover_the_truth(void **state)
{
    static collection c;
    size_t n, wrong = 0, answers = 0;
    (void)state;
    collect(&c);
    assert_true(c.n >= 30);
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    for (size_t i = 0; i < c.n; i++) {
        const jn_model m = jn_problem_model(&c.problem[i]);
        for (size_t k = 0; k < n; k++) {
            if (!methods[k]->applies(&m)) {
                continue;
            }
            const jn_exact_options o = { .tolerance = 1e-8, .max_nodes = 1 << 18, .threads = 1 };
            jn_estimate e = { .value = 42.0, .error = 0.0 };
            jn_error err = JN_ERROR_INIT;
            const jn_status st = methods[k]->run(&m, 0, &o, &e, &err);
            if (st < 0) { /* no Gaussian at a kink: nothing to approximate with */
                assert_true(methods[k]->approximate && st == JN_ERR_VALUE);
                continue;
            }
            answers++;
            wrong += !covers(&c.problem[i], methods[k]->name, st, &e);
        }
    }
    assert_true(answers > 4 * c.n);
    assert_int_equal(wrong, 0);
}

/* A million observations of one proportion, and of one rate: peaks a thousandth of the prior wide.
 * Under a uniform prior every count has chance 1 / (n + 1); under an exponential one it is
 * geometric. */
static void test_a_million_observations(void **state)
{
    (void)state;
    static const double size = 1e6, count = 1234567.0;
    const struct {
        const char *model, *second;
        double y, truth;
    } cases[] = { { "beta-binomial", "n", 400123.0, -log(size + 1.0) },
                  { "gamma-poisson", "exposure", count,
                    -log(size + 1.0) - count * log1p(1.0 / size) } };
    size_t n, answers = 0;
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    for (size_t i = 0; i < 2; i++) {
        jn_table *t = jn_test_table(1, 2, (const char *const[]){ "y", cases[i].second },
                                    (double[]){ cases[i].y, size });
        jn_model *m = jn_test_model(cases[i].model, NULL, t);
        jn_problem p = { .truth = cases[i].truth };
        snprintf(p.name, sizeof p.name, "%s of a million", cases[i].model);
        for (size_t k = 0; k < n; k++) {
            if (methods[k]->applies(m) && !methods[k]->approximate) {
                const jn_exact_options o = { .tolerance = 1e-8, .max_nodes = 1 << 18 };
                jn_estimate e;
                const jn_status st = methods[k]->run(m, 0, &o, &e, NULL);
                assert_true(st >= 0);
                assert_true(covers(&p, methods[k]->name, st, &e));
                answers++;
            }
        }
        jn_model_free(m);
        jn_table_free(t);
    }
    assert_int_equal(answers, 16);
}

/* Kinks across the axes, a needle inside a hill 50 times as wide, and what is no Gaussian in many
 * dimensions: said to be hard. */
static bool is_hard(const jn_problem *p)
{
    const size_t most = p->shape == JN_SHAPE_SKEW ? 4 : p->shape == JN_SHAPE_MIXTURE ? 5 : 6;
    return p->dim > most ||
           (p->dim > 1 && (p->shape == JN_SHAPE_KINK || p->shape == JN_SHAPE_LAPLACE ||
                           p->shape == JN_SHAPE_NEEDLE));
}

/* The choice among rules reaches 1e-9, or rounding, on every one of them, or says that it did not.
 */
static void test_the_choice_converges(void **state)
{
    static collection c;
    size_t bad = 0;
    (void)state;
    collect(&c);
    for (size_t i = 0; i < c.n; i++) {
        const jn_problem *p = &c.problem[i];
        const jn_model m = jn_problem_model(&c.problem[i]);
        const double tolerance = fmax(1e-9, 4e-15 * fabs(p->truth));
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        const jn_status st = jn_exact(&m, 0, &(jn_exact_options){ .tolerance = tolerance }, &e,
                                      &err);
        bad += !covers(p, "jn_exact", st, &e);
        if (!(st == JN_OK || (st == JN_NOT_CONVERGED && is_hard(p) && e.error > tolerance))) {
            print_error("%s: %s\n", p->name, err.message);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* A second hill 6 sd away holds half of the mass: no rule that assumes one mode may pass over it.
 */
static void test_no_rule_misses_a_second_mode(void **state)
{
    static const double aparts[] = { 3.0, 6.0, 12.0, 25.0 };
    size_t n;
    (void)state;
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    for (size_t d = 1; d <= 3; d++) {
        for (size_t i = 0; i < 4; i++) {
            jn_problem p = hills(d, 2, aparts[i], 1.0);
            const jn_model m = jn_problem_model(&p);
            for (size_t k = 0; k < n; k++) {
                jn_estimate e;
                if (methods[k]->applies(&m) && !methods[k]->approximate) {
                    const jn_exact_options o = { .tolerance = 1e-6, .max_nodes = 1 << 18 };
                    const jn_status st = methods[k]->run(&m, 0, &o, &e, NULL);
                    assert_true(st >= 0);
                    snprintf(p.name, sizeof p.name, "%zu-D, %g apart", d, aparts[i]);
                    assert_true(covers(&p, methods[k]->name, st, &e));
                }
            }
        }
    }
}

/* A kink a hair's breadth beside the mode, where boxes about the mode are cut in half. */
static void test_a_kink_beside_the_mode(void **state)
{
    size_t n;
    (void)state;
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    jn_problem p = jn_problem_plain(JN_SHAPE_KINK, 1, 0.2996);
    const jn_model m = jn_problem_model(&p);
    for (size_t k = 0; k < n; k++) {
        jn_estimate e;
        if (methods[k]->applies(&m) && !methods[k]->approximate) {
            const jn_status st = methods[k]->run(&m, 0, &(jn_exact_options){ .tolerance = 1e-10 },
                                                 &e, NULL);
            assert_true(st >= 0);
            assert_true(covers(&p, methods[k]->name, st, &e));
        }
    }
}

static void test_table(void **state)
{
    (void)state;
    size_t n;
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(jn_exact_method_find(methods[i]->name), methods[i]);
        assert_true(methods[i]->summary[0] != '\0');
    }
    assert_null(jn_exact_method_find("trapezoids"));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_rules_cover_the_truth),
        cmocka_unit_test(test_a_million_observations),
        cmocka_unit_test(test_the_choice_converges),
        cmocka_unit_test(test_no_rule_misses_a_second_mode),
        cmocka_unit_test(test_a_kink_beside_the_mode),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
