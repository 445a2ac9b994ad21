/* The draws behind a gap table, once more: a source makes any block again, bit for bit. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "jensen/path.h"
#include "jensen/weights.h"
#include "source/workspace.h"

typedef struct saving {
    const jn_proposal *q;
    const jn_source *source;
    jn_source_options options;
    jn_workspace **ws; /* one a worker */
    size_t n_ws;
    jn_matrix out;
} saving;

static jn_status save_part(const saving *s, const jn_plan *plan, size_t part, jn_workspace *ws,
                           double *to, jn_error *err)
{
    jn_status st = JN_OK;
    for (uint64_t done = 0, b = 0; st == JN_OK && done < s->options.samples; b++) {
        jn_weights w;
        st = plan->source->block(plan, part, b, ws, &w, err);
        if (st == JN_OK) {
            memcpy(to + done, w.log_w, w.n * sizeof *to);
            done += w.n;
        }
    }
    return st;
}

static jn_status save_row(void *user, size_t row, size_t worker, jn_error *err)
{
    const saving *s = user;
    jn_plan plan;
    jn_status st = jn_plan_new(s->source, s->q, row, &s->options, &plan, err);
    if (st != JN_OK) {
        return st;
    }
    for (size_t part = 0; st == JN_OK && part < plan.n_parts; part++) {
        double *to = s->out.x + row * s->out.cols + part * s->options.samples;
        st = save_part(s, &plan, part, s->ws[worker], to, err);
    }
    jn_plan_release(&plan);
    return st;
}

static jn_status reserve(saving *s, size_t threads, jn_error *err)
{
    const size_t rows = s->out.rows, cols = s->out.cols;
    s->n_ws = jn_tasks_workers(threads);
    s->ws = jn_alloc(s->n_ws, sizeof *s->ws);
    s->out.x = cols > SIZE_MAX / sizeof(double) / rows ? NULL
                                                       : jn_alloc(rows * cols, sizeof(double));
    bool good = s->ws != NULL && s->out.x != NULL;
    for (size_t i = 0; good && i < s->n_ws; i++) {
        s->ws[i] = jn_workspace_for(s->q);
        good = s->ws[i] != NULL;
    }
    return good ? JN_OK
                : jn_error_set(err, JN_ERR_NOMEM, "out of memory for %zu x %zu log-weights", rows,
                               cols);
}

/* NULL: no draws. */
static const jn_source *source_of(const jn_gap_table *t)
{
    if (t->proposal == NULL || t->samples == 0) {
        return NULL;
    }
    if (strcmp(t->rule, jn_source_mc.name) == 0) {
        return t->model->chain != NULL ? &jn_source_path : &jn_source_mc;
    }
    return strcmp(t->rule, jn_source_rqmc.name) == 0 ? &jn_source_rqmc : NULL;
}

jn_status jn_weights_of_gap(const jn_gap_table *t, size_t threads, jn_matrix *out, jn_error *err)
{
    saving s = { .q = t->proposal, .source = source_of(t) };
    if (s.source == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "rule %s has no draws of equal weight to save: use mc or rqmc",
                            t->rule);
    }
    s.options = (jn_source_options){ .samples = t->samples,
                                     .replicates = t->replicates,
                                     .seed = t->seed,
                                     .tolerance = t->tolerance };
    s.out = (jn_matrix){ .rows = t->n_rows, .cols = t->samples * t->replicates, .ndim = 2 };
    jn_status st = reserve(&s, threads, err);
    st = st == JN_OK ? jn_tasks_run(t->n_rows, threads, save_row, &s, err) : st;
    for (size_t i = 0; s.ws != NULL && i < s.n_ws; i++) {
        jn_workspace_free(s.ws[i]);
    }
    free(s.ws);
    if (st != JN_OK) {
        jn_matrix_free(&s.out);
        return st;
    }
    *out = s.out;
    return JN_OK;
}
