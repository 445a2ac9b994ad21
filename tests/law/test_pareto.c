/* k-hat against the algorithm written out slowly, and the companion that feeds it. */
#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "jensen/law.h"
#include "law/reuse.h"
#include "law/select.h"
#include "malloc_sweep.h"

enum { MAX = 20000 };
static double l[MAX];

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Zhang & Stephens (2009), their equations 6 to 9 with m = 30 + floor(sqrt n), in long double and
 * from weights that are sorted whole; k of Vehtari et al. has the other sign. */
static long double zhang_stephens(size_t n, const long double *x)
{
    const int m = 30 + (int)sqrtl((long double)n);
    long double theta[512], loglik[512], sum = 0.0L, mean = 0.0L;
    const long double star = x[(size_t)floorl((long double)n / 4.0L + 0.5L) - 1];
    for (int j = 1; j <= m; j++) {
        theta[j] = 1.0L / x[n - 1] +
                   (1.0L - sqrtl((long double)m / ((long double)j - 0.5L))) / (3.0L * star);
        long double k = 0.0L;
        for (size_t i = 0; i < n; i++) {
            k -= log1pl(-theta[j] * x[i]) / (long double)n;
        }
        loglik[j] = (long double)n * (logl(theta[j] / k) + k - 1.0L);
    }
    for (int j = 1; j <= m; j++) { /* the weight of theta_j, as printed: 1 / sum exp(L_i - L_j) */
        long double w = 0.0L;
        for (int i = 1; i <= m; i++) {
            w += expl(loglik[i] - loglik[j]);
        }
        mean += theta[j] / w;
        sum += 1.0L / w;
    }
    mean /= sum;
    long double k = 0.0L;
    for (size_t i = 0; i < n; i++) {
        k += log1pl(-mean * x[i]) / (long double)n;
    }
    return k;
}

static double slow_k(size_t s, const double *log_w)
{
    static double sorted[MAX];
    static long double x[MAX];
    memcpy(sorted, log_w, s * sizeof *sorted);
    qsort(sorted, s, sizeof *sorted, ascending);
    const size_t m = (size_t)ceil(fmin((double)s / 5.0, 3.0 * sqrt((double)s)));
    const double top = sorted[s - 1], cutoff = sorted[s - m - 1];
    for (size_t i = 0; i < m; i++) {
        x[i] = expl((long double)sorted[s - m + i] - top) - expl((long double)cutoff - top);
    }
    const double mm = (double)m;
    return (mm * (double)zhang_stephens(m, x) + 5.0) / (mm + 10.0);
}

/* Log-weights of many shapes: Pareto, normal, bounded; a tenth of them zero in some. */
static void make(uint64_t s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double u = jn_chance(s, 2 * i), z = jn_chance_normal(s, 2 * i + 1);
        switch (s % 4) {
        case 0:
            l[i] = -0.8 * log(u) - 300.0;
            break;
        case 1:
            l[i] = 3.0 * z + 1000.0;
            break;
        case 2:
            l[i] = log(0.3 + u);
            break;
        default:
            l[i] = u < 0.1 ? -INFINITY : 20.0 * z;
            break;
        }
    }
}

static void test_the_algorithm_written_slowly(void **state)
{
    (void)state;
    static const size_t sizes[] = { 21, 25, 100, 333, 1000, 4000, 20000 };
    for (uint64_t s = 0; s < 24; s++) {
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            make(s, sizes[j]);
            jn_pareto p;
            assert_ok(jn_pareto_fit(sizes[j], sizes[j], l, &p), NULL);
            assert_null(p.note);
            /* weights e^300 apart: of 1e-9 in long double as in double */
            assert_close(p.k, slow_k(sizes[j], l), 1e-9, 1e-9);
            assert_true(p.error > 0.0 && p.error < (1.0 + fabs(p.k)) / sqrt((double)p.tail));
        }
    }
}

/* True Pareto weights: the mean of k-hat is k and its spread what `error` says. */
static void test_true_shapes_and_their_error(void **state)
{
    (void)state;
    enum { RUNS = 400, S = 2000 };
    static const double shapes[] = { 0.1, 0.5, 0.9 };
    for (size_t j = 0; j < 3; j++) {
        double sum = 0.0, squares = 0.0, error = 0.0;
        const double k = shapes[j];
        for (uint64_t r = 0; r < RUNS; r++) {
            for (size_t i = 0; i < S; i++) {
                l[i] = -k * log(jn_chance(1000 + r, i));
            }
            jn_pareto p;
            assert_ok(jn_pareto_fit(S, S, l, &p), NULL);
            sum += p.k;
            squares += p.k * p.k;
            error += p.error / RUNS;
        }
        const double mean = sum / RUNS, sd = sqrt(squares / RUNS - mean * mean);
        /* the prior pulls to 0.5 by 10 / 145; 400 runs give the mean to sd / 20 */
        const double m = (double)jn_pareto_tail(S), pulled = (m * k + 5.0) / (m + 10.0);
        assert_close(mean, pulled, 0.0, 0.02 + 4.0 * sd / 20.0);
        assert_close(error, sd, 0.12, 0.0); /* sd of an sd of 400: 3.5 %; asymptotics: the rest */
    }
}

