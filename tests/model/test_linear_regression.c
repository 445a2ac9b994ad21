#include "models.h"

#include <gsl/gsl_errno.h>

#include "malloc_sweep.h"

static const char *const names[] = { "x1", "y", "x2" };
static const double cells[] = { 0.5, 1.2, -1,   1.5, 0.3, 2,   -0.7, 2.9,
                                0.4, 2.2, -1.1, 1.8, 0.1, 1.6, 0.6 };
static const char *const setup[] = { "mean=0.5,1,-0.3", "precision=0.8,2,0.4", "shape=1.7",
                                     "rate=0.9", NULL };

static jn_model *make_model(jn_table **t)
{
    *t = jn_test_table(5, 3, names, cells);
    return jn_test_model("linear-regression", setup, *t);
}

static void test_densities(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = make_model(&t);
    assert_int_equal(m->dim, 4);
    assert_int_equal(m->n_obs, 1);
    assert_int_equal(jn_model_support(m, 2), JN_REAL);
    assert_int_equal(jn_model_support(m, 3), JN_POSITIVE);
    const double z[] = { 1.1, -0.4, 0.2, 1.9 }, tau = 1.9;
    const double mean[] = { 0.5, 1.0, -0.3 }, precision[] = { 0.8, 2.0, 0.4 };
    double x1 = 0.0, x2 = 0.0, lik = 0.0, prior, got;
    for (size_t r = 0; r < 5; r++) {
        x1 += cells[3 * r] / 5.0;
        x2 += cells[3 * r + 2] / 5.0;
    }
    for (size_t r = 0; r < 5; r++) {
        const double e = cells[3 * r + 1] - z[0] - z[1] * (cells[3 * r] - x1) -
                         z[2] * (cells[3 * r + 2] - x2);
        lik += 0.5 * (log(tau / (2.0 * M_PI)) - tau * e * e);
    }
    prior = 1.7 * log(0.9) - lgamma(1.7) + 0.7 * log(tau) - 0.9 * tau;
    for (size_t j = 0; j < 3; j++) {
        const double p = precision[j] * tau, e = z[j] - mean[j];
        prior += 0.5 * (log(p / (2.0 * M_PI)) - p * e * e);
    }
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 1, 1, z, 1, &got), NULL);
    assert_close(got, lik, 1e-14, 0.0);
    assert_ok(m->density->log_prior(m->self, 1, 1, z, &got), NULL);
    assert_close(got, prior, 1e-14, 0.0);
    jn_test_derivatives(m, 0, z);
    jn_test_derivatives(m, 0, (double[]){ 0.0, 1.0, -1.0, 2.5 });
    const double outside[] = { 0, 0, 0, 0, 0, 0, -1, NAN };
    double out[2];
    assert_ok(m->density->log_prior(m->self, 2, 2, outside, out), NULL);
    assert_true(out[0] == -INFINITY && isnan(out[1]));
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 2, 2, outside, 2, out), NULL);
    assert_true(out[0] == -INFINITY && isnan(out[1]));
    double tail[16] = { 1.0 };
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_true(tail[0] == 0.0 && tail[15] == 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* log of the integral of the model's joint over (alpha, beta, log tau), by the trapezoid rule in
 * v = (coefficients - about) sqrt(tau): Gaussian in v with standard deviations from 0.3 to 1.1, so
 * a step of 0.2 leaves e^-44; analytic in log tau within pi / 2, so a step of 1/4 leaves e^-39. */
static double by_trapezoids(const jn_model *m, const double *about)
{
    enum { N = 91 };
    static double z[3 * N], prior[N], lik[N];
    const double step = 0.2, h = 0.25;
    double sum = 0.0;
    for (int k = 0; k <= 76; k++) {
        const double t = -14.0 + k * h, tau = exp(t);
        for (int a = 0; a < N; a++) {
            for (int b = 0; b < N; b++) {
                z[b] = about[0] + (a - 45) * step / sqrt(tau);
                z[N + b] = about[1] + (b - 45) * step / sqrt(tau);
                z[2 * N + b] = tau;
            }
            assert_ok(m->density->log_prior(m->self, N, N, z, prior), NULL);
            assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, N, N, z, N, lik),
                      NULL);
            for (int b = 0; b < N; b++) { /* Jacobian tau of log tau, 1 / tau of v */
                sum += exp(prior[b] + lik[b]);
            }
        }
    }
    return log(sum * step * step * h);
}

/* The posterior's normalisation, and a rule that knows nothing of conjugacy. */
static void test_evidence(void **state)
{
    (void)state;
    jn_table *t, *less = NULL;
    jn_estimate e;
    jn_model *m = make_model(&t);
    jn_test_posterior_identity(m, 0, 4e-15);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_true(e.error < 1e-13);
    jn_model_free(m);
    assert_ok(jn_table_select(t, 0, 5, names, 2, &less, NULL), NULL);
    m = jn_test_model("linear-regression", TEXTS("precision=0.8,2", "mean=1,0", "shape=3"), less);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(by_trapezoids(m, (const double[]){ 1.8, 0.5 }), e.value, 0.0, 1e-12);
    jn_model_free(m);
    jn_table_free(t);
    jn_table_free(less);
}

