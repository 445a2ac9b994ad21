/* VR, CUBO, EUBO, U_K, TVO and JVI of laws whose functionals are known in closed form. */
#include "laws.h"

#include "jensen/bound.h"

#include <gsl/gsl_errno.h>

enum { CAPACITY = 40000 };

static double l[CAPACITY], log_m[CAPACITY];

static void gamma_law(double a, jn_weight_law *w)
{
    const size_t n = jn_test_gamma_nodes(a, CAPACITY, l, log_m);
    jn_test_weight_law(n, l, log_m, w);
}

static jn_bound_value value_of(const jn_weight_law *w, jn_bound_arg arg)
{
    const jn_law law = { .needs = JN_NEED_NODES };
    jn_bound_value v;
    assert_ok(arg.bound->eval(&law, w, JN_BY_LAW, 1, &arg, &v), NULL);
    return v;
}

/* What a value may be off by: what it says, and the nodes (2e-14 relative). */
static void near(jn_bound_value got, double gap, double rtol)
{
    assert_close(got.gap, gap, rtol, got.gap_error);
    assert_true(got.gap_error <= 1e-11 * (1.0 + fabs(gap)));
}

/* log E W^beta = log Gamma(a + beta) - log Gamma(a) - beta log a, by its integral where the
 * difference would cancel: beta (psi(a) - log a) + ... is avoided by comparing absolutely there. */
static double gamma_moment(double a, double beta)
{
    return gsl_sf_lngamma(a + beta) - gsl_sf_lngamma(a) - beta * log(a);
}

static const double SHAPES[] = { 0.5, 1.0, 3.0, 20.0 };

static void test_renyi_of_gamma_weights(void **state)
{
    (void)state;
    static const double betas[] = { -0.25, 0.001, 0.5, 0.999, 1.001, 1.5, 2.0, 3.0 };
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const double a = SHAPES[i];
        jn_weight_law w;
        gamma_law(a, &w);
        for (size_t j = 0; j < sizeof betas / sizeof *betas; j++) {
            const double beta = betas[j], want = -gamma_moment(a, beta) / beta;
            /* the closed form cancels: eps of lngamma over beta */
            const double cancels = 1e-15 * (fabs(gsl_sf_lngamma(a)) + 1.0) / fabs(beta);
            jn_bound_value v = value_of(
                &w, (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 1.0 - beta });
            /* nodes reach down to 1e-21 of the mass, W^-0.25 weighs that up to 1e-16 */
            assert_close(v.gap, want, beta < 0.0 ? 1e-8 : 1e-12, v.gap_error + 10.0 * cancels);
            assert_true((beta > 1.0) == (v.gap < 0.0));
            if (beta > 1.0) {
                v = value_of(&w, (jn_bound_arg){ .bound = &jn_bound_cubo, .n = beta });
                assert_close(v.gap, want, 1e-12, v.gap_error + 10.0 * cancels);
            }
        }
        const jn_bound_value one = value_of(&w,
                                            (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 0.0 });
        assert_close(one.gap, 0.0, 0.0, 1e-15); /* E W = 1 */
        const jn_bound_value elbo = value_of(&w,
                                             (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 1.0 });
        near(elbo, jn_test_log_minus_psi(a), 1e-12);
        const jn_bound_value cubo = value_of(&w,
                                             (jn_bound_arg){ .bound = &jn_bound_cubo, .n = 2.0 });
        near(cubo, -0.5 * log1p(1.0 / a), 1e-12);
        jn_weight_law_free(&w);
    }
}

