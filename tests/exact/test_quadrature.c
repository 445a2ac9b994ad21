#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "malloc_sweep.h"

/* Quadrature against the closed form, at several tolerances: the error column covers the truth. */
static void against_closed_form(const char *const *set, const jn_table *data)
{
    jn_model *m = jn_test_model("linear-gaussian", set, data);
    static const double tolerances[] = { 1e-3, 1e-6, 1e-9, 1e-11 };
    for (size_t i = 0; i < 4; i++) {
        const jn_exact_options o = { .tolerance = tolerances[i], .threads = 2 };
        jn_estimate truth, e;
        jn_error err = JN_ERROR_INIT;
        assert_ok(m->density->evidence(m->self, 0, &truth), NULL);
        const jn_status st = jn_exact_quadrature(m, 0, &o, &e, &err);
        assert_true(st == JN_OK || (st == JN_NOT_CONVERGED && i == 3)); /* rounding on a ridge */
        assert_true((st == JN_OK) == (e.error <= tolerances[i]));
        assert_true(e.kind == JN_QUADRATURE && e.n_eval > 0);
        assert_close(e.value, truth.value, 0.0, e.error + truth.error);
    }
    jn_model_free(m);
}

static void test_linear_gaussian(void **state)
{
    (void)state;
    jn_table *one = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_table *far = jn_test_table(1, 1, NULL, (double[]){ 300.0 });
    jn_table *two = jn_test_table(1, 2, NULL, (double[]){ 1.2, 1.3 });
    jn_table *four = jn_test_table(1, 4, NULL, (double[]){ 1.2, -0.7, 0.3, 2.0 });
    against_closed_form(TEXTS("noise_sd=0.70710678118654752"), one);
    against_closed_form(TEXTS("noise_sd=1e-4"), one); /* a needle, far from the prior's scale */
    against_closed_form(TEXTS("noise_sd=0.01"), far); /* at z = 300 */
    against_closed_form(TEXTS("noise_sd=100"), one);  /* the prior itself */
    against_closed_form(TEXTS("W=1,1;1,1.001", "noise_sd=0.01"), two); /* a ridge: correlation 1 */
    against_closed_form(TEXTS("W=1,0.5;-0.3,0.8", "noise_sd=0.5,0.001"), two);
    against_closed_form(TEXTS("W=1,1,1,1", "noise_sd=0.05"), one);
    against_closed_form(TEXTS("W=1,0.5,0;-0.3,0.8,0.1;0,1,1;0.4,0,0.3"), four);
    against_closed_form(TEXTS("W=1,0.5,0,0;-0.3,0.8,0.1,0;0,1,1,0;0.4,0,0.3,9"), four);
    jn_table_free(one);
    jn_table_free(far);
    jn_table_free(two);
    jn_table_free(four);
}

