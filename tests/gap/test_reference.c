/* Numbers known from elsewhere: math.md's tables (30-digit arithmetic) and closed forms. */
#include "gap/runs.h"

#include <gsl/gsl_errno.h>

#include "bound/laws.h"

#define TOY(x) jn_test_table(1, 1, NULL, (double[]){ (x) })

static const uint64_t KS[] = { 1, 2, 8, 64, 1000, 1000000 };

typedef struct toy {
    const char *const *q;
    double elbo, a, b, gap[6], mu2, mu3;
} toy;

/* Gaps to 1e-10 relative where K is large; error columns honest. */
static void check_toy(const toy *want)
{
    jn_table *data = TOY(1.2);
    jn_test_run r = jn_test_gap("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), data,
                                "gaussian", want->q, 6, KS, NULL);
    assert_ok(r.status, &r.err);
    const jn_gap_row *row = &r.table->rows[0];
    assert_close(row->evidence.value, -1.60167108725875, 0.0, 1e-14);
    assert_string_equal(r.table->rule, "quadrature");
    const jn_gap_bound *elbo = &row->bounds[0];
    assert_close(elbo->value.value, want->elbo, 0.0, 1e-13);
    assert_close(elbo->value.value, want->elbo, 0.0, elbo->value.error + 1e-14);
    assert_close(elbo->reconstruction.value, want->a, 0.0, 1e-13);
    assert_close(elbo->reconstruction.value, want->a, 0.0, elbo->reconstruction.error + 1e-14);
    assert_close(elbo->kl.value, want->b, 0.0, 1e-13);
    assert_close(elbo->kl.value, want->b, 0.0, elbo->kl.error + 1e-14);
    assert_close(elbo->gap.value, want->gap[0], 1e-13, 0.0);
    for (size_t i = 0; i < 6; i++) {
        const jn_gap_bound *b = &row->bounds[i + 1];
        assert_close(b->gap.value, want->gap[i], 1e-13, 0.0); /* 15 digits are printed */
        assert_close(b->gap.value, want->gap[i], 5e-15, b->gap.error);
        assert_true(b->gap.error > 0.0 && b->gap.error < 1e-11 * b->gap.value);
        assert_close(b->value.value, -1.60167108725875 - want->gap[i], 0.0, 1e-13);
        assert_true(b->side == JN_SIDE_LOWER && b->estimator == JN_BY_LAW);
    }
    const jn_diagnostics *d = &row->diagnostics;
    assert_close(d->coverage, 1.0, 1e-12, 0.0);
    assert_int_equal(d->zero_weights, 0);
    if (isinf(want->mu2)) {
        assert_true(d->var_w == INFINITY && isnan(d->ess_fraction));
        for (size_t i = 0; i < 7; i++) {
            assert_true(isnan(row->bounds[i].gap_predicted));
            assert_int_equal(row->bounds[i].predicted_reliable, -1);
        }
    } else {
        assert_close(d->var_w, want->mu2, 1e-13, 0.0);
        assert_close(d->ess_fraction, 1.0 / (1.0 + want->mu2), 1e-13, 0.0);
        assert_true(isnan(row->bounds[0].gap_predicted)); /* not for the ELBO */
        for (size_t i = 0; i < 6; i++) {
            const double k = (double)KS[i];
            assert_close(row->bounds[i + 1].gap_predicted,
                         want->mu2 / (2 * k) -
                             (want->mu3 / 3 - 0.75 * want->mu2 * want->mu2) / (k * k),
                         1e-12, 0.0);
            assert_int_equal(row->bounds[i + 1].predicted_reliable, k >= 10.0 * want->mu2);
        }
    }
    jn_test_gap_free(&r);
    jn_table_free(data);
}

static void test_case_a(void **state)
{
    (void)state;
    check_toy(&(toy){ .q = TEXTS("mean=0.4", "sd=0.8"),
                      .elbo = -1.97550849423891,
                      .a = -1.85236494292470,
                      .b = 0.12314355131421,
                      .gap = { 0.373837406980155, 0.129685685750369, 0.0236324495212446,
                               0.00275285165899928, 0.000174652862705422, 1.74549793463184e-07 },
                      .mu2 = 0.349099380759924,
                      .mu3 = -0.0350410495464602 });
}

