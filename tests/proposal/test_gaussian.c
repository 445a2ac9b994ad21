#include "proposals.h"

#include "malloc_sweep.h"

static const double two_by_two[] = { 1.2, -0.4, 0.3, 2.0, -1.0, 0.5 };
static const char *const loadings[] = { "W=1,0.5;-0.3,2", "noise_sd=0.7", NULL };

static jn_model *three_rows(jn_table **t)
{
    *t = jn_test_table(3, 2, NULL, two_by_two);
    return jn_test_model("linear-gaussian", loadings, *t);
}

/* log q by both roads agrees, and equals a product of scalar normals for independent coordinates.
 */
static void test_sd_of_each_coordinate(void **state)
{
    (void)state;
    enum { N = 300 };
    static double base[2 * N], z[2 * N], log_q[N], again[N];
    jn_table *t;
    jn_model *m = three_rows(&t);
    jn_proposal *q = jn_test_proposal(
        "gaussian", TEXTS("mean=0.5,-1", "sd=0.3,2", "shift=1,0", "widen=1.5"), m);
    for (size_t i = 0; i < 2 * N; i++) {
        base[i] = jn_chance_normal(3, i);
    }
    assert_ok(q->ops->map(q->self, 2, N, N, base, z, log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 2, N, N, z, again), NULL);
    for (size_t i = 0; i < N; i++) {
        const double e0 = (z[i] - 1.5) / 0.45, e1 = (z[N + i] + 1.0) / 3.0;
        const double want = -1.8378770664093454836 - log(0.45 * 3.0) - 0.5 * (e0 * e0 + e1 * e1);
        assert_close(e0, base[i], 1e-13, 1e-14); /* cancellation of the mean */
        assert_close(log_q[i], want, 1e-13, 1e-14);
        assert_close(again[i], log_q[i], 1e-13, 1e-14);
    }
    assert_true(q->is_gaussian && !q->per_row && !q->is_prior && !q->is_posterior);
    double mean[2], chol[4], tail[4];
    assert_ok(q->ops->location(q->self, 0, mean, chol), NULL);
    assert_ok(q->ops->tail_precision(q->self, 0, tail), NULL);
    assert_close(mean[0], 1.5, 0.0, 0.0);
    assert_close(chol[3], 3.0, 1e-15, 0.0);
    assert_close(tail[0], 1.0 / (0.45 * 0.45), 1e-15, 0.0);
    assert_close(tail[3], 1.0 / 9.0, 1e-15, 0.0);
    assert_true(tail[1] == 0.0 && chol[1] == 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_full_covariance(void **state)
{
    (void)state;
    enum { N = 40 };
    double base[2 * N], z[2 * N], log_q[N], again[N], tail[4];
    jn_table *t;
    jn_model *m = three_rows(&t);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=2", "cov=1.3,-0.6;-0.6,0.5"), m);
    for (size_t i = 0; i < 2 * N; i++) {
        base[i] = jn_chance_normal(4, i);
    }
    assert_ok(q->ops->map(q->self, 0, N, N, base, z, log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 0, N, N, z, again), NULL);
    const double det = 1.3 * 0.5 - 0.36;
    for (size_t i = 0; i < N; i++) {
        const double a = z[i] - 2.0, b = z[N + i] - 2.0;
        const double quad = (0.5 * a * a + 1.2 * a * b + 1.3 * b * b) / det; /* by cofactors */
        const double want = -1.8378770664093454836 - 0.5 * log(det) - 0.5 * quad;
        assert_close(log_q[i], want, 1e-13, 1e-13); /* condition number 8 */
        assert_close(again[i], want, 1e-13, 1e-13);
    }
    assert_ok(q->ops->tail_precision(q->self, 1, tail), NULL);
    assert_close(tail[1], 0.6 / det, 1e-14, 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

/* A row of values each, and matrices stacked: row r behaves as the proposal made of its part. */
static void test_values_for_each_observation(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = three_rows(&t);
    jn_proposal *all = jn_test_proposal(
        "gaussian", TEXTS("mean=1,2;3,4;5,6", "cov=1,0;0,1;2,1;1,3;4,0;0,5"), m);
    jn_proposal *one = jn_test_proposal("gaussian", TEXTS("mean=3,4", "cov=2,1;1,3"), m);
    jn_proposal *sds = jn_test_proposal("gaussian", TEXTS("mean=3,4", "sd=1,1;2,2;3,3"), m);
    assert_true(all->per_row && !one->per_row && sds->per_row);
    const double base[] = { 0.7, -1.9 };
    double z[2], w[2], log_q, log_r;
    assert_ok(all->ops->map(all->self, 1, 1, 1, base, z, &log_q), NULL);
    assert_ok(one->ops->map(one->self, 0, 1, 1, base, w, &log_r), NULL);
    assert_true(z[0] == w[0] && z[1] == w[1] && log_q == log_r);
    assert_ok(sds->ops->map(sds->self, 2, 1, 1, base, z, &log_q), NULL);
    assert_close(z[0], 3.0 + 3.0 * 0.7, 1e-15, 0.0);
    jn_proposal_free(all);
    jn_proposal_free(one);
    jn_proposal_free(sds);
    jn_model_free(m);
    jn_table_free(t);
}

/* Toy A by Gauss-Hermite-free means: E_q log w is quadratic in e, so three points in e = -s, 0, s
 * with s = sqrt 3 and masses 1/6, 2/3, 1/6 integrate it exactly. */
static void test_elbo_of_the_toy(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654757"), t);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.4", "sd=0.8"), m);
    const double base[] = { -1.7320508075688772, 0.0, 1.7320508075688772 };
    const double mass[] = { 1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0 };
    double z[3], log_q[3], elbo = 0.0;
    assert_ok(q->ops->map(q->self, 0, 3, 3, base, z, log_q), NULL);
    for (size_t i = 0; i < 3; i++) {
        elbo += mass[i] * (jn_test_joint(m, 0, z + i) - log_q[i]);
    }
    assert_close(elbo, -1.97550849423891, 0.0, 1e-14); /* 15 digits are known */
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = three_rows(&t);
    jn_test_refused_proposal(m, "gausian", NULL, JN_ERR_USAGE, "did you mean 'gaussian'");
    jn_test_refused_proposal(m, "xyzzy-plugh", NULL, JN_ERR_USAGE, "jensen models");
    jn_test_refused_proposal(m, "gaussian", TEXTS("men=1"), JN_ERR_USAGE, "mean");
    jn_test_refused_proposal(m, "gaussian", TEXTS("sd=0"), JN_ERR_VALUE, "sd");
    jn_test_refused_proposal(m, "gaussian", TEXTS("sd=1,-2"), JN_ERR_VALUE, "sd");
    jn_test_refused_proposal(m, "gaussian", TEXTS("mean=1,2,3"), JN_ERR_VALUE,
                             "mean is 1 x 3: need one number");
    jn_test_refused_proposal(m, "gaussian", TEXTS("mean=a"), JN_ERR_VALUE, "mean = 'a'");
    jn_test_refused_proposal(m, "gaussian", TEXTS("sd=1", "cov=1,0;0,1"), JN_ERR_VALUE, "give one");
    jn_test_refused_proposal(m, "gaussian", TEXTS("cov=1,0,0"), JN_ERR_VALUE, "need 2 x 2");
    jn_test_refused_proposal(m, "gaussian", TEXTS("cov=a"), JN_ERR_VALUE, "cov = 'a'");
    jn_test_refused_proposal(m, "gaussian", TEXTS("cov=1,0.5;0.4,1"), JN_ERR_VALUE,
                             "not symmetric");
    jn_test_refused_proposal(m, "gaussian", TEXTS("cov=1,2;2,1"), JN_ERR_VALUE,
                             "not positive definite");
    jn_test_refused_proposal(m, "gaussian", TEXTS("shift=1,2,3"), JN_ERR_VALUE, "shift");
    jn_test_refused_proposal(m, "gaussian", TEXTS("widen=0"), JN_ERR_VALUE, "widen");
    jn_test_refused_proposal(m, "gaussian", TEXTS("sd=1e300", "widen=1e300"), JN_ERR_VALUE,
                             "range of doubles");
    jn_model_free(m);
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("gaussian", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = three_rows(&t);
    assert_true(jn_malloc_sweep(make, m) >= 6);
    jn_model_free(m);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sd_of_each_coordinate),
        cmocka_unit_test(test_full_covariance),
        cmocka_unit_test(test_values_for_each_observation),
        cmocka_unit_test(test_elbo_of_the_toy),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
