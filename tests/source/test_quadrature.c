#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/source.h"
#include "malloc_sweep.h"

static const jn_law_wish NODES = { .needs = JN_NEED_NODES };

/* Laws of row 0; a refusal is an answer. */
static jn_status laws(const jn_proposal *q, const jn_source_options *o, jn_law_set *set,
                      jn_error *err)
{
    jn_plan plan;
    jn_status st = jn_plan_new(&jn_source_quadrature, q, 0, o, &plan, err);
    if (st == JN_OK) {
        st = jn_source_run(&plan, 1, &NODES, 2, set, err);
        jn_plan_release(&plan);
    }
    return st;
}

/* Sum m = 1 and sum m e^l = p(x), at the finest resolution. */
static bool check(const jn_model *m, const char *name, const char *const *set, double allowed)
{
    jn_proposal *q = jn_test_proposal(name, set, m);
    jn_law_set s;
    jn_error err = JN_ERROR_INIT;
    const jn_source_options o = { .tolerance = 1e-13 };
    const jn_status st = laws(q, &o, &s, &err);
    if (st != JN_OK) {
        assert_int_equal(st, JN_REFUSED);
        assert_true(err.message[0] != 0);
    } else {
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, 0, &e), NULL);
        assert_true(s.nested && s.kind == JN_QUADRATURE && s.n == JN_LEVELS);
        assert_close(expm1(jn_lse_log_sum(&s.law[0].mass)), 0.0, 0.0, allowed);
        assert_close(expm1(jn_law_log_evidence(&s.law[0]) - e.value), 0.0, 0.0,
                     allowed + 1e-15 * fabs(e.value));
        assert_true(s.n_eval >= s.law[0].n_nodes && s.law[0].n_nodes > s.law[2].n_nodes);
        jn_law_set_free(&s);
    }
    jn_proposal_free(q);
    return st == JN_OK;
}

/* The posterior is N(0.8, 1/3) here. */
static void test_one_coordinate_wide_narrow_shifted(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), data);
    static const double ratios[] = { 1e-3, 1e-2, 0.1, 0.5, 0.9, 1.0, 1.1, 3.0, 30.0, 1e3 };
    static const double shifts[] = { 0.0, 0.5, -3.0, 30.0, -30.0 };
    const double sd = sqrt(1.0 / 3.0);
    int done = 0;
    for (size_t r = 0; r < 10; r++) {
        for (size_t s = 0; s < 5; s++) {
            char mean[64], width[64];
            snprintf(mean, sizeof mean, "mean=%.17g", 0.8 + shifts[s] * sd);
            snprintf(width, sizeof width, "sd=%.17g", ratios[r] * sd);
            /* at the posterior log q is -(shift / ratio)^2 / 2, and rounds as such */
            const double size = 0.5 * pow((fabs(shifts[s]) + 3.0) / fmin(ratios[r], 1.0), 2);
            done += check(m, "gaussian", TEXTS(mean, width), 1e-12 + 4.4e-16 * size);
        }
    }
    assert_int_equal(done, 50); /* one coordinate has no excuse */
    assert_true(check(m, "prior", NULL, 1e-12));
    assert_true(check(m, "posterior", NULL, 1e-12));
    jn_model_free(m);
    jn_table_free(data);
}

static void test_two_coordinates(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 2, NULL, (double[]){ 1.2, -0.7 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,0.8", "noise_sd=0.5,0.9"),
                                data);
    assert_true(check(m, "prior", NULL, 1e-12));
    assert_true(check(m, "laplace", NULL, 1e-12));
    static const char *const sds[] = { "sd=0.02,0.5", "sd=1,15", "sd=0.3,0.3", "sd=4,0.1",
                                       "sd=10,10" };
    static const char *const means[] = { "mean=0.5,0", "mean=-2,3", "mean=8,1" };
    int done = 0;
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 3; j++) {
            done += check(m, "gaussian", TEXTS(sds[i], means[j]), 2e-12);
        }
    }
    assert_true(done >= 12);
    /* axes of q and of the posterior cross */
    assert_true(check(m, "gaussian", TEXTS("cov=1,0.95;0.95,1", "mean=0,0"), 1e-12));
    jn_model_free(m);
    jn_table_free(data);
}

static void test_three_and_four_coordinates(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 4, NULL, (double[]){ 1.2, -0.7, 0.3, 2.0 });
    jn_model *three = jn_test_model(
        "linear-gaussian", TEXTS("W=1,0.5,0;-0.3,0.8,0.1;0,1,1;0.4,0,0.3", "noise_sd=1"), data);
    jn_model *four = jn_test_model(
        "linear-gaussian", TEXTS("W=1,0.5,0,0;-0.3,0.8,0.1,0;0,1,1,0;0.4,0,0.3,0.2", "noise_sd=1"),
        data);
    assert_true(check(three, "laplace", TEXTS("widen=1.2"), 1e-10));
    assert_true(check(four, "laplace", TEXTS("widen=1.1"), 1e-9));
    jn_model_free(three);
    jn_model_free(four);
    jn_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *five = jn_test_model("linear-gaussian", TEXTS("W=1,0,0,0,0"), data);
    jn_model *one = jn_test_model("linear-gaussian", NULL, data);
    jn_model *mix = jn_test_model("gaussian-mixture", TEXTS("means=0;1", "sds=1;1"), data);
    jn_proposal *q5 = jn_test_proposal("prior", NULL, five);
    jn_proposal *q1 = jn_test_proposal("prior", NULL, one);
    jn_proposal *qm = jn_test_proposal("prior", NULL, mix);
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    jn_source_options o = { 0 };
    assert_int_equal(jn_plan_new(&jn_source_quadrature, q5, 0, &o, &plan, &err), JN_REFUSED);
    assert_non_null(strstr(err.message, "5"));
    assert_int_equal(jn_plan_new(&jn_source_quadrature, qm, 0, &o, &plan, &err), JN_REFUSED);
    assert_int_equal(jn_plan_new(&jn_source_enumerate, q1, 0, &o, &plan, &err), JN_REFUSED);
    o.max_nodes = 50;
    assert_int_equal(jn_plan_new(&jn_source_quadrature, q1, 0, &o, &plan, &err), JN_REFUSED);
    assert_non_null(strstr(err.message, "50"));
    jn_plan_release(&plan);
    jn_proposal_free(q5);
    jn_proposal_free(q1);
    jn_proposal_free(qm);
    jn_model_free(five);
    jn_model_free(one);
    jn_model_free(mix);
    jn_table_free(data);
}

static jn_status attempt(void *user)
{
    jn_law_set s = { 0 };
    const jn_source_options o = { 0 };
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    jn_status st = jn_plan_new(&jn_source_quadrature, user, 0, &o, &plan, &err);
    if (st == JN_OK) {
        st = jn_source_run(&plan, 1, &NODES, 1, &s, &err);
        jn_law_set_free(&s);
        jn_plan_release(&plan);
    }
    assert_true(st == JN_OK || err.message[0] != 0 || st == JN_ERR_NOMEM);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 2, NULL, (double[]){ 1.2, -0.7 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,0.8"), data);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    assert_true(jn_malloc_sweep(attempt, q) >= 15);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_coordinate_wide_narrow_shifted),
        cmocka_unit_test(test_two_coordinates),
        cmocka_unit_test(test_three_and_four_coordinates),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
