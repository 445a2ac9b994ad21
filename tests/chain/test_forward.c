#include "chains.h"

#include <float.h>

#include "chain/forward.h"
#include "jensen/exact.h"
#include "malloc_sweep.h"

static jn_table *series(size_t n, const double *y)
{
    return jn_test_table(n, 1, (const char *const[]){ "y" }, y);
}

static jn_estimate evidence(const jn_model *m)
{
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact(m, 0, NULL, &e, &err), &err);
    assert_true(e.kind == JN_EXACT && e.error >= 0.0 && e.n_eval > 0);
    return e;
}

/* shared/reference: an independent program in double precision, 17 digits. */
static void test_coal(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("coal.csv");
    jn_model *m = jn_test_model(
        "hmm", TEXTS("initial=0.9,0.1", "transition=0.98,0.02;0.01,0.99", "rates=3.1,0.9"), data);
    const jn_estimate e = evidence(m);
    assert_close(e.value, -172.67704412819523, 0.0, 1e-12); /* 112 steps of rounding */
    assert_true(e.error < 1e-11);
    assert_string_equal(m->notes, "1 column beside y not used");
    double value, error;
    assert_ok(jn_forward_log(m, 0, &value, &error, NULL), NULL);
    assert_close(value, e.value, 0.0, e.error + error);
    jn_estimate all;
    assert_ok(jn_exact_all(m, NULL, &all, NULL), NULL);
    assert_true(all.value == e.value && all.error == e.error && all.n_eval == e.n_eval);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_large_counts(void **state)
{
    (void)state;
    const double y[] = { 1000100000, 999500000, 1001500000, 1000900000 };
    jn_table *t = jn_test_table(4, 1, (const char *const[]){ "y" }, y);
    jn_model *m = jn_test_model("hmm",
                                TEXTS("emission=poisson", "rates=1000000000,1001000000",
                                      "transition=0.9,0.1;0.2,0.8", "initial=0.5,0.5"),
                                t);
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact(m, 0, NULL, &e, &err), &err);
    /* the recursion with mpmath, 40 digits */
    assert_close(e.value, -308.31770287750094, 0.0, e.error);
    assert_true(e.error < 1e-11);
    jn_model_free(m);
    jn_table_free(t);
}

/* Every kind of emission, 1 to 6 states, with and without zeros, against the sum over all paths,
 * by the scaled recursion and in logarithms. */
static void test_against_all_paths(void **state)
{
    (void)state;
    static const struct {
        size_t S, T;
        double zeros;
    } cases[] = { { 1, 5, 0 },   { 2, 1, 0 },   { 2, 12, 0 }, { 2, 12, 0.4 }, { 3, 9, 0 },
                  { 3, 9, 0.5 }, { 4, 7, 0.3 }, { 5, 6, 0 },  { 6, 5, 0.6 } };
    static const char *const emission[] = {
        "emission=poisson",   "rates=0.5,3,0,7,1.5,20", "emission=gaussian",
        "means=0,2,-1,5,1,3", "emission=categorical",   "",
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const size_t S = cases[c].S, T = cases[c].T;
        for (size_t kind = 0; kind < 3; kind++) {
            char initial[256], transition[1024], probs[1024], law[256];
            const uint64_t seed = 100 * c + 10 * kind;
            double y[16];
            for (size_t t = 0; t < T; t++) {
                y[t] = kind == 1 ? 4.0 * jn_chance_normal(seed + 4, t)
                                 : floor(3.0 * jn_chance(seed + 4, t));
            }
            jn_test_law_text(initial, sizeof initial, "initial", 1, S, seed, cases[c].zeros);
            jn_test_law_text(transition, sizeof transition, "transition", S, S, seed + 1,
                             cases[c].zeros);
            jn_test_law_text(probs, sizeof probs, "probs", S, 3, seed + 2, cases[c].zeros);
            snprintf(law, sizeof law, "%s", emission[2 * kind + 1]);
            char *end = law; /* as many numbers as states */
            for (size_t s = 0; s < S && end != NULL; s++) {
                end = strchr(s == 0 ? end : end + 1, ',');
            }
            if (end != NULL) {
                *end = '\0';
            }
            jn_table *data = series(T, y);
            jn_model *m = jn_test_model("hmm",
                                        TEXTS(emission[2 * kind], initial, transition,
                                              kind == 2   ? probs
                                              : kind == 1 ? "sds=0.3"
                                                          : law,
                                              kind == 1 ? law : NULL),
                                        data);
            const double truth = jn_test_all_paths(m, 0);
            const jn_estimate e = evidence(m);
            double value, error;
            assert_ok(jn_forward_log(m, 0, &value, &error, NULL), NULL);
            /* at most 5^6 paths of 12 logarithms of size below 1000 */
            assert_close(e.value, truth, 1e-14, 1e-13);
            assert_close(value, truth, 1e-14, 1e-13);
            assert_true(isinf(truth) || fabs(e.value - truth) <= e.error + 1e-14 * fabs(truth));
            jn_model_free(m);
            jn_table_free(data);
        }
    }
}

