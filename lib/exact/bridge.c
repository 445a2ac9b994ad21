/* Bridge sampling (Meng & Wong 1996) between draws of the posterior and those of Student densities
 * about its modes: a check that needs no rule at all. The posterior's draws are exact ones, or
 * draws of the Student densities resampled by their weights, apart from those at the other end. */
#include <math.h>

#include "base/memory.h"
#include "chain/resample.h"
#include "exact/methods.h"
#include "exact/student.h"
#include "jensen/logspace.h"

enum { REPLICATES = 16, BLOCKS = 8, DRAWS = BLOCKS * JN_STUDENT_BLOCK, ROUNDS = 200 };

/* A relative standard error of which five reach 0. */
static const double UNKNOWN = 0.2;

typedef struct bridge {
    const jn_student *q;
    uint64_t seed;
    bool resampled;             /* else the posterior's draws are exact */
    double *base, *u, *scratch; /* dim, dim blocks; JN_STUDENT_SCRATCH */
    double *from_p, *from_q;    /* DRAWS log-weights each */
    double *candidates;         /* DRAWS log-weights to resample */
    jn_lse weights;             /* of all draws of q, candidates included */
    uint32_t *ancestor;         /* DRAWS + 1 */
    double *memory;
} bridge;

/* --- draws -----------------------------------------------------------------------------------
 */

/* Independent sets of q's draws: neither shares points with the other, nor with importance
 * sampling. */
typedef enum end { FAR_END = 1, CANDIDATES = 2 } end;

static jn_status draws_of_q(bridge *b, uint32_t replicate, end which, double *out)
{
    const jn_stream s = { .seed = b->seed,
                          .observation = (uint32_t)b->q->row,
                          .replicate = replicate + ((uint32_t)which << 20),
                          .purpose = JN_FOR_SCRAMBLE };
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < BLOCKS; i++) {
        const size_t first = i * JN_STUDENT_BLOCK;
        st = jn_student_weights(b->q, &s, first, JN_STUDENT_BLOCK, b->scratch, out + first);
    }
    if (st == JN_OK) {
        jn_lse_add_array(&b->weights, DRAWS, out);
    }
    return st;
}

static jn_status posterior_block(const bridge *b, const jn_stream *s, uint64_t first, double *out)
{
    const jn_model *m = b->q->m;
    const jn_density *d = m->density;
    for (size_t j = 0; j < m->dim; j++) {
        const jn_base kind = jn_model_posterior_base(m, j);
        double *at = b->base + j * JN_STUDENT_BLOCK;
        if (kind == JN_BASE_NORMAL) {
            jn_normal_fill(s, first, JN_STUDENT_BLOCK, (uint32_t)j, at);
        } else {
            jn_uniform_fill(s, first, JN_STUDENT_BLOCK, (uint32_t)j, at);
        }
    }
    jn_status st = d->posterior_map(m->self, b->q->row, JN_STUDENT_BLOCK, JN_STUDENT_BLOCK, b->base,
                                    b->u);
    jn_target_to_u(m, JN_STUDENT_BLOCK, JN_STUDENT_BLOCK, b->u, b->u);
    st = st == JN_OK ? jn_student_weights_at(b->q, JN_STUDENT_BLOCK, b->u, b->scratch, out) : st;
    return st;
}

static jn_status exact_draws(const bridge *b, uint32_t replicate)
{
    const jn_stream s = { .seed = b->seed,
                          .observation = (uint32_t)b->q->row,
                          .replicate = replicate,
                          .purpose = JN_FOR_POSTERIOR };
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < BLOCKS; i++) {
        const size_t first = i * JN_STUDENT_BLOCK;
        st = posterior_block(b, &s, first, b->from_p + first);
    }
    return st;
}

static jn_status resampled_draws(bridge *b, uint32_t replicate)
{
    const jn_stream s = { .seed = b->seed,
                          .observation = (uint32_t)b->q->row,
                          .replicate = replicate,
                          .purpose = JN_FOR_RESAMPLING };
    double point, top = -INFINITY;
    const jn_status st = draws_of_q(b, replicate, CANDIDATES, b->candidates);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = 0; i < DRAWS; i++) {
        top = fmax(top, b->candidates[i]);
    }
    for (size_t i = 0; i < DRAWS; i++) { /* none has weight: any will do, the error is infinite */
        b->from_p[i] = top > -INFINITY ? exp(b->candidates[i] - top) : 1.0;
    }
    jn_uniform_fill(&s, 0, 1, 0, &point);
    jn_resample(JN_SYSTEMATIC, DRAWS, b->from_p, &point, NULL, b->ancestor);
    for (size_t i = 0; i < DRAWS; i++) {
        b->from_p[i] = b->candidates[b->ancestor[i]];
    }
    return JN_OK;
}

static jn_status draw(bridge *b, uint32_t replicate)
{
    const jn_status st = b->resampled ? resampled_draws(b, replicate) : exact_draws(b, replicate);
    return st == JN_OK ? draws_of_q(b, replicate, FAR_END, b->from_q) : st;
}

/* --- the bridge ------------------------------------------------------------------------------
 */

