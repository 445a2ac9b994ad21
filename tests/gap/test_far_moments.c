/* Moments of W whose mass lies far from q and from the posterior, against Gaussian closed forms. */
#include "runs.h"

static const double LOG_P = -1.60167108725875; /* the toy: p(z | x) = N(0.8, 1/3) */

/* log E W^n for q = N(mean, sd^2): a Gaussian integral of precision a > 0. */
static double log_moment(double n, double mean, double sd)
{
    const double p = 3.0, q = 1.0 / (sd * sd), mu = 0.8;
    const double a = n * p - (n - 1.0) * q, b = n * p * mu - (n - 1.0) * q * mean;
    const double c = n * p * mu * mu - (n - 1.0) * q * mean * mean;
    assert_true(a > 0.0);
    return 0.5 * n * log(p / (2.0 * M_PI)) - 0.5 * (n - 1.0) * log(q / (2.0 * M_PI)) +
           0.5 * log(2.0 * M_PI / a) + 0.5 * (b * b / a - c);
}

static jn_test_run run(double mean, double sd, const char *bound)
{
    static const double x = 1.2;
    jn_table *t;
    assert_ok(jn_table_new("test", 1, 1, NULL, &x, &t), NULL);
    jn_test_run r = { .err = JN_ERROR_INIT };
    r.model = jn_test_model("linear-gaussian", TEXTS("W=1", "noise_sd=0.70710678118654757"), t);
    jn_table_free(t);
    char m[40], s[40];
    snprintf(m, sizeof m, "mean=%.17g", mean);
    snprintf(s, sizeof s, "sd=%.17g", sd);
    r.q = jn_test_proposal("gaussian", TEXTS(m, s), r.model);
    jn_bound_arg *args;
    size_t n;
    assert_ok(jn_bounds_parse(bound, 0, NULL, &n, &args, &r.err), &r.err);
    r.status = jn_gap_run(r.q, n, args, NULL, &r.table, &r.err);
    free(args);
    assert_ok(r.status, &r.err);
    return r;
}

