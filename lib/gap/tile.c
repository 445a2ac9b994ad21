#include "gap/tile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "gap/row.h"

enum { TILE_MAX = 64, MAX_REFINEMENT = 5, MAX_WIDENING = 5 };

/* One observation on its way: what was tried last and how it went. */
typedef struct attempt {
    size_t row;
    jn_source_options options;
    bool planned;
    jn_row_state state;
    double error; /* the worst of the row's bounds at the last resolution */
    char why[JN_ERROR_TEXT];
} attempt;

typedef struct tile {
    const jn_gap_job *job;
    size_t n;
    attempt *attempt;
    jn_plan *plan;
    jn_law_set *set;
    double *log_p;
} tile;

size_t jn_gap_tile_size(const jn_gap_job *j)
{
    static const size_t by_dim[] = { TILE_MAX, TILE_MAX, 8, 1 };
    const size_t dim = j->q->model->dim;
    return j->source->kind == JN_QUADRATURE && dim <= 4 ? by_dim[dim - 1] : TILE_MAX;
}

/* Something to print, if not as sharp as was asked. */
static bool has_answer(const attempt *a)
{
    return a->state == JN_ROW_COARSE || a->state == JN_ROW_SHORT;
}

static jn_status plan_one(void *user, size_t i, size_t worker, jn_error *err)
{
    (void)worker;
    tile *t = user;
    attempt *a = &t->attempt[i];
    const jn_status st = jn_plan_new(t->job->source, t->job->q, a->row, &a->options, &t->plan[i],
                                     err);
    a->planned = st == JN_OK;
    if (st == JN_REFUSED && !has_answer(a)) {
        memcpy(a->why, err->message, JN_ERROR_TEXT);
    }
    return st == JN_REFUSED ? JN_OK : st;
}

static jn_status fill_one(void *user, size_t i, size_t worker, jn_error *err)
{
    (void)worker;
    tile *t = user;
    attempt *a = &t->attempt[i];
    const jn_gap_job *j = t->job;
    const jn_status st = jn_gap_row_fill(j->q, &t->set[i], j->estimator, j->table->n_bounds,
                                         j->args, j->options->tolerance, &j->table->rows[a->row],
                                         &a->state, a->why);
    return st == JN_OK
               ? st
               : jn_error_set(err, st, "observation %zu: bounds: %s", a->row, jn_status_text(st));
}

/* Rows whose grid could not be made are dropped: with what they had where that was only coarse. */
static jn_status drop_unplanned(tile *t, jn_error *weak, jn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        attempt *a = &t->attempt[i];
        if (a->planned) {
            t->plan[kept] = t->plan[i];
            t->attempt[kept++] = *a;
        } else if (has_answer(a)) {
            (void)jn_error_set(weak, JN_NOT_CONVERGED, "observation %zu: %s", a->row, a->why);
        } else {
            (void)jn_error_set(err, JN_REFUSED, "%s", a->why);
            for (; i < t->n; i++) {
                t->plan[kept++] = t->plan[i]; /* to be released */
            }
            t->n = kept;
            return JN_REFUSED;
        }
    }
    t->n = kept;
    return JN_OK;
}

/* A smooth integrand's error drops to its square when the step is halved, that of one with a ridge
 * between the nodes (K draws whose log-weights lie thousands apart) by a constant factor. Does that
 * factor miss the tolerance at the finest resolution there is? Notes the error for the next time.
 */
static bool hopeless(attempt *a, const jn_gap_table *t)
{
    double worst = 0.0;
    for (size_t i = 0; i < t->n_bounds; i++) {
        const double error = t->rows[a->row].bounds[i].value.error;
        worst = error > worst ? error : worst;
    }
    const double factor = worst / a->error; /* NaN the first time: not hopeless */
    const int left = MAX_REFINEMENT - (int)a->options.refinement;
    a->error = worst;
    return factor > 0.1 && worst * pow(factor, left) > t->tolerance;
}

