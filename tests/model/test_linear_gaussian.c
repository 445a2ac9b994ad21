#include "models.h"

#include "malloc_sweep.h"

static const double log_2pi = 1.8378770664093454836;

static jn_table *column(const double *x, size_t n)
{
    return jn_test_table(n, 1, NULL, x);
}

static double evidence_of(const jn_model *m, size_t row)
{
    jn_estimate e;
    assert_ok(m->density->evidence(m->self, row, &e), NULL);
    return e.value;
}

/* x ~ N(0, 1 + sd^2): the two toys whose evidence is published in 15 digits. */
static void test_evidence_of_the_scalar_toys(void **state)
{
    (void)state;
    jn_table *t = column((double[]){ 1.2, 1.0 }, 2);
    jn_model *a = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654757"), t);
    jn_model *b = jn_test_model("linear-gaussian", NULL, t);
    /* -1/2 log(2 pi 1.5) - 1.44/3 and -1/2 log(4 pi) - 1/4, a few roundings of size 1 */
    assert_close(evidence_of(a, 0), -1.60167108725875, 0.0, 5e-15);
    assert_close(evidence_of(b, 1), -1.5155121234846454, 0.0, 1e-15);
    jn_estimate e;
    assert_ok(a->density->evidence(a->self, 0, &e), NULL);
    assert_true(e.error > 0.0 && e.error < 1e-13 && e.n_eval == 0);
    jn_model_free(a);
    jn_model_free(b);
    jn_table_free(t);
}

static const char *const iris_params[] = { "W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04",
                                           "b=5.84,3.06,3.76,1.2", "noise_sd=0.25", NULL };

/* An independent program's sum (double precision). */
static void test_evidence_of_iris(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    assert_int_equal(m->n_obs, 150);
    assert_int_equal(m->dim, 2);
    double sum = 0.0;
    for (size_t r = 0; r < m->n_obs; r++) {
        sum += evidence_of(m, r);
    }
    assert_close(sum, -410.6093607435877, 0.0, 1e-10); /* 150 terms of size 3, other code */
    jn_model_free(m);
    jn_table_free(t);
}

/* log N(x; b, W W' + S) by Gaussian elimination of the D x D covariance in long double: nothing
 * shared with the d x d form under test. */
static double dense_log_density(size_t D, size_t d, const double *W, const double *b,
                                const double *sd, const double *x)
{
    long double a[6][7], log_det = 0.0L, quad = 0.0L;
    for (size_t i = 0; i < D; i++) {
        for (size_t j = 0; j < D; j++) {
            a[i][j] = i == j ? (long double)sd[i] * sd[i] : 0.0L;
            for (size_t k = 0; k < d; k++) {
                a[i][j] += (long double)W[i * d + k] * W[j * d + k];
            }
        }
        a[i][D] = (long double)x[i] - b[i];
    }
    for (size_t p = 0; p < D; p++) {
        log_det += logl(a[p][p]);
        quad += a[p][D] * a[p][D] / a[p][p];
        for (size_t i = p + 1; i < D; i++) {
            const long double f = a[i][p] / a[p][p];
            for (size_t j = p; j <= D; j++) {
                a[i][j] -= f * a[p][j];
            }
        }
    }
    return (double)(-0.5L * ((long double)D * logl(2.0L * acosl(-1.0L)) + log_det + quad));
}

static char *text_of(size_t rows, size_t cols, const double *x, const char *name, char *buf)
{
    char *at = buf + sprintf(buf, "%s=", name);
    for (size_t i = 0; i < rows * cols; i++) {
        at += sprintf(at, "%.17g%s", x[i],
                      i + 1 == rows * cols  ? ""
                      : (i + 1) % cols == 0 ? ";"
                                            : ",");
    }
    return buf;
}

