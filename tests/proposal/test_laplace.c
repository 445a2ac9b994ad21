#include "models.h"

#include "malloc_sweep.h"

/* A Gaussian posterior is its own Laplace approximation. */
static void test_laplace_of_a_gaussian_posterior(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model(
        "linear-gaussian", TEXTS("W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04", "b=5,3,4,1"), t);
    jn_proposal *q = jn_test_proposal("laplace", NULL, m);
    jn_proposal *p = jn_test_proposal("posterior", NULL, m);
    assert_true(q->is_gaussian && q->per_row && q->weakest == JN_OK && !q->is_posterior);
    for (size_t row = 0; row < m->n_obs; row += 29) {
        double mean[2], chol[4], want_mean[2], want_chol[4];
        assert_ok(q->ops->location(q->self, row, mean, chol), NULL);
        assert_ok(p->ops->location(p->self, row, want_mean, want_chol), NULL);
        for (size_t i = 0; i < 2; i++) {
            assert_close(mean[i], want_mean[i], 1e-13, 1e-13); /* a solve of condition 50 */
        }
        for (size_t i = 0; i < 4; i++) {
            assert_close(chol[i], want_chol[i], 1e-13, 1e-14);
        }
    }
    jn_proposal_free(p);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_shift_and_widen(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 1, NULL, (double[]){ 1, -3 });
    jn_model *m = jn_test_model("linear-gaussian", NULL, t); /* posterior N(x / 2, 1 / 2) */
    jn_proposal *q = jn_test_proposal("laplace", TEXTS("shift=0.25", "widen=2"), m);
    double mean, sd;
    assert_ok(q->ops->location(q->self, 1, &mean, &sd), NULL);
    assert_close(mean, -1.25, 1e-14, 0.0);
    assert_close(sd, sqrt(2.0), 1e-14, 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("laplace", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 1, NULL, (double[]){ 1, -3 });
    jn_model *m = jn_test_model("linear-gaussian", NULL, t);
    assert_true(jn_malloc_sweep(make, m) >= 12);
    jn_model_free(m);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laplace_of_a_gaussian_posterior),
        cmocka_unit_test(test_shift_and_widen),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
