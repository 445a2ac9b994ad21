#include "chains.h"

#include "chain/grid.h"
#include "jensen/exact.h"

static jn_estimate grid(const jn_model *m)
{
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_chain_grid(m, (jn_range){ 0, 1 }, NULL, &e, &err), &err);
    assert_true(e.kind == JN_QUADRATURE && e.error >= 0.0 && e.error < 1e-9 && e.n_eval > 0);
    return e;
}

/* shared/reference: grids of 400, 800, 1600 points agree to 4e-12. */
static void test_ftse(void **state)
{
    (void)state;
    jn_table *all = jn_test_csv("ftse.csv"), *data = NULL;
    assert_ok(jn_table_select(all, 0, 100, NULL, 0, &data, NULL), NULL);
    const char *const *texts = TEXTS("mu=-0.5", "phi=0.95", "sigma=0.25");
    jn_model *m = jn_test_model("stochastic-volatility", texts, data);
    jn_estimate e;
    assert_ok(jn_exact(m, 0, NULL, &e, NULL), NULL);
    assert_close(e.value, -113.007728193802, 0.0, 1e-11);
    assert_true(fabs(e.value - -113.007728193802) < e.error + 4e-12);
    /* the same by a plain sum on a fixed grid of another step and domain, here in the test */
    enum { N = 1501 };
    static double f[N], g[N];
    double total = 0.0;
    const double lo = -8.0, h = 0.01;
    for (size_t t = 0; t < 100; t++) {
        double y, sum = 0.0;
        char text[32];
        y = strtod(jn_table_text(data, t, 0, text), NULL);
        for (size_t j = 0; j < N; j++) {
            const double x = lo + (double)j * h;
            double p = 0.0;
            if (t == 0) {
                const double v = 0.0625 / (1 - 0.95 * 0.95);
                p = exp(-0.5 * (x + 0.5) * (x + 0.5) / v) / sqrt(2 * M_PI * v);
            } else {
                const double from = (x + 0.5) / 0.95 - 0.5; /* kernels are below 1e-18 beyond 2.3 */
                const size_t at = (size_t)fmin(fmax((from - 2.4 - lo) / h, 0.0), N);
                const size_t end = (size_t)fmin(fmax((from + 2.4 - lo) / h, 0.0), N);
                for (size_t i = at; i < end; i++) {
                    const double u = (x + 0.5 - 0.95 * (lo + (double)i * h + 0.5)) / 0.25;
                    p += f[i] * exp(-0.5 * u * u);
                }
                p *= h / (0.25 * sqrt(2 * M_PI));
            }
            g[j] = p * exp(-0.5 * (x + y * y * exp(-x))) / sqrt(2 * M_PI);
            sum += g[j] * h;
        }
        total += log(sum);
        for (size_t j = 0; j < N; j++) {
            f[j] = g[j] / sum;
        }
    }
    assert_close(e.value, total, 0.0, 1e-10);
    jn_model_free(m);
    jn_table_free(data);
    jn_table_free(all);
}

/* The grid and the Kalman filter share nothing but the model: the Nile, sharp and vague levels. */
static void test_against_kalman(void **state)
{
    (void)state;
    static const char *const sets[][4] = {
        { "level_sd=38.33", "noise_sd=122.9", "m0=1000", "sd0=500" },
        { "level_sd=300", "noise_sd=20", "m0=900", "sd0=50" }, /* emissions sharper than steps */
        { "level_sd=15", "noise_sd=400", "m0=1000", "sd0=30" },
    };
    jn_table *data = jn_test_csv("nile.csv");
    for (size_t k = 0; k < 3; k++) {
        jn_model *m = jn_test_model("local-level",
                                    TEXTS(sets[k][0], sets[k][1], sets[k][2], sets[k][3]), data);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        const jn_estimate e = grid(m);
        assert_close(e.value, exact.value, 0.0, e.error + exact.error);
        jn_model_free(m);
    }
    jn_table_free(data);
}

/* Data where the model said nothing would be: states up to 80 standard deviations out, where values
 * underflow and only logarithms see the path; the domain must follow. */
static void test_outliers(void **state)
{
    (void)state;
    static const double far[] = { 30.0, 60.0, 200.0 };
    for (size_t k = 0; k < 3; k++) {
        const double y[] = { 0.3, -0.1, far[k], 0.2 };
        jn_table *data = jn_test_table(4, 1, (const char *const[]){ "y" }, y);
        jn_model *m = jn_test_model("local-level", TEXTS("level_sd=0.5", "noise_sd=1.5"), data);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        const jn_estimate e = grid(m);
        assert_close(e.value, exact.value, 1e-13, e.error);
        jn_model_free(m);
        jn_table_free(data);
    }
}

