#include "law/slow_law.h"

#include "chance.h"

enum { N = 300, N_U = 400 };

static void compare(size_t n, const double *l, const double *log_m, double rtol_delta)
{
    jn_weight_law w;
    jn_test_weight_law(n, l, log_m, &w);
    double u[N_U], log_phi[N_U], delta[N_U];
    for (size_t i = 0; i < N_U; i++) { /* s from 1e-20 to 1e6 */
        u[i] = log(1e-20) + (log(1e6) - log(1e-20)) * (double)i / (N_U - 1);
    }
    assert_ok(jn_weight_law_laplace(&w, N_U, u, log_phi, delta), NULL);
    for (size_t i = 0; i < N_U; i++) {
        const double s = exp(u[i]), want = jn_slow_log_phi(n, l, log_m, u[i]);
        if (s <= 600.0) {
            assert_close(delta[i], jn_slow_delta(n, l, log_m, s), rtol_delta, 1e-320);
        } else {
            assert_true(isnan(delta[i]));
        }
        if (want > -700.0) {
            /* relative, also where phi is nearly 1: s W rounds at eps (1 + |log s| + |log W|), and
             * delta - s may lose one digit */
            assert_close(log_phi[i], want, 1e-13, 0.0);
        } else {
            assert_true(log_phi[i] < -690.0);
        }
    }
    jn_weight_law_free(&w);
}

static void random_law(uint64_t s, double spread, double shift, double *l, double *log_m)
{
    for (size_t i = 0; i < N; i++) {
        l[i] = shift + spread * jn_chance_normal(s, 2 * i);
        log_m[i] = 2.0 * jn_chance_normal(s, 2 * i + 1);
    }
}

static void test_against_slow_sums(void **state)
{
    (void)state;
    static const double spreads[] = { 0.01, 0.3, 1.0, 3.0, 15.0 };
    for (size_t a = 0; a < 5; a++) {
        double l[N], log_m[N];
        random_law(a, spreads[a], -2.0, l, log_m);
        compare(N, l, log_m, 1e-13);
    }
}

/* Var W = 1e-12: delta = Var W s^2 / 2 keeps its digits down to 1e-53. */
static void test_tiny_variance_keeps_relative_accuracy(void **state)
{
    (void)state;
    double l[N], log_m[N];
    random_law(40, 1e-6, -2.0, l, log_m);
    compare(N, l, log_m, 1e-12); /* W - 1 is 1e-6, good to 1e-16 beside a common shift */
    double all_one[3] = { 0.7, 0.7, 0.7 }, m[3] = { 0.0, -1.0, 1.0 };
    jn_weight_law w;
    jn_test_weight_law(3, all_one, m, &w);
    double log_phi, delta;
    assert_ok(jn_weight_law_laplace(&w, 1, (double[]){ 0.0 }, &log_phi, &delta), NULL);
    assert_true(delta >= 0.0 && delta < 1e-30);
    assert_close(log_phi, -1.0, 1e-15, 0.0);
    jn_weight_law_free(&w);
}

/* One draw in a million carries all the weight: phi stays within 1e-6 of 1 over many decades of s,
 * and its K-th power needs every digit of log phi, not of phi. */
static void test_phi_near_one_keeps_relative_accuracy(void **state)
{
    (void)state;
    const double p = 1e-6, low = 1e-9;
    const double l[] = { log((1.0 - (1.0 - p) * low) / p), log(low) };
    const double log_m[] = { log(p), log1p(-p) };
    compare(2, l, log_m, 1e-13);
}

/* Beyond u = 709 s itself is no double. */
static void test_far_u(void **state)
{
    (void)state;
    const double l[] = { 0.0, -2000.0 }, log_m[] = { log(0.5), log(0.5) };
    jn_weight_law w;
    jn_test_weight_law(2, l, log_m, &w);
    const double u[] = { 800.0, 1990.0, 2000.0, 2010.0 };
    double log_phi[4], delta[4];
    assert_ok(jn_weight_law_laplace(&w, 4, u, log_phi, delta), NULL);
    for (size_t i = 0; i < 4; i++) { /* W = 2 is gone, W = 2 e^-2000 is not yet */
        const double want = log(0.5) - exp(u[i] - 2000.0 + log(2.0));
        if (want > -700.0) {
            assert_close(log_phi[i], want, 3e-12, 0.0); /* log-weights of 2000 round at 4e-13 */
        } else {
            assert_true(log_phi[i] < -690.0);
        }
    }
    jn_weight_law_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_slow_sums),
        cmocka_unit_test(test_tiny_variance_keeps_relative_accuracy),
        cmocka_unit_test(test_phi_near_one_keeps_relative_accuracy),
        cmocka_unit_test(test_far_u),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
