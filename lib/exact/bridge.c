/* Bridge sampling (Meng & Wong 1996) between exact draws of the posterior and those of Student
 * densities about its modes: a check that needs no rule at all. */
#include <math.h>

#include "base/memory.h"
#include "exact/methods.h"
#include "exact/student.h"
#include "jensen/logspace.h"

enum { REPLICATES = 16, BLOCKS = 8, DRAWS = BLOCKS * JN_STUDENT_BLOCK, ROUNDS = 1000 };

typedef struct bridge {
    const jn_student *q;
    uint64_t seed;
    double *base, *u, *scratch; /* dim, dim blocks; JN_STUDENT_SCRATCH */
    double *from_p, *from_q;    /* DRAWS log-weights each */
    double *memory;
} bridge;

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

static jn_status draw(const bridge *b, uint32_t replicate)
{
    const jn_stream p = { .seed = b->seed,
                          .observation = (uint32_t)b->q->row,
                          .replicate = replicate,
                          .purpose = JN_FOR_POSTERIOR };
    jn_stream q = p;
    q.purpose = JN_FOR_SCRAMBLE;
    q.replicate += 1u << 20; /* not the points of importance sampling */
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < BLOCKS; i++) {
        const size_t first = i * JN_STUDENT_BLOCK;
        st = posterior_block(b, &p, first, b->from_p + first);
        st = st == JN_OK ? jn_student_weights(b->q, &q, first, JN_STUDENT_BLOCK, b->scratch,
                                              b->from_q + first)
                         : st;
    }
    return st;
}

/* The fixed point of r = sum_q w / (w + r) / sum_p 1 / (w + r), in logs. */
static double solve(const bridge *b)
{
    jn_lse start = JN_LSE_INIT;
    for (size_t i = 0; i < DRAWS; i++) {
        jn_lse_add(&start, b->from_q[i]);
    }
    double log_r = jn_lse_log_mean(&start);
    for (int round = 0; round < ROUNDS; round++) {
        jn_lse above = JN_LSE_INIT, below = JN_LSE_INIT;
        for (size_t i = 0; i < DRAWS; i++) {
            jn_lse_add(&above, b->from_q[i] - jn_log_add(b->from_q[i], log_r));
            jn_lse_add(&below, -jn_log_add(b->from_p[i], log_r));
        }
        const double next = jn_lse_log_sum(&above) - jn_lse_log_sum(&below);
        const double change = fabs(next - log_r);
        log_r = next;
        if (!(change > 1e-12 * (1.0 + fabs(next)))) {
            break;
        }
    }
    return log_r;
}

static jn_status run(bridge *b, jn_estimate *out)
{
    const size_t d = b->q->m->dim, ld = JN_STUDENT_BLOCK;
    jn_moments spread = JN_MOMENTS_INIT;
    b->memory = jn_alloc_doubles(2 * d * ld + JN_STUDENT_SCRATCH(d) + 2 * DRAWS);
    if (b->memory == NULL) {
        return JN_ERR_NOMEM;
    }
    b->base = b->memory;
    b->u = b->base + d * ld;
    b->scratch = b->u + d * ld;
    b->from_p = b->scratch + JN_STUDENT_SCRATCH(d);
    b->from_q = b->from_p + DRAWS;
    jn_status st = JN_OK;
    for (uint32_t r = 0; st == JN_OK && r < REPLICATES; r++) {
        st = draw(b, r);
        if (st == JN_OK) {
            jn_moments_add(&spread, solve(b), 1.0);
        }
    }
    free(b->memory);
    if (st == JN_OK) {
        *out = (jn_estimate){ .value = spread.mean,
                              .error = sqrt(jn_moments_variance(&spread) / REPLICATES) +
                                       4.4e-16 * (8.0 + fabs(spread.mean)),
                              .dof = REPLICATES - 1,
                              .kind = JN_MC,
                              .method = "bridge sampling",
                              .n_eval = 2 * (uint64_t)DRAWS * REPLICATES };
    }
    return st;
}

jn_status jn_exact_bridge(const jn_model *m, size_t row, const jn_exact_options *options,
                          jn_estimate *out, jn_error *err)
{
    jn_student q;
    jn_status st = jn_student_new(m, row, &q, err);
    if (st < 0) {
        return st;
    }
    bridge b = { .q = &q, .seed = options->seed };
    jn_estimate e;
    st = run(&b, &e);
    jn_student_free(&q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "observation %zu: bridge sampling: %s", row,
                            jn_status_text(st));
    }
    *out = e;
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    return e.error <= tolerance
               ? JN_OK
               : jn_error_set(
                     err, JN_NOT_CONVERGED,
                     "observation %zu: bridge sampling has a standard error of %.2g, above "
                     "the tolerance %.2g",
                     row, e.error, tolerance);
}
