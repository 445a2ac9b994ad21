#include "models.h"

#include "jensen/finite.h"
#include "malloc_sweep.h"
#include "proposals.h"

static jn_verdict ask(const jn_model *m, const char *q, const char *const *set, double n)
{
    jn_proposal *p = jn_test_proposal(q, set, m);
    jn_verdict v;
    memset(&v, 'x', sizeof v);
    assert_ok(jn_finite_moment(p, 0, n, &v), NULL);
    assert_non_null(memchr(v.reason, 0, sizeof v.reason));
    assert_true(v.reason[0] != 0);
    jn_proposal_free(p);
    return v;
}

/* x | z ~ N(z, 1/2), z ~ N(0, 1): T = 3; q = N(m, s^2): P = 1 / s^2. E W^n is finite iff
 * 3n > (n - 1) / s^2, that is s^2 > (n - 1) / 3n. */
static void test_gaussian_against_gaussian(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), t);
    static const double ns[] = { 1.5, 2.0, 3.0, 10.0 };
    for (size_t i = 0; i < 4; i++) {
        const double edge = sqrt((ns[i] - 1.0) / (3.0 * ns[i]));
        char over[64], under[64], on[64];
        snprintf(over, sizeof over, "sd=%.17g", edge * 1.0001);
        snprintf(under, sizeof under, "sd=%.17g", edge * 0.9999);
        snprintf(on, sizeof on, "sd=%.17g", edge);
        assert_int_equal(ask(m, "gaussian", TEXTS("mean=5", over), ns[i]).finite, JN_FINITE);
        const jn_verdict v = ask(m, "gaussian", TEXTS("mean=5", under), ns[i]);
        assert_int_equal(v.finite, JN_INFINITE);
        assert_non_null(strstr(v.reason, "along ("));
        /* the squares balance to rounding: what is left grows along the rays towards the mean */
        assert_int_equal(ask(m, "gaussian", TEXTS("mean=5", on), ns[i]).finite, JN_INFINITE);
    }
    /* n < 0: q W^n falls like exp(-(nT - (n-1)P) u^2 / 2): n = -1 wants 2P > T, s^2 < 2/3 */
    assert_int_equal(ask(m, "gaussian", TEXTS("sd=0.81"), -1.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "gaussian", TEXTS("sd=0.82"), -1.0).finite, JN_INFINITE);
    assert_int_equal(ask(m, "posterior", NULL, 50.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "posterior", NULL, -50.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "prior", NULL, 50.0).finite, JN_FINITE); /* bounded likelihood */
    assert_int_equal(ask(m, "laplace", NULL, 2.0).finite, JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

/* Finite along one axis and infinite along another; the direction is named. */
static void test_the_worst_direction_decides(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, NULL, (double[]){ 1.2, 0.0 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0;0,1"), t); /* T = 2 I */
    const jn_verdict v = ask(m, "gaussian", TEXTS("mean=0,0", "sd=1,0.4"), 2.0);
    assert_int_equal(v.finite, JN_INFINITE);
    assert_true(strstr(v.reason, "(0, 1)") != NULL || strstr(v.reason, "(0, -1)") != NULL ||
                strstr(v.reason, "(-0, 1)") != NULL || strstr(v.reason, "(-0, -1)") != NULL);
    assert_int_equal(ask(m, "gaussian", TEXTS("mean=0,0", "sd=1,0.6"), 2.0).finite, JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

/* A logistic likelihood adds nothing far out: a Laplace q falls faster than the prior. */
static void test_laplace_on_logistic_diverges(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    assert_int_equal(ask(m, "laplace", NULL, 2.0).finite, JN_INFINITE);
    assert_int_equal(ask(m, "prior", NULL, 2.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "gaussian", TEXTS("mean=0,0,0,0", "sd=1.5"), 2.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "gaussian", TEXTS("mean=0,0,0,0", "sd=1.4"), 2.0).finite, JN_INFINITE);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_discrete_is_a_sum(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("gaussian-mixture", TEXTS("means=0;1", "sds=1;1"), t);
    assert_int_equal(ask(m, "prior", NULL, 2.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "posterior", NULL, 2.0).finite, JN_FINITE);
    jn_model_free(m);
    jn_table_free(t);
}

static jn_status attempt(void *user)
{
    jn_verdict v;
    return jn_finite_moment(user, 0, 2.0, &v);
}

/* tau from its prior, the rest exactly: W = p(y | tau) / p(y) is bounded. A negative power grows
 * like tau^(J |n|), of which a half-Cauchy tau carries no moment. */
static void test_conditional(void **state)
{
    (void)state;
    jn_verdict v;
    jn_table *t = jn_test_table(2, 2, (const char *[]){ "y", "sd" }, (double[]){ 3, 1, -1, 2 });
    jn_model *m = jn_test_model("hierarchical-normal", NULL, t);
    assert_int_equal(ask(m, "conditional", NULL, 2.0).finite, JN_FINITE);
    assert_int_equal(ask(m, "conditional", NULL, 50.0).finite, JN_FINITE);
    assert_true(ask(m, "conditional", NULL, -1.0).finite != JN_FINITE);
    jn_proposal *q = jn_test_proposal("conditional", NULL, m);
    assert_ok(jn_finite_log(q, 0, 1.0, &v), NULL);
    assert_int_equal(v.finite, JN_FINITE);
    assert_ok(jn_finite_entropy(q, 0, &v), NULL);
    assert_int_equal(v.finite, JN_FINITE);
    jn_proposal_free(q);
    jn_test_refused_proposal(m, "laplace", NULL, JN_ERR_VALUE, "--q conditional needs no mode");
    jn_model_free(m);
    jn_table_free(t);
}

static jn_finite log_of(const jn_model *m, const char *q, const char *const *set, double k)
{
    jn_proposal *p = jn_test_proposal(q, set, m);
    jn_verdict v;
    assert_ok(jn_finite_log(p, 0, k, &v), NULL);
    assert_true((v.finite == JN_INFINITE) == (strstr(v.reason, "grows exponentially") != NULL ||
                                              strstr(v.reason, "rays") != NULL));
    jn_proposal_free(p);
    return v.finite;
}

/* E_q e^u is infinite under every Student q of u, and log p holds -rate e^u or -exposure e^u. A
 * logistic likelihood is linear, a Gaussian joint a square, which df > 2 carries. */
static void test_power_tails_against_exponentials(void **state)
{
    (void)state;
    jn_table *count = jn_test_table(1, 2, (const char *const[]){ "y", "exposure" },
                                    (double[]){ 3, 1.5 });
    jn_table *group = jn_test_table(1, 2, (const char *const[]){ "group", "y" },
                                    (double[]){ 0, 3 });
    jn_table *bit = jn_test_table(1, 2, (const char *const[]){ "y", "x" }, (double[]){ 1, 0.5 });
    jn_table *one = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *gamma = jn_test_model("gamma-poisson", NULL, count);
    jn_model *poisson = jn_test_model("glmm", TEXTS("family=poisson", "beta=0.1"), group);
    jn_model *logistic = jn_test_model("logistic", NULL, bit);
    jn_model *normal = jn_test_model("linear-gaussian", NULL, one);
    static const double ks[] = { 1.0, 10.0, 1e4 };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(log_of(gamma, "student", TEXTS("df=80"), ks[i]), JN_INFINITE);
        assert_int_equal(log_of(poisson, "student", TEXTS("df=80"), ks[i]), JN_INFINITE);
        assert_int_equal(log_of(gamma, "laplace", NULL, ks[i]), JN_FINITE);
        assert_int_not_equal(log_of(logistic, "student", TEXTS("df=5"), ks[i]), JN_INFINITE);
        assert_int_not_equal(log_of(normal, "student", TEXTS("df=5"), ks[i]), JN_INFINITE);
    }
    jn_model_free(gamma);
    jn_model_free(poisson);
    jn_model_free(logistic);
    jn_model_free(normal);
    jn_table_free(count);
    jn_table_free(group);
    jn_table_free(bit);
    jn_table_free(one);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, NULL, (double[]){ 1.2, 0.0 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0;0,1"), t);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0,0", "sd=1,0.6"), m);
    assert_true(jn_malloc_sweep(attempt, q) >= 1);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

/* p that falls like e^-(e^u) on one side: its negative powers outgrow any Gaussian q, and a matrix
 * that describes the slow side does not show it. */
static void test_negative_powers(void **state)
{
    (void)state;
    jn_table *y = jn_test_table(1, 2, (const char *const[]){ "y", "n" }, (double[]){ 3, 10 });
    jn_table *g = jn_test_table(1, 2, (const char *const[]){ "y", "group" }, (double[]){ 1, 1 });
    jn_model *beta = jn_test_model("beta-binomial", NULL, y);
    jn_model *gamma = jn_test_model("gamma-poisson", NULL, y);
    jn_model *logit = jn_test_model("glmm", TEXTS("beta=0"), g);
    jn_model *count = jn_test_model("glmm", TEXTS("beta=0", "family=poisson"), g);
    assert_int_equal(ask(beta, "laplace", NULL, -1.0).finite, JN_FINITE);
    assert_int_equal(ask(gamma, "laplace", NULL, -1.0).finite, JN_INFINITE); /* rays see it */
    assert_int_equal(ask(logit, "laplace", NULL, -1.0).finite, JN_FINITE);
    assert_int_equal(ask(count, "laplace", NULL, -1.0).finite, JN_INFINITE);
    assert_int_equal(ask(beta, "laplace", NULL, 2.0).finite, JN_INFINITE); /* linear tails */
    assert_int_equal(ask(gamma, "laplace", NULL, 2.0).finite, JN_INFINITE);
    assert_int_equal(ask(logit, "laplace", NULL, 2.0).finite, JN_FINITE);  /* P < 2 T */
    assert_int_equal(ask(gamma, "prior", NULL, -0.5).finite, JN_INFINITE); /* 1 - 3 / 2 < 0 */
    jn_model_free(beta);
    jn_model_free(gamma);
    jn_model_free(logit);
    jn_model_free(count);
    jn_table_free(y);
    jn_table_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_tails_against_exponentials),
        cmocka_unit_test(test_negative_powers),
        cmocka_unit_test(test_gaussian_against_gaussian),
        cmocka_unit_test(test_the_worst_direction_decides),
        cmocka_unit_test(test_laplace_on_logistic_diverges),
        cmocka_unit_test(test_discrete_is_a_sum),
        cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
