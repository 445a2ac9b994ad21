/* Stored log-weights: each row is one Monte Carlo law, and its bounds are read off as any other. */
#include "jensen/weights.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/tasks.h"
#include "gap/doubt.h"
#include "gap/subsets.h"
#include "gap/table_new.h"
#include "gap/total.h"
#include "gap/verdict.h"
#include "gap/warnings.h"

typedef struct job {
    const jn_matrix *log_w;
    const jn_weights_options *options;
    jn_estimator estimator; /* of what subsets do not give */
    bool subsets;           /* iwae and jvi by all subsets of the draws */
    const jn_bound_arg *args;
    size_t n_own;      /* of these, what laws give */
    jn_bound_arg *own; /* n_own; the others are of subsets */
    jn_bound_wish lists;
    jn_law_wish wish; /* borrows the lists */
    jn_gap_table *table;
} job;

static const char ESTIMATED[] = "log of the mean weight: a lower bound in expectation";

/* Far beyond any log-density there is, and small enough for sums of squares of it. */
#define LARGEST 1e100

static bool is_log(double x)
{
    return fabs(x) <= LARGEST || x == -INFINITY;
}

static jn_status check_row(const jn_matrix *m, size_t row, jn_error *err)
{
    const double *x = m->x + row * m->cols;
    for (size_t i = 0; i < m->cols; i++) {
        if (!is_log(x[i])) {
            char found[JN_NUMBER_TEXT];
            return jn_error_set(err, JN_ERR_VALUE,
                                "row %zu, column %zu (from 0): found %s, expected a log-weight: a "
                                "finite number of at most 1e100 either way, or -inf for a weight "
                                "of zero",
                                row, i, jn_number_text(x[i], found));
        }
    }
    return JN_OK;
}

/* Draws that all agree are not certain beyond it. */
static double rounding(double value)
{
    return 4.4e-16 * (1.0 + fabs(value));
}

/* Log of the mean weight; its error by the delta method: the mean's own, relative. */
static jn_estimate estimate_evidence(const jn_law *law)
{
    const double n = (double)law->n_nodes, value = jn_law_log_evidence(law);
    const double spread = fmax(1.0 / jn_law_ess_fraction(law) - 1.0, 0.0);
    const bool known = isfinite(value) && n > 1.0 && !jn_gap_few_effective(law);
    return (jn_estimate){ .value = value,
                          .error = known ? sqrt(spread / (n - 1.0)) + rounding(value) : NAN,
                          .dof = known ? n - 1.0 : NAN,
                          .kind = JN_MC,
                          .method = ESTIMATED };
}

static jn_estimate given_evidence(double value)
{
    return (jn_estimate){
        .value = value, .error = 0.0, .dof = NAN, .kind = JN_EXACT, .method = "given"
    };
}

/* log p(x) is exact: the gap has the bound's error. */
static jn_estimate gap_of(double log_p, const jn_estimate *bound)
{
    jn_estimate gap = *bound;
    gap.value = log_p - bound->value;
    return gap;
}

/* Draws prove no moment finite. */
static jn_verdict verdict_of(const jn_bound_arg *arg)
{
    double n;
    if (arg->bound->integrand(arg, &n) == JN_ALWAYS_FINITE) {
        return (jn_verdict){ .finite = JN_FINITE };
    }
    return (jn_verdict){ .finite = JN_FINITE_UNKNOWN,
                         .reason = "stored weights do not show the tails of p and q" };
}

static void fill_bound(const job *j, size_t row, const jn_bound_result *r, jn_gap_bound *b)
{
    b->estimator = r->estimator;
    b->value = r->value;
    b->variance = r->variance;
    b->value.dof = isnan(b->value.error) ? NAN : b->value.dof;
    b->finite = verdict_of(&b->arg);
    if (j->options->evidence != NULL) {
        b->gap = gap_of(j->options->evidence[row], &b->value);
    }
}

static jn_status find_tail(const jn_law *law, jn_diagnostics *d)
{
    jn_pareto p;
    const jn_status st = jn_pareto_fit(law->n_nodes, law->tail.n, law->tail.log_w, &p);
    if (st == JN_OK) {
        d->pareto_k = p.k;
        d->pareto_error = p.error;
        d->pareto_note = p.note;
    }
    return st;
}

static bool of_subsets(const job *j, size_t i)
{
    return j->subsets && jn_gap_is_of_subsets(&j->args[i]);
}

