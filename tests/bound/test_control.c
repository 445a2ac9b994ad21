/* Gaps from groups of draws and a known log p(x). */
#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "bound/control.h"
#include "chance.h"

enum { DRAWS = 4000, R = 8, K = 4 };
static double l[R][DRAWS];
static const double LOG_P = -40.0;

/* W = e^(s z - s^2 / 2) in units of p(x). */
static void make(uint64_t seed, double s)
{
    for (size_t r = 0; r < R; r++) {
        for (size_t i = 0; i < DRAWS; i++) {
            l[r][i] = LOG_P + s * jn_chance_normal(seed * 100 + r, i) - 0.5 * s * s;
        }
    }
}

static void make_set(double log_p, size_t replicates, jn_law *laws, jn_law_set *set)
{
    static const uint64_t k = K;
    const jn_law_wish wish = { .needs = JN_NEED_GROUPS, .n_k = 1, .ks = &k };
    *set = (jn_law_set){ .kind = JN_MC, .n = replicates, .law = laws };
    assert_ok(jn_law_start(&set->pooled, &wish, log_p, 0), NULL);
    for (size_t r = 0; r < replicates; r++) {
        assert_ok(jn_law_start(&laws[r], &wish, log_p, 0), NULL);
        for (size_t at = 0; at < DRAWS; at += 333) { /* groups run across blocks */
            const size_t n = DRAWS - at < 333 ? DRAWS - at : 333;
            const jn_weights b = { .n = n, .index0 = at, .log_w = l[r] + at };
            assert_ok(jn_law_add(&laws[r], &b), NULL);
        }
        assert_ok(jn_law_pool(&set->pooled, &laws[r]), NULL);
    }
}

static void free_set(jn_law_set *set)
{
    for (size_t r = 0; r < set->n; r++) {
        jn_law_free(&set->law[r]);
    }
    jn_law_free(&set->pooled);
}

/* x = R - 1 and y = log R of every group, by the definition. */
static void slow_pairs(double x[R][DRAWS / K], double y[R][DRAWS / K])
{
    for (size_t r = 0; r < R; r++) {
        for (size_t g = 0; g < DRAWS / K; g++) {
            double sum = 0.0;
            for (size_t i = 0; i < K; i++) {
                sum += exp(l[r][g * K + i] - LOG_P) / K;
            }
            x[r][g] = sum - 1.0;
            y[r][g] = log(sum);
        }
    }
}

static double slope_of(int parity, double x[R][DRAWS / K], double y[R][DRAWS / K])
{
    double mx = 0.0, my = 0.0, xx = 0.0, xy = 0.0;
    const double n = R * DRAWS / K / 2.0;
    for (size_t r = 0; r < R; r++) {
        for (size_t g = (size_t)parity; g < DRAWS / K; g += 2) {
            mx += x[r][g] / n;
            my += y[r][g] / n;
        }
    }
    for (size_t r = 0; r < R; r++) {
        for (size_t g = (size_t)parity; g < DRAWS / K; g += 2) {
            xx += (x[r][g] - mx) * (x[r][g] - mx);
            xy += (x[r][g] - mx) * (y[r][g] - my);
        }
    }
    return xy / xx;
}

