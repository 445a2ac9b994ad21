/* Draws in bins against the draws themselves. */
#include "law/slow_law.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "law/bins.h"
#include "law/gauss.h"
#include "law/reuse.h"
#include "malloc_sweep.h"

enum { N = 8000, BLOCK = 512 };

typedef struct sample {
    size_t n;
    double l[N], log_m[N];
} sample;

static sample *new_sample(void)
{
    sample *x = malloc(sizeof *x);
    assert_non_null(x);
    x->n = N;
    memset(x->log_m, 0, sizeof x->log_m);
    return x;
}

static void add_blocks(const sample *x, size_t first, size_t n, jn_law *law)
{
    for (size_t at = first; at < first + n; at += BLOCK) {
        const size_t left = first + n - at;
        const jn_weights b = { .n = left < BLOCK ? left : BLOCK, .log_w = x->l + at };
        assert_ok(jn_law_add(law, &b), NULL);
    }
}

/* IWAE is made of delta and log phi at all s, VR and the moments of powers of W. */
static void check(const sample *x, jn_law *law, double tolerance)
{
    jn_weight_law w;
    assert_ok(jn_weight_law_new(law, &w), NULL);
    const double one = jn_slow_delta(x->n, x->l, x->log_m, 1.0);
    for (double u = -30.0; u <= 5.0; u += 2.5) {
        double log_phi, delta;
        assert_ok(jn_weight_law_laplace(&w, 1, &u, &log_phi, &delta), NULL);
        const double want = jn_slow_log_phi(x->n, x->l, x->log_m, u);
        /* the gap is made of phi^K delta, K >= 2: of a small gap's size where phi is nothing */
        const double slack = tolerance * one * exp(-want);
        assert_close(log_phi, want, tolerance, slack);
        assert_close(delta, jn_slow_delta(x->n, x->l, x->log_m, exp(u)), tolerance, slack);
    }
    long double log_mass, log_mean;
    jn_slow_totals(x->n, x->l, x->log_m, &log_mass, &log_mean);
    for (double power = -2.0; power <= 3.0; power += 0.5) {
        long double want = 0.0L, got = 0.0L;
        for (size_t i = 0; i < x->n; i++) {
            want += expl(power * (x->l[i] - log_mean) - log_mass);
        }
        for (size_t i = 0; i < w.n; i++) {
            got += w.m[i] * expl(power * w.log_w[i]);
        }
        assert_close((double)got, (double)want, tolerance, 0.0);
    }
    for (int j = 2; j <= 3; j++) {
        long double want = 0.0L, size = 0.0L;
        for (size_t i = 0; i < x->n; i++) {
            const long double term = expl(-log_mass) * powl(expm1l(x->l[i] - log_mean), j);
            want += term;
            size += fabsl(term);
        }
        assert_close(jn_weight_law_moment(&w, j), (double)want, 0.0, tolerance * (double)size);
    }
    jn_weight_law_free(&w);
}

/* Narrow laws and wide ones, near 0 and far from it, peaked as log-weights of Gaussians are. */
static void test_functionals_keep_ten_digits(void **state)
{
    (void)state;
    sample *x = new_sample();
    static const double spreads[] = { 1e-4, 0.01, 0.05, 0.3, 1.0, 3.0 };
    for (size_t s = 0; s < 6; s++) {
        for (int peaked = 0; peaked < 2; peaked++) {
            for (size_t i = 0; i < N; i++) {
                const double z = jn_chance_normal(s, i);
                x->l[i] = spreads[s] * (peaked ? -0.5 * z * z : z) - 77.3;
            }
            jn_law law;
            assert_ok(jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0), NULL);
            add_blocks(x, 0, N, &law);
            /* log-weights of size 77 round at 1e-14, a part in 1e-14 / spread of the law's width */
            const double tolerance = fmax(1e-10, 5e-14 / spreads[s]);
            check(x, &law, tolerance);
            assert_ok(jn_law_settle(&law), NULL);
            assert_null(law.bins);
            assert_true(law.n < N / 3);
            check(x, &law, tolerance);
            jn_law_free(&law);
        }
    }
    free(x);
}

/* Beyond 16 nats bins grow with the distance: still far below the error of N draws. */
static void test_far_log_weights(void **state)
{
    (void)state;
    sample *x = new_sample();
    for (size_t i = 0; i < N; i++) {
        const double u = jn_chance(9, i);
        x->l[i] = i == 77 ? -1e300 : -30.0 * (1.0 / u - 1.0); /* as a Cauchy q makes them */
    }
    jn_law law;
    assert_ok(jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0), NULL);
    add_blocks(x, 0, N, &law);
    check(x, &law, 1e-7);
    jn_law_free(&law);
    free(x);
}

