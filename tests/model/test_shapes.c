/* funnel, banana, student: densities that are normalised by construction. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "malloc_sweep.h"

static jn_model *make_model(const char *name, const char *const *texts)
{
    jn_model *m = jn_test_model(name, texts, NULL);
    jn_estimate e;
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_true(e.value == 0.0 && e.error == 0.0 && e.kind == JN_EXACT);
    assert_string_equal(e.method, "normalised by construction");
    assert_false(m->density->has_split);
    assert_null(m->density->prior_map);
    assert_int_equal(m->n_obs, 1);
    return m;
}

/* The map against the density: log |dz / de| by the chain of conditionals, one column each. */
static void test_funnel(void **state)
{
    (void)state;
    jn_model *m = make_model("funnel", TEXTS("dim=3", "scale=2"));
    assert_int_equal(m->dim, 3);
    assert_true(m->density->rugged);
    const double base[] = { 0.7, -1.1, 0.4 };
    double z[3], out;
    assert_ok(m->density->posterior_map(m->self, 0, 1, 1, base, z), NULL);
    assert_close(z[0], 1.4, 1e-15, 0.0);
    assert_close(z[2], exp(0.7) * 0.4, 1e-15, 0.0);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 1, 1, z, 1, &out), NULL);
    const double square = 0.49 + 1.21 + 0.16;
    assert_close(out, -1.5 * log(2.0 * M_PI) - 0.5 * square - log(2.0) - 1.4, 1e-15, 0.0);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_test_derivatives(m, 0, z);
    jn_test_derivatives(m, 0, (double[]){ -1.0, 0.0, 0.8 });
    double tail[9];
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    for (size_t i = 0; i < 9; i++) {
        assert_close(tail[i], i == 0 ? 0.25 : 0.0, 0.0, 0.0);
    }
    jn_model_free(m);
}

/* In the neck 1 / sd overflows: 0 times it is 0, anything else is impossible. */
static void test_funnel_far_out(void **state)
{
    (void)state;
    jn_model *m = make_model("funnel", NULL);
    const double z[] = { -2000.0, -2000.0, 2000.0, 0.0, 1e-3, 1e300 };
    double out[3], grad[2], value;
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 3, 3, z, 3, out), NULL);
    const double line = -log(2.0 * M_PI) - log(3.0) - 0.5 * 4e6 / 9.0;
    assert_close(out[0], line + 1000.0, 1e-14, 0.0);
    assert_true(out[1] == -INFINITY);
    assert_close(out[2], line - 1000.0, 1e-14, 0.0); /* e^-1000 1e300 is nothing */
    assert_ok(m->density->derivatives(m->self, 0, (double[]){ -2000.0, 0.0 }, &value, grad, NULL),
              NULL);
    assert_true(isfinite(grad[0]) && grad[1] == 0.0);
    jn_model_free(m);
}

static void test_banana(void **state)
{
    (void)state;
    jn_model *m = make_model("banana", TEXTS("sd=1.5", "curvature=0.6"));
    assert_int_equal(m->dim, 2);
    assert_true(m->density->rugged);
    double z[2], out, tail[4] = { 7, 7, 7, 7 };
    assert_ok(m->density->posterior_map(m->self, 0, 1, 1, (double[]){ 2.0, -0.3 }, z), NULL);
    assert_close(z[0], 3.0, 1e-15, 0.0);
    assert_close(z[1], 0.6 * (9.0 - 2.25) - 0.3, 1e-15, 0.0);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 1, 1, z, 1, &out), NULL);
    assert_close(out, -log(2.0 * M_PI) - log(1.5) - 0.5 * (4.0 + 0.09), 1e-14, 0.0);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_test_derivatives(m, 0, (double[]){ 0.8, -1.0 });
    assert_int_equal(m->density->tail_precision(m->self, 0, tail), JN_ERR_UNSUPPORTED);
    assert_true(tail[0] == 7.0);
    jn_model_free(m);
    m = make_model("banana", TEXTS("sd=2", "curvature=0")); /* straight: a Gaussian */
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_true(tail[0] == 0.25 && tail[1] == 0.0 && tail[2] == 0.0 && tail[3] == 1.0);
    jn_model_free(m);
}

