#include "law/slow_law.h"

#include <string.h>

#include "chance.h"
#include "jensen/bound.h"
#include "malloc_sweep.h"

/* The true error of a sequence of resolutions is below what is claimed, and not absurdly so. */
static void test_nested_error_is_honest(void **state)
{
    (void)state;
    static const double powers[] = { 1, 2, 3, 4, 8 };
    for (size_t i = 0; i < 5; i++) { /* 1 + c h^p */
        const double p = powers[i], h = 0.1;
        const double fine = 1 + pow(h, p), middle = 1 + pow(2 * h, p), coarse = 1 + pow(4 * h, p);
        const double claimed = jn_nested_error(fine, middle, coarse);
        assert_true(claimed >= (1 - 1e-7) * fabs(fine - 1) && claimed <= 1e4 * fabs(fine - 1));
    }
    for (double c = 0.3; c < 12.0; c *= 1.3) { /* the trapezoid rule: 1 + e^(-c / h) */
        for (int sign = -1; sign <= 1; sign += 2) {
            const double e = exp(-4.0 * c) * sign, fine = 1 + e * e, middle = 1 + e,
                         coarse = 1 + sqrt(fabs(e));
            const double claimed = jn_nested_error(fine, middle, coarse);
            assert_true(claimed >= fabs(fine - 1) - 2.3e-16);
            assert_true(claimed <= fabs(middle - fine));
        }
    }
    assert_close(jn_nested_error(2.0, 2.0, 2.0), 0.0, 0.0, 0.0);
    assert_close(jn_nested_error(2.0, 2.5, 2.5), 0.5, 0.0, 0.0); /* no rate to go by */
    assert_close(jn_nested_error(2.0, 2.5, 2.4), 0.5, 0.0, 0.0); /* it grows */
    assert_close(jn_nested_error(-INFINITY, -INFINITY, -INFINITY), 0.0, 0.0, 0.0);
    /* an infinite coarse value says nothing about how fast the others shrink */
    assert_close(jn_nested_error(2.0, 2.5, -INFINITY), 0.5, 0.0, 0.0);
    assert_true(isnan(jn_nested_error(2.0, NAN, 2.0)));
    assert_true(isnan(jn_nested_error(2.0, 2.0, NAN)));
}

enum { DRAWS = 1000, R_MAX = 5 };

