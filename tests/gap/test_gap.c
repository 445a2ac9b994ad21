#include "gap/runs.h"

#include <gsl/gsl_errno.h>

#include "malloc_sweep.h"

static const uint64_t KS[] = { 1, 2, 8, 64 };

typedef struct kase {
    const char *model;
    const char *const *set;
    size_t rows, cols;
    double x[8];
    const char *q; /* NULL: the model's own */
    const char *const *q_set;
} kase;

#define N_CASES 11
static void make_cases(kase *c)
{
    static const char *const narrow[] = { "noise_sd=0.7", NULL };
    static const char *const two[] = { "W=1,0.5;-0.3,0.8", "noise_sd=0.5,0.9", NULL };
    static const char *const q1[] = { "mean=0.4", "sd=0.8", NULL };
    static const char *const q2[] = { "mean=0.3,-0.2", "sd=0.9,0.8", NULL };
    static const char *const widen[] = { "widen=1.4", NULL };
    static const char *const mix[] = { "weights=0.3,0.7", "means=-1;2", "sds=1;0.5", NULL };
    static const char *const sd2[] = { "prior_sd=2", NULL };
    static const char *const a4[] = { "a=4", NULL };
    static const char *const points[] = { "values=8,0.22222222222222221", "weights=0.1,0.9", NULL };
    static const char *const wide[] = { "dim=2", "s=1.3", NULL };
    const kase all[N_CASES] = {
        { "linear-gaussian", narrow, 2, 1, { 1.2, -0.4 }, "gaussian", q1 },
        { "linear-gaussian", narrow, 2, 1, { 1.2, -0.4 }, "prior", NULL },
        { "linear-gaussian", two, 2, 2, { 1.2, 0.1, -0.4, 2.0 }, "gaussian", q2 },
        { "linear-gaussian", two, 2, 2, { 1.2, 0.1, -0.4, 2.0 }, "laplace", widen },
        { "gaussian-mixture", mix, 3, 1, { 0.2, 2.4, -3.0 }, "prior", NULL },
        { "gaussian-mixture", mix, 3, 1, { 0.2, 2.4, -3.0 }, "posterior", NULL },
        { "logistic", sd2, 4, 2, { 0, -1.0, 1, 0.5, 1, 2.0, 0, 0.3 }, "laplace", widen },
        { "logistic", sd2, 4, 2, { 0, -1.0, 1, 0.5, 1, 2.0, 0, 0.3 }, "prior", NULL },
        { "gamma-weights", a4, 0, 0, { 0 }, NULL, NULL },
        { "two-point-weights", points, 0, 0, { 0 }, NULL, NULL },
        { "gaussian-scale", wide, 0, 0, { 0 }, NULL, NULL },
    };
    memcpy(c, all, sizeof all);
}

static jn_table *data_of(const kase *c)
{
    static const char *const names[] = { "y", "a" };
    return c->rows == 0 ? NULL
                        : jn_test_table(c->rows, c->cols,
                                        strcmp(c->model, "logistic") == 0 ? names : NULL, c->x);
}

static jn_test_run run(const kase *c, size_t n_k, const jn_gap_options *o)
{
    jn_table *data = data_of(c);
    jn_test_run r = jn_test_gap(c->model, c->set, data, c->q, c->q_set, n_k, KS, o);
    jn_table_free(data);
    return r;
}

/* Draws in groups know nothing of nodes and integrals: 5 standard errors, for every model. */
static void test_draws_agree_with_rules(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    for (size_t c = 0; c < N_CASES; c++) {
        jn_test_run exact = run(&cases[c], 4, NULL);
        jn_test_run drawn = run(&cases[c], 4, &(jn_gap_options){ .rule = JN_RULE_MC, .seed = c });
        assert_ok(exact.status, &exact.err);
        assert_ok(drawn.status, &drawn.err);
        assert_string_equal(drawn.table->rule, "mc");
        for (size_t row = 0; row <= exact.table->n_rows; row++) {
            const bool all = row == exact.table->n_rows;
            const jn_gap_row *e = all ? &exact.table->total : &exact.table->rows[row];
            const jn_gap_row *d = all ? &drawn.table->total : &drawn.table->rows[row];
            for (size_t b = 0; b < 5; b++) {
                const jn_gap_bound *x = &e->bounds[b], *y = &d->bounds[b];
                assert_int_equal(y->estimator, JN_BY_GROUPS);
                assert_true(y->value.kind == JN_MC && y->gap.kind == JN_MC);
                assert_true(x->value.error < 1e-9);
                if (cases[c].q != NULL && strcmp(cases[c].q, "posterior") == 0) {
                    assert_close(y->value.value, x->value.value, 1e-13, 0.0);
                    continue;
                }
                assert_within_se(y->value.value, x->value.value, y->value.error, 5.0);
                assert_within_se(y->gap.value, x->gap.value, y->gap.error, 5.0);
                const double naive = e->evidence.value - y->value.value;
                if (!all && strcmp(y->gap_method, "naive") == 0) {
                    assert_close(y->gap.value, naive, 1e-12, 1e-12);
                } else { /* sharper than the difference, by the groups' own account */
                    assert_within_se(y->gap.value, naive, y->value.error, 6.0);
                }
                if (!isnan(x->kl.value)) {
                    assert_within_se(y->reconstruction.value, x->reconstruction.value,
                                     y->reconstruction.error, 5.0);
                    /* q = prior: B is 0 and known to be */
                    assert_true(x->kl.value == 0.0 ||
                                fabs(y->kl.value - x->kl.value) <= 5.0 * y->kl.error);
                    assert_close(x->reconstruction.value - x->kl.value, x->value.value, 1e-12,
                                 1e-12);
                }
                if (all) {
                    continue; /* variances of totals add */
                }
                assert_close(y->variance, x->variance, 0.25, 0.0); /* of some 1000 groups */
            }
        }
        jn_test_gap_free(&exact);
        jn_test_gap_free(&drawn);
    }
}

