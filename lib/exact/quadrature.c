/* Trapezoid rule about the mode, in coordinates whitened by the Hessian there. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "jensen/exact.h"
#include "jensen/logspace.h"
#include "jensen/target.h"
#include "kernel/kernels.h"

enum { DIM_MAX = 6, BLOCK = 512, CHUNK = 32 };

static const double FAR = 1e6;   /* whitened units: no search goes further */
static const double SHELL = 0.9; /* nodes beyond this share of the radius tell what lies outside */

typedef struct job {
    const jn_model *m;
    size_t row;
    jn_mode mode;
    double depth; /* nats below the top that no longer count */
    double lo[DIM_MAX],
        hi[DIM_MAX];       /* half-axes of the domain, whitened: an ellipsoid in each orthant */
    double h;              /* step; nodes at multiples of h */
    size_t count[DIM_MAX]; /* nodes an axis */
    double first[DIM_MAX]; /* index of the first node an axis */
    uint64_t n_nodes;
    double **scratch;       /* one a worker */
    jn_lse *sums, *borders; /* one a task */
} job;

/* u = mode + L t for n points, in place; rows of ld. L is lower triangular: from the last row up.
 */
static void unwhiten(const jn_mode *mode, size_t n, size_t ld, double *t)
{
    for (size_t r = mode->dim; r-- > 0;) {
        const double *l = mode->chol_cov + r * mode->dim;
        for (size_t i = 0; i < n; i++) {
            double sum = mode->u[r];
            for (size_t k = 0; k <= r; k++) {
                sum += l[k] * t[k * ld + i];
            }
            t[r * ld + i] = sum;
        }
    }
}

/* From the mode along an axis until the joint stays job.depth below its top. */
static jn_status march(const job *j, size_t axis, double direction, double *top, double *end)
{
    enum { ENOUGH = 4 };
    double step = 0.5, t = 0.0;
    for (int below = 0; below < ENOUGH && t < FAR;) {
        double u[DIM_MAX] = { 0 }, scratch[DIM_MAX + 1], value;
        t += step;
        step = t > 20.0 ? 1.05 * step : step; /* heavy tails: in longer strides */
        u[axis] = direction * t;
        unwhiten(&j->mode, 1, 1, u);
        const jn_status st = jn_target_log_joint(j->m, j->row, 1, 1, u, scratch, &value);
        if (st != JN_OK) {
            return st;
        }
        *top = fmax(*top, value);
        below = value < *top - j->depth ? below + 1 : 0;
    }
    *end = direction * t;
    return JN_OK;
}

/* Node `index` of the grid into column i; its distance from the mode in units of the domain. */
static double place(const job *j, uint64_t index, size_t i, double *u)
{
    double distance = 0.0;
    for (size_t a = 0; a < j->mode.dim; a++) {
        const double t = (j->first[a] + (double)(index % j->count[a])) * j->h;
        const double r = t / (t < 0.0 ? j->lo[a] : j->hi[a]);
        index /= j->count[a];
        u[a * BLOCK + i] = t;
        distance += r * r;
    }
    return distance;
}

static jn_status sum_block(const job *j, uint64_t first, double *scratch, jn_lse *sum,
                           jn_lse *border_sum)
{
    const uint64_t last = first + BLOCK < j->n_nodes ? first + BLOCK : j->n_nodes;
    const size_t dim = j->mode.dim;
    double *u = scratch, *out = u + dim * BLOCK, *more = out + BLOCK;
    bool border[BLOCK];
    size_t n = 0;
    for (uint64_t index = first; index < last; index++) {
        const double distance = place(j, index, n, u);
        if (distance <= 1.0) {
            border[n++] = distance > SHELL * SHELL;
        }
    }
    if (n == 0) {
        return JN_OK;
    }
    unwhiten(&j->mode, n, BLOCK, u);
    const jn_status st = jn_target_log_joint(j->m, j->row, n, BLOCK, u, more, out);
    if (st == JN_OK) {
        const jn_kernels *kernels = jn_kernels_get();
        const double top = kernels->max(n, out);
        const jn_lse block = { top, top > -INFINITY ? kernels->sum_exp(n, out, top) : 0.0, n };
        jn_lse_merge(sum, &block);
        for (size_t i = 0; i < n; i++) {
            if (border[i]) {
                jn_lse_add(border_sum, out[i]);
            }
        }
    }
    return st;
}

static jn_status sum_chunk(void *user, size_t index, size_t worker, jn_error *err)
{
    const job *j = user;
    jn_lse sum = JN_LSE_INIT, border = JN_LSE_INIT;
    jn_status st = JN_OK;
    for (uint64_t b = 0; b < CHUNK && st == JN_OK; b++) {
        const uint64_t first = ((uint64_t)index * CHUNK + b) * BLOCK;
        if (first >= j->n_nodes) {
            break;
        }
        st = sum_block(j, first, j->scratch[worker], &sum, &border);
    }
    j->sums[index] = sum;
    j->borders[index] = border;
    return st == JN_OK ? st
                       : jn_error_set(err, st, "observation %zu: log p(x, z) by quadrature: %s",
                                      j->row, jn_status_text(st));
}

/* Nodes of step h on every axis; false: more than `most`. */
static bool lay_out(job *j, double h, uint64_t most)
{
    j->h = h;
    j->n_nodes = 1;
    for (size_t a = 0; a < j->mode.dim; a++) {
        const double first = ceil(j->lo[a] / h), last = floor(j->hi[a] / h);
        j->first[a] = first;
        j->count[a] = (size_t)(last - first) + 1;
        if (j->count[a] > most / j->n_nodes) {
            return false;
        }
        j->n_nodes *= j->count[a];
    }
    return true;
}