/* f(t) = sum_q w / (w + r) - sum_p r / (w + r) with r = e^t, which falls in t, and its slope. */
static double imbalance(const bridge *b, double t, double *slope)
{
    double value = 0.0;
    *slope = 0.0;
    for (size_t i = 0; i < DRAWS; i++) {
        const double far = 1.0 / (1.0 + exp(t - b->from_q[i]));
        const double near = 1.0 / (1.0 + exp(b->from_p[i] - t));
        value += far - near;
        *slope -= far * (1.0 - far) + near * (1.0 - near);
    }
    return value;
}

/* The zero of f, from the log of q's mean weight: Newton's steps as long as they stay between a
 * point below and one above. */
static double solve(const bridge *b)
{
    jn_lse mean = JN_LSE_INIT;
    jn_lse_add_array(&mean, DRAWS, b->from_q);
    double t = jn_lse_log_mean(&mean), slope, lo = t, hi = t;
    if (!isfinite(t)) {
        return t; /* q saw nothing at all */
    }
    for (double step = 1.0; imbalance(b, lo, &slope) < 0.0; step *= 2.0) {
        lo -= step;
    }
    for (double step = 1.0; imbalance(b, hi, &slope) > 0.0; step *= 2.0) {
        hi += step;
    }
    for (int round = 0; round < ROUNDS; round++) {
        const double f = imbalance(b, t, &slope), next = t - f / slope, before = t;
        *(f > 0.0 ? &lo : &hi) = t;
        t = next > lo && next < hi ? next : 0.5 * (lo + hi);
        if (!(fabs(t - before) > 1e-13 * (1.0 + fabs(t)))) {
            break;
        }
    }
    return t;
}

/* What is averaged is r, not its log, whose mean is low by half its variance. */
static jn_estimate read(const bridge *b, const double *log_r)
{
    jn_lse all = JN_LSE_INIT;
    jn_moments spread = JN_MOMENTS_INIT;
    jn_lse_add_array(&all, REPLICATES, log_r);
    const double value = jn_lse_log_mean(&all);
    for (size_t r = 0; r < REPLICATES; r++) {
        jn_moments_add(&spread, exp(log_r[r] - value), 1.0);
    }
    const double error = sqrt(jn_moments_variance(&spread) / REPLICATES);
    return (jn_estimate){ .value = value,
                          .error = (b->resampled      ? jn_student_doubt(b->q, error, &b->weights)
                                    : error < UNKNOWN ? error
                                                      : INFINITY) +
                                   4.4e-16 * (8.0 + fabs(value)),
                          .dof = REPLICATES - 1,
                          .kind = b->resampled ? JN_RQMC : JN_MC,
                          .method = b->resampled ? "bridge sampling, resampled draws"
                                                 : "bridge sampling, exact draws",
                          .n_eval = 2 * (uint64_t)DRAWS * REPLICATES };
}

static jn_status run(bridge *b, jn_estimate *out)
{
    const size_t d = b->q->m->dim, ld = JN_STUDENT_BLOCK;
    double log_r[REPLICATES];
    b->memory = jn_alloc_doubles(2 * d * ld + JN_STUDENT_SCRATCH(d) + 3 * DRAWS);
    b->ancestor = jn_alloc(DRAWS + 1, sizeof *b->ancestor);
    jn_status st = b->memory == NULL || b->ancestor == NULL ? JN_ERR_NOMEM : JN_OK;
    if (st == JN_OK) {
        b->base = b->memory;
        b->u = b->base + d * ld;
        b->scratch = b->u + d * ld;
        b->from_p = b->scratch + JN_STUDENT_SCRATCH(d);
        b->from_q = b->from_p + DRAWS;
        b->candidates = b->from_q + DRAWS;
    }
    for (uint32_t r = 0; st == JN_OK && r < REPLICATES; r++) {
        st = draw(b, r);
        log_r[r] = st == JN_OK ? solve(b) : NAN;
    }
    free(b->memory);
    free(b->ancestor);
    if (st == JN_OK) {
        *out = read(b, log_r);
    }
    return st;
}

static jn_status estimate(const jn_model *m, size_t row, const jn_exact_options *options,
                          bool resampled, jn_estimate *out, jn_error *err)
{
    jn_student q;
    jn_status st = jn_student_new(m, row, &q, err);
    if (st < 0) {
        return st;
    }
    bridge b = { .q = &q, .seed = options->seed, .resampled = resampled, .weights = JN_LSE_INIT };
    jn_estimate e;
    st = run(&b, &e);
    jn_student_free(&q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "observation %zu: bridge sampling: %s", row,
                            jn_status_text(st));
    }
    *out = e;
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    if (isinf(e.error)) {
        return jn_error_set(err, JN_NOT_CONVERGED,
                            "observation %zu: bridge sampling: too few of %llu draws carry the sum "
                            "for its error to be known, and the tolerance %.2g is not met",
                            row, (unsigned long long)e.n_eval, tolerance);
    }
    return e.error <= tolerance
               ? JN_OK
               : jn_error_set(
                     err, JN_NOT_CONVERGED,
                     "observation %zu: bridge sampling has a standard error of %.2g, above "
                     "the tolerance %.2g",
                     row, e.error, tolerance);
}

jn_status jn_exact_bridge(const jn_model *m, size_t row, const jn_exact_options *options,
                          jn_estimate *out, jn_error *err)
{
    return estimate(m, row, options, false, out, err);
}

jn_status jn_exact_bridge_resampled(const jn_model *m, size_t row, const jn_exact_options *options,
                                    jn_estimate *out, jn_error *err)
{
    return estimate(m, row, options, true, out, err);
}
