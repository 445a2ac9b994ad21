/* The Gaussian smoother: the posterior where that is Gaussian, and close to it where it nearly is.
 */
#include "paths.h"

#include "jensen/simulate.h"

static jn_model *simulated(const char *name, const char *const *texts, size_t n, uint64_t seed)
{
    jn_table *x = NULL;
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_params p = jn_test_params(texts);
    assert_ok(jn_simulate(name, &p, n, NULL, seed, &x, NULL, &err), &err);
    assert_ok(jn_model_new(name, &p, x, &m, &err), &err);
    jn_table_free(x);
    jn_params_free(&p);
    return m;
}

static void assert_exact(const jn_model *m, size_t row, double atol)
{
    jn_estimate exact;
    jn_proposal *q = jn_test_path("smoother", m);
    const jn_source_options o = { .samples = 2000, .replicates = 1, .seed = 2 };
    assert_non_null(q);
    assert_ok(jn_chain_evidence(m, row, NULL, &exact, NULL), NULL);
    jn_law_set set = jn_test_laws(&jn_source_path, q, row, &o, 1);
    assert_close(set.pooled.log_w.mean, exact.value, 0.0, atol);
    assert_close(sqrt(jn_moments_variance(&set.pooled.log_w)), 0.0, 0.0, atol);
    jn_law_set_free(&set);
    jn_proposal_free(q);
}

static void test_linear_chains_have_no_gap(void **state)
{
    (void)state;
    for (size_t c = 2; c < 4; c++) { /* local-level, lgssm */
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        assert_exact(m, 0, 1e-10);
        jn_model_free(m);
    }
    /* Gaussian data make every step of a diffusion affine; its slopes are differences over 2e-3 sd,
     * good to 1e-13 of a mean, and weights see them squared against a variance of 1e-3 */
    jn_model *m = simulated("diffusion", TEXTS("steps=20", "means=0.7", "sds=0.4"), 3, 1);
    for (size_t row = 0; row < 3; row++) {
        assert_exact(m, row, 1e-7);
    }
    jn_model_free(m);
    m = simulated("diffusion", TEXTS("steps=1", "b_min=0.4", "means=0.7", "sds=0.4"), 1, 1);
    assert_exact(m, 0, 1e-7);
    jn_model_free(m);
}

static double ess(const char *name, const jn_model *m)
{
    jn_proposal *q = jn_test_path(name, m);
    const jn_source_options o = { .samples = 4000, .replicates = 1, .seed = 2 };
    jn_law_set set = jn_test_laws(&jn_source_path, q, 0, &o, 1);
    const double fraction = jn_law_ess_fraction(&set.pooled);
    jn_law_set_free(&set);
    jn_proposal_free(q);
    return fraction;
}

/* Fifty steps: of the prior's paths next to none count, of the smoother's most. */
static void test_volatility_is_nearly_gaussian(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 5; seed++) {
        jn_model *m = simulated("stochastic-volatility", NULL, 50, seed);
        const double smoother = ess("smoother", m);
        assert_true(smoother > 0.6);
        const double prior = ess("prior", m);
        assert_true(smoother > 5.0 * prior);
        jn_model_free(m);
    }
}

/* log p(x, z) of one path. */
static double joint(const jn_model *m, size_t T, const double *z)
{
    double sum = 0.0, term;
    for (size_t t = 0; t < T; t++) {
        assert_ok(t == 0 ? m->chain->log_initial(m->self, 1, 1, z, &term)
                         : m->chain->log_transition(m->self, t, 1, 1, z + t - 1, z + t, &term),
                  NULL);
        sum += term;
        if (m->chain->emits == NULL || m->chain->emits(m->self, 0, t)) {
            assert_ok(m->chain->log_emission(m->self, 0, t, 1, 1, z + t, &term), NULL);
            sum += term;
        }
    }
    return sum;
}

/* Base points 0 make the path at the top of p(x, z): no neighbour is higher, and its slope is 0. */
static void test_the_centre_is_the_mode(void **state)
{
    (void)state;
    static const size_t chains[] = { 4, 5 }; /* volatility, a diffusion of two bumps */
    for (size_t c = 0; c < 2; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + chains[c]);
        jn_proposal *q = jn_test_path("smoother", m);
        const size_t T = m->chain->n_steps(m->self, 0);
        double z[16], log_q;
        const double none = 0.0;
        for (size_t t = T; t-- > 0;) {
            assert_ok(q->path->step(q->self, 0, t, 1, 1, t + 1 == T ? NULL : z + t + 1, &none,
                                    z + t, &log_q),
                      NULL);
        }
        const double top = joint(m, T, z);
        for (size_t t = 0; t < T; t++) {
            const double was = z[t], h = 1e-4;
            z[t] = was + h;
            const double right = joint(m, T, z);
            z[t] = was - h;
            const double left = joint(m, T, z);
            z[t] = was;
            /* differences of sums of size 30: rounding 1e-14 / h, truncation h^2 */
            assert_close((right - left) / (2.0 * h), 0.0, 0.0, 1e-6);
            assert_true(right < top && left < top);
        }
        jn_proposal_free(q);
        jn_model_free(m);
    }
}

static jn_status attempt(void *user)
{
    jn_proposal *q = NULL;
    const jn_status st = jn_path_proposal_new("smoother", NULL, user, &q, NULL);
    assert_true(st == JN_OK || q == NULL);
    jn_proposal_free(q);
    return st;
}

static void test_errors(void **state)
{
    (void)state;
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_model *m = jn_test_chain_model(jn_test_chains); /* hmm */
    assert_int_equal(jn_path_proposal_new("smoother", NULL, m, &q, &err), JN_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "Gaussian steps"));
    jn_model_free(m);
    m = jn_test_chain_model(jn_test_chains + 4);
    assert_true(jn_malloc_sweep(attempt, m) >= 3);
    jn_model_free(m);
    /* an observation of 0 says nothing against small variances: still a mode */
    const jn_test_chain zero = {
        "stochastic-volatility", { "phi=0.5" }, "y", 3, { 0.0, 0.1, 0.0 }
    };
    m = jn_test_chain_model(&zero);
    assert_true(ess("smoother", m) > 0.5);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_chains_have_no_gap),
        cmocka_unit_test(test_volatility_is_nearly_gaussian),
        cmocka_unit_test(test_the_centre_is_the_mode),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
