#include "gap/ledger.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "jensen/path.h"

typedef struct ledgers {
    const jn_model *m;
    size_t n_terms;
    double *terms; /* n_obs x n_terms */
    jn_estimate *elbo;
} ledgers;

static jn_status one_row(void *user, size_t row, size_t worker, jn_error *err)
{
    const ledgers *l = user;
    (void)worker;
    return jn_chain_ledger(l->m, row, l->terms + row * l->n_terms, &l->elbo[row], err);
}

static bool applies(const jn_gap_job *j)
{
    const jn_model *m = j->q->model;
    bool asked = false;
    for (size_t i = 0; i < j->table->n_bounds; i++) {
        asked = asked || j->args[i].bound == &jn_bound_elbo;
    }
    return asked && m->chain != NULL && m->chain->backward_gaussian != NULL && m->dim == 1 &&
           strcmp(j->q->type->name, "forward") == 0;
}

/* Observations in order: the same sum for any number of threads. */
static void sum_rows(const ledgers *l, jn_gap_table *t)
{
    t->ledger_elbo = jn_estimate_zero();
    for (size_t r = 0; r < l->m->n_obs; r++) {
        for (size_t k = 0; k < l->n_terms; k++) {
            t->ledger[k] += l->terms[r * l->n_terms + k];
        }
        t->ledger_elbo = jn_estimate_add(t->ledger_elbo, l->elbo[r]);
    }
    t->n_ledger = l->n_terms;
}

jn_status jn_gap_ledger(const jn_gap_job *j, jn_error *err)
{
    if (!applies(j)) {
        return JN_OK;
    }
    const jn_model *m = j->q->model;
    jn_gap_table *t = j->table;
    ledgers l = { .m = m, .n_terms = m->chain->n_steps(m->self, 0) + 1 };
    l.terms = m->n_obs > SIZE_MAX / 64 / l.n_terms ? NULL : jn_alloc_doubles(m->n_obs * l.n_terms);
    l.elbo = jn_alloc(m->n_obs, sizeof *l.elbo);
    t->ledger = jn_alloc_doubles(l.n_terms);
    jn_status st = l.terms == NULL || l.elbo == NULL || t->ledger == NULL
                       ? jn_error_set(err, JN_ERR_NOMEM, "out of memory for the ledger")
                       : jn_tasks_run(m->n_obs, j->options->threads, one_row, &l, err);
    if (st >= 0) {
        sum_rows(&l, t);
        st = JN_OK;
    }
    free(l.terms);
    free(l.elbo);
    return st;
}
