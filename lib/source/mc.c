/* Pseudo-random draws of q. Part = replicate: its draws are streams of their own. */
#include "jensen/random.h"
#include "source/workspace.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    (void)q;
    (void)row;
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
    return JN_OK;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const jn_proposal *q = plan->q;
    const uint64_t index0 = b * JN_BLOCK, left = plan->n_points[0] - index0;
    const size_t n = left < JN_BLOCK ? (size_t)left : JN_BLOCK;
    const jn_stream stream = { .seed = plan->options.seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part,
                               .purpose = JN_FOR_PROPOSAL };
    for (size_t j = 0; j < ws->dim; j++) {
        const jn_base kind = q->ops->base == NULL ? JN_BASE_NORMAL : q->ops->base(q->self, j);
        double *base = ws->base + j * JN_BLOCK;
        if (kind == JN_BASE_NORMAL) {
            jn_normal_fill(&stream, index0, n, (uint32_t)j, base);
        } else {
            jn_uniform_fill(&stream, index0, n, (uint32_t)j, base);
        }
    }
    const jn_status st = q->ops->map(q->self, plan->row, n, JN_BLOCK, ws->base, ws->z, ws->log_q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "proposal %s, observation %zu: %s", q->type->name, plan->row,
                            jn_status_text(st));
    }
    return jn_workspace_weigh(ws, q, plan->row, n, index0, out, err);
}

const jn_source jn_source_mc = { "mc", JN_MC, false, plan, block, NULL };
