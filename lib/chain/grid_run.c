/* The filter on an even grid of states:
 *   f_t(j) = e_t(j) h sum over i of f_{t-1}(i) N(x_j; mean(x_i), sd^2).
 *
 * A kernel row is cut off where it is below e^-45 (9.5 standard deviations) of its peak. Then the
 * prediction is right where it is above e^-40 or so of its own peak, and what lies below matters
 * only if an emission lifts it: that is bounded at every emission, and where it could matter the
 * run is done in logarithms, cut at e^-800. */
#include "chain/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "kernel/kernels.h"

typedef struct run {
    const jn_model *m;
    const jn_kernels *k;
    jn_grid g;
    int level;
    bool logs;                                    /* level > 0 */
    double *x, *f, *pred, *mean, *e, *term, *top; /* n each; f, pred: logarithms if `logs` */
    double *shared;                               /* pred before the first emission */
    double scale;                                 /* log of what was divided out of f */
    double *memory;
    jn_grid_result *out;
} run;

/* By level: plain, logarithms, logarithms to the end of most grids. Standard deviations at which
 * kernels are cut, and nats below the peak down to which predictions can be trusted. */
enum { LEVELS = 3 };
static const double CUT[LEVELS] = { 9.5, 40.0, 400.0 };
static const double BLIND[LEVELS] = { 36.0, 750.0, 79000.0 };

/* Targets j0 .. j1 - 1 of the kernel row about `mean`. */
static void band(const run *r, double mean, double reach, size_t *j0, size_t *j1)
{
    const double first = ceil((mean - reach - r->g.lo) / r->g.h);
    const double last = floor((mean + reach - r->g.lo) / r->g.h);
    const double n = (double)r->g.n;
    *j0 = first >= n ? r->g.n : first > 0.0 ? (size_t)first : 0;
    *j1 = last < 0.0 ? 0 : last >= n - 1.0 ? r->g.n : (size_t)last + 1;
    *j1 = *j1 < *j0 ? *j0 : *j1;
}

/* -1/2 ((x_j - mean) / sd)^2 of the band. */
static void exponents(const run *r, size_t j0, size_t j1, double mean, double inv_sd, double *term)
{
    for (size_t j = j0; j < j1; j++) {
        const double u = (r->x[j] - mean) * inv_sd;
        term[j - j0] = -0.5 * (u * u);
    }
}

static void predict_plain(run *r, double sd)
{
    const double norm = r->g.h / (sd * sqrt(2.0 * M_PI)), inv = 1.0 / sd;
    memset(r->pred, 0, r->g.n * sizeof *r->pred);
    for (size_t i = 0; i < r->g.n; i++) {
        size_t j0, j1;
        band(r, r->mean[i], CUT[0] * sd, &j0, &j1);
        if (r->f[i] == 0.0 || j0 == j1) {
            continue;
        }
        exponents(r, j0, j1, r->mean[i], inv, r->term);
        r->k->exp(j1 - j0, r->term, r->term);
        const double f = r->f[i] * norm;
        for (size_t j = j0; j < j1; j++) {
            r->pred[j] += f * r->term[j - j0];
        }
        r->out->n_eval += j1 - j0;
    }
}

/* Twice over the kernel: the largest term of every target, then the sum relative to it. */
static void predict_logs(run *r, double sd)
{
    const double log_norm = log(r->g.h) - log(sd) - 0.5 * JN_LOG_2PI, inv = 1.0 / sd;
    for (size_t j = 0; j < r->g.n; j++) {
        r->top[j] = -INFINITY;
        r->pred[j] = 0.0;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < r->g.n; i++) {
            size_t j0, j1;
            band(r, r->mean[i], CUT[r->level] * sd, &j0, &j1);
            if (r->f[i] == -INFINITY || j0 == j1) {
                continue;
            }
            exponents(r, j0, j1, r->mean[i], inv, r->term);
            for (size_t j = j0; pass == 0 && j < j1; j++) {
                r->top[j] = fmax(r->top[j], r->f[i] + r->term[j - j0]);
            }
            for (size_t j = j0; pass == 1 && j < j1; j++) {
                r->term[j - j0] += r->f[i] - r->top[j];
            }
            if (pass == 1) {
                r->k->exp(j1 - j0, r->term, r->term);
                r->out->n_eval += j1 - j0;
            }
            for (size_t j = j0; pass == 1 && j < j1; j++) {
                r->pred[j] += r->term[j - j0];
            }
        }
    }
    r->k->log(r->g.n, r->pred, r->pred);
    for (size_t j = 0; j < r->g.n; j++) {
        r->pred[j] = r->top[j] > -INFINITY ? r->pred[j] + r->top[j] + log_norm : -INFINITY;
    }
}

