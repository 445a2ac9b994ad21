#include "jensen/exact.h"

#include <math.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "exact/panels.h"
#include "jensen/chain.h"
#include "jensen/logspace.h"
#include "target/panel.h"

jn_status jn_exact_sum(const jn_model *m, size_t row, jn_estimate *out, jn_error *err)
{
    const size_t n = jn_model_states(m);
    if (n == 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no finite latent to sum over",
                            m->type->name);
    }
    double *z = jn_alloc_doubles(3 * n);
    if (z == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %zu states", n);
    }
    double *prior = z + n, *lik = z + 2 * n;
    for (size_t i = 0; i < n; i++) {
        z[i] = (double)i;
    }
    jn_status st = m->density->log_prior(m->self, n, n, z, prior);
    st = st == JN_OK ? m->density->log_likelihood(m->self, (jn_range){ row, 1 }, n, n, z, n, lik)
                     : st;
    jn_lse sum = JN_LSE_INIT;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const double v = prior[i] == -INFINITY ? -INFINITY : prior[i] + lik[i];
        if (!(v < INFINITY)) {
            st = jn_error_set(err, JN_ERR_NAN, "observation %zu: log p(x, z) is %g at z = %zu", row,
                              v, i);
        }
        jn_lse_add(&sum, v);
    }
    free(z);
    if (st == JN_OK) {
        const double value = jn_lse_log_sum(&sum);
        *out = (jn_estimate){ .value = value,
                              .error = isfinite(value) ? 4.4e-16 * ((double)n + fabs(value)) : 0.0,
                              .dof = NAN,
                              .kind = JN_EXACT,
                              .method = "finite sum",
                              .n_eval = n };
    }
    return st;
}

typedef struct batch {
    const jn_model *m;
    const jn_exact_options *options; /* of one observation */
    jn_estimate *out;
} batch;

static jn_status one(void *user, size_t row, size_t worker, jn_error *err)
{
    (void)worker;
    const batch *b = user;
    return jn_exact(b->m, row, b->options, &b->out[row], err);
}

jn_status jn_exact_all(const jn_model *m, const jn_exact_options *options, jn_estimate *out,
                       jn_error *err)
{
    const jn_exact_options none = { 0 };
    options = options == NULL ? &none : options;
    const jn_density *d = m->density;
    if (m->chain != NULL) {
        return jn_chain_evidence_all(m, options, out, err);
    }
    if (d == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no density", m->type->name);
    }
    if (d->rugged && d->evidence == NULL && jn_model_states(m) == 0 && d->prior_gaussian != NULL &&
        m->dim <= JN_PANEL_DIM) {
        return jn_exact_panels(m, options, out, err);
    }
    jn_exact_options alone = *options;
    alone.threads = m->n_obs > 1 ? 1 : options->threads;
    batch b = { .m = m, .options = &alone, .out = out };
    return m->n_obs == 1 ? one(&b, 0, 0, err)
                         : jn_tasks_run(m->n_obs, options->threads, one, &b, err);
}
