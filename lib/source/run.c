/* Blocks to laws: tasks over (observation, part, chunk of blocks), merged in index order. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "law/reuse.h"
#include "law/tail.h"
#include "source/workspace.h"

/* Chunks under way: memory is constant in the number of samples. */
enum { WAVE = 48 };

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

/* Blocks in a chunk: part of the definition of every result. Enough chunks for many threads where
 * a part is small, and laws seldom merged where it is large. */
static uint64_t chunk_size(uint64_t blocks)
{
    enum { LEAST = 8, MOST = 256 };
    const uint64_t size = (blocks + WAVE - 1) / WAVE;
    return size < LEAST ? LEAST : size > MOST ? MOST : size;
}

/* One chunk of one part of one observation. */
typedef struct chunk {
    _Alignas(JN_APART) size_t row;
    size_t part;
    uint64_t first, count; /* blocks */
    double floor;          /* below it nothing belongs to the tail of the row */
    bool made;             /* the law has its memory, from an earlier wave */
    bool done;
    jn_law law;
} chunk;

typedef struct run {
    const jn_plan *plans;
    const jn_law_wish *wish;
    jn_law_set *sets;
    double *origin, *floor; /* of the bins and of the tail, one a row */
    chunk chunks[WAVE];
    size_t n, merged; /* chunks of the wave; the first of them that are part of their sets */
    size_t n_rows, most_parts;
    jn_workspace **ws; /* one a worker */
} run;

static double log_p_of(const run *r, size_t row)
{
    return r->wish->log_p == NULL ? NAN : r->wish->log_p[row];
}

static jn_status start_chunk(const run *r, chunk *c)
{
    const uint64_t first = c->first * JN_BLOCK;
    if (!c->made) {
        const jn_status st = jn_law_start(&c->law, r->wish, NAN, first);
        if (st != JN_OK) {
            return st;
        }
        c->made = true;
    }
    jn_law_clear(&c->law, log_p_of(r, c->row), first);
    jn_law_place(&c->law, r->origin[c->row]);
    jn_law_tail_from(&c->law, c->floor);
    return JN_OK;
}

static jn_status merge_chunk(run *r, const chunk *c)
{
    enum { NODES_MOST = 16 * JN_NODES_MANY };
    jn_law_set *set = &r->sets[c->row];
    jn_law *law = &set->law[c->part];
    jn_status st = jn_law_merge(law, &c->law);
    if (st == JN_OK && c->part > 0) {
        st = jn_tail_merge(&set->law[0].tail, &c->law.tail);
    }
    return st == JN_OK && law->n > NODES_MOST ? jn_law_shrink(law) : st;
}

/* Merges in the order of chunks: this one waits for those before it, and whoever hands in the first
 * that is missing merges those behind it, too. */
static jn_status hand_in(run *r, chunk *c)
{
    jn_status st = JN_OK;
#ifdef _OPENMP
#pragma omp critical(jn_run_merge)
#endif
    {
        c->done = true;
        while (st == JN_OK && r->merged < r->n && r->chunks[r->merged].done) {
            st = merge_chunk(r, &r->chunks[r->merged++]);
        }
    }
    return st;
}

static jn_status run_chunk(void *user, size_t index, size_t worker, jn_error *err)
{
    run *r = user;
    chunk *c = &r->chunks[index];
    const jn_plan *plan = &r->plans[c->row];
    jn_status st = start_chunk(r, c);
    for (uint64_t b = c->first; st == JN_OK && b < c->first + c->count; b++) {
        jn_weights w;
        st = plan->source->block(plan, c->part, b, r->ws[worker], &w, err);
        if (st == JN_OK) {
            st = jn_law_add(&c->law, &w);
        }
    }
    st = st == JN_OK ? jn_law_shrink(&c->law) : st;
    st = st == JN_OK ? hand_in(r, c) : st;
    return st == JN_ERR_NOMEM ? jn_error_set(err, st, "out of memory for log-weights") : st;
}

static jn_status run_wave(run *r, size_t threads, jn_error *err)
{
    const jn_status st = jn_tasks_run(r->n, threads, run_chunk, r, err);
    r->n = r->merged = 0;
    return st;
}

