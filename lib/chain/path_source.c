/* Independent paths from a path proposal: a block of paths advances one step at a time, and only
 * its present states and the sums of its log-densities are kept. */
#include <math.h>
#include <string.h>

#include "chain/paths.h"
#include "source/workspace.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    if (options->samples == 0 || options->samples > JN_INDEX_MAX || options->replicates == 0 ||
        options->replicates > JN_PARTS_MAX) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%llu samples in %llu replicates: need 1 to 2^41 samples and 1 to %d "
                            "replicates",
                            (unsigned long long)options->samples,
                            (unsigned long long)options->replicates, JN_PARTS_MAX);
    }
    plan->n_parts = options->replicates;
    plan->n_points[0] = options->samples;
    return jn_path_check(q, row, err);
}

typedef struct block_run {
    const jn_proposal *q;
    jn_workspace *ws;
    size_t row, n;
    uint64_t index0;
    jn_stream stream;
    const jn_base_points *given; /* NULL: drawn from the stream */
} block_run;

static jn_status bad(const block_run *b, size_t t, const char *what, const double *v, jn_error *err)
{
    for (size_t i = 0; i < b->n; i++) {
        if (!(v[i] < INFINITY)) {
            return jn_error_set(
                err, JN_ERR_NAN, "observation %zu, path %llu, step %zu: %s is %g at z = %.17g",
                b->row, (unsigned long long)(b->index0 + i), t, what, v[i], b->ws->z[i]);
        }
    }
    return JN_OK;
}

/* sum += v, with v checked. */
static jn_status take(const block_run *b, size_t t, const char *what, const double *v, double sign,
                      double *sum, jn_error *err)
{
    bool good = true;
    for (size_t i = 0; i < b->n; i++) {
        good = good && v[i] < INFINITY;
    }
    if (!good) {
        return bad(b, t, what, v, err);
    }
    for (size_t i = 0; i < b->n; i++) {
        sum[i] += sign * v[i];
    }
    return JN_OK;
}

/* log p of the step that ends in the newer of two states. */
static jn_status prior_of_step(const block_run *b, size_t t, bool first, double *out)
{
    const jn_model *m = b->q->model;
    const jn_chain *c = m->chain;
    const jn_workspace *ws = b->ws;
    if (!b->q->path->backward) {
        return t == 0 ? c->log_initial(m->self, b->n, JN_BLOCK, ws->z, out)
                      : c->log_transition(m->self, t, b->n, JN_BLOCK, ws->u, ws->z, out);
    }
    if (first) { /* nothing that it leads to has been drawn */
        memset(out, 0, b->n * sizeof *out);
        return JN_OK;
    }
    return c->log_transition(m->self, t + 1, b->n, JN_BLOCK, ws->z, ws->u, out);
}

/* Draws z_t (ws->z) given ws->u and adds its terms to log_lik and log_ratio. */
static jn_status one_step(block_run *b, size_t t, bool first, jn_error *err)
{
    const jn_model *m = b->q->model;
    jn_workspace *ws = b->ws;
    if (b->given == NULL) {
        jn_path_base(m, &b->stream, t, b->index0, b->n, JN_BLOCK, ws->base);
    } else {
        const size_t d = jn_path_step_base(m);
        for (size_t j = 0; j < d; j++) {
            memcpy(ws->base + j * JN_BLOCK, b->given->x + (t * d + j) * b->given->ld,
                   b->n * sizeof *ws->base);
        }
    }
    jn_status st = b->q->path->step(b->q->self, b->row, t, b->n, JN_BLOCK, first ? NULL : ws->u,
                                    ws->base, ws->z, b->q->is_prior ? NULL : ws->log_q);
    if (st == JN_OK && !b->q->is_prior) {
        st = prior_of_step(b, t, first, ws->log_prior);
    }
    if (st == JN_OK && (m->chain->emits == NULL || m->chain->emits(m->self, b->row, t))) {
        st = m->chain->log_emission(m->self, b->row, t, b->n, JN_BLOCK, ws->z, ws->log_mass);
        if (st == JN_OK) {
            st = take(b, t, "log p(x|z)", ws->log_mass, 1.0, ws->log_lik, err);
            if (st < 0) {
                return st;
            }
        }
    }
    if (st < 0) {
        return jn_error_set(err, st, "model %s, proposal %s, step %zu: %s", m->type->name,
                            b->q->type->name, t, jn_status_text(st));
    }
    if (!b->q->is_prior) {
        st = take(b, t, "log q(z|x)", ws->log_q, 1.0, ws->log_ratio, err);
        st = st == JN_OK ? take(b, t, "log p(z)", ws->log_prior, -1.0, ws->log_ratio, err) : st;
    }
    return st;
}

static jn_status all_steps(block_run *b, jn_error *err)
{
    const jn_model *m = b->q->model;
    jn_workspace *ws = b->ws;
    const size_t T = m->chain->n_steps(m->self, b->row);
    memset(ws->log_lik, 0, b->n * sizeof *ws->log_lik);
    memset(ws->log_ratio, 0, b->n * sizeof *ws->log_ratio);
    for (size_t k = 0; k < T; k++) {
        const size_t t = b->q->path->backward ? T - 1 - k : k;
        const jn_status st = one_step(b, t, k == 0, err);
        if (st < 0) {
            return st;
        }
        double *old = ws->u;
        ws->u = ws->z;
        ws->z = old;
    }
    if (!b->q->path->backward) {
        return JN_OK;
    }
    const jn_status st = m->chain->log_initial(m->self, b->n, JN_BLOCK, ws->u, ws->log_prior);
    return st < 0 ? jn_error_set(err, st, "model %s: log p(z_0): %s", m->type->name,
                                 jn_status_text(st))
                  : take(b, 0, "log p(z)", ws->log_prior, -1.0, ws->log_ratio, err);
}

static jn_status weigh(block_run *b, jn_weights *out, jn_error *err)
{
    jn_workspace *ws = b->ws;
    const jn_status st = all_steps(b, err);
    if (st < 0) {
        return st;
    }
    for (size_t i = 0; i < b->n; i++) {
        /* where p is 0, also where q is, too: no weight */
        const bool gone = !isfinite(ws->log_lik[i]) || !isfinite(ws->log_ratio[i]);
        ws->log_ratio[i] = isnan(ws->log_ratio[i]) ? INFINITY : ws->log_ratio[i];
        ws->log_w[i] = gone ? -INFINITY : ws->log_lik[i] - ws->log_ratio[i];
    }
    *out = (jn_weights){ .n = b->n,
                         .index0 = b->index0,
                         .log_w = ws->log_w,
                         .log_lik = ws->log_lik,
                         .log_ratio = ws->log_ratio };
    return JN_OK;
}

jn_status jn_path_weigh(const jn_proposal *q, size_t row, const jn_base_points *base,
                        jn_workspace *ws, jn_weights *out, jn_error *err)
{
    block_run b = { .q = q, .ws = ws, .row = row, .n = base->n, .given = base };
    return weigh(&b, out, err);
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t index, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const uint64_t index0 = index * JN_BLOCK, left = plan->n_points[0] - index0;
    block_run b = { .q = plan->q,
                    .ws = ws,
                    .row = plan->row,
                    .n = left < JN_BLOCK ? (size_t)left : JN_BLOCK,
                    .index0 = index0,
                    .stream = { .seed = plan->options.seed,
                                .observation = (uint32_t)plan->row,
                                .replicate = (uint32_t)part,
                                .purpose = JN_FOR_PROPOSAL } };
    return weigh(&b, out, err);
}

const jn_source jn_source_path = { "mc", JN_MC, false, plan, block, NULL };
