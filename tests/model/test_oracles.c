#include "models.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

#include "malloc_sweep.h"

/* Midpoint rule in the map's own uniforms: E f(W) for f that the map makes smooth enough. */
enum { N = 20000 };
static double u[N], z[N], log_p[N], log_r[N];

static void even_grid(void)
{
    for (size_t i = 0; i < N; i++) {
        u[i] = ((double)i + 0.5) / N;
    }
}

/* The map's density is the one it claims: du/dz from neighbouring quantiles. */
static void check_map_against_density(size_t n)
{
    for (size_t i = n / 20; i < n - n / 20; i += 97) {
        const double slope = (u[i + 1] - u[i - 1]) / (z[i + 1] - z[i - 1]);
        assert_close(log(slope), log_p[i], 0.0, 1e-4); /* differences of second order, step 1/N */
    }
}

static void test_gamma_weights(void **state)
{
    (void)state;
    even_grid();
    const char *const texts[] = { "a=0.1", "a=0.5", "a=1", "a=3.7", "a=1000" };
    const double as[] = { 0.1, 0.5, 1.0, 3.7, 1000.0 };
    for (size_t k = 0; k < 5; k++) {
        const double a = as[k];
        jn_model *m = jn_test_model("gamma-weights", TEXTS(texts[k]), NULL);
        assert_int_equal(jn_model_support(m, 0), JN_POSITIVE);
        assert_ok(m->density->prior_map(m->self, N, N, u, z), NULL);
        assert_ok(m->density->log_prior(m->self, N, N, z, log_p), NULL);
        check_map_against_density(N);
        assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, N, N, z, N, log_r), NULL);
        double mean = 0.0, log_mean = 0.0;
        for (size_t i = 0; i < N; i++) {
            mean += z[i] / N;
            log_mean += log_r[i] / N;
        }
        /* the tails hold back about 1/N times the extreme value: log W ~ log u / a */
        assert_close(mean, 1.0, 0.0, 5e-4 / fmin(1.0, a));
        assert_close(log_mean, gsl_sf_psi(a) - log(a), 0.0, 1e-4 / fmin(1.0, a));
        assert_ok(m->density->posterior_map(m->self, 0, N, N, u, z), NULL);
        assert_ok(m->density->posterior_log_density(m->self, 0, N, N, z, log_p), NULL);
        check_map_against_density(N);
        jn_test_posterior_identity(m, 0, 1e-15 * fmax(1.0, a)); /* a (log z - z) is of size a */
        jn_test_derivatives(m, 0, (double[]){ 1.9 });
        jn_model_free(m);
    }
}

/* Against the textbook form where that one does not cancel, and outside the support. */
static void test_gamma_density(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gamma-weights", TEXTS("a=2.5"), NULL);
    const double at[] = { 1e-300, 0.3, 0.7, 1.0, 1.9, 50.0 };
    double out[6];
    assert_ok(m->density->log_prior(m->self, 6, 6, at, out), NULL);
    for (size_t i = 0; i < 6; i++) {
        const double want = 2.5 * log(2.5) - lgamma(2.5) + 1.5 * log(at[i]) - 2.5 * at[i];
        assert_close(out[i], want, 1e-14, 1e-15);
    }
    const double outside[] = { 0.0, -1.0, INFINITY, NAN };
    assert_ok(m->density->log_prior(m->self, 4, 4, outside, out), NULL);
    assert_true(out[0] == -INFINITY && out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    assert_ok(m->density->posterior_log_density(m->self, 0, 4, 4, outside, out), NULL);
    assert_true(out[0] == -INFINITY && out[1] == -INFINITY && out[2] == -INFINITY && isnan(out[3]));
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 2, 2, outside, 2, out), NULL);
    assert_true(out[0] == -INFINITY && out[1] == -INFINITY);
    assert_true(m->density->prior_moment_finite(m->self, 0, -2.4));
    assert_false(m->density->prior_moment_finite(m->self, 0, -2.5));
    jn_model_free(m);
    m = jn_test_model("gamma-weights", TEXTS("a=1e6"), NULL);
    assert_ok(m->density->log_prior(m->self, 1, 1, (double[]){ 1.001 }, out), NULL);
    /* 1/2 log(a / 2 pi) - 1/(12 a) + a (log z - z + 1) - log z, log z by its series */
    const double d = 0.001;
    const double series = -d * d / 2 + d * d * d / 3 - d * d * d * d / 4 + d * d * d * d * d / 5;
    assert_close(out[0], 0.5 * log(1e6 / (2.0 * M_PI)) - 1.0 / 12e6 + 1e6 * series - log1p(d), 0.0,
                 2e-10); /* 1.001 - 1 is known to 1e-16, times a d = 1e3 */
    jn_model_free(m);
}

