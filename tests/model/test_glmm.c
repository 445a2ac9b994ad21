#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "malloc_sweep.h"
#include "model/glmm.h"

static const char *const names[] = { "x", "group", "y", "w", "trials" };
/* groups 7, -2.5 and 3 in order of first appearance, of 4, 2 and 1 rows; 7 has equal rows */
static const double cells[] = { 0.5, 7,        1,      2.0, 1,    /**/ -1, -2.5, 0,        1.0,
                                3,   /**/ 0.5, 7,      0,   2.0,  12,      -0.3, 7,        1,
                                0.1, 9,        /**/ 0, 3,   1,    0,       2,    /**/ 0.5, 7,
                                1,   2.0,      1,      2.0, -2.5, 1,       -1,   40 };
static const size_t members[3][5] = { { 0, 2, 3, 5, 99 }, { 1, 6, 99 }, { 4, 99 } };
static const char *const with_trials[] = { "x", "group", "y", "w", "trials" };
static const char *const no_trials[] = { "x", "group", "y", "w" };

static jn_table *table(const char *const *columns, size_t n_cols)
{
    jn_table *all = jn_test_table(7, 5, names, cells), *t = NULL;
    assert_ok(jn_table_select(all, 0, 7, columns, n_cols, &t, NULL), NULL);
    jn_table_free(all);
    return t;
}

/* One row at a time from the definition. */
static double slow(const char *family, const double *row, double u)
{
    const double eta = 0.3 - 0.8 * row[0] + 1.1 * row[3] + u, y = row[2], n = row[4];
    if (family[0] == 'p') {
        return y * eta - exp(eta) - lgamma(y + 1.0);
    }
    const double trials = family[1] == 'e' ? 1.0 : n;
    const double choose = lgamma(trials + 1.0) - lgamma(y + 1.0) - lgamma(trials - y + 1.0);
    return choose - y * log1p(exp(-eta)) - (trials - y) * log1p(exp(eta));
}

static void check_family(const char *family, bool trials)
{
    enum { N = 600, LD = 601 };
    static double u[LD], out[3 * LD], again[2 * LD], prior[LD];
    char word[32];
    snprintf(word, sizeof word, "family=%s", family);
    jn_table *t = trials ? table(with_trials, 5) : table(no_trials, 4);
    jn_model *m = jn_test_model("glmm", TEXTS(word, "beta=0.3,-0.8,1.1", "sigma=1.7"), t);
    assert_int_equal(m->n_obs, 3);
    assert_int_equal(m->dim, 1);
    for (size_t i = 0; i < N; i++) {
        u[i] = 4.0 * jn_chance_normal(5, i);
    }
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 3 }, N, LD, u, LD, out), NULL);
    assert_ok(m->density->log_prior(m->self, N, LD, u, prior), NULL);
    for (size_t i = 0; i < N; i++) {
        for (size_t g = 0; g < 3; g++) {
            double want = 0.0, size = 1.0;
            for (const size_t *r = members[g]; *r != 99; r++) {
                const double term = slow(family, cells + 5 * *r, u[i]);
                want += term;
                size += fabs(term);
            }
            /* sums of the same terms in another order, up to 60 of size |u| */
            assert_close(out[g * LD + i], want, 0.0, 2e-14 * (size + 60.0 * fabs(u[i])));
        }
        assert_close(prior[i], -0.5 * u[i] * u[i] / 2.89 - 0.5 * log(2.0 * M_PI * 2.89), 1e-14,
                     1e-15);
    }
    const size_t picked[] = { 2, 0 };
    assert_ok(m->density->log_likelihood_of(m->self, 2, picked, N, LD, u, LD, again), NULL);
    assert_memory_equal(again, out + 2 * LD, N * sizeof *out);
    assert_memory_equal(again + LD, out, N * sizeof *out);
    for (size_t g = 0; g < 3; g++) {
        jn_test_derivatives(m, g, (double[]){ 0.4 });
        jn_test_derivatives(m, g, (double[]){ -1.2 });
    }
    assert_true(m->density->log_concave && m->density->has_split);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_against_the_definition(void **state)
{
    (void)state;
    check_family("bernoulli", false);
    check_family("binomial", true);
    check_family("poisson", false);
}

