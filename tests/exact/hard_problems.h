/* Random integrals that rules are not made for, with known answers: funnels, ridges, needles, heavy
 * tails, beyond what random_problems.h has; and models with a closed form, at wild parameters, that
 * keep it to themselves. */
#ifndef JN_TESTS_HARD_PROBLEMS_H
#define JN_TESTS_HARD_PROBLEMS_H

#include "random_problems.h"

#include "jensen/exact.h"

typedef struct jn_hard {
    const char *name;
    size_t dim;
    double truth, slack; /* of the truth itself */
    jn_model m;
    /* what m is made of */
    jn_problem problem;
    jn_density density;
    jn_model *model;
    jn_table *data;
} jn_hard;

static inline double jn_choose_log(size_t i, size_t k, double lo, double hi)
{
    return exp(jn_choose(i, k, log(lo), log(hi)));
}

static inline void jn_hard_shape(size_t i, jn_hard *h)
{
    static const size_t most[JN_SHAPES] = { 5, 4, 3, 4, 4, 4, 3, 3, 4, 3, 3 };
    static const double least_a[JN_SHAPES] = { 0, 0, 0.5, 0.5, 0.2, 0.05, 0, 0.2, 0.3, 0, 1e-4 };
    static const double most_a[JN_SHAPES] = { 1, 1, 3, 3, 50, 20, 1, 30, 5, 1, 0.1 };
    const jn_shape shape = (jn_shape)(1 + i / 2 % (JN_SHAPES - 1));
    const size_t dim = 1 + (size_t)(jn_choose(i, 20, 0.0, 1.0) * (double)most[shape]);
    const double a = least_a[shape] > 0.0 ? jn_choose_log(i, 21, least_a[shape], most_a[shape])
                                          : 0.0;
    h->problem = jn_problem_plain(shape, dim, a);
    if (shape == JN_SHAPE_MIXTURE) {
        h->problem.parts = 2 + (size_t)jn_choose(i, 22, 0.0, 2.99);
        h->problem.apart = jn_choose(i, 23, 1.0, 12.0);
        h->problem.scale = jn_choose_log(i, 24, 0.2, 10.0);
    }
    jn_problem_map(&h->problem, jn_choose(i, 25, -5.0, 5.0), jn_choose_log(i, 26, 0.01, 10.0),
                   jn_choose(i, 27, -0.95, 0.95));
    h->name = jn_shape_names[shape];
    h->truth = h->problem.truth;
    h->m = jn_problem_model(&h->problem);
}

static inline void jn_hard_model(size_t i, jn_hard *h)
{
    static const char *const names[] = { "hierarchical-normal", "funnel", "banana", "beta-binomial",
                                         "gamma-poisson" };
    char text[3][64] = { "", "", "" };
    const char *set[4] = { NULL };
    const size_t which = i / 2 % 5;
    const double b = floor(jn_choose_log(i, 31, 1.0, 1e4)), y = floor(jn_choose(i, 32, 0.0, b));
    if (which == 0) {
        snprintf(text[0], 64, "mu_sd=%.17g", jn_choose_log(i, 33, 1.0, 100.0));
        snprintf(text[1], 64, "tau_scale=%.17g", jn_choose_log(i, 34, 0.1, 10.0));
        snprintf(text[2], 64, "tau_prior=%s", i / 10 % 2 == 0 ? "halfnormal" : "halfcauchy");
        const double values[] = { jn_choose(i, 35, -60.0, 60.0), jn_choose_log(i, 36, 0.05, 20.0),
                                  jn_choose(i, 37, -60.0, 60.0), jn_choose_log(i, 38, 0.05, 20.0) };
        h->data = jn_test_table(1 + i / 20 % 2, 2, (const char *const[]){ "y", "sd" }, values);
    } else if (which == 1) {
        snprintf(text[0], 64, "dim=%zu", 2 + i / 10 % 3);
        snprintf(text[1], 64, "scale=%.17g", jn_choose_log(i, 33, 0.3, 5.0));
    } else if (which == 2) {
        snprintf(text[0], 64, "curvature=%.17g", jn_choose_log(i, 33, 0.003, 3.0));
    } else {
        const double values[] = { y, b };
        snprintf(text[0], 64, "%s=%.17g", which == 3 ? "a" : "shape",
                 jn_choose_log(i, 33, 0.05, 50.0));
        snprintf(text[1], 64, "%s=%.17g", which == 3 ? "b" : "rate",
                 jn_choose_log(i, 34, 0.5, 50.0));
        h->data = jn_test_table(1, 2, (const char *const[]){ "y", which == 3 ? "n" : "exposure" },
                                values);
    }
    for (size_t k = 0, n = 0; k < 3; k++) {
        if (text[k][0] != '\0') {
            set[n++] = text[k];
        }
    }
    h->name = names[which];
    h->model = jn_test_model(h->name, set, h->data);
    jn_estimate e;
    assert_true(h->model->density->evidence(h->model->self, 0, &e) == JN_OK);
    h->truth = e.value;
    h->slack = e.error;
    h->m = *h->model;
    h->density = *h->model->density;
    h->density.evidence = NULL;
    h->m.density = &h->density;
}

/* Problem i, in place: h must not move. */
static inline void jn_hard_problem(size_t i, jn_hard *h)
{
    memset(h, 0, sizeof *h);
    if (i % 2 == 0) {
        jn_hard_shape(i, h);
    } else {
        jn_hard_model(i, h);
    }
    h->dim = h->m.dim;
}

static inline void jn_hard_free(jn_hard *h)
{
    jn_model_free(h->model);
    jn_table_free(h->data);
}

/* Too few for most of them. */
static inline uint64_t jn_hard_budget(size_t i)
{
    return (uint64_t)1 << (8 + i % 7 * 2);
}

#endif
