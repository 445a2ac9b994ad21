/* Does the error column of draws tell the truth? 300 seeds of the toy. */
#include "gap/runs.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

enum { SEEDS = 300, N_K = 4 };
static const uint64_t KS[N_K] = { 1, 2, 8, 64 };

static void covers(jn_rule rule, uint64_t replicates, int estimator)
{
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    const char *const *set = TEXTS("noise_sd=0.70710678118654752");
    const char *const *q = TEXTS("mean=0.4", "sd=0.8");
    jn_test_run exact = jn_test_gap("linear-gaussian", set, data, "gaussian", q, N_K, KS, NULL);
    int inside[N_K + 1] = { 0 }, gap_inside[N_K + 1] = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const jn_gap_options o = { .rule = rule,
                                   .estimator = estimator,
                                   .samples = 2048,
                                   .replicates = replicates,
                                   .seed = 1000 + seed };
        jn_test_run r = jn_test_gap("linear-gaussian", set, data, "gaussian", q, N_K, KS, &o);
        assert_ok(r.status, &r.err);
        for (size_t b = 0; b <= N_K; b++) {
            const jn_gap_bound *x = &r.table->rows[0].bounds[b];
            const jn_gap_bound *truth = &exact.table->rows[0].bounds[b];
            const double t = gsl_cdf_tdist_Pinv(0.975, x->value.dof);
            inside[b] += fabs(x->value.value - truth->value.value) <= t * x->value.error;
            gap_inside[b] += fabs(x->gap.value - truth->gap.value) <= t * x->gap.error;
        }
        jn_test_gap_free(&r);
    }
    for (size_t b = 0; b <= N_K; b++) { /* 0.95 +- 3 standard deviations of 300 trials */
        const double f = inside[b] / (double)SEEDS, g = gap_inside[b] / (double)SEEDS;
        /* the terms of a gap by groups are skewed (squares, nearly): with the 32 groups of one
         * replicate a t interval covers 0.90 */
        if (!(f >= 0.91 && f <= 0.99 && g >= (replicates == 1 ? 0.85 : 0.91))) {
            fail_msg("%zu: %g of the values, %g of the gaps lie inside", b, f, g);
        }
    }
    jn_test_gap_free(&exact);
    jn_table_free(data);
}

static void test_groups(void **state)
{
    (void)state;
    covers(JN_RULE_MC, 16, 0);
    covers(JN_RULE_MC, 4, 0);
    covers(JN_RULE_MC, 1, 0); /* the spread of groups */
}

static void test_law(void **state)
{
    (void)state;
    covers(JN_RULE_MC, 16, 1 + JN_BY_LAW);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
