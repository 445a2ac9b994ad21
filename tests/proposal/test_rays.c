/* Divergence seen on rays alone, against what is known in closed form. */
#include "models.h"

#include "malloc_sweep.h"
#include "proposal/rays.h"

static jn_verdict ask(const jn_model *m, const char *q, const char *const *set, jn_rays_of what,
                      double n)
{
    jn_proposal *p = jn_test_proposal(q, set, m);
    jn_verdict v;
    memset(&v, 'x', sizeof v);
    assert_ok(jn_rays_ask(p, 0, what, n, &v), NULL);
    assert_non_null(memchr(v.reason, 0, sizeof v.reason));
    assert_true(v.reason[0] != 0 && strchr(v.reason, '\n') == NULL);
    jn_proposal_free(p);
    return v;
}

static jn_finite moment(const jn_model *m, const char *q, const char *const *set, double n)
{
    return ask(m, q, set, JN_RAYS_MOMENT, n).finite;
}

/* T = 3 and P = 1 / s^2 as in test_finite.c: E W^n is finite iff s^2 > (n - 1) / 3n. */
static void test_gaussian_against_gaussian(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), t);
    static const double ns[] = { 1.5, 2.0, 3.0, 10.0 };
    for (size_t i = 0; i < 4; i++) {
        const double edge = sqrt((ns[i] - 1.0) / (3.0 * ns[i]));
        char over[64], under[64];
        snprintf(over, sizeof over, "sd=%.17g", edge * 1.001);
        snprintf(under, sizeof under, "sd=%.17g", edge * 0.999);
        assert_int_equal(moment(m, "gaussian", TEXTS("mean=5", over), ns[i]), JN_FINITE);
        assert_int_equal(moment(m, "gaussian", TEXTS("mean=5", under), ns[i]), JN_INFINITE);
    }
    assert_int_equal(moment(m, "gaussian", TEXTS("sd=0.81"), -1.0), JN_FINITE);
    assert_int_equal(moment(m, "gaussian", TEXTS("sd=0.82"), -1.0), JN_INFINITE);
    assert_int_equal(ask(m, "gaussian", TEXTS("sd=0.2"), JN_RAYS_LOG, 1.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "gaussian", TEXTS("sd=0.2"), JN_RAYS_ENTROPY, 1.0).finite, JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

/* One narrow direction of several, at an angle: the climb finds it, and it is named. */
static void test_a_cone_between_the_axes(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, NULL, (double[]){ 1.2, 0.0 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0;0,1"), t); /* T = 2 I */
    /* q narrow along (3, 4) / 5: variance 0.24 < 1/4 there, 4 across */
    const char *const *q = TEXTS("mean=0,0", "cov=2.6464,-1.8048;-1.8048,1.5936");
    const jn_verdict v = ask(m, "gaussian", q, JN_RAYS_MOMENT, 2.0);
    assert_int_equal(v.finite, JN_INFINITE);
    double x = 0.0, y = 0.0;
    assert_int_equal(sscanf(strchr(v.reason, '('), "(%lf, %lf)", &x, &y), 2);
    /* within the cone of a direction that diverges: some degrees */
    assert_true(fabs(fabs(3.0 * x + 4.0 * y) / hypot(x, y) / 5.0 - 1.0) < 0.03);
    /* 0.26 > 1/4: finite */
    const char *const *wide = TEXTS("mean=0,0", "cov=2.6536,-1.7952;-1.7952,1.6064");
    assert_int_equal(moment(m, "gaussian", wide, 2.0), JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_laplace_on_logistic(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    const jn_verdict v = ask(m, "laplace", NULL, JN_RAYS_MOMENT, 2.0);
    assert_int_equal(v.finite, JN_INFINITE);
    assert_non_null(strstr(v.reason, "along z = ("));
    assert_int_equal(moment(m, "prior", NULL, 2.0), JN_FINITE);
    assert_int_equal(moment(m, "gaussian", TEXTS("mean=0,0,0,0", "sd=1.5"), 2.0), JN_FINITE);
    assert_int_equal(moment(m, "gaussian", TEXTS("mean=0,0,0,0", "sd=1.4"), 2.0), JN_INFINITE);
    assert_int_equal(ask(m, "laplace", NULL, JN_RAYS_LOG, 1.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "laplace", NULL, JN_RAYS_ENTROPY, 1.0).finite, JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

/* tau is half-Cauchy, theta = mu + tau e: under the prior log p(y | theta) is -tau^2 e^2 / 2 sd^2,
 * whose mean is infinite; the best of k draws is finite from k = 3 on (k = 2: just not). The ridge
 * is a straight ray of the base only. */
static void test_half_cauchy_prior(void **state)
{
    (void)state;
    static const double data[] = { 28, 15, 8, 10, -3, 16, 7, 11, -1, 9, 1, 11, 18, 10, 12, 18 };
    const char *const names[] = { "y", "sd" };
    jn_table *t = jn_test_table(8, 2, names, data);
    jn_model *cauchy = jn_test_model("hierarchical-normal", NULL, t);
    jn_model *normal = jn_test_model("hierarchical-normal", TEXTS("tau_prior=halfnormal"), t);
    const jn_verdict v = ask(cauchy, "prior", NULL, JN_RAYS_LOG, 1.0);
    assert_int_equal(v.finite, JN_INFINITE);
    assert_non_null(strstr(v.reason, "E log w is -inf"));
    assert_true(ask(cauchy, "prior", NULL, JN_RAYS_LOG, 3.0).finite != JN_INFINITE);
    assert_true(ask(normal, "prior", NULL, JN_RAYS_LOG, 1.0).finite != JN_INFINITE);
    assert_true(moment(cauchy, "prior", NULL, 2.0) != JN_INFINITE); /* a bounded likelihood */
    assert_true(ask(cauchy, "prior", NULL, JN_RAYS_ENTROPY, 1.0).finite != JN_INFINITE);
    jn_model_free(cauchy);
    jn_model_free(normal);
    jn_table_free(t);
}

/* W ~ Gamma(a, rate a), one uniform base coordinate: its two ends are all there is. E W^n is finite
 * iff a + n > 0. */
static void test_gamma_weights(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gamma-weights", TEXTS("a=2"), NULL);
    assert_int_equal(moment(m, "prior", NULL, -1.8), JN_FINITE);
    assert_int_equal(moment(m, "prior", NULL, -2.2), JN_INFINITE);
    assert_int_equal(moment(m, "prior", NULL, 3.0), JN_FINITE);
    assert_int_equal(ask(m, "prior", NULL, JN_RAYS_LOG, 1.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "prior", NULL, JN_RAYS_ENTROPY, 1.0).finite, JN_FINITE);
    jn_model_free(m);
}

/* Heavy tails on either side. Student t of df degrees against a Gaussian q: no moment above 1; its
 * E W |log W| is E z^2 under it, finite iff df > 2. The other way the ELBO is. */
static void test_student(void **state)
{
    (void)state;
    static const char *const dfs[] = { "df=1.5", "df=5" };
    for (size_t i = 0; i < 2; i++) {
        jn_model *m = jn_test_model("student", TEXTS(dfs[i], "dim=1"), NULL);
        assert_int_equal(moment(m, "gaussian", TEXTS("sd=3"), 2.0), JN_INFINITE);
        assert_int_equal(moment(m, "gaussian", TEXTS("sd=3"), 1.1), JN_INFINITE);
        const jn_finite e = ask(m, "gaussian", TEXTS("sd=3"), JN_RAYS_ENTROPY, 1.0).finite;
        assert_int_equal(e, i == 0 ? JN_INFINITE : JN_FINITE);
        assert_int_equal(ask(m, "gaussian", TEXTS("sd=3"), JN_RAYS_LOG, 1.0).finite, JN_FINITE);
        jn_model_free(m);
    }
    jn_model *gauss = jn_test_model("gaussian-scale", TEXTS("dim=2"), NULL);
    for (size_t i = 0; i < 2; i++) { /* E z^2 under q is infinite for df <= 2 */
        const jn_finite f = ask(gauss, "student", TEXTS("sd=1", dfs[i]), JN_RAYS_LOG, 1.0).finite;
        assert_true(i == 0 ? f == JN_INFINITE : f != JN_INFINITE);
        assert_true(moment(gauss, "student", TEXTS("sd=1", dfs[i]), 2.0) != JN_INFINITE);
    }
    jn_model_free(gauss);
}

/* Where ridges curve, rays that all fall off prove nothing. */
static void test_ridges_that_curve(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("funnel", TEXTS("dim=3"), NULL);
    assert_int_equal(moment(m, "gaussian", TEXTS("sd=30"), 1.01), JN_FINITE_UNKNOWN);
    jn_model_free(m);
}

static jn_status attempt(void *user)
{
    jn_verdict v = { .finite = JN_FINITE };
    const jn_status st = jn_rays_ask(user, 0, JN_RAYS_MOMENT, 2.0, &v);
    assert_true(st == JN_OK || v.finite == JN_FINITE);
    return st;
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=2"), NULL);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("sd=0.5"), m);
    assert_true(jn_malloc_sweep(attempt, q) >= 2);
    jn_proposal_free(q);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gaussian_against_gaussian),
        cmocka_unit_test(test_a_cone_between_the_axes),
        cmocka_unit_test(test_laplace_on_logistic),
        cmocka_unit_test(test_half_cauchy_prior),
        cmocka_unit_test(test_gamma_weights),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_ridges_that_curve),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