/* Keep the rows that a finer or a wider rule may still mend. */
static jn_status drop_finished(tile *t, jn_error *weak, jn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        attempt *a = &t->attempt[i];
        if (a->state == JN_ROW_GOOD) {
            continue;
        }
        const bool stop = a->state == JN_ROW_COARSE && hopeless(a, t->job->table);
        if (a->state == JN_ROW_NARROW || a->state == JN_ROW_SHORT) {
            a->options.widening++;
        } else {
            a->options.refinement++;
        }
        if (!stop && a->options.widening <= MAX_WIDENING &&
            a->options.refinement <= MAX_REFINEMENT) {
            t->attempt[kept++] = *a;
        } else if (has_answer(a)) {
            (void)jn_error_set(weak, JN_NOT_CONVERGED, "observation %zu: %s", a->row, a->why);
        } else {
            return jn_error_set(err, JN_REFUSED, "observation %zu: %s", a->row, a->why);
        }
    }
    t->n = kept;
    return JN_OK;
}

static jn_status try_all(tile *t, jn_error *weak, jn_error *err)
{
    const jn_gap_job *j = t->job;
    memset(t->plan, 0, t->n * sizeof *t->plan);
    memset(t->set, 0, t->n * sizeof *t->set);
    size_t n = t->n;
    jn_status st = jn_tasks_run(n, j->options->threads, plan_one, t, err);
    if (st == JN_OK) {
        st = drop_unplanned(t, weak, err);
        n = t->n;
    }
    if (st == JN_OK && n > 0) {
        jn_law_wish wish = j->wish;
        wish.log_p = t->log_p;
        for (size_t i = 0; i < n; i++) {
            const double log_p = j->table->rows[t->attempt[i].row].evidence.value;
            t->log_p[i] = isfinite(log_p) ? log_p : NAN;
        }
        st = jn_source_run(t->plan, n, &wish, j->options->threads, t->set, err);
    }
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const uint64_t points = t->plan[i].n_points[0];
        j->table->nodes = j->table->nodes < points ? points : j->table->nodes;
    }
    st = st == JN_OK ? jn_tasks_run(n, j->options->threads, fill_one, t, err) : st;
    for (size_t i = 0; i < n; i++) {
        jn_plan_release(&t->plan[i]);
        jn_law_set_free(&t->set[i]);
    }
    return st == JN_OK ? drop_finished(t, weak, err) : st;
}

/* The nodes must cover what the bounds that are moments of W integrate. */
static void cover_moments(const jn_gap_job *j, jn_source_options *o)
{
    for (size_t i = 0; i < j->table->n_bounds && o->n_cover < JN_COVER_MAX; i++) {
        double n;
        if (j->args[i].bound->integrand(&j->args[i], &n) == JN_OF_MOMENT) {
            o->cover[o->n_cover++] = n;
        }
    }
}

jn_status jn_gap_tile_run(const jn_gap_job *j, size_t first, size_t n, jn_error *err)
{
    tile t = { .job = j, .n = n };
    jn_error weak = JN_ERROR_INIT;
    t.attempt = jn_alloc(n, sizeof *t.attempt);
    t.plan = jn_alloc(n, sizeof *t.plan);
    t.set = jn_alloc(n, sizeof *t.set);
    t.log_p = jn_alloc_doubles(n);
    jn_status st = JN_OK;
    if (t.attempt == NULL || t.plan == NULL || t.set == NULL || t.log_p == NULL) {
        st = jn_error_set(err, JN_ERR_NOMEM, "out of memory for a tile of %zu observations", n);
    }
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        t.attempt[i].row = first + i;
        t.attempt[i].state = JN_ROW_REFUSED;
        t.attempt[i].error = NAN;
        t.attempt[i].options = (jn_source_options){ .samples = j->options->samples,
                                                    .replicates = j->options->replicates,
                                                    .seed = j->options->seed,
                                                    .tolerance = j->options->tolerance,
                                                    .posterior = j->posterior,
                                                    .particles = j->particles,
                                                    .threshold = j->options->threshold,
                                                    .resampling = j->options->resampling,
                                                    .steps = j->steps,
                                                    .reverse = j->reverse,
                                                    .latents = j->options->latents };
        cover_moments(j, &t.attempt[i].options);
    }
    while (st == JN_OK && t.n > 0) {
        st = try_all(&t, &weak, err);
    }
    free(t.attempt);
    free(t.plan);
    free(t.set);
    free(t.log_p);
    if (st == JN_OK && weak.status != JN_OK) {
        return jn_error_set(err, weak.status, "%s", weak.message);
    }
    return st;
}
