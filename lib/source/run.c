/* Blocks to laws: tasks over (observation, part, chunk of blocks), merged in index order. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "source/workspace.h"

/* Blocks in a chunk, and chunks that wait to be merged: memory is constant in the number of
 * samples. The chunk is part of the definition of every result; the wave is not. */
enum { CHUNK = 64, WAVE = 256 };

jn_status jn_plan_new(const jn_source *source, const jn_proposal *q, size_t row,
                      const jn_source_options *options, jn_plan *plan, jn_error *err)
{
    *plan = (jn_plan){ .source = source, .q = q, .row = row, .options = *options };
    const jn_status st = source->plan(q, row, options, plan, err);
    if (st != JN_OK) {
        jn_plan_release(plan);
    }
    return st;
}

void jn_plan_release(jn_plan *plan)
{
    if (plan->source != NULL && plan->source->release != NULL) {
        plan->source->release(plan);
    }
    memset(plan, 0, sizeof *plan);
}

static uint64_t blocks_of(const jn_plan *plan, size_t part)
{
    const uint64_t n = plan->n_points[plan->source->nested ? part : 0];
    return (n + JN_BLOCK - 1) / JN_BLOCK;
}

/* One chunk of one part of one observation. */
typedef struct chunk {
    size_t row, part;
    uint64_t first, count; /* blocks */
    jn_law law;
} chunk;

typedef struct run {
    const jn_plan *plans;
    const jn_law_wish *wish;
    chunk chunks[WAVE];
    size_t n;
    jn_workspace **ws; /* one a worker */
} run;

static double log_p_of(const jn_law_wish *wish, size_t row)
{
    return wish->log_p == NULL ? NAN : wish->log_p[row];
}

static jn_status run_chunk(void *user, size_t index, size_t worker, jn_error *err)
{
    run *r = user;
    chunk *c = &r->chunks[index];
    const jn_plan *plan = &r->plans[c->row];
    jn_status st = jn_law_start(&c->law, r->wish, log_p_of(r->wish, c->row), c->first * JN_BLOCK);
    for (uint64_t b = c->first; st == JN_OK && b < c->first + c->count; b++) {
        jn_weights w;
        st = plan->source->block(plan, c->part, b, r->ws[worker], &w, err);
        if (st == JN_OK) {
            st = jn_law_add(&c->law, &w);
        }
    }
    return st == JN_ERR_NOMEM ? jn_error_set(err, st, "out of memory for log-weights") : st;
}

static jn_status run_wave(run *r, size_t threads, jn_law_set *sets, jn_error *err)
{
    jn_status st = jn_tasks_run(r->n, threads, run_chunk, r, err);
    for (size_t i = 0; i < r->n; i++) {
        chunk *c = &r->chunks[i];
        if (st == JN_OK) {
            st = jn_law_merge(&sets[c->row].law[c->part], &c->law);
            if (st != JN_OK) {
                (void)jn_error_set(err, st, "out of memory for log-weights");
            }
        }
        jn_law_free(&c->law);
    }
    r->n = 0;
    return st;
}

static jn_status run_parts(run *r, size_t n_rows, size_t threads, jn_law_set *sets, jn_error *err)
{
    jn_status st = JN_OK;
    for (size_t row = 0; row < n_rows; row++) {
        for (size_t part = 0; part < r->plans[row].n_parts; part++) {
            const uint64_t blocks = blocks_of(&r->plans[row], part);
            for (uint64_t b = 0; b < blocks && st == JN_OK; b += CHUNK) {
                const uint64_t count = blocks - b < CHUNK ? blocks - b : CHUNK;
                r->chunks[r->n++] = (chunk){ .row = row, .part = part, .first = b, .count = count };
                if (r->n == WAVE) {
                    st = run_wave(r, threads, sets, err);
                }
            }
            sets[row].n_eval += r->plans[row].n_points[r->plans[row].source->nested ? part : 0];
        }
    }
    return st == JN_OK ? run_wave(r, threads, sets, err) : st;
}

static jn_status init_sets(const jn_plan *plans, size_t n_rows, const jn_law_wish *wish,
                           jn_law_set *sets)
{
    for (size_t row = 0; row < n_rows; row++) {
        sets[row].kind = plans[row].source->kind;
        sets[row].nested = plans[row].source->nested;
        sets[row].law = jn_alloc(plans[row].n_parts, sizeof *sets[row].law);
        if (sets[row].law == NULL) {
            return JN_ERR_NOMEM;
        }
        for (size_t part = 0; part < plans[row].n_parts; part++) {
            sets[row].n = part + 1;
            const jn_status st = jn_law_start(&sets[row].law[part], wish, log_p_of(wish, row), 0);
            if (st != JN_OK) {
                return st;
            }
        }
    }
    return JN_OK;
}

/* Replicates in order: as one sample, whose groups never straddle two replicates. */
static jn_status pool(jn_law_set *set, const jn_law_wish *wish, size_t row)
{
    if (set->nested) {
        return JN_OK;
    }
    jn_status st = jn_law_start(&set->pooled, wish, log_p_of(wish, row), 0);
    for (size_t i = 0; i < set->n && st == JN_OK; i++) {
        st = jn_law_pool(&set->pooled, &set->law[i]);
    }
    return st;
}

jn_status jn_source_run(const jn_plan *plans, size_t n_rows, const jn_law_wish *wish,
                        size_t threads, jn_law_set *sets, jn_error *err)
{
    memset(sets, 0, n_rows * sizeof *sets);
    const size_t workers = jn_tasks_workers(threads);
    run *r = jn_alloc(1, sizeof *r);
    jn_workspace **ws = jn_alloc(workers, sizeof *ws);
    jn_status st = r == NULL || ws == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; i < workers && st == JN_OK; i++) {
        ws[i] = jn_workspace_for(plans[0].q);
        st = ws[i] == NULL ? JN_ERR_NOMEM : JN_OK;
    }
    st = st == JN_OK ? init_sets(plans, n_rows, wish, sets) : st;
    if (st == JN_OK) {
        r->plans = plans;
        r->wish = wish;
        r->ws = ws;
        st = run_parts(r, n_rows, threads, sets, err);
        for (size_t row = 0; row < n_rows && st == JN_OK; row++) {
            st = pool(&sets[row], wish, row);
        }
    }
    if (st == JN_ERR_NOMEM) {
        (void)jn_error_set(err, st, "out of memory for the laws of %zu observations", n_rows);
    }
    for (size_t i = 0; ws != NULL && i < workers; i++) {
        jn_workspace_free(ws[i]);
    }
    free(ws);
    free(r);
    return st;
}
