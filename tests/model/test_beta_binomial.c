#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "malloc_sweep.h"

static const char *const names[] = { "y", "year", "n" };
static const double cells[] = {
    3, 1999, 10, 0, 2000, 4, 7, 2001, 7, 0, 2002, 0, 300000, 2003, 1e6
};

static jn_model *make_model(const char *const *texts, jn_table **t)
{
    *t = jn_test_table(5, 3, names, cells);
    return jn_test_model("beta-binomial", texts, *t);
}

/* 20 digits by mpmath 1.3: a = 2, b = 3.5, y = 3 of 10; a = b = 1/2, y = 300000 of 1e6. */
static void test_evidence(void **state)
{
    (void)state;
    jn_table *t;
    jn_estimate e;
    jn_model *m = make_model(TEXTS("a=2", "b=3.5"), &t);
    assert_int_equal(m->n_obs, 5);
    assert_string_equal(m->notes, "columns not used: year");
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, -1.8739033333102163078, 0.0, e.error);
    assert_true(e.error < 1e-13 && e.kind == JN_EXACT);
    assert_ok(m->density->evidence(m->self, 3, &e), NULL); /* no trials */
    assert_close(e.value, 0.0, 0.0, e.error);
    jn_model_free(m);
    jn_table_free(t);
    m = make_model(TEXTS("a=0.5", "b=0.5"), &t);
    assert_ok(m->density->evidence(m->self, 4, &e), NULL);
    assert_close(e.value, -14.17991716491943533, 0.0, e.error);
    assert_true(e.error < 1e-8);
    jn_model_free(m);
    jn_table_free(t);
}

/* Over all outcomes the evidence sums to 1. */
static void test_evidence_is_a_law(void **state)
{
    (void)state;
    double x[2 * 21], total = 0.0;
    for (size_t y = 0; y <= 20; y++) {
        x[2 * y] = (double)y;
        x[2 * y + 1] = 20.0;
    }
    jn_table *t = jn_test_table(21, 2, (const char *const[]){ "y", "n" }, x);
    jn_model *m = jn_test_model("beta-binomial", TEXTS("a=0.7", "b=2.5"), t);
    for (size_t y = 0; y <= 20; y++) {
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, y, &e), NULL);
        total += exp(e.value);
    }
    assert_close(total, 1.0, 0.0, 1e-14); /* 21 terms, each good to a few eps */
    jn_model_free(m);
    jn_table_free(t);
}