static jn_status predict(run *r, size_t t)
{
    double sd;
    const jn_chain *c = r->m->chain;
    const jn_status st = c->transition_gaussian(r->m->self, t, r->g.n, r->g.n, r->x, r->mean, &sd);
    if (st != JN_OK) {
        return st;
    }
    if (r->logs) {
        predict_logs(r, sd);
    } else {
        predict_plain(r, sd);
    }
    return JN_OK;
}

static jn_status predict_first(run *r)
{
    const jn_status st = r->m->chain->log_initial(r->m->self, r->g.n, r->g.n, r->x, r->pred);
    for (size_t j = 0; st == JN_OK && j < r->g.n; j++) {
        r->pred[j] += log(r->g.h);
    }
    if (st == JN_OK && !r->logs) {
        r->k->exp(r->g.n, r->pred, r->pred);
    }
    r->scale = 0.0;
    return st;
}

/* Could states that the prediction cannot see hold more than 1e-13 of all? e: log-emissions
 * relative to their largest; `seen`: sum of predicted mass times emission in units of e^unit. */
static bool blind(const run *r, double log_peak, double seen, double unit)
{
    const double floor_at = log_peak - BLIND[r->level];
    double most = -INFINITY;
    size_t count = 0;
    for (size_t j = 0; j < r->g.n; j++) {
        const bool low = r->logs ? r->pred[j] < floor_at : r->pred[j] < exp(floor_at);
        most = low && r->e[j] > most ? r->e[j] : most;
        count += low;
    }
    return count > 0 && most + floor_at + log((double)count) > log(seen) + unit - 30.0;
}

/* f from the prediction and the emission of step t, its mass into the scale. */
static jn_status observe(run *r, size_t row, size_t t, jn_error *err)
{
    const size_t n = r->g.n;
    const jn_status st = r->m->chain->log_emission(r->m->self, row, t, n, n, r->x, r->e);
    if (st < 0) {
        return jn_error_set(err, st, "observation %zu, step %zu: %s", row, t, jn_status_text(st));
    }
    for (size_t j = 0; j < n; j++) {
        if (!(r->e[j] < INFINITY)) {
            return jn_error_set(err, JN_ERR_NAN,
                                "observation %zu, step %zu: log p(x|z) is %g at %g", row, t,
                                r->e[j], r->x[j]);
        }
    }
    const double top = r->k->max(n, r->e);
    if (top == -INFINITY) {
        r->scale = -INFINITY;
        return JN_OK;
    }
    double sum = 0.0, unit = 0.0;
    for (size_t j = 0; j < n; j++) {
        r->e[j] -= top;
    }
    if (r->logs) {
        for (size_t j = 0; j < n; j++) {
            r->f[j] = r->pred[j] + r->e[j];
        }
        unit = r->k->max(n, r->f);
        sum = r->k->sum_exp(n, r->f, unit);
        r->out->escaped = r->out->escaped || blind(r, r->k->max(n, r->pred), sum, unit);
        for (size_t j = 0; j < n; j++) {
            r->f[j] -= unit + log(sum);
        }
        r->out->border = r->out->border || fmax(r->f[0], r->f[n - 1]) > -32.0 + r->k->max(n, r->f);
    } else {
        r->k->exp(n, r->e, r->f);
        for (size_t j = 0; j < n; j++) {
            r->f[j] *= r->pred[j];
            sum += r->f[j];
        }
        r->out->escaped = r->out->escaped || blind(r, log(r->k->max(n, r->pred)), sum, 0.0);
        for (size_t j = 0; sum > 0.0 && j < n; j++) {
            r->f[j] /= sum;
        }
        r->out->border = r->out->border || fmax(r->f[0], r->f[n - 1]) > 1e-14 * r->k->max(n, r->f);
    }
    r->scale += top + unit + log(sum);
    return JN_OK;
}

