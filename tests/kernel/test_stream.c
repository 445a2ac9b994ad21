#include "kernel/isas.h"

#include <string.h>

enum { N = 203 };

static void draw(uint64_t seed, double *x, double low, double high)
{
    for (size_t i = 0; i < N; i++) {
        x[i] = next_between(&seed, low, high);
    }
}

/* Differences of two numbers: correctly rounded, so equal. */
static void test_weigh(void **state)
{
    (void)state;
    static double lik[N], q[N], prior[N], ratio[N + 1], w[N + 1], marks[4];
    draw(1, lik, -900.0, 3.0);
    draw(2, q, -30.0, 3.0);
    draw(3, prior, -30.0, 3.0);
    q[17] = prior[60] = lik[201] = -INFINITY;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 0; n <= N; n++) {
            for (int with_prior = 0; with_prior < 2; with_prior++) {
                ratio[n] = w[n] = 42.0; /* not to be touched */
                assert_true(sets[s]->weigh(n, lik, q, with_prior ? prior : NULL, ratio, w, marks));
                double want[4] = { 0.0 };
                for (size_t i = 0; i < n; i++) {
                    const double r = with_prior ? q[i] - prior[i] : 0.0;
                    assert_true(ratio[i] == r);
                    assert_true(w[i] == (q[i] == -INFINITY ? -INFINITY : lik[i] - r));
                    want[0] += lik[i] - lik[0];
                    want[1] += (lik[i] - lik[0]) * (lik[i] - lik[0]);
                    want[2] += r - ratio[0];
                    want[3] += (r - ratio[0]) * (r - ratio[0]);
                }
                for (int j = 0; j < 4; j++) { /* sums of 203 terms below 1e6 */
                    assert_true(isfinite(want[j]) ? fabs(marks[j] - want[j]) < 1e-7
                                                  : !isfinite(marks[j]));
                }
                assert_true(ratio[n] == 42.0 && w[n] == 42.0);
            }
        }
    }
}

static void test_weigh_sees_what_is_wrong(void **state)
{
    (void)state;
    static double a[3][N], ratio[N], w[N], marks[4];
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t at = 0; at < N; at++) {
            for (int which = 0; which < 3; which++) { /* log_lik, log_q, log_prior */
                for (int nan = 0; nan < 2; nan++) {
                    memset(a, 0, sizeof a);
                    a[which][at] = nan ? NAN : INFINITY;
                    assert_false(sets[s]->weigh(N, a[0], a[1], a[2], ratio, w, marks));
                    assert_true(sets[s]->weigh(at, a[0], a[1], a[2], ratio, w, marks));
                }
            }
        }
    }
}

static void test_extent_and_measure(void **state)
{
    (void)state;
    static double x[N], y[N];
    draw(4, x, -50.0, 20.0);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 1; n <= N; n++) {
            double out[2], got[4], low = INFINITY, high = -INFINITY, sum = 0.0, squares = 0.0;
            for (size_t i = 0; i < n; i++) {
                sum += x[i] - 1.5;
                squares += (x[i] - 1.5) * (x[i] - 1.5);
                low = fmin(low, x[i]);
                high = fmax(high, x[i]);
            }
            sets[s]->extent(n, x, out);
            assert_true(out[0] == low && out[1] == high);
            sets[s]->measure(n, x, 1.5, got);
            assert_true(got[0] == low && got[1] == high);
            assert_close(got[2], sum, 1e-13, 1e-10); /* at most 2N roundings of at most 50^2 */
            assert_close(got[3], squares, 1e-13, 1e-10);
            for (size_t at = 0; at < n; at += 7) {
                memcpy(y, x, n * sizeof *y);
                y[at] = -INFINITY;
                sets[s]->extent(n, y, out);
                assert_true(out[0] == -INFINITY);
            }
        }
        double none[2];
        const double all[] = { -INFINITY, -INFINITY };
        sets[s]->extent(2, all, none);
        assert_true(none[0] == -INFINITY && none[1] == -INFINITY);
    }
}

