#include "bound/laws.h"

#include <gsl/gsl_errno.h>

#include "chance.h"
#include "jensen/bound.h"

enum { MAX_NODES = 20000 };
static double l[MAX_NODES], log_m[MAX_NODES];

static void integrate(size_t n, size_t n_k, const double *k, double *gap, double *error,
                      double *variance)
{
    jn_weight_law w;
    jn_test_weight_law(n, l, log_m, &w);
    assert_ok(jn_iwae_integral(&w, n_k, k, gap, error, variance), NULL);
    jn_weight_law_free(&w);
}

/* |got - truth| <= error: the column is honest. The truth itself rounds. */
static void honest(double got, double truth, double error, double truth_rtol)
{
    assert_true(isfinite(error));
    assert_close(got, truth, truth_rtol, error);
}

static void test_gamma_weights(void **state)
{
    (void)state;
    static const double as[] = { 0.1, 0.5, 1.0, 4.0, 100.0 }, ks[] = { 1, 2, 5, 50, 1e3, 1e6 };
    for (size_t i = 0; i < 5; i++) {
        double gap[6], error[6], variance[6];
        const double a = as[i];
        integrate(jn_test_gamma_nodes(a, MAX_NODES, l, log_m), 6, ks, gap, error, variance);
        for (size_t j = 0; j < 6; j++) {
            const double truth = jn_test_log_minus_psi(ks[j] * a);
            assert_close(gap[j], truth, 1e-12, 0.0);
            honest(gap[j], truth, error[j], 2e-15);
            assert_true(error[j] < 1e-11 * truth);
            assert_close(variance[j], gsl_sf_psi_1(ks[j] * a), 1e-12, 0.0);
        }
    }
}

static void test_two_points(void **state)
{
    (void)state;
    static const double ks[] = { 1, 2, 5, 10, 50, 100 };
    static const double want[] = { 1.1457255029, 0.9430434756, 0.5979111772,
                                   0.3433580555, 0.0594195101, 0.0283926718 }; /* math.md */
    double gap[6], error[6], variance[6];
    l[0] = log(8.0);
    l[1] = log(2.0 / 9.0);
    log_m[0] = log(0.1);
    log_m[1] = log(0.9);
    integrate(2, 6, ks, gap, error, variance);
    for (size_t i = 0; i < 6; i++) {
        const double truth = jn_test_two_point_gap(0.1, 8.0, 2.0 / 9.0, (unsigned)ks[i]);
        assert_close(gap[i], want[i], 0.0, 5.1e-11);
        assert_close(gap[i], truth, 1e-13, 0.0);
        honest(gap[i], truth, error[i], 1e-15);
    }
    /* K = 1: Var log W in closed form */
    const double d = log(8.0) - log(2.0 / 9.0);
    assert_close(variance[0], 0.09 * d * d, 1e-13, 0.0);
}

/* One draw of 1 / p has all the weight. Of a million: K log phi needs every digit of log phi; of
 * more, the integrand reaches as far down as e^-s of that weight does. */
static void rare_weight(double p, size_t n)
{
    const double low = 1e-9, high = (1.0 - (1.0 - p) * low) / p;
    static const double ks[] = { 2, 1000, 100000, 3000000 };
    double gap[4], error[4], variance[4];
    l[0] = log(high);
    l[1] = log(low);
    log_m[0] = log(p);
    log_m[1] = log1p(-p);
    integrate(2, n, ks, gap, error, variance);
    for (size_t i = 0; i < n; i++) {
        const double truth = jn_test_two_point_gap(p, high, low, (unsigned)ks[i]);
        assert_close(gap[i], truth, 2e-13, 0.0);
        honest(gap[i], truth, error[i], 1e-14); /* 1e6 binomial terms in long double */
    }
}

static void test_rare_large_weights(void **state)
{
    (void)state;
    rare_weight(1e-6, 4);
    rare_weight(1e-13, 3);
    rare_weight(1e-13, 1); /* at K = 2 alone it begins e^11 higher */
}

static void random_nodes(uint64_t s, size_t n, double spread)
{
    for (size_t i = 0; i < n; i++) {
        l[i] = -50.0 + spread * jn_chance_normal(s, 2 * i);
        log_m[i] = jn_chance_normal(s, 2 * i + 1);
    }
    long double log_mass, log_mean;
    jn_slow_totals(n, l, log_m, &log_mass, &log_mean);
    for (size_t i = 0; i < n; i++) {
        log_m[i] -= (double)log_mass;
    }
}