/* R replicates of DRAWS draws. */
static void make_set(size_t replicates, double zeros, unsigned needs, size_t n_k,
                     const uint64_t *ks, double *draws, jn_law_set *set)
{
    static jn_law laws[R_MAX];
    *set = (jn_law_set){ .kind = JN_MC, .n = replicates, .law = laws };
    assert_ok(jn_law_init(&set->pooled, needs, n_k, ks, 0), NULL);
    for (size_t r = 0; r < replicates; r++) {
        double *l = draws + r * DRAWS;
        double lik[DRAWS], ratio[DRAWS];
        for (size_t i = 0; i < DRAWS; i++) {
            l[i] = jn_chance(r + 70, i) < zeros ? -INFINITY : jn_chance_normal(r, i) - 3.0;
            ratio[i] = 0.5 * jn_chance_normal(r + 30, i);
            lik[i] = l[i] + ratio[i];
        }
        assert_ok(jn_law_init(&laws[r], needs, n_k, ks, 0), NULL);
        const jn_weights b = { .n = DRAWS, .log_w = l, .log_lik = lik, .log_ratio = ratio };
        assert_ok(jn_law_add(&laws[r], &b), NULL);
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

static double mean_of(size_t n, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

static double se_of(size_t n, const double *x)
{
    const double mean = mean_of(n, x);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (x[i] - mean) * (x[i] - mean);
    }
    return sqrt(sum / (double)(n - 1) / (double)n);
}

static double group_value(const double *l, size_t k)
{
    jn_lse sum = JN_LSE_INIT;
    jn_lse_add_array(&sum, k, l);
    return jn_lse_log_mean(&sum);
}

static void test_replicates_make_the_error(void **state)
{
    (void)state;
    enum { K = 30 }; /* 33 groups and 10 draws left over */
    static double draws[R_MAX * DRAWS];
    const uint64_t k = K;
    jn_law_set set;
    make_set(R_MAX, 0.0, JN_NEED_GROUPS, 1, &k, draws, &set);
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = K },
                                  { .bound = &jn_bound_iwae, .k = 1 },
                                  { .bound = &jn_bound_elbo } };
    jn_bound_result r[4];
    assert_ok(jn_bound_results(&set, JN_BY_GROUPS, 4, args, r), NULL);
    double elbos[R_MAX], iwaes[R_MAX], likelihoods[R_MAX];
    for (size_t i = 0; i < R_MAX; i++) {
        double groups[DRAWS / K];
        for (size_t g = 0; g < DRAWS / K; g++) {
            groups[g] = group_value(draws + i * DRAWS + g * K, K);
        }
        elbos[i] = mean_of(DRAWS, draws + i * DRAWS);
        iwaes[i] = mean_of(DRAWS / K, groups);
        likelihoods[i] = set.law[i].log_lik.mean;
    }
    for (size_t i = 0; i < 4; i++) {
        const double *parts = i == 1 ? iwaes : elbos;
        assert_close(r[i].value.value, mean_of(R_MAX, parts), 1e-13, 0.0);
        assert_close(r[i].value.error, se_of(R_MAX, parts), 1e-10, 0.0);
        assert_close(r[i].value.dof, R_MAX - 1, 0.0, 0.0);
        assert_true(r[i].value.kind == JN_MC && isnan(r[i].gap.value));
    }
    assert_close(r[0].variance, 1.0, 0.1, 0.0); /* of normal draws: 5000 of them */
    assert_close(r[0].reconstruction.value, mean_of(R_MAX, likelihoods), 1e-13, 0.0);
    assert_close(r[0].reconstruction.error, se_of(R_MAX, likelihoods), 1e-10, 0.0);
    assert_close(r[0].reconstruction.value - r[0].kl.value, r[0].value.value, 1e-13, 1e-13);
    assert_true(isnan(r[1].kl.value));
    free_set(&set);
}

/* The elbo of replicates of one draw each: its error. */
static jn_estimate elbo_of(size_t n, const double *log_w)
{
    enum { MOST = 64 };
    static jn_law laws[MOST];
    jn_law_set set = { .kind = JN_RQMC, .n = n, .law = laws };
    const jn_bound_arg arg = { .bound = &jn_bound_elbo };
    jn_bound_result r;
    assert_ok(jn_law_init(&set.pooled, 0, 0, NULL, 0), NULL);
    for (size_t i = 0; i < n; i++) {
        assert_ok(jn_law_init(&laws[i], 0, 0, NULL, 0), NULL);
        assert_ok(jn_law_add(&laws[i], &(jn_weights){ .n = 1, .log_w = log_w + i }), NULL);
        assert_ok(jn_law_pool(&set.pooled, &laws[i]), NULL);
    }
    assert_ok(jn_bound_results(&set, JN_BY_LAW, 1, &arg, &r), NULL);
    free_set(&set);
    return r.value;
}

/* Exponential replicates have a skewness of 2: of 16 the plain interval of t holds their mean in 92
 * % of the cases. */
static void test_skewed_replicates_widen_the_interval(void **state)
{
    (void)state;
    enum { N = 16, RUNS = 10000 };
    const double t = 2.131449545559323; /* of 0.975 and 15 degrees of freedom */
    double x[N], even[N];
    int inside = 0, plain = 0;
    for (uint64_t run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = -log(jn_chance(run, i));
        }
        const jn_estimate e = elbo_of(N, x);
        const double se = se_of(N, x);
        assert_true(e.error >= se * (1.0 - 1e-12));
        inside += fabs(e.value - 1.0) <= t * e.error;
        plain += fabs(e.value - 1.0) <= t * se;
    }
    /* a share of 0.95 has a standard deviation of 0.0022 in so many runs */
    assert_true(plain < 0.93 * RUNS);
    assert_true(inside > plain + 0.01 * RUNS && inside < 0.95 * RUNS);
    for (size_t i = 0; i < N; i++) { /* as many above as below */
        even[i] = i < N / 2 ? -x[i] : x[i - N / 2];
    }
    assert_close(elbo_of(N, even).error, se_of(N, even), 1e-12, 0.0);
    assert_close(elbo_of(7, x).error, se_of(7, x), 1e-12, 0.0); /* too few to tell */
}