static void test_powers(void **state)
{
    (void)state;
    static double x[N];
    draw(5, x, -40.0, 7.0);
    x[100] = -INFINITY;
    x[3] = -1e300;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t n = 0; n <= N; n++) {
        long double want[3] = { 0.0L, 0.0L, 0.0L };
        for (size_t i = 0; i < n; i++) {
            for (int j = 0; j < 3; j++) {
                want[j] += expl((j + 1) * ((long double)x[i] - 7.0L));
            }
        }
        for (size_t s = 0; s < n_sets; s++) {
            double got[3];
            sets[s]->powers(n, x, 7.0, got);
            for (int j = 0; j < 3; j++) { /* three times the rounding of e^x, and of a sum */
                assert_close(got[j], (double)want[j], 2e-15, 0.0);
            }
        }
    }
}

static void test_diagonal(void **state)
{
    (void)state;
    enum { DIM = 3, LD = N + 2 };
    static double e[DIM * LD], z[DIM * LD];
    const double mean[] = { 0.3, -2.0, 1e3 }, sd[] = { 1.5, 0, 0, 0, 0.1, 0, 0, 0, 7.0 };
    uint64_t seed = 6;
    for (size_t i = 0; i < DIM * LD; i++) {
        e[i] = next_between(&seed, -4.0, 4.0);
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 0; n <= N; n += 1 + n / 9) {
            memcpy(z, e, sizeof z);
            sets[s]->diagonal(DIM, mean, sd, DIM + 1, n, LD, z, z);
            for (size_t i = 0; i < DIM * LD; i++) {
                const size_t d = i / LD;
                const double want = i % LD < n ? mean[d] + sd[d * (DIM + 1)] * e[i] : e[i];
                assert_close(z[i], want, 4e-16, 4e-16 * fabs(mean[d])); /* fused or not */
            }
        }
    }
}

static void test_above(void **state)
{
    (void)state;
    enum { LONG = 1100 }; /* more than are noted at a time */
    static double x[LONG], got[LONG + 1], want[LONG];
    for (size_t i = 0; i < LONG; i += N) {
        double some[N];
        draw(7 + i, some, -1.0, 1.0);
        memcpy(x + i, some, (LONG - i < N ? LONG - i : N) * sizeof *x);
    }
    x[20] = x[33] = 0.25;
    x[40] = -INFINITY;
    static const double floors[] = { -INFINITY, -2.0, 0.0, 0.25, 0.9, 1.0 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 0; n <= LONG; n += n < N ? 1 : 23) {
            for (size_t f = 0; f < 6; f++) {
                size_t m = 0;
                for (size_t i = 0; i < n; i++) {
                    want[m] = x[i];
                    m += x[i] > floors[f];
                }
                got[n] = 42.0;
                assert_int_equal(sets[s]->above(n, x, floors[f], got), m);
                assert_memory_equal(got, want, m * sizeof *got);
                assert_true(got[n] == 42.0);
            }
        }
    }
}

static void test_sum_log1p(void **state)
{
    (void)state;
    static double x[N];
    draw(8, x, 0.0, 1.0);
    x[5] = 1.0;
    x[6] = 0.0;
    /* -1 + 1e-12: factors near 0; 1e30: eight of them are 1e240 */
    static const double scales[] = { -1.0 + 1e-12, -0.9, -1e-9, 0.0, 1e-300, 1e-12, 3.0, 1e30 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t n = 0; n <= N; n += 1 + n / 11) {
        for (size_t k = 0; k < 8; k++) {
            long double want = 0.0L, rounding = 0.0L;
            for (size_t i = 0; i < n; i++) {
                const long double a = (long double)scales[k] * x[i];
                want += log1pl(a);
                rounding += fabsl(a / (1.0L + a)); /* of the product, as the log sees it */
            }
            for (size_t s = 0; s < n_sets; s++) {
                assert_close(sets[s]->sum_log1p(n, x, scales[k]), (double)want, 4e-15,
                             3e-16 * (double)rounding);
            }
        }
    }
}

