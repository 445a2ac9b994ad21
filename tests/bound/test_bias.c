/* The mean over all subsets of K of N draws is unbiased for L_K where the bound of the sample's own
 * law, a V-statistic, is not: with weights W ~ Gamma(1), K = 50 and N = 100, L_K = psi(K) - log K,
 * and the law's bias is -(K - 1) mu2 / (2 K N) = -0.0049 to first order. */
#include "laws.h"

#include <gsl/gsl_errno.h>

#include "chance.h"
#include "jensen/bound.h"
#include "jensen/ustat.h"

enum { SEEDS = 2000, N = 100, K = 50 };

typedef struct spread {
    double mean, se;
} spread;

static spread spread_of(const double *x)
{
    double mean = 0.0, m2 = 0.0;
    for (size_t i = 0; i < SEEDS; i++) {
        mean += x[i] / SEEDS;
    }
    for (size_t i = 0; i < SEEDS; i++) {
        m2 += (x[i] - mean) * (x[i] - mean);
    }
    return (spread){ mean, sqrt(m2 / (SEEDS - 1) / SEEDS) };
}

static double by_law(const double *l)
{
    double log_m[N], k = K, gap, error, variance;
    for (size_t i = 0; i < N; i++) {
        log_m[i] = -log(N);
    }
    jn_weight_law w;
    jn_test_weight_law(N, l, log_m, &w);
    assert_ok(jn_iwae_integral(&w, 1, &k, &gap, &error, &variance), NULL);
    const double value = w.log_evidence - gap;
    jn_weight_law_free(&w);
    return value;
}

static void test_subsets_are_unbiased_and_the_law_is_not(void **state)
{
    (void)state;
    static const uint64_t k = K;
    static double subsets[SEEDS], law[SEEDS];
    for (size_t seed = 0; seed < SEEDS; seed++) {
        double l[N], sum = 0.0;
        jn_ustat u;
        for (size_t i = 0; i < N; i++) {
            const double w = -log(jn_chance(700 + seed, i));
            l[i] = log(w);
            sum += w;
        }
        assert_ok(jn_ustat_values(N, l, 1, &k, &u, NULL), NULL);
        /* E(mean W - 1) is 0: taken off, it leaves a tenth of the spread */
        const double control = sum / N - 1.0;
        subsets[seed] = u.value - control;
        law[seed] = by_law(l) - control;
    }
    const double truth = gsl_sf_psi(K) - log(K), bias = -(K - 1.0) / (2.0 * K * N);
    const spread u = spread_of(subsets), v = spread_of(law);
    assert_within_se(u.mean, truth, u.se, 5.0);
    assert_true(fabs(v.mean - truth) > 10.0 * v.se);
    assert_close(v.mean - truth, bias, 0.0, 5.0 * v.se + 1.0 / (N * N)); /* the next order */
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subsets_are_unbiased_and_the_law_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
