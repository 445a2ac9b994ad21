#include "law/slow_law.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "law/compress.h"

enum { N = 6000 };

typedef struct law {
    size_t n;
    double l[N], log_m[N];
} law;

/* A smooth law, as a grid of nodes makes it: l even over +-8 of its spreads, Gaussian masses. */
static void smooth(double spread, law *x)
{
    x->n = N;
    for (size_t i = 0; i < N; i++) {
        const double t = -8.0 + 16.0 * (double)i / (N - 1);
        x->l[i] = spread * t;
        x->log_m[i] = -0.5 * t * t;
    }
}

static void rough(double spread, law *x)
{
    x->n = N;
    for (size_t i = 0; i < N; i++) {
        x->l[i] = spread * jn_chance_normal(7, 2 * i);
        x->log_m[i] = 5.0 * jn_chance_normal(7, 2 * i + 1);
    }
}

static long double moment(const law *x, int power, long double centre)
{
    long double sum = 0.0L;
    for (size_t i = 0; i < x->n; i++) {
        sum += expl(x->log_m[i]) * powl(x->l[i] - centre, power);
    }
    return sum;
}

static double highest(const law *x, double sign)
{
    double top = -INFINITY;
    for (size_t i = 0; i < x->n; i++) {
        top = fmax(top, sign * x->l[i]);
    }
    return top;
}

static void check(const law *x, const law *y)
{
    assert_true(y->n <= x->n);
    const long double mass = moment(x, 0, 0.0L), mean = moment(x, 1, 0.0L) / mass;
    const double sd = (double)sqrtl(moment(x, 2, mean) / mass);
    for (int power = 0; power <= 5; power++) {
        const long double want = moment(x, power, mean) / mass, got = moment(y, power, mean) / mass;
        /* the size of the moment where it vanishes by symmetry; masses' logs round at eps 30 */
        const double size = pow(fmax(sd, 1e-30), power) * (power < 4 ? 1.0 : 10.0);
        assert_close((double)got, (double)want, 1e-12, 1e-12 * size);
    }
    for (size_t i = 0; i < y->n; i++) {
        assert_true(y->log_m[i] > -INFINITY && y->log_m[i] < INFINITY);
    }
    const double slack = 1e-13 * (1.0 + highest(x, 1.0)); /* the hull, but for rounding */
    assert_true(highest(y, 1.0) <= highest(x, 1.0) + slack);
    assert_true(highest(y, -1.0) <= highest(x, -1.0) + slack);
    const double one = jn_slow_delta(x->n, x->l, x->log_m, 1.0);
    for (double u = -30.0; u <= 6.0; u += 2.0) {
        /* the gap is made of phi^K delta: it must keep its digits, however small the gap; where
         * phi is nothing delta may not */
        const double delta = jn_slow_delta(x->n, x->l, x->log_m, exp(u));
        const double phi = jn_slow_log_phi(x->n, x->l, x->log_m, u);
        assert_close(jn_slow_delta(y->n, y->l, y->log_m, exp(u)), delta, 1e-12,
                     1e-13 * one * exp(-phi));
        assert_close(jn_slow_log_phi(y->n, y->l, y->log_m, u), phi, 1e-12, 1e-13 * one * exp(-phi));
    }
}

static void test_moments_and_transform_survive(void **state)
{
    (void)state;
    static const double spreads[] = { 1e-3, 0.01, 0.02, 0.1, 0.5, 2.0, 8.0 };
    law *x = malloc(sizeof *x), *y = malloc(sizeof *y);
    assert_true(x != NULL && y != NULL);
    for (size_t a = 0; a < 7; a++) {
        for (int pass = 0; pass < 2; pass++) {
            (pass == 0 ? smooth : rough)(spreads[a], x);
            memcpy(y, x, sizeof *y);
            assert_ok(jn_compress(y->n, true, y->l, y->log_m, &y->n), NULL);
            check(x, y);
            assert_true(y->n < x->n * 3 / 4);
        }
    }
    free(x);
    free(y);
}

/* Clumps: bins of one value, of two, of a value and its neighbour in the last place, of masses that
 * underflow beside others. */
