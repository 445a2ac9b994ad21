#include "assertions.h"

#include <string.h>

#include "chance.h"
#include "jensen/law.h"
#include "malloc_sweep.h"

enum { N = 1100 };
static const uint64_t KS[] = { 3, 50 };

typedef struct sample {
    double l[N], m[N], lik[N], ratio[N];
    unsigned char edge[N];
} sample;

static void make(uint64_t s, sample *x)
{
    long double total = 0.0L;
    for (size_t i = 0; i < N; i++) {
        x->lik[i] = 5.0 * jn_chance_normal(s, 3 * i) - 700.0;
        x->ratio[i] = jn_chance_normal(s, 3 * i + 1);
        x->l[i] = x->lik[i] - x->ratio[i];
        x->m[i] = 4.0 * jn_chance_normal(s, 3 * i + 2);
        x->edge[i] = i % 100 == 7;
        total += expl(x->m[i]);
    }
    for (size_t i = 0; i < N; i++) {
        x->m[i] -= (double)logl(total);
    }
}

static jn_weights part(const sample *x, size_t first, size_t n, bool draws)
{
    return (jn_weights){ .n = n,
                         .index0 = first,
                         .log_w = x->l + first,
                         .log_mass = draws ? NULL : x->m + first,
                         .log_lik = x->lik + first,
                         .log_ratio = x->ratio + first,
                         .edge = draws ? NULL : x->edge + first };
}

/* Blocks of 90, 97, 104, ... draws; every few blocks in a law of their own, merged. */
static void fill(const sample *x, bool draws, bool split, jn_law *law)
{
    const unsigned needs = JN_NEED_NODES | (draws ? JN_NEED_GROUPS : 0u);
    assert_ok(jn_law_init(law, needs, 2, KS, 0), NULL);
    for (size_t first = 0, n = 90; first < N; first += n, n += 7) {
        const jn_weights b = part(x, first, n < N - first ? n : N - first, draws);
        if (!split) {
            assert_ok(jn_law_add(law, &b), NULL);
            continue;
        }
        jn_law one;
        assert_ok(jn_law_init(&one, needs, 2, KS, first), NULL);
        assert_ok(jn_law_add(&one, &b), NULL);
        assert_ok(jn_law_merge(law, &one), NULL);
        jn_law_free(&one);
    }
}

/* log sum m e^(power l) in long double. */
static double slow_power(const sample *x, bool draws, int power, bool edge)
{
    long double sum = 0.0L;
    for (size_t i = 0; i < N; i++) {
        if (!edge || x->edge[i]) {
            sum += expl((draws ? 0.0L : (long double)x->m[i]) + power * (long double)x->l[i]);
        }
    }
    return (double)logl(sum);
}

static double slow_mean(const sample *x, bool draws, const double *v)
{
    long double sum = 0.0L, mass = 0.0L;
    for (size_t i = 0; i < N; i++) {
        const long double m = draws ? 1.0L : expl(x->m[i]);
        sum += m * v[i];
        mass += m;
    }
    return (double)(sum / mass);
}