/* Far out the log-likelihood is linear, or 0 where the outcome is certain; never NaN. */
static void test_far_out(void **state)
{
    (void)state;
    const char *const columns[] = { "group", "y" };
    jn_table *t = jn_test_table(2, 2, columns, (double[]){ 1, 1, 1, 1 });
    jn_model *m = jn_test_model("glmm", TEXTS("beta=300"), t);
    const double u[] = { 500.0, -1000.0, 2000.0, -1e5 };
    double out[4], grad, hess, value;
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 4, 4, u, 4, out), NULL);
    assert_close(out[0], 0.0, 0.0, 1e-12); /* 600 - 600 */
    assert_close(out[1], -1400.0, 1e-15, 0.0);
    assert_close(out[2], 0.0, 0.0, 1e-12);
    assert_close(out[3], -199400.0, 1e-15, 0.0);
    assert_ok(m->density->derivatives(m->self, 0, u + 3, &value, &grad, &hess), NULL);
    assert_close(grad, 2.0 + 1e5, 1e-15, 0.0);
    assert_close(hess, -1.0, 1e-15, 0.0);
    jn_model_free(m);
    m = jn_test_model("glmm", TEXTS("beta=0", "family=poisson"), t);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 4, 4, u, 4, out), NULL);
    assert_true(out[2] == -INFINITY);
    assert_close(out[1], -2000.0, 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* Offsets of +-590 and a thousand trials: no product of factors leaves the range of doubles. */
static void test_extreme_offsets(void **state)
{
    (void)state;
    enum { N = 40 };
    const char *const columns[] = { "group", "y", "trials", "x" };
    double x[4 * N], want[3] = { 0 };
    const double u[] = { -30.0, 0.0, 30.0 };
    for (size_t i = 0; i < N; i++) {
        const double offset = 590.0 * (2.0 * jn_chance(6, i) - 1.0);
        const double trials = i % 7 == 0 ? 1000.0 : (double)(i % 7);
        const double row[] = { 1.0, floor(trials * 0.4), trials, offset };
        memcpy(x + 4 * i, row, sizeof row);
        for (size_t k = 0; k < 3; k++) {
            const double eta = offset + u[k], low = log1p(exp(-fabs(eta)));
            want[k] -= row[1] * (low + fmax(-eta, 0.0)) +
                       (trials - row[1]) * (low + fmax(eta, 0.0));
            want[k] += lgamma(trials + 1.0) - lgamma(row[1] + 1.0) - lgamma(trials - row[1] + 1.0);
        }
    }
    jn_table *t = jn_test_table(N, 4, columns, x);
    jn_model *m = jn_test_model("glmm", TEXTS("family=binomial", "beta=0,1"), t);
    double out[3];
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 3, 3, u, 3, out), NULL);
    for (size_t k = 0; k < 3; k++) {
        assert_close(out[k], want[k], 1e-13, 0.0); /* 6000 terms of size up to 600 */
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* shared/reference: lme4's 25-point rule at its optimum gives -4109.6485; all digits by an
 * independent program. beta: intercept, anger, male, scold, shout, self, do. */
static void test_verbal_aggression(void **state)
{
    (void)state;
    enum { GROUPS = 316 };
    static jn_estimate e[GROUPS];
    jn_table *t = jn_test_csv("verbagg.csv");
    jn_model *m = jn_test_model(
        "glmm", TEXTS("beta=0.546,0.0562,0.3158,-1.055,-2.0418,-1.0277,-0.6715", "sigma=1.3136"),
        t);
    assert_int_equal(m->n_obs, GROUPS);
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact_all(m, NULL, e, &err), &err);
    double total = 0.0, error = 0.0;
    for (size_t g = 0; g < GROUPS; g++) {
        total += e[g].value;
        error += e[g].error;
    }
    assert_close(total, -4109.648540300349, 0.0, fmin(1e-6, error + 1e-9));
    assert_true(error < 1e-6);
    jn_model_free(m);
    jn_table_free(t);
}