/* Bounds rise with K and stay below the evidence; gap = evidence - value. */
static void test_identities_of_a_row(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    for (size_t c = 0; c < N_CASES; c++) {
        jn_test_run r = run(&cases[c], 4, NULL);
        for (size_t row = 0; row < r.table->n_rows; row++) {
            const jn_gap_row *x = &r.table->rows[row];
            assert_int_equal(x->index, row);
            for (size_t b = 0; b < 5; b++) {
                const jn_gap_bound *y = &x->bounds[b];
                const double slack = y->value.error + y->gap.error + x->evidence.error;
                assert_close(y->gap.value, x->evidence.value - y->value.value, 0.0, slack + 1e-13);
                assert_true(y->gap.value >= -y->gap.error);
                assert_true(b < 2 || y->gap.value <= x->bounds[b - 1].gap.value + 1e-13);
            }
            assert_close(x->bounds[0].gap.value, x->bounds[1].gap.value, 1e-14, 1e-20);
        }
        jn_test_gap_free(&r);
    }
}

static void test_totals_add_up(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    for (int pass = 0; pass < 2; pass++) {
        jn_test_run r = run(&cases[3], 4,
                            &(jn_gap_options){ .rule = pass == 0 ? JN_RULE_AUTO : JN_RULE_MC });
        const jn_gap_row *a = &r.table->rows[0], *b = &r.table->rows[1], *t = &r.table->total;
        assert_close(t->evidence.value, a->evidence.value + b->evidence.value, 1e-15, 0.0);
        for (size_t i = 0; i < 5; i++) {
            const jn_gap_bound *x = &a->bounds[i], *y = &b->bounds[i], *z = &t->bounds[i];
            assert_close(z->value.value, x->value.value + y->value.value, 1e-15, 0.0);
            assert_close(z->gap.value, x->gap.value + y->gap.value, 1e-15, 0.0);
            /* independent draws in quadrature, rules' errors linearly */
            assert_close(z->value.error,
                         pass == 0 ? x->value.error + y->value.error
                                   : hypot(x->value.error, y->value.error),
                         1e-14, 0.0);
            const double predicted = x->gap_predicted + y->gap_predicted;
            assert_true(isnan(predicted) ? isnan(z->gap_predicted)
                                         : fabs(z->gap_predicted - predicted) < 1e-14);
            assert_true(i > 0 || isnan(predicted));
        }
        assert_close(t->bounds[0].kl.value, a->bounds[0].kl.value + b->bounds[0].kl.value, 1e-14,
                     0.0);
        const jn_diagnostics *da = &a->diagnostics, *db = &b->diagnostics, *dt = &t->diagnostics;
        assert_close(dt->ess_fraction, fmin(da->ess_fraction, db->ess_fraction), 0.0, 0.0);
        assert_close(dt->var_w, fmax(da->var_w, db->var_w), 0.0, 0.0);
        assert_int_equal(dt->ess_row, da->ess_fraction < db->ess_fraction ? 0 : 1);
        jn_test_gap_free(&r);
    }
}

/* The same bytes on any number of threads. */
static void test_threads_change_nothing(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    static const size_t threads[] = { 2, 3, 8 };
    for (size_t c = 0; c < N_CASES; c++) {
        for (int rule = 0; rule < 2; rule++) {
            jn_gap_options o = { .rule = rule == 0 ? JN_RULE_AUTO : JN_RULE_MC,
                                 .samples = 3000,
                                 .replicates = 5,
                                 .threads = 1 };
            jn_test_run one = run(&cases[c], 4, &o);
            for (size_t t = 0; t < 3; t++) {
                o.threads = threads[t];
                jn_test_run many = run(&cases[c], 4, &o);
                assert_int_equal(one.status, many.status);
                for (size_t row = 0; row < one.table->n_rows; row++) {
                    for (size_t b = 0; b < 5; b++) {
                        const jn_gap_bound *x = &one.table->rows[row].bounds[b];
                        const jn_gap_bound *y = &many.table->rows[row].bounds[b];
                        assert_memory_equal(&x->value.value, &y->value.value, 2 * sizeof(double));
                        assert_memory_equal(&x->gap.value, &y->gap.value, 2 * sizeof(double));
                        assert_memory_equal(&x->kl.value, &y->kl.value, 2 * sizeof(double));
                        assert_memory_equal(&x->variance, &y->variance, sizeof(double));
                    }
                }
                jn_test_gap_free(&many);
            }
            jn_test_gap_free(&one);
        }
    }
}