static void test_case_b(void **state)
{
    (void)state;
    check_toy(&(toy){ .q = TEXTS("mean=0.8", "sd=0.34641016151377546"),
                      .elbo = -1.79249671102475,
                      .a = -0.85236494292470,
                      .b = 0.94013176810005,
                      .gap = { 0.190825623765991, 0.144909382462808, 0.0758448430486883,
                               0.0244625714439427, 0.00480302637026332, 7.38876764717596e-05 },
                      .mu2 = INFINITY });
}

static void test_toy_2(void **state)
{
    (void)state;
    static const uint64_t ks[] = { 1, 2, 5, 10, 50, 1000 };
    static const double want[] = { -1.5720820845188823, -1.538689770542614,  -1.5238756172745647,
                                   -1.5195667493679672, -1.5163041316745698, -1.515551507754105 };
    static const double variance[] = { 0.1416, 0.05114353863, 0.01732202081, 0.00824712497,
                                       0.00158922274 };
    jn_table *data = TOY(1.0);
    jn_test_run r = jn_test_gap("linear-gaussian", NULL, data, "gaussian",
                                TEXTS("mean=0.3", "sd=0.8"), 6, ks, NULL);
    assert_ok(r.status, &r.err);
    const jn_gap_row *row = &r.table->rows[0];
    assert_close(row->evidence.value, -1.5155121234846454, 1e-15, 0.0);
    for (size_t i = 0; i < 6; i++) {
        const jn_gap_bound *b = &row->bounds[i + 1];
        assert_close(b->value.value, want[i], 0.0, 1e-14);
        assert_close(b->gap.value, -1.5155121234846454 - want[i], 0.0, 1e-14);
        if (i < 5) {
            assert_close(b->variance, variance[i], 0.0, 5.1e-12); /* as printed */
        }
    }
    jn_test_gap_free(&r);
    jn_table_free(data);
}

static void test_gamma_weights(void **state)
{
    (void)state;
    static const char *const as[] = { "a=0.1", "a=0.5", "a=1", "a=4", "a=100" };
    for (size_t i = 0; i < 5; i++) {
        const double a = atof(as[i] + 2);
        jn_test_run r = jn_test_gap("gamma-weights", TEXTS(as[i]), NULL, NULL, NULL, 6, KS, NULL);
        assert_ok(r.status, &r.err);
        const jn_gap_row *row = &r.table->rows[0];
        assert_string_equal(r.table->rule, "quadrature");
        assert_close(row->evidence.value, 0.0, 0.0, 1e-12);
        for (size_t j = 0; j < 6; j++) {
            const jn_gap_bound *b = &row->bounds[j + 1];
            const double truth = jn_test_log_minus_psi(a * (double)KS[j]);
            assert_close(b->gap.value, truth, 1e-12, 0.0);
            assert_close(b->gap.value, truth, 5e-15, b->gap.error);
            assert_close(b->variance, gsl_sf_psi_1(a * (double)KS[j]), 1e-11, 0.0);
        }
        assert_close(row->diagnostics.var_w, 1.0 / a, 1e-11, 0.0);
        assert_close(row->bounds[0].gap.value, jn_test_log_minus_psi(a), 1e-12, 0.0);
        jn_test_gap_free(&r);
    }
}

static void test_two_point_weights(void **state)
{
    (void)state;
    static const uint64_t ks[] = { 1, 2, 5, 10, 50, 100 };
    jn_test_run r = jn_test_gap("two-point-weights",
                                TEXTS("values=8,0.22222222222222221", "weights=0.1,0.9"), NULL,
                                NULL, NULL, 6, ks, NULL);
    assert_ok(r.status, &r.err);
    assert_string_equal(r.table->rule, "enumerate");
    const jn_gap_row *row = &r.table->rows[0];
    for (size_t j = 0; j < 6; j++) {
        const jn_gap_bound *b = &row->bounds[j + 1];
        const double truth = jn_test_two_point_gap(0.1, 8.0, 2.0 / 9.0, (unsigned)ks[j]);
        assert_close(b->gap.value, truth, 1e-13, 0.0);
        assert_close(b->gap.value, truth, 1e-15, b->gap.error);
        assert_true(b->gap.kind == JN_EXACT && b->value.kind == JN_EXACT);
    }
    assert_close(row->diagnostics.var_w, 0.1 * 64.0 + 0.9 * 4.0 / 81.0 - 1.0, 1e-13, 0.0);
    jn_test_gap_free(&r);
}