static void note(size_t n, const char *part)
{
    jn_pareto p;
    assert_ok(jn_pareto_fit(n, n, l, &p), NULL);
    assert_true(isnan(p.k) && isnan(p.error));
    assert_non_null(strstr(p.note, part));
}

static void test_no_tail_to_fit(void **state)
{
    (void)state;
    make(1, 20);
    note(20, "too few draws");
    note(0, "too few draws");
    for (size_t i = 0; i < 1000; i++) {
        l[i] = -3.0;
    }
    note(1000, "all the same");
    for (size_t i = 0; i < 1000; i++) { /* but for rounding */
        l[i] = -3.0 - 4.4e-16 * (double)(i * i % 17);
    }
    note(1000, "all the same");
    for (size_t i = 0; i < 1000; i++) {
        l[i] = -3.0;
    }
    l[0] = -2.0;
    note(1000, "fewer than 5 distinct");
    for (size_t i = 0; i < 1000; i++) {
        l[i] = -INFINITY;
    }
    note(1000, "all the same");
    for (size_t i = 0; i < 3; i++) {
        l[i] = (double)i;
    }
    note(1000, "fewer than 5 distinct"); /* three weights, and zero */
}

/* Ties with the cutoff put zeros where the fit takes its scale from. */
static void test_ties_with_the_cutoff(void **state)
{
    (void)state;
    make(0, 1000);
    qsort(l, 1000, sizeof *l, ascending);
    for (size_t i = 0; i < 950; i++) { /* the tail is 95 long: 45 of it equal the cutoff */
        l[i] = l[950];
    }
    jn_pareto p;
    assert_ok(jn_pareto_fit(1000, 1000, l, &p), NULL);
    assert_true(p.note == NULL && isfinite(p.k) && p.k > 0.0 && p.k < 3.0);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(jn_pareto_tail(20), 4);
    assert_int_equal(jn_pareto_tail(21), 5);
    assert_int_equal(jn_pareto_tail(4000), 190); /* 3 sqrt 4000 = 189.7 */
    assert_int_equal(jn_pareto_tail(UINT64_C(1) << 40), JN_TAIL_MAX);
    assert_close(jn_pareto_limit(100), 0.5, 1e-15, 0.0);
    assert_close(jn_pareto_limit(100000), 0.7, 0.0, 0.0);
}

/* Streams cut anyhow keep the same largest weights, and give the same k-hat to the last bit. */
static void test_companion_of_any_split(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 8; s++) {
        make(s, MAX);
        jn_pareto whole, parts;
        assert_ok(jn_pareto_fit(MAX, MAX, l, &whole), NULL);
        const jn_law_wish wish = { .needs = JN_NEED_TAIL, .n_tail = jn_pareto_tail(MAX) + 1 };
        jn_law law;
        assert_ok(jn_law_start(&law, &wish, NAN, 0), NULL);
        for (size_t at = 0, turn = 0; at < MAX; turn++) {
            jn_law part;
            assert_ok(jn_law_start(&part, &wish, NAN, at), NULL);
            for (int block = 0; block < 3 && at < MAX; block++) {
                size_t n = (size_t)(1500.0 * jn_chance(s + 50, 3 * turn + (size_t)block));
                n = n < MAX - at ? n : MAX - at;
                const jn_weights b = { .n = n, .index0 = at, .log_w = l + at };
                assert_ok(jn_law_add(&part, &b), NULL);
                at += n;
            }
            assert_ok(turn % 2 == 0 ? jn_law_merge(&law, &part) : jn_law_pool(&law, &part), NULL);
            jn_law_free(&part);
        }
        assert_true(law.tail.n >= wish.n_tail && law.tail.capacity <= 2 * wish.n_tail);
        assert_ok(jn_pareto_fit(MAX, law.tail.n, law.tail.log_w, &parts), NULL);
        assert_true(parts.k == whole.k && parts.error == whole.error);
        jn_law_free(&law);
    }
}