/* log p(x) by mpmath with 30 to 40 digits: the trapezoid rule about the mode, or panels. */
static void check_many(const char *const *set, size_t n, size_t cols, const double *x,
                       double expected)
{
    static const char *const binomial[] = { "group", "y", "trials", "x" };
    static const char *const poisson[] = { "group", "y", "x" };
    jn_table *t = jn_test_table(n, cols, cols == 4 ? binomial : poisson, x);
    jn_model *m = jn_test_model("glmm", set, t);
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact_all(m, NULL, &e, &err), &err);
    assert_true(e.error <= 2e-9);
    assert_close(e.value, expected, 2e-16, e.error); /* the constant is rounded too */
    assert_close(e.value, expected, 0.0, 5e-12);     /* of terms of 1e7 to 1e10 */
    jn_model_free(m);
    jn_table_free(t);
}

static void test_many_counts(void **state)
{
    (void)state;
    const double like[] = { 0, 300000, 1e6, 0, 0, 301000, 1e6, 0, 0, 299500, 1e6, 0 };
    const double unlike[] = { 0,   300000, 1e6, 0, 0, 301000, 1e6, 0, 0, 350000,
                              1e6, 0.25,   0,   3, 8, 0.25,   0,   1, 2, 1 };
    const double billion[] = { 0, 3e8, 1e9, 0, 0, 3.01e8, 1e9, 0 };
    const double rare[] = { 0, 3, 1e9, 0, 0, 5, 1e9, 0 };
    const double counts[] = { 0, 1e6, 0, 0, 1001000, 0, 0, 999500, 0 };
    const double mixed[] = { 0, 1e6, 0, 0, 2e6, 0.7, 0, 3, -13 };
    const double billions[] = { 0, 1e9, 0, 0, 999960000, 0 };
    check_many(TEXTS("family=binomial", "beta=-0.8,0"), 3, 4, like, -30.594040602843341);
    check_many(TEXTS("family=binomial", "beta=-0.8,1"), 5, 4, unlike, -74.005202910255255);
    check_many(TEXTS("family=binomial", "beta=-0.8,0"), 2, 4, billion, -1220.2761223264656);
    check_many(TEXTS("family=binomial", "beta=-0.8,0", "sigma=10"), 2, 4, rare,
               -8.5491021371548875);
    check_many(TEXTS("family=poisson", "beta=13,0"), 3, 3, counts, -31.853330575121403);
    check_many(TEXTS("family=poisson", "beta=13,1"), 3, 3, mixed, -41.036568330757233);
    check_many(TEXTS("family=poisson", "beta=20,0"), 2, 3, billions, -33.930869682044519);
}