/* -E log of the mean of k weights, over all n^k tuples. */
static double slow_gap(size_t n, int k, double *spread)
{
    long double log_mass, log_mean, sum = 0.0L, square = 0.0L;
    jn_slow_totals(n, l, log_m, &log_mass, &log_mean);
    const size_t tuples = k == 1 ? n : k == 2 ? n * n : n * n * n;
    for (size_t t = 0; t < tuples; t++) {
        long double m = 1.0L, mean = 0.0L;
        for (size_t rest = t, j = 0; j < (size_t)k; j++, rest /= n) {
            m *= expl(log_m[rest % n] - log_mass);
            mean += expl(l[rest % n] - log_mean) / k;
        }
        sum -= m * logl(mean);
        square += m * logl(mean) * logl(mean);
    }
    *spread = (double)(square - sum * sum);
    return (double)sum;
}

static void test_brute_force_over_all_tuples(void **state)
{
    (void)state;
    static const double spreads[] = { 0.01, 0.5, 2.0, 10.0 }, ks[] = { 1, 2, 3 };
    for (size_t i = 0; i < 4; i++) {
        random_nodes(i, 60, spreads[i]);
        double gap[3], error[3], variance[3], want;
        integrate(60, 3, ks, gap, error, variance);
        for (int k = 1; k <= 3; k++) {
            const double truth = slow_gap(60, k, &want);
            assert_close(gap[k - 1], truth, 1e-12, 0.0);
            honest(gap[k - 1], truth, error[k - 1], 1e-15);
            assert_close(variance[k - 1], want, 1e-12, 0.0);
        }
    }
}

/* The integral at K = 1 is another way to the ELBO. */
static void test_k_of_one_is_the_elbo(void **state)
{
    (void)state;
    static const double spreads[] = { 1e-4, 0.1, 1.0, 5.0, 30.0 };
    for (size_t i = 0; i < 5; i++) {
        random_nodes(20 + i, 200, spreads[i]);
        jn_law law;
        jn_test_law(200, l, log_m, &law);
        jn_weight_law w;
        assert_ok(jn_weight_law_new(&law, &w), NULL);
        double gap, error, variance;
        assert_ok(jn_iwae_integral(&w, 1, (double[]){ 1.0 }, &gap, &error, &variance), NULL);
        const jn_bound_arg arg = { .bound = &jn_bound_elbo };
        jn_bound_value elbo;
        assert_ok(jn_bound_elbo.eval(&law, &w, JN_BY_LAW, 1, &arg, &elbo), NULL);
        assert_close(gap, elbo.gap, 1e-12, 0.0);
        assert_close(elbo.value, law.log_w.mean, 1e-11, 0.0);
        assert_close(w.log_evidence - gap, law.log_w.mean, 1e-11, 0.0);
        assert_close(variance, elbo.variance, 1e-11, 0.0); /* Var log W both ways */
        honest(gap, elbo.gap, error + elbo.gap_error, 0.0);
        jn_weight_law_free(&w);
        jn_law_free(&law);
    }
}

static void test_equal_weights_have_no_gap(void **state)
{
    (void)state;
    static const double ks[] = { 1, 2, 1000, 1e15 };
    for (size_t i = 0; i < 300; i++) { /* log p(x) = -1234.5, each weight off by a rounding */
        l[i] = -1234.5 * (1.0 + 2.2e-16 * (double)(i % 3));
        log_m[i] = -1e-3 * (double)(i * i);
    }
    double gap[4], error[4], variance[4];
    integrate(300, 4, ks, gap, error, variance);
    for (size_t i = 0; i < 4; i++) {
        assert_true(gap[i] >= 0.0 && gap[i] <= error[i] && error[i] < 1e-24);
        assert_true(variance[i] >= 0.0 && variance[i] < 1e-24);
    }
}

/* The same weights in other units. l + c rounds at eps |c|, and the error column knows. */
static void test_a_factor_on_every_weight(void **state)
{
    (void)state;
    static const double ks[] = { 1, 2, 30, 1e6 }, shifts[] = { 0.0, 7.0, -1e4, 1e4 };
    static const double spreads[] = { 1e-4, 0.03, 1.0 };
    for (size_t s = 0; s < 3; s++) {
        double first[4], own[4];
        for (size_t c = 0; c < 4; c++) {
            double gap[4], error[4], variance[4];
            random_nodes(60 + s, 300, spreads[s]);
            for (size_t i = 0; i < 300; i++) {
                l[i] = shifts[c] + (l[i] + 50.0);
            }
            integrate(300, 4, ks, gap, error, variance);
            for (size_t k = 0; k < 4; k++) {
                first[k] = c == 0 ? gap[k] : first[k];
                own[k] = c == 0 ? error[k] : own[k];
                honest(gap[k], first[k], error[k] + own[k], 0.0);
                assert_true(error[k] <= 1e-7 * gap[k]);
            }
        }
    }
}

