#include "source/draw.h"

jn_status jn_draw_plan(const jn_source_options *options, uint64_t max_samples, jn_plan *plan,
                       jn_error *err)
{
    if (options->samples == 0 || options->samples > max_samples || options->replicates == 0 ||
        options->replicates > JN_PARTS_MAX) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%llu samples in %llu replicates: need 1 to %llu samples and 1 to %d "
                            "replicates",
                            (unsigned long long)options->samples,
                            (unsigned long long)options->replicates,
                            (unsigned long long)max_samples, JN_PARTS_MAX);
    }
    plan->n_parts = options->replicates;
    plan->n_points[0] = options->samples;
    return JN_OK;
}

size_t jn_draw_count(const jn_plan *plan, uint64_t b)
{
    const uint64_t left = plan->n_points[0] - b * JN_BLOCK;
    return left < JN_BLOCK ? (size_t)left : JN_BLOCK;
}

static jn_base base_of(const jn_proposal *q, bool posterior, size_t j)
{
    return posterior ? jn_model_posterior_base(q->model, j) : jn_proposal_base(q, j);
}

static jn_status map(const jn_plan *plan, bool posterior, size_t n, jn_workspace *ws, jn_error *err)
{
    const jn_proposal *q = plan->q;
    const jn_density *d = q->model->density;
    jn_status st;
    if (posterior) {
        st = d->posterior_map(q->model->self, plan->row, n, JN_BLOCK, ws->base, ws->z);
        st = st == JN_OK ? q->ops->log_density(q->self, plan->row, n, JN_BLOCK, ws->z, ws->log_q)
                         : st;
    } else {
        st = q->ops->map(q->self, plan->row, n, JN_BLOCK, ws->base, ws->z, ws->log_q);
    }
    return st == JN_OK ? st
                       : jn_error_set(err, st, "proposal %s, observation %zu%s: %s", q->type->name,
                                      plan->row, posterior ? ", at draws of the posterior" : "",
                                      jn_status_text(st));
}

static jn_status weigh(const jn_plan *plan, size_t part, bool posterior, uint64_t index0, size_t n,
                       jn_draw_fill *fill, jn_workspace *ws, jn_weights *out, jn_error *err)
{
    const size_t n_base = posterior ? ws->dim : ws->n_base;
    for (size_t j = 0; j < n_base; j++) {
        const jn_status st = fill(plan, part, posterior, index0, n, j,
                                  base_of(plan->q, posterior, j), ws->base + j * JN_BLOCK);
        if (st != JN_OK) {
            return jn_error_set(err, st, "observation %zu: base points: %s", plan->row,
                                jn_status_text(st));
        }
    }
    const jn_status st = map(plan, posterior, n, ws, err);
    return st == JN_OK ? jn_workspace_weigh(ws, plan->q, plan->row, n, index0, out, err) : st;
}

jn_status jn_draw_block(const jn_plan *plan, size_t part, uint64_t b, jn_draw_fill *fill,
                        jn_workspace *ws, jn_weights *out, jn_error *err)
{
    const uint64_t index0 = b * JN_BLOCK;
    const size_t n = jn_draw_count(plan, b);
    const bool posterior = plan->options.posterior &&
                           plan->q->model->density->posterior_map != NULL;
    if (posterior) {
        const jn_status st = weigh(plan, part, true, index0, n, fill, ws, out, err);
        if (st != JN_OK) {
            return st;
        }
        for (size_t i = 0; i < n; i++) {
            ws->log_w_posterior[i] = ws->log_q[i] == -INFINITY ? INFINITY : ws->log_w[i];
        }
    }
    const jn_status st = weigh(plan, part, false, index0, n, fill, ws, out, err);
    if (st == JN_OK && posterior) {
        out->log_w_posterior = ws->log_w_posterior;
    }
    return st;
}
