/* The complete U-statistic against all subsets, one by one. */
#include "assertions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bound/trials.h"
#include "chance.h"
#include "jensen/logspace.h"
#include "jensen/ustat.h"
#include "malloc_sweep.h"

/* The average over all subsets of k of n <= 20 draws that leave out `skip` (n: none). */
static double brute(size_t n, const double *l, unsigned k, size_t skip)
{
    long double sum = 0.0L;
    double count = 0.0;
    for (unsigned set = 0; set < 1u << n; set++) {
        if ((unsigned)__builtin_popcount(set) != k || (skip < n && (set >> skip & 1u) != 0)) {
            continue;
        }
        jn_lse mean = JN_LSE_INIT;
        for (size_t i = 0; i < n; i++) {
            if ((set >> i & 1u) != 0) {
                jn_lse_add(&mean, l[i]);
            }
        }
        sum += jn_lse_log_mean(&mean);
        count++;
    }
    return (double)(sum / count);
}

static double brute_error(size_t n, const double *l, unsigned k)
{
    const double whole = brute(n, l, k, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += pow(brute(n, l, k, i) - whole, 2);
    }
    return sqrt((double)(n - 1) / (double)n * sum);
}

/* Shapes: mild, wild, far apart, ties, one giant. */
static void make(uint64_t s, size_t n, double *l)
{
    for (size_t i = 0; i < n; i++) {
        const double z = jn_chance_normal(s, i);
        switch (s % 5) {
        case 0:
            l[i] = z - 300.0;
            break;
        case 1:
            l[i] = 6.0 * z + 700.0;
            break;
        case 2:
            l[i] = 300.0 * z;
            break;
        case 3:
            l[i] = z > 0.0 ? 1.0 : -1.0;
            break;
        default:
            l[i] = i == 0 ? 20.0 : 0.1 * z;
            break;
        }
    }
}

static void test_every_subset_of_few_draws(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 15; s++) {
        const size_t n = s < 5 ? 16 : 4 + s % 9;
        double l[16], covariance[16 * 16];
        uint64_t ks[16];
        jn_ustat u[16];
        make(s, n, l);
        for (size_t k = 1; k <= n; k++) {
            ks[k - 1] = k;
        }
        assert_ok(jn_ustat_values(n, l, n, ks, u, covariance), NULL);
        for (size_t k = 1; k <= n; k++) {
            const double want = brute(n, l, (unsigned)k, n), size = 1.0 + fabs(want);
            /* the rule in u with step 0.2: 1e-13 of a gap that may be 600 */
            assert_close(u[k - 1].value, want, 0.0, 1e-12 * size + 1e-11 * u[k - 1].gap);
            assert_true(u[k - 1].gap >= -1e-12 * size);
            if (2 * k > n) {
                assert_true(isnan(u[k - 1].error));
            } else if (n <= 12) {
                assert_close(u[k - 1].error, brute_error(n, l, (unsigned)k), 1e-7, 1e-12);
                assert_close(covariance[(k - 1) * n + k - 1], pow(u[k - 1].error, 2), 1e-12, 0.0);
            }
        }
    }
}

static void test_zero_weights(void **state)
{
    (void)state;
    double l[12];
    make(0, 12, l);
    l[3] = l[7] = -INFINITY;
    const uint64_t ks[] = { 1, 2, 3, 5, 6, 12 };
    jn_ustat u[6];
    assert_ok(jn_ustat_values(12, l, 6, ks, u, NULL), NULL);
    for (size_t i = 0; i < 2; i++) { /* a subset of zeros alone */
        assert_true(u[i].value == -INFINITY && isnan(u[i].error));
    }
    for (size_t i = 2; i < 6; i++) {
        assert_close(u[i].value, brute(12, l, (unsigned)ks[i], 12), 1e-12, 0.0);
    }
    assert_true(isfinite(u[3].error) && isnan(u[5].error));
    for (size_t i = 0; i < 12; i++) {
        l[i] = -INFINITY;
    }
    assert_ok(jn_ustat_values(12, l, 6, ks, u, NULL), NULL);
    assert_true(u[5].value == -INFINITY);
}

static void test_special_cases(void **state)
{
    (void)state;
    const double same[] = { -5.0, -5.0, -5.0, -5.0, -5.0 }, single = -3.0;
    const uint64_t ks[] = { 1, 2, 5 };
    jn_ustat u[3];
    assert_ok(jn_ustat_values(5, same, 3, ks, u, NULL), NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_close(u[i].value, -5.0, 1e-15, 0.0);
    }
    assert_ok(jn_ustat_values(1, &single, 1, ks, u, NULL), NULL);
    assert_close(u[0].value, -3.0, 1e-15, 0.0);
    assert_true(isnan(u[0].error)); /* one draw shows no spread */
    const uint64_t bad[] = { 0, 6 };
    u[0].value = 77.0;
    assert_int_equal(jn_ustat_values(5, same, 1, bad, u, NULL), JN_ERR_VALUE);
    assert_int_equal(jn_ustat_values(5, same, 1, bad + 1, u, NULL), JN_ERR_VALUE);
    assert_int_equal(jn_ustat_values(0, same, 0, ks, u, NULL), JN_ERR_VALUE);
    assert_true(u[0].value == 77.0);
}