/* Laws of parts of the draws, about one origin: the sums add up. */
static void test_merged_laws(void **state)
{
    (void)state;
    sample *x = new_sample();
    for (size_t i = 0; i < N; i++) {
        x->l[i] = jn_chance_normal(4, i) * (i < N / 2 ? 1.0 : 4.0);
    }
    static const double origins[][2] = { { 0.1, 0.1 }, { NAN, NAN }, { 3.0, -20.0 } };
    for (size_t k = 0; k < 3; k++) {
        jn_law law, part;
        assert_ok(jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0), NULL);
        assert_ok(jn_law_init(&part, JN_NEED_NODES, 0, NULL, 0), NULL);
        for (size_t first = 0; first < N; first += N / 4) {
            jn_law_clear(&part, NAN, first);
            jn_law_place(&part, origins[k][first >= N / 2]);
            add_blocks(x, first, N / 4, &part);
            assert_ok(jn_law_merge(&law, &part), NULL);
        }
        assert_int_equal(law.n_nodes, N);
        check(x, &law, k == 2 ? 1e-8 : 1e-10); /* the last ones go over nodes of bins */
        jn_law_free(&law);
        jn_law_free(&part);
    }
    free(x);
}

static void test_zero_weights_stay_out(void **state)
{
    (void)state;
    sample *x = new_sample();
    jn_law with, without;
    assert_ok(jn_law_init(&with, JN_NEED_NODES, 0, NULL, 0), NULL);
    assert_ok(jn_law_init(&without, JN_NEED_NODES, 0, NULL, 0), NULL);
    const double middle = 0.2;
    jn_law_place(&with, middle);
    jn_law_place(&without, middle);
    size_t zeros = 0, kept = 0;
    for (size_t i = 0; i < N; i++) {
        const bool zero = i % 512 == 0 || i % 512 == 511 || jn_chance(1, i) < 0.3 || i < 600;
        x->l[i] = zero ? -INFINITY : jn_chance_normal(2, i);
        zeros += zero;
    }
    add_blocks(x, 0, N, &with);
    for (size_t i = 0; i < N; i++) {
        if (x->l[i] > -INFINITY) {
            x->l[kept++] = x->l[i];
        }
    }
    add_blocks(x, 0, kept, &without);
    assert_int_equal(with.n_zero, zeros);
    assert_ok(jn_law_settle(&with), NULL);
    assert_ok(jn_law_settle(&without), NULL);
    assert_int_equal(with.n, without.n);
    assert_memory_equal(with.node_log_w, without.node_log_w, with.n * sizeof(double));
    assert_memory_equal(with.node_log_m, without.node_log_m, with.n * sizeof(double));
    jn_law_free(&with);
    jn_law_free(&without);
    free(x);
}

/* Moments of points against those of the rule; one point, few, many, all in a clump. */
static void test_gauss_rule(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 2, 3, 4, 5, 9, 1000 };
    static const double widths[] = { 1.0, 1e-3, 1e-6, 0.0 };
    for (size_t c = 0; c < 7; c++) {
        for (size_t w = 0; w < 4; w++) {
            for (uint64_t seed = 0; seed < 50; seed++) {
                double sums[JN_BIN_SUMS] = { 0 }, t[JN_GAUSS_NODES], m[JN_GAUSS_NODES];
                const double at = (1.0 - widths[w]) * (2.0 * jn_chance(100, seed) - 1.0);
                for (size_t i = 0; i < counts[c]; i++) {
                    const double x = at + widths[w] * (2.0 * jn_chance(seed, i) - 1.0);
                    double power = 1.0;
                    for (int j = 0; j < JN_BIN_SUMS; j++, power *= x) {
                        sums[j] += power;
                    }
                }
                const size_t n = jn_gauss_nodes(sums, t, m);
                assert_true(n >= 1 && n <= JN_GAUSS_NODES && n <= counts[c]);
                assert_true(widths[w] > 0.0 || n == 1);
                for (size_t k = 0; k < n; k++) {
                    assert_true(m[k] > 0.0 && fabs(t[k]) <= 1.0 + 1e-9);
                }
                for (int j = 0; j < JN_BIN_SUMS; j++) {
                    double got = 0.0;
                    for (size_t k = 0; k < n; k++) {
                        got += m[k] * pow(t[k], j);
                    }
                    /* sums that are as good as singular are matched to the noise that is assumed */
                    assert_close(got, sums[j], 0.0, 3e-10 * sums[0]);
                }
            }
        }
    }
}

static jn_status build(void *user)
{
    const sample *x = user;
    jn_law law, other;
    memset(&other, 0, sizeof other);
    jn_status st = jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0);
    if (st != JN_OK) {
        return st;
    }
    st = jn_law_init(&other, JN_NEED_NODES, 0, NULL, 0);
    const jn_weights b = { .n = BLOCK, .log_w = x->l };
    st = st == JN_OK ? jn_law_add(&law, &b) : st;
    if (st == JN_OK) {
        st = jn_law_merge(&other, &law);
    }
    st = st == JN_OK ? jn_law_settle(&other) : st;
    assert_true(st == JN_OK || other.n == 0);
    jn_law_free(&law);
    jn_law_free(&other);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sample *x = new_sample();
    for (size_t i = 0; i < N; i++) {
        x->l[i] = jn_chance_normal(3, i);
    }
    assert_int_equal(jn_malloc_sweep(build, x), 6);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functionals_keep_ten_digits),
        cmocka_unit_test(test_far_log_weights),
        cmocka_unit_test(test_merged_laws),
        cmocka_unit_test(test_zero_weights_stay_out),
        cmocka_unit_test(test_gauss_rule),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