static void test_groups_need_enough_draws(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    jn_test_run r = run(&cases[0], 4,
                        &(jn_gap_options){ .rule = JN_RULE_MC, .samples = 50, .replicates = 4 });
    assert_int_equal(r.status, JN_NOT_CONVERGED);
    assert_true(r.table->n_warnings == 1 && strstr(r.table->warnings[0], "iwae-64") != NULL);
    for (size_t row = 0; row < 2; row++) {
        const jn_gap_bound *b = r.table->rows[row].bounds;
        assert_true(isfinite(b[3].value.value) && b[3].value.error > 0.0);
        assert_true(isnan(b[4].value.value) && isnan(b[4].value.error));
        assert_true(isnan(b[4].gap.value) && isnan(b[4].gap.error));
    }
    assert_true(isnan(r.table->total.bounds[4].value.value));
    assert_true(isfinite(r.table->total.bounds[3].value.value));
    jn_test_gap_free(&r);
    /* by the law any K is fine */
    r = run(&cases[0], 4,
            &(jn_gap_options){
                .rule = JN_RULE_MC, .samples = 50, .replicates = 4, .estimator = 1 + JN_BY_LAW });
    assert_ok(r.status, &r.err);
    assert_true(isfinite(r.table->rows[0].bounds[4].value.value));
    jn_test_gap_free(&r);
}

/* One replicate: its own spread, never a made-up 0. */
static void test_one_replicate(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    jn_test_run exact = run(&cases[0], 4, NULL);
    jn_test_run r = run(&cases[0], 4,
                        &(jn_gap_options){ .rule = JN_RULE_MC, .samples = 6400, .replicates = 1 });
    for (size_t b = 0; b < 5; b++) {
        const jn_gap_bound *x = &r.table->rows[0].bounds[b];
        assert_within_se(x->value.value, exact.table->rows[0].bounds[b].value.value, x->value.error,
                         5.0);
        assert_within_se(x->gap.value, exact.table->rows[0].bounds[b].gap.value, x->gap.error, 5.0);
    }
    jn_test_gap_free(&r);
    jn_test_gap_free(&exact);
}

static void test_refusals_and_bad_calls(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 0.0 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0,0,0,0"), data);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    const jn_bound_arg arg = { .bound = &jn_bound_elbo };
    jn_gap_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(
        jn_gap_run(q, 1, &arg, &(jn_gap_options){ .rule = JN_RULE_QUADRATURE }, &t, &err),
        JN_REFUSED);
    assert_true(isnan(t->rows[0].bounds[0].value.value) && t->n_warnings == 1);
    assert_true(isfinite(t->rows[0].evidence.value)); /* the closed form needs no nodes */
    jn_gap_table_free(t);
    t = (jn_gap_table *)1;
    assert_int_equal(jn_gap_run(q, 0, &arg, NULL, &t, &err), JN_ERR_VALUE);
    assert_int_equal(jn_gap_run(q, 1, &arg,
                                &(jn_gap_options){ .rule = JN_RULE_MC, .replicates = 5000 }, &t,
                                &err),
                     JN_ERR_VALUE);
    assert_ptr_equal(t, (jn_gap_table *)1);
    jn_gap_table_free(NULL);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static jn_status attempt(void *user)
{
    const jn_proposal *q = user;
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = 4 } };
    jn_gap_table *t = NULL;
    const jn_gap_options o = { .samples = 600, .replicates = 2, .threads = 1 };
    const jn_status st = jn_gap_run(q, 2, args, &o, &t, NULL);
    assert_true(st == JN_OK ? t != NULL : t == NULL);
    jn_gap_table_free(t);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    kase cases[N_CASES];
    make_cases(cases);
    static const size_t which[] = { 0, 4 };
    for (size_t i = 0; i < 2; i++) {
        jn_test_run r = run(&cases[which[i]], 1, NULL);
        assert_true(jn_malloc_sweep(attempt, r.q) >= 20);
        jn_test_gap_free(&r);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_agree_with_rules),
        cmocka_unit_test(test_identities_of_a_row),
        cmocka_unit_test(test_totals_add_up),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_groups_need_enough_draws),
        cmocka_unit_test(test_one_replicate),
        cmocka_unit_test(test_refusals_and_bad_calls),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
