#include "jensen/chain.h"

#include "base/tasks.h"
#include "chain/recursions.h"

static jn_status check(const jn_model *m, size_t row, jn_error *err)
{
    if (m->chain == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s is no chain", m->type->name);
    }
    return row < m->n_obs ? JN_OK
                          : jn_error_set(err, JN_ERR_VALUE, "observation %zu: model %s has %zu",
                                         row, m->type->name, m->n_obs);
}

/* By what is exact; JN_ERR_UNSUPPORTED: nothing is. */
static jn_status exactly(const jn_model *m, size_t row, jn_estimate *out, jn_error *err)
{
    if (m->chain->evidence != NULL) {
        const jn_status st = m->chain->evidence(m->self, row, out);
        if (st != JN_ERR_UNSUPPORTED) {
            return st >= 0 ? st
                           : jn_error_set(err, st, "observation %zu: closed form: %s", row,
                                          jn_status_text(st));
        }
    }
    if (m->chain->finite != NULL) {
        return jn_chain_forward(m, row, out, err);
    }
    if (m->chain->linear != NULL) {
        return jn_kalman(m->chain->linear(m->self), out, err);
    }
    return JN_ERR_UNSUPPORTED;
}

jn_status jn_chain_evidence(const jn_model *m, size_t row, const jn_exact_options *options,
                            jn_estimate *out, jn_error *err)
{
    jn_status st = check(m, row, err);
    if (st == JN_OK) {
        st = exactly(m, row, out, err);
        if (st == JN_ERR_UNSUPPORTED) {
            st = jn_chain_grid(m, (jn_range){ row, 1 }, options, out, err);
        }
    }
    return st;
}

typedef struct batch {
    const jn_model *m;
    jn_estimate *out;
} batch;

static jn_status one(void *user, size_t row, size_t worker, jn_error *err)
{
    const batch *b = user;
    (void)worker;
    return exactly(b->m, row, b->out + row, err);
}

jn_status jn_chain_evidence_all(const jn_model *m, const jn_exact_options *options,
                                jn_estimate *out, jn_error *err)
{
    const jn_exact_options none = { 0 };
    options = options == NULL ? &none : options;
    batch b = { m, out };
    jn_status st = check(m, 0, err);
    if (st == JN_OK) {
        st = jn_tasks_run(m->n_obs, options->threads, one, &b, err);
        if (st == JN_ERR_UNSUPPORTED) {
            st = jn_chain_grid(m, (jn_range){ 0, m->n_obs }, options, out, err);
        }
    }
    return st;
}