/* The trapezoid rule in logit z knows nothing of Beta functions. */
static void test_against_quadrature(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = make_model(TEXTS("a=2", "b=3.5"), &t);
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

static void test_posterior(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = make_model(TEXTS("a=0.3", "b=1.5"), &t);
    for (size_t row = 0; row < 4; row++) {
        jn_test_posterior_identity(m, row, 2e-14); /* log1p(-z) for z next to 1 */
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* Midpoints in the uniform: the mean of the prior and of a posterior. */
static void test_maps(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double u[N], z[N];
    jn_table *t;
    jn_model *m = make_model(TEXTS("a=2", "b=3.5"), &t);
    double prior = 0.0, posterior = 0.0;
    for (size_t i = 0; i < N; i++) {
        u[i] = ((double)i + 0.5) / N;
    }
    assert_ok(m->density->prior_map(m->self, N, N, u, z), NULL);
    for (size_t i = 0; i < N; i++) {
        prior += z[i] / N;
    }
    assert_ok(m->density->posterior_map(m->self, 0, N, N, u, z), NULL);
    for (size_t i = 0; i < N; i++) {
        posterior += z[i] / N;
    }
    assert_close(prior, 2.0 / 5.5, 0.0, 1e-6); /* midpoints miss some 1/N of the tails' spread */
    assert_close(posterior, 5.0 / 15.5, 0.0, 3e-6);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_densities(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = make_model(TEXTS("a=2", "b=3.5"), &t);
    const double z[] = { 0.3, -0.1, 1.1, NAN, 0.9 };
    double out[10];
    assert_int_equal(jn_model_support(m, 0), JN_UNIT);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 2 }, 5, 5, z, 5, out), NULL);
    assert_close(out[0], log(120.0 * 0.027 * pow(0.7, 7.0)), 1e-14, 0.0);
    assert_close(out[5], 4.0 * log(0.7), 1e-14, 0.0); /* row 1: 0 of 4 */
    assert_true(out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    assert_ok(m->density->log_prior(m->self, 5, 5, z, out), NULL);
    assert_close(out[4], log(0.9) + 2.5 * log(0.1) - lgamma(2.0) - lgamma(3.5) + lgamma(5.5), 1e-14,
                 0.0);
    assert_true(out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    /* up / z^5 = down / (1 - z)^5: no fifth derivative, which differences would show */
    const double up[] = { 4.0, 1.0, 8.0 }, down[] = { 9.5, 6.5, 2.5 };
    for (size_t row = 0; row < 3; row++) {
        const double odds = pow(up[row] / down[row], 0.2);
        jn_test_derivatives(m, row, (double[]){ odds / (1.0 + odds) });
    }
    double tail = 1.0;
    assert_ok(m->density->tail_precision(m->self, 0, &tail), NULL);
    assert_true(tail == 0.0 && m->density->has_split && m->density->log_concave);
    /* E z^(3n) (1 - z)^(7n): a + 3n > 0 and b + 7n > 0 */
    assert_true(m->density->prior_moment_finite(m->self, 0, -0.49));
    assert_false(m->density->prior_moment_finite(m->self, 0, -0.5));
    assert_true(m->density->prior_moment_finite(m->self, 0, 50.0));
    assert_false(m->density->prior_moment_finite(m->self, 1, -0.875)); /* b - 4 n = 0 */
    assert_true(m->density->prior_moment_finite(m->self, 3, -9.0));    /* no trials */
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    const char *const yn[] = { "y", "n" };
    jn_table *t = jn_test_table(5, 3, names, cells);
    jn_table *no_n = jn_test_table(1, 2, (const char *const[]){ "y", "m" }, (double[]){ 1, 2 });
    jn_table *no_y = jn_test_table(1, 2, (const char *const[]){ "x", "n" }, (double[]){ 1, 2 });
    jn_table *more = jn_test_table(2, 2, yn, (double[]){ 1, 2, 4, 3 });
    jn_table *half = jn_test_table(1, 2, yn, (double[]){ 1.5, 2 });
    jn_table *minus = jn_test_table(1, 2, yn, (double[]){ -1, 2 });
    jn_table *many = jn_test_table(1, 2, yn, (double[]){ 1, 2e9 });
    jn_test_refused("beta-binomial", TEXTS("a=0"), t, bad, "'a'");
    jn_test_refused("beta-binomial", TEXTS("b=0.4"), t, bad, "'b'");
    jn_test_refused("beta-binomial", TEXTS("a=1,2"), t, bad, "'a'");
    jn_test_refused("beta-binomial", TEXTS("alpha=1"), t, JN_ERR_USAGE, "alpha");
    jn_test_refused("beta-binomial", NULL, no_n, bad, "no column 'n' (the number of trials)");
    jn_test_refused("beta-binomial", NULL, no_y, bad, "no column 'y'");
    jn_test_refused("beta-binomial", NULL, more, bad,
                    "row 1, column y: found '4', expected a whole");
    jn_test_refused("beta-binomial", NULL, half, bad, "found '1.5'");
    jn_test_refused("beta-binomial", NULL, minus, bad, "found '-1'");
    jn_test_refused("beta-binomial", NULL, many, bad, "column n");
    jn_test_refused("beta-binomial", NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_table *const all[] = { t, no_n, no_y, more, half, minus, many };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        jn_table_free(all[i]);
    }
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("beta-binomial", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(5, 3, names, cells);
    assert_true(jn_malloc_sweep(make, t) >= 3);
    jn_table_free(t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_evidence_is_a_law),
        cmocka_unit_test(test_against_quadrature),
        cmocka_unit_test(test_posterior),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