static void test_two_point_weights(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("two-point-weights", NULL, NULL);
    jn_estimate e;
    assert_int_equal(jn_model_states(m), 2);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, 0.0, 0.0, e.error); /* 0.8 + 0.2 */
    assert_true(e.error < 1e-14);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_model_free(m);
    /* any number of points, E W not 1, a value 0, a weight 0 */
    m = jn_test_model("two-point-weights", TEXTS("values=0,3,5,9", "weights=0.5,0.25,0.25,0"),
                      NULL);
    assert_int_equal(jn_model_states(m), 4);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, log(2.0), 0.0, e.error);
    double out[4];
    const double at[] = { 0, 1, 2, 3 };
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 4, 4, at, 4, out), NULL);
    assert_true(out[0] == -INFINITY);
    assert_close(out[2], log(5.0), 1e-15, 0.0);
    assert_ok(m->density->posterior_log_density(m->self, 0, 4, 4, at, out), NULL);
    assert_true(out[0] == -INFINITY && out[3] == -INFINITY);
    assert_close(out[1], log(3.0 / 8.0), 1e-15, 0.0);
    assert_true(m->density->prior_moment_finite(m->self, 0, 2.0));
    assert_false(m->density->prior_moment_finite(m->self, 0, -1.0));
    jn_model_free(m);
    m = jn_test_model("two-point-weights", TEXTS("values=2", "weights=1"), NULL);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, log(2.0), 1e-15, 0.0);
    jn_model_free(m);
}

static void test_gaussian_scale(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=3", "s=0.5"), NULL);
    assert_int_equal(m->dim, 3);
    assert_false(m->density->has_split);
    assert_null(m->density->prior_map);
    jn_test_posterior_identity(m, 0, 1e-15);
    jn_test_derivatives(m, 0, (double[]){ 0.8, -1.0, 2.0 });
    double tail[9], mean[3], cov[9];
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_ok(m->density->posterior_gaussian(m->self, 0, mean, cov), NULL);
    for (size_t i = 0; i < 9; i++) {
        assert_close(tail[i], i % 4 == 0 ? 1.0 : 0.0, 0.0, 0.0);
        assert_close(cov[i], tail[i], 0.0, 0.0);
    }
    jn_params p = JN_PARAMS_INIT;
    assert_string_equal(m->type->own_proposal(m->self, &p), "gaussian");
    double sd;
    assert_ok(jn_params_number(&p, "sd", 0, 9, &sd, NULL), NULL);
    assert_close(sd, 0.5, 0.0, 0.0);
    jn_params_free(&p);
    jn_model_free(m);
}

static void test_bad_parameters(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1 });
    jn_test_refused("gamma-weights", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("two-point-weights", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("gaussian-scale", NULL, t, JN_ERR_USAGE, "takes no data");
    jn_test_refused("gamma-weights", TEXTS("a=0.01"), NULL, bad, "'a'");
    jn_test_refused("gamma-weights", TEXTS("a=-1"), NULL, bad, "'a'");
    jn_test_refused("gaussian-scale", TEXTS("dim=0"), NULL, bad, "dim");
    jn_test_refused("gaussian-scale", TEXTS("dim=1.5"), NULL, bad, "whole number");
    jn_test_refused("gaussian-scale", TEXTS("s=0"), NULL, bad, "'s'");
    const char *const name = "two-point-weights";
    jn_test_refused(name, TEXTS("values=1,2,3"), NULL, bad, "2 weights for 3 values");
    jn_test_refused(name, TEXTS("values=-1,2"), NULL, bad, "values");
    jn_test_refused(name, TEXTS("values=abc"), NULL, bad, "values = 'abc'");
    jn_test_refused(name, TEXTS("weights=0.1,0.8"), NULL, bad, "sum to");
    jn_test_refused(name, TEXTS("weights=abc"), NULL, bad, "0 weights");
    jn_test_refused(name, TEXTS("values=0,0"), NULL, bad, "p(x) would be 0");
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
    char names[3][32] = { "gamma-weights", "two-point-weights", "gaussian-scale" };
    for (size_t i = 0; i < 3; i++) {
        assert_true(jn_malloc_sweep(make, names[i]) >= 2);
    }
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_weights),     cmocka_unit_test(test_gamma_density),
        cmocka_unit_test(test_two_point_weights), cmocka_unit_test(test_gaussian_scale),
        cmocka_unit_test(test_bad_parameters),    cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