/* The results of all bounds: n. */
static jn_status find_results(const job *j, const double *log_w, const jn_law_set *set, size_t n,
                              jn_bound_result *results)
{
    jn_bound_result *own = jn_alloc(j->n_own, sizeof *own);
    jn_status st = own == NULL ? JN_ERR_NOMEM
                               : jn_bound_results(set, j->estimator, j->n_own, j->own, own);
    for (size_t i = 0, at = 0; st == JN_OK && i < n; i++) {
        if (!of_subsets(j, i)) {
            results[i] = own[at++];
        }
    }
    free(own);
    return st == JN_OK && j->subsets ? jn_gap_subsets(j->log_w->cols, log_w, n, j->args, results)
                                     : st;
}

static jn_status read_law(const job *j, size_t row, jn_law *law)
{
    const size_t n = j->table->n_bounds;
    jn_gap_row *out = &j->table->rows[row];
    /* pooled is the same law: it is not freed with the set */
    const jn_law_set set = { .kind = JN_MC, .n = 1, .law = law, .pooled = *law };
    jn_bound_result *results = jn_alloc(n, sizeof *results);
    if (results == NULL) {
        return JN_ERR_NOMEM;
    }
    const double *log_w = j->log_w->x + row * j->log_w->cols;
    const bool given = j->options->evidence != NULL;
    out->evidence = given ? given_evidence(j->options->evidence[row]) : estimate_evidence(law);
    jn_status st = find_tail(law, &out->diagnostics);
    st = st == JN_OK ? find_results(j, log_w, &set, n, results) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        fill_bound(j, row, &results[i], &out->bounds[i]);
        st = jn_gap_doubt(&out->bounds[i], &set, &out->diagnostics, given ? &out->evidence : NULL);
    }
    free(results);
    out->diagnostics.ess_fraction = jn_gap_ess(law);
    out->diagnostics.zero_weights = law->n_zero;
    return st;
}

static jn_status fill_row(void *user, size_t row, size_t worker, jn_error *err)
{
    (void)worker;
    const job *j = user;
    const size_t cols = j->log_w->cols;
    const jn_weights block = { .n = cols, .log_w = j->log_w->x + row * cols };
    jn_law law;
    jn_status st = check_row(j->log_w, row, err);
    if (st != JN_OK) {
        return st;
    }
    st = jn_law_start(&law, &j->wish, NAN, 0);
    st = st == JN_OK ? jn_law_add(&law, &block) : st;
    st = st == JN_OK ? read_law(j, row, &law) : st;
    jn_law_free(&law);
    return st == JN_OK ? st : jn_error_set(err, st, "row %zu: %s", row, jn_status_text(st));
}

/* Above the limit no mean of these weights can be trusted, and more of them help little. */
static jn_status warn_heavy(jn_gap_table *t)
{
    const double limit = jn_pareto_limit(t->samples);
    const jn_diagnostics *worst = &t->total.diagnostics;
    size_t count = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        count += t->rows[r].diagnostics.pareto_k > limit;
    }
    if (count == 0) {
        return JN_OK;
    }
    const jn_status st = jn_gap_warn(
        t,
        "the weights of %zu of %zu observations are too heavy-tailed to average: Pareto k-hat is "
        "above %.3g (%.3g +- %.2g in observation %zu); draw from a wider q, or one with heavier "
        "tails",
        count, t->n_rows, limit, worst->pareto_k, worst->pareto_error, worst->pareto_row);
    return st == JN_OK ? JN_NOT_CONVERGED : st;
}

/* The log of the mean weight where a few draws are all of it. */
static jn_status warn_evidence(jn_gap_table *t)
{
    size_t count = 0;
    for (size_t r = 0; t->samples > 1 && r < t->n_rows; r++) {
        const jn_estimate *e = &t->rows[r].evidence;
        count += isfinite(e->value) && isnan(e->error);
    }
    if (count == 0) {
        return JN_OK;
    }
    const jn_status st = jn_gap_warn(t,
                                     "log p(x): its error is not known for %zu of %zu "
                                     "observations: fewer than 10 draws hold all the weight "
                                     "(effective sample size); draw from a wider q",
                                     count, t->n_rows);
    return st == JN_OK ? JN_NOT_CONVERGED : st;
}

static jn_status check(const jn_matrix *log_w, size_t n_bounds, const jn_bound_arg *bounds,
                       const jn_weights_options *o, jn_error *err)
{
    if (n_bounds == 0 || log_w->rows == 0 || log_w->cols == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "need weights and bounds");
    }
    for (size_t i = 0; i < n_bounds; i++) {
        if (bounds[i].bound->runs) {
            return jn_error_set(err, JN_ERR_USAGE, "%s needs a model: weights do not give it",
                                bounds[i].bound->name);
        }
        if (bounds[i].k > log_w->cols) {
            char label[JN_BOUND_LABEL];
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s: K is above the %zu weight%s of an observation (%zu x %zu: a "
                                "row is an observation)",
                                jn_bound_label(&bounds[i], label), log_w->cols,
                                log_w->cols == 1 ? "" : "s", log_w->rows, log_w->cols);
        }
    }
    for (size_t r = 0; o->evidence != NULL && r < log_w->rows; r++) {
        if (!isfinite(o->evidence[r])) {
            return jn_error_set(err, JN_ERR_VALUE, "evidence of row %zu: expected a finite number",
                                r);
        }
    }
    return JN_OK;
}