static void test_reference_values(void **state)
{
    (void)state;
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    assert_ok(jn_exact(m, 0, &(jn_exact_options){ .tolerance = 1e-11 }, &e, &err), &err);
    assert_close(e.value, -121.42579906466793, 0.0, 1e-11);
    assert_close(e.value, -121.42579906466793, 0.0, e.error + 1e-13);
    static const double tolerances[] = { 1e-2, 1e-5, 1e-9 };
    for (size_t i = 0; i < 3; i++) {
        assert_ok(jn_exact(m, 0, &(jn_exact_options){ .tolerance = tolerances[i] }, &e, &err),
                  &err);
        assert_close(e.value, -121.42579906466793, 0.0, e.error + 1e-13);
    }
    jn_model_free(m);
    jn_table_free(t);
    t = jn_test_csv("iris.csv");
    m = jn_test_model("linear-gaussian",
                      TEXTS("W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04",
                            "b=5.84,3.06,3.76,1.2", "noise_sd=0.25"),
                      t);
    double sum = 0.0;
    for (size_t r = 0; r < m->n_obs; r++) {
        assert_ok(jn_exact(m, r, NULL, &e, &err), &err);
        assert_true(e.kind == JN_EXACT);
        sum += e.value;
        jn_estimate q;
        if (r % 50 == 0) {
            assert_ok(jn_exact_quadrature(m, r, NULL, &q, &err), &err);
            assert_close(q.value, e.value, 0.0, q.error + e.error);
        }
    }
    assert_close(sum, -410.6093607435877, 0.0, 1e-10);
    jn_estimate *all = calloc(m->n_obs, sizeof *all);
    assert_non_null(all);
    assert_ok(jn_exact_all(m, NULL, all, &err), &err);
    assert_memory_equal(&all[m->n_obs - 1].value, &e.value, sizeof e.value);
    free(all);
    assert_int_equal(jn_exact(m, m->n_obs, NULL, &e, &err), JN_ERR_VALUE);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_finite_sum(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 1, NULL, (double[]){ 0.3, -70.0 });
    jn_model *m = jn_test_model("gaussian-mixture",
                                TEXTS("means=0;1", "sds=1;1", "weights=0.25,0.75"), t);
    jn_estimate e, sum;
    jn_error err = JN_ERROR_INIT;
    for (size_t r = 0; r < 2; r++) {
        assert_ok(jn_exact(m, r, NULL, &e, &err), &err);
        assert_ok(jn_exact_sum(m, r, &sum, &err), &err);
        const double x = r == 0 ? 0.3 : -70.0, a = -0.5 * x * x, b = -0.5 * (x - 1) * (x - 1);
        const double want = fmax(a, b) +
                            log(0.25 * exp(a - fmax(a, b)) + 0.75 * exp(b - fmax(a, b))) -
                            0.5 * log(2.0 * M_PI);
        assert_close(sum.value, want, 1e-15, 1e-15);
        assert_close(e.value, want, 1e-15, 1e-15);
        assert_true(sum.kind == JN_EXACT && sum.error > 0.0);
    }
    e.value = 42.0;
    assert_int_equal(jn_exact_quadrature(m, 0, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    m = jn_test_model("linear-gaussian", TEXTS("W=1,0,0,0,0,0,0,0,1"), t);
    assert_int_equal(jn_exact_quadrature(m, 0, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "9"));
    assert_int_equal(jn_exact_sum(m, 0, &e, &err), JN_ERR_UNSUPPORTED);
    assert_close(e.value, 42.0, 0.0, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* Too few nodes: said, with an error that covers what is wrong or NaN. */
static void test_not_converged(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *m = jn_test_model("logistic", TEXTS("prior_sd=2"), t);
    static const uint64_t most[] = { 1, 20000, 200000 };
    for (size_t i = 0; i < 3; i++) {
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        const jn_exact_options o = { .tolerance = 1e-12, .max_nodes = most[i] };
        const jn_status st = jn_exact_quadrature(m, 0, &o, &e, &err);
        assert_true(st == JN_NOT_CONVERGED || (st == JN_OK && i == 2));
        assert_true(isnan(e.error) || fabs(e.value + 121.42579906466793) <= e.error + 1e-13);
        assert_true(st == JN_OK || strstr(err.message, "tolerance") != NULL);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* Threads change no digit. */
static void test_threads(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 2, NULL, (double[]){ 1.2, 1.3 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,1;1,1.001", "noise_sd=0.01"), t);
    jn_estimate one, many;
    assert_ok(jn_exact_quadrature(m, 0, &(jn_exact_options){ .threads = 1 }, &one, NULL), NULL);
    for (size_t threads = 2; threads <= 8; threads *= 2) {
        assert_ok(jn_exact_quadrature(m, 0, &(jn_exact_options){ .threads = threads }, &many, NULL),
                  NULL);
        assert_memory_equal(&one.value, &many.value, 2 * sizeof(double));
    }
    jn_model_free(m);
    jn_table_free(t);
}

static jn_status attempt(void *user)
{
    jn_estimate e = { .value = 42.0 };
    const jn_status st = jn_exact_quadrature(user, 0, &(jn_exact_options){ .threads = 1 }, &e,
                                             NULL);
    assert_true(st == JN_OK || e.value == 42.0); /* negative: outputs untouched */
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", NULL, t);
    assert_true(jn_malloc_sweep(attempt, m) >= 6);
    jn_model_free(m);
    jn_table_free(t);
}

/* Separable data: the posterior is a wedge with its tip at the mode, far wider than the axes
 * through the mode show. Truth: polar coordinates, Gauss-Legendre in the angle on pieces graded
 * towards the wedge's edges, trapezoid in log r. */
static void test_wedge(void **state)
{
    (void)state;
    double yx[40];
    for (int i = 0; i < 20; i++) {
        yx[2 * i] = i >= 10;
        yx[2 * i + 1] = i - 9.5;
    }
    jn_table *t = jn_test_table(20, 2, (const char *[]){ "y", "x" }, yx);
    static const struct {
        const char *sd;
        double truth, error; /* what may be off at 2^18 nodes */
    } cases[] = {
        { "prior_sd=2.5", -2.202109675203, 1e-9 },
        { "prior_sd=10", -1.939239296392, 1e-4 },
        { "prior_sd=30", -1.916355106797, 1e-3 },
        { "prior_sd=1000", -1.913363074706, 0.1 },
    };
    for (size_t i = 0; i < 4; i++) {
        jn_model *m = jn_test_model("logistic", TEXTS(cases[i].sd), t);
        const jn_exact_options o = { .tolerance = 1e-9, .max_nodes = 1 << 18, .threads = 2 };
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        assert_true(jn_exact(m, 0, &o, &e, &err) >= 0);
        assert_close(e.value, cases[i].truth, 0.0, e.error + 2e-12); /* digits of the truth */
        assert_true(e.error <= cases[i].error);
        jn_model_free(m);
    }
    jn_table_free(t);
}

/* Ridges that bend away from the axes of the mode: most of the mass lies thousands of the mode's
 * widths away. The densities are normalised, log p(x) = 0, and every error covers that. */
static void test_ridges(void **state)
{
    (void)state;
    static const struct {
        const char *model, *method, *set[2];
        double tolerance;
        bool met;
    } cases[] = {
        { "funnel", "cubature", { "scale=3", "dim=2" }, 1e-4, true },
        { "funnel", "cubature", { "scale=4", "dim=2" }, 1e-3, true },
        { "funnel", "cubature", { "scale=5", "dim=2" }, 1e-4, true },
        { "funnel", "cubature", { "scale=7", "dim=2" }, 1e-2, false },
        { "banana", "cubature", { "curvature=5", "sd=3" }, 1e-2, false },
        { "banana", "panels", { "curvature=5", "sd=3" }, 1e-1, false },
        { "banana", "panels", { "curvature=1", "sd=3" }, 1e-3, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_model *m = jn_test_model(cases[i].model, TEXTS(cases[i].set[0], cases[i].set[1]), NULL);
        const jn_exact_options o = { .tolerance = cases[i].tolerance, .threads = 2 };
        jn_estimate e;
        jn_error err = JN_ERROR_INIT;
        const jn_status st = jn_exact_method_find(cases[i].method)->run(m, 0, &o, &e, &err);
        assert_int_equal(st, cases[i].met ? JN_OK : JN_NOT_CONVERGED);
        assert_close(e.value, 0.0, 0.0, e.error);
        jn_model_free(m);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_gaussian), cmocka_unit_test(test_reference_values),
        cmocka_unit_test(test_finite_sum),      cmocka_unit_test(test_not_converged),
        cmocka_unit_test(test_wedge),           cmocka_unit_test(test_ridges),
        cmocka_unit_test(test_threads),         cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
