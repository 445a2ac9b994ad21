/* Stored log-weights: every number against the definition written out over few draws, and against
 * closed forms over many. */
#include "jensen/weights.h"

#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

#include "assertions.h"
#include "chance.h"
#include "malloc_sweep.h"
#include "runs.h"

enum { FEW = 12 };

/* Two rows of FEW log-weights that spread over a few nats. */
static double few[2 * FEW];
static const jn_matrix small = { .rows = 2, .cols = FEW, .ndim = 2, .x = few };

static void fill_few(void)
{
    for (size_t i = 0; i < 2 * FEW; i++) {
        few[i] = -3.0 + 1.2 * jn_chance_normal(7, i);
    }
}

static jn_gap_table *run(const jn_matrix *m, size_t n, const jn_bound_arg *args, int estimator,
                         const double *evidence)
{
    const jn_weights_options o = { .estimator = 1 + estimator, .evidence = evidence };
    jn_gap_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    const jn_status st = jn_weights_run(m, n, args, &o, &t, &err);
    assert_true(st == JN_OK || st == JN_NOT_CONVERGED);
    return t;
}

static double log_mean_exp(size_t n, const double *l)
{
    long double sum = 0.0L;
    for (size_t i = 0; i < n; i++) {
        sum += expl(l[i]);
    }
    return (double)logl(sum / n);
}

/* Mean, and the standard error of a mean. */
static double mean_of(size_t n, const double *x, double *se)
{
    long double mean = 0.0L, square = 0.0L;
    for (size_t i = 0; i < n; i++) {
        mean += (long double)x[i] / n;
    }
    for (size_t i = 0; i < n; i++) {
        square += ((long double)x[i] - mean) * ((long double)x[i] - mean);
    }
    *se = (double)sqrtl(square / (n - 1) / n);
    return (double)mean;
}

/* Rounding of sums of a few numbers of size 3: 1e-14. */
static void test_means_and_evidence(void **state)
{
    (void)state;
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 3 } };
    jn_gap_table *t = run(&small, 2, args, JN_BY_GROUPS, NULL);
    assert_string_equal(t->rule, "weights");
    for (size_t r = 0; r < 2; r++) {
        const double *l = few + r * FEW;
        double se, group[FEW / 3], w[FEW], square = 0.0;
        const jn_gap_row *row = &t->rows[r];
        assert_close(row->bounds[0].value.value, mean_of(FEW, l, &se), 0.0, 1e-14);
        assert_close(row->bounds[0].value.error, se, 1e-13, 0.0);
        for (size_t i = 0; i < FEW; i++) {
            w[i] = exp(l[i]);
            square += w[i] * w[i];
        }
        for (size_t g = 0; g < FEW / 3; g++) {
            group[g] = log_mean_exp(3, l + 3 * g);
        }
        assert_close(row->bounds[1].value.value, mean_of(FEW / 3, group, &se), 0.0, 1e-14);
        assert_close(row->bounds[1].value.error, se, 1e-13, 0.0);
        assert_close(row->bounds[1].value.dof, FEW / 3 - 1, 0.0, 0.0);
        assert_true(isnan(row->bounds[1].gap.value)); /* log p(x) was not given */
        const double mean = mean_of(FEW, w, &se);
        assert_close(row->evidence.value, log_mean_exp(FEW, l), 0.0, 1e-14);
        assert_close(row->evidence.error, se / mean, 1e-12, 0.0);
        assert_close(row->diagnostics.ess_fraction, FEW * mean * mean / square, 1e-13, 0.0);
        assert_true(isnan(row->diagnostics.pareto_k)); /* 12 draws have no tail of 5 */
        assert_non_null(row->diagnostics.pareto_note);
    }
    assert_close(t->total.bounds[0].value.error,
                 hypot(t->rows[0].bounds[0].value.error, t->rows[1].bounds[0].value.error), 1e-14,
                 0.0);
    jn_gap_table_free(t);
}