/* The formula, once more: exact thirds make it easy. 7 times 0 and once 8. */
static void test_how_much_skewness_widens(void **state)
{
    (void)state;
    enum { N = 8 };
    const double x[N] = { 0, 0, 0, 0, 0, 0, 0, 8 };
    /* mean 1, squares 56, cubes 336: 336/8 / 7^1.5, times sqrt(56) / 6 */
    const double gamma = 42.0 / pow(7.0, 1.5) * sqrt(56.0) / 6.0;
    const double want = 1.0 + 0.98 * (gamma * gamma - 0.75) / 8.0;
    assert_close(elbo_of(N, x).error, want * se_of(N, x), 1e-12, 0.0);
}

/* One replicate still has a spread: that of its groups. */
static void test_one_replicate(void **state)
{
    (void)state;
    static double draws[DRAWS];
    const uint64_t ks[] = { 30, 501, 2000 };
    jn_law_set set;
    make_set(1, 0.0, JN_NEED_GROUPS | JN_NEED_NODES, 3, ks, draws, &set);
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 30 },
                                  { .bound = &jn_bound_iwae, .k = 501 },
                                  { .bound = &jn_bound_iwae, .k = 2000 } };
    jn_bound_result r[4];
    assert_ok(jn_bound_results(&set, JN_BY_GROUPS, 4, args, r), NULL);
    double groups[33];
    for (size_t g = 0; g < 33; g++) {
        groups[g] = group_value(draws + g * 30, 30);
    }
    assert_close(r[0].value.error, se_of(DRAWS, draws), 1e-10, 0.0);
    assert_close(r[0].value.dof, DRAWS - 1, 0.0, 0.0);
    assert_close(r[1].value.error, se_of(33, groups), 1e-10, 0.0);
    assert_close(r[1].value.dof, 32, 0.0, 0.0);
    assert_true(isfinite(r[2].value.value) && isnan(r[2].value.error)); /* a single group */
    assert_true(isnan(r[3].value.value) && isnan(r[3].value.error));    /* none */
    assert_true(r[0].kl.error > 0.0 && r[0].reconstruction.error > 0.0);
    assert_ok(jn_bound_results(&set, JN_BY_LAW, 4, args, r), NULL);
    for (size_t i = 1; i < 4; i++) {
        assert_true(r[i].value.error > 0.0 && r[i].value.dof == DRAWS - 1); /* by influence */
    }
    free_set(&set);
}

/* A zero weight: the law is -inf at every K; groups are where one of them is all zeros. */
static void test_zero_weights(void **state)
{
    (void)state;
    static double draws[2 * DRAWS];
    const uint64_t ks[] = { 2, 50 };
    jn_law_set set;
    make_set(2, 0.1, JN_NEED_GROUPS | JN_NEED_NODES, 2, ks, draws, &set);
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 2 },
                                  { .bound = &jn_bound_iwae, .k = 50 } };
    jn_bound_result r[3];
    assert_ok(jn_bound_results(&set, JN_BY_GROUPS, 3, args, r), NULL);
    assert_true(r[0].value.value == -INFINITY && isnan(r[0].value.error));
    assert_true(r[1].value.value == -INFINITY && isnan(r[1].value.error));
    assert_true(isfinite(r[2].value.value) && r[2].value.error > 0.0);
    assert_true(set.pooled.groups[0].n_zero > 0 && set.pooled.groups[1].n_zero == 0);
    assert_ok(jn_bound_results(&set, JN_BY_LAW, 3, args, r), NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_true(r[i].value.value == -INFINITY && isnan(r[i].value.error));
    }
    free_set(&set);
}

