/* Value +- t error of every bound under mc and rqmc, of values and of gaps, holds the truth as
 * often as it says: a small form of experiments/coverage, of 100 seeds. */
#include "models.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "jensen/gap.h"

enum { SEEDS = 100, MAX_BOUNDS = 24 };

static const uint64_t KS[] = { 8 };

typedef struct pair {
    jn_proposal *q;
    size_t n;
    jn_bound_arg *args;
    jn_gap_table *truth;
} pair;

static jn_gap_table *run(const pair *p, const jn_gap_options *o)
{
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_gap_run(p->q, p->n, p->args, o, &t, &err), &err);
    return t;
}

static bool holds(const jn_estimate *e, double truth)
{
    assert_true(isfinite(e->error) && e->dof >= 1.0);
    return fabs(e->value - truth) <= gsl_cdf_tdist_Pinv(0.975, e->dof) * e->error;
}

static void covers(const pair *p, jn_gap_options o)
{
    int inside[2][MAX_BOUNDS] = { { 0 } }, all = 0;
    for (o.seed = 1; o.seed <= SEEDS; o.seed++) {
        jn_gap_table *t = run(p, &o);
        for (size_t b = 0; b < p->n; b++) {
            const jn_gap_bound *x = &t->rows[0].bounds[b], *y = &p->truth->rows[0].bounds[b];
            inside[0][b] += holds(&x->value, y->value.value);
            inside[1][b] += holds(&x->gap, y->gap.value);
        }
        jn_gap_table_free(t);
    }
    for (size_t b = 0; b < 2 * p->n; b++) {
        char label[JN_BOUND_LABEL];
        const int hits = inside[b / p->n][b % p->n];
        all += hits;
        /* 95 +- 2.2 of 100; 4 of these standard deviations */
        if (hits < 86) {
            fail_msg("%s, %s: %d of %d intervals hold the truth",
                     jn_bound_label(&p->args[b % p->n], label), b < p->n ? "value" : "gap", hits,
                     SEEDS);
        }
    }
    /* cells of one seed share its draws: the mean over cells hardly varies less than each */
    assert_close(all / (2.0 * SEEDS * (double)p->n), 0.95, 0.0, 0.03);
}

static void test_pair(const char *model, const char *const *set, const jn_table *data,
                      const char *q, const char *const *q_set, bool rqmc)
{
    jn_model *m = jn_test_model(model, set, data);
    jn_error err = JN_ERROR_INIT;
    pair p = { .q = jn_test_proposal(q, q_set, m) };
    assert_ok(jn_bounds_parse("elbo,iwae,vr:0.5,cubo:2,eubo,upper,tvo:4,jvi:1", 1, KS, &p.n,
                              &p.args, &err),
              &err);
    assert_true(p.n <= MAX_BOUNDS);
    p.truth = run(&p, NULL);
    covers(&p, (jn_gap_options){ .rule = JN_RULE_MC, .samples = 256, .replicates = 16 });
    if (rqmc) {
        covers(&p, (jn_gap_options){ .rule = JN_RULE_RQMC, .samples = 64, .replicates = 32 });
    }
    jn_gap_table_free(p.truth);
    free(p.args);
    jn_proposal_free(p.q);
    jn_model_free(m);
}

static void test_toy(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    test_pair("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), data, "gaussian",
              TEXTS("mean=0.4", "sd=0.8"), true);
    jn_table_free(data);
}

static void test_gamma_weights(void **state)
{
    (void)state;
    test_pair("gamma-weights", TEXTS("a=2"), NULL, "prior", NULL, false);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toy),
        cmocka_unit_test(test_gamma_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