/* Far from the centre, where e^t overflows, and with all or none successes: the definition. */
static void test_many_trials_far_out(void **state)
{
    (void)state;
    const double x[] = { 0, 2000, 5000, 1, 4500, 5000, 2, 0, 5000, 3, 5000, 5000 };
    jn_table *t = jn_test_table(4, 3, (const char *const[]){ "group", "y", "trials" }, x);
    jn_model *m = jn_test_model("glmm", TEXTS("family=binomial", "beta=0.3"), t);
    static const double at[] = { -2000.0, -30.0, -1.0, 0.1, 2.0, 30.0, 2000.0 };
    for (size_t g = 0; g < 4; g++) {
        for (size_t i = 0; i < 7; i++) {
            const double y = x[3 * g + 1], n = 5000.0, eta = at[i] + 0.3;
            const double softplus = fmax(eta, 0.0) + log1p(exp(-fabs(eta)));
            const double want = lgamma(n + 1) - lgamma(y + 1) - lgamma(n - y + 1) + y * eta -
                                n * softplus;
            double got;
            assert_ok(
                m->density->log_likelihood(m->self, (jn_range){ g, 1 }, 1, 1, &at[i], 1, &got),
                NULL);
            assert_close(got, want, 1e-14, 1e-10); /* lgamma's terms of 4e4 */
        }
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* Poisson counts against a trapezoid rule written here, on u in [-12, 12]. */
static void test_arabidopsis(void **state)
{
    (void)state;
    enum { GROUPS = 9, N = 6001 };
    static jn_estimate e[GROUPS];
    static double u[N], out[N], prior[N];
    jn_table *t = jn_test_csv("arabidopsis.csv");
    jn_model *m = jn_test_model("glmm", TEXTS("family=poisson", "beta=3,0.4,-0.2", "sigma=0.6"), t);
    assert_int_equal(m->n_obs, GROUPS);
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact_all(m, NULL, e, &err), &err);
    const double h = 24.0 / (N - 1);
    for (size_t i = 0; i < N; i++) {
        u[i] = -12.0 + (double)i * h;
    }
    assert_ok(m->density->log_prior(m->self, N, N, u, prior), NULL);
    for (size_t g = 0; g < GROUPS; g++) {
        double top = -INFINITY, sum = 0.0;
        assert_ok(m->density->log_likelihood(m->self, (jn_range){ g, 1 }, N, N, u, N, out), NULL);
        for (size_t i = 0; i < N; i++) {
            top = fmax(top, out[i] + prior[i]);
        }
        for (size_t i = 0; i < N; i++) {
            sum += exp(out[i] + prior[i] - top);
        }
        /* posterior sd about 1/50, five steps: the rule is exact to rounding of sums of size 1e4 */
        assert_close(e[g].value, top + log(h * sum), 0.0, e[g].error + 1e-10);
    }
    jn_model_free(m);
    jn_table_free(t);
}

static void test_prior_and_tail(void **state)
{
    (void)state;
    jn_table *t = table(no_trials, 4);
    jn_model *m = jn_test_model("glmm", TEXTS("beta=0", "sigma=4"), t); /* 0 for all three */
    double mean = 1.0, cov, tail, z;
    assert_ok(m->density->prior_gaussian(m->self, &mean, &cov), NULL);
    assert_ok(m->density->tail_precision(m->self, 1, &tail), NULL);
    assert_ok(m->density->prior_map(m->self, 1, 1, (double[]){ -0.5 }, &z), NULL);
    assert_true(mean == 0.0 && cov == 16.0 && tail == 0.0625 && z == -2.0);
    assert_true(m->density->prior_moment_finite(m->self, 0, -3.0));
    assert_null(m->density->evidence);
    jn_model_free(m);
    m = jn_test_model("glmm", TEXTS("beta=0", "family=poisson"), t);
    assert_true(m->density->prior_moment_finite(m->self, 0, 3.0));
    assert_false(m->density->prior_moment_finite(m->self, 0, -0.1));
    jn_model_free(m);
    jn_table_free(t);
}

/* Text groups, many of them, in order of first appearance. */
static void test_groups_by_text(void **state)
{
    (void)state;
    enum { N = 1000, GROUPS = 137 };
    char *text[N], letter[] = "g", *column[] = { letter };
    static char store[N][16];
    size_t group[N], n = 0, want[GROUPS], seen = 0;
    for (size_t g = 0; g < GROUPS; g++) {
        want[g] = N;
    }
    for (size_t r = 0; r < N; r++) {
        snprintf(store[r], sizeof store[r], "school %zu", (r * r + 3 * r) % GROUPS);
        text[r] = store[r];
    }
    jn_table t = { .origin = letter, .n_rows = N, .n_cols = 1, .names = column, .cells = text };
    assert_ok(jn_glmm_group_rows(&t, 0, group, &n, NULL), NULL);
    for (size_t r = 0; r < N; r++) {
        size_t *w = want + (r * r + 3 * r) % GROUPS;
        *w = *w == N ? seen++ : *w;
        assert_int_equal(group[r], *w);
    }
    assert_int_equal(n, seen);
    jn_error err = JN_ERROR_INIT;
    store[5][0] = '\0';
    assert_int_equal(jn_glmm_group_rows(&t, 0, group, &n, &err), JN_ERR_VALUE);
    assert_string_equal(err.message, "g, row 5, column g: found '', expected the name of a group");
    strcpy(store[5], "NA");
    assert_int_equal(jn_glmm_group_rows(&t, 0, group, &n, &err), JN_ERR_VALUE);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = table(no_trials, 4), *trials = table(with_trials, 5);
    const char *const gy[] = { "group", "y" }, *const gyt[] = { "group", "y", "trials" };
    jn_table *no_g = jn_test_table(1, 2, (const char *const[]){ "g", "y" }, (double[]){ 1, 1 });
    jn_table *no_y = jn_test_table(1, 2, (const char *const[]){ "group", "x" }, (double[]){ 1, 1 });
    jn_table *two = jn_test_table(2, 2, gy, (double[]){ 1, 1, 1, 2 });
    jn_table *half = jn_test_table(1, 2, gy, (double[]){ 1, 0.5 });
    jn_table *more = jn_test_table(1, 3, gyt, (double[]){ 1, 5, 4 });
    jn_table *nan = jn_test_table(1, 2, gy, (double[]){ NAN, 1 });
    jn_test_refused("glmm", NULL, t, bad, "beta is needed, 3 numbers: intercept, x, w");
    jn_test_refused("glmm", TEXTS("beta=1,2"), t, bad, "need 3 numbers: intercept, x, w");
    jn_test_refused("glmm", TEXTS("beta=1,2,3", "intercept=0"), t, bad, "need 2 numbers: x, w");
    jn_test_refused("glmm", TEXTS("beta=abc"), t, bad, "beta");
    jn_test_refused("glmm", TEXTS("beta=1", "intercept=0"), two, bad, "no covariate");
    jn_test_refused("glmm", TEXTS("beta=0", "sigma=0"), t, bad, "sigma");
    jn_test_refused("glmm", TEXTS("beta=0", "intercept=3"), t, bad, "intercept");
    jn_test_refused("glmm", TEXTS("beta=0", "family=bernouli"), t, JN_ERR_USAGE, "bernoulli");
    jn_test_refused("glmm", TEXTS("bets=0"), t, JN_ERR_USAGE, "beta");
    jn_test_refused("glmm", TEXTS("beta=0,700,0"), t, bad, "row 1: X beta = -700");
    jn_test_refused("glmm", TEXTS("beta=0", "family=binomial"), t, bad, "no column 'trials'");
    jn_test_refused("glmm", TEXTS("beta=0"), trials, bad, "only family=binomial takes");
    jn_test_refused("glmm", TEXTS("beta=0"), no_g, bad, "no column 'group'");
    jn_test_refused("glmm", TEXTS("beta=0"), no_y, bad, "no column 'y'");
    jn_test_refused("glmm", TEXTS("beta=0"), two, bad,
                    "row 1, column y: found '2', expected 0 or 1");
    jn_test_refused("glmm", TEXTS("beta=0", "family=poisson"), half, bad, "found '0.5'");
    jn_test_refused("glmm", TEXTS("beta=0", "family=binomial"), more, bad, "0 to trials");
    jn_test_refused("glmm", TEXTS("beta=0"), nan, bad, "the name of a group");
    jn_test_refused("glmm", NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_model *m = jn_test_model("glmm", TEXTS("intercept=0", "family=poisson"), two);
    assert_int_equal(m->n_obs, 1); /* u alone is a model */
    jn_model_free(m);
    jn_table *const all[] = { t, trials, no_g, no_y, two, half, more, nan };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        jn_table_free(all[i]);
    }
}

typedef struct sweep {
    jn_params params;
    jn_table *t;
} sweep;

static jn_status make(void *user)
{
    const sweep *s = user;
    jn_model *m = NULL;
    const jn_status status = jn_model_new("glmm", &s->params, s->t, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep s = { jn_test_params(TEXTS("beta=0.3,-0.8,1.1", "family=binomial")),
                table(with_trials, 5) };
    assert_true(jn_malloc_sweep(make, &s) >= 12);
    jn_params_free(&s.params);
    jn_table_free(s.t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_definition),
        cmocka_unit_test(test_far_out),
        cmocka_unit_test(test_extreme_offsets),
        cmocka_unit_test(test_many_counts),
        cmocka_unit_test(test_many_trials_far_out),
        cmocka_unit_test(test_verbal_aggression),
        cmocka_unit_test(test_arabidopsis),
        cmocka_unit_test(test_prior_and_tail),
        cmocka_unit_test(test_groups_by_text),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
