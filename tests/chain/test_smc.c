#include "paths.h"

#include "chain/resample.h"

/* E p-hat = p(x) for every chain, resampling, threshold and proposal that runs forward; and
 * E log p-hat lies below. */
static void test_unbiased(void **state)
{
    (void)state;
    static const double thresholds[] = { 0.5, 1.0, 0.9 };
    static const char *const names[] = { "prior", "guided" };
    for (size_t c = 0; c < JN_TEST_CHAINS; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        for (size_t k = 0; k < 6; k++) {
            jn_proposal *q = jn_test_path(names[k % 2], m);
            if (q == NULL) {
                continue;
            }
            const jn_source_options o = { .samples = 128,
                                          .replicates = 16,
                                          .seed = 3,
                                          .particles = 20,
                                          .threshold = thresholds[k / 2],
                                          .resampling = (jn_resampling)(k / 2) };
            jn_law_set set = jn_test_laws(&jn_source_smc, q, 0, &o, 0);
            jn_test_unbiased(&set, exact.value);
            assert_true(set.pooled.log_w.mean < exact.value);
            jn_law_set_free(&set);
            jn_proposal_free(q);
        }
        jn_model_free(m);
    }
}

/* With more particles E log p-hat rises to log p(x): the gap is about Var p-hat / 2 and falls as
 * 1 / particles. */
static void test_gap_closes(void **state)
{
    (void)state;
    jn_model *m = jn_test_chain_model(jn_test_chains + 4);
    jn_proposal *q = jn_test_path("prior", m);
    jn_estimate exact;
    assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
    double spread[2];
    for (size_t k = 0; k < 2; k++) {
        const jn_source_options o = {
            .samples = 2000, .replicates = 1, .seed = 3, .particles = k == 0 ? 50 : 800
        };
        jn_law_set set = jn_test_laws(&jn_source_smc, q, 0, &o, 0);
        const double gap = exact.value - set.pooled.log_w.mean;
        const double var = spread[k] = jn_moments_variance(&set.pooled.log_w);
        assert_within_se(gap, 0.5 * var, sqrt(var / 2000.0) + 0.1 * var, 5.0);
        jn_law_set_free(&set);
    }
    /* 800 / 50, and a twentieth for the noise of two variances */
    assert_close(spread[0] / spread[1], 16.0, 0.25, 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Copies of particle i: n w_i on average over u, and within one of it for systematic. */
static void test_resample_shares(void **state)
{
    (void)state;
    enum { N = 7, ROUNDS = 20000 };
    const double w[N] = { 0.0, 0.3, 0.0, 1.2, 1e-9, 0.5, 0.0 };
    for (int how = JN_SYSTEMATIC; how <= JN_MULTINOMIAL; how++) {
        double copies[N] = { 0 };
        assert_int_equal(jn_resample_uniforms((jn_resampling)how, N), how == JN_SYSTEMATIC ? 1
                                                                      : how == JN_STRATIFIED
                                                                          ? N
                                                                          : N + 1);
        for (size_t r = 0; r < ROUNDS; r++) {
            double u[N + 1], work[N + 1], now[N] = { 0 };
            uint32_t a[N + 1];
            for (size_t k = 0; k <= N; k++) {
                u[k] = jn_chance(40 + (uint64_t)how, r * 8 + k);
            }
            jn_resample((jn_resampling)how, N, w, u, work, a);
            for (size_t k = 0; k < N; k++) {
                assert_true(a[k] < N && w[a[k]] > 0.0 && (k == 0 || a[k] >= a[k - 1]));
                now[a[k]] += 1.0;
                copies[a[k]] += 1.0 / ROUNDS;
            }
            for (size_t i = 0; how == JN_SYSTEMATIC && i < N; i++) {
                assert_true(fabs(now[i] - N * w[i] / (2.0 + 1e-9)) < 1.0);
            }
        }
        for (size_t i = 0; i < N; i++) { /* 5 standard errors of a count with variance <= N */
            assert_close(copies[i], N * w[i] / (2.0 + 1e-9), 0.0, 5.0 * sqrt(N * 0.25 / ROUNDS));
        }
    }
}

/* Uniforms at the ends, weights of all sizes: never an index out of range nor a weight of 0. */
static void test_resample_edges(void **state)
{
    (void)state;
    enum { N = 1000 };
    static double w[N], u[N + 1], work[N + 1];
    static uint32_t a[N + 1];
    const double ends[] = { 0x1p-64, 0.5, 1.0 - 0x1p-53 };
    for (int how = JN_SYSTEMATIC; how <= JN_MULTINOMIAL; how++) {
        for (size_t e = 0; e < 3; e++) {
            for (size_t first = 0; first < 3; first++) {
                for (size_t i = 0; i < N; i++) {
                    w[i] = i < first || i + first >= N ? 0.0 : exp(-40.0 * jn_chance(7, i));
                    u[i] = ends[e];
                }
                u[N] = ends[e];
                jn_resample((jn_resampling)how, N, w, u, work, a);
                for (size_t k = 0; k < N; k++) {
                    assert_true(a[k] < N && w[a[k]] > 0.0);
                }
            }
        }
    }
}

static void test_errors(void **state)
{
    (void)state;
    jn_model *m = jn_test_chain_model(jn_test_chains + 4);
    jn_proposal *q = jn_test_path("prior", m);
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    const jn_source_options bad[] = {
        { .samples = 0, .replicates = 1 },
        { .samples = 1, .replicates = 0 },
        { .samples = 1, .replicates = 1, .particles = (uint64_t)1 << 27 },
        { .samples = 1, .replicates = 1, .threshold = -0.5 },
        { .samples = 1, .replicates = 1, .threshold = NAN },
        { .samples = (uint64_t)1 << 40, .replicates = 1, .particles = 100 },
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(jn_plan_new(&jn_source_smc, q, 0, bad + k, &plan, &err), JN_ERR_VALUE);
    }
    jn_proposal_free(q);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbiased),        cmocka_unit_test(test_gap_closes),
        cmocka_unit_test(test_resample_shares), cmocka_unit_test(test_resample_edges),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