static jn_status run_parts(run *r, size_t threads, jn_error *err)
{
    jn_status st = JN_OK;
    for (size_t row = 0; row < r->n_rows; row++) {
        for (size_t part = 0; part < r->plans[row].n_parts; part++) {
            const uint64_t blocks = blocks_of(&r->plans[row], part), size = chunk_size(blocks);
            for (uint64_t b = 0; b < blocks && st == JN_OK; b += size) {
                chunk *c = &r->chunks[r->n++];
                c->row = row;
                c->part = part;
                c->first = b;
                c->count = blocks - b < size ? blocks - b : size;
                c->floor = fmax(r->sets[row].law[0].tail.floor, r->floor[row]);
                c->done = false;
                if (r->n == WAVE) {
                    st = run_wave(r, threads, err);
                }
            }
            r->sets[row].n_eval += r->plans[row].n_points[r->plans[row].source->nested ? part : 0];
        }
    }
    return st == JN_OK ? run_wave(r, threads, err) : st;
}

enum { LOOK_MOST = 8 };

/* The log-weights of a row's first blocks, one in 128 of all and at most LOOK_MOST. */
static size_t look_at(const run *r, size_t row, size_t worker, double *log_w)
{
    const jn_plan *plan = &r->plans[row];
    const uint64_t some = blocks_of(plan, 0) / 128;
    jn_error ignored = JN_ERROR_INIT; /* it will show again */
    size_t n = 0;
    for (uint64_t b = 0; b == 0 || (b < some && b < LOOK_MOST); b++) {
        jn_weights w;
        const jn_status st = plan->source->block(plan, 0, b, r->ws[worker], &w, &ignored);
        if (st != JN_OK || w.log_mass != NULL) {
            break;
        }
        memcpy(log_w + n, w.log_w, w.n * sizeof *log_w);
        n += w.n;
    }
    return n;
}

/* Draws: where the log-weights of a row lie, and below what they cannot belong to its tail. */
static jn_status place_row(void *user, size_t row, size_t worker, jn_error *err)
{
    run *r = user;
    const jn_plan *plan = &r->plans[row];
    double log_w[LOOK_MOST * JN_BLOCK];
    (void)err;
    r->origin[row] = NAN;
    r->floor[row] = -INFINITY;
    const bool look = !plan->source->nested && r->wish->needs != 0; /* else nothing asks */
    const size_t n = look ? look_at(r, row, worker, log_w) : 0;
    if (n > 0) {
        r->origin[row] = jn_law_origin(n, log_w);
        if ((r->wish->needs & JN_NEED_TAIL) != 0) {
            const double all = (double)plan->n_points[0] * (double)plan->n_parts;
            r->floor[row] = jn_law_tail_floor(n, log_w, r->wish->n_tail, all);
        }
    }
    return JN_OK;
}

static jn_status init_set(const run *r, size_t row)
{
    const jn_plan *plan = &r->plans[row];
    jn_law_set *set = &r->sets[row];
    set->kind = plan->source->kind;
    set->nested = plan->source->nested;
    set->shape.k = set->shape.error = NAN;
    set->law = jn_alloc(plan->n_parts, sizeof *set->law);
    jn_status st = set->law == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t part = 0; part < plan->n_parts && st == JN_OK; part++) {
        st = jn_law_start(&set->law[part], r->wish, log_p_of(r, row), 0);
        set->n += st == JN_OK;
        if (part > 0) { /* the first one's is the tail of all */
            jn_tail_init(&set->law[part].tail, 0);
        }
    }
    return st;
}

/* Replicates in order: as one sample, whose groups never straddle two replicates. */
static jn_status pool_row(void *user, size_t row, size_t worker, jn_error *err)
{
    const run *r = user;
    jn_law_set *set = &r->sets[row];
    (void)worker;
    (void)err;
    if (set->nested) {
        return JN_OK;
    }
    jn_status st = jn_law_start(&set->pooled, r->wish, log_p_of(r, row), 0);
    jn_law_place(&set->pooled, r->origin[row]);
    if (st == JN_OK) {
        st = jn_tail_move(&set->pooled.tail, &set->law[0].tail);
    }
    for (size_t i = 0; i < set->n && st == JN_OK; i++) {
        st = jn_law_pool(&set->pooled, &set->law[i]);
    }
    return st;
}

/* One replicate is all there is. */
static jn_status settle_only(jn_law_set *set)
{
    const jn_status st = jn_law_settle(&set->law[0]);
    return st == JN_OK ? jn_law_settle_like(&set->pooled, &set->law[0]) : st;
}