/* ELBO in closed form in every dimension that has a rule; tail index 1 / (1 - s^2). */
static void test_gaussian_scale(void **state)
{
    (void)state;
    static const char *const dims[] = { "dim=1", "dim=2", "dim=3" };
    static const double s = 0.6;
    for (size_t i = 0; i < 3; i++) {
        jn_test_run r = jn_test_gap("gaussian-scale", TEXTS(dims[i], "s=0.6"), NULL, NULL, NULL, 3,
                                    KS, NULL);
        assert_ok(r.status, &r.err);
        const jn_gap_row *row = &r.table->rows[0];
        const double want = (double)(i + 1) * (-log(s) - 0.5 * (1.0 - s * s));
        for (size_t b = 0; b < 2; b++) {
            assert_close(row->bounds[b].gap.value, want, 1e-12, 0.0);
            assert_close(row->bounds[b].gap.value, want, 1e-15, row->bounds[b].gap.error);
        }
        assert_true(isnan(row->bounds[0].kl.value) && isnan(row->bounds[0].reconstruction.value));
        assert_true(row->diagnostics.var_w == INFINITY); /* k = 0.64 */
        jn_test_gap_free(&r);
    }
}

/* Weights of infinite variance by draws: a law's own gap at K far beyond the draws would be 6e-5
 * +- 2e-5 where in one dimension fewer it is 7e-4 already. */
static void test_draws_do_not_claim_what_they_cannot_see(void **state)
{
    (void)state;
    static const uint64_t ks[] = { 1000000 };
    jn_test_run r = jn_test_gap("gaussian-scale", TEXTS("dim=4", "s=0.6"), NULL, NULL, NULL, 1, ks,
                                &(jn_gap_options){ .rule = JN_RULE_RQMC });
    assert_int_equal(r.status, JN_NOT_CONVERGED); /* and k-hat says so */
    assert_true(r.table->total.diagnostics.pareto_k > 0.5);
    const jn_gap_bound *b = r.table->rows[0].bounds;
    assert_within_se(b[0].gap.value, 4.0 * (-log(0.6) - 0.32), b[0].gap.error, 5.0);
    assert_true(b[1].gap.value + 2.0 * b[1].gap.error > 6.77e-4);
    jn_test_gap_free(&r);
}

static void test_posterior_has_no_gap(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("iris.csv");
    jn_test_run r = jn_test_gap("linear-gaussian",
                                TEXTS("W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04",
                                      "b=5.84,3.06,3.76,1.2", "noise_sd=0.25"),
                                data, "posterior", NULL, 6, KS, NULL);
    assert_ok(r.status, &r.err);
    assert_close(r.table->total.evidence.value, -410.6093607435877, 0.0, 1e-10);
    for (size_t i = 0; i < 7; i++) {
        const jn_gap_bound *b = &r.table->total.bounds[i];
        assert_true(b->gap.value >= 0.0 && b->gap.value < 1e-20);
        assert_true(b->gap.error >= 0.0 && b->gap.error < 1e-10);
        assert_close(b->value.value, -410.6093607435877, 0.0, 1e-10);
    }
    jn_test_gap_free(&r);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_a),
        cmocka_unit_test(test_case_b),
        cmocka_unit_test(test_toy_2),
        cmocka_unit_test(test_gamma_weights),
        cmocka_unit_test(test_two_point_weights),
        cmocka_unit_test(test_gaussian_scale),
        cmocka_unit_test(test_draws_do_not_claim_what_they_cannot_see),
        cmocka_unit_test(test_posterior_has_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
