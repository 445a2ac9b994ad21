#include "curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct grid_job {
    const jn_gap_args *args;
    const char *model;
    size_t n_bounds;
    const jn_bound_arg *bounds;
    const jn_gap_options *options;
    jn_params params; /* as --set has them */
    jn_table *data;
    jn_gap_setup fixed; /* the model and q at --set */
    bool refits;
    jn_curves *out;
} grid_job;

double jn_curves_theta(const jn_curves *c, size_t point, size_t sweep)
{
    const size_t fast = c->n_sweeps == 2 ? c->sweep[1].n : 1;
    return jn_sweep_at(&c->sweep[sweep], sweep == 0 ? point / fast : point % fast);
}

void jn_curves_free(jn_curves *c)
{
    free(c->name);
    free(c->value);
    *c = (jn_curves){ 0 };
}

/* The model at a point of the grid. */
static jn_status model_at(const grid_job *j, size_t point, jn_model **out, jn_error *err)
{
    jn_params params = JN_PARAMS_INIT;
    jn_status st = jn_params_copy(&j->params, &params);
    for (size_t i = 0; st == JN_OK && i < j->out->n_sweeps; i++) {
        st = jn_params_set_number(&params, j->out->sweep[i].name,
                                  jn_curves_theta(j->out, point, i));
    }
    st = st < 0 ? jn_error_set(err, st, "out of memory")
                : jn_model_new(j->model, &params, j->data, out, err);
    jn_params_free(&params);
    return st;
}

/* Draws that were not asked for are as good as they may be, but not what nodes would give. */
static void note_why(jn_curves *c, const jn_gap_table *t, size_t point, size_t first, jn_status st)
{
    jn_curves_weak *w = &c->weak[first == 1 ? 0 : 1];
    const jn_error_kind kind = t->total.bounds[0].value.kind;
    const bool fell = t->n_warnings > 0 && (kind == JN_MC || kind == JN_RQMC);
    if ((st == JN_OK && !fell) || w->n++ > 0) {
        return;
    }
    w->point = point;
    (void)snprintf(w->why, sizeof w->why, "%s",
                   t->n_warnings > 0 ? t->warnings[st == JN_OK ? 0 : t->n_warnings - 1]
                                     : jn_status_text(st));
}

/* Bounds of one q, into the columns from `first` on; the exact value into column 0. */
static jn_status fill(const grid_job *j, const jn_proposal *q, size_t point, size_t first,
                      jn_error *err)
{
    jn_curves *c = j->out;
    jn_gap_table *t;
    const jn_status st = jn_gap_run(q, j->n_bounds, j->bounds, j->options, &t, err);
    if (st < 0) {
        return st;
    }
    double *value = c->value + point * c->n_curves, *error = c->error + point * c->n_curves;
    value[0] = t->total.evidence.value;
    error[0] = t->total.evidence.error;
    for (size_t i = 0; i < j->n_bounds; i++) {
        value[first + i] = st == JN_REFUSED ? NAN : t->total.bounds[i].value.value;
        error[first + i] = st == JN_REFUSED ? NAN : t->total.bounds[i].value.error;
    }
    note_why(c, t, point, first, st);
    jn_gap_table_free(t);
    return st;
}

/* q as it was at --set stands over the new model: its map and density are its own. It is neither
 * the new model's prior nor its posterior, nor does it bound the new weights. */
static jn_status fill_fixed(const grid_job *j, const jn_model *m, size_t point, jn_error *err)
{
    jn_proposal q = *j->fixed.q;
    q.model = m;
    q.is_prior = q.is_posterior = q.is_bounded = false;
    return fill(j, &q, point, 1, err);
}

static jn_status fill_refitted(const grid_job *j, jn_model *m, size_t point, jn_error *err)
{
    jn_gap_setup s = { .model = m };
    jn_status st = jn_gap_setup_proposal(j->args, NULL, &s, err);
    const jn_status weak = st;
    st = st < 0 ? st : fill(j, s.q, point, 1 + j->n_bounds, err);
    jn_proposal_free(s.q);
    return st == JN_OK ? weak : st;
}

static jn_status fill_point(const grid_job *j, size_t point, jn_error *err)
{
    jn_model *m = NULL;
    jn_status st = model_at(j, point, &m, err), weak = JN_OK;
    if (st == JN_OK && m->dim != j->fixed.model->dim) {
        st = jn_error_set(err, JN_ERR_VALUE,
                          "--sweep: z has %zu coordinates at point %zu and %zu at --set: q cannot "
                          "be held fixed",
                          m->dim, point, j->fixed.model->dim);
    }
    if (st == JN_OK) {
        st = fill_fixed(j, m, point, err);
        weak = st;
    }
    if (st >= 0 && j->refits) {
        st = fill_refitted(j, m, point, err);
        weak = st > weak ? st : weak;
    }
    jn_model_free(m);
    return st < 0 ? st : weak;
}

