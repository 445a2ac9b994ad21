/* Discrete latents: every state is a node, its mass is q. */
#include "source/workspace.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    (void)row;
    (void)options;
    const size_t states = jn_model_states(q->model);
    if (states == 0) {
        return jn_error_set(err, JN_REFUSED, "model %s has no finite latent to enumerate",
                            q->model->type->name);
    }
    plan->n_parts = 1;
    plan->n_points[0] = states;
    return JN_OK;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    (void)part;
    const jn_proposal *q = plan->q;
    const uint64_t index0 = b * JN_BLOCK, left = plan->n_points[0] - index0;
    const size_t n = left < JN_BLOCK ? (size_t)left : JN_BLOCK;
    for (size_t i = 0; i < n; i++) {
        ws->z[i] = (double)(index0 + i);
    }
    jn_status st = q->ops->log_density(q->self, plan->row, n, JN_BLOCK, ws->z, ws->log_q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "proposal %s, observation %zu: %s", q->type->name, plan->row,
                            jn_status_text(st));
    }
    st = jn_workspace_weigh(ws, q, plan->row, n, index0, out, err);
    out->log_mass = ws->log_q;
    return st;
}

const jn_source jn_source_enumerate = { "enumerate", JN_EXACT, false, plan, block, NULL };