/* States that never mix: the evidence is a mixture of two products, of which the one that looks
 * hopeless for 800 steps wins in the end. A scaled recursion alone would have lost it. */
static void test_hopeless_state_wins(void **state)
{
    (void)state;
    enum { T = 2000 };
    static double y[T];
    for (size_t t = 0; t < T; t++) {
        y[t] = t < 800 ? 0.0 : 3.0;
    }
    jn_table *data = series(T, y);
    jn_model *m = jn_test_model(
        "hmm",
        TEXTS("emission=gaussian", "initial=0.5,0.5", "transition=1,0;0,1", "means=0,3", "sds=1"),
        data);
    /* state 1: 800 errors of 3 standard deviations, state 0: 1200 of them */
    const double truth = log(0.5) - 0.5 * T * log(2.0 * M_PI) - 4.5 * 800;
    const jn_estimate e = evidence(m);
    assert_close(e.value, truth, 1e-15, e.error);
    assert_true(e.error < 1e-8);
    jn_model_free(m);
    jn_table_free(data);
}

/* The same within one step: its emission underflows outright, and is the only one that lasts. */
static void test_underflowing_emission_wins(void **state)
{
    (void)state;
    const double y[] = { 0, 100, 100 };
    jn_table *data = series(3, y);
    jn_model *m = jn_test_model(
        "hmm",
        TEXTS("emission=gaussian", "initial=0.5,0.5", "transition=1,0;0,1", "means=0,100", "sds=1"),
        data);
    assert_close(evidence(m).value, log(0.5) - 1.5 * log(2.0 * M_PI) - 5000.0, 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_tiny_transitions(void **state)
{
    (void)state;
    const double y[] = { 0, 0, 1, 1 };
    jn_table *data = series(4, y);
    jn_model *m = jn_test_model("hmm",
                                TEXTS("emission=categorical", "initial=1,0", "probs=1,0;0,1",
                                      "transition=1,1e-250;1e-250,1"),
                                data);
    assert_close(evidence(m).value, log(1e-250), 1e-15, 0.0);
    jn_model_free(m);
    m = jn_test_model("hmm",
                      TEXTS("emission=gaussian", "initial=0,1", "means=0,1", "sds=0.001",
                            "transition=0.5,0.5;0.5,0.5"),
                      data);
    assert_close(evidence(m).value, jn_test_all_paths(m, 0), 1e-14, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* A series that no path can make is an answer: log p = -inf, with no error. */
static void test_impossible(void **state)
{
    (void)state;
    const double y[] = { 0, 1, 0, 2 };
    jn_table *data = series(4, y);
    static const char *const probs[] = { "probs=0.5,0.5,0;0,1,0", "probs=0,1,0;1,0,0",
                                         "probs=1,0,0;0,0,1" };
    static const char *const transition[] = { "transition=0.5,0.5;0.5,0.5", "transition=1,0;0,1",
                                              "transition=0.5,0.5;0,1" };
    for (size_t k = 0; k < 3; k++) {
        jn_model *m = jn_test_model(
            "hmm", TEXTS("emission=categorical", "initial=1,0", probs[k], transition[k]), data);
        const jn_estimate e = evidence(m);
        assert_true(e.value == -INFINITY && e.error == 0.0);
        double value, error;
        assert_ok(jn_forward_log(m, 0, &value, &error, NULL), NULL);
        assert_true(value == -INFINITY && error == 0.0);
        jn_model_free(m);
    }
    jn_table_free(data);
}

/* A million steps: when the state is seen without error the evidence is a product of transitions;
 * and the three ways to make emissions (symbols, blocks, logarithms) agree. */
static void test_million_steps(void **state)
{
    (void)state;
    enum { T = 1000000 };
    double *y = calloc(T, sizeof *y), truth = log(0.25);
    const double p[2][2] = { { 0.75, 0.25 }, { 0.5, 0.5 } };
    uint64_t moves[2][2] = { { 0, 0 }, { 0, 0 } };
    y[0] = 1.0;
    for (size_t t = 1; t < T; t++) {
        y[t] = jn_chance(3, t) < p[(size_t)y[t - 1]][0] ? 0.0 : 1.0;
        moves[(size_t)y[t - 1]][(size_t)y[t]]++;
    }
    for (size_t k = 0; k < 4; k++) {
        truth += (double)moves[k / 2][k % 2] * log(p[k / 2][k % 2]);
    }
    jn_table *data = series(T, y);
    jn_model *m = jn_test_model("hmm",
                                TEXTS("emission=categorical", "initial=0.75,0.25",
                                      "transition=0.75,0.25;0.5,0.5", "probs=1,0;0,1"),
                                data);
    assert_close(evidence(m).value, truth, 4.0 * DBL_EPSILON, 0.0); /* powers of two and counts */
    jn_model_free(m);
    m = jn_test_model("hmm",
                      TEXTS("emission=gaussian", "initial=0.75,0.25", "means=0.2,0.9",
                            "transition=0.75,0.25;0.5,0.5", "sds=0.5,0.7"),
                      data);
    const jn_estimate e = evidence(m);
    double value, error;
    assert_ok(jn_forward_log(m, 0, &value, &error, NULL), NULL);
    assert_close(e.value, value, 1e-14, 0.0); /* roundings of a million steps partly cancel */
    assert_true(fabs(e.value - value) <= e.error + error && e.error < 1e-8);
    jn_model_free(m);
    jn_table_free(data);
    free(y);
}

static jn_status attempt(void *user)
{
    jn_estimate e = { .value = 42.0 };
    const jn_status st = jn_chain_evidence(user, 0, NULL, &e, NULL);
    assert_true(st == JN_OK || e.value == 42.0);
    return st;
}

static void test_memory(void **state)
{
    (void)state;
    const double y[] = { 0, 0, 1, 1 };
    jn_table *data = series(4, y);
    static const char *const transition[] = { "transition=0.5,0.5;0.5,0.5",
                                              "transition=1,1e-250;1e-250,1" };
    for (size_t k = 0; k < 2; k++) {
        jn_model *m = jn_test_model("hmm", TEXTS("rates=1,2", "initial=0.5,0.5", transition[k]),
                                    data);
        assert_true(jn_malloc_sweep(attempt, m) >= 2);
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_chain_evidence(m, 1, NULL, &e, &err), JN_ERR_VALUE);
        assert_non_null(strstr(err.message, "observation 1"));
        jn_model_free(m);
    }
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coal),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_against_all_paths),
        cmocka_unit_test(test_hopeless_state_wins),
        cmocka_unit_test(test_underflowing_emission_wins),
        cmocka_unit_test(test_tiny_transitions),
        cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_million_steps),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