/* The mean of log-mean-exp over all subsets of k draws, by their bit masks. */
static double all_subsets(const double *l, unsigned k)
{
    long double total = 0.0L, n = 0.0L;
    for (unsigned mask = 0; mask < 1u << FEW; mask++) {
        if (__builtin_popcount(mask) == (int)k) {
            long double sum = 0.0L;
            for (unsigned i = 0; i < FEW; i++) {
                sum += (mask >> i & 1) != 0 ? expl(l[i]) : 0.0L;
            }
            total += logl(sum / k);
            n += 1.0L;
        }
    }
    return (double)(total / n);
}

static void test_all_subsets(void **state)
{
    (void)state;
    jn_bound_arg args[FEW + 1];
    for (unsigned k = 1; k <= FEW; k++) {
        args[k - 1] = (jn_bound_arg){ .bound = &jn_bound_iwae, .k = k };
    }
    args[FEW] = (jn_bound_arg){ .bound = &jn_bound_jvi, .k = 4, .order = 2 };
    jn_gap_table *t = run(&small, FEW + 1, args, JN_BY_USTAT, NULL);
    for (size_t r = 0; r < 2; r++) {
        for (unsigned k = 1; k <= FEW; k++) {
            const jn_estimate *e = &t->rows[r].bounds[k - 1].value;
            assert_close(e->value, all_subsets(few + r * FEW, k), 0.0, 1e-11);
            assert_int_equal(t->rows[r].bounds[k - 1].estimator, JN_BY_USTAT);
            assert_true(k > FEW / 2 ? isnan(e->error) : e->error > 0.0);
        }
        /* order 2 at K = 4: (16 L_4 - 2 * 9 L_3 + 4 L_2) / 2, errors 8 + 9 + 2 times as large */
        const double *l = few + r * FEW;
        const jn_estimate *jvi = &t->rows[r].bounds[FEW].value;
        assert_close(jvi->value,
                     8.0 * all_subsets(l, 4) - 9.0 * all_subsets(l, 3) + 2.0 * all_subsets(l, 2),
                     0.0, 2e-10);
        assert_true(jvi->error > 0.0);
    }
    jn_gap_table_free(t);
}

/* Gamma weights W ~ Gamma(2, 1/2): log p = 0, L_K = psi(2K) - log(2K), and
 * VR = log(Gamma(2 + b) / (Gamma(2) 2^b)) / b with b = 1 - alpha. */
static void test_gamma_weights(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double x[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = log(-0.5 * (log(jn_chance(3, 2 * i)) + log(jn_chance(3, 2 * i + 1))));
    }
    const jn_matrix m = { .rows = 1, .cols = N, .ndim = 1, .x = x };
    const double zero = 0.0;
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 10 },
                                  { .bound = &jn_bound_vr, .alpha = 0.5 },
                                  { .bound = &jn_bound_cubo, .n = 2.0 } };
    const double truth[] = { gsl_sf_psi(2.0) - log(2.0), gsl_sf_psi(20.0) - log(20.0),
                             (gsl_sf_lngamma(2.5) - 0.5 * log(2.0)) / 0.5,
                             (gsl_sf_lngamma(4.0) - 2.0 * log(2.0)) / 2.0 };
    static const int estimators[] = { JN_BY_GROUPS, JN_BY_LAW, JN_BY_USTAT };
    for (size_t e = 0; e < 3; e++) {
        jn_gap_table *t = run(&m, 4, args, estimators[e], &zero);
        const jn_gap_row *row = &t->rows[0];
        for (size_t b = 0; b < 4; b++) {
            const jn_estimate *v = &row->bounds[b].value;
            assert_within_se(v->value, truth[b], v->error, 5.0);
            assert_close(row->bounds[b].gap.value, -v->value, 1e-15, 0.0);
            assert_close(row->bounds[b].gap.error, v->error, 0.0, 0.0);
        }
        assert_close(row->evidence.value, 0.0, 0.0, 0.0);
        assert_string_equal(row->evidence.method, "given");
        /* an exponential tail has k = 0 */
        assert_within_se(row->diagnostics.pareto_k, 0.0, row->diagnostics.pareto_error, 5.0);
        jn_gap_table_free(t);
    }
}

