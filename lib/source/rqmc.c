/* Randomised quasi-Monte Carlo: scrambled Sobol' points through q. Part = replicate: an
 * independent scrambling, so that the spread of replicates is an honest error. */
#include "jensen/sobol.h"
#include "kernel/kernels.h"
#include "source/draw.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    if (q->model->dim > JN_SOBOL_DIMENSIONS) {
        return jn_error_set(err, JN_REFUSED,
                            "observation %zu: scrambled Sobol' points have %d dimensions, not %zu: "
                            "use --rule mc",
                            row, JN_SOBOL_DIMENSIONS, q->model->dim);
    }
    return jn_draw_plan(options, JN_SOBOL_INDEX_MAX, plan, err);
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const uint64_t index0 = b * JN_BLOCK;
    const size_t n = jn_draw_count(plan, b);
    const jn_stream stream = { .seed = plan->options.seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part,
                               .purpose = JN_FOR_SCRAMBLE };
    for (size_t j = 0; j < ws->dim; j++) {
        double *base = ws->base + j * JN_BLOCK;
        const jn_status st = jn_sobol_fill(&stream, index0, n, (uint32_t)j, base);
        if (st != JN_OK) {
            return jn_error_set(err, st, "observation %zu: Sobol' points: %s", plan->row,
                                jn_status_text(st));
        }
        if (jn_draw_base(plan->q, j) == JN_BASE_NORMAL) {
            jn_kernels_get()->quantile(n, base, base);
        }
    }
    return jn_draw_weigh(plan, ws, n, index0, out, err);
}

const jn_source jn_source_rqmc = { "rqmc", JN_RQMC, false, plan, block, NULL };