static bool emits(const run *r, size_t row, size_t t)
{
    return r->m->chain->emits == NULL || r->m->chain->emits(r->m->self, row, t);
}

/* Steps t .. T - 1 of one observation from the prediction of step t. */
static jn_status finish_row(run *r, size_t row, size_t t, double *value, jn_error *err)
{
    const size_t T = r->m->chain->n_steps(r->m->self, row);
    jn_status st = JN_OK;
    for (;; t++) {
        if (emits(r, row, t)) {
            st = observe(r, row, t, err);
        } else {
            memcpy(r->f, r->pred, r->g.n * sizeof *r->f);
        }
        if (st != JN_OK || t + 1 == T || r->scale == -INFINITY ||
            (r->level + 1 < LEVELS && r->out->escaped)) {
            break;
        }
        st = predict(r, t + 1);
    }
    *value = r->scale;
    return st;
}

/* Steps before the first emission of any row, which all rows share; *t: where to go on. */
static jn_status shared_part(run *r, jn_range rows, size_t *t)
{
    jn_status st = predict_first(r);
    for (*t = 0; st == JN_OK; (*t)++) {
        for (size_t row = rows.first; row < rows.first + rows.count; row++) {
            if (emits(r, row, *t) || *t + 1 == r->m->chain->n_steps(r->m->self, row)) {
                return JN_OK;
            }
        }
        memcpy(r->f, r->pred, r->g.n * sizeof *r->f);
        st = predict(r, *t + 1);
    }
    return st;
}

static jn_status run_rows(run *r, jn_range rows, jn_error *err)
{
    size_t t = 0;
    r->out->border = r->out->escaped = false;
    jn_status st = shared_part(r, rows, &t);
    if (st < 0) {
        return jn_error_set(err, st, "step %zu: %s", t, jn_status_text(st));
    }
    memcpy(r->shared, r->pred, r->g.n * sizeof *r->pred);
    for (size_t k = 0; st == JN_OK && k < rows.count; k++) {
        memcpy(r->pred, r->shared, r->g.n * sizeof *r->pred);
        r->scale = 0.0;
        st = finish_row(r, rows.first + k, t, r->out->value + k, err);
        if (r->level + 1 < LEVELS && r->out->escaped) {
            break;
        }
    }
    return st;
}

jn_status jn_grid_run(const jn_model *m, jn_range rows, jn_grid grid, jn_grid_result *out,
                      jn_error *err)
{
    enum { ARRAYS = 8 };
    const size_t n = grid.n;
    run r = { .m = m, .k = jn_kernels_get(), .g = grid, .out = out };
    r.memory = jn_alloc_doubles(ARRAYS * n);
    if (r.memory == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a grid of %zu states", n);
    }
    double **const arrays[ARRAYS] = {
        &r.x, &r.f, &r.pred, &r.mean, &r.e, &r.term, &r.top, &r.shared
    };
    for (size_t k = 0; k < ARRAYS; k++) {
        *arrays[k] = r.memory + k * n;
    }
    for (size_t j = 0; j < n; j++) {
        r.x[j] = grid.lo + (double)j * grid.h;
    }
    out->n_eval = 0;
    jn_status st = run_rows(&r, rows, err);
    while (st == JN_OK && out->escaped && r.level + 1 < LEVELS) {
        r.logs = ++r.level > 0;
        st = run_rows(&r, rows, err);
    }
    free(r.memory);
    return st;
}
