#include "paths.h"

/* exp(log-weight) has mean p(x) for every chain and every proposal it has; ELBO = A - B <= log
 * p(x).
 */
static void test_unbiased(void **state)
{
    (void)state;
    static const char *const names[] = { "prior", "forward", "posterior", "guided", "smoother" };
    size_t made = 0;
    for (size_t c = 0; c < JN_TEST_CHAINS; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        for (size_t k = 0; k < 5; k++) {
            jn_proposal *q = jn_test_path(names[k], m);
            if (q == NULL) {
                continue;
            }
            made++;
            const jn_source_options o = { .samples = 20000, .replicates = 16, .seed = 5 };
            jn_law_set set = jn_test_laws(&jn_source_path, q, 0, &o, 0);
            if (q->is_posterior) { /* every weight is p(x) */
                assert_close(set.pooled.log_w.mean, exact.value, 1e-12, 1e-12);
                assert_true(set.pooled.log_w.m2 / (double)set.pooled.n_nodes < 1e-22);
                assert_true(set.pooled.n_zero == 0);
            } else {
                jn_test_unbiased(&set, exact.value);
                assert_true(set.pooled.log_w.mean < exact.value);
            }
            if (set.pooled.log_w.mean > -INFINITY) {
                assert_close(set.pooled.log_lik.mean - set.pooled.log_ratio.mean,
                             set.pooled.log_w.mean, 1e-12, 1e-12);
            }
            assert_true(q->is_prior == (k == 0));
            jn_law_set_free(&set);
            jn_proposal_free(q);
        }
        jn_model_free(m);
    }
    assert_int_equal(made, 6 + 1 + 4 + 5 + 4); /* prior, forward, posterior, guided, smoother */
}

/* A proposal that sees the next observation wastes fewer paths than one that sees none. */
static void test_guided_is_narrower(void **state)
{
    (void)state;
    for (size_t c = 1; c < 5; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        jn_proposal *prior = jn_test_path("prior", m), *guided = jn_test_path("guided", m);
        const jn_source_options o = { .samples = 4000, .replicates = 1, .seed = 5 };
        jn_law_set a = jn_test_laws(&jn_source_path, prior, 0, &o, 1);
        jn_law_set b = jn_test_laws(&jn_source_path, guided, 0, &o, 1);
        assert_true(jn_law_ess_fraction(&b.law[0]) > 1.2 * jn_law_ess_fraction(&a.law[0]));
        jn_law_set_free(&a);
        jn_law_set_free(&b);
        jn_proposal_free(prior);
        jn_proposal_free(guided);
        jn_model_free(m);
    }
}

/* One step, and a step before which the chain emits nothing; guided is then the posterior. */
static void test_single_step(void **state)
{
    (void)state;
    const jn_test_chain one = { "local-level", { "noise_sd=0.8", "sd0=1.5" }, "y", 1, { 0.4 } };
    jn_model *m = jn_test_chain_model(&one);
    jn_estimate exact;
    assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
    static const char *const names[] = { "posterior", "guided" };
    for (size_t k = 0; k < 2; k++) {
        jn_proposal *q = jn_test_path(names[k], m);
        const jn_source_options o = { .samples = 100, .replicates = 1, .seed = 5 };
        jn_law_set set = jn_test_laws(&jn_source_path, q, 0, &o, 1);
        assert_close(set.law[0].log_w.mean, exact.value, 1e-14, 1e-14);
        assert_true(set.law[0].log_w.m2 < 1e-26);
        jn_law_set_free(&set);
        jn_proposal_free(q);
    }
    jn_model_free(m);
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    jn_model *m = jn_test_chain_model(jn_test_chains + 4);
    jn_proposal *q = jn_test_path("guided", m);
    const jn_source *const sources[] = { &jn_source_path, &jn_source_smc };
    for (size_t k = 0; k < 2; k++) {
        const jn_source_options o = {
            .samples = k == 0 ? 70000 : 1100, .replicates = 3, .seed = 9, .particles = 10
        };
        jn_law_set a = jn_test_laws(sources[k], q, 0, &o, 1);
        jn_law_set b = jn_test_laws(sources[k], q, 0, &o, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_true(a.law[i].log_w.mean == b.law[i].log_w.mean);
            assert_true(a.law[i].evidence.scaled == b.law[i].evidence.scaled);
        }
        assert_true(a.law[0].log_w.mean != a.law[1].log_w.mean);
        jn_law_set_free(&a);
        jn_law_set_free(&b);
    }
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Impossible data: every weight of the prior is 0, there is no posterior, and nothing breaks. */
static void test_impossible(void **state)
{
    (void)state;
    const jn_test_chain never = { "hmm",
                                  { "transition=1,0;0,1", "initial=1,0", "emission=categorical",
                                    "probs=1,0;0,1" },
                                  "y",
                                  3,
                                  { 0, 1, 0 } };
    jn_model *m = jn_test_chain_model(&never);
    const jn_source_options o = { .samples = 50, .replicates = 1, .seed = 5, .particles = 8 };
    static const char *const names[] = { "prior", "guided" };
    for (size_t k = 0; k < 2; k++) {
        jn_proposal *q = jn_test_path(names[k], m);
        jn_law_set paths = jn_test_laws(&jn_source_path, q, 0, &o, 1);
        jn_law_set smc = jn_test_laws(&jn_source_smc, q, 0, &o, 1);
        assert_true(paths.law[0].n_zero == 50 && smc.law[0].n_zero == 50);
        assert_true(jn_law_log_evidence(&smc.law[0]) == -INFINITY);
        jn_law_set_free(&paths);
        jn_law_set_free(&smc);
        jn_proposal_free(q);
    }
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_path_proposal_new("posterior", NULL, m, &q, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "impossible at step 1"));
    jn_model_free(m);
}