/* Random shapes and scales; the truth must lie within the error that the evidence states. */
static void test_evidence_against_the_dense_covariance(void **state)
{
    (void)state;
    for (size_t trial = 0; trial < 60; trial++) {
        const size_t D = 1 + trial % 6, d = 1 + trial / 6 % 4;
        double W[24], b[6], sd[6], x[6];
        char tw[1024], tb[256], ts[256];
        for (size_t i = 0; i < D * d; i++) {
            W[i] = exp(2.0 * jn_chance_normal(trial, i)) * (jn_chance(trial, 50 + i) - 0.5);
        }
        for (size_t i = 0; i < D; i++) {
            b[i] = 5.0 * jn_chance_normal(trial, 100 + i);
            sd[i] = exp(1.5 * jn_chance_normal(trial, 200 + i));
            x[i] = 5.0 * jn_chance_normal(trial, 300 + i);
        }
        jn_table *t = jn_test_table(1, D, NULL, x);
        jn_model *m = jn_test_model("linear-gaussian",
                                    TEXTS(text_of(D, d, W, "W", tw), text_of(1, D, b, "b", tb),
                                          text_of(1, D, sd, "noise_sd", ts)),
                                    t);
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, 0, &e), NULL);
        assert_close(e.value, dense_log_density(D, d, W, b, sd, x), 0.0, e.error);
        assert_true(e.error < 1e-8 * (1.0 + fabs(e.value))); /* and the bound says something */
        jn_test_posterior_identity(m, 0, 1e-10);             /* conditioning up to 1e4 */
        jn_model_free(m);
        jn_table_free(t);
    }
}

/* Loadings that are nearly one direction: log|P| loses eps times the condition number, 1e9 here,
 * and the stated error must cover it. */
static void test_error_of_a_badly_conditioned_determinant(void **state)
{
    (void)state;
    double worst = 0.0;
    for (size_t trial = 0; trial < 30; trial++) {
        const double x[] = { jn_chance_normal(41, trial), jn_chance_normal(42, trial) };
        const double W[] = { 3e4, 2.9999e4 * (1.0 + 1e-5 * jn_chance(43, trial)), 1e4, 1e4 };
        const double b[] = { 0, 0 }, sd[] = { 1, 1 };
        char tw[256];
        jn_table *t = jn_test_table(1, 2, NULL, x);
        jn_model *m = jn_test_model("linear-gaussian", TEXTS(text_of(2, 2, W, "W", tw)), t);
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, 0, &e), NULL);
        const double error = e.value - dense_log_density(2, 2, W, b, sd, x);
        assert_close(error, 0.0, 0.0, e.error);
        worst = fmax(worst, fabs(error));
        jn_model_free(m);
        jn_table_free(t);
    }
    assert_true(worst > 1e-11); /* far above eps times the value */
}