/* Three resolutions of one rule: the gap comes from the law, its error from all three. */
static void make_nested(jn_law *laws, jn_law_set *set)
{
    *set = (jn_law_set){ .kind = JN_QUADRATURE, .nested = true, .n = 3, .law = laws };
    double h = 0.4;
    for (size_t level = 0; level < 3; level++, h *= 2.0) { /* log W = t - 1/2, t ~ N(0, 1) */
        double l[128], log_m[128];
        size_t n = 0;
        for (double t = -ceil(13.0 / h) * h; t <= 13.0; t += h, n++) {
            l[n] = t - 0.5;
            log_m[n] = -0.5 * t * t - 0.5 * log(2.0 * M_PI) + log(h);
        }
        jn_test_law(n, l, log_m, &laws[level]);
    }
}

static void test_resolutions_make_the_error(void **state)
{
    (void)state;
    jn_law laws[3];
    jn_law_set set;
    make_nested(laws, &set);
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 2 } };
    jn_bound_result r[2];
    assert_ok(jn_bound_results(&set, JN_BY_LAW, 2, args, r), NULL);
    assert_close(r[0].value.value, -0.5, 0.0, r[0].value.error);
    assert_close(r[0].gap.value, 0.5, 0.0, r[0].gap.error);
    assert_true(r[0].gap.error > 0.0 && r[0].gap.error < 1e-3);
    assert_true(r[0].gap.kind == JN_QUADRATURE && isnan(r[0].gap.dof));
    assert_true(r[1].gap.value > 0.0 && r[1].gap.value < 0.5 && r[1].gap.error < 1e-3);
    const jn_estimate e = jn_law_set_evidence(&set);
    assert_close(e.value, 0.0, 0.0, e.error);
    jn_estimate mu2;
    assert_ok(jn_law_set_moment(&set, 2, &mu2), NULL);
    assert_close(mu2.value, expm1(1.0), 0.0, mu2.error); /* log-normal */
    assert_true(isnan(r[0].kl.value));                   /* no marks */
    for (size_t i = 0; i < 3; i++) {
        jn_law_free(&laws[i]);
    }
}

static jn_status attempt(void *user)
{
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 2 } };
    jn_bound_result r[2];
    jn_status st = jn_bound_results(user, JN_BY_LAW, 2, args, r);
    jn_estimate e = { .value = 42.0 };
    st = st == JN_OK ? jn_law_set_moment(user, 3, &e) : st;
    assert_true(st == JN_OK || e.value == 42.0);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_law laws[3];
    jn_law_set set;
    make_nested(laws, &set);
    assert_true(jn_malloc_sweep(attempt, &set) >= 20);
    for (size_t i = 0; i < 3; i++) {
        jn_law_free(&laws[i]);
    }
}

static void test_names(void **state)
{
    (void)state;
    size_t n;
    const jn_bound *const *all = jn_bounds(&n);
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(jn_bound_find(all[i]->name), all[i]);
    }
    assert_null(jn_bound_find("elb"));
    assert_string_equal(jn_side_name(JN_SIDE_LOWER), "lower");
    assert_string_equal(jn_side_name(JN_SIDE_UPPER), "upper");
    assert_string_equal(jn_side_name((jn_side)99), "none");
    assert_string_equal(jn_estimator_name(JN_BY_LAW), "law");
    assert_string_equal(jn_estimator_name(JN_BY_GROUPS), "groups");
    assert_string_equal(jn_estimator_name((jn_estimator)-1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_error_is_honest),
        cmocka_unit_test(test_replicates_make_the_error),
        cmocka_unit_test(test_skewed_replicates_widen_the_interval),
        cmocka_unit_test(test_how_much_skewness_widens),
        cmocka_unit_test(test_one_replicate),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_resolutions_make_the_error),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