static void test_one_draw_has_no_error(void **state)
{
    (void)state;
    double x[] = { -1.25 };
    const jn_matrix m = { .rows = 1, .cols = 1, .ndim = 0, .x = x };
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 1 },
                                  { .bound = &jn_bound_vr, .alpha = 0.5 } };
    jn_gap_table *t = run(&m, 3, args, JN_BY_GROUPS, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_close(t->total.bounds[i].value.value, -1.25, 1e-15, 0.0);
        assert_true(isnan(t->total.bounds[i].value.error));
        assert_true(isnan(t->total.bounds[i].value.dof));
    }
    assert_close(t->total.evidence.value, -1.25, 1e-15, 0.0);
    assert_true(isnan(t->total.evidence.error));
    jn_gap_table_free(t);
}

/* Draws that all agree: rounding is left, never an error of 0. */
static void test_equal_draws_are_not_certain(void **state)
{
    (void)state;
    enum { N = 60, N_ARGS = 5 };
    double x[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = -3.7;
    }
    const jn_matrix m = { .rows = 1, .cols = N, .ndim = 1, .x = x };
    const jn_bound_arg args[N_ARGS] = { { .bound = &jn_bound_elbo },
                                        { .bound = &jn_bound_iwae, .k = 1 },
                                        { .bound = &jn_bound_iwae, .k = 5 },
                                        { .bound = &jn_bound_jvi, .k = 5, .order = 1 },
                                        { .bound = &jn_bound_cubo, .n = 2.0 } };
    static const int estimators[] = { JN_BY_GROUPS, JN_BY_LAW, JN_BY_USTAT };
    for (size_t e = 0; e < 3; e++) {
        jn_gap_table *t = run(&m, N_ARGS, args, estimators[e], NULL);
        for (size_t i = 0; i < N_ARGS; i++) {
            const jn_estimate *v = &t->total.bounds[i].value;
            assert_close(v->value, -3.7, 1e-14, 0.0);
            assert_true(v->error > 0.0 && v->error < 1e-13);
        }
        assert_true(t->total.evidence.error > 0.0 && t->total.evidence.error < 1e-14);
        jn_gap_table_free(t);
    }
}

/* Zero weights count as draws: in the ledger, in log-means, and in a mean of logs. */
static void test_zero_weights(void **state)
{
    (void)state;
    double x[] = {
        0.0, -INFINITY, log(3.0), -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY
    };
    const jn_matrix m = { .rows = 2, .cols = 4, .ndim = 2, .x = x };
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 2 } };
    static const int estimators[] = { JN_BY_GROUPS, JN_BY_LAW, JN_BY_USTAT };
    for (size_t e = 0; e < 3; e++) {
        jn_gap_table *t = run(&m, 2, args, estimators[e], NULL);
        assert_int_equal(t->rows[0].diagnostics.zero_weights, 2);
        assert_int_equal(t->total.diagnostics.zero_weights, 6);
        assert_close(t->rows[0].evidence.value, 0.0, 0.0, 1e-15);           /* (1 + 3) / 4 */
        assert_close(t->rows[0].diagnostics.ess_fraction, 0.4, 1e-14, 0.0); /* 16 / (4 * 10) */
        assert_close(t->rows[0].bounds[0].value.value, -INFINITY, 0.0, 0.0);
        if (e == 0) { /* groups {1, 0} and {3, 0}: log(1/2) and log(3/2) */
            assert_close(t->rows[0].bounds[1].value.value, 0.5 * log(0.75), 1e-14, 0.0);
        }
        assert_close(t->rows[1].bounds[1].value.value, -INFINITY, 0.0, 0.0);
        assert_close(t->rows[1].evidence.value, -INFINITY, 0.0, 0.0);
        assert_true(isnan(t->rows[1].evidence.error));
        assert_true(t->n_warnings > 0);
        jn_gap_table_free(t);
    }
}

