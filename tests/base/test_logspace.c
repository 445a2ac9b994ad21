#include "assertions.h"

#include "chance.h"
#include "jensen/logspace.h"

static double slow_log_sum(size_t n, const double *v)
{
    long double top = -INFINITY, sum = 0.0L;
    for (size_t i = 0; i < n; i++) {
        top = fmaxl(top, v[i]);
    }
    if (top == -INFINITY) {
        return -INFINITY;
    }
    for (size_t i = 0; i < n; i++) {
        sum += expl(v[i] - top);
    }
    return (double)(top + logl(sum));
}

static void test_log_mean_matches_closed_form(void **state)
{
    (void)state;
    /* v_i = i log 2 - 2000, i < 10: the sum of exp is 1023 e^-2000; each exp alone is 0 */
    jn_lse a = JN_LSE_INIT;
    for (int i = 0; i < 10; i++) {
        jn_lse_add(&a, i * log(2.0) - 2000.0);
    }
    assert_close(jn_lse_log_mean(&a), log(102.3) - 2000.0, 4e-16, 0.0); /* one ulp of 2000 */
}

/* One by one, by arrays, and merged from any split: the long double sum. */
static void test_every_way_of_adding_agrees(void **state)
{
    (void)state;
    enum { N = 301 };
    for (uint64_t s = 0; s < 20; s++) {
        double v[N];
        for (size_t i = 0; i < N; i++) {
            v[i] = jn_chance(s, 2 * i) < 0.2 ? -INFINITY : 800.0 * jn_chance_normal(s, 2 * i + 1);
        }
        const double want = slow_log_sum(N, v);
        jn_lse one = JN_LSE_INIT, array = JN_LSE_INIT, merged = JN_LSE_INIT;
        jn_lse_add_array(&array, N, v);
        for (size_t i = 0; i < N; i++) {
            jn_lse_add(&one, v[i]);
        }
        for (size_t first = 0, count; first < N; first += count) {
            jn_lse part = JN_LSE_INIT;
            count = 1 + (size_t)(40.0 * jn_chance(s + 99, first));
            count = count < N - first ? count : N - first;
            jn_lse_add_array(&part, count, v + first);
            jn_lse_merge(&merged, &part);
        }
        /* a sum of 301 terms, then a rounding of the value */
        assert_close(jn_lse_log_sum(&one), want, 4e-16, 1e-14);
        assert_close(jn_lse_log_sum(&array), want, 4e-16, 1e-14);
        assert_close(jn_lse_log_sum(&merged), want, 4e-16, 1e-14);
        assert_int_equal(one.n, N);
        assert_int_equal(array.n, N);
        assert_int_equal(merged.n, N);
    }
}

static void test_nothing_and_zeros(void **state)
{
    (void)state;
    jn_lse a = JN_LSE_INIT, b = JN_LSE_INIT;
    assert_true(isnan(jn_lse_log_mean(&a)));
    assert_true(jn_lse_log_sum(&a) == -INFINITY);
    jn_lse_add(&a, -INFINITY);
    jn_lse_add_array(&a, 2, (double[]){ -INFINITY, -INFINITY });
    jn_lse_add_array(&a, 0, NULL);
    assert_int_equal(a.n, 3);
    assert_true(jn_lse_log_mean(&a) == -INFINITY);
    jn_lse_merge(&b, &a);
    jn_lse_merge(&a, &b);
    assert_int_equal(a.n, 6);
    assert_true(jn_lse_log_sum(&a) == -INFINITY);
    jn_lse_add(&a, 3.0); /* 6 zeros and e^3 */
    assert_close(jn_lse_log_mean(&a), 3.0 - log(7.0), 1e-15, 0.0);
    jn_lse_merge(&b, &a);
    assert_close(jn_lse_log_sum(&b), 3.0, 1e-15, 0.0);
}

static void test_log_add(void **state)
{
    (void)state;
    assert_close(jn_log_add(-1000.0, -1000.0), -1000.0 + log(2.0), 2e-16, 0.0);
    assert_close(jn_log_add(0.0, -40.0), 4.248354255291589e-18, 1e-15, 0.0); /* log1p(e^-40) */
    assert_close(jn_log_add(-40.0, 0.0), 4.248354255291589e-18, 1e-15, 0.0);
    assert_true(jn_log_add(-INFINITY, -INFINITY) == -INFINITY);
    assert_true(jn_log_add(-INFINITY, 5.0) == 5.0);
    assert_true(jn_log_add(5.0, -INFINITY) == 5.0);
}