/* log of h^d |det L| sum exp(joint), and of the part of it that stands on the border. */
static jn_status evaluate(job *j, size_t threads, double *value, double *border, jn_error *err)
{
    const size_t tasks = (size_t)((j->n_nodes + BLOCK * CHUNK - 1) / (BLOCK * CHUNK));
    j->sums = jn_alloc(2 * tasks, sizeof *j->sums);
    if (j->sums == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %llu nodes",
                            (unsigned long long)j->n_nodes);
    }
    j->borders = j->sums + tasks;
    const jn_status st = jn_tasks_run(tasks, threads, sum_chunk, j, err);
    jn_lse all = JN_LSE_INIT, edge = JN_LSE_INIT;
    for (size_t i = 0; st == JN_OK && i < tasks; i++) {
        jn_lse_merge(&all, &j->sums[i]);
        jn_lse_merge(&edge, &j->borders[i]);
    }
    free(j->sums);
    j->sums = NULL;
    if (st != JN_OK) {
        return st;
    }
    *value = jn_lse_log_sum(&all) + (double)j->mode.dim * log(j->h) + 0.5 * j->mode.log_det_cov;
    *border = jn_lse_log_sum(&edge) - jn_lse_log_sum(&all);
    return JN_OK;
}

/* The trapezoid rule squares its relative error when the step is halved: the last difference times
 * the ratio of the last two, with a factor ten to spare, never more than the last difference. */
static double step_error(double last, double before)
{
    return before > 0.0 ? last * fmin(1.0, 10.0 * last / before) : last;
}

/* Nodes of a needle far from 0 are rounded: by eps |u|, in its widths. */
static double place_rounding(const jn_mode *mode)
{
    double sum = 0.0;
    for (size_t a = 0; a < mode->dim; a++) {
        sum += fabs(mode->u[a]) * sqrt(mode->precision[a * mode->dim + a]);
    }
    return 2.2e-16 * sum;
}

static jn_status refine(job *j, const jn_exact_options *o, double tolerance, jn_estimate *out,
                        jn_error *err)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 24 : o->max_nodes;
    double previous = NAN, before = NAN;
    double h = 2.0;
    const double rounding = place_rounding(&j->mode);
    jn_estimate e = { .value = NAN,
                      .error = NAN,
                      .dof = NAN,
                      .kind = JN_QUADRATURE,
                      .method = "quadrature about the mode" };
    for (int level = 0; level < 12 && lay_out(j, h, most); level++, h *= 0.5) {
        double value = NAN, border = NAN;
        const jn_status st = evaluate(j, o->threads, &value, &border, err);
        if (st != JN_OK) {
            return st;
        }
        const double last = fabs(value - previous);
        e.n_eval += j->n_nodes;
        if (level > 0) {
            e.error = step_error(last, before) + exp(border) + rounding +
                      4.4e-16 * (8.0 + fabs(value) + fabs(j->mode.log_joint));
        }
        e.value = value;
        if (level > 1 && e.error <= tolerance) {
            *out = e;
            return JN_OK;
        }
        before = last;
        previous = value;
    }
    *out = e;
    return jn_error_set(err, JN_NOT_CONVERGED,
                        "observation %zu: quadrature about the mode reached an error of %.2g after "
                        "%llu nodes, not the tolerance %.2g",
                        j->row, e.error, (unsigned long long)e.n_eval, tolerance);
}

static jn_status domain(job *j)
{
    double top = j->mode.log_joint;
    for (size_t a = 0; a < j->mode.dim; a++) {
        jn_status st = march(j, a, -1.0, &top, &j->lo[a]);
        st = st == JN_OK ? march(j, a, 1.0, &top, &j->hi[a]) : st;
        if (st != JN_OK) {
            return st;
        }
    }
    return JN_OK;
}

static jn_status allocate(job *j, size_t workers)
{
    j->scratch = jn_alloc(workers, sizeof *j->scratch);
    for (size_t i = 0; j->scratch != NULL && i < workers; i++) {
        j->scratch[i] = jn_alloc_doubles((2 * j->m->dim + 3) * BLOCK);
        if (j->scratch[i] == NULL) {
            return JN_ERR_NOMEM;
        }
    }
    return j->scratch == NULL ? JN_ERR_NOMEM : JN_OK;
}

jn_status jn_exact_quadrature(const jn_model *m, size_t row, const jn_exact_options *options,
                              jn_estimate *out, jn_error *err)
{
    const jn_exact_options none = { 0 };
    options = options == NULL ? &none : options;
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    if (m->dim > DIM_MAX || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s with %zu latent coordinates has no exact log p(x) here: "
                            "quadrature covers 1 to %d continuous ones",
                            m->type->name, m->dim, DIM_MAX);
    }
    /* what is left out weighs a hundredth of the tolerance, or rounding */
    job j = { .m = m, .row = row, .depth = fmin(12.0 - log(tolerance), 44.0) };
    const size_t workers = jn_tasks_workers(options->threads);
    jn_status st = jn_target_mode(m, row, &j.mode, err);
    if (st >= 0) {
        st = allocate(&j, workers);
        st = st == JN_OK ? domain(&j) : st;
        if (st != JN_OK) {
            (void)jn_error_set(err, st, "observation %zu: quadrature about the mode: %s", row,
                               jn_status_text(st));
        }
        st = st == JN_OK ? refine(&j, options, tolerance, out, err) : st;
    }
    for (size_t i = 0; j.scratch != NULL && i < workers; i++) {
        free(j.scratch[i]);
    }
    free(j.scratch);
    jn_mode_free(&j.mode);
    return st;
}