/* Pareto weights with index 1: k = 1, no mean at all. */
static void test_heavy_weights_are_not_converged(void **state)
{
    (void)state;
    static double x[2 * 2000];
    for (size_t i = 0; i < 2000; i++) {
        x[i] = 0.1 * jn_chance_normal(5, i);
        x[2000 + i] = -log(jn_chance(5, i));
    }
    const jn_matrix m = { .rows = 2, .cols = 2000, .ndim = 2, .x = x };
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_weights_run(&m, 1, &elbo, NULL, &t, &err), JN_NOT_CONVERGED);
    assert_int_equal(t->n_warnings, 1);
    assert_non_null(strstr(t->warnings[0], "1 of 2 observations"));
    assert_non_null(strstr(t->warnings[0], "in observation 1"));
    assert_int_equal(t->total.diagnostics.pareto_row, 1);
    assert_within_se(t->rows[1].diagnostics.pareto_k, 1.0, t->rows[1].diagnostics.pareto_error,
                     5.0);
    jn_gap_table_free(t);
}

static void expect_error(const jn_matrix *m, uint64_t k, const double *evidence, const char *says)
{
    const jn_bound_arg arg = { .bound = &jn_bound_iwae, .k = k };
    const jn_weights_options o = { .evidence = evidence };
    jn_gap_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_weights_run(m, 1, &arg, &o, &t, &err), JN_ERR_VALUE);
    assert_null(t);
    if (strstr(err.message, says) == NULL) {
        print_error("want \"%s\", got: %s\n", says, err.message);
        fail();
    }
}

static void test_errors(void **state)
{
    (void)state;
    double x[6] = { 0.0, 1.0, 2.0, 3.0, 4.0, 5.0 };
    const jn_matrix m = { .rows = 2, .cols = 3, .ndim = 2, .x = x };
    const double bad_evidence[] = { 0.0, NAN };
    expect_error(&m, 4, NULL, "iwae-4: K is above the 3 weights of an observation");
    expect_error(&m, 2, bad_evidence, "evidence of row 1");
    x[4] = NAN;
    expect_error(&m, 2, NULL, "row 1, column 1 (from 0): found nan");
    x[2] = INFINITY; /* the first in the file is named */
    expect_error(&m, 2, NULL, "row 0, column 2 (from 0): found inf");
    const jn_matrix none = JN_MATRIX_INIT;
    expect_error(&none, 1, NULL, "need weights");
}

static void test_subtraction(void **state)
{
    (void)state;
    double p[] = { 1.0, -INFINITY, 3.0 }, q[] = { 0.5, 2.0, -1.0 }, turned[] = { 1.0, 2.0, 3.0 };
    jn_matrix a = { .rows = 1, .cols = 3, .ndim = 2, .x = p };
    jn_matrix b = { .rows = 1, .cols = 3, .ndim = 2, .x = q };
    const jn_matrix c = { .rows = 3, .cols = 1, .ndim = 2, .x = turned };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_weights_subtract(&a, &c, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "log p is 1 x 3, but log q is 3 x 1"));
    q[1] = -INFINITY;
    assert_int_equal(jn_weights_subtract(&a, &b, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "log q, row 0, column 1 (from 0): found -inf"));
    q[1] = 2.0;
    p[2] = INFINITY;
    assert_int_equal(jn_weights_subtract(&a, &b, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "log p, row 0, column 2 (from 0): found inf"));
    assert_close(p[0], 1.0, 0.0, 0.0); /* untouched after errors */
    p[2] = 3.0;
    assert_ok(jn_weights_subtract(&a, &b, &err), &err);
    assert_close(p[0], 0.5, 0.0, 0.0);
    assert_close(p[1], -INFINITY, 0.0, 0.0);
    assert_close(p[2], 4.0, 0.0, 0.0);
}

