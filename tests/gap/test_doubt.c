/* Weights that a few draws hold, and values that an exact log p(x) contradicts: no error, a reason,
 * and JN_NOT_CONVERGED. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/gap.h"
#include "jensen/random.h"
#include "jensen/weights.h"

static const uint64_t KS[] = { 1, 1000 };

static size_t parse(const char *list, size_t n_k, jn_bound_arg **args)
{
    size_t n;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_bounds_parse(list, n_k, KS, &n, args, &err), &err);
    return n;
}

static bool is_mean_of_logs(const jn_gap_bound *b)
{
    return b->arg.bound == &jn_bound_elbo || b->arg.bound == &jn_bound_iwae;
}

/* q far off a narrow posterior: all the weight is one draw's. What is a mean of logs stands. */
static void one_draw_holds_all(jn_rule rule)
{
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.001"), data);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=-5", "sd=1"), m);
    jn_bound_arg *args;
    const size_t n = parse("elbo,iwae,vr:0.5,vr:0,cubo:2,tvo:4", 2, &args);
    const jn_gap_options o = { .rule = rule };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_gap_run(q, n, args, &o, &t, &err), JN_NOT_CONVERGED);
    const jn_gap_row *row = &t->rows[0];
    assert_true(isnan(row->diagnostics.pareto_k) && row->diagnostics.pareto_note != NULL);
    assert_true(t->n_warnings > 0);
    for (size_t i = 0; i < n; i++) {
        const jn_gap_bound *b = &row->bounds[i];
        assert_true(is_mean_of_logs(b) == (b->unsure == NULL));
        assert_true(is_mean_of_logs(b) == isfinite(b->value.error));
        /* controls by R - 1 apart, which say nothing here, a gap is log p(x) - value */
        assert_close(b->gap.value, row->evidence.value - b->value.value, 1e-12, 0.0);
    }
    jn_gap_table_free(t);
    free(args);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_one_draw_holds_all(void **state)
{
    (void)state;
    one_draw_holds_all(JN_RULE_MC);
    one_draw_holds_all(JN_RULE_RQMC);
}

/* The same of a likelihood: the right sum of tvo, an upper bound, is far below log p(x). */
static void test_no_upper_bound_below(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 2, (const char *const[]){ "y", "exposure" },
                                   (double[]){ 3000, 0.1364 });
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=0.2916", "rate=0.06831"), data);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.577", "sd=0.2"), m);
    jn_bound_arg *args;
    const size_t n = parse("elbo,tvo:5", 1, &args);
    const jn_gap_options o = { .rule = JN_RULE_MC };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_gap_run(q, n, args, &o, &t, &err), JN_NOT_CONVERGED);
    for (size_t i = 0; i < n; i++) {
        const jn_gap_bound *b = &t->rows[0].bounds[i];
        assert_true((b->unsure == NULL) == (b->arg.bound == &jn_bound_elbo));
    }
    jn_gap_table_free(t);
    free(args);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

/* A negative power of W has the left tail of log W, of which k-hat of W says nothing: q wider by a
 * factor c than a Gaussian posterior leaves 1/W a tail of index c^2 - 1. */
static void test_negative_powers(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), data);
    jn_bound_arg *args;
    const size_t n = parse("vr:2,vr:0.5", 1, &args);
    for (int i = 0; i < 4; i++) { /* index 0.21 and 0.69 */
        const bool heavy = i >= 2;
        jn_proposal *q = jn_test_proposal("laplace",
                                          TEXTS("shift=0.1", heavy ? "widen=1.3" : "widen=1.1"), m);
        const jn_gap_options o = { .rule = i % 2 == 0 ? JN_RULE_MC : JN_RULE_RQMC };
        jn_gap_table *t;
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_gap_run(q, n, args, &o, &t, &err), heavy ? JN_NOT_CONVERGED : JN_OK);
        const jn_gap_bound *b = t->rows[0].bounds;
        assert_true(isnan(b[0].value.error) == heavy && (b[0].unsure != NULL) == heavy);
        assert_true(isnan(b[0].gap.error) == heavy && b[1].unsure == NULL);
        jn_gap_table_free(t);
        jn_proposal_free(q);
    }
    free(args);
    jn_model_free(m);
    jn_table_free(data);
}

enum { DRAWS = 1000 };

/* Of stored weights, log-normal with E W = 1 and Var log W = 0.25, beside a given log p(x). */
static jn_gap_table *beside(double log_p, size_t draws, const char *list, jn_status want)
{
    double log_w[DRAWS];
    const jn_stream s = { .seed = 3 };
    jn_normal_fill(&s, 0, draws, 0, log_w);
    for (size_t i = 0; i < draws; i++) {
        log_w[i] = 0.5 * log_w[i] - 0.125;
    }
    const jn_matrix x = { .rows = 1, .cols = draws, .x = log_w };
    jn_bound_arg *args;
    const size_t n = parse(list, 1, &args);
    const jn_weights_options o = { .evidence = &log_p };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_weights_run(&x, n, args, &o, &t, &err), want);
    free(args);
    return t;
}

static void test_contradictions(void **state)
{
    (void)state;
    const char *const list = "elbo,vr:0,cubo:2";
    jn_gap_table *t = beside(0.0, DRAWS, list, JN_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_null(t->rows[0].bounds[i].unsure);
    }
    jn_gap_table_free(t);
    /* E log W = -1/8 is below 1/2, as it may be; log of the mean weight is not there */
    t = beside(0.5, DRAWS, list, JN_NOT_CONVERGED);
    assert_null(t->rows[0].bounds[0].unsure);
    assert_non_null(strstr(t->rows[0].bounds[1].unsure, "mean weight"));
    assert_non_null(strstr(t->rows[0].bounds[2].unsure, "upper bound below"));
    jn_gap_table_free(t);
    t = beside(-1.0, DRAWS, list, JN_NOT_CONVERGED);
    assert_non_null(strstr(t->rows[0].bounds[0].unsure, "lower bound above"));
    assert_true(isnan(t->rows[0].bounds[0].value.error));
    jn_gap_table_free(t);
}

/* Without a log p(x) given, that of the mean weight has no error where one draw is all of it. */
static void test_evidence_of_one_draw(void **state)
{
    (void)state;
    double log_w[DRAWS];
    for (size_t i = 0; i < DRAWS; i++) {
        log_w[i] = i == 7 ? 0.0 : -60.0 - (double)i / DRAWS;
    }
    const jn_matrix x = { .rows = 1, .cols = DRAWS, .x = log_w };
    jn_bound_arg *args;
    const size_t n = parse("elbo", 1, &args);
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_weights_run(&x, n, args, NULL, &t, &err), JN_NOT_CONVERGED);
    assert_true(isfinite(t->rows[0].evidence.value) && isnan(t->rows[0].evidence.error));
    assert_null(t->rows[0].bounds[0].unsure);
    jn_gap_table_free(t);
    free(args);
}

/* Few draws, but even ones, are no reason. */
static void test_few_even_draws(void **state)
{
    (void)state;
    jn_gap_table *t = beside(0.0, 8, "elbo,vr:0.5,vr:0", JN_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_null(t->rows[0].bounds[i].unsure);
    }
    jn_gap_table_free(t);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_draw_holds_all),   cmocka_unit_test(test_no_upper_bound_below),
        cmocka_unit_test(test_negative_powers),      cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_evidence_of_one_draw), cmocka_unit_test(test_few_even_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