static jn_status lay_out(grid_job *j, jn_error *err)
{
    jn_curves *c = j->out;
    const char *name = j->fixed.q->type->name;
    j->refits = strcmp(name, "laplace") == 0 || strcmp(name, "posterior") == 0 ||
                strcmp(name, "prior") == 0 || strcmp(name, "conditional") == 0;
    c->n_curves = 1 + j->n_bounds * (j->refits ? 2 : 1);
    c->n_points = c->sweep[0].n * (c->n_sweeps == 2 ? c->sweep[1].n : 1);
    if (c->n_points > JN_SWEEP_POINTS) {
        return jn_error_set(err, JN_ERR_USAGE, "--sweep: %zu points are more than %d", c->n_points,
                            JN_SWEEP_POINTS);
    }
    c->name = jn_alloc(c->n_curves, sizeof *c->name);
    c->value = jn_alloc_doubles(2 * c->n_points * c->n_curves);
    if (c->name == NULL || c->value == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %zu points", c->n_points);
    }
    c->error = c->value + c->n_points * c->n_curves;
    (void)snprintf(c->name[0], JN_CURVE_NAME, "exact");
    for (size_t i = 1; i < c->n_curves; i++) {
        char label[JN_BOUND_LABEL];
        (void)snprintf(c->name[i], JN_CURVE_NAME, "%s%s",
                       jn_bound_label(&j->bounds[(i - 1) % j->n_bounds], label),
                       i > j->n_bounds ? "_refitted" : "");
    }
    return JN_OK;
}

static jn_status run_grid(grid_job *j, jn_error *err)
{
    jn_status st = lay_out(j, err), weakest = JN_OK;
    for (size_t i = 0; st >= 0 && i < j->out->n_points; i++) {
        st = fill_point(j, i, err);
        weakest = st > weakest ? st : weakest;
    }
    return st < 0 ? st : weakest;
}

jn_status jn_curves_make(const char *model, const jn_gap_args *a, size_t n_bounds,
                         const jn_bound_arg *bounds, const jn_gap_options *o, jn_curves *out,
                         jn_error *err)
{
    grid_job j = {
        .args = a, .model = model, .n_bounds = n_bounds, .bounds = bounds, .options = o, .out = out
    };
    jn_status st = jn_gap_setup_parts(model, a, &j.params, &j.data, err);
    st = st < 0 ? st : jn_model_new(model, &j.params, j.data, &j.fixed.model, err);
    if (st >= 0 && j.fixed.model->chain != NULL) {
        st = jn_error_set(err, JN_ERR_UNSUPPORTED,
                          "model %s: likelihood sweeps models of one latent, not of trajectories",
                          model);
    }
    st = st < 0 ? st : jn_gap_setup_proposal(a, NULL, &j.fixed, err);
    st = st < 0 ? st : run_grid(&j, err);
    jn_gap_setup_release(&j.fixed);
    jn_params_free(&j.params);
    jn_table_free(j.data);
    return st;
}

/* Top of the parabola through three evenly spaced values, in steps from the middle one. */
static double vertex(double below, double here, double above)
{
    const double bend = below - 2.0 * here + above;
    return isfinite(bend) && bend < 0.0 ? 0.5 * (below - above) / bend : 0.0;
}

bool jn_curves_peak(const jn_curves *c, size_t k, jn_peak *out)
{
    bool found = false;
    *out = (jn_peak){ .theta = { NAN, NAN }, .value = NAN };
    for (size_t i = 0; i < c->n_points; i++) {
        const double v = c->value[i * c->n_curves + k];
        if (isfinite(v) && (!found || v > out->value)) {
            found = true;
            out->point = i;
            out->value = v;
        }
    }
    for (size_t s = 0; found && s < c->n_sweeps; s++) {
        const size_t stride = s == 0 && c->n_sweeps == 2 ? c->sweep[1].n : 1;
        const size_t at = out->point / stride % c->sweep[s].n;
        out->theta[s] = jn_curves_theta(c, out->point, s);
        out->border[s] = at == 0 || at + 1 == c->sweep[s].n;
        if (!out->border[s]) {
            const double *v = c->value + out->point * c->n_curves + k;
            const double step = jn_sweep_at(&c->sweep[s], at + 1) - out->theta[s];
            out->theta[s] += step *
                             vertex(*(v - stride * c->n_curves), *v, v[stride * c->n_curves]);
        }
    }
    return found;
}