/* Normalised on a plane of 2-D trapezoids, where mean and variance of z_2 are known too. */
static void test_banana_moments(void **state)
{
    (void)state;
    enum { N = 400 };
    static double z[2 * N], out[N];
    jn_model *m = make_model("banana", TEXTS("sd=1", "curvature=0.5"));
    double mass = 0.0, mean = 0.0, square = 0.0;
    const double h0 = 18.0 / N, h1 = 60.0 / N;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            z[j] = -9.0 + (double)i * h0;
            z[N + j] = -10.0 + (double)j * h1;
        }
        assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, N, N, z, N, out), NULL);
        for (size_t j = 0; j < N; j++) {
            const double p = h0 * h1 * exp(out[j]);
            mass += p;
            mean += p * z[N + j];
            square += p * z[N + j] * z[N + j];
        }
    }
    /* the rule is exact to e^-(2 pi^2 / h^2) at unit width; the box ends 9 sd out */
    assert_close(mass, 1.0, 0.0, 1e-12);
    assert_close(mean, 0.0, 0.0, 1e-12);
    assert_close(square, 1.0 + 0.25 * 2.0, 0.0, 1e-11);
    jn_model_free(m);
}

static void test_student(void **state)
{
    (void)state;
    jn_model *m = make_model("student", TEXTS("dim=2", "df=3"));
    assert_int_equal(m->dim, 2);
    assert_false(m->density->rugged);
    assert_int_equal(m->density->posterior_base(m->self, 1), JN_BASE_UNIFORM);
    const double z[] = { 1.3, 1e200, -0.4, -1e170 };
    double out[2], tail[4] = { 1, 1, 1, 1 }, grad[2], hess[4], value;
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 2, 2, z, 2, out), NULL);
    /* (2 / (pi sqrt 3)) (1 + t^2 / 3)^-2 */
    const double peak = log(2.0 / (M_PI * sqrt(3.0)));
    const double want = 2.0 * peak - 2.0 * log1p(1.69 / 3.0) - 2.0 * log1p(0.16 / 3.0);
    assert_close(out[0], want, 1e-14, 0.0);
    assert_close(out[1], 2.0 * peak - 4.0 * (370.0 * log(10.0) - log(3.0)), 1e-14, 0.0);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_test_derivatives(m, 0, (double[]){ 1.3, -0.4 });
    assert_ok(m->density->derivatives(m->self, 0, (double[]){ 1e200, 0.0 }, &value, grad, hess),
              NULL);
    assert_true(isfinite(grad[0]) && hess[0] == 0.0);
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_true(tail[0] == 0.0 && tail[1] == 0.0 && tail[3] == 0.0);
    jn_model_free(m);
}

/* The map has the density it claims: du/dz from neighbouring quantiles. */
static void test_student_map(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double u[N], z[N], out[N];
    const char *const texts[] = { "df=0.3", "df=1", "df=4.5", "df=1e5" };
    for (size_t k = 0; k < 4; k++) {
        jn_model *m = make_model("student", TEXTS(texts[k]));
        for (size_t i = 0; i < N; i++) {
            u[i] = ((double)i + 0.5) / N;
        }
        assert_ok(m->density->posterior_map(m->self, 0, N, N, u, z), NULL);
        assert_ok(m->density->posterior_log_density(m->self, 0, N, N, z, out), NULL);
        for (size_t i = N / 20; i < N - N / 20; i += 37) {
            const double slope = (u[i + 1] - u[i - 1]) / (z[i + 1] - z[i - 1]);
            assert_close(log(slope), out[i], 0.0, 1e-3); /* second order, step 1/N, u > 1/20 */
        }
        jn_model_free(m);
    }
}

static void test_bad_parameters(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1 });
    jn_test_refused("funnel", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("banana", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("student", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("funnel", TEXTS("dim=1"), NULL, bad, "dim");
    jn_test_refused("funnel", TEXTS("dim=2.5"), NULL, bad, "whole number");
    jn_test_refused("funnel", TEXTS("scale=0"), NULL, bad, "scale");
    jn_test_refused("funnel", TEXTS("scale=101"), NULL, bad, "scale");
    jn_test_refused("banana", TEXTS("sd=0"), NULL, bad, "sd");
    jn_test_refused("banana", TEXTS("curvature=x"), NULL, bad, "curvature");
    jn_test_refused("student", TEXTS("dim=0"), NULL, bad, "dim");
    jn_test_refused("student", TEXTS("df=0.01"), NULL, bad, "df");
    jn_test_refused("student", TEXTS("nu=3"), NULL, JN_ERR_USAGE, "nu");
    jn_table_free(t);
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new(user, NULL, NULL, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    char names[3][16] = { "funnel", "banana", "student" };
    for (size_t i = 0; i < 3; i++) {
        assert_true(jn_malloc_sweep(make, names[i]) >= 2);
    }
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_funnel),         cmocka_unit_test(test_funnel_far_out),
        cmocka_unit_test(test_banana),         cmocka_unit_test(test_banana_moments),
        cmocka_unit_test(test_student),        cmocka_unit_test(test_student_map),
        cmocka_unit_test(test_bad_parameters), cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