/* Two passes in long double. */
static void slow_moments(size_t n, const double *x, const double *w, double *mean, double *m2)
{
    long double sum = 0.0L, weight = 0.0L, square = 0.0L;
    for (size_t i = 0; i < n; i++) {
        sum += (long double)w[i] * x[i];
        weight += w[i];
    }
    for (size_t i = 0; i < n; i++) {
        square += w[i] * (x[i] - sum / weight) * (x[i] - sum / weight);
    }
    *mean = (double)(sum / weight);
    *m2 = (double)square;
}

/* Far from 0, where the textbook formula E x^2 - (E x)^2 has no digits left. */
static void test_moments_against_two_passes(void **state)
{
    (void)state;
    enum { N = 500 };
    for (uint64_t s = 0; s < 20; s++) {
        double x[N], w[N], mean, m2;
        for (size_t i = 0; i < N; i++) {
            x[i] = 1e6 + jn_chance_normal(s, i);
            w[i] = jn_chance(s + 50, i) < 0.1 ? 0.0 : exp(3.0 * jn_chance_normal(s + 51, i));
        }
        slow_moments(N, x, w, &mean, &m2);
        jn_moments one = JN_MOMENTS_INIT, merged = JN_MOMENTS_INIT;
        for (size_t i = 0; i < N; i++) {
            jn_moments_add(&one, x[i], w[i]);
        }
        for (size_t first = 0, count; first < N; first += count) {
            jn_moments part = JN_MOMENTS_INIT;
            count = 1 + (size_t)(60.0 * jn_chance(s + 99, first));
            count = count < N - first ? count : N - first;
            for (size_t i = first; i < first + count; i++) {
                jn_moments_add(&part, x[i], w[i]);
            }
            jn_moments_merge(&merged, &part);
        }
        /* each step rounds at 1e6 eps = 2e-10 against a spread of 1 */
        assert_close(one.mean, mean, 1e-15, 0.0);
        assert_close(merged.mean, mean, 1e-15, 0.0);
        assert_close(one.m2, m2, 1e-9, 0.0);
        assert_close(merged.m2, m2, 1e-9, 0.0);
        assert_int_equal(one.n, N);
        assert_int_equal(merged.n, N);
        assert_close(merged.weight, one.weight, 1e-13, 0.0);
    }
}

static void test_variance_is_unbiased_and_scale_free(void **state)
{
    (void)state;
    jn_moments a = JN_MOMENTS_INIT, b = JN_MOMENTS_INIT;
    assert_true(isnan(jn_moments_variance(&a)));
    for (int i = 1; i <= 4; i++) { /* 1 2 3 4: variance 5/3 */
        jn_moments_add(&a, i, 1.0);
        jn_moments_add(&b, i, 0.001);
        assert_true(i > 1 || isnan(jn_moments_variance(&a)));
    }
    assert_close(jn_moments_variance(&a), 5.0 / 3.0, 1e-15, 0.0);
    assert_close(jn_moments_variance(&b), 5.0 / 3.0, 1e-14, 0.0);
}

static void test_infinities_among_values(void **state)
{
    (void)state;
    jn_moments a = JN_MOMENTS_INIT, b = JN_MOMENTS_INIT, empty = JN_MOMENTS_INIT;
    jn_moments_add(&a, 1.0, 1.0);
    jn_moments_add(&a, -INFINITY, 0.0); /* no mass: counts, changes nothing */
    assert_close(a.mean, 1.0, 0.0, 0.0);
    jn_moments_add(&a, -INFINITY, 1e-9);
    jn_moments_add(&a, 2.0, 1.0);
    assert_true(a.mean == -INFINITY && isnan(jn_moments_variance(&a)));
    assert_int_equal(a.n, 4);
    jn_moments_add(&b, 1.0, 1.0);
    jn_moments_merge(&b, &a);
    assert_true(b.mean == -INFINITY && isnan(b.m2));
    jn_moments_merge(&b, &empty);
    assert_true(b.mean == -INFINITY);
    jn_moments_merge(&empty, &a);
    assert_true(empty.mean == -INFINITY && empty.n == 4);
    jn_moments c = JN_MOMENTS_INIT;
    jn_moments_add(&c, 7.0, 1.0);
    jn_moments_merge(&a, &c);
    assert_true(a.mean == -INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_mean_matches_closed_form),
        cmocka_unit_test(test_every_way_of_adding_agrees),
        cmocka_unit_test(test_nothing_and_zeros),
        cmocka_unit_test(test_log_add),
        cmocka_unit_test(test_moments_against_two_passes),
        cmocka_unit_test(test_variance_is_unbiased_and_scale_free),
        cmocka_unit_test(test_infinities_among_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
