#include "law/slow_law.h"

#include "chance.h"

enum { N = 400 };

static void make(uint64_t s, double spread, double shift, double *l, double *log_m)
{
    for (size_t i = 0; i < N; i++) {
        l[i] = shift + spread * jn_chance_normal(s, 2 * i);
        log_m[i] = 6.0 * jn_chance_normal(s, 2 * i + 1) - 3.0; /* not normalised */
    }
}

/* Whatever comes in, masses sum to 1 and the mean weight is 1. */
static void test_masses_and_mean_are_one(void **state)
{
    (void)state;
    static const double spreads[] = { 0.0, 1e-8, 0.1, 3.0, 40.0 };
    static const double shifts[] = { 0.0, -1e4, 1e4 };
    for (size_t a = 0; a < 5; a++) {
        for (size_t b = 0; b < 3; b++) {
            double l[N], log_m[N], mass = 0.0, mean = 0.0, rest = 0.0;
            make(a * 7 + b, spreads[a], shifts[b], l, log_m);
            jn_weight_law w;
            jn_test_weight_law(N, l, log_m, &w);
            assert_int_equal(w.n, N);
            for (size_t i = 0; i < w.n; i++) {
                mass += w.m[i];
                mean += w.m[i] * exp(w.log_w[i]);
                rest += w.mw1[i];
                assert_true(w.m[i] >= 0.0);
                assert_close(w.w1[i], expm1(w.log_w[i]), 1e-15, 0.0);
                assert_close(w.mw1[i], w.m[i] * expm1(w.log_w[i]), 1e-13, 1e-300);
                assert_true((w.log_w[i] < -40.0) == (i < w.low));
                assert_true((w.log_w[i] > 300.0) == (i >= w.high));
                assert_true(i == 0 || w.log_w[i - 1] <= w.log_w[i]);
                assert_close(w.m_below[i + 1], mass, 1e-15, 0.0);
                /* two sums of parts of 1, each rounded at every node */
                assert_close(w.m_below[i] + w.m_above[i], 1.0, 0.0, 1e-15 * (double)(w.n + 4));
                assert_close(w.mw_below[i + 1], mean, 1e-13, 1e-300);
            }
            /* log-masses of size 30 round at 4e-15; log-weights of size 1e4 at 1e-12 */
            const double allowed = 2e-14 + 4.4e-16 * fabs(shifts[b]);
            assert_close(mass, 1.0, 0.0, 2e-14);
            assert_close(mean, 1.0, 0.0, allowed);
            assert_close(rest, 0.0, 0.0, allowed);
            long double log_mass, log_mean;
            jn_slow_totals(N, l, log_m, &log_mass, &log_mean);
            assert_close(w.log_evidence, (double)(log_mass + log_mean), 4e-16, 1e-13);
            assert_close(w.zero_mass, 0.0, 0.0, 0.0);
            jn_weight_law_free(&w);
            assert_null(w.data);
        }
    }
}

/* The digits model: log W = 9000 where q has mass e^-9020. It carries e^-20 of the evidence. */
static void test_a_huge_weight_of_tiny_mass(void **state)
{
    (void)state;
    const double l[] = { 0.0, 9000.0 }, log_m[] = { 0.0, -9020.0 };
    jn_weight_law w;
    jn_test_weight_law(2, l, log_m, &w);
    const double share = exp(-20.0) / (1.0 + exp(-20.0));
    assert_int_equal(w.low, 0);
    assert_int_equal(w.high, 1);
    assert_close(w.log_w[1], 9000.0, 1e-12, 0.0);
    assert_close(w.mw1[1], share, 1e-12, 0.0); /* log-weights of 9000 round at 1e-12 */
    assert_close(w.mw1[0], -share, 1e-7, 0.0); /* 1 - share loses 9 of 16 digits */
    double rest = 0.0;
    for (size_t i = 0; i < w.n; i++) {
        rest += w.mw1[i];
    }
    assert_close(rest, 0.0, 0.0, 1e-16);
    assert_true(jn_weight_law_moment(&w, 2) == INFINITY); /* e^8980 is no double */
    assert_true(jn_weight_law_moment(&w, 3) == INFINITY);
    double log_phi, delta;
    assert_ok(jn_weight_law_laplace(&w, 1, (double[]){ 0.0 }, &log_phi, &delta), NULL);
    /* phi(1) = e^-(1 - share): delta = share, and nothing of the far node is left */
    assert_close(delta, share, 1e-7, 0.0);
    jn_weight_law_free(&w);
}

static void test_zero_weights(void **state)
{
    (void)state;
    const double l[] = { -INFINITY, 2.0, -INFINITY, 3.0 };
    const double log_m[] = { log(0.1), log(0.4), log(0.2), log(0.3) };
    jn_weight_law w;
    jn_test_weight_law(4, l, log_m, &w);
    assert_int_equal(w.n, 3);
    assert_close(w.zero_mass, 0.3, 1e-15, 0.0);
    assert_true(w.log_w[0] == -INFINITY);
    assert_close(w.m[0], 0.3, 1e-15, 0.0);
    assert_close(w.w1[0], -1.0, 0.0, 0.0);
    assert_close(w.mw1[0], -0.3, 1e-15, 0.0);
    double mass = 0.0, mean = 0.0;
    for (size_t i = 0; i < 3; i++) {
        mass += w.m[i];
        mean += w.m[i] * exp(w.log_w[i]);
    }
    assert_close(mass, 1.0, 1e-15, 0.0);
    assert_close(mean, 1.0, 1e-15, 0.0);
    /* mu2 = E W^2 - 1 */
    const double p = 0.4 * exp(2.0) + 0.3 * exp(3.0);
    assert_close(jn_weight_law_moment(&w, 2), (0.4 * exp(4.0) + 0.3 * exp(6.0)) / (p * p) - 1.0,
                 1e-14, 0.0);
    jn_weight_law_free(&w);
}

static void test_moments_keep_their_digits(void **state)
{
    (void)state;
    static const double spreads[] = { 1e-6, 1e-3, 1.0 };
    for (size_t a = 0; a < 3; a++) {
        double l[N], log_m[N];
        make(31 + a, spreads[a], -3.0, l, log_m);
        jn_weight_law w;
        jn_test_weight_law(N, l, log_m, &w);
        long double log_mass, log_mean, two = 0.0L, three = 0.0L, size = 0.0L;
        jn_slow_totals(N, l, log_m, &log_mass, &log_mean);
        for (size_t i = 0; i < N; i++) {
            const long double m = expl(log_m[i] - log_mass), d = expm1l(l[i] - log_mean);
            two += m * d * d;
            three += m * d * d * d;
            size += m * fabsl(d * d * d);
        }
        /* W - 1 is good to eps / spread */
        const double rtol = 1e-14 + 1e-15 / spreads[a];
        assert_close(jn_weight_law_moment(&w, 2), (double)two, rtol, 0.0);
        assert_close(jn_weight_law_moment(&w, 3), (double)three, 0.0, 10.0 * rtol * (double)size);
        jn_weight_law_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masses_and_mean_are_one),
        cmocka_unit_test(test_a_huge_weight_of_tiny_mass),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_moments_keep_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
