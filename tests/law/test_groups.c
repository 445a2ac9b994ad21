#include "assertions.h"

#include "chance.h"
#include "law/groups.h"

static const jn_scaled NOT_SCALED = { .unit = 0.0 };

enum { MAX = 700 };

/* Log-weights with a run of zeros, so that whole groups vanish. */
static void make(uint64_t s, size_t n, double *l)
{
    for (size_t i = 0; i < n; i++) {
        const bool zero = jn_chance(s, 2 * i) < 0.1 || (i >= 100 && i < 130);
        l[i] = zero ? -INFINITY : 30.0 * jn_chance_normal(s, 2 * i + 1);
    }
}

/* What it means: groups k j .. k j + k - 1 that lie whole in first .. first + n - 1. */
static void slow(uint64_t k, uint64_t first, size_t n, const double *l, jn_moments *done,
                 uint64_t *n_zero)
{
    *done = (jn_moments)JN_MOMENTS_INIT;
    *n_zero = 0;
    const uint64_t start = (first + k - 1) / k * k;
    for (uint64_t at = start; at + k <= first + n; at += k) {
        jn_lse sum = JN_LSE_INIT;
        for (uint64_t i = 0; i < k; i++) {
            jn_lse_add(&sum, l[at - first + i]);
        }
        jn_moments_add(done, jn_lse_log_mean(&sum), 1.0);
        *n_zero += jn_lse_log_sum(&sum) == -INFINITY;
    }
}

static void same(const jn_groups *g, const jn_moments *want, uint64_t n_zero)
{
    assert_int_equal(g->done.n, want->n);
    assert_int_equal(g->n_zero, n_zero);
    if (want->n > 0) {
        /* sums of the same terms in another order: values of size 60 */
        assert_close(g->done.mean, want->mean, 1e-13, 1e-12);
    }
    if (want->n > 0 && isfinite(want->mean)) {
        assert_close(g->done.m2, want->m2, 1e-11, 1e-11);
    }
}

static const uint64_t KS[] = { 1, 2, 3, 7, 10, 64, 100, 101, 349, 350, 699, 700, 701, 1000000 };
enum { N_K = sizeof KS / sizeof *KS };

/* The run is cut into blocks of any size, these into laws that are merged in order. */
static void test_any_split_into_blocks_and_merges(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 60; s++) {
        double l[MAX];
        make(s, MAX, l);
        if (s % 3 == 0) {
            for (size_t i = 0; i < MAX; i++) {
                l[i] = l[i] == -INFINITY ? -3.0 : l[i]; /* no zeros: means and spreads count */
            }
        }
        for (size_t j = 0; j < N_K; j++) {
            jn_groups whole;
            jn_groups_init(&whole, KS[j], 0);
            for (uint64_t at = 0, turn = 0; at < MAX; turn++) {
                jn_groups part;
                jn_groups_init(&part, KS[j], at);
                const uint64_t pieces = 1 + (uint64_t)(4.0 * jn_chance(s + 1000, turn));
                for (uint64_t p = 0; p < pieces && at < MAX; p++) {
                    const double size = s % 2 == 0 ? 7.0 : 150.0;
                    uint64_t n = (uint64_t)(size * jn_chance(s + 2000, 8 * turn + p));
                    n = n < MAX - at ? n : MAX - at;
                    jn_groups_add(&part, n, l + at, &NOT_SCALED);
                    at += n;
                }
                jn_groups_merge(&whole, &part);
            }
            jn_moments want;
            uint64_t n_zero;
            slow(KS[j], 0, MAX, l, &want, &n_zero);
            assert_int_equal(whole.n, MAX);
            same(&whole, &want, n_zero);
        }
    }
}