/* EUBO - log p = psi(a + 1) - log a; U_K - log p = psi(Ka + 1) - log(Ka). */
static void test_upper_bounds_of_gamma_weights(void **state)
{
    (void)state;
    static const uint64_t ks[] = { 1, 2, 3, 10, 100, 1000, 1000000, 1000000000 };
    enum { N = sizeof ks / sizeof *ks };
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const double a = SHAPES[i];
        jn_weight_law w;
        gamma_law(a, &w);
        near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_eubo }),
             jn_test_log_minus_psi(a) - 1.0 / a, 1e-12);
        jn_bound_arg args[N];
        jn_bound_value v[N];
        for (size_t j = 0; j < N; j++) {
            args[j] = (jn_bound_arg){ .bound = &jn_bound_upper, .k = ks[j] };
        }
        const jn_law law = { .needs = JN_NEED_NODES };
        assert_ok(jn_bound_upper.eval(&law, &w, JN_BY_LAW, N, args, v), NULL);
        for (size_t j = 0; j < N; j++) {
            const double ka = (double)ks[j] * a;
            const double want = jn_test_log_minus_psi(ka) - 1.0 / ka;
            near(v[j], want, 1e-12);
            assert_close(v[j].gap_error, 0.0, 0.0, 1e-12 * fabs(want) + 1e-30);
            assert_close(v[j].value, w.log_evidence - v[j].gap, 1e-15, 1e-15);
        }
        jn_weight_law_free(&w);
    }
}

/* g(beta) - log p = psi(a + beta) - log a, and the sums that it makes. */
static void test_thermodynamic_curve_of_gamma_weights(void **state)
{
    (void)state;
    enum { POINTS = 8 };
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const double a = SHAPES[i];
        double beta[POINTS + 1], g[POINTS + 1], left = 0.0, right = 0.0;
        jn_weight_law w;
        gamma_law(a, &w);
        for (int j = 0; j <= POINTS; j++) {
            beta[j] = (double)j / POINTS;
        }
        jn_thermodynamic_curve(&w, POINTS + 1, beta, g);
        for (int j = 0; j <= POINTS; j++) {
            const double want = gsl_sf_psi(a + beta[j]) - log(a);
            assert_close(g[j], want, 1e-11, 1e-13);
            left += j < POINTS ? want / POINTS : 0.0;
            right += j > 0 ? want / POINTS : 0.0;
        }
        jn_bound_arg arg = { .bound = &jn_bound_tvo, .points = POINTS };
        assert_true(jn_bound_tvo.side(&arg) == JN_SIDE_LOWER && left < 0.0 && right > 0.0);
        assert_close(value_of(&w, arg).gap, -left, 1e-11, 1e-13);
        arg.right = true;
        assert_true(jn_bound_tvo.side(&arg) == JN_SIDE_UPPER);
        assert_close(value_of(&w, arg).gap, -right, 1e-11, 1e-13);
        arg.points = 1; /* one interval: ELBO and EUBO */
        assert_close(value_of(&w, arg).gap,
                     value_of(&w, (jn_bound_arg){ .bound = &jn_bound_eubo }).gap, 1e-13, 0.0);
        arg.right = false;
        assert_close(value_of(&w, arg).gap,
                     value_of(&w, (jn_bound_arg){ .bound = &jn_bound_elbo }).gap, 1e-13, 0.0);
        jn_weight_law_free(&w);
    }
}

/* The jackknife by its definition: the mean over subsets that leave some of K out, here of known
 * L_K. Order 1: K L_K - (K - 1) L_(K-1). */
static void test_jackknife_of_gamma_weights(void **state)
{
    (void)state;
    jn_weight_law w;
    const double a = 0.5;
    gamma_law(a, &w);
    for (uint64_t k = 2; k <= 1000; k = k * 3 + 1) {
        const double kk = (double)k, g0 = jn_test_log_minus_psi(kk * a),
                     g1 = jn_test_log_minus_psi((kk - 1.0) * a);
        const jn_bound_value v = value_of(
            &w, (jn_bound_arg){ .bound = &jn_bound_jvi, .k = k, .order = 1 });
        assert_close(v.gap, kk * g0 - (kk - 1.0) * g1, 1e-10, v.gap_error + kk * 1e-15);
        if (k > 2) {
            const double g2 = jn_test_log_minus_psi((kk - 2.0) * a);
            const double want = 0.5 * kk * kk * g0 - (kk - 1.0) * (kk - 1.0) * g1 +
                                0.5 * (kk - 2.0) * (kk - 2.0) * g2;
            const jn_bound_value v2 = value_of(
                &w, (jn_bound_arg){ .bound = &jn_bound_jvi, .k = k, .order = 2 });
            assert_close(v2.gap, want, 1e-10, v2.gap_error + kk * kk * 1e-15);
            assert_true(v2.gap_error > v.gap_error); /* the price of the order */
        }
    }
    /* it is no bound: JVI-1 of ten weights is above log p (math, section 4) */
    const jn_bound_arg ten = { .bound = &jn_bound_jvi, .k = 10, .order = 1 };
    assert_true(value_of(&w, ten).gap < 0.0 && jn_bound_jvi.side(&ten) == JN_SIDE_NONE);
    jn_weight_law_free(&w);
}

