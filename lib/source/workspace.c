#include "source/workspace.h"

#include <stdio.h>

#include "base/memory.h"
#include "kernel/kernels.h"

static jn_workspace *make(size_t dim, size_t n_base)
{
    /* Rows of JN_BLOCK numbers are a page apart, and what is a page apart shares few lines of the
     * first cache: GAP spreads the arrays that are read side by side. */
    enum { SCALARS = 8, GAP = 40, STRIDE = JN_BLOCK + GAP };
    jn_workspace *ws = jn_alloc_apart(1, sizeof *ws);
    if (ws == NULL) {
        return NULL;
    }
    ws->memory = n_base > SIZE_MAX / 4096 / JN_BLOCK
                     ? NULL
                     : jn_alloc_doubles((n_base + 2 * dim) * JN_BLOCK + (SCALARS + 3) * STRIDE);
    ws->edge = jn_alloc_apart(JN_BLOCK, 1);
    if (ws->memory == NULL || ws->edge == NULL) {
        jn_workspace_free(ws);
        return NULL;
    }
    double *next = ws->memory;
    double **const blocks[] = { &ws->u, &ws->z, &ws->base };
    double **const rows[] = { &ws->log_q, &ws->log_prior, &ws->log_lik,      &ws->log_ratio,
                              &ws->log_w, &ws->log_mass,  &ws->log_jacobian, &ws->log_w_posterior };
    for (size_t i = 0; i < 3; i++, next += dim * JN_BLOCK + GAP) {
        *blocks[i] = next;
    }
    next += (n_base - dim) * JN_BLOCK;
    for (size_t i = 0; i < SCALARS; i++, next += STRIDE) {
        *rows[i] = next;
    }
    ws->dim = dim;
    ws->n_base = n_base;
    return ws;
}

jn_workspace *jn_workspace_new(size_t dim)
{
    return make(dim, dim);
}

jn_workspace *jn_workspace_for(const jn_proposal *q)
{
    return make(q->model->dim, jn_proposal_n_base(q));
}

void jn_workspace_free(jn_workspace *ws)
{
    if (ws != NULL) {
        free(ws->memory);
        free(ws->edge);
        free(ws);
    }
}

static jn_status bad_point(const jn_workspace *ws, const char *what, double value, size_t row,
                           uint64_t index, size_t i, jn_error *err)
{
    char z[160] = "";
    size_t used = 0;
    for (size_t j = 0; j < ws->dim && used < sizeof z; j++) {
        const int k = snprintf(z + used, sizeof z - used, "%s%.17g", j == 0 ? "" : ", ",
                               ws->z[j * JN_BLOCK + i]);
        used += k > 0 ? (size_t)k : sizeof z;
    }
    return jn_error_set(err, JN_ERR_NAN,
                        "observation %zu, point %llu: %s is %g at z = (%s); a log-density must be "
                        "finite or -inf",
                        row, (unsigned long long)index, what, value, z);
}

static jn_status report(const jn_workspace *ws, bool is_prior, size_t row, size_t n,
                        uint64_t index0, jn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const double values[] = { ws->log_q[i], ws->log_lik[i], is_prior ? 0.0 : ws->log_prior[i] };
        static const char *const names[] = { "log q(z|x)", "log p(x|z)", "log p(z)" };
        for (size_t k = 0; k < 3; k++) {
            if (!(values[k] < INFINITY)) {
                return bad_point(ws, names[k], values[k], row, index0 + i, i, err);
            }
        }
    }
    return JN_OK; /* -inf of p and of q at one point: no mass and no weight there */
}

jn_status jn_workspace_weigh(jn_workspace *ws, const jn_proposal *q, size_t row, size_t n,
                             uint64_t index0, jn_weights *out, jn_error *err)
{
    const jn_density *d = q->model->density;
    const void *self = q->model->self;
    jn_status st = d->log_likelihood(self, (jn_range){ row, 1 }, n, JN_BLOCK, ws->z, JN_BLOCK,
                                     ws->log_lik);
    if (st == JN_OK && !q->is_prior) {
        st = d->log_prior(self, n, JN_BLOCK, ws->z, ws->log_prior);
    }
    if (st != JN_OK) {
        return jn_error_set(err, st, "model %s, observation %zu: %s", q->model->type->name, row,
                            jn_status_text(st));
    }
    const double *log_prior = q->is_prior ? NULL : ws->log_prior;
    const int good = jn_kernels_get()->weigh(n, ws->log_lik, ws->log_q, log_prior, ws->log_ratio,
                                             ws->log_w, ws->mark_sums);
    if (!good) {
        st = report(ws, q->is_prior, row, n, index0, err);
        if (st != JN_OK) {
            return st;
        }
    }
    const bool split = d->has_split;
    *out = (jn_weights){ .n = n,
                         .index0 = index0,
                         .log_w = ws->log_w,
                         .log_lik = split ? ws->log_lik : NULL,
                         .log_ratio = split ? ws->log_ratio : NULL,
                         .mark_sums = split ? ws->mark_sums : NULL };
    return JN_OK;
}
