/* Sequential Monte Carlo: particles advance by a path proposal, carry weights, and are chosen again
 * when the weights have become uneven. The product of the average weights between such choices is
 * an unbiased estimate of p(x), whatever decides when to choose. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "chain/paths.h"
#include "chain/resample.h"
#include "kernel/kernels.h"
#include "source/workspace.h"

enum { PARTICLES = 1024 };
static const double THRESHOLD = 0.5;
static const uint64_t MAX_PARTICLES = (uint64_t)1 << 26;

typedef struct filter {
    const jn_proposal *q;
    const jn_kernels *k;
    size_t row, N, d;
    double threshold;
    jn_resampling how;
    jn_stream moves, choices;
    uint64_t run;            /* index of this draw of log p-hat */
    double *z, *near, *base; /* d rows of N */
    double *log_w;           /* since the last choice */
    double *log_q, *log_p, *log_e, *w, *u, *work;
    uint32_t *ancestor;
    double *memory;
    bool all_equal; /* every log_w is 0 */
} filter;

static uint64_t particles_of(const jn_source_options *o)
{
    return o->particles == 0 ? PARTICLES : o->particles;
}

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *o, jn_plan *plan,
                      jn_error *err)
{
    const uint64_t N = particles_of(o);
    if (o->samples == 0 || o->replicates == 0 || o->replicates > JN_PARTS_MAX ||
        N > MAX_PARTICLES || o->samples > JN_INDEX_MAX / (N + 1) || !(o->threshold >= 0.0) ||
        o->resampling > JN_MULTINOMIAL) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%llu runs of %llu particles in %llu replicates, threshold %g: need at "
                            "most 2^41 particles in all, 2^26 a run, 1 to %d replicates, a "
                            "threshold >= 0",
                            (unsigned long long)o->samples, (unsigned long long)N,
                            (unsigned long long)o->replicates, o->threshold, JN_PARTS_MAX);
    }
    const jn_status st = jn_path_check(q, row, err);
    if (st == JN_OK && q->path->backward) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "proposal %s runs against the chain; particles need one that runs with "
                            "it: prior or guided",
                            q->type->name);
    }
    plan->n_parts = o->replicates;
    plan->n_points[0] = o->samples;
    return st;
}

static jn_status filter_new(const jn_plan *plan, size_t part, filter *f, jn_error *err)
{
    const jn_source_options *o = &plan->options;
    const jn_stream stream = { .seed = o->seed,
                               .observation = (uint32_t)plan->row,
                               .replicate = (uint32_t)part,
                               .purpose = JN_FOR_PROPOSAL };
    *f = (filter){ .q = plan->q,
                   .k = jn_kernels_get(),
                   .row = plan->row,
                   .N = (size_t)particles_of(o),
                   .d = plan->q->model->dim,
                   .threshold = o->threshold > 0.0 ? o->threshold : THRESHOLD,
                   .how = o->resampling,
                   .moves = stream,
                   .choices = stream };
    f->choices.purpose = JN_FOR_RESAMPLING;
    const size_t N = f->N, row = N + 8; /* room for the one uniform more of multinomial */
    f->memory = jn_alloc_doubles((3 * f->d + 7) * row);
    f->ancestor = jn_alloc(N + 1, sizeof *f->ancestor);
    if (f->memory == NULL || f->ancestor == NULL) {
        free(f->memory);
        free(f->ancestor);
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu particles", N);
    }
    double **const rows[] = { &f->log_w, &f->log_q, &f->log_p, &f->log_e, &f->w, &f->u, &f->work };
    for (size_t i = 0; i < 7; i++) {
        *rows[i] = f->memory + i * row;
    }
    f->z = f->memory + 7 * row;
    f->near = f->z + f->d * row;
    f->base = f->near + f->d * row;
    return JN_OK;
}

/* Particles by their weights w into `near`; weights become equal. */
static void choose(filter *f, size_t t)
{
    const size_t n_u = jn_resample_uniforms(f->how, f->N);
    const uint64_t index0 = f->how == JN_SYSTEMATIC ? f->run : f->run * (f->N + 1);
    jn_uniform_fill(&f->choices, index0, n_u, (uint32_t)t, f->u);
    jn_resample(f->how, f->N, f->w, f->u, f->work, f->ancestor);
    for (size_t j = 0; j < f->d; j++) {
        const double *from = f->z + j * f->N;
        double *to = f->near + j * f->N;
        for (size_t i = 0; i < f->N; i++) {
            to[i] = from[f->ancestor[i]];
        }
    }
    memset(f->log_w, 0, f->N * sizeof *f->log_w);
    f->all_equal = true;
}

