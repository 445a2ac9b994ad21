/* Errors from one sample: the spread of what each draw adds to a functional of the law, against
 * derivatives of the definitions, written out over few draws. */
#include <string.h>

#include "assertions.h"
#include "chance.h"
#include "jensen/weights.h"
#include "malloc_sweep.h"
#include "runs.h"

enum { FEW = 10, N_ARGS = 12 };

static double few[FEW];

static void fill_few(void)
{
    for (size_t i = 0; i < FEW; i++) {
        few[i] = -3.0 + 1.2 * jn_chance_normal(7, i);
    }
}

static const jn_bound_arg args[N_ARGS] = {
    { .bound = &jn_bound_elbo },
    { .bound = &jn_bound_iwae, .k = 2 },
    { .bound = &jn_bound_iwae, .k = 3 },
    { .bound = &jn_bound_jvi, .k = 2, .order = 1 },
    { .bound = &jn_bound_jvi, .k = 3, .order = 2 },
    { .bound = &jn_bound_vr, .alpha = 0.5 },
    { .bound = &jn_bound_cubo, .n = 2.0 },
    { .bound = &jn_bound_eubo },
    { .bound = &jn_bound_upper, .k = 2 },
    { .bound = &jn_bound_upper, .k = 3 },
    { .bound = &jn_bound_tvo, .points = 2 },
    { .bound = &jn_bound_tvo, .points = 2, .right = true },
};

/* E log of the mean of k draws of masses m, the first one weighted by its W where `biased`. */
static long double mean_log(const long double *m, unsigned k, bool biased)
{
    long double sum = 0.0L, all = 0.0L;
    size_t tuples = 1;
    for (unsigned i = 0; i < k; i++) {
        tuples *= FEW;
    }
    for (size_t t = 0; t < tuples; t++) {
        const size_t first = t % FEW;
        long double mass = biased ? expl(few[first]) : 1.0L, w = 0.0L;
        for (size_t i = 0, rest = t; i < k; i++, rest /= FEW) {
            mass *= m[rest % FEW];
            w += expl(few[rest % FEW]) / k;
        }
        sum += mass * logl(w);
        all += mass;
    }
    return sum / all;
}

static long double moment(const long double *m, double beta, bool of_log)
{
    long double sum = 0.0L;
    for (size_t i = 0; i < FEW; i++) {
        sum += m[i] * expl(beta * few[i]) * (of_log ? few[i] : 1.0L);
    }
    return sum;
}

static long double curve(const long double *m, double beta)
{
    return moment(m, beta, true) / moment(m, beta, false);
}

/* By definition. */
static long double functional(const jn_bound_arg *a, const long double *m)
{
    const unsigned k = (unsigned)a->k;
    if (a->bound == &jn_bound_elbo) {
        return mean_log(m, 1, false);
    } else if (a->bound == &jn_bound_iwae) {
        return mean_log(m, k, false);
    } else if (a->bound == &jn_bound_jvi && a->order == 1) {
        return k * mean_log(m, k, false) - (k - 1) * mean_log(m, k - 1, false);
    } else if (a->bound == &jn_bound_jvi) { /* order 2 at K = 3 */
        return 4.5L * mean_log(m, 3, false) - 4.0L * mean_log(m, 2, false) +
               0.5L * mean_log(m, 1, false);
    } else if (a->bound == &jn_bound_vr) {
        return logl(moment(m, 0.5, false)) / 0.5L;
    } else if (a->bound == &jn_bound_cubo) {
        return logl(moment(m, 2.0, false)) / 2.0L;
    } else if (a->bound == &jn_bound_eubo) {
        return curve(m, 1.0);
    } else if (a->bound == &jn_bound_upper) {
        return mean_log(m, k, true);
    }
    return 0.5L * (a->right ? curve(m, 0.5) + curve(m, 1.0) : curve(m, 0.0) + curve(m, 0.5));
}