/* K up to 10^15: mu2 / (2K) and its next term, and the gap never rises with K. */
static void test_huge_k(void **state)
{
    (void)state;
    enum { N_K = 46 };
    random_nodes(80, 300, 1.0);
    double ks[N_K], gap[N_K], error[N_K], variance[N_K];
    for (size_t i = 0; i < N_K; i++) {
        ks[i] = floor(pow(10.0, (double)i / 3.0));
    }
    jn_weight_law w;
    jn_test_weight_law(300, l, log_m, &w);
    assert_ok(jn_iwae_integral(&w, N_K, ks, gap, error, variance), NULL);
    const double mu2 = jn_weight_law_moment(&w, 2), mu3 = jn_weight_law_moment(&w, 3);
    for (size_t i = 0; i < N_K; i++) {
        assert_true(gap[i] > 0.0 && error[i] > 0.0 && error[i] < 1e-12 * gap[i]);
        assert_true(i == 0 || ks[i] == ks[i - 1] || gap[i] < gap[i - 1]);
        if (ks[i] >= 1e6) {
            const double k = ks[i];
            assert_close(gap[i], mu2 / (2 * k) - (mu3 / 3 - 0.75 * mu2 * mu2) / (k * k), 1e-12,
                         50.0 * pow(mu2 + 1.0, 3) / (k * k * k));
            assert_close(variance[i], mu2 / k, 1e-12, 50.0 * (fabs(mu3) + mu2 * mu2) / (k * k));
        }
    }
    jn_weight_law_free(&w);
}

/* One call for many K gives what one call for each gives. */
static void test_k_do_not_disturb_each_other(void **state)
{
    (void)state;
    static const double ks[] = { 7, 1e9, 2, 300 };
    random_nodes(81, 100, 2.0);
    double gap[4], error[4], variance[4], alone, e, v;
    integrate(100, 4, ks, gap, error, variance);
    for (size_t i = 0; i < 4; i++) {
        integrate(100, 1, ks + i, &alone, &e, &v);
        assert_close(gap[i], alone, 1e-14, 0.0); /* other ends of the same sum */
        assert_close(variance[i], v, 1e-14, 0.0);
    }
    integrate(100, 0, NULL, NULL, NULL, NULL);
}

static void test_a_zero_weight_makes_it_infinite(void **state)
{
    (void)state;
    l[0] = -INFINITY;
    l[1] = 0.0;
    log_m[0] = -30.0;
    log_m[1] = 0.0;
    double gap[2], error[2], variance[2];
    integrate(2, 2, (double[]){ 1, 1e6 }, gap, error, variance);
    for (size_t i = 0; i < 2; i++) {
        assert_true(gap[i] == INFINITY && isnan(error[i]));
    }
}

/* log W = 9000 at mass e^-9020: a share of e^-20 of p(x) that no group of any K <= 1e15 sees. */
static void test_a_far_weight_nobody_draws(void **state)
{
    (void)state;
    l[0] = 0.0;
    l[1] = 9000.0;
    log_m[0] = 0.0;
    log_m[1] = -9020.0;
    const double want = log1p(exp(-20.0));
    double gap[3], error[3], variance[3];
    integrate(2, 3, (double[]){ 1, 50, 1e15 }, gap, error, variance);
    for (size_t i = 0; i < 3; i++) {
        assert_close(gap[i], want, 1e-7, 0.0); /* 1 - share has 8 digits of the share */
        assert_true(variance[i] >= 0.0 && variance[i] < 1e-15);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_weights),
        cmocka_unit_test(test_two_points),
        cmocka_unit_test(test_rare_large_weights),
        cmocka_unit_test(test_brute_force_over_all_tuples),
        cmocka_unit_test(test_k_of_one_is_the_elbo),
        cmocka_unit_test(test_equal_weights_have_no_gap),
        cmocka_unit_test(test_a_factor_on_every_weight),
        cmocka_unit_test(test_huge_k),
        cmocka_unit_test(test_k_do_not_disturb_each_other),
        cmocka_unit_test(test_a_zero_weight_makes_it_infinite),
        cmocka_unit_test(test_a_far_weight_nobody_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