/* Log-normal weights: E log W_K has no closed form, but K = 1 has, and the average of U over seeds
 * must be that of groups, which are unbiased too. The law of the sample is not. */
static void test_unbiased_and_calibrated(void **state)
{
    (void)state;
    enum { SEEDS = 400, N = 200, N_K = 4 };
    static const uint64_t ks[N_K] = { 1, 5, 20, 50 };
    double sum[N_K] = { 0 }, squares[N_K] = { 0 }, claimed[N_K] = { 0 };
    double groups[N_K] = { 0 }, groups2[N_K] = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double l[N];
        jn_ustat u[N_K];
        for (size_t i = 0; i < N; i++) {
            l[i] = 1.2 * jn_chance_normal(5000 + seed, i);
        }
        assert_ok(jn_ustat_values(N, l, N_K, ks, u, NULL), NULL);
        for (size_t j = 0; j < N_K; j++) {
            double mean = 0.0;
            for (size_t g = 0; g < N / ks[j]; g++) {
                jn_lse one = JN_LSE_INIT;
                jn_lse_add_array(&one, ks[j], l + g * ks[j]);
                mean += jn_lse_log_mean(&one) / (double)(N / ks[j]);
            }
            groups[j] += mean / SEEDS;
            groups2[j] += mean * mean / SEEDS;
            sum[j] += u[j].value / SEEDS;
            squares[j] += u[j].value * u[j].value / SEEDS;
            claimed[j] += u[j].error * u[j].error / SEEDS;
        }
    }
    for (size_t j = 0; j < N_K; j++) {
        const double sd = sqrt(squares[j] - sum[j] * sum[j]);
        const double group_sd = sqrt(groups2[j] - groups[j] * groups[j]);
        /* the difference of two unbiased estimators of the same draws */
        assert_within_se(sum[j], groups[j], group_sd / sqrt(SEEDS), 5.0);
        assert_true(sd <= 1.05 * group_sd); /* no unbiased estimator varies less */
        /* sd of 400: 3.5 %; the jackknife is high by a share of k / n of the curvature */
        assert_true(sqrt(claimed[j]) > 0.9 * sd && sqrt(claimed[j]) < 1.2 * sd);
    }
    assert_close(sum[0], 0.0, 0.0, 5.0 * 1.2 / sqrt(SEEDS * N)); /* E l = 0 */
}

/* Compressed draws give what all of them give. */
static void test_many_draws_are_gathered(void **state)
{
    (void)state;
    enum { N = 3000, N_K = 6 };
    static const uint64_t ks[N_K] = { 2, 10, 100, 1000, 1500, 2999 };
    static double l[2 * N];
    jn_ustat u[N_K];
    for (size_t i = 0; i < N; i++) {
        l[i] = 1.5 * jn_chance_normal(77, i) - 80.0;
    }
    assert_ok(jn_ustat_values(N, l, N_K, ks, u, NULL), NULL);
    /* n - 1 of n: the average over the draw that is left out */
    jn_lse all = JN_LSE_INIT;
    jn_lse_add_array(&all, N, l);
    double mean = 0.0;
    for (size_t i = 0; i < N; i++) {
        mean += (jn_lse_log_sum(&all) + log1p(-exp(l[i] - jn_lse_log_sum(&all))) - log(N - 1.0)) /
                N;
    }
    assert_close(u[5].value, mean, 0.0, 1e-12);
    /* two of n: all pairs */
    double pairs = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < i; j++) {
            pairs += jn_log_add(l[i], l[j]) - log(2.0);
        }
    }
    /* step 0.4: 2e-11 of the gap */
    assert_close(u[0].value, pairs / (N * (N - 1.0) / 2.0), 0.0, 1e-9 * u[0].gap);
    for (size_t i = 1; i < N_K; i++) { /* it rises with k towards the log of the mean */
        assert_true(u[i].gap < u[i - 1].gap && u[i].gap > 0.0);
    }
    /* sixty random subsets of 100: within their own error */
    jn_moments some = JN_MOMENTS_INIT;
    for (uint64_t s = 0; s < 2000; s++) {
        jn_lse one = JN_LSE_INIT;
        size_t picked[100];
        for (size_t i = 0; i < 100; i++) {
            bool again = true;
            for (uint64_t turn = 0; again; turn++) {
                picked[i] = (size_t)(jn_chance(90000 + s, 500 * turn + i) * N);
                again = false;
                for (size_t j = 0; j < i; j++) {
                    again = again || picked[j] == picked[i];
                }
            }
            jn_lse_add(&one, l[picked[i]]);
        }
        jn_moments_add(&some, jn_lse_log_mean(&one), 1.0);
    }
    assert_within_se(some.mean, u[2].value, sqrt(jn_moments_variance(&some) / 2000.0), 5.0);
}