static void test_degenerate_bins(void **state)
{
    (void)state;
    law *x = malloc(sizeof *x), *y = malloc(sizeof *y);
    assert_true(x != NULL && y != NULL);
    for (int kind = 0; kind < 6; kind++) {
        x->n = 5000;
        for (size_t i = 0; i < x->n; i++) {
            const double r = jn_chance(3, i);
            static const double two[] = { 0.011, 0.012 };
            x->l[i] = kind == 0   ? 0.3
                      : kind == 1 ? two[i % 2]
                      : kind == 2 ? (i % 2 == 0 ? 1.0 : nextafter(1.0, 2.0))
                      : kind == 3 ? 0.02 + 1e-9 * r
                      : kind == 4 ? (i % 7 == 0 ? 0.03 : 0.02 + 1e-8 * r)
                                  : 0.05 * r;
            x->log_m[i] = kind == 5 ? -900.0 * jn_chance(4, i) : -3.0 * r;
        }
        memcpy(y, x, sizeof *y);
        assert_ok(jn_compress(y->n, true, y->l, y->log_m, &y->n), NULL);
        assert_true(y->n < 40);
        for (size_t i = 0; i < y->n; i++) {
            assert_true(isfinite(y->l[i]) && isfinite(y->log_m[i]));
        }
        const long double mass = moment(x, 0, 0.0L);
        assert_close((double)(moment(y, 0, 0.0L) / mass), 1.0, 1e-13, 0.0);
        assert_close((double)(moment(y, 1, 0.0L) / mass), (double)(moment(x, 1, 0.0L) / mass),
                     1e-13, 0.0);
        if (kind == 1 || kind >= 4) {
            check(x, y);
        }
    }
    free(x);
    free(y);
}

/* Log-weights of 1e12 beside the many near 0 that count (a Student target under a Gaussian q):
 * these are no less exact for it. */
static void test_a_few_far_up(void **state)
{
    (void)state;
    law *x = malloc(2 * sizeof *x), *y = x + 1;
    assert_non_null(x);
    smooth(2.0, x);
    for (size_t i = 0; i < 3; i++) {
        x->l[i] = 1e12 * (double)(i + 1);
        x->log_m[i] = -x->l[i] - 30.0;
    }
    *y = *x;
    assert_ok(jn_compress(N, true, y->l, y->log_m, &y->n), NULL);
    assert_true(y->n < N / 3);
    for (int power = 0; power <= 5; power++) { /* as in check */
        assert_close((double)moment(y, power, 0.0L), (double)moment(x, power, 0.0L), 1e-13, 1e-11);
    }
    for (size_t i = 1; i < y->n; i++) {
        assert_true(y->l[i - 1] <= y->l[i]);
    }
    assert_close(y->l[y->n - 1], 3e12, 0.0, 0.0);
    assert_ok(jn_compress(N, false, x->l, x->log_m, &x->n), NULL);
    assert_int_equal(x->n, N);
    assert_close(x->l[N - 1], 3e12, 0.0, 0.0);
    free(x);
}

/* Few nodes in a bin stay as they are, in order of l, with the far ones. */
static void test_sparse_laws_are_left_alone(void **state)
{
    (void)state;
    double l[] = { 9000.0, -9000.0, 0.0, 1e300, -1e300 },
           log_m[] = { -9020.0, -1.0, -2.0, -3.0, -4.0 };
    size_t n = 0;
    assert_ok(jn_compress(5, true, l, log_m, &n), NULL);
    assert_int_equal(n, 5);
    const double want_l[] = { -1e300, -9000.0, 0.0, 9000.0, 1e300 };
    for (size_t i = 0; i < 5; i++) {
        assert_close(l[i], want_l[i], 0.0, 0.0);
    }
    assert_ok(jn_compress(0, true, l, log_m, &n), NULL);
    assert_int_equal(n, 0);
}

/* The law itself: what is compressed (more than 4096 nodes) has the answers of the whole. */
static void test_a_large_law(void **state)
{
    (void)state;
    law *x = malloc(sizeof *x);
    assert_non_null(x);
    static const double spreads[] = { 0.018, 0.3, 2.0 };
    for (size_t a = 0; a < 3; a++) {
        smooth(spreads[a], x);
        jn_weight_law w;
        jn_test_weight_law(N, x->l, x->log_m, &w);
        assert_true(w.n < N / 3);
        for (double u = -20.0; u < 2.0; u += 2.0) {
            double log_phi, delta;
            assert_ok(jn_weight_law_laplace(&w, 1, &u, &log_phi, &delta), NULL);
            assert_close(delta, jn_slow_delta(N, x->l, x->log_m, exp(u)), 1e-12, 0.0);
            assert_close(log_phi, jn_slow_log_phi(N, x->l, x->log_m, u), 1e-12, 0.0);
        }
        jn_weight_law_free(&w);
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_and_transform_survive),
        cmocka_unit_test(test_degenerate_bins),
        cmocka_unit_test(test_a_few_far_up),
        cmocka_unit_test(test_sparse_laws_are_left_alone),
        cmocka_unit_test(test_a_large_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