static void test_streams_are_the_slow_sums(void **state)
{
    (void)state;
    static sample x;
    for (int pass = 0; pass < 4; pass++) {
        const bool draws = pass & 1, split = pass & 2;
        make((uint64_t)pass, &x);
        jn_law law;
        fill(&x, draws, split, &law);
        /* rounding of values of size 2000 */
        assert_close(jn_lse_log_sum(&law.evidence), slow_power(&x, draws, 1, false), 4e-16, 1e-13);
        assert_close(jn_lse_log_sum(&law.second), slow_power(&x, draws, 2, false), 4e-16, 1e-13);
        assert_close(jn_lse_log_sum(&law.third), slow_power(&x, draws, 3, false), 4e-16, 1e-13);
        assert_close(jn_lse_log_sum(&law.mass), slow_power(&x, draws, 0, false), 4e-16, 1e-13);
        assert_close(law.log_w.mean, slow_mean(&x, draws, x.l), 1e-15, 0.0);
        assert_close(law.log_lik.mean, slow_mean(&x, draws, x.lik), 1e-15, 0.0);
        assert_close(law.log_ratio.mean, slow_mean(&x, draws, x.ratio), 1e-12, 1e-13);
        assert_close(law.log_lik.mean - law.log_ratio.mean, law.log_w.mean, 1e-14, 0.0);
        if (!draws) {
            assert_close(jn_lse_log_sum(&law.edge_mass), slow_power(&x, false, 0, true), 0.0,
                         1e-13);
            assert_close(jn_lse_log_sum(&law.edge_evidence), slow_power(&x, false, 1, true), 4e-16,
                         1e-13);
        }
        const double n = draws ? log(N) : 0.0;
        assert_close(jn_law_log_evidence(&law), slow_power(&x, draws, 1, false) - n, 4e-16, 1e-13);
        assert_close(
            jn_law_ess_fraction(&law),
            exp(2.0 * slow_power(&x, draws, 1, false) - slow_power(&x, draws, 2, false) - n), 1e-11,
            0.0); /* logs of size 1400 */
        assert_int_equal(law.n_nodes, N);
        assert_int_equal(law.n, draws ? 0 : N); /* draws are in bins: see test_bins.c */
        assert_int_equal(law.n_zero, 0);
        assert_true(law.draws == draws && law.has_marks);
        assert_true(draws || memcmp(law.node_log_w, x.l, sizeof x.l) == 0);
        assert_true(draws || memcmp(law.node_log_m, x.m, sizeof x.m) == 0);
        jn_law_free(&law);
        assert_null(law.node_log_w);
    }
}

static void test_zero_weights_and_zero_masses(void **state)
{
    (void)state;
    const double l[] = { 0.0, -INFINITY, 1.0, -INFINITY, 5.0 };
    const double m[] = { log(0.25), log(0.25), log(0.5), -INFINITY, -INFINITY };
    jn_law law;
    assert_ok(jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0), NULL);
    jn_weights b = { .n = 5, .log_w = l, .log_mass = m };
    assert_ok(jn_law_add(&law, &b), NULL);
    assert_int_equal(law.n_zero, 1); /* the other zero weight has no mass */
    assert_int_equal(law.n, 2);
    assert_int_equal(law.n_nodes, 5);
    assert_close(jn_lse_log_sum(&law.zero_mass), log(0.25), 1e-15, 0.0);
    assert_true(law.log_w.mean == -INFINITY && !law.has_marks);
    assert_close(jn_law_log_evidence(&law), log(0.25 + 0.5 * M_E), 1e-15, 0.0);
    jn_law_free(&law);
    assert_ok(jn_law_init(&law, JN_NEED_NODES | JN_NEED_GROUPS, 1, (uint64_t[]){ 2 }, 0), NULL);
    b.log_mass = NULL;
    assert_ok(jn_law_add(&law, &b), NULL);
    assert_int_equal(law.n_zero, 2);
    assert_int_equal(law.groups[0].n_zero, 0); /* (0, -inf), (1, -inf), 5 left over */
    assert_int_equal(law.groups[0].done.n, 2);
    assert_close(law.groups[0].done.mean, 0.5 - log(2.0), 1e-15, 0.0);
    assert_close(exp(jn_lse_log_sum(&law.zero_mass) - jn_lse_log_sum(&law.mass)), 0.4, 1e-15, 0.0);
    jn_law_free(&law);
}

static void test_all_zero(void **state)
{
    (void)state;
    const double l[] = { -INFINITY, -INFINITY };
    const jn_weights b = { .n = 2, .log_w = l };
    jn_law law;
    assert_ok(jn_law_init(&law, JN_NEED_NODES, 0, NULL, 0), NULL);
    assert_ok(jn_law_add(&law, &b), NULL);
    assert_true(jn_law_log_evidence(&law) == -INFINITY);
    assert_true(isnan(jn_law_ess_fraction(&law)));
    jn_weight_law w;
    assert_ok(jn_weight_law_new(&law, &w), NULL);
    assert_int_equal(w.n, 1);
    assert_close(w.zero_mass, 1.0, 0.0, 0.0);
    assert_true(w.log_evidence == -INFINITY);
    jn_weight_law_free(&w);
    jn_law_free(&law);
}