static void test_selection(void **state)
{
    (void)state;
    enum { N = 3000 };
    static double x[N], sorted[N];
    for (uint64_t s = 0; s < 40; s++) {
        const size_t n = 1 + (size_t)(jn_chance(s, 0) * (N - 1));
        const size_t k = (size_t)(jn_chance(s, 1) * (double)(n + 1));
        for (size_t i = 0; i < n; i++) { /* many ties in some */
            x[i] = s % 2 == 0 ? floor(10.0 * jn_chance(s + 100, i)) : jn_chance(s + 100, i);
        }
        memcpy(sorted, x, n * sizeof *x);
        qsort(sorted, n, sizeof *x, ascending);
        if (k > 0) {
            const double floor = jn_select_floor(n, x, k);
            assert_true(floor <= sorted[n - k]);
        }
        jn_select_largest(n, x, k);
        qsort(x, k, sizeof *x, ascending);
        for (size_t i = 0; i < k; i++) {
            assert_true(x[i] == sorted[n - k + i]);
        }
    }
}

static jn_status attempt(void *user)
{
    (void)user;
    jn_pareto p = { .k = 77.0 };
    const jn_status st = jn_pareto_fit(1000, 1000, l, &p);
    assert_true(st == JN_OK || p.k == 77.0);
    return st;
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    make(0, 1000);
    assert_true(jn_malloc_sweep(attempt, NULL) >= 1);
}

/* Magnitudes of all kinds with both infinities; a smooth tail; all but the largest crowded within a
 * part in 10^12 of the range; two values; one. */
static double value_of(int kind, size_t n, size_t i)
{
    const double u = jn_chance(n, i) - 0.5;
    switch (kind) {
    case 0:
        return i == 0       ? -INFINITY
               : i == n / 2 ? INFINITY
               : i % 7 == 0 ? u * 1e300
               : i % 5 == 0 ? u * 1e-310
               : i % 3 == 0 ? floor(8.0 * u)
                            : u;
    case 1:
        return -log(0.5 + u);
    case 2:
        return i == n / 3 ? 1e12 : u;
    case 3:
        return u < 0.0 ? -3.0 : 2.0;
    default:
        return 7.0;
    }
}

static void test_sorting(void **state)
{
    (void)state;
    enum { MOST = 700, KINDS = 5 };
    static double x[MOST], y[MOST], scratch[MOST];
    for (size_t k = 0, n = 0; n <= MOST; k++, n += k % KINDS == 0 ? 1 + n / 5 : 0) {
        for (size_t i = 0; i < n; i++) {
            x[i] = value_of((int)(k % KINDS), n, i);
        }
        memcpy(y, x, n * sizeof *y);
        qsort(y, n, sizeof *y, ascending);
        jn_sort_ascending(n, x, scratch);
        for (size_t i = 0; i < n; i++) {
            assert_true(x[i] == y[i]);
        }
    }
}

/* A floor under the tail from a first block: what is wanted lies above it, ties too. */
static void test_floor_of_a_tail(void **state)
{
    (void)state;
    enum { BLOCK = 512, MANY = 40000, KEEP = 300 };
    static double x[MANY];
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < MANY; i++) {
            const double u = jn_chance(kind, i);
            x[i] = kind == 0 ? log(u) : kind == 1 ? -1.5 : (u < 0.5 ? -INFINITY : -log(1.0 - u));
        }
        double few[BLOCK];
        memcpy(few, x, sizeof few);
        const double least = jn_law_tail_floor(BLOCK, few, KEEP, MANY);
        size_t above = 0;
        for (size_t i = 0; i < MANY; i++) {
            above += x[i] > least;
        }
        assert_true(above >= KEEP && (kind == 1 || above < MANY / 10));
    }
    const double none = jn_law_tail_floor(20, x, KEEP, 2.0 * KEEP);
    assert_true(none == -INFINITY);
}

/* A tail above a floor that was too high says so. */
static void test_a_short_tail_is_seen(void **state)
{
    (void)state;
    const jn_law_wish wish = { .needs = JN_NEED_TAIL, .n_tail = 3 };
    const double x[] = { 1.0, 2.0, -INFINITY, 4.0, 5.0 };
    const jn_weights b = { .n = 5, .log_w = x };
    static const double floors[] = { -INFINITY, 1.5, 2.0, 9.0 };
    for (size_t i = 0; i < 4; i++) {
        jn_law law;
        assert_ok(jn_law_start(&law, &wish, NAN, 0), NULL);
        jn_law_tail_from(&law, floors[i]);
        assert_ok(jn_law_add(&law, &b), NULL);
        assert_true(jn_law_tail_short(&law) == (i > 1));
        jn_law_clear(&law, NAN, 0);
        assert_ok(jn_law_add(&law, &b), NULL);
        assert_false(jn_law_tail_short(&law));
        jn_law_free(&law);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_algorithm_written_slowly),
        cmocka_unit_test(test_true_shapes_and_their_error),
        cmocka_unit_test(test_no_tail_to_fit),
        cmocka_unit_test(test_ties_with_the_cutoff),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_companion_of_any_split),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_sorting),
        cmocka_unit_test(test_floor_of_a_tail),
        cmocka_unit_test(test_a_short_tail_is_seen),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
