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

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const uint64_t index0 = b * JN_BLOCK;
    const size_t n = jn_draw_count(plan, b);
    const jn_stream stream = { .seed = plan->options.seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part,
                               .purpose = JN_FOR_PROPOSAL };
    for (size_t j = 0; j < ws->dim; j++) {
        double *base = ws->base + j * JN_BLOCK;
        if (jn_draw_base(plan->q, j) == JN_BASE_NORMAL) {
            jn_normal_fill(&stream, index0, n, (uint32_t)j, base);
        } else {
            jn_uniform_fill(&stream, index0, n, (uint32_t)j, base);
        }
    }
    return jn_draw_weigh(plan, ws, n, index0, out, err);
}

const jn_source jn_source_mc = { "mc", JN_MC, false, plan, block, NULL };