/* A run that begins inside a group keeps what belongs to the group begun before. */
static void test_a_run_that_begins_anywhere(void **state)
{
    (void)state;
    double l[MAX];
    make(5, MAX, l);
    for (uint64_t first = 1; first < 400; first += 37) {
        for (size_t j = 0; j < N_K; j++) {
            jn_groups g;
            jn_groups_init(&g, KS[j], first);
            jn_groups_add(&g, MAX - first, l + first, &NOT_SCALED);
            jn_moments want;
            uint64_t n_zero;
            slow(KS[j], first, MAX - first, l + first, &want, &n_zero);
            same(&g, &want, n_zero);
            uint64_t head = (KS[j] - first % KS[j]) % KS[j];
            head = head < MAX - first ? head : MAX - first;
            assert_int_equal(g.head.n, head);
        }
    }
}

/* (a + b) + c = a + (b + c), also where b lies whole inside one group. */
static void test_merging_is_associative(void **state)
{
    (void)state;
    double l[MAX];
    make(9, MAX, l);
    static const size_t cuts[][2] = { { 3, 5 }, { 350, 351 }, { 0, 0 }, { 64, 128 }, { 99, 700 } };
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        for (size_t j = 0; j < N_K; j++) {
            const size_t at[] = { 0, cuts[c][0], cuts[c][1], MAX };
            jn_groups p[3], left;
            for (size_t i = 0; i < 3; i++) {
                jn_groups_init(&p[i], KS[j], at[i]);
                jn_groups_add(&p[i], at[i + 1] - at[i], l + at[i], &NOT_SCALED);
            }
            left = p[0];
            jn_groups_merge(&left, &p[1]);
            jn_groups_merge(&left, &p[2]);
            jn_groups_merge(&p[1], &p[2]);
            jn_groups_merge(&p[0], &p[1]);
            assert_int_equal(left.n, MAX);
            assert_int_equal(p[0].n, MAX);
            assert_int_equal(left.tail.n, p[0].tail.n);
            same(&left, &p[0].done, p[0].n_zero);
        }
    }
}

/* Weights in some unit, made beforehand, give the same groups and controls as log-weights do. */
static void test_scaled_weights(void **state)
{
    (void)state;
    static double l[MAX], w[MAX], w1[MAX];
    static const double units[] = { -3.0, 40.0, -80.0 };
    for (uint64_t s = 0; s < 6; s++) {
        const double spread = s % 2 == 0 ? 1e-6 : 3.0;
        for (size_t u = 0; u < 3; u++) {
            for (size_t i = 0; i < MAX; i++) {
                l[i] = -3.0 + spread * jn_chance_normal(s, i);
                w[i] = exp(l[i] - units[u]);
                w1[i] = expm1(l[i] - units[u]);
            }
            for (size_t j = 0; j < N_K; j++) {
                jn_groups plain, scaled;
                jn_groups_init(&plain, KS[j], 0);
                jn_groups_init(&scaled, KS[j], 0);
                plain.log_p = scaled.log_p = -3.0; /* the unit, in one case of three */
                for (size_t at = 0, n = 60; at < MAX; at += n) {
                    n = n < MAX - at ? n : MAX - at;
                    jn_groups_add(&plain, n, l + at, &NOT_SCALED);
                    jn_groups_add(&scaled, n, l + at,
                                  &(jn_scaled){ .unit = units[u], .w = w + at, .w1 = w1 + at });
                }
                assert_int_equal(scaled.n, plain.n);
                assert_int_equal(scaled.done.n, plain.done.n);
                /* a log of size 80 */
                assert_close(scaled.done.mean, plain.done.mean, 0.0, 3e-14);
                assert_close(scaled.done.m2, plain.done.m2, 1e-6, 1e-16);
                for (int f = 0; f < 2; f++) {
                    const jn_control *a = &scaled.fold[f], *b = &plain.fold[f];
                    assert_int_equal(a->n, b->n);
                    assert_close(a->x, b->x, 1e-12, 1e-13);
                    assert_close(a->y, b->y, 1e-12, 3e-14);
                    assert_close(a->xx, b->xx, 1e-6, 1e-16);
                    assert_close(a->xy, b->xy, 1e-6, 1e-16);
                    assert_close(a->yy, b->yy, 1e-6, 1e-16);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_split_into_blocks_and_merges),
        cmocka_unit_test(test_a_run_that_begins_anywhere),
        cmocka_unit_test(test_merging_is_associative),
        cmocka_unit_test(test_scaled_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