/* Rows x points at once against one point, one row and one coordinate at a time. */
static void test_log_likelihood_of_a_block(void **state)
{
    (void)state;
    enum { N = 300, LD = 304, ROWS = 5, LD_OUT = 310 }; /* more than a chunk; odd strides */
    static double z[2 * LD], out[ROWS * LD_OUT], prior[N];
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    for (size_t i = 0; i < 2 * LD; i++) {
        z[i] = jn_chance_normal(1, i);
    }
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 7, ROWS }, N, LD, z, LD_OUT, out),
              NULL);
    assert_ok(m->density->log_prior(m->self, N, LD, z, prior), NULL);
    const double W[] = { 0.72, -0.33, -0.16, -0.365, 1.72, 0.085, 0.72, 0.04 };
    const double b[] = { 5.84, 3.06, 3.76, 1.2 };
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < N; i++) {
            double want = 0.0;
            for (size_t j = 0; j < 4; j++) {
                const double mean = b[j] + W[2 * j] * z[i] + W[2 * j + 1] * z[LD + i];
                const double e = (t->numbers[(7 + r) * 4 + j] - mean) / 0.25;
                want -= 0.5 * e * e + 0.5 * log_2pi + log(0.25);
            }
            assert_close(out[r * LD_OUT + i], want, 1e-13, 1e-13); /* a dozen roundings */
        }
    }
    assert_close(prior[N - 1],
                 -log_2pi - 0.5 * (z[N - 1] * z[N - 1] + z[LD + N - 1] * z[LD + N - 1]), 1e-15,
                 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* Picked rows, in any order, give the bits that a range gives. */
static void test_log_likelihood_of_picked_rows(void **state)
{
    (void)state;
    enum { N = 9 };
    const size_t rows[] = { 149, 3, 3, 70 };
    double z[2 * N], out[4 * N], one[N];
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    for (size_t i = 0; i < 2 * N; i++) {
        z[i] = jn_chance_normal(2, i);
    }
    assert_ok(m->density->log_likelihood_of(m->self, 4, rows, N, N, z, N, out), NULL);
    for (size_t r = 0; r < 4; r++) {
        assert_ok(m->density->log_likelihood(m->self, (jn_range){ rows[r], 1 }, N, N, z, N, one),
                  NULL);
        assert_memory_equal(out + r * N, one, sizeof one);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* One latent, two columns, equal noise: the covariance has the axes W and its normal. Cross and dot
 * products in long double, where the cancellation costs nothing that matters. */
static double two_column_log_density(const long double W[2], long double sd, const double x[2])
{
    const long double size = W[0] * W[0] + W[1] * W[1];
    const long double across = x[0] * W[1] - x[1] * W[0], along = x[0] * W[0] + x[1] * W[1];
    const long double quad = across * across / (size * sd * sd) +
                             along * along / (size * (size + sd * sd));
    return (double)(-logl(2.0L * acosl(-1.0L)) - logl(sd) - 0.5L * logl(size + sd * sd) -
                    0.5L * quad);
}

/* Noise so small that the residual is what rounding leaves of x - b - W z: the error must say so.
 */
static void test_error_of_cancelled_residuals(void **state)
{
    (void)state;
    const long double W[] = { 1.3, 0.7 }; /* the doubles that the model has */
    double worst = 0.0;
    for (size_t trial = 0; trial < 50; trial++) {
        const double z = jn_chance_normal(31, trial);
        const double x[] = { 1.3 * z + 5e-8 * jn_chance_normal(32, trial),
                             0.7 * z - 5e-8 * jn_chance_normal(33, trial) };
        jn_table *t = jn_test_table(1, 2, NULL, x);
        jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1.3;0.7", "noise_sd=1e-8"), t);
        jn_estimate e;
        assert_ok(m->density->evidence(m->self, 0, &e), NULL);
        const double error = e.value - two_column_log_density(W, 1e-8, x);
        assert_close(error, 0.0, 0.0, e.error);
        worst = fmax(worst, fabs(error));
        jn_model_free(m);
        jn_table_free(t);
    }
    assert_true(worst > 1e-10); /* the trap is real: a bound of eps times the value would fail */
}

/* An offset common to x and b drops out without a trace. */
static void test_large_offsets_cost_no_digits(void **state)
{
    (void)state;
    jn_table *near = column((double[]){ 0.25 }, 1), *far = column((double[]){ 1e9 + 0.25 }, 1);
    jn_model *a = jn_test_model("linear-gaussian", TEXTS("noise_sd=1e-3"), near);
    jn_model *b = jn_test_model("linear-gaussian", TEXTS("noise_sd=1e-3", "b=1e9"), far);
    assert_close(evidence_of(a, 0), evidence_of(b, 0), 0.0, 0.0);
    jn_model_free(a);
    jn_model_free(b);
    jn_table_free(near);
    jn_table_free(far);
}

/* E p(x|z)^n with x|z ~ N(z, 1), z ~ N(0, 1): exp(-n (x - z)^2 / 2 - z^2 / 2), so n > -1. */
static void test_prior_moments(void **state)
{
    (void)state;
    jn_table *t = column((double[]){ 0.25 }, 1);
    jn_model *m = jn_test_model("linear-gaussian", NULL, t);
    assert_true(m->density->prior_moment_finite(m->self, 0, 5.0));
    assert_true(m->density->prior_moment_finite(m->self, 0, -0.99));
    assert_false(m->density->prior_moment_finite(m->self, 0, -1.01));
    jn_model_free(m);
    jn_table_free(t);
}

static void test_derivatives(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    jn_test_derivatives(m, 3, (double[]){ 0.3, -1.1 });
    jn_test_derivatives(m, 149, (double[]){ -2.0, 0.7 });
    /* the Hessian is minus the precision, which is the tail */
    double value, hess[4], tail[4];
    assert_ok(m->density->derivatives(m->self, 0, (double[]){ 0, 0 }, &value, NULL, hess), NULL);
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_close(tail[i], -hess[i], 0.0, 0.0);
    }
    /* I + W'W / 0.0625 by hand */
    assert_close(tail[0], 1.0 + (0.72 * 0.72 + 0.16 * 0.16 + 1.72 * 1.72 + 0.72 * 0.72) / 0.0625,
                 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* The map has the mean and covariance that posterior_gaussian states: base points +-e_k give m +-
 * column k of the factor. */
static void test_posterior_map_matches_its_moments(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    const double base[2 * 3] = { 0, 1, 0, 0, 0, 1 };
    double z[6], mean[2], cov[4];
    assert_ok(m->density->posterior_map(m->self, 11, 3, 3, base, z), NULL);
    assert_ok(m->density->posterior_gaussian(m->self, 11, mean, cov), NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_close(z[i * 3], mean[i], 0.0, 0.0);
        for (size_t j = 0; j < 2; j++) {
            double sum = 0.0;
            for (size_t k = 1; k <= 2; k++) {
                sum += (z[i * 3 + k] - mean[i]) * (z[j * 3 + k] - mean[j]);
            }
            assert_close(sum, cov[i * 2 + j], 1e-13, 1e-15); /* differences of size-1 numbers */
        }
    }
    jn_model_free(m);
    jn_table_free(t);
}

static void test_prior_is_standard_normal(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *m = jn_test_model("linear-gaussian", iris_params, t);
    double mean[2], cov[4], z[2];
    assert_ok(m->density->prior_gaussian(m->self, mean, cov), NULL);
    assert_ok(m->density->prior_map(m->self, 1, 1, (double[]){ 0.3, -4.0 }, z), NULL);
    assert_true(mean[0] == 0.0 && mean[1] == 0.0 && cov[0] == 1.0 && cov[1] == 0.0);
    assert_true(cov[2] == 0.0 && cov[3] == 1.0 && z[0] == 0.3 && z[1] == -4.0);
    assert_true(m->density->log_concave && m->density->has_split);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = column((double[]){ 1.2, 1.0 }, 2);
    jn_table *iris = jn_test_csv("iris.csv");
    jn_table *nan = column((double[]){ 1.2, NAN }, 2);
    const char *const name = "linear-gaussian";
    jn_test_refused(name, TEXTS("noise_sd=-1"), t, bad, "noise_sd");
    jn_test_refused(name, TEXTS("noise_sd=0"), t, bad, "> 0");
    jn_test_refused(name, TEXTS("noise_sd=1e-200"), t, bad, "out of range");
    jn_test_refused(name, TEXTS("noise_sd=1,2"), t, bad, "noise_sd");
    jn_test_refused(name, TEXTS("b=1,2,3"), t, bad, "'b'");
    jn_test_refused(name, TEXTS("W=1,2;3,4"), t, bad, "W is 2 x 2, but the data have 1 column");
    jn_test_refused(name, TEXTS("W=abc"), t, bad, "W = 'abc'");
    jn_test_refused(name, NULL, iris, bad, "W is needed: the data have 4 columns");
    jn_test_refused(name, TEXTS("W=1,2,3,4"), iris, bad, "need 4 x d");
    jn_test_refused(name, TEXTS("W=1e200"), t, bad, "rescale W");
    jn_test_refused(name, NULL, nan, bad, "x1");
    jn_test_refused(name, NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_test_refused(name, TEXTS("noise_ds=1"), t, JN_ERR_USAGE, "noise_sd");
    jn_table_free(t);
    jn_table_free(iris);
    jn_table_free(nan);
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("linear-gaussian", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = column((double[]){ 1.2, 1.0 }, 2);
    assert_true(jn_malloc_sweep(make, t) >= 12);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence_of_the_scalar_toys),
        cmocka_unit_test(test_evidence_of_iris),
        cmocka_unit_test(test_evidence_against_the_dense_covariance),
        cmocka_unit_test(test_error_of_a_badly_conditioned_determinant),
        cmocka_unit_test(test_log_likelihood_of_a_block),
        cmocka_unit_test(test_log_likelihood_of_picked_rows),
        cmocka_unit_test(test_error_of_cancelled_residuals),
        cmocka_unit_test(test_large_offsets_cost_no_digits),
        cmocka_unit_test(test_prior_moments),
        cmocka_unit_test(test_derivatives),
        cmocka_unit_test(test_posterior_map_matches_its_moments),
        cmocka_unit_test(test_prior_is_standard_normal),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
