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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_normal_prior) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
