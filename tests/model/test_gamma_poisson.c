#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "malloc_sweep.h"

static const char *const names[] = { "exposure", "y", "label" };
static const double cells[] = { 1, 3, 0, 2.5, 17, 0, 30, 1e6, 0, 0.5, 0, 1 };

/* math.md's toy, and 20 digits by mpmath 1.3 for the others. */
static void test_evidence(void **state)
{
    (void)state;
    jn_estimate e;
    jn_table *toy = jn_test_table(1, 1, (const char *const[]){ "y" }, (double[]){ 3 });
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=2", "rate=1"), toy);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, -2.0794415416798359283, 0.0, e.error);
    assert_true(e.error < 2e-14 && m->notes[0] == '\0');
    jn_model_free(m);
    jn_table_free(toy);
    jn_table *t = jn_test_table(4, 3, names, cells);
    m = jn_test_model("gamma-poisson", TEXTS("shape=0.3", "rate=0.02"), t);
    assert_string_equal(m->notes, "columns not used: label");
    assert_ok(m->density->evidence(m->self, 1, &e), NULL);
    assert_close(e.value, -4.6715907229011247951, 0.0, e.error);
    jn_model_free(m);
    m = jn_test_model("gamma-poisson", TEXTS("shape=5", "rate=0.001"), t);
    assert_ok(m->density->evidence(m->self, 2, &e), NULL);
    assert_close(e.value, -32.793709355739410079, 0.0, e.error);
    assert_true(e.error < 1e-12);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_against_quadrature(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=1.5", "rate=2"), t);
    for (size_t row = 0; row < 4; row++) {
        jn_estimate e, q;
        jn_error err = JN_ERROR_INIT;
        assert_ok(m->density->evidence(m->self, row, &e), NULL);
        assert_ok(jn_exact_quadrature(m, row, NULL, &q, &err), &err);
        assert_close(q.value, e.value, 0.0, e.error + q.error);
        assert_true(q.error < 1e-9);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* With q = Gamma(shape + x - 1, rate + 1) the weights are W ~ Gamma(a) / a: their law at three
 * points of its quantiles says that density, map and evidence belong together. */
static void test_posterior(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=0.4", "rate=3"), t);
    jn_test_posterior_identity(m, 0, 4e-15);
    jn_test_posterior_identity(m, 1, 4e-15);
    jn_test_posterior_identity(m, 3, 4e-15);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_maps(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double u[N], z[N];
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=2", "rate=4"), t);
    double prior = 0.0, posterior = 0.0;
    for (size_t i = 0; i < N; i++) {
        u[i] = ((double)i + 0.5) / N;
    }
    assert_ok(m->density->prior_map(m->self, N, N, u, z), NULL);
    for (size_t i = 0; i < N; i++) {
        prior += z[i] / N;
    }
    assert_ok(m->density->posterior_map(m->self, 1, N, N, u, z), NULL);
    for (size_t i = 0; i < N; i++) {
        posterior += z[i] / N;
    }
    /* midpoints: the upper tail holds back about 1/N times a third of a standard deviation */
    assert_close(prior, 0.5, 0.0, 1e-4);
    assert_close(posterior, 19.0 / 6.5, 0.0, 3e-4);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_densities(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_model *m = jn_test_model("gamma-poisson", TEXTS("shape=2", "rate=4"), t);
    const double z[] = { 1.5, -1.0, 0.0, NAN };
    double out[8], tail = 1.0;
    assert_int_equal(jn_model_support(m, 0), JN_POSITIVE);
    assert_int_equal(m->n_obs, 4);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 2 }, 4, 4, z, 4, out), NULL);
    assert_close(out[0], 3.0 * log(1.5) - 1.5 - log(6.0), 1e-14, 0.0);
    assert_close(out[4], 17.0 * log(3.75) - 3.75 - lgamma(18.0), 1e-14, 0.0);
    assert_true(out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    assert_ok(m->density->log_prior(m->self, 4, 4, z, out), NULL);
    assert_close(out[0], log(16.0 * 1.5) - 6.0, 1e-14, 0.0);
    assert_true(out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    jn_test_derivatives(m, 0, (double[]){ 1.9 });
    jn_test_derivatives(m, 3, (double[]){ 0.6 });
    assert_ok(m->density->tail_precision(m->self, 0, &tail), NULL);
    assert_true(tail == 0.0 && m->density->has_split && m->density->log_concave);
    /* shape + n y > 0, rate + n exposure > 0 */
    assert_true(m->density->prior_moment_finite(m->self, 0, -0.6));
    assert_false(m->density->prior_moment_finite(m->self, 0, -0.67));
    assert_true(m->density->prior_moment_finite(m->self, 3, -7.9));
    assert_false(m->density->prior_moment_finite(m->self, 3, -8.0));
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    const char *const ye[] = { "y", "exposure" };
    jn_table *t = jn_test_table(4, 3, names, cells);
    jn_table *no_y = jn_test_table(1, 1, (const char *const[]){ "n" }, (double[]){ 1 });
    jn_table *half = jn_test_table(1, 2, ye, (double[]){ 0.5, 1 });
    jn_table *still = jn_test_table(2, 2, ye, (double[]){ 1, 1, 1, 0 });
    jn_test_refused("gamma-poisson", TEXTS("shape=0"), t, bad, "shape");
    jn_test_refused("gamma-poisson", TEXTS("rate=-1"), t, bad, "rate");
    jn_test_refused("gamma-poisson", TEXTS("shap=1"), t, JN_ERR_USAGE, "shape");
    jn_test_refused("gamma-poisson", NULL, no_y, bad, "no column 'y' (the count)");
    jn_test_refused("gamma-poisson", NULL, half, bad, "found '0.5', expected a whole number");
    jn_test_refused("gamma-poisson", NULL, still, bad, "row 1, column exposure: found '0'");
    jn_test_refused("gamma-poisson", NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_table_free(t);
    jn_table_free(no_y);
    jn_table_free(half);
    jn_table_free(still);
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("gamma-poisson", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(4, 3, names, cells);
    assert_true(jn_malloc_sweep(make, t) >= 3);
    jn_table_free(t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_against_quadrature),
        cmocka_unit_test(test_posterior),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
