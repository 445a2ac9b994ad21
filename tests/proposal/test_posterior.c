#include "models.h"

#include "malloc_sweep.h"

/* With q = p(z|x) every weight equals p(x), at any base point. */
static void test_every_weight_is_the_evidence(void **state)
{
    (void)state;
    enum { N = 64 };
    double base[2 * N], z[2 * N], log_q[N], likelihood[N], prior[N];
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model(
        "linear-gaussian", TEXTS("W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04", "b=5,3,4,1"), t);
    jn_proposal *q = jn_test_proposal("posterior", NULL, m);
    assert_true(q->is_posterior && q->is_gaussian && q->per_row && !q->is_prior);
    for (size_t i = 0; i < 2 * N; i++) {
        base[i] = 2.0 * jn_chance_normal(9, i);
    }
    for (size_t row = 0; row < m->n_obs; row += 37) {
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, row, &e), NULL);
        assert_ok(q->ops->map(q->self, row, N, N, base, z, log_q), NULL);
        assert_ok(m->density->log_prior(m->self, N, N, z, prior), NULL);
        assert_ok(m->density->log_likelihood(m->self, (jn_range){ row, 1 }, N, N, z, N, likelihood),
                  NULL);
        for (size_t i = 0; i < N; i++) {
            /* terms up to 50, a dozen roundings each */
            assert_close(likelihood[i] + prior[i] - log_q[i], e.value, 0.0, 1e-13);
        }
    }
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

/* location and tail_precision are each other's inverse, and the map's own factor. */
static void test_location_and_tail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 2, NULL, (double[]){ 1, 2, 3, 4 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,2"), t);
    jn_proposal *q = jn_test_proposal("posterior", NULL, m);
    double mean[2], chol[4], tail[4], z[2], log_q, wanted[4];
    assert_ok(q->ops->location(q->self, 1, mean, chol), NULL);
    assert_ok(q->ops->tail_precision(q->self, 1, tail), NULL);
    assert_ok(m->density->tail_precision(m->self, 1, wanted), NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_close(tail[i], wanted[i], 1e-13, 1e-14); /* two inversions, condition 5 */
    }
    assert_ok(q->ops->map(q->self, 1, 1, 1, (double[]){ 0.4, -2.0 }, z, &log_q), NULL);
    assert_close(z[0], mean[0] + 0.4 * chol[0], 1e-14, 1e-14);
    assert_close(z[1], mean[1] + 0.4 * chol[2] - 2.0 * chol[3], 1e-14, 1e-14);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("posterior", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", NULL, t);
    assert_true(jn_malloc_sweep(make, m) >= 1);
    jn_model_free(m);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_weight_is_the_evidence),
        cmocka_unit_test(test_location_and_tail),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
