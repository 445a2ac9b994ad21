#include "proposals.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "jensen/finite.h"
#include "malloc_sweep.h"

static jn_model *plane(jn_table **t)
{
    *t = jn_test_table(2, 2, NULL, (double[]){ 1.2, -0.4, 0.3, 2.0 });
    return jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,2", "noise_sd=0.7"), *t);
}

/* log q by both roads, and by the textbook with cofactors. */
static void test_density(void **state)
{
    (void)state;
    enum { N = 200, LD = 203 };
    static double base[3 * LD], z[2 * LD], log_q[LD], again[LD];
    jn_table *t;
    jn_model *m = plane(&t);
    jn_proposal *q = jn_test_proposal(
        "student", TEXTS("df=3", "mean=2,1", "cov=1.3,-0.6;-0.6,0.5", "shift=0,-1", "widen=2"), m);
    assert_int_equal(jn_proposal_n_base(q), 3);
    assert_int_equal(jn_proposal_base(q, 1), JN_BASE_NORMAL);
    assert_int_equal(jn_proposal_base(q, 2), JN_BASE_UNIFORM);
    for (size_t i = 0; i < N; i++) {
        base[i] = jn_chance_normal(1, i);
        base[LD + i] = jn_chance_normal(2, i);
        base[2 * LD + i] = jn_chance(3, i);
    }
    assert_ok(q->ops->map(q->self, 1, N, LD, base, z, log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 1, N, LD, z, again), NULL);
    const double det = 1.3 * 0.5 - 0.36;
    for (size_t i = 0; i < N; i++) {
        const double a = (z[i] - 2.0) / 2.0, b = z[LD + i] / 2.0;
        const double quad = (0.5 * a * a + 1.2 * a * b + 1.3 * b * b) / det;
        /* Gamma(5/2) / (Gamma(3/2) 3 pi) = 1 / (2 pi); widen 2 in two dimensions: 4 */
        const double want = -log(2.0 * M_PI) - 0.5 * log(det) - log(4.0) - 2.5 * log1p(quad / 3.0);
        assert_close(log_q[i], want, 1e-13, 1e-13); /* condition number 8 */
        assert_close(again[i], want, 1e-13, 1e-13);
    }
    assert_false(q->is_gaussian || q->per_row || q->is_prior || q->is_posterior);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

/* (z - mean) / sd over e is sqrt(df / chi^2), and 1 - u is the mass of chi^2 above it. */
static void test_mixing_variable(void **state)
{
    (void)state;
    const char *const dfs[] = { "df=0.2", "df=1", "df=4.5", "df=300" };
    const double df[] = { 0.2, 1.0, 4.5, 300.0 };
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=1"), NULL);
    for (size_t k = 0; k < 4; k++) {
        jn_proposal *q = jn_test_proposal("student", TEXTS(dfs[k], "mean=3", "sd=0.5"), m);
        for (size_t i = 0; i < 50; i++) {
            const double base[] = { -1.0, jn_chance(4, i) };
            double z, log_q;
            assert_ok(q->ops->map(q->self, 0, 1, 1, base, &z, &log_q), NULL);
            const double stretch = (3.0 - z) / 0.5;
            const double chi2 = df[k] / (stretch * stretch);
            /* the mean's cancellation, times the slope of the distribution function */
            assert_close(gsl_cdf_chisq_P(chi2, df[k]), base[1], 1e-11, 1e-12);
        }
        jn_proposal_free(q);
    }
    jn_model_free(m);
}

/* Trapezoid rule in t, z = sinh t, on the line and in the plane; and on z > 0 in log z. */
static void test_normalisation(void **state)
{
    (void)state;
    enum { N = 401 };
    static double z[2 * N], log_q[N];
    const double h = 0.1;
    jn_table *t;
    jn_model *m = plane(&t), *positive = jn_test_model("gamma-weights", NULL, NULL);
    jn_proposal *q = jn_test_proposal("student", TEXTS("df=2", "mean=0.3", "cov=2,0.5;0.5,1"), m);
    double mass = 0.0;
    for (int a = 0; a < N; a++) {
        const double ta = (a - N / 2) * h;
        for (int b = 0; b < N; b++) {
            z[b] = sinh(ta);
            z[N + b] = sinh((b - N / 2) * h);
        }
        assert_ok(q->ops->log_density(q->self, 0, N, N, z, log_q), NULL);
        for (int b = 0; b < N; b++) {
            mass += h * h * exp(log_q[b]) * cosh(ta) * cosh((b - N / 2) * h);
        }
    }
    assert_close(mass, 1.0, 0.0, 1e-8); /* t ends at +-20, where r^-2 leaves 1e-17 */
    jn_proposal_free(q);
    q = jn_test_proposal("student", TEXTS("df=4", "mean=-0.5", "sd=0.8"), positive);
    mass = 0.0;
    for (int a = 0; a < 24001; a++) {
        const double s = (a - 12000) * 1e-3, u = sinh(s);
        double at = exp(u), out; /* u = log z beyond the range of doubles has no mass to speak of */
        if (fabs(u) < 700.0) {
            assert_ok(q->ops->log_density(q->self, 0, 1, 1, &at, &out), NULL);
            mass += 1e-3 * cosh(s) * exp(out + u);
        }
    }
    assert_close(mass, 1.0, 0.0, 1e-10); /* (700)^-4 of the tails */
    jn_proposal_free(q);
    jn_model_free(m);
    jn_model_free(positive);
    jn_table_free(t);
}

/* df = 1e6 is Gaussian to about (r^4 + ...) / 4 df. */
static void test_large_df(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = plane(&t);
    jn_proposal *q = jn_test_proposal("student", TEXTS("df=1e6", "mean=1"), m);
    jn_proposal *g = jn_test_proposal("gaussian", TEXTS("mean=1"), m);
    const double z[] = { 0.3, 1.1, -2.0, 2.5 };
    double a[2], b[2], mean[2], chol[4], tail[4] = { 1, 1, 1, 1 };
    assert_ok(q->ops->log_density(q->self, 0, 2, 2, z, a), NULL);
    assert_ok(g->ops->log_density(g->self, 0, 2, 2, z, b), NULL);
    assert_close(a[0], b[0], 0.0, 5e-5);
    assert_close(a[1], b[1], 0.0, 5e-5);
    assert_ok(q->ops->location(q->self, 0, mean, chol), NULL);
    assert_true(mean[0] == 1.0 && chol[0] == 1.0 && chol[1] == 0.0);
    assert_ok(q->ops->tail_precision(q->self, 0, tail), NULL);
    assert_true(tail[0] == 0.0 && tail[1] == 0.0 && tail[3] == 0.0);
    jn_verdict v; /* heavier than any Gaussian target: every moment is finite */
    assert_ok(jn_finite_moment(q, 0, 7.0, &v), NULL);
    assert_int_equal(v.finite, JN_FINITE);
    jn_proposal_free(q);
    jn_proposal_free(g);
    jn_model_free(m);
    jn_table_free(t);
}

/* Values for each observation, and a far tail that does not overflow. */
static void test_rows_and_tails(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = plane(&t);
    jn_proposal *q = jn_test_proposal("student", TEXTS("df=0.2", "mean=1,2;3,4"), m);
    const double base[] = { 0.0, 1.0, 0x1p-64 };
    double z[2], log_q, again;
    assert_true(q->per_row);
    assert_ok(q->ops->map(q->self, 1, 1, 1, base, z, &log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 1, 1, 1, z, &again), NULL);
    assert_true(z[0] == 3.0 && z[1] > 1e80 && isfinite(z[1]));
    assert_close(log_q, again, 1e-13, 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t;
    jn_model *m = plane(&t), *points = jn_test_model("two-point-weights", NULL, NULL);
    jn_test_refused_proposal(m, "student", TEXTS("df=0.1"), bad, "df");
    jn_test_refused_proposal(m, "student", TEXTS("df=1,2"), bad, "df");
    jn_test_refused_proposal(m, "student", TEXTS("sd=-1"), bad, "sd");
    jn_test_refused_proposal(m, "student", TEXTS("sd=1", "cov=1,0;0,1"), bad, "give one");
    jn_test_refused_proposal(m, "student", TEXTS("cov=1,2;2,1"), bad, "not positive definite");
    jn_test_refused_proposal(m, "student", TEXTS("mean=1,2,3"), bad, "mean is 1 x 3");
    jn_test_refused_proposal(m, "student", TEXTS("widen=0"), bad, "widen");
    jn_test_refused_proposal(m, "student", TEXTS("nu=3"), JN_ERR_USAGE, "nu");
    jn_test_refused_proposal(points, "student", NULL, JN_ERR_UNSUPPORTED, "no continuous latent");
    jn_model_free(m);
    jn_model_free(points);
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("student", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = plane(&t);
    assert_true(jn_malloc_sweep(make, m) >= 6);
    jn_model_free(m);
    jn_table_free(t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_density),
        cmocka_unit_test(test_mixing_variable),
        cmocka_unit_test(test_normalisation),
        cmocka_unit_test(test_large_df),
        cmocka_unit_test(test_rows_and_tails),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
