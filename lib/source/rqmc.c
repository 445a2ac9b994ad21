/* Randomised quasi-Monte Carlo: scrambled Sobol' points through q. Part = replicate: an
 * independent scrambling, so that the spread of replicates is an honest error. Where the integrand
 * jumps in a coordinate it is not: of N points the scrambling leaves p N rounded down or up below
 * p, and where p N is nearly whole, hardly any replicate shows that there is another outcome. Such
 * a coordinate is turned, u + shift modulo 1, by a shift of the replicate's own: both ends of each
 * piece then cut their stratum anywhere, and the count has a variance of 1/3 for every p > 1/N. A
 * jump never lets the error fall faster than 1/N. */
#include <math.h>

#include "jensen/sobol.h"
#include "kernel/kernels.h"
#include "source/draw.h"

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    if (jn_proposal_n_base(q) > JN_SOBOL_DIMENSIONS) {
        return jn_error_set(err, JN_REFUSED,
                            "observation %zu: scrambled Sobol' points have %d dimensions, not %zu: "
                            "use --rule mc",
                            row, JN_SOBOL_DIMENSIONS, jn_proposal_n_base(q));
    }
    return jn_draw_plan(options, JN_SOBOL_INDEX_MAX, plan, err);
}

/* Scramblings of the posterior's points are those of replicates that no plan reaches. */
enum { POSTERIOR_REPLICATES = 1 << 20 };

/* Words of a stream, from this index on, that no scrambling uses. */
enum { SHIFTS_FROM = 2 * JN_SCRAMBLE_ROUNDS };

static void turn(const jn_stream *stream, size_t j, size_t n, double *u)
{
    const double least = 0x1p-54, most = 1.0 - 0x1p-53; /* strictly inside (0, 1) */
    double shift;
    jn_uniform_fill(stream, SHIFTS_FROM, 1, (uint32_t)j, &shift);
    for (size_t i = 0; i < n; i++) {
        const double sum = u[i] + shift;
        u[i] = fmin(fmax(sum >= 1.0 ? sum - 1.0 : sum, least), most);
    }
}

static jn_status fill(const jn_plan *plan, size_t part, bool posterior, uint64_t index0, size_t n,
                      size_t j, jn_base kind, double *out)
{
    const jn_stream stream = { .seed = plan->options.seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part + (posterior ? POSTERIOR_REPLICATES : 0),
                               .purpose = JN_FOR_SCRAMBLE };
    const jn_status st = jn_sobol_fill(&stream, index0, n, (uint32_t)j, out);
    if (st == JN_OK && kind == JN_BASE_NORMAL) {
        jn_kernels_get()->quantile(n, out, out);
    } else if (st == JN_OK && kind == JN_BASE_CHOICE) {
        turn(&stream, j, n, out);
    }
    return st;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    return jn_draw_block(plan, part, b, fill, ws, out, err);
}

const jn_source jn_source_rqmc = { "rqmc", JN_RQMC, false, plan, block, NULL };
