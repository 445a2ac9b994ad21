#include "gap/fivo.h"

#include <math.h>

#include "gap/table_new.h"
#include "jensen/path.h"

enum { RUNS = 16 };

/* The ELBO of log p-hat with `particles`, in a table of its own. */
static jn_status run(const jn_gap_job *j, const jn_gap_options *o, uint64_t particles,
                     jn_gap_table *t, jn_error *err)
{
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    jn_gap_job smc = { .q = j->q,
                       .source = &jn_source_smc,
                       .estimator = JN_BY_GROUPS,
                       .args = &elbo,
                       .options = o,
                       .particles = particles,
                       .table = t };
    const size_t size = jn_gap_tile_size(&smc);
    for (size_t first = 0; first < t->n_rows; first += size) {
        const size_t left = t->n_rows - first;
        const jn_status st = jn_gap_tile_run(&smc, first, left < size ? left : size, err);
        if (st < 0) {
            return st;
        }
    }
    return JN_OK;
}

static jn_status fill(const jn_gap_job *j, size_t i, jn_error *err)
{
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    jn_gap_options o = *j->options;
    o.samples = RUNS;
    jn_gap_table *t = jn_gap_table_new(j->q, 1, &elbo, &o);
    if (t == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for particle filters");
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        t->rows[r].index = r;
        t->rows[r].evidence = j->table->rows[r].evidence;
    }
    const jn_status st = run(j, &o, j->args[i].k, t, err);
    for (size_t r = 0; st == JN_OK && r < t->n_rows; r++) {
        jn_gap_bound *to = &j->table->rows[r].bounds[i];
        const jn_gap_bound *from = &t->rows[r].bounds[0];
        to->estimator = from->estimator;
        to->value = from->value;
        to->gap = from->gap;
        to->variance = from->variance;
    }
    jn_gap_table_free(t);
    return st;
}

jn_status jn_gap_fivo(const jn_gap_job *j, jn_error *err)
{
    jn_status st = JN_OK;
    for (size_t i = 0; i < j->table->n_bounds && st == JN_OK; i++) {
        if (j->args[i].bound == &jn_bound_fivo) {
            st = fill(j, i, err);
        }
    }
    return st;
}
