/* Pseudo-random draws of q. Part = replicate: its draws are streams of their own. */
#include "jensen/random.h"
#include "source/draw.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    (void)q;
    (void)row;
    return jn_draw_plan(options, JN_INDEX_MAX, plan, err);
}

static jn_status fill(const jn_plan *plan, size_t part, bool posterior, uint64_t index0, size_t n,
                      size_t j, jn_base kind, double *out)
{
    const jn_stream stream = { .seed = plan->options.seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part,
                               .purpose = posterior ? JN_FOR_POSTERIOR : JN_FOR_PROPOSAL };
    if (kind == JN_BASE_NORMAL) {
        jn_normal_fill(&stream, index0, n, (uint32_t)j, out);
    } else {
        jn_uniform_fill(&stream, index0, n, (uint32_t)j, out);
    }
    return JN_OK;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    return jn_draw_block(plan, part, b, fill, ws, out, err);
}

const jn_source jn_source_mc = { "mc", JN_MC, false, plan, block, NULL };