/* The functional, less log p(x) where `gap`, as a draw gains the mass e from all. */
static long double moved(const jn_bound_arg *a, bool gap, size_t draw, long double e)
{
    long double m[FEW];
    for (size_t i = 0; i < FEW; i++) {
        m[i] = (1.0L - e) / FEW + (i == draw ? e : 0.0L);
    }
    return functional(a, m) - (gap ? logl(moment(m, 1.0, false)) : 0.0L);
}

/* sqrt(sum of squared derivatives / N / (N - 1)). Differences over 2e-4 of a functional whose third
 * derivative is of size 10 are off by 1e-7. */
static double slow_error(const jn_bound_arg *a, bool gap)
{
    const long double e = 1e-4L;
    long double sum = 0.0L;
    for (size_t i = 0; i < FEW; i++) {
        const long double f = (moved(a, gap, i, e) - moved(a, gap, i, -e)) / (2.0L * e);
        sum += f * f;
    }
    return (double)sqrtl(sum / FEW / (FEW - 1));
}

static void test_errors_are_those_of_the_influence(void **state)
{
    (void)state;
    const jn_matrix m = { .rows = 1, .cols = FEW, .ndim = 1, .x = few };
    const jn_weights_options o = { .estimator = 1 + JN_BY_LAW };
    jn_gap_table *t;
    assert_ok(jn_weights_run(&m, N_ARGS, args, &o, &t, NULL), NULL);
    for (size_t i = 0; i < N_ARGS; i++) {
        const jn_estimate *e = &t->rows[0].bounds[i].value;
        long double equal[FEW];
        for (size_t j = 0; j < FEW; j++) {
            equal[j] = 1.0L / FEW;
        }
        assert_close(e->value, (double)functional(&args[i], equal), 0.0, 1e-11);
        assert_close(e->error, slow_error(&args[i], false), 1e-6, 0.0);
        assert_close(e->dof, FEW - 1, 0.0, 0.0);
    }
    jn_gap_table_free(t);
}

/* A weight of zero leaves the bounds that are means under the posterior theirs. */
static void test_zero_weights(void **state)
{
    (void)state;
    const double kept = few[3];
    few[3] = -1e4; /* nothing, to the definitions; their logs of it are not asked for */
    const double with[2] = { slow_error(&args[7], false), slow_error(&args[6], false) };
    few[3] = -INFINITY;
    const jn_matrix m = { .rows = 1, .cols = FEW, .ndim = 1, .x = few };
    const jn_weights_options o = { .estimator = 1 + JN_BY_LAW };
    jn_gap_table *t;
    assert_ok(jn_weights_run(&m, N_ARGS, args, &o, &t, NULL), NULL);
    assert_close(t->rows[0].bounds[7].value.error, with[0], 1e-6, 0.0);
    assert_close(t->rows[0].bounds[6].value.error, with[1], 1e-6, 0.0);
    few[3] = -1e4;
    assert_close(t->rows[0].bounds[8].value.error, slow_error(&args[8], false), 1e-6, 0.0);
    assert_close(t->rows[0].bounds[9].value.error, slow_error(&args[9], false), 1e-6, 0.0);
    assert_true(t->rows[0].bounds[1].value.value == -INFINITY);
    assert_true(isnan(t->rows[0].bounds[1].value.error));
    jn_gap_table_free(t);
    few[3] = kept;
}

/* A set of one law of the few draws, with what the bounds need. */
static jn_status results_of_few(jn_bound_result *out)
{
    const jn_bound_setting setting = { .asked = JN_BY_LAW, .kind = JN_MC, .alone = true };
    jn_bound_wish lists = { 0 };
    jn_law law;
    jn_status st = jn_bounds_wish(N_ARGS, args, &setting, &lists);
    if (st != JN_OK) {
        return st;
    }
    const jn_law_wish wish = { .needs = lists.needs, .n_beta = lists.n_beta, .betas = lists.betas };
    const jn_weights block = { .n = FEW, .log_w = few };
    st = jn_law_start(&law, &wish, NAN, 0);
    st = st == JN_OK ? jn_law_add(&law, &block) : st;
    const jn_law_set set = { .kind = JN_MC, .n = 1, .law = &law, .pooled = law };
    st = st == JN_OK ? jn_bound_results(&set, JN_BY_LAW, N_ARGS, args, out) : st;
    jn_law_free(&law);
    jn_bound_wish_free(&lists);
    return st;
}