static jn_status wish_for(job *j, size_t n_bounds)
{
    const jn_bound_setting setting = { .asked = j->estimator, .kind = JN_MC, .alone = true };
    j->own = jn_alloc(n_bounds, sizeof *j->own);
    if (j->own == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n_bounds; i++) {
        if (!of_subsets(j, i)) {
            j->own[j->n_own++] = j->args[i];
        }
    }
    const jn_status st = jn_bounds_wish(j->n_own, j->own, &setting, &j->lists);
    if (st == JN_OK) {
        const jn_bound_wish *w = &j->lists;
        j->wish = (jn_law_wish){ .needs = w->needs | JN_NEED_TAIL,
                                 .n_k = w->n_k,
                                 .ks = w->ks,
                                 .n_beta = w->n_beta,
                                 .betas = w->betas,
                                 .n_posterior_k = w->n_posterior_k,
                                 .posterior_ks = w->posterior_ks,
                                 .n_tail = jn_pareto_tail(j->log_w->cols) + 1 };
    }
    return st;
}

static jn_status finish(jn_gap_table *t, jn_error *err)
{
    jn_gap_total(t);
    jn_status st = jn_gap_warn_infinite(t);
    st = st == JN_OK ? jn_gap_warn_unsure(t) : st;
    const jn_status few = st >= 0 ? warn_evidence(t) : st;
    st = few == JN_OK ? st : few;
    const jn_status heavy = st >= 0 ? warn_heavy(t) : st;
    st = heavy == JN_OK ? st : heavy;
    return st < 0 ? jn_error_set(err, st, "out of memory") : st;
}

jn_status jn_weights_run(const jn_matrix *log_w, size_t n_bounds, const jn_bound_arg *bounds,
                         const jn_weights_options *options, jn_gap_table **out, jn_error *err)
{
    const jn_weights_options defaults = { 0 };
    const jn_weights_options *o = options == NULL ? &defaults : options;
    jn_status st = check(log_w, n_bounds, bounds, o, err);
    if (st != JN_OK) {
        return st;
    }
    job j = { .log_w = log_w, .options = o, .args = bounds };
    j.subsets = o->estimator == 0 || o->estimator == 1 + JN_BY_USTAT;
    j.estimator = j.subsets ? JN_BY_GROUPS : (jn_estimator)(o->estimator - 1);
    j.table = jn_gap_table_blank(log_w->rows, n_bounds, bounds);
    st = j.table == NULL ? JN_ERR_NOMEM : wish_for(&j, n_bounds);
    if (st != JN_OK) {
        jn_gap_table_free(j.table);
        free(j.own);
        return jn_error_set(err, st, "out of memory for %zu observations", log_w->rows);
    }
    j.table->rule = "weights";
    j.table->samples = log_w->cols;
    j.table->replicates = 1;
    j.table->seed = o->seed;
    j.table->tolerance = NAN;
    st = jn_tasks_run(log_w->rows, o->threads, fill_row, &j, err);
    st = st == JN_OK ? finish(j.table, err) : st;
    jn_bound_wish_free(&j.lists);
    free(j.own);
    if (st < 0) {
        jn_gap_table_free(j.table);
        return st;
    }
    *out = j.table;
    return st;
}

jn_status jn_weights_subtract(jn_matrix *log_p, const jn_matrix *log_q, jn_error *err)
{
    if (log_p->rows != log_q->rows || log_p->cols != log_q->cols) {
        return jn_error_set(err, JN_ERR_VALUE, "log p is %zu x %zu, but log q is %zu x %zu",
                            log_p->rows, log_p->cols, log_q->rows, log_q->cols);
    }
    for (size_t i = 0; i < log_p->rows * log_p->cols; i++) {
        const bool good = is_log(log_p->x[i]);
        if (!good || !(fabs(log_q->x[i]) <= LARGEST)) {
            char found[JN_NUMBER_TEXT];
            return jn_error_set(err, JN_ERR_VALUE,
                                "log %s, row %zu, column %zu (from 0): found %s, expected a finite "
                                "number of at most 1e100 either way%s",
                                good ? "q" : "p", i / log_p->cols, i % log_p->cols,
                                jn_number_text(good ? log_q->x[i] : log_p->x[i], found),
                                good ? "" : " or -inf");
        }
    }
    for (size_t i = 0; i < log_p->rows * log_p->cols; i++) {
        log_p->x[i] -= log_q->x[i];
    }
    return JN_OK;
}
