#include "models.h"

#include "malloc_sweep.h"

static const char *const names[] = { "age", "y", "lwt" };
static const double cells[] = { 0.5, 1, -1.2, -0.3, 0, 0.7, 2.0, 1, 0.1, -1.5, 0, -0.4 };

/* y may stand in any column; the intercept comes first. */
static void test_log_likelihood_against_the_definition(void **state)
{
    (void)state;
    enum { N = 300, LD = 301 };
    static double z[3 * LD], out[N], prior[N];
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    assert_int_equal(m->dim, 3);
    assert_int_equal(m->n_obs, 1);
    for (size_t i = 0; i < 3 * LD; i++) {
        z[i] = 2.0 * jn_chance_normal(1, i);
    }
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, N, LD, z, N, out), NULL);
    assert_ok(m->density->log_prior(m->self, N, LD, z, prior), NULL);
    for (size_t i = 0; i < N; i++) {
        double want = 0.0, quad = 0.0;
        for (size_t r = 0; r < 4; r++) {
            const double eta = z[i] + z[LD + i] * cells[3 * r] + z[2 * LD + i] * cells[3 * r + 2];
            const double p = 1.0 / (1.0 + exp(-eta));
            want += cells[3 * r + 1] == 1.0 ? log(p) : log1p(-p);
        }
        for (size_t k = 0; k < 3; k++) {
            quad += z[k * LD + i] * z[k * LD + i] / 4.0;
        }
        /* log1p(-p) loses digits as p nears 1: |eta| up to 15 costs e^15 eps */
        assert_close(out[i], want, 1e-12, 1e-9);
        assert_close(prior[i], -0.5 * quad - 1.5 * log(2.0 * M_PI * 4.0), 1e-14, 0.0);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* Far out each term is linear or 0, never NaN, inf or a premature 0. */
static void test_extreme_coefficients(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, (const char *const[]){ "y", "x" }, (double[]){ 1, 2 });
    jn_model *m = jn_test_model("logistic", TEXTS("intercept=0"), t);
    assert_int_equal(m->dim, 1);
    const double z[] = { 400.0, -400.0, 20.0, 0.0 };
    double out[4];
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 4, 4, z, 4, out), NULL);
    assert_close(out[0], 0.0, 0.0, 1e-300);
    assert_close(out[1], -800.0, 1e-15, 0.0);
    assert_close(out[2], -exp(-40.0), 0.0, 1e-15); /* a sum of factors near 1: eps, absolute */
    assert_close(out[3], -log(2.0), 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_derivatives(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", NULL, t);
    assert_int_equal(m->dim, 4);
    jn_test_derivatives(m, 0, (double[]){ -0.8, 0.1, -0.4, 0.3 });
    jn_test_derivatives(m, 0, (double[]){ 2.0, -1.0, 0.5, 3.0 });
    jn_model_free(m);
    jn_table_free(t);
}

static void test_prior_and_tail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=4"), t);
    double mean[3], cov[9], tail[9], z[3];
    assert_ok(m->density->prior_gaussian(m->self, mean, cov), NULL);
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_ok(m->density->prior_map(m->self, 1, 1, (double[]){ 1, -2, 0.5 }, z), NULL);
    assert_true(z[0] == 4.0 && z[1] == -8.0 && z[2] == 2.0 && mean[1] == 0.0);
    for (size_t i = 0; i < 9; i++) {
        assert_close(cov[i], i % 4 == 0 ? 16.0 : 0.0, 0.0, 0.0);
        assert_close(tail[i], i % 4 == 0 ? 0.0625 : 0.0, 0.0, 0.0);
    }
    assert_null(m->density->evidence);
    assert_true(m->density->log_concave && m->density->prior_moment_finite(m->self, 0, -3.0));
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = jn_test_table(4, 3, names, cells);
    const char *const no_y[] = { "a", "b", "c" };
    jn_table *without = jn_test_table(4, 3, no_y, cells);
    jn_table *alone = jn_test_table(2, 1, (const char *const[]){ "y" }, (double[]){ 0, 1 });
    jn_table *two = jn_test_table(2, 2, (const char *const[]){ "y", "x" },
                                  (double[]){ 0, 3, 2, 1 });
    jn_table *nan = jn_test_table(1, 2, (const char *const[]){ "y", "x" }, (double[]){ 0, NAN });
    jn_test_refused("logistic", TEXTS("prior_sd=-1"), t, bad, "prior_sd");
    jn_test_refused("logistic", TEXTS("prior_sd=0"), t, bad, "prior_sd");
    jn_test_refused("logistic", TEXTS("intercept=2"), t, bad, "intercept");
    jn_test_refused("logistic", TEXTS("intercept=0.5"), t, bad, "whole number");
    jn_test_refused("logistic", TEXTS("prior_ds=1"), t, JN_ERR_USAGE, "prior_sd");
    jn_test_refused("logistic", NULL, without, bad, "no column 'y'");
    jn_test_refused("logistic", TEXTS("intercept=0"), alone, bad, "nothing to infer");
    jn_test_refused("logistic", NULL, two, bad, "row 1, column y: found '2', expected 0 or 1");
    jn_test_refused("logistic", NULL, nan, bad, "x");
    jn_test_refused("logistic", NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_model *m = jn_test_model("logistic", NULL, alone); /* an intercept alone is a model */
    assert_int_equal(m->dim, 1);
    jn_model_free(m);
    jn_table_free(t);
    jn_table_free(without);
    jn_table_free(alone);
    jn_table_free(two);
    jn_table_free(nan);
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("logistic", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    assert_true(jn_malloc_sweep(make, t) >= 4);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_likelihood_against_the_definition),
        cmocka_unit_test(test_extreme_coefficients),
        cmocka_unit_test(test_derivatives),
        cmocka_unit_test(test_prior_and_tail),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