static jn_status attempt(void *estimator)
{
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 3 },
                                  { .bound = &jn_bound_jvi, .k = 3, .order = 1 },
                                  { .bound = &jn_bound_cubo, .n = 2.0 } };
    jn_gap_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    const jn_weights_options o = { .estimator = *(int *)estimator, .threads = 1 };
    const jn_status st = jn_weights_run(&small, 4, args, &o, &t, &err);
    assert_true(st == JN_OK || t == NULL);
    jn_gap_table_free(t);
    return st;
}

/* Draws of several replicates and of blocks that are not full, by one thread and by three. */
static void test_draws_behind_a_table(void **state)
{
    (void)state;
    const jn_gap_options o = { .rule = JN_RULE_MC, .samples = 700, .replicates = 3, .seed = 5 };
    static const char *const set[] = { "a=2", NULL };
    const uint64_t k = 10;
    jn_test_run r = jn_test_gap("gamma-weights", set, NULL, NULL, NULL, 1, &k, &o);
    assert_int_equal(r.status, JN_OK);
    jn_matrix one, three;
    assert_ok(jn_weights_of_gap(r.table, 1, &one, &r.err), &r.err);
    assert_ok(jn_weights_of_gap(r.table, 3, &three, &r.err), &r.err);
    assert_int_equal(one.rows, 1);
    assert_int_equal(one.cols, 2100);
    assert_memory_equal(one.x, three.x, 2100 * sizeof(double));
    double mean = 0.0, se[3];
    for (size_t part = 0; part < 3; part++) {
        mean += mean_of(700, one.x + 700 * part, &se[part]) / 3.0;
    }
    assert_close(mean, r.table->rows[0].bounds[0].value.value, 1e-13, 0.0);
    assert_true(se[0] != se[1] && se[1] != se[2]); /* replicates differ */
    jn_matrix_free(&one);
    jn_matrix_free(&three);
    jn_test_gap_free(&r);
}

static void test_only_draws_can_be_saved(void **state)
{
    (void)state;
    const jn_gap_options o = { .rule = JN_RULE_QUADRATURE };
    static const char *const set[] = { "a=2", NULL };
    const uint64_t k = 10;
    jn_test_run r = jn_test_gap("gamma-weights", set, NULL, NULL, NULL, 1, &k, &o);
    jn_matrix m = JN_MATRIX_INIT;
    assert_int_equal(jn_weights_of_gap(r.table, 1, &m, &r.err), JN_ERR_UNSUPPORTED);
    assert_non_null(strstr(r.err.message, "use mc or rqmc"));
    assert_null(m.x);
    jn_test_gap_free(&r);
}

static jn_status attempt_saving(void *table)
{
    jn_matrix m = JN_MATRIX_INIT;
    jn_error err = JN_ERROR_INIT;
    const jn_status st = jn_weights_of_gap(table, 1, &m, &err);
    assert_true(st == JN_OK || m.x == NULL);
    jn_matrix_free(&m);
    return st;
}

static void test_memory_runs_out_saving(void **state)
{
    (void)state;
    const jn_gap_options o = { .rule = JN_RULE_MC, .samples = 10, .replicates = 2 };
    static const char *const set[] = { "a=2", NULL };
    const uint64_t k = 2;
    jn_test_run r = jn_test_gap("gamma-weights", set, NULL, NULL, NULL, 1, &k, &o);
    assert_true(jn_malloc_sweep(attempt_saving, r.table) >= 3);
    jn_test_gap_free(&r);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    int subsets = 0, groups = 1 + JN_BY_GROUPS;
    assert_true(jn_malloc_sweep(attempt, &subsets) >= 10);
    assert_true(jn_malloc_sweep(attempt, &groups) >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means_and_evidence),
        cmocka_unit_test(test_all_subsets),
        cmocka_unit_test(test_gamma_weights),
        cmocka_unit_test(test_one_draw_has_no_error),
        cmocka_unit_test(test_equal_draws_are_not_certain),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_heavy_weights_are_not_converged),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_subtraction),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_draws_behind_a_table),
        cmocka_unit_test(test_only_draws_can_be_saved),
        cmocka_unit_test(test_memory_runs_out_saving),
    };
    fill_few();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