/* The gap to the log p(x) of the same draws moves with both. */
static void test_gaps_share_their_draws(void **state)
{
    (void)state;
    jn_bound_result r[N_ARGS];
    assert_ok(results_of_few(r), NULL);
    for (size_t i = 0; i < N_ARGS; i++) {
        if (!isnan(r[i].gap.value)) { /* eubo and upper give none */
            assert_close(r[i].gap.error, slow_error(&args[i], true), 1e-6, 0.0);
        }
    }
    assert_true(isfinite(r[5].gap.value) && r[5].gap.error < 0.7 * r[5].value.error);
}

static jn_status attempt(void *user)
{
    jn_bound_result r[N_ARGS] = { { .variance = 42.0 } };
    const jn_status st = results_of_few(r);
    (void)user;
    assert_true(st == JN_OK || r[0].variance == 42.0);
    return st;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    assert_true(jn_malloc_sweep(attempt, NULL) >= 20);
}

static const jn_gap_table *few_samples(jn_test_run *r, uint64_t samples, uint64_t replicates)
{
    static const jn_bound_arg asked[] = { { .bound = &jn_bound_elbo },
                                          { .bound = &jn_bound_iwae, .k = 1 },
                                          { .bound = &jn_bound_cubo, .n = 2.0 } };
    const jn_gap_options o = {
        .rule = JN_RULE_MC, .estimator = 1 + JN_BY_LAW, .samples = samples, .replicates = replicates
    };
    *r = (jn_test_run){ .model = jn_test_model("gamma-weights", NULL, NULL), .err = JN_ERROR_INIT };
    jn_params own = JN_PARAMS_INIT;
    const char *q = r->model->type->own_proposal(r->model->self, &own);
    assert_ok(jn_proposal_new(q, &own, r->model, &r->q, NULL), NULL);
    jn_params_free(&own);
    r->status = jn_gap_run(r->q, 3, asked, &o, &r->table, &r->err);
    return r->table;
}

/* One draw has no spread: no error, no variance, nothing predicted from it, and no ESS of 100 %. */
static void test_one_draw_knows_nothing(void **state)
{
    (void)state;
    jn_test_run r;
    const jn_gap_table *t = few_samples(&r, 1, 1);
    assert_int_equal(r.status, JN_NOT_CONVERGED);
    assert_true(isnan(t->total.diagnostics.var_w) && isnan(t->total.diagnostics.ess_fraction));
    for (size_t i = 0; i < 3; i++) {
        const jn_gap_bound *b = &t->total.bounds[i];
        assert_true(isfinite(b->value.value) && isnan(b->value.error) && isnan(b->gap.error));
        assert_true(isnan(b->gap_predicted) && isnan(b->variance));
        assert_string_equal(t->rows[0].bounds[i].unsure, "one draw has no spread");
    }
    jn_test_gap_free(&r);
}

/* Within one draw a bound has no gap, however many replicates agree on that: the gap is that of the
 * value, with its error. */
static void test_replicates_of_one_draw_show_no_gap_of_their_own(void **state)
{
    (void)state;
    jn_test_run r;
    const jn_gap_table *t = few_samples(&r, 1, 16);
    for (size_t i = 0; i < 3; i++) {
        const jn_gap_bound *b = &t->total.bounds[i];
        assert_true(b->gap.error >= b->value.error);
        assert_close(b->gap.value, t->total.evidence.value - b->value.value, 0.0, 1e-15);
    }
    jn_test_gap_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_are_those_of_the_influence),
        cmocka_unit_test(test_zero_weights),
        cmocka_unit_test(test_gaps_share_their_draws),
        cmocka_unit_test(test_one_draw_knows_nothing),
        cmocka_unit_test(test_replicates_of_one_draw_show_no_gap_of_their_own),
        cmocka_unit_test(test_memory_runs_out),
    };
    fill_few();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
