#include "models.h"

#include "malloc_sweep.h"

static void test_normal_prior(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, NULL, (double[]){ 1, -3 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,2"), t);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    assert_true(q->is_prior && q->is_gaussian && !q->per_row && !q->is_posterior);
    assert_int_equal(q->ops->base(q->self, 1), JN_BASE_NORMAL);
    double z[2], log_q, again, mean[2], chol[4], tail[4];
    assert_ok(q->ops->map(q->self, 0, 1, 1, (double[]){ 0.5, -1.5 }, z, &log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 0, 1, 1, z, &again), NULL);
    assert_close(log_q, -1.8378770664093454836 - 0.5 * 2.5, 1e-15, 0.0);
    assert_close(again, log_q, 0.0, 0.0);
    assert_ok(q->ops->location(q->self, 0, mean, chol), NULL);
    assert_ok(q->ops->tail_precision(q->self, 0, tail), NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_close(chol[i], i % 3 == 0 ? 1.0 : 0.0, 0.0, 0.0);
        assert_close(tail[i], chol[i], 0.0, 0.0);
    }
    assert_true(mean[0] == 0.0 && mean[1] == 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

/* Uniform bases: a positive latent, and a discrete one. */
static void test_priors_that_are_not_normal(void **state)
{
    (void)state;
    jn_model *gamma = jn_test_model("gamma-weights", NULL, NULL);
    jn_model *points = jn_test_model("two-point-weights", NULL, NULL);
    jn_proposal *q = jn_test_proposal("prior", NULL, gamma);
    jn_proposal *r = jn_test_proposal("prior", NULL, points);
    double z, log_q;
    assert_true(q->is_prior && !q->is_gaussian && q->ops->location == NULL);
    assert_int_equal(q->ops->base(q->self, 0), JN_BASE_UNIFORM);
    assert_int_equal(r->ops->base(r->self, 0), JN_BASE_CHOICE);
    assert_ok(q->ops->map(q->self, 0, 1, 1, (double[]){ 0.25 }, &z, &log_q), NULL);
    assert_close(z, -log1p(-0.25), 1e-14, 0.0);
    assert_close(log_q, -z, 1e-15, 1e-15);
    assert_ok(r->ops->map(r->self, 0, 1, 1, (double[]){ 0.05 }, &z, &log_q), NULL);
    assert_close(z, 0.0, 0.0, 0.0);
    assert_close(log_q, log(0.1), 1e-15, 0.0);
    jn_proposal_free(q);
    jn_proposal_free(r);
    jn_model_free(gamma);
    jn_model_free(points);
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("prior", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gamma-weights", NULL, NULL);
    assert_true(jn_malloc_sweep(make, m) >= 1);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_prior),
        cmocka_unit_test(test_priors_that_are_not_normal),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
