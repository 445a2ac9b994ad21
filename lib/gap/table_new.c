/* Making and freeing the gap table. */
#include "gap/table_new.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

jn_gap_bound *jn_gap_blank_bounds(const jn_bound_arg *args, size_t n)
{
    jn_gap_bound *b = jn_alloc(n, sizeof *b);
    const jn_estimate unknown = { .value = NAN, .error = NAN, .dof = NAN };
    for (size_t i = 0; b != NULL && i < n; i++) {
        b[i] = (jn_gap_bound){ .arg = args[i],
                               .side = args[i].bound->side(&args[i]),
                               .value = unknown,
                               .gap = unknown,
                               .gap_predicted = NAN,
                               .predicted_reliable = -1,
                               .variance = NAN,
                               .reconstruction = unknown,
                               .kl = unknown };
    }
    return b;
}

jn_gap_table *jn_gap_table_blank(size_t n_rows, size_t n_bounds, const jn_bound_arg *args)
{
    const jn_estimate unknown = { .value = NAN, .error = NAN, .dof = NAN };
    jn_gap_table *t = jn_alloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    *t = (jn_gap_table){ .n_bounds = n_bounds };
    t->rows = jn_alloc(n_rows, sizeof *t->rows);
    t->total.bounds = jn_gap_blank_bounds(args, n_bounds);
    bool good = t->rows != NULL && t->total.bounds != NULL;
    for (size_t r = 0; good && r < n_rows; r++) {
        t->n_rows = r + 1;
        t->rows[r] = (jn_gap_row){ .index = r,
                                   .evidence = unknown,
                                   .diagnostics = { .ess_fraction = NAN,
                                                    .var_w = NAN,
                                                    .pareto_k = NAN,
                                                    .pareto_error = NAN,
                                                    .coverage = NAN,
                                                    .ess_row = r,
                                                    .var_w_row = r,
                                                    .pareto_row = r } };
        t->rows[r].bounds = jn_gap_blank_bounds(args, n_bounds);
        good = t->rows[r].bounds != NULL;
    }
    if (!good) {
        jn_gap_table_free(t);
        return NULL;
    }
    return t;
}

jn_gap_table *jn_gap_table_new(const jn_proposal *q, size_t n_bounds, const jn_bound_arg *args,
                               const jn_gap_options *o)
{
    jn_gap_table *t = jn_gap_table_blank(q->model->n_obs, n_bounds, args);
    if (t != NULL) {
        t->model = q->model;
        t->proposal = q;
        t->seed = o->seed;
        t->tolerance = o->tolerance;
    }
    return t;
}

void jn_gap_table_free(jn_gap_table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        free(t->rows[r].bounds);
    }
    free(t->rows);
    free(t->total.bounds);
    for (size_t i = 0; i < t->n_warnings; i++) {
        free(t->warnings[i]);
    }
    free(t->warnings);
    free(t->ledger);
    free(t);
}
