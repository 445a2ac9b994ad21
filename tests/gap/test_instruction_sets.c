/* The gap table on every instruction set that runs here, and on any number of threads, in many
 * chunks of draws. */
#include "kernel/isas.h"
#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/gap.h"

static const jn_bound_arg ARGS[] = {
    { .bound = &jn_bound_elbo },
    { .bound = &jn_bound_iwae, .k = 7 },
    { .bound = &jn_bound_iwae, .k = 64 },
    { .bound = &jn_bound_iwae, .k = 1000 },
};
enum { N_ARGS = sizeof ARGS / sizeof ARGS[0] };

static jn_gap_table *run(const jn_proposal *q, const jn_gap_options *o, const char *isa)
{
    jn_error err = JN_ERROR_INIT;
    jn_gap_table *t = NULL;
    assert_int_equal(jn_kernels_select(isa), JN_OK);
    assert_true(jn_gap_run(q, N_ARGS, ARGS, o, &t, &err) >= 0);
    return t;
}

static void compare(const jn_gap_table *a, const jn_gap_table *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    for (size_t r = 0; r < a->n_rows; r++) {
        assert_close(a->rows[r].evidence.value, b->rows[r].evidence.value, 1e-12, 0.0);
        for (size_t i = 0; i < N_ARGS; i++) {
            const jn_gap_bound *x = &a->rows[r].bounds[i], *y = &b->rows[r].bounds[i];
            assert_close(x->value.value, y->value.value, 1e-12, 0.0);
            /* log-weights round at eps |log p|, and so does what is left of them in a gap */
            assert_close(x->gap.value, y->gap.value, 1e-10, 1e-13 * fabs(x->value.value));
            if (isfinite(y->value.error) && y->value.kind != JN_QUADRATURE) {
                assert_close(x->value.error, y->value.error, 1e-8, 0.0);
            }
        }
        const double ess = b->rows[r].diagnostics.ess_fraction;
        if (!isnan(ess)) { /* NaN: Var W is infinite */
            assert_close(a->rows[r].diagnostics.ess_fraction, ess, 1e-11, 0.0);
        }
        const double k = b->rows[r].diagnostics.pareto_k;
        if (!isnan(k)) {
            assert_close(a->rows[r].diagnostics.pareto_k, k, 0.0, 1e-8);
        }
    }
}

/* Bit by bit, NaN included. */
static void assert_same(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void same_on_any_number_of_threads(const jn_proposal *q, jn_gap_options o)
{
    static const size_t threads[] = { 1, 2, 3, 8 };
    jn_gap_table *one = NULL;
    for (size_t k = 0; k < 4; k++) {
        o.threads = threads[k];
        jn_gap_table *t = run(q, &o, NULL);
        one = one == NULL ? t : one;
        for (size_t r = 0; r < t->n_rows; r++) {
            for (size_t i = 0; i < N_ARGS; i++) {
                const jn_gap_bound *x = &t->rows[r].bounds[i], *y = &one->rows[r].bounds[i];
                assert_same(x->value.value, y->value.value);
                assert_same(x->value.error, y->value.error);
                assert_same(x->gap.value, y->gap.value);
                assert_same(x->gap.error, y->gap.error);
            }
            assert_same(t->rows[r].evidence.value, one->rows[r].evidence.value);
            assert_same(t->rows[r].diagnostics.pareto_k, one->rows[r].diagnostics.pareto_k);
            assert_same(t->rows[r].diagnostics.ess_fraction, one->rows[r].diagnostics.ess_fraction);
        }
        if (t != one) {
            jn_gap_table_free(t);
        }
    }
    jn_gap_table_free(one);
}

static void check(const jn_proposal *q)
{
    static const jn_gap_options options[] = {
        { .rule = JN_RULE_MC, .samples = 40000, .replicates = 3, .seed = 1, .threads = 2 },
        { .rule = JN_RULE_MC, .estimator = 1 + JN_BY_LAW, .samples = 40000, .replicates = 2 },
        { .rule = JN_RULE_RQMC, .samples = 8192, .replicates = 4, .seed = 3 },
        { .rule = JN_RULE_QUADRATURE },
    };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t o = 0; o < 4; o++) {
        jn_gap_table *best = run(q, &options[o], NULL);
        for (size_t s = 0; s < n_sets; s++) {
            jn_gap_table *t = run(q, &options[o], sets[s]->isa);
            compare(t, best);
            jn_gap_table_free(t);
        }
        jn_gap_table_free(best);
        same_on_any_number_of_threads(q, options[o]);
    }
    assert_int_equal(jn_kernels_select(NULL), JN_OK);
}

static void test_linear_gaussian(void **state)
{
    (void)state;
    const double x[] = { 1.2, -0.4, 0.3, 2.0, 0.1, -1.0 };
    jn_table *data = jn_test_table(2, 3, NULL, x);
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.2;0.5,-1;0.3,0.3", "noise_sd=0.8"),
                                data);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.3", "sd=0.7"), m);
    check(q);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_logistic(void **state)
{
    (void)state;
    enum { N = 40 };
    double x[N * 2];
    for (size_t i = 0; i < N; i++) {
        x[2 * i + 1] = jn_chance_normal(1, i);
        x[2 * i] = jn_chance(2, i) < 1.0 / (1.0 + exp(-x[2 * i + 1])) ? 1.0 : 0.0;
    }
    jn_table *data = jn_test_table(N, 2, (const char *const[]){ "y", "a" }, x);
    jn_model *m = jn_test_model("logistic", NULL, data);
    jn_proposal *q = jn_test_proposal("laplace", TEXTS("widen=1.3"), m);
    check(q);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_gaussian),
        cmocka_unit_test(test_logistic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