static jn_status find_shape(jn_law_set *set)
{
    const jn_law *all = &set->pooled;
    return all->tail.keep > 0
               ? jn_pareto_fit(all->n_nodes, all->tail.n, all->tail.log_w, &set->shape)
               : JN_OK;
}

/* Of a row: its parts, then what they make together, then the tail of that. */
static jn_status finish_part(void *user, size_t index, size_t worker, jn_error *err)
{
    const run *r = user;
    jn_law_set *set = &r->sets[index / (r->most_parts + 2)];
    const size_t part = index % (r->most_parts + 2);
    const bool nodes = (r->wish->needs & JN_NEED_NODES) != 0, only = set->n == 1 && !set->nested;
    (void)worker;
    (void)err;
    if (part == r->most_parts + 1) {
        return find_shape(set);
    }
    if (!nodes || (part >= set->n && part < r->most_parts)) {
        return JN_OK;
    }
    if (only) {
        return part == 0 ? settle_only(set) : JN_OK;
    }
    return jn_law_settle(part < set->n ? &set->law[part] : &set->pooled);
}

/* Everything again, with no floor under the tails; false: no tail fell short. */
static bool start_over(run *r)
{
    bool fell_short = false;
    for (size_t row = 0; row < r->n_rows; row++) {
        fell_short = fell_short || jn_law_tail_short(&r->sets[row].pooled);
    }
    for (size_t row = 0; fell_short && row < r->n_rows; row++) {
        jn_law_set *set = &r->sets[row];
        r->floor[row] = -INFINITY;
        set->n_eval = 0;
        jn_law_free(&set->pooled);
        for (size_t part = 0; part < set->n; part++) {
            jn_law_clear(&set->law[part], log_p_of(r, row), 0);
        }
    }
    return fell_short;
}

static jn_status run_all(run *r, size_t threads, jn_error *err)
{
    jn_status st = JN_OK;
    for (size_t row = 0; row < r->n_rows && st == JN_OK; row++) {
        st = init_set(r, row);
        r->most_parts = r->sets[row].n > r->most_parts ? r->sets[row].n : r->most_parts;
    }
    st = st == JN_OK ? jn_tasks_run(r->n_rows, threads, place_row, r, err) : st;
    do {
        st = st == JN_OK ? run_parts(r, threads, err) : st;
        st = st == JN_OK ? jn_tasks_run(r->n_rows, threads, pool_row, r, err) : st;
    } while (st == JN_OK && start_over(r));
    const size_t n_tasks = r->n_rows * (r->most_parts + 2);
    return st == JN_OK ? jn_tasks_run(n_tasks, threads, finish_part, r, err) : st;
}

static jn_status make_scratch(run *r, size_t workers)
{
    r->ws = jn_alloc(workers, sizeof *r->ws);
    r->origin = jn_alloc_doubles(2 * r->n_rows);
    r->floor = r->origin == NULL ? NULL : r->origin + r->n_rows;
    jn_status st = r->ws == NULL || r->origin == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; i < workers && st == JN_OK; i++) {
        r->ws[i] = jn_workspace_for(r->plans[0].q);
        st = r->ws[i] == NULL ? JN_ERR_NOMEM : JN_OK;
    }
    return st;
}

static void free_run(run *r, size_t workers)
{
    for (size_t i = 0; i < WAVE; i++) {
        jn_law_free(&r->chunks[i].law);
    }
    for (size_t i = 0; r->ws != NULL && i < workers; i++) {
        jn_workspace_free(r->ws[i]);
    }
    free(r->ws);
    free(r->origin);
    free(r);
}

jn_status jn_source_run(const jn_plan *plans, size_t n_rows, const jn_law_wish *wish,
                        size_t threads, jn_law_set *sets, jn_error *err)
{
    memset(sets, 0, n_rows * sizeof *sets);
    const size_t workers = jn_tasks_workers(threads);
    run *r = jn_alloc_apart(1, sizeof *r);
    jn_status st = JN_ERR_NOMEM;
    if (r != NULL) {
        r->plans = plans;
        r->wish = wish;
        r->sets = sets;
        r->n_rows = n_rows;
        st = make_scratch(r, workers);
        st = st == JN_OK ? run_all(r, threads, err) : st;
        free_run(r, workers);
    }
    return st == JN_ERR_NOMEM ? jn_error_set(err, st,
                                             "out of memory for the laws of %zu "
                                             "observations",
                                             n_rows)
                              : st;
}
