#include "assertions.h"

#include "chance.h"
#include "malloc_sweep.h"
#include "source/axis.h"

static const double BS[] = { 0.0, 0.5, -3.0, 30.0, -1000.0 };
static const double RS[] = { 1e-3, 0.03, 0.5, 1.0, 1.3, 30.0, 1e3 };
enum { N_B = 5, N_R = 7 };

static void test_inverse(void **state)
{
    (void)state;
    for (size_t b = 0; b < N_B; b++) {
        for (size_t r = 0; r < N_R; r++) {
            const jn_axis_map m = jn_axis_map_make(BS[b], RS[r]);
            const double reach = fabs(BS[b]) + 20.0 * (1.0 + RS[r]);
            for (size_t i = 0; i < 200; i++) {
                const double x = reach * (2.0 * jn_chance(b * N_R + r, i) - 1.0);
                const double t = jn_axis_t(&m, x), dx = jn_axis_dx(&m, x);
                /* t has a rounding of its own, worth dx of it */
                assert_close(jn_axis_x(&m, t), x, 4e-15, 1e-14 + 1e-14 * fabs(t) * dx);
                assert_true(dx > 0.0);
                const double h = 1e-3 * dx; /* the derivative, by differences */
                const double slope = (jn_axis_t(&m, x + h) - jn_axis_t(&m, x - h)) / (2.0 * h);
                assert_close(1.0 / slope, dx, 1e-5, 0.0);
            }
        }
    }
}

/* Steps of h in t are at most h widths at either bump, and grow with the distance. */
static void test_resolution(void **state)
{
    (void)state;
    for (size_t b = 0; b < N_B; b++) {
        for (size_t r = 0; r < N_R; r++) {
            const jn_axis_map m = jn_axis_map_make(BS[b], RS[r]);
            assert_true(jn_axis_dx(&m, 0.0) <= 1.05);
            assert_true(jn_axis_dx(&m, BS[b]) <= 1.05 * RS[r] + 0.4 * (m.n_bumps == 1));
            const double far = 1e6 * (1.0 + fabs(BS[b]) + RS[r]);
            assert_true(jn_axis_dx(&m, far) > 0.04 * far / 1.0001);
            assert_true(jn_axis_dx(&m, far) < 0.11 * far);
        }
    }
}

static void test_nodes(void **state)
{
    (void)state;
    const jn_axis_map m = jn_axis_map_make(2.0, 0.1);
    jn_axis a;
    assert_ok(jn_axis_new(&m, -30.0, 40.0, 0.2, &a), NULL);
    double sum = 0.0;
    for (size_t i = 0; i < a.n; i++) {
        assert_true(i == 0 || a.x[i] > a.x[i - 1]);
        const double d = (a.x[i] - 2.0) / 0.1;
        sum += exp(a.log_step[i] - 0.5 * d * d) / (0.1 * sqrt(2.0 * M_PI));
        assert_close(jn_axis_t(&m, a.x[i]) / 0.2, round(jn_axis_t(&m, a.x[i]) / 0.2), 0.0, 1e-11);
    }
    assert_close(sum, 1.0, 1e-13, 0.0); /* exponential convergence: e^-(2 pi^2 / 0.04) */
    jn_axis_free(&a);
    assert_null(a.x);
    assert_int_equal(jn_axis_new(&m, 0.0, 0.1, 0.2, &a), JN_REFUSED);
    assert_int_equal(jn_axis_new(&m, 0.0, 1e7, 0.2, &a), JN_REFUSED);
    assert_int_equal(jn_axis_new(&m, 0.0, NAN, 0.2, &a), JN_REFUSED);
    jn_malloc_allow(0);
    const jn_status st = jn_axis_new(&m, 0.0, 10.0, 0.2, &a);
    jn_malloc_allow(-1);
    assert_int_equal(st, JN_ERR_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_resolution),
        cmocka_unit_test(test_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
