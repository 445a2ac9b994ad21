/* Importance sampling with randomised Sobol' points through Student densities about the modes. The
 * standard error comes from independent scramblings; a single weight that makes up much of the sum
 * says that there are more like it that no replicate has seen, and counts as error. */
#include <math.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "exact/methods.h"
#include "exact/student.h"
#include "jensen/logspace.h"
#include "kernel/kernels.h"

enum { REPLICATES = 16, CHUNK = 16 * JN_STUDENT_BLOCK, FIRST = 1024 };

typedef struct sampling {
    const jn_student *q;
    uint64_t seed, first, n; /* this round's points of each replicate */
    size_t chunks;
    jn_lse *sums; /* one a task */
} sampling;

static jn_status sum_chunk(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    (void)err;
    const sampling *job = user;
    const jn_stream s = { .seed = job->seed,
                          .observation = (uint32_t)job->q->row,
                          .replicate = (uint32_t)(index / job->chunks),
                          .purpose = JN_FOR_SCRAMBLE };
    const uint64_t from = job->first + (uint64_t)(index % job->chunks) * CHUNK;
    const uint64_t to = from + CHUNK < job->first + job->n ? from + CHUNK : job->first + job->n;
    jn_lse sum = JN_LSE_INIT;
    double *scratch = jn_alloc_doubles(JN_STUDENT_SCRATCH(job->q->m->dim)), out[JN_STUDENT_BLOCK];
    jn_status st = scratch == NULL ? JN_ERR_NOMEM : JN_OK;
    for (uint64_t i = from; i < to && st == JN_OK; i += JN_STUDENT_BLOCK) {
        const size_t n = to - i < JN_STUDENT_BLOCK ? (size_t)(to - i) : JN_STUDENT_BLOCK;
        st = jn_student_weights(job->q, &s, i, n, scratch, out);
        const double top = jn_kernels_get()->max(n, out);
        const jn_lse part = {
            top, st == JN_OK && top > -INFINITY ? jn_kernels_get()->sum_exp(n, out, top) : 0.0, n
        };
        jn_lse_merge(&sum, &part);
    }
    free(scratch);
    job->sums[index] = sum;
    return st;
}

static jn_status more_points(sampling *job, size_t threads, jn_lse *replicates)
{
    job->chunks = (size_t)((job->n + CHUNK - 1) / CHUNK);
    job->sums = jn_alloc(REPLICATES * job->chunks, sizeof *job->sums);
    jn_status st = job->sums == NULL ? JN_ERR_NOMEM : JN_OK;
    if (st == JN_OK) {
        st = jn_tasks_run(REPLICATES * job->chunks, threads, sum_chunk, job, NULL);
    }
    for (size_t i = 0; st == JN_OK && i < REPLICATES * job->chunks; i++) {
        jn_lse_merge(&replicates[i / job->chunks], &job->sums[i]);
    }
    free(job->sums);
    return st;
}

static jn_estimate read(const jn_student *q, const jn_lse *replicates)
{
    jn_lse all = JN_LSE_INIT;
    jn_moments spread = JN_MOMENTS_INIT;
    for (size_t r = 0; r < REPLICATES; r++) {
        jn_lse_merge(&all, &replicates[r]);
    }
    const double value = jn_lse_log_mean(&all);
    for (size_t r = 0; r < REPLICATES; r++) {
        jn_moments_add(&spread, exp(jn_lse_log_mean(&replicates[r]) - value), 1.0);
    }
    const double error = sqrt(jn_moments_variance(&spread) / REPLICATES);
    return (jn_estimate){ .value = value,
                          .error = jn_student_doubt(q, error, &all) + 4.4e-16 * (8.0 + fabs(value)),
                          .dof = REPLICATES - 1,
                          .kind = JN_RQMC,
                          .method = "importance sampling about the mode",
                          .n_eval = all.n };
}

static jn_status sample(const jn_student *q, const jn_exact_options *o, double tolerance,
                        jn_estimate *out)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 20 : o->max_nodes;
    jn_lse replicates[REPLICATES];
    sampling job = { .q = q, .seed = o->seed, .n = FIRST };
    for (size_t r = 0; r < REPLICATES; r++) {
        replicates[r] = (jn_lse)JN_LSE_INIT;
    }
    jn_status st = JN_NOT_CONVERGED;
    jn_estimate e = { .error = INFINITY };
    for (; st == JN_NOT_CONVERGED; job.first += job.n, job.n = job.first) {
        if (job.first > 0 && 2 * job.first * REPLICATES > most) {
            break;
        }
        const jn_status ran = more_points(&job, o->threads, replicates);
        if (ran != JN_OK) {
            return ran;
        }
        e = read(q, replicates);
        st = e.error <= tolerance ? JN_OK : JN_NOT_CONVERGED;
    }
    *out = e;
    return st;
}

jn_status jn_exact_importance(const jn_model *m, size_t row, const jn_exact_options *options,
                              jn_estimate *out, jn_error *err)
{
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    jn_student q;
    jn_status st = jn_student_new(m, row, &q, err);
    if (st < 0) {
        return st;
    }
    st = sample(&q, options, tolerance, out);
    jn_student_free(&q);
    if (st < 0) {
        return jn_error_set(err, st, "observation %zu: importance sampling: %s", row,
                            jn_status_text(st));
    }
    if (isinf(out->error)) {
        return jn_error_set(err, st,
                            "observation %zu: importance sampling: too few of %llu points carry "
                            "the sum for its error to be known, and the tolerance %.2g is not met",
                            row, (unsigned long long)out->n_eval, tolerance);
    }
    return st == JN_OK
               ? st
               : jn_error_set(err, st,
                              "observation %zu: importance sampling has a standard error of %.2g "
                              "after %llu points, above the tolerance %.2g",
                              row, out->error, (unsigned long long)out->n_eval, tolerance);
}