/* One row, an intercept: y is a Student t with 2 shape degrees of freedom. */
static void test_one_row_is_student(void **state)
{
    (void)state;
    jn_estimate e;
    jn_table *t = jn_test_table(1, 1, names + 1, (double[]){ 2.3 });
    jn_model *m = jn_test_model("linear-regression",
                                TEXTS("mean=0.4", "precision=0.5", "shape=2.5", "rate=1.5"), t);
    assert_int_equal(m->dim, 2);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    const double scale2 = 1.5 / 2.5 * (1.0 + 1.0 / 0.5), r = 2.3 - 0.4;
    const double want = lgamma(3.0) - lgamma(2.5) - 0.5 * log(5.0 * M_PI * scale2) -
                        3.0 * log1p(r * r / (5.0 * scale2));
    assert_close(e.value, want, 0.0, e.error);
    jn_test_posterior_identity(m, 0, 4e-15);
    jn_model_free(m);
    jn_table_free(t);
}

/* More coefficients than rows, and a column that is constant: the prior still pins them. */
static void test_deficient_design(void **state)
{
    (void)state;
    const char *const wide[] = { "y", "a", "b", "c" };
    jn_table *t = jn_test_table(2, 4, wide, (double[]){ 1, 2, 3, 5, 0.5, -1, 3, 2 });
    jn_model *m = jn_test_model("linear-regression", TEXTS("precision=0.3"), t);
    assert_int_equal(m->dim, 5);
    jn_test_posterior_identity(m, 0, 1e-14);
    jn_test_derivatives(m, 0, (double[]){ 0.3, -0.2, 1.0, 0.1, 1.4 });
    jn_model_free(m);
    jn_table_free(t);
}

/* The prior's map has the prior's moments, the posterior's its mean: antithetic normals cancel, tau
 * by midpoints. */
static void test_maps(void **state)
{
    (void)state;
    enum { N = 2000 };
    static double base[4 * N], z[4 * N];
    jn_table *t;
    jn_model *m = make_model(&t);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < 3; j++) {
            base[j * N + i] = jn_chance_normal(j, i / 2) * (i % 2 == 0 ? 1.0 : -1.0);
        }
        base[3 * N + i] = ((double)(i / 2) + 0.5) / (N / 2);
    }
    double mean[4] = { 0 }, grad[4], value;
    assert_ok(m->density->prior_map(m->self, N, N, base, z), NULL);
    for (size_t i = 0; i < 4 * N; i++) {
        mean[i / N] += z[i] / N;
    }
    assert_close(mean[0], 0.5, 1e-13, 0.0);
    assert_close(mean[2], -0.3, 1e-13, 0.0);
    assert_close(mean[3], 1.7 / 0.9, 1e-3, 0.0); /* midpoints miss some 1/N of the upper tail */
    memset(mean, 0, sizeof mean);
    assert_ok(m->density->posterior_map(m->self, 0, N, N, base, z), NULL);
    for (size_t i = 0; i < 4 * N; i++) {
        mean[i / N] += z[i] / N;
    }
    assert_ok(m->density->derivatives(m->self, 0, mean, &value, grad, NULL), NULL);
    for (size_t j = 0; j < 3; j++) { /* the mean of the coefficients is their mode, whatever tau */
        assert_close(grad[j], 0.0, 0.0, 1e-12);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* E p(y | b, tau)^n for n < 0 with one row and one coefficient: 1 + n / precision > 0,
 * shape + n / 2 > 0, rate + n r^2 / (2 (1 + n / precision)) > 0. */
static void test_moments(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, names + 1, (double[]){ 2.0 });
    jn_model *m = jn_test_model("linear-regression", TEXTS("precision=4", "shape=3", "rate=50"), t);
    bool (*const finite)(const void *, size_t, double) = m->density->prior_moment_finite;
    assert_true(finite(m->self, 0, 7.0) && finite(m->self, 0, -3.4));
    /* rate: 50 + 2 n / (1 + n / 4) > 0, so n > -50 / 14.5; precision: n > -4; shape: n > -6 */
    const double edge = -50.0 / (2.0 + 12.5);
    assert_true(finite(m->self, 0, edge + 1e-6) && !finite(m->self, 0, edge - 1e-6));
    assert_false(finite(m->self, 0, -4.0));
    jn_model_free(m);
    m = jn_test_model("linear-regression", TEXTS("precision=4", "shape=1", "rate=1e6"), t);
    assert_true(m->density->prior_moment_finite(m->self, 0, -1.99));
    assert_false(m->density->prior_moment_finite(m->self, 0, -2.0));
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const char *const name = "linear-regression";
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = jn_test_table(5, 3, names, cells);
    jn_table *no_y = jn_test_table(1, 1, names, (double[]){ 1 });
    jn_table *nan = jn_test_table(1, 2, names, (double[]){ NAN, 1 });
    jn_table *huge = jn_test_table(2, 2, names, (double[]){ 1e200, 1, -1e200, 2 });
    jn_test_refused(name, TEXTS("mean=1,2"), t, bad, "mean");
    jn_test_refused(name, TEXTS("precision=0"), t, bad, "precision");
    jn_test_refused(name, TEXTS("shape=0"), t, bad, "shape");
    jn_test_refused(name, TEXTS("rate=0"), t, bad, "rate");
    jn_test_refused(name, TEXTS("scale=1"), t, JN_ERR_USAGE, "scale");
    jn_test_refused(name, NULL, no_y, bad, "no column 'y' (the outcome)");
    jn_test_refused(name, NULL, nan, bad, "x1");
    jn_test_refused(name, NULL, huge, bad, "rescale");
    jn_test_refused(name, NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_table *const all[] = { t, no_y, nan, huge };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        jn_table_free(all[i]);
    }
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("linear-regression", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(5, 3, names, cells);
    assert_true(jn_malloc_sweep(make, t) >= 6);
    jn_table_free(t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_one_row_is_student),
        cmocka_unit_test(test_deficient_design),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