/* A single Gaussian as data law: closed form and grid; here also by hand for T = 1. */
static void test_diffusion_of_one_gaussian(void **state)
{
    (void)state;
    static const char *const sets[][4] = {
        { "steps=1", "schedule=linear", "variance=b", "b_min=0.3" },
        { "steps=2", "schedule=linear", "variance=btilde", "b_min=0.1" },
        { "steps=20", "schedule=cosine", "variance=btilde", "b_min=0.1" },
        { "steps=200", "schedule=linear", "variance=b", "b_min=0.0005" },
    };
    jn_table *data = jn_test_table(3, 1, (const char *const[]){ "x" },
                                   (double[]){ 0.5, -1.0, 2.5 });
    for (size_t k = 0; k < 4; k++) {
        jn_model *m = jn_test_model(
            "diffusion",
            TEXTS(sets[k][0], sets[k][1], sets[k][2], sets[k][3], "means=0.7", "sds=0.4"), data);
        jn_estimate exact[3], e[3];
        assert_ok(jn_chain_evidence_all(m, NULL, exact, NULL), NULL);
        assert_true(exact[0].kind == JN_EXACT && exact[0].error < 1e-12);
        assert_ok(jn_chain_grid(m, (jn_range){ 0, 3 }, NULL, e, NULL), NULL);
        for (size_t r = 0; r < 3; r++) {
            assert_close(e[r].value, exact[r].value, 0.0, 1e-11);
        }
        if (k == 0) { /* x_1 ~ N(0, 1), E[x_0|x_1] by the two Gaussians' precision */
            const double c = sqrt(0.7), gain = c * 0.16 / (0.7 * 0.16 + 0.3);
            const double mean = 0.7 - gain * c * 0.7, var = gain * gain + 0.3;
            assert_close(exact[0].value,
                         -0.5 * log(2 * M_PI * var) - 0.5 * (0.5 - mean) * (0.5 - mean) / var,
                         1e-14, 0.0);
        }
        jn_model_free(m);
    }
    jn_table_free(data);
}

/* A mixture: the sum over all paths through three steps on a fixed grid, as a tensor product. */
static void test_diffusion_of_a_mixture(void **state)
{
    (void)state;
    enum { N = 121 };
    jn_table *data = jn_test_table(2, 1, (const char *const[]){ "x" }, (double[]){ 0.9, -1.4 });
    jn_model *m = jn_test_model("diffusion",
                                TEXTS("steps=3", "b_min=0.2", "b_max=0.6", "means=-1,1.2",
                                      "weights=0.3,0.7", "sds=0.3,0.5"),
                                data);
    jn_estimate e[2], alone;
    assert_ok(jn_exact_all(m, NULL, e, NULL), NULL);
    static double x[N], from[N * N], to[N * N], step1[N * N], step2[N * N], start[N], last[N];
    const double h = 0.1;
    for (size_t i = 0; i < N; i++) {
        x[i] = ((double)i - 60.0) * h;
    }
    for (size_t k = 0; k < N * N; k++) {
        from[k] = x[k / N];
        to[k] = x[k % N];
    }
    assert_ok(m->chain->log_initial(m->self, N, N, x, start), NULL);
    assert_ok(m->chain->log_transition(m->self, 1, N * N, N * N, from, to, step1), NULL);
    assert_ok(m->chain->log_transition(m->self, 2, N * N, N * N, from, to, step2), NULL);
    for (size_t row = 0; row < 2; row++) {
        assert_ok(m->chain->log_emission(m->self, row, 2, N, N, x, last), NULL);
        double sum = 0.0;
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < N; j++) {
                for (size_t k = 0; k < N; k++) {
                    sum += exp(start[i] + step1[i * N + j] + step2[j * N + k] + last[k]);
                }
            }
        }
        /* step 0.1 against noise of 0.45: exp(-2 pi^2 20); domain +-6 cuts 1e-9 of the start */
        assert_close(e[row].value, log(sum * h * h * h), 0.0, 1e-8);
        assert_ok(jn_chain_evidence(m, row, NULL, &alone, NULL), NULL);
        assert_close(alone.value, e[row].value, 0.0, e[row].error + alone.error);
    }
    jn_model_free(m);
    jn_table_free(data);
}

static void test_not_converged(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("nile.csv");
    jn_model *m = jn_test_model("local-level", TEXTS("noise_sd=0.001", "sd0=1e4"), data);
    jn_estimate e, exact;
    const jn_exact_options few = { .max_nodes = 60 };
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 1 }, &few, &e, NULL), JN_NOT_CONVERGED);
    assert_true(isnan(e.value) && isnan(e.error));
    jn_model_free(m);
    m = jn_test_model("local-level", TEXTS("level_sd=300", "noise_sd=20", "m0=900", "sd0=50"),
                      data);
    const jn_exact_options more = { .max_nodes = 5000 };
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 1 }, &more, &e, NULL), JN_NOT_CONVERGED);
    assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
    assert_true(e.error > 1e-9 && fabs(e.value - exact.value) <= e.error);
    jn_model_free(m);
    jn_table_free(data);
}

static jn_status attempt(void *user)
{
    jn_estimate e = { .value = 42.0 };
    const jn_status st = jn_chain_grid(user, (jn_range){ 0, 1 }, NULL, &e, NULL);
    assert_true(st == JN_OK || e.value == 42.0);
    return st;
}

static void test_errors(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(2, 2, (const char *const[]){ "y1", "y2" },
                                   (double[]){ 1, 2, 3, 4 });
    jn_model *m = jn_test_model(
        "lgssm", TEXTS("F=1,0;0,1", "Q=1,0;0,1", "P0=1,0;0,1", "H=1,0;0,1", "R=1,0;0,1"), data);
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 1 }, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "one real coordinate"));
    jn_model_free(m);
    jn_table_free(data);
    data = jn_test_table(2, 1, (const char *const[]){ "y" }, (double[]){ 0.5, 0.0 });
    m = jn_test_model(
        "hmm", TEXTS("transition=1", "rates=1", "emission=gaussian", "means=0", "sds=1"), data);
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 1 }, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    m = jn_test_model("local-level", TEXTS("level_sd=0"), data);
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 1 }, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    m = jn_test_model("stochastic-volatility", NULL, data);
    assert_int_equal(jn_chain_grid(m, (jn_range){ 0, 2 }, NULL, &e, &err), JN_ERR_VALUE);
    assert_true(jn_malloc_sweep(attempt, m) >= 4);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ftse),
        cmocka_unit_test(test_against_kalman),
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_diffusion_of_one_gaussian),
        cmocka_unit_test(test_diffusion_of_a_mixture),
        cmocka_unit_test(test_not_converged),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
