#include "gap/runs.h"

#include <math.h>

#include "gap/table_new.h"
#include "gap/warnings.h"
#include "jensen/path.h"

enum { RUNS = 16 };

static const jn_bound_arg elbo = { .bound = &jn_bound_elbo };

/* The sampler of row i of the main table, into a table of its own. */
static jn_gap_job job_of(const jn_gap_job *j, size_t i, const jn_gap_options *o, jn_gap_table *t)
{
    const jn_bound_arg *arg = &j->args[i];
    const bool smc = arg->bound == &jn_bound_fivo;
    return (jn_gap_job){ .q = j->q,
                         .source = smc ? &jn_source_smc : &jn_source_ais,
                         .estimator = JN_BY_GROUPS,
                         .args = &elbo,
                         .options = o,
                         .particles = smc ? arg->k : 0,
                         .steps = smc ? 0 : arg->k,
                         .reverse = arg->right,
                         .table = t };
}

static jn_status run(const jn_gap_job *job, jn_error *err)
{
    const size_t size = jn_gap_tile_size(job), n = job->table->n_rows;
    jn_status st = JN_OK;
    for (size_t first = 0; st >= 0 && first < n; first += size) {
        st = jn_gap_tile_run(job, first, n - first < size ? n - first : size, err);
    }
    return st;
}

/* Reverse weights average to 1 / p(x) only where q has no mass on z with w = 0 and every chain has
 * a start of its own, and may have a heavy tail where q's are light: no control by log p(x). */
static jn_estimate evidence_of(const jn_gap_job *job, const jn_estimate *exact)
{
    jn_estimate e = *exact;
    e.value = job->reverse ? NAN : e.value;
    return e;
}

/* Chains that share one start and make no move are one chain: nothing tells how far off it is. */
static bool all_one_chain(const jn_gap_job *job)
{
    return job->reverse && job->options->latents != NULL && job->steps <= 1 &&
           !job->q->is_posterior;
}

/* They come as -log w: minus their mean. */
static void take(const jn_gap_job *job, const jn_gap_bound *from, const jn_estimate *exact,
                 jn_gap_bound *to)
{
    to->estimator = from->estimator;
    to->value = from->value;
    to->gap = from->gap;
    to->variance = from->variance;
    if (job->reverse) {
        to->value.value = -from->value.value;
        to->gap = to->value;
        to->gap.value = exact->value - to->value.value;
        to->gap.error = to->value.error + exact->error;
    }
    if (all_one_chain(job)) {
        to->value.error = to->value.dof = to->gap.error = to->gap.dof = to->variance = NAN;
    }
}

static jn_status fill(const jn_gap_job *j, size_t i, jn_error *err)
{
    jn_gap_options o = *j->options;
    o.samples = RUNS;
    jn_gap_table *t = jn_gap_table_new(j->q, 1, &elbo, &o);
    if (t == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for runs of samplers");
    }
    const jn_gap_job job = job_of(j, i, &o, t);
    for (size_t r = 0; r < t->n_rows; r++) {
        t->rows[r].index = r;
        t->rows[r].evidence = evidence_of(&job, &j->table->rows[r].evidence);
    }
    const jn_status st = run(&job, err);
    for (size_t r = 0; st == JN_OK && r < t->n_rows; r++) {
        jn_gap_row *row = &j->table->rows[r];
        take(&job, &t->rows[r].bounds[0], &row->evidence, &row->bounds[i]);
    }
    jn_gap_table_free(t);
    return st;
}

static jn_status warn_once(const jn_gap_job *j, bool *warned, const char *text)
{
    const jn_status st = *warned ? JN_OK : jn_gap_warn(j->table, "ais: %s", text);
    *warned = true;
    return st;
}

/* An observation of probability 0 has no posterior to start from. */
static bool impossible(const jn_gap_table *t)
{
    bool some = false;
    for (size_t r = 0; r < t->n_rows; r++) {
        some = some || t->rows[r].evidence.value == -INFINITY;
    }
    return some;
}

jn_status jn_gap_runs(const jn_gap_job *j, jn_error *err)
{
    jn_status st = JN_OK, weak = JN_OK;
    bool warned = false;
    for (size_t i = 0; i < j->table->n_bounds && st == JN_OK; i++) {
        if (!j->args[i].bound->runs) {
            continue;
        }
        if (j->args[i].right && impossible(j->table)) {
            st = warn_once(j, &warned,
                           "no reverse chains: an observation is impossible and has no "
                           "posterior");
            continue;
        }
        st = fill(j, i, err);
        if (st == JN_ERR_UNSUPPORTED && j->args[i].right) {
            st = warn_once(j, &warned, err->message);
            weak = JN_NOT_CONVERGED;
        } else if (st == JN_OK && j->args[i].right && j->options->latents != NULL) {
            st = warn_once(j, &warned,
                           "reverse chains all start from the latents given: an upper bound on "
                           "average over data, and its error is that of these data alone");
        }
    }
    return st == JN_OK ? weak : st;
}