/* log of the sum of e^log_w; w = e^(log_w - max), and whether they are too uneven. */
static double weigh(filter *f, bool *uneven)
{
    const double top = f->k->max(f->N, f->log_w);
    if (!(top > -INFINITY)) {
        return top;
    }
    double part[4] = { 0.0 }, square[4] = { 0.0 };
    for (size_t i = 0; i < f->N; i++) {
        f->w[i] = f->log_w[i] - top;
    }
    f->k->exp(f->N, f->w, f->w);
    for (size_t i = 0; i < f->N / 4 * 4; i += 4) {
        for (size_t l = 0; l < 4; l++) {
            part[l] += f->w[i + l];
            square[l] += f->w[i + l] * f->w[i + l];
        }
    }
    for (size_t i = f->N / 4 * 4; i < f->N; i++) {
        part[0] += f->w[i];
        square[0] += f->w[i] * f->w[i];
    }
    const double sum = (part[0] + part[1]) + (part[2] + part[3]);
    const double squares = (square[0] + square[1]) + (square[2] + square[3]);
    *uneven = f->threshold >= 1.0 || sum * sum < f->threshold * (double)f->N * squares;
    return top + log(sum);
}

/* z_t for all particles from `near`, and what the step adds to their weights. */
static jn_status advance(filter *f, size_t t)
{
    const jn_model *m = f->q->model;
    const jn_chain *c = m->chain;
    const size_t N = f->N;
    jn_path_base(m, &f->moves, t, f->run * (N + 1), N, N, f->base);
    jn_status st = f->q->path->step(f->q->self, f->row, t, N, N, t == 0 ? NULL : f->near, f->base,
                                    f->z, f->q->is_prior ? NULL : f->log_q);
    if (st == JN_OK && !f->q->is_prior) {
        st = t == 0 ? c->log_initial(m->self, N, N, f->z, f->log_p)
                    : c->log_transition(m->self, t, N, N, f->near, f->z, f->log_p);
        for (size_t i = 0; st == JN_OK && i < N; i++) {
            f->log_w[i] += f->log_p[i] - f->log_q[i];
        }
        f->all_equal = false;
    }
    if (st == JN_OK && (c->emits == NULL || c->emits(m->self, f->row, t))) {
        st = c->log_emission(m->self, f->row, t, N, N, f->z, f->log_e);
        for (size_t i = 0; st == JN_OK && i < N; i++) {
            f->log_w[i] += f->log_e[i];
        }
        f->all_equal = false;
    }
    return st;
}

static jn_status check(const filter *f, size_t t, jn_error *err)
{
    bool good = true;
    for (size_t i = 0; i < f->N; i++) {
        good = good && f->log_w[i] < INFINITY;
    }
    for (size_t i = 0; !good && i < f->N; i++) {
        if (!(f->log_w[i] < INFINITY)) {
            return jn_error_set(err, JN_ERR_NAN,
                                "observation %zu, run %llu, step %zu: a log-weight is %g at z = "
                                "%.17g",
                                f->row, (unsigned long long)f->run, t, f->log_w[i], f->z[i]);
        }
    }
    return JN_OK;
}

/* One draw of log p-hat. */
static jn_status one_run(filter *f, uint64_t run, double *out, jn_error *err)
{
    const jn_model *m = f->q->model;
    const size_t T = m->chain->n_steps(m->self, f->row);
    double before = log((double)f->N), total = 0.0;
    f->run = run;
    f->all_equal = true;
    memset(f->log_w, 0, f->N * sizeof *f->log_w);
    for (size_t t = 0; t < T; t++) {
        jn_status st = advance(f, t);
        if (st < 0) {
            return jn_error_set(err, st, "model %s, proposal %s, step %zu: %s", m->type->name,
                                f->q->type->name, t, jn_status_text(st));
        }
        st = check(f, t, err);
        if (st < 0) {
            return st;
        }
        bool uneven = false;
        const double after = f->all_equal ? before : weigh(f, &uneven);
        total += after - before;
        before = after;
        if (after == -INFINITY) {
            break;
        }
        if (uneven && t + 1 < T) {
            choose(f, t);
            before = log((double)f->N);
        } else {
            double *old = f->near;
            f->near = f->z;
            f->z = old;
        }
    }
    *out = total;
    return JN_OK;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t index, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const uint64_t index0 = index * JN_BLOCK, left = plan->n_points[0] - index0;
    const size_t n = left < JN_BLOCK ? (size_t)left : JN_BLOCK;
    filter f;
    jn_status st = filter_new(plan, part, &f, err);
    if (st < 0) {
        return st;
    }
    for (size_t i = 0; i < n && st == JN_OK; i++) {
        st = one_run(&f, index0 + i, ws->log_w + i, err);
    }
    free(f.memory);
    free(f.ancestor);
    *out = (jn_weights){ .n = n, .index0 = index0, .log_w = ws->log_w };
    return st;
}

const jn_source jn_source_smc = { "smc", JN_MC, false, plan, block, NULL };