/* Sums of trials: against the recurrence over trials. */
static void test_trials(void **state)
{
    (void)state;
    enum { N = 40 };
    double p[N], count[N], dp[N + 1] = { 1.0 }, without[N];
    for (size_t j = 0; j < N; j++) {
        p[j] = j % 7 == 0 ? 1.0 - 1e-9 * (double)(j + 1) : 0.6 * jn_chance(3, j);
        count[j] = 1.0;
        for (size_t k = j + 2; k-- > 0;) {
            dp[k] = dp[k] * (1.0 - p[j]) + (k > 0 ? dp[k - 1] * p[j] : 0.0);
        }
    }
    jn_trials t = { 0 };
    for (size_t k = 10; k < 25; k++) {
        double mass;
        assert_ok(jn_trials_mass(&t, N, count, p, true, (double)k, &mass, without), NULL);
        assert_close(mass, dp[k], 1e-10, 1e-15);
        double by_logs;
        assert_ok(jn_trials_mass(&t, N, count, p, false, (double)k, &by_logs, NULL), NULL);
        assert_close(by_logs, mass, 1e-12, 1e-15);
        for (size_t skip = 0; skip < N; skip += 13) {
            double less[N + 1] = { 1.0 };
            for (size_t j = 0; j < N; j++) {
                for (size_t i = N + 1; j != skip && i-- > 0;) {
                    less[i] = less[i] * (1.0 - p[j]) + (i > 0 ? less[i - 1] * p[j] : 0.0);
                }
            }
            assert_close(without[skip], less[k], 1e-10, 1e-14);
        }
    }
    jn_trials_free(&t);
}

/* Many trials with little chance: angles enough that no far count is taken for k, fewer than N. */
static void test_rare_successes(void **state)
{
    (void)state;
    enum { N = 500, K_MAX = 8 };
    double p[N], count[N], dp[K_MAX + 1] = { 1.0 }, mass;
    for (size_t j = 0; j < N; j++) {
        p[j] = 4e-3 * jn_chance(9, j);
        count[j] = 1.0;
        for (size_t k = K_MAX + 1; k-- > 0;) {
            dp[k] = dp[k] * (1.0 - p[j]) + (k > 0 ? dp[k - 1] * p[j] : 0.0);
        }
    }
    jn_trials t = { 0 };
    for (size_t k = 0; k <= 2; k++) {
        assert_ok(jn_trials_mass(&t, N, count, p, k == 1, (double)k, &mass, NULL), NULL);
        assert_close(mass, dp[k], 1e-13, 0.0);
    }
    jn_trials_free(&t);
}

/* Many trials: the saddle-point series against the inversion. */
static void test_many_trials(void **state)
{
    (void)state;
    enum { N = 2000 };
    static double p[N], count[N], exact[N], series[N];
    for (uint64_t s = 0; s < 6; s++) {
        const double scale = s % 2 == 0 ? 0.15 : 0.9;
        double mean = 0.0, variance = 0.0, mass, got;
        for (size_t j = 0; j < N; j++) {
            p[j] = scale * pow(jn_chance(s + 10, j), 2.0 + (double)s);
            count[j] = 1.0;
            mean += p[j];
        }
        const double k = floor(mean); /* chances that put the mean on k */
        for (size_t j = 0; j < N; j++) {
            p[j] *= k / mean;
            variance += p[j] * (1.0 - p[j]);
        }
        jn_trials t = { 0 };
        assert_ok(jn_trials_mass(&t, N, count, p, true, k, &mass, exact), NULL);
        jn_trials_free(&t);
        if (variance < JN_TRIALS_MANY) {
            assert_false(jn_trials_saddle(N, count, p, &got, series));
            continue;
        }
        assert_true(jn_trials_saddle(N, count, p, &got, series));
        assert_close(got, mass, 0.01 / pow(variance, 3), 0.0);
        for (size_t j = 0; j < N; j += 7) {
            assert_close(series[j] / got - 1.0, exact[j] / mass - 1.0, 0.0,
                         2.0 * p[j] / (variance * variance) + 1e-14);
        }
    }
}

static jn_status attempt(void *user)
{
    const double *l = user;
    const uint64_t ks[] = { 2, 5 };
    jn_ustat u[2] = { { .value = 77.0 } };
    const jn_status st = jn_ustat_values(12, l, 2, ks, u, NULL);
    assert_true(st == JN_OK || u[0].value == 77.0);
    return st;
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    double l[12];
    make(0, 12, l);
    assert_true(jn_malloc_sweep(attempt, l) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_subset_of_few_draws),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_special_cases),
        cmocka_unit_test(test_unbiased_and_calibrated),
        cmocka_unit_test(test_many_draws_are_gathered),
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_rare_successes),
        cmocka_unit_test(test_many_trials),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