/* Two points, 8 with probability 0.1 and 2/9 with 0.9: finite sums for everything. */
static void two_point_law(jn_weight_law *w)
{
    const double points[] = { log(8.0) - 5.0, log(2.0 / 9.0) - 5.0 }; /* log p = -5 */
    const double masses[] = { log(0.1), log(0.9) };
    jn_test_weight_law(2, points, masses, w);
}

/* E R log R over counts of the high one among k - 1, tilted by the first draw. */
static double two_point_upper(unsigned k)
{
    double sum = 0.0, binomial = 1.0;
    for (unsigned j = 0; j < k; j++) {
        const double p = binomial * pow(0.1, j) * pow(0.9, k - 1.0 - j), rest = k - 1.0 - j;
        const double with_high = ((j + 1.0) * 8.0 + rest * 2.0 / 9.0) / k;
        const double with_low = (j * 8.0 + (rest + 1.0) * 2.0 / 9.0) / k;
        sum += p * (0.8 * log(with_high) + 0.2 * log(with_low));
        binomial *= (k - 1.0 - j) / (j + 1.0);
    }
    return sum;
}

static void test_two_points(void **state)
{
    (void)state;
    jn_weight_law w;
    two_point_law(&w);
    for (unsigned k = 1; k <= 50; k += 7) {
        const jn_bound_value v = value_of(&w, (jn_bound_arg){ .bound = &jn_bound_upper, .k = k });
        near(v, -two_point_upper(k), 1e-13);
    }
    const double betas[] = { -7.0, -0.01, 0.01, 0.3, 4.0, 40.0 };
    for (size_t i = 0; i < sizeof betas / sizeof *betas; i++) {
        const double b = betas[i];
        const double want = log(0.1 * pow(8.0, b) + 0.9 * pow(2.0 / 9.0, b)) / b;
        near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 1.0 - b }), -want,
             1e-13 / fabs(b) + 1e-13);
    }
    jn_weight_law_free(&w);
}

/* Mass on W = 0: what this makes infinite, and what not. */
static void test_zero_weights(void **state)
{
    (void)state;
    const double points[] = { log(2.0), -INFINITY }, masses[] = { log(0.5), log(0.5) };
    jn_weight_law w;
    jn_test_weight_law(2, points, masses, &w);
    assert_close(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 2.0 }).value,
                 -INFINITY, 0.0, 0.0);
    assert_close(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 1.0 }).value,
                 -INFINITY, 0.0, 0.0);
    /* log(1/2 2^(1/2)) / (1/2) = -log 2; log(1/2 4) / 2 */
    near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_vr, .alpha = 0.5 }), log(2.0), 1e-15);
    near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_cubo, .n = 2.0 }), -0.5 * log(2.0), 1e-15);
    near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_eubo }), -log(2.0), 1e-15);
    /* one draw is 2, the other 2 or 0 */
    near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_upper, .k = 2 }), -0.5 * log(2.0), 1e-14);
    assert_close(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_tvo, .points = 3 }).value,
                 -INFINITY, 0.0, 0.0);
    near(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_tvo, .points = 3, .right = true }),
         -log(2.0), 1e-14);
    assert_true(
        isnan(value_of(&w, (jn_bound_arg){ .bound = &jn_bound_jvi, .k = 9, .order = 1 }).value));
    jn_weight_law_free(&w);
}