/* Replicates: groups that a replicate did not fill are dropped, all else joins. */
static void test_pooling_drops_unfinished_groups(void **state)
{
    (void)state;
    static sample x;
    make(11, &x);
    jn_law pooled, a, b;
    const uint64_t k = 7;
    assert_ok(jn_law_init(&pooled, JN_NEED_GROUPS, 1, &k, 0), NULL);
    assert_ok(jn_law_init(&a, JN_NEED_GROUPS, 1, &k, 0), NULL);
    assert_ok(jn_law_init(&b, JN_NEED_GROUPS, 1, &k, 0), NULL);
    const jn_weights first = part(&x, 0, 20, true), second = part(&x, 20, 20, true);
    assert_ok(jn_law_add(&a, &first), NULL);
    assert_ok(jn_law_add(&b, &second), NULL);
    assert_ok(jn_law_pool(&pooled, &a), NULL);
    assert_ok(jn_law_pool(&pooled, &b), NULL);
    jn_moments want = JN_MOMENTS_INIT;
    for (size_t g = 0; g < 4; g++) {
        jn_lse sum = JN_LSE_INIT;
        jn_lse_add_array(&sum, k, x.l + (g < 2 ? g * k : 20 + (g - 2) * k));
        jn_moments_add(&want, jn_lse_log_mean(&sum), 1.0);
    }
    assert_int_equal(pooled.groups[0].done.n, 4);
    assert_close(pooled.groups[0].done.mean, want.mean, 1e-15, 0.0);
    assert_close(pooled.groups[0].done.m2, want.m2, 1e-12, 0.0);
    assert_int_equal(pooled.n_nodes, 40);
    assert_close(pooled.log_w.mean, slow_mean(&x, true, x.l), 1.0, 0.0); /* finite */
    assert_close(jn_lse_log_sum(&pooled.mass), log(40.0), 1e-15, 0.0);
    jn_law_free(&a);
    jn_law_free(&b);
    jn_law_free(&pooled);
}

static jn_status build(void *user)
{
    const sample *x = user;
    jn_law law, other;
    const uint64_t ks[] = { 3, 50 };
    jn_status st = jn_law_init(&law, JN_NEED_NODES | JN_NEED_GROUPS, 2, ks, 0);
    const jn_weights b = part(x, 0, N, false);
    st = st == JN_OK ? jn_law_add(&law, &b) : st;
    const jn_status second = jn_law_init(&other, JN_NEED_NODES | JN_NEED_GROUPS, 2, ks, N);
    st = st == JN_OK ? second : st;
    st = st == JN_OK ? jn_law_add(&other, &b) : st;
    if (st == JN_OK) {
        const jn_law before = law;
        st = jn_law_merge(&law, &other);
        assert_true(st == JN_OK || (law.n == before.n && law.n_nodes == before.n_nodes));
    }
    if (st == JN_OK) {
        jn_weight_law w = { .n = 42 };
        st = jn_weight_law_new(&law, &w);
        assert_true(st == JN_OK || w.n == 42);
        double log_phi, delta, u = 0.0;
        if (st == JN_OK) {
            st = jn_weight_law_laplace(&w, 1, &u, &log_phi, &delta);
            jn_weight_law_free(&w);
        }
    }
    jn_law_free(&law);
    jn_law_free(&other);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    static sample x;
    make(3, &x);
    assert_true(jn_malloc_sweep(build, &x) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_are_the_slow_sums),
        cmocka_unit_test(test_zero_weights_and_zero_masses),
        cmocka_unit_test(test_all_zero),
        cmocka_unit_test(test_pooling_drops_unfinished_groups),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
