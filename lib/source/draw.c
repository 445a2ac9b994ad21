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

jn_base jn_draw_base(const jn_proposal *q, size_t j)
{
    return q->ops->base == NULL ? JN_BASE_NORMAL : q->ops->base(q->self, j);
}

size_t jn_draw_count(const jn_plan *plan, uint64_t b)
{
    const uint64_t left = plan->n_points[0] - b * JN_BLOCK;
    return left < JN_BLOCK ? (size_t)left : JN_BLOCK;
}

jn_status jn_draw_weigh(const jn_plan *plan, jn_workspace *ws, size_t n, uint64_t index0,
                        jn_weights *out, jn_error *err)
{
    const jn_proposal *q = plan->q;
    const jn_status st = q->ops->map(q->self, plan->row, n, JN_BLOCK, ws->base, ws->z, ws->log_q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "proposal %s, observation %zu: %s", q->type->name, plan->row,
                            jn_status_text(st));
    }
    return jn_workspace_weigh(ws, q, plan->row, n, index0, out, err);
}
