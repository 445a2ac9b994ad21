#include "assertions.h"

#include "chance.h"
#include "law/tilt.h"

enum { N = 1300 };

static void make(double *l, double *log_m)
{
    for (size_t i = 0; i < N; i++) {
        l[i] = jn_chance(1, i) < 0.05 ? -INFINITY : 40.0 * jn_chance_normal(2, i) - 200.0;
        log_m[i] = -3.0 * jn_chance(3, i);
    }
}

/* By the definition, in units of e^shift. */
static void slow(size_t n, const double *l, const double *log_m, double beta, double *log_sum,
                 double *mean)
{
    long double shift = -INFINITY, sum = 0.0L, first = 0.0L;
    for (size_t i = 0; i < n; i++) {
        if (l[i] > -INFINITY) {
            shift = fmaxl(shift, (long double)beta * l[i] + log_m[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (l[i] > -INFINITY) {
            const long double e = expl((long double)beta * l[i] + log_m[i] - shift);
            sum += e;
            first += e * l[i];
        }
    }
    *log_sum = (double)(shift + logl(sum));
    *mean = (double)(first / sum);
}

static const double BETAS[] = { -3.0, -0.5, 1e-3, 0.25, 1.0, 2.0, 5.0 };

static void test_sums_of_any_split(void **state)
{
    (void)state;
    double l[N], log_m[N];
    make(l, log_m);
    for (size_t b = 0; b < sizeof BETAS / sizeof *BETAS; b++) {
        jn_tilt whole, parts;
        jn_tilt_init(&whole, BETAS[b]);
        jn_tilt_init(&parts, BETAS[b]);
        jn_tilt_add(&whole, N, l, log_m, NULL);
        for (size_t at = 0, turn = 0; at < N; turn++) {
            jn_tilt part;
            jn_tilt_init(&part, BETAS[b]);
            size_t n = (size_t)(200.0 * jn_chance(7, turn));
            n = n < N - at ? n : N - at;
            jn_tilt_add(&part, n, l + at, log_m + at, NULL);
            jn_tilt_merge(&parts, &part);
            at += n;
        }
        double log_sum, mean;
        slow(N, l, log_m, BETAS[b], &log_sum, &mean);
        /* exponents of size beta * 400 round at 1e-13 */
        assert_close(jn_tilt_log_sum(&whole), log_sum, 1e-14, 1e-12);
        assert_close(jn_tilt_mean(&whole), mean, 1e-12, 0.0);
        assert_close(jn_tilt_log_sum(&parts), log_sum, 1e-14, 1e-12);
        assert_close(jn_tilt_mean(&parts), mean, 1e-12, 0.0);
    }
}

static void test_equal_masses_and_nothing(void **state)
{
    (void)state;
    static const double l[] = { 1.0, -INFINITY, 3.0 };
    jn_tilt t;
    jn_tilt_init(&t, 2.0);
    assert_close(jn_tilt_log_sum(&t), -INFINITY, 0.0, 0.0);
    assert_true(isnan(jn_tilt_mean(&t)));
    jn_tilt_add(&t, 1, l + 1, NULL, NULL); /* a zero weight counts as nothing */
    assert_close(jn_tilt_log_sum(&t), -INFINITY, 0.0, 0.0);
    jn_tilt_add(&t, 3, l, NULL, NULL);
    assert_close(jn_tilt_log_sum(&t), log(exp(2.0) + exp(6.0)), 1e-15, 0.0);
    assert_close(jn_tilt_mean(&t), (exp(2.0) + 3.0 * exp(6.0)) / (exp(2.0) + exp(6.0)), 1e-15, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_of_any_split),
        cmocka_unit_test(test_equal_masses_and_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