/* Draws: a mean of powers is as it is defined, and one zero weight makes a negative power infinite.
 */
static void test_powers_of_draws(void **state)
{
    (void)state;
    enum { N = 100 };
    const jn_bound_arg args[] = { { .bound = &jn_bound_vr, .alpha = 2.5 },
                                  { .bound = &jn_bound_vr, .alpha = 0.5 },
                                  { .bound = &jn_bound_cubo, .n = 3.0 } };
    for (int zeros = 0; zeros < 2; zeros++) {
        double draws[N];
        for (size_t i = 0; i < N; i++) {
            draws[i] = zeros == 1 && i == 7 ? -INFINITY : sin((double)i) - 50.0;
        }
        const jn_bound_setting setting = { .asked = JN_BY_GROUPS, .kind = JN_MC };
        jn_bound_wish lists;
        assert_ok(jn_bounds_wish(3, args, &setting, &lists), NULL);
        const jn_law_wish wish = { .needs = lists.needs,
                                   .n_beta = lists.n_beta,
                                   .betas = lists.betas };
        jn_law law;
        assert_ok(jn_law_start(&law, &wish, NAN, 0), NULL);
        const jn_weights b = { .n = N, .log_w = draws };
        assert_ok(jn_law_add(&law, &b), NULL);
        const jn_law_set set = { .kind = JN_MC, .n = 1, .law = &law, .pooled = law };
        jn_bound_result r[3];
        assert_ok(jn_bound_results(&set, JN_BY_GROUPS, 3, args, r), NULL);
        for (size_t i = 0; i < 3; i++) {
            const double beta = i == 2 ? 3.0 : 1.0 - args[i].alpha;
            double sum = 0.0;
            for (size_t j = 0; j < N; j++) {
                sum += exp(beta * (draws[j] + 50.0)) / N;
            }
            assert_close(r[i].value.value, isinf(sum) ? -INFINITY : log(sum) / beta - 50.0, 1e-14,
                         0.0);
        }
        jn_law_free(&law);
        jn_bound_wish_free(&lists);
    }
}

/* Weights that are all the same: every bound is log p(x), with no error to speak of. */
static void test_the_posterior_as_q(void **state)
{
    (void)state;
    const double points[] = { -700.0, -700.0, -700.0 }, masses[] = { log(0.2), log(0.3), log(0.5) };
    jn_weight_law w;
    jn_test_weight_law(3, points, masses, &w);
    const jn_bound_arg args[] = { { .bound = &jn_bound_vr, .alpha = 0.5 },
                                  { .bound = &jn_bound_vr, .alpha = 3.0 },
                                  { .bound = &jn_bound_cubo, .n = 2.0 },
                                  { .bound = &jn_bound_eubo },
                                  { .bound = &jn_bound_upper, .k = 10 },
                                  { .bound = &jn_bound_tvo, .points = 4 },
                                  { .bound = &jn_bound_tvo, .points = 4, .right = true },
                                  { .bound = &jn_bound_jvi, .k = 7, .order = 2 } };
    for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
        const jn_bound_value v = value_of(&w, args[i]);
        /* log-masses round: Sum m is 1 to 2e-16, in units of W moved by 700 eps */
        assert_close(v.value, -700.0, 1e-14, 0.0);
        assert_close(v.gap, 0.0, 0.0, 2e-12);
    }
    jn_weight_law_free(&w);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renyi_of_gamma_weights),
        cmocka_unit_test(test_upper_bounds_of_gamma_weights),
        cmocka_unit_test(test_thermodynamic_curve_of_gamma_weights),
        cmocka_unit_test(test_jackknife_of_gamma_weights),
        cmocka_unit_test(test_two_points),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_powers_of_draws),
        cmocka_unit_test(test_the_posterior_as_q),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
