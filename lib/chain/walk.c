#include "chain/walk.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/memory.h"

size_t jn_walk_dim(const jn_proposal *q, size_t row)
{
    const jn_model *m = q->model;
    return m->chain == NULL ? jn_proposal_n_base(q)
                            : m->chain->n_steps(m->self, row) * jn_path_step_base(m);
}

bool jn_walk_uniform(const jn_proposal *q, size_t j)
{
    return q->model->chain != NULL ? q->model->chain->finite != NULL
                                   : jn_proposal_base(q, j) != JN_BASE_NORMAL;
}

/* Strictly inside (0, 1), as maps of uniforms want them. */
static double mass_below(double e)
{
    const double u = gsl_cdf_ugaussian_P(e);
    return fmin(fmax(u, 0x1p-60), 1.0 - 0x1p-53);
}

static jn_status weigh_path(const jn_proposal *q, size_t row, size_t n, const double *e,
                            double *scratch, jn_workspace *ws, jn_weights *out, jn_error *err)
{
    const size_t size = n * jn_walk_dim(q, row);
    const bool uniform = jn_walk_uniform(q, 0);
    for (size_t i = 0; uniform && i < size; i++) {
        scratch[i] = mass_below(e[i]);
    }
    const jn_base_points base = { .n = n, .ld = n, .x = uniform ? scratch : e };
    return jn_path_weigh(q, row, &base, ws, out, err);
}

static jn_status weigh_point(const jn_proposal *q, size_t row, size_t n, const double *e,
                             jn_workspace *ws, jn_weights *out, jn_error *err)
{
    for (size_t j = 0; j < ws->n_base; j++) {
        double *to = ws->base + j * JN_BLOCK;
        const bool uniform = jn_walk_uniform(q, j);
        for (size_t i = 0; i < n; i++) {
            to[i] = uniform ? mass_below(e[j * n + i]) : e[j * n + i];
        }
    }
    const jn_status st = q->ops->map(q->self, row, n, JN_BLOCK, ws->base, ws->z, ws->log_q);
    return st == JN_OK ? jn_workspace_weigh(ws, q, row, n, 0, out, err)
                       : jn_error_set(err, st, "proposal %s, observation %zu: %s", q->type->name,
                                      row, jn_status_text(st));
}

static jn_status weigh(const jn_walk *w, const double *e, double *l, jn_workspace *ws,
                       jn_error *err)
{
    jn_weights out;
    const jn_status st = w->q->model->chain != NULL
                             ? weigh_path(w->q, w->row, w->n, e, w->scratch, ws, &out, err)
                             : weigh_point(w->q, w->row, w->n, e, ws, &out, err);
    if (st == JN_OK) {
        memcpy(l, out.log_w, w->n * sizeof *l);
    }
    return st;
}

jn_status jn_walk_weigh(jn_walk *w, jn_workspace *ws, jn_error *err)
{
    return weigh(w, w->e, w->l, ws, err);
}

/* With xi normal, e' = sqrt(1 - s^2) e + s xi leaves the normal law as it is (Neal 1998; Cotter,
 * Roberts, Stuart & White 2013): accepted with probability min(1, (w' / w)^beta) it is reversible
 * under q w^beta, whatever q is and however many coordinates there are. */
jn_status jn_walk_move(jn_walk *w, double beta, double size, const jn_stream *stream,
                       uint64_t index, jn_workspace *ws, jn_error *err)
{
    const double keep = sqrt((1.0 - size) * (1.0 + size));
    for (size_t j = 0; j < w->D; j++) {
        double *to = w->to + j * w->n;
        jn_normal_fill(stream, index, w->n, (uint32_t)j, w->number);
        for (size_t i = 0; i < w->n; i++) {
            to[i] = keep * w->e[j * w->n + i] + size * w->number[i];
        }
    }
    const jn_status st = weigh(w, w->to, w->l_to, ws, err);
    if (st < 0) {
        return st;
    }
    jn_uniform_fill(stream, index, w->n, (uint32_t)w->D, w->number);
    for (size_t i = 0; i < w->n; i++) { /* from nowhere to anywhere */
        const bool gain = w->l[i] == -INFINITY || log(w->number[i]) < beta * (w->l_to[i] - w->l[i]);
        w->number[i] = w->l_to[i] > -INFINITY && gain ? 1.0 : 0.0;
        w->l[i] = w->number[i] > 0.0 ? w->l_to[i] : w->l[i];
    }
    for (size_t j = 0; j < w->D; j++) {
        double *e = w->e + j * w->n;
        for (size_t i = 0; i < w->n; i++) {
            e[i] = w->number[i] > 0.0 ? w->to[j * w->n + i] : e[i];
        }
    }
    return JN_OK;
}

jn_status jn_walk_new(const jn_proposal *q, size_t row, size_t n, jn_walk *out, jn_error *err)
{
    jn_walk w = { .q = q, .row = row, .n = n, .D = jn_walk_dim(q, row) };
    const size_t rows = 3 * w.D + 3;
    w.memory = rows > SIZE_MAX / 64 / n ? NULL : jn_alloc_doubles(rows * n);
    if (w.memory == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for chains of %zu coordinates", w.D);
    }
    w.e = w.memory;
    w.to = w.e + w.D * n;
    w.scratch = w.to + w.D * n;
    w.number = w.scratch + w.D * n;
    w.l = w.number + n;
    w.l_to = w.l + n;
    *out = w;
    return JN_OK;
}

void jn_walk_free(jn_walk *w)
{
    free(w->memory);
    w->memory = NULL;
}