/* Noise of no density is a matter of values, not of what the model is. */
static void test_singular_noise(void **state)
{
    (void)state;
    static const char *const names[] = { "guided", "smoother", "posterior" };
    static const char *const still[] = { "sd0=0", "level_sd=0" };
    for (size_t i = 0; i < 2; i++) {
        const jn_test_chain c = { "local-level", { still[i] }, "y", 3, { 0.5, 1, 2 } };
        jn_model *m = jn_test_chain_model(&c);
        for (size_t k = 0; k < 3; k++) {
            jn_proposal *q = NULL;
            jn_error err = JN_ERROR_INIT;
            assert_int_equal(jn_path_proposal_new(names[k], NULL, m, &q, &err), JN_ERR_VALUE);
            assert_non_null(strstr(err.message, "singular"));
            assert_null(q);
        }
        jn_model_free(m);
    }
}

typedef struct making {
    const char *name;
    const jn_model *m;
} making;

static jn_status attempt(void *user)
{
    const making *a = user;
    jn_proposal *q = (jn_proposal *)1;
    const jn_status st = jn_path_proposal_new(a->name, NULL, a->m, &q, NULL);
    if (st == JN_OK) {
        jn_proposal_free(q);
    } else {
        assert_ptr_equal(q, (jn_proposal *)1);
    }
    return st;
}

static void test_errors(void **state)
{
    (void)state;
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_plan plan;
    const jn_source_options some = { .samples = 10, .replicates = 1 };
    const jn_source_options none = { .samples = 0, .replicates = 1 };
    jn_model *m = jn_test_chain_model(jn_test_chains + 5);
    assert_int_equal(jn_path_proposal_new("foward", NULL, m, &q, &err), JN_ERR_USAGE);
    assert_non_null(strstr(err.message, "did you mean 'forward'?"));
    jn_params p = jn_test_params(TEXTS("shift=1"));
    assert_int_equal(jn_path_proposal_new("prior", &p, m, &q, &err), JN_ERR_USAGE);
    jn_params_free(&p);
    q = jn_test_path("forward", m);
    assert_int_equal(jn_plan_new(&jn_source_path, q, 1, &some, &plan, &err), JN_ERR_VALUE);
    assert_int_equal(jn_plan_new(&jn_source_path, q, 0, &none, &plan, &err), JN_ERR_VALUE);
    assert_int_equal(jn_plan_new(&jn_source_smc, q, 0, &some, &plan, &err), JN_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "runs against the chain"));
    jn_proposal_free(q);
    jn_model_free(m);
    m = jn_test_model("gamma-weights", NULL, NULL);
    assert_int_equal(jn_path_proposal_new("prior", NULL, m, &q, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    for (size_t c = 0; c < 4; c++) {
        m = jn_test_chain_model(jn_test_chains + c);
        making posterior = { "posterior", m }, guided = { "guided", m };
        assert_true(jn_malloc_sweep(attempt, &posterior) >= 3);
        assert_true(jn_malloc_sweep(attempt, &guided) >= 2);
        jn_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbiased),       cmocka_unit_test(test_guided_is_narrower),
        cmocka_unit_test(test_single_step),    cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_impossible),     cmocka_unit_test(test_errors),
        cmocka_unit_test(test_singular_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