/* What is summed, in long double. */
static void slow_sums(size_t n, const double *x, double unit, long double power[3],
                      long double fold[2][5])
{
    for (size_t i = 0; i < n; i++) {
        const double off = x[i] - unit, y = x[i] - x[0]; /* as the kernel rounds them */
        const long double w1 = expm1l(off),
                          terms[5] = { w1, y, w1 * w1, w1 * y, (long double)y * y };
        for (int j = 0; j < 5; j++) {
            fold[i % 2][j] += terms[j];
        }
        for (int j = 0; j < 3; j++) {
            power[j] += expl((j + 1) * (long double)off);
        }
    }
}

static void check_weights(const jn_kernels *k, size_t n, const double *x)
{
    static double w[N + 1], w1[N + 1];
    jn_draw_sums got;
    long double power[3] = { 0.0L }, fold[2][5] = { { 0.0L } };
    double low = INFINITY, high = -INFINITY, size[5] = { 0.0 };
    w[n] = w1[n] = 42.0;
    k->weights(n, x, -7.0, w, w1, &got);
    slow_sums(n, x, -7.0, power, fold);
    for (size_t i = 0; i < n; i++) {
        const double off = x[i] + 7.0, y = fabs(x[i] - x[0]), v = fabs((double)expm1l(off));
        assert_close(w[i], (double)expl(off), 4e-16, 0.0);
        assert_close(w1[i], (double)expm1l(off), 4e-16, fmin(3e-16, 2e-11 * fabs(off * off * off)));
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
        const double terms[5] = { v, y, v * v, v * y, y * y };
        for (int j = 0; j < 5; j++) {
            size[j] += terms[j];
        }
    }
    assert_true(got.range[0] == low && got.range[1] == high);
    assert_true(w[n] == 42.0 && w1[n] == 42.0);
    for (int j = 0; j < 3; j++) {
        assert_close(got.power[j], (double)power[j], 4e-15, 1e-270);
    }
    for (int j = 0; j < 5; j++) { /* signs differ: relative to the sum of sizes */
        for (int f = 0; f < 2; f++) {
            assert_close(got.fold[f][j], (double)fold[f][j], 0.0, 1e-14 * size[j]);
        }
    }
}

static void test_weights(void **state)
{
    (void)state;
    static double wide[N], near[N];
    draw(9, wide, -640.0, 190.0);
    draw(12, near, -8.0, -6.0);
    for (size_t i = 0; i < N; i += 3) { /* near the unit, where w - 1 is small */
        wide[i] = -7.0 + 1e-9 * wide[i];
        near[i] = -7.0 + 0.01 * (near[i] + 7.0);
    }
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t n = 1; n <= N; n++) {
            check_weights(sets[s], n, wide);
            check_weights(sets[s], n, near);
        }
    }
}

static void test_control(void **state)
{
    (void)state;
    static double x[N], y[N];
    draw(10, x, -1.0, 5.0);
    draw(11, y, -3.0, 1.0);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t n = 0; n <= N; n += 1 + n / 17) {
        double want[2][5] = { { 0.0 } };
        for (size_t i = 0; i < n; i++) {
            const double dx = x[i] - x[i % 2], dy = y[i] - y[i % 2];
            const double terms[5] = { dx, dy, dx * dx, dx * dy, dy * dy };
            for (int j = 0; j < 5; j++) {
                want[i % 2][j] += terms[j];
            }
        }
        for (size_t s = 0; s < n_sets; s++) {
            double got[2][5];
            sets[s]->control(n, x, y, got);
            for (int j = 0; j < 5; j++) { /* sums of 100 terms of size up to 36 */
                assert_close(got[0][j], want[0][j], 0.0, 1e-12);
                assert_close(got[1][j], want[1][j], 0.0, 1e-12);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weigh),
        cmocka_unit_test(test_weigh_sees_what_is_wrong),
        cmocka_unit_test(test_extent_and_measure),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_diagonal),
        cmocka_unit_test(test_above),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_sum_log1p),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