static void test_each_method_by_its_definition(void **state)
{
    (void)state;
    static double x[R][DRAWS / K], y[R][DRAWS / K];
    /* mild weights: log R is nearly R - 1; more: it bends; wild ones: R is no help */
    static const double spreads[] = { 0.3, 0.9, 3.0 };
    bool seen_regression = false;
    for (size_t s = 0; s < 3; s++) {
        make(s, spreads[s]);
        slow_pairs(x, y);
        jn_law laws[R];
        jn_law_set set;
        make_set(LOG_P, R, laws, &set);
        jn_estimate e;
        const char *method;
        jn_control_gap(&set, K, &e, &method);
        assert_non_null(method);
        double c[2] = { 0.0, 0.0 }, parts[R], mean = 0.0, m2 = 0.0;
        for (int parity = 0; parity < 2; parity++) {
            c[parity] = strcmp(method, "naive") == 0     ? 0.0
                        : strcmp(method, "bregman") == 0 ? 1.0
                                                         : slope_of(1 - parity, x, y);
        }
        seen_regression = seen_regression || strcmp(method, "regression") == 0;
        for (size_t r = 0; r < R; r++) {
            parts[r] = 0.0;
            for (size_t g = 0; g < DRAWS / K; g++) {
                parts[r] += (c[g % 2] * x[r][g] - y[r][g]) / (DRAWS / K);
            }
            mean += parts[r] / R;
        }
        for (size_t r = 0; r < R; r++) {
            m2 += (parts[r] - mean) * (parts[r] - mean);
        }
        assert_close(e.value, mean, 1e-11, 1e-13);
        assert_close(e.error, sqrt(m2 / (R - 1) / R), 1e-9, 0.0);
        assert_close(e.dof, R - 1, 0.0, 0.0);
        free_set(&set);
    }
    assert_true(seen_regression);
}

/* Over seeds: unbiased, and the error column is the spread. E log R of K lognormal weights is known
 * here from its own definition by many draws: the reference is the mean of the naive estimator
 * over all seeds, which is unbiased. */
static void test_unbiased_with_an_honest_error(void **state)
{
    (void)state;
    enum { SEEDS = 60 };
    static double x[R][DRAWS / K], y[R][DRAWS / K];
    double naive = 0.0, naive2 = 0.0, sum = 0.0, squares = 0.0, claimed = 0.0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        make(1000 + seed, 0.7);
        slow_pairs(x, y);
        jn_law laws[R];
        jn_law_set set;
        make_set(LOG_P, R, laws, &set);
        jn_estimate e;
        const char *method;
        jn_control_gap(&set, K, &e, &method);
        sum += e.value / SEEDS;
        squares += e.value * e.value / SEEDS;
        claimed += e.error * e.error / SEEDS;
        double direct = 0.0;
        for (size_t r = 0; r < R; r++) {
            for (size_t g = 0; g < DRAWS / K; g++) {
                direct -= y[r][g] / (R * DRAWS / K);
            }
        }
        naive += direct / SEEDS;
        naive2 += direct * direct / SEEDS;
        free_set(&set);
    }
    const double sd = sqrt(squares - sum * sum), naive_sd = sqrt(naive2 - naive * naive);
    assert_close(sqrt(claimed), sd, 0.3, 0.0); /* sd of 60: 9 % */
    assert_true(sd < 0.6 * naive_sd);
    assert_within_se(sum, naive, naive_sd / sqrt(SEEDS), 4.0);
}

static void test_one_replicate_and_none(void **state)
{
    (void)state;
    make(5, 0.5);
    jn_law laws[R];
    jn_law_set set;
    jn_estimate e = { .value = 77.0 };
    const char *method = "";
    make_set(LOG_P, 1, laws, &set);
    jn_control_gap(&set, K, &e, &method);
    assert_non_null(method);
    assert_true(e.error > 0.0 && e.dof == DRAWS / K - 2);
    e.value = 77.0;
    jn_control_gap(&set, K + 1, &e, &method); /* no such groups */
    assert_true(method == NULL && e.value == 77.0);
    free_set(&set);
    make_set(NAN, 2, laws, &set); /* log p(x) is not known */
    jn_control_gap(&set, K, &e, &method);
    assert_true(method == NULL && e.value == 77.0);
    free_set(&set);
    for (size_t i = 0; i < K; i++) { /* a whole group of zeros: the gap is infinite */
        l[0][i] = -INFINITY;
    }
    make_set(LOG_P, 1, laws, &set);
    jn_control_gap(&set, K, &e, &method);
    assert_true(method == NULL);
    free_set(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_method_by_its_definition),
        cmocka_unit_test(test_unbiased_with_an_honest_error),
        cmocka_unit_test(test_one_replicate_and_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
