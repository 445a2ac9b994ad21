/* Random integrals with known answers, as many as are asked for, and how an answer to one is
 * judged.
 */
#ifndef JN_TESTS_RANDOM_PROBLEMS_H
#define JN_TESTS_RANDOM_PROBLEMS_H

#include "problems.h"

static const char *const jn_shape_names[JN_SHAPES] = {
    "Gaussian", "mixture", "Student", "joint Student", "skew-normal",     "log-gamma",
    "Laplace",  "kink",    "bend",    "flat top",      "needle in a hill"
};

/* A number in (lo, hi) for problem i, the k-th of its choices. */
static inline double jn_choose(size_t i, size_t k, double lo, double hi)
{
    return lo + (hi - lo) * jn_chance(9000 + k, i);
}

/* Shapes in turn; dimension, parameter, place, scale, correlation and log p(x) by chance. */
static inline jn_problem jn_random_problem(size_t i)
{
    static const size_t most[JN_SHAPES] = { 5, 4, 2, 3, 4, 4, 2, 3, 3, 2, 2 };
    static const double least_a[JN_SHAPES] = { 0, 0, 1.5, 2.0, 0.2, 0.3, 0, 0.2, 0.1, 0, 0.02 };
    static const double most_a[JN_SHAPES] = { 1, 1, 9, 9, 6, 20, 1, 3, 0.5, 1, 0.5 };
    const jn_shape shape = (jn_shape)(i % 1000 % JN_SHAPES);
    const size_t dim = 1 + (size_t)(jn_choose(i, 0, 0.0, 1.0) * (double)most[shape]);
    jn_problem p = jn_problem_plain(shape, dim, jn_choose(i, 1, least_a[shape], most_a[shape]));
    if (shape == JN_SHAPE_MIXTURE) {
        p.parts = 2 + (size_t)jn_choose(i, 2, 0.0, 2.99);
        p.apart = jn_choose(i, 3, 1.0, 9.0);
        p.scale = exp(jn_choose(i, 4, log(0.1), log(3.0)));
    }
    jn_problem_map(&p, jn_choose(i, 5, -5.0, 5.0), exp(jn_choose(i, 6, log(0.01), log(10.0))),
                   jn_choose(i, 7, -0.8, 0.8));
    p.constant = jn_choose(i, 8, 0.0, 1.0) < 0.1 ? -1e6 : jn_choose(i, 9, -300.0, 50.0);
    p.truth += p.constant;
    return p;
}

/* What is asked for problem i. */
static inline double jn_random_tolerance(size_t i)
{
    static const double tolerances[] = { 1e-4, 1e-6, 1e-9 };
    return tolerances[i % 1000 / JN_SHAPES % 3];
}

typedef struct jn_score {
    size_t n, covered, tight, converged, silent, unknown;
    double worst; /* off / error, where an error is told */
} jn_score;

/* Adds one answer; false: it is not within its error. A standard error may be passed five times
 * over. */
static inline bool jn_score_add(jn_score *s, const jn_problem *p, double tolerance, jn_status st,
                                const jn_estimate *e)
{
    const bool drawn = e->kind == JN_MC || e->kind == JN_RQMC;
    const double off = fabs(e->value - p->truth), error = drawn ? 5.0 * e->error : e->error;
    const bool unknown = isnan(e->error) || isnan(e->value), covered = off <= error || unknown;
    /* the unforgivable: told to be good, and wrong by more than was asked for */
    const bool silent = st == JN_OK && !(off <= fmax(tolerance, error));
    s->n++;
    s->unknown += unknown;
    s->covered += covered;
    s->tight += e->error <= fmax(100.0 * off, fmax(tolerance, 1e-13 * fabs(e->value)));
    s->converged += st == JN_OK;
    s->silent += silent;
    s->worst = unknown ? s->worst : fmax(s->worst, off / e->error);
    return covered && !silent;
}

#endif
