#include "paths.h"

#include "base/dense.h"

static void check(const char *const *texts, double x)
{
    enum { MAX = 200 };
    jn_table *data = jn_test_table(1, 1, (const char *const[]){ "x" }, &x);
    jn_model *m = jn_test_model("diffusion", texts, data);
    jn_proposal *q = jn_test_path("forward", m);
    double terms[MAX + 1], sum = 0.0;
    jn_estimate elbo, exact;
    jn_error err = JN_ERROR_INIT;
    const size_t T = m->chain->n_steps(m->self, 0);
    assert_ok(jn_chain_ledger(m, 0, terms, &elbo, &err), &err);
    for (size_t t = 0; t <= T; t++) {
        assert_true(t == T || terms[t] >= 0.0);
        sum += terms[t];
    }
    assert_close(elbo.value, -sum, 1e-14, 1e-14);
    assert_true(elbo.error < 1e-11 * (1.0 + (double)T));
    assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
    assert_true(elbo.value <= exact.value + elbo.error + exact.error);
    /* the same bound from whole paths, by sampling: ELBO, A = -L_0 and B = all the rest */
    const jn_source_options o = { .samples = 40000, .replicates = 1, .seed = 11 };
    jn_law_set set = jn_test_laws(&jn_source_path, q, 0, &o, 0);
    const double n = (double)o.samples;
    assert_within_se(set.pooled.log_w.mean, elbo.value,
                     sqrt(jn_moments_variance(&set.pooled.log_w) / n) + 1e-12, 5.0);
    assert_within_se(set.pooled.log_lik.mean, -terms[T],
                     sqrt(jn_moments_variance(&set.pooled.log_lik) / n) + 1e-12, 5.0);
    jn_law_set_free(&set);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_against_paths(void **state)
{
    (void)state;
    check(TEXTS("steps=1", "b_min=0.4"), 0.7);
    check(TEXTS("steps=2", "b_min=0.3", "b_max=0.8", "means=-1,1.2", "weights=0.3,0.7"), -0.4);
    check(TEXTS("steps=20", "schedule=cosine", "variance=btilde"), 1.1);
    check(TEXTS("steps=200"), 0.9);
}

enum { STEPS = 12 };

/* With one Gaussian as data law all steps are linear. P, h: the precision of x_1..x_T given x_0 and
 * its product with their mean; inv / 2 (x_low - a x_(low + 1))^2 joins. x_t has index t - 1. */
static void add_step(double a, double inv, size_t low, double x0, double *P, double *h)
{
    const size_t hi = low;
    P[hi * STEPS + hi] += inv * a * a;
    if (low == 0) {
        h[hi] += inv * a * x0;
        return;
    }
    const size_t lo = low - 1;
    P[lo * STEPS + lo] += inv;
    P[lo * STEPS + hi] -= inv * a;
    P[hi * STEPS + lo] -= inv * a;
}

/* KL from the forward process to the posterior, two Gaussians of dimension T, without p(x_0). */
static double kl_of_paths(const double *b, double variance, double x0)
{
    double P[STEPS * STEPS] = { 0 }, h[STEPS] = { 0 }, mean[STEPS], cov[STEPS * STEPS];
    double keep[STEPS + 1] = { 1.0 }; /* product of 1 - b */
    for (size_t t = 1; t <= STEPS; t++) {
        keep[t] = keep[t - 1] * (1.0 - b[t - 1]);
        const double before = keep[t - 1] * variance + 1.0 - keep[t - 1];
        const double after = keep[t] * variance + 1.0 - keep[t];
        add_step(sqrt(1.0 - b[t - 1]) * before / after, 1.0 / b[t - 1], t - 1, x0, P, h);
    }
    P[STEPS * STEPS - 1] += 1.0; /* p(x_T) */
    for (size_t s = 0; s < STEPS; s++) {
        mean[s] = sqrt(keep[s + 1]) * x0;
        for (size_t t = s; t < STEPS; t++) {
            cov[s * STEPS + t] = sqrt(keep[t + 1] / keep[s + 1]) * (1.0 - keep[s + 1]);
            cov[t * STEPS + s] = cov[s * STEPS + t];
        }
    }
    double trace = 0.0, log_det_q = 0.0, log_det_p = 0.0, L[STEPS * STEPS], away[STEPS];
    for (size_t i = 0; i < STEPS * STEPS; i++) {
        trace += P[i] * cov[i];
    }
    memcpy(L, P, sizeof L);
    assert_true(jn_cholesky(STEPS, L));
    memcpy(away, h, sizeof away);
    jn_lower_solve(STEPS, L, away);
    jn_lower_transpose_solve(STEPS, L, away); /* the posterior's mean */
    assert_true(jn_cholesky(STEPS, cov));
    for (size_t i = 0; i < STEPS; i++) {
        away[i] -= mean[i];
        log_det_p += 2.0 * log(L[i * (STEPS + 1)]);
        log_det_q += 2.0 * log(cov[i * (STEPS + 1)]);
    }
    double square = 0.0;
    for (size_t i = 0; i < STEPS * STEPS; i++) {
        square += away[i / STEPS] * P[i] * away[i % STEPS];
    }
    return 0.5 * (trace + square - STEPS - log_det_p - log_det_q);
}

static void test_gap_is_the_divergence(void **state)
{
    (void)state;
    const double sd = 0.6, first = 0.05, last = 0.4, x = -0.9;
    double b[STEPS], terms[STEPS + 1];
    for (size_t t = 0; t < STEPS; t++) {
        b[t] = first + (last - first) * (double)t / (STEPS - 1);
    }
    jn_table *data = jn_test_table(1, 1, (const char *const[]){ "x" }, &x);
    jn_model *m = jn_test_model(
        "diffusion", TEXTS("steps=12", "b_min=0.05", "b_max=0.4", "means=0", "sds=0.6"), data);
    jn_estimate elbo, exact;
    assert_ok(jn_chain_ledger(m, 0, terms, &elbo, NULL), NULL);
    assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
    const double gap = exact.value - elbo.value, kl = kl_of_paths(b, sd * sd, x);
    assert_true(gap > 0.01);                                      /* something to agree on */
    assert_close(gap, kl, 0.0, 1e-10 + exact.error + elbo.error); /* matrices of condition 1e3 */
    jn_model_free(m);
    jn_table_free(data);
}

/* A point mass as data law and btilde: the reverse steps are the forward process undone, so all
 * L_{t-1} are 0 and what is left is the prior's mismatch and the first step. */
static void test_perfect_reverse_steps(void **state)
{
    (void)state;
    const double x = 0.8;
    double terms[8];
    jn_table *data = jn_test_table(1, 1, (const char *const[]){ "x" }, &x);
    jn_model *m = jn_test_model("diffusion",
                                TEXTS("steps=6", "variance=btilde", "means=0.8", "sds=0"), data);
    jn_estimate elbo;
    assert_ok(jn_chain_ledger(m, 0, terms, &elbo, NULL), NULL);
    for (size_t t = 1; t < 6; t++) {
        assert_close(terms[t], 0.0, 0.0, 1e-14);
    }
    assert_close(terms[6], 0.5 * log(2 * M_PI * 0.001), 1e-13, 0.0); /* E x_0 is x_0 */
    jn_model_free(m);
    jn_table_free(data);
}

static jn_status attempt(void *user)
{
    double terms[6] = { 42.0 };
    jn_estimate e = { .value = 42.0 };
    const jn_status st = jn_chain_ledger(user, 0, terms, &e, NULL);
    assert_true(st == JN_OK || (terms[0] == 42.0 && e.value == 42.0));
    return st;
}

static void test_errors(void **state)
{
    (void)state;
    double terms[16];
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    jn_model *m = jn_test_chain_model(jn_test_chains + 2);
    assert_int_equal(jn_chain_ledger(m, 0, terms, &e, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    m = jn_test_chain_model(jn_test_chains + 5);
    assert_int_equal(jn_chain_ledger(m, 1, terms, &e, &err), JN_ERR_VALUE);
    assert_int_equal(jn_malloc_sweep(attempt, m), 1);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_paths),
        cmocka_unit_test(test_gap_is_the_divergence),
        cmocka_unit_test(test_perfect_reverse_steps),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