static void test_renyi_and_cubo(void **state)
{
    (void)state;
    static const struct {
        double mean, sd, n;
        const char *bound;
    } cases[] = { { 0.4, 0.8, -1.0, "vr:2" },      { -0.96, 0.68, -2.0, "vr:3" },
                  { -0.91, 0.94, -0.5, "vr:1.5" }, { 0.03, 0.82, -0.5, "vr:1.5" },
                  { -0.97, 0.5, 3.0, "cubo:3" },   { 0.4, 0.8, 2.0, "cubo:2" },
                  { -0.5, 0.45, 2.0, "cubo:2" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_test_run r = run(cases[i].mean, cases[i].sd, cases[i].bound);
        const jn_gap_bound *b = &r.table->total.bounds[0];
        const double truth = LOG_P +
                             log_moment(cases[i].n, cases[i].mean, cases[i].sd) / cases[i].n;
        /* the error column covers; beside it stand the 15 digits of LOG_P */
        assert_close(b->value.value, truth, 0.0, b->value.error + 1e-14);
        assert_close(b->value.value, truth, 1e-10, 0.0); /* and is no excuse */
        jn_test_gap_free(&r);
    }
}

static void test_var_w(void **state)
{
    (void)state;
    static const double cases[][2] = { { -0.5, 0.45 }, { 1.5, 0.42 }, { 1.5, 0.409 },
                                       { 0.8, 0.41 },  { -1.0, 0.5 }, { 0.4, 0.8 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_test_run r = run(cases[i][0], cases[i][1], "elbo");
        /* log-moments of several hundred are sums of terms in the thousands: 1e-11 in the
         * exponential */
        assert_close(r.table->total.diagnostics.var_w,
                     expm1(log_moment(2.0, cases[i][0], cases[i][1])), 1e-10, 0.0);
        jn_test_gap_free(&r);
    }
}

/* q = N(0, s^2 I) against p = N(0, I): E W^n = (s^(n - 1) / sqrt(n + (1 - n) / s^2))^dim. */
static jn_test_run run_scale(int dim, double s, const char *bound, double tolerance)
{
    char d[40], scale[40];
    snprintf(d, sizeof d, "dim=%d", dim);
    snprintf(scale, sizeof scale, "s=%.17g", s);
    jn_test_run r = { .err = JN_ERROR_INIT };
    r.model = jn_test_model("gaussian-scale", TEXTS(d, scale), NULL);
    char sd[40];
    snprintf(sd, sizeof sd, "sd=%.17g", s);
    r.q = jn_test_proposal("gaussian", TEXTS("mean=0", sd), r.model);
    jn_bound_arg *args;
    size_t n;
    assert_ok(jn_bounds_parse(bound, 0, NULL, &n, &args, &r.err), &r.err);
    r.status = jn_gap_run(r.q, n, args, &(jn_gap_options){ .tolerance = tolerance }, &r.table,
                          &r.err);
    free(args);
    assert_true(r.status >= 0);
    return r;
}

/* Where a power of W reaches beyond what q and the posterior fill, by far or by a little: the error
 * covers, or is not known and that is said. */
static void test_powers_on_the_border(void **state)
{
    (void)state;
    static const struct {
        int dim;
        double s, n, tolerance;
        const char *bound;
        bool known;
    } cases[] = {
        { 2, 1.41, -1.0, 1e-9, "vr:2", true },    { 3, 1.2, -2.0, 1e-2, "vr:3", true },
        { 3, 1.38, -1.0, 1e-3, "vr:2", true },    { 3, 0.715, 2.0, 1e-9, "cubo:2", true },
        { 3, 0.72, 2.0, 1e-9, "cubo:2", true },   { 3, 1.41, -1.0, 1e-2, "vr:2", false },
        { 3, 0.708, 2.0, 1e-9, "cubo:2", false }, { 4, 1.41, -1.0, 1e-9, "vr:2", false }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double n = cases[i].n, s = cases[i].s;
        jn_test_run r = run_scale(cases[i].dim, s, cases[i].bound, cases[i].tolerance);
        const jn_gap_bound *b = &r.table->total.bounds[0];
        const double truth = cases[i].dim *
                             ((n - 1.0) * log(s) - 0.5 * log(n + (1.0 - n) / (s * s))) / n;
        if (cases[i].known) {
            assert_string_equal(r.table->rule, "quadrature");
            assert_close(b->value.value, truth, 0.0, b->value.error + 1e-13);
            assert_true(r.status == JN_OK || b->value.error > cases[i].tolerance);
        } else {
            assert_int_equal(r.status, JN_NOT_CONVERGED);
            assert_true(isnan(b->value.error) && isnan(b->gap.error));
            assert_true(r.table->n_warnings > 1);
        }
        jn_test_gap_free(&r);
    }
}

/* The moment of order n over s, at the precision that its near divergence asks for. */
static double scale_truth(int dim, long double s, long double n)
{
    return (double)(dim * ((n - 1.0L) * logl(s) - 0.5L * logl(n + (1.0L - n) / (s * s))) / n);
}

/* Within 1e-9 of the divergence (s^2 = (n - 1) / n) logs of weights of e^(1e8) count, and are
 * rounded themselves: 1e-9 of the value, and the error says so. On and beyond it the bound is
 * infinite. */
static void test_powers_that_all_but_diverge(void **state)
{
    (void)state;
    static const struct {
        double n;
        const char *bound;
    } cases[] = { { 1.5, "cubo:1.5" }, { 2.0, "cubo:2" }, { 3.0, "cubo:3" } };
    static const double off[] = { 1e-9, 1e-6, 1e-4, -1e-9, -1e-4 };
    for (size_t i = 0; i < 15; i++) {
        const double n = cases[i / 5].n, s = sqrt((n - 1.0) / n) * (1.0 + off[i % 5]);
        jn_test_run r = run_scale(1, s, cases[i / 5].bound, 1e-6);
        const jn_gap_bound *b = &r.table->total.bounds[0];
        if (off[i % 5] < 0.0) {
            assert_true(b->value.value == INFINITY);
        } else {
            assert_close(b->value.value, scale_truth(1, s, n), 0.0, b->value.error);
            assert_true(b->value.error < 2e-7);
        }
        jn_test_gap_free(&r);
    }
}

/* What lies beyond the border follows from how the last shells fall off: it was claimed to be a
 * hundred times what stands on it. */
static void test_errors_on_the_border_are_sharp(void **state)
{
    (void)state;
    jn_test_run r = run_scale(3, 0.715, "cubo:2", 1e-9);
    const jn_gap_bound *b = &r.table->total.bounds[0];
    assert_close(b->value.value, scale_truth(3, 0.715, 2.0), 0.0, b->value.error);
    assert_true(b->value.error < 1e-5);
    jn_test_gap_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renyi_and_cubo),
        cmocka_unit_test(test_var_w),
        cmocka_unit_test(test_powers_that_all_but_diverge),
        cmocka_unit_test(test_errors_on_the_border_are_sharp),
        cmocka_unit_test(test_powers_on_the_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
