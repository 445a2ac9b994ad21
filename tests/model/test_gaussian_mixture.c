#include "models.h"

#include "malloc_sweep.h"
#include "model/discrete.h"

static const char *const two[] = { "weights=0.3,0.7", "means=-1,0.5;2,-1", "sds=0.5,1;2,0.25",
                                   NULL };
static const double x2[] = { 0.2, -0.4, 1.5, -0.9, -8.0, 6.0 };

static double normal(double x, double mean, double sd)
{
    return exp(-0.5 * (x - mean) * (x - mean) / (sd * sd)) / (sd * sqrt(2.0 * M_PI));
}

static void test_evidence_is_the_sum_over_components(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(3, 2, NULL, x2);
    jn_model *m = jn_test_model("gaussian-mixture", two, t);
    assert_int_equal(m->n_obs, 3);
    assert_int_equal(m->dim, 1);
    assert_int_equal(jn_model_states(m), 2);
    assert_int_equal(jn_model_support(m, 0), JN_DISCRETE);
    for (size_t r = 0; r < 3; r++) {
        const double a = x2[2 * r], b = x2[2 * r + 1];
        const double p = 0.3 * normal(a, -1, 0.5) * normal(b, 0.5, 1) +
                         0.7 * normal(a, 2, 2) * normal(b, -1, 0.25);
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, r, &e), NULL);
        assert_close(e.value, log(p), 0.0, e.error); /* plain arithmetic, within the bound */
        assert_true(e.error < 1e-12);
        jn_test_posterior_identity(m, r, 1e-14);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* A point far from every component still has a finite log-density: nothing is exponentiated bare.
 */
static void test_far_points(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 1, NULL, (double[]){ 1e4, 1e200 });
    jn_model *m = jn_test_model("gaussian-mixture", TEXTS("means=0,1"), t);
    jn_estimate e;
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    /* the second component leads by 1e4 nats */
    assert_close(e.value, log(0.5) - 0.5 * log(2.0 * M_PI) - 0.5 * 9999.0 * 9999.0, 1e-15, 0.0);
    assert_ok(m->density->evidence(m->self, 1, &e), NULL); /* its square is not a double */
    assert_close(e.value, -INFINITY, 0.0, 0.0);
    double z;
    assert_int_equal(m->density->posterior_map(m->self, 1, 1, 1, (double[]){ 0.5 }, &z),
                     JN_ERR_VALUE);
    assert_int_equal(m->density->posterior_log_density(m->self, 1, 1, 1, (double[]){ 0 }, &z),
                     JN_ERR_VALUE);
    assert_false(m->density->prior_moment_finite(m->self, 1, -1.0));
    assert_true(m->density->prior_moment_finite(m->self, 0, -1.0));
    jn_model_free(m);
    jn_table_free(t);
}

static void test_zero_weight_is_legal_and_never_drawn(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 0.3 });
    jn_model *m = jn_test_model("gaussian-mixture",
                                TEXTS("weights=0,0.25,0.75,0", "means=0.3,0,1,0.3"), t);
    double z[5], prior[5];
    const double u[] = { 1e-17, 0.2499999, 0.2500001, 0.5, 1.0 - 0x1p-53 };
    assert_ok(m->density->prior_map(m->self, 5, 5, u, z), NULL);
    const double want[] = { 1, 1, 2, 2, 2 };
    for (size_t i = 0; i < 5; i++) {
        assert_close(z[i], want[i], 0.0, 0.0);
    }
    const double at[] = { 0, 1, 0.5, -1, 4 }; /* only whole numbers in range are states */
    assert_ok(m->density->log_prior(m->self, 5, 5, at, prior), NULL);
    assert_close(prior[1], log(0.25), 1e-15, 0.0);
    assert_true(prior[0] == -INFINITY && prior[2] == -INFINITY && prior[3] == -INFINITY &&
                prior[4] == -INFINITY);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_model_free(m);
    jn_table_free(t);
}

/* Share of an even grid of uniforms that falls on each state: its probability within one step. */
static void test_posterior_map_has_the_posterior_shares(void **state)
{
    (void)state;
    enum { N = 1000 };
    static double u[N], z[N];
    jn_table *t = jn_test_table(3, 2, NULL, x2);
    jn_model *m = jn_test_model("gaussian-mixture", two, t);
    for (size_t i = 0; i < N; i++) {
        u[i] = ((double)i + 0.5) / N;
    }
    assert_ok(m->density->posterior_map(m->self, 0, N, N, u, z), NULL);
    double share = 0.0, log_p;
    for (size_t i = 0; i < N; i++) {
        share += z[i] == 0.0 ? 1.0 / N : 0.0;
    }
    assert_ok(m->density->posterior_log_density(m->self, 0, 1, 1, (double[]){ 0 }, &log_p), NULL);
    assert_close(share, exp(log_p), 0.0, 1.0 / N);
    jn_model_free(m);
    jn_table_free(t);
}

/* Where rounding leaves the sum short of u, the last state that is possible takes the rest. */
static void test_inverse_beyond_the_sum(void **state)
{
    (void)state;
    const double log_p[] = { log(0.5), log(0.4999), -INFINITY };
    double at;
    jn_discrete_invert(3, log_p, 1, (double[]){ 0.99999 }, &at);
    assert_close(at, 1.0, 0.0, 0.0);
}

/* Rounded thirds sum to 1 within 1e-12 each, and are made to sum to 1. */
static void test_weights_are_normalised(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 0.3 });
    jn_model *m = jn_test_model(
        "gaussian-mixture",
        TEXTS("weights=0.333333333333,0.333333333333,0.333333333333", "means=0,1,2"), t);
    double prior;
    assert_ok(m->density->log_prior(m->self, 1, 1, (double[]){ 1 }, &prior), NULL);
    assert_close(prior, -log(3.0), 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    const char *const name = "gaussian-mixture";
    jn_table *t = jn_test_table(3, 2, NULL, x2);
    jn_test_refused(name, NULL, t, bad, "means is needed");
    jn_test_refused(name, TEXTS("means=abc"), t, bad, "means = 'abc'");
    jn_test_refused(name, TEXTS("means=1,2,3"), t, bad, "means");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "weights=0.5,0.6"), t, bad, "sum to 1.1");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "weights=-0.5,1.5"), t, bad, "weights[0] = -0.5");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "weights=0.5,0.25,0.25"), t, bad, "weights");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "weights=0.5"), t, bad, "need 2");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "sds=0"), t, bad, "sds");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "sds=1,-1;1,1"), t, bad, "sds");
    jn_test_refused(name, TEXTS("means=0,0;1,1", "sds=1,2"), t, bad, "sds");
    jn_test_refused(name, TEXTS("means=0,0;1,1"), NULL, JN_ERR_USAGE, "needs data");
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    jn_params p = JN_PARAMS_INIT;
    jn_status status = jn_params_set_text(&p, "means", "0,1;1,2", NULL);
    if (status == JN_OK) {
        status = jn_model_new("gaussian-mixture", &p, user, &m, NULL);
    }
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_params_free(&p);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(3, 2, NULL, x2);
    assert_true(jn_malloc_sweep(make, t) >= 12);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence_is_the_sum_over_components),
        cmocka_unit_test(test_far_points),
        cmocka_unit_test(test_zero_weight_is_legal_and_never_drawn),
        cmocka_unit_test(test_posterior_map_has_the_posterior_shares),
        cmocka_unit_test(test_inverse_beyond_the_sum),
        cmocka_unit_test(test_weights_are_normalised),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
