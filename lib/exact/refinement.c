#include "exact/refinement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "jensen/target.h"
#include "kernel/kernels.h"

enum { MAX_DEPTH = 24 };
static const double SPECTRAL = 1e-4; /* from one level to the next */
static const double SLOW = 100.0;    /* tolerances: smooth panels' differences fall below at once */
static const double NEGLIGIBLE = 1e-3; /* of the tolerance: what a panel may hold unexamined */

/* A panel and the observations for which it is not settled. */
struct jn_panel_open {
    jn_box box;
    size_t n_rows;
    size_t *row;   /* n_rows */
    double *value; /* log of its share of p(x_row), n_rows */
    double *off;   /* relative difference that the panel it is a part of made when it was halved */
};
typedef jn_panel_open panel;

/* What one panel's halves came to, for the rows of the panel. */
struct jn_panel_halves {
    double *value; /* 2^dim x n_rows */
    double *peak;  /* log of what could hide there */
    double *check; /* the panel's value by the other rule, n_rows; NULL: not asked */
};
typedef jn_panel_halves halves;

static void panel_free(panel *p)
{
    free(p->row);
    free(p->value);
    free(p->off);
    *p = (panel){ 0 };
}

void jn_refinement_free(jn_refinement *r)
{
    for (size_t i = 0; i < r->n_panels; i++) {
        panel_free(&r->panels[i]);
    }
    free(r->panels);
    free(r->settled);
    free(r->log_total);
    free(r->n_eval);
    free(r->best_box);
}

static jn_status panel_new(panel *p, const jn_box *box, size_t n_rows)
{
    *p = (panel){ .box = *box, .n_rows = n_rows };
    p->row = jn_alloc(n_rows, sizeof *p->row);
    p->value = jn_alloc(n_rows, sizeof *p->value);
    p->off = jn_alloc(n_rows, sizeof *p->off);
    return p->row == NULL || p->value == NULL || p->off == NULL ? JN_ERR_NOMEM : JN_OK;
}

static jn_status panel_push(jn_refinement *r, panel *p)
{
    if (r->n_panels == r->capacity) {
        const size_t capacity = r->capacity == 0 ? 512 : 2 * r->capacity;
        panel *more = jn_realloc(r->panels, capacity, sizeof *more);
        if (more == NULL) {
            panel_free(p);
            return JN_ERR_NOMEM;
        }
        r->panels = more;
        r->capacity = capacity;
    }
    r->panels[r->n_panels++] = *p;
    *p = (panel){ 0 };
    return JN_OK;
}

/* --- evaluation ----------------------------------------------------------------------------- */

static jn_status score(const jn_model *m, size_t n_rows, const size_t *rows, size_t n, size_t ld,
                       const double *z, double *out)
{
    const jn_density *d = m->density;
    if (d->log_likelihood_of != NULL) {
        return d->log_likelihood_of(m->self, n_rows, rows, n, ld, z, ld, out);
    }
    jn_status st = JN_OK;
    for (size_t k = 0; k < n_rows && st == JN_OK; k++) {
        st = d->log_likelihood(m->self, (jn_range){ rows[k], 1 }, n, ld, z, ld, out + k * ld);
    }
    return st;
}

/* From the log integrand at the nodes of a box: its integral, and what could hide in it: the
 * highest node raised by twice the average change of the log from node to node. */
static void summarise(size_t n, size_t per_axis, const double *lik, const double *common,
                      double *value, double *peak)
{
    double hi = -INFINITY, lo = INFINITY, top = -INFINITY, f[JN_PANEL_NODES];
    for (size_t i = 0; i < n; i++) {
        f[i] = lik[i] + common[i];
        hi = f[i] > hi ? f[i] : hi;
        lo = lik[i] < lo ? lik[i] : lo;
        top = lik[i] > top ? lik[i] : top;
    }
    *value = jn_kernels_get()->lse(n, f);
    const double change = top > lo && lo > -INFINITY ? 2.0 * (top - lo) / (double)per_axis : 0.0;
    *peak = hi + log((double)n) + change;
}

/* One box of a chart. */
static jn_status integrate_chart(const jn_refinement *r, const jn_panel_rule *rule,
                                 const jn_box *box, double *scratch, double *value, double *peak)
{
    const size_t n = rule->n, ld = JN_CHART_BLOCK;
    double *s = scratch, *log_w = s + rule->dim * ld, *lik = log_w + ld, *more = lik + ld;
    jn_panel_nodes(rule, box, ld, s, log_w);
    const jn_status st = jn_chart_log(r->chart, n, s, more, lik);
    if (st == JN_OK) {
        summarise(n, rule->per_axis, lik, log_w, value, peak);
    }
    return st;
}

/* Integrals of one box for a list of rows; scratch holds (2 dim + 4 + n_rows) nodes. */
static jn_status integrate(const jn_refinement *r, const jn_panel_rule *rule, const jn_box *box,
                           size_t n_rows, const size_t *rows, double *scratch, double *value,
                           double *peak)
{
    const size_t n = rule->n, dim = rule->dim;
    if (r->chart != NULL) {
        return integrate_chart(r, rule, box, scratch, value, peak);
    }
    double *u = scratch, *z = u + dim * n, *log_w = z + dim * n, *jacobian = log_w + n;
    double *prior = jacobian + n, *lik = prior + n;
    jn_panel_nodes(rule, box, n, u, log_w);
    jn_target_to_z(r->m, n, n, u, z, jacobian);
    jn_status st = r->m->density->log_prior(r->m->self, n, n, z, prior);
    st = st == JN_OK ? score(r->m, n_rows, rows, n, n, z, lik) : st;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        log_w[i] += prior[i] + jacobian[i];
        st = log_w[i] < INFINITY ? JN_OK : JN_ERR_NAN;
    }
    for (size_t k = 0; st == JN_OK && k < n_rows; k++) {
        summarise(n, rule->per_axis, lik + k * n, log_w, &value[k], &peak[k]);
        st = value[k] < INFINITY ? JN_OK : JN_ERR_NAN;
    }
    return st;
}

static double *new_scratch(const jn_refinement *r, size_t n_rows)
{
    return r->chart != NULL ? jn_alloc_doubles((r->rule.dim + 2) * JN_CHART_BLOCK +
                                               JN_CHART_SCRATCH(r->rule.dim))
                            : jn_alloc_doubles((2 * r->rule.dim + 4 + n_rows) * r->rule.n);
}

/* May the model bend in the box? Charts turn boxes, and are not asked. */
static bool bends(const jn_refinement *r, const jn_box *box)
{
    const jn_density *d = r->m->density;
    return r->chart == NULL && r->rule.dim > 1 && d->may_bend != NULL &&
           d->may_bend(r->m->self, box->lo, box->hi);
}

static jn_status halve(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    jn_refinement *r = user;
    const panel *p = &r->panels[index];
    halves *h = &r->halves[index];
    const size_t children = (size_t)1 << r->rule.dim;
    double *scratch = new_scratch(r, p->n_rows);
    h->value = jn_alloc((2 * children + 2) * p->n_rows, sizeof *h->value);
    h->peak = h->value == NULL ? NULL : h->value + children * p->n_rows;
    jn_status st = scratch == NULL || h->value == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t c = 0; c < children && st == JN_OK; c++) {
        const jn_box box = jn_box_child(&p->box, r->rule.dim, jn_box_all(r->rule.dim), c);
        st = integrate(r, &r->rule, &box, p->n_rows, p->row, scratch, h->value + c * p->n_rows,
                       h->peak + c * p->n_rows);
    }
    if (st == JN_OK && (r->chart != NULL || bends(r, &p->box))) {
        h->check = h->peak + children * p->n_rows;
        st = integrate(r, &r->check, &p->box, p->n_rows, p->row, scratch, h->check,
                       h->check + p->n_rows);
    }
    free(scratch);
    return st == JN_OK ? st : jn_error_set(err, st, "log p(x) on panels: %s", jn_status_text(st));
}

/* --- refinement ----------------------------------------------------------------------------- */

static void settle(jn_refinement *r, size_t row, double value, const jn_box *box)
{
    jn_lse_add(&r->settled[row], value);
    if (value > r->best[row]) {
        r->best[row] = value;
        r->best_box[row] = *box;
    }
    if (jn_box_on_border(box, &r->domain, r->rule.dim)) {
        r->border[row] = jn_log_add(r->border[row], value);
    }
}

/* Is the panel settled for its k-th row? off: its difference, left: what counts as its error. The
 * difference between it and its halves, relative to the whole, must be within a share of the
 * tolerance, and no half may hide more than that. */
static bool agrees(const jn_refinement *r, const panel *p, const halves *h, size_t k, double *off,
                   double *left)
{
    const size_t children = (size_t)1 << r->rule.dim;
    const double total = r->log_total[p->row[k]];
    jn_lse sum = JN_LSE_INIT;
    double hidden = -INFINITY;
    for (size_t c = 0; c < children; c++) {
        jn_lse_add(&sum, h->value[c * p->n_rows + k]);
        hidden = fmax(hidden, h->peak[c * p->n_rows + k]);
    }
    const double fine = jn_lse_log_sum(&sum);
    *off = fabs(exp(fine - total) - exp(p->value[k] - total));
    if (h->check != NULL) { /* a kink beyond the outermost nodes of panel and halves alike */
        *off = fmax(*off, fabs(exp(fine - total) - exp(h->check[k] - total)));
    }
    /* A kink's share in the error falls by 2^(dim + 1) from level to level, and may look smaller by
     * chance: half of what it should be is believed. On panels that many observations
     * share, a fall by SPECTRAL is believed too: it is what smooth integrands do. */
    const double before = p->off[k];
    const bool smooth = h->check == NULL && *off <= SPECTRAL * before;
    const bool slow = before < SLOW * r->tolerance && !smooth;
    const double least = slow ? ldexp(p->off[k], -(int)r->rule.dim - 2) : 0.0;
    const bool small = hidden < total + log(NEGLIGIBLE * r->tolerance);
    const double share = 0.005 * r->tolerance;
    *left = fmax(*off, least);
    return small || (*left <= share && fine > hidden - 12.0);
}

/* The rows of panel i for which it is settled leave; the others go on with those halves of it that
 * matter to them. */
static jn_status replace(jn_refinement *r, const panel *p, const halves *h, panel *next)
{
    const size_t children = (size_t)1 << r->rule.dim;
    jn_status st = JN_OK;
    for (size_t c = 0; c < children && st == JN_OK; c++) {
        const jn_box box = jn_box_child(&p->box, r->rule.dim, jn_box_all(r->rule.dim), c);
        st = panel_new(&next[c], &box, p->n_rows);
        next[c].n_rows = 0;
    }
    for (size_t k = 0; k < p->n_rows && st == JN_OK; k++) {
        double off, left;
        const size_t row = p->row[k];
        const bool good = agrees(r, p, h, k, &off, &left);
        r->error[row] += good ? left : 0.0;
        r->n_eval[row] += children * r->rule.n;
        for (size_t c = 0; c < children; c++) {
            const double value = h->value[c * p->n_rows + k], peak = h->peak[c * p->n_rows + k];
            const double floor = r->log_total[row] + log(NEGLIGIBLE * r->tolerance) - 7.0;
            if (good || (value < floor && peak < floor)) {
                settle(r, row, value, &next[c].box);
            } else {
                next[c].row[next[c].n_rows] = row;
                next[c].off[next[c].n_rows] = off;
                next[c].value[next[c].n_rows++] = value;
            }
        }
    }
    return st;
}

static void update_totals(jn_refinement *r)
{
    for (size_t row = 0; row < r->n_slots; row++) {
        r->log_total[row] = jn_lse_log_sum(&r->settled[row]);
    }
    for (size_t i = 0; i < r->n_panels; i++) {
        const panel *p = &r->panels[i];
        for (size_t k = 0; k < p->n_rows; k++) {
            r->log_total[p->row[k]] = jn_log_add(r->log_total[p->row[k]], p->value[k]);
        }
    }
}

static jn_status collect(jn_refinement *r, size_t n_old, panel *old)
{
    panel next[1 << JN_PANEL_DIM];
    const size_t children = (size_t)1 << r->rule.dim;
    jn_status st = JN_OK;
    for (size_t i = 0; i < n_old; i++) {
        memset(next, 0, sizeof next);
        st = st == JN_OK ? replace(r, &old[i], &r->halves[i], next) : st;
        for (size_t c = 0; c < children; c++) {
            if (st == JN_OK && next[c].n_rows > 0) {
                st = panel_push(r, &next[c]);
            } else {
                panel_free(&next[c]);
            }
        }
    }
    return st;
}

/* One level: every open panel is halved. */
static jn_status refine(jn_refinement *r, jn_error *err)
{
    const size_t n = r->n_panels;
    r->halves = jn_alloc(n, sizeof *r->halves);
    if (r->halves == NULL) {
        return JN_ERR_NOMEM;
    }
    jn_status st = jn_tasks_run(n, r->threads, halve, r, err);
    panel *old = r->panels;
    r->panels = NULL;
    r->n_panels = r->capacity = 0;
    st = st == JN_OK ? collect(r, n, old) : st;
    for (size_t i = 0; i < n; i++) {
        panel_free(&old[i]);
        free(r->halves[i].value);
    }
    free(old);
    free(r->halves);
    r->halves = NULL;
    update_totals(r);
    return st;
}

/* --- first level ---------------------------------------------------------------------------- */

static jn_status first_cell(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    jn_refinement *r = user;
    panel *p = &r->panels[index];
    double *scratch = new_scratch(r, p->n_rows);
    double *peak = jn_alloc_doubles(p->n_rows);
    jn_status st = scratch == NULL || peak == NULL ? JN_ERR_NOMEM : JN_OK;
    st = st == JN_OK ? integrate(r, &r->rule, &p->box, p->n_rows, p->row, scratch, p->value, peak)
                     : st;
    free(scratch);
    free(peak);
    return st == JN_OK ? st : jn_error_set(err, st, "log p(x) on panels: %s", jn_status_text(st));
}

static jn_status push_cell(jn_refinement *r, const jn_box *box, size_t n_rows, const size_t *rows)
{
    panel p;
    const jn_status st = panel_new(&p, box, n_rows);
    if (st != JN_OK) {
        panel_free(&p);
        return st;
    }
    memcpy(p.row, rows, n_rows * sizeof *rows);
    return panel_push(r, &p);
}

/* One coordinate: cut at the bends too. */
static jn_status push_line(jn_refinement *r, size_t cells, size_t n_rows, const size_t *rows)
{
    const jn_axis_of axis = r->chart == NULL ? (jn_axis_of){ .scale = 1.0 }
                                             : jn_chart_axis(r->chart);
    size_t n;
    double *cuts;
    jn_status st = jn_panel_cuts(r->m, &axis, r->domain.lo[0], r->domain.hi[0], cells, &n, &cuts);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = 0; i < n && st == JN_OK; i++) {
        const jn_box box = { .lo = { cuts[i] }, .hi = { cuts[i + 1] } };
        st = push_cell(r, &box, n_rows, rows);
    }
    free(cuts);
    return st;
}

static jn_status first_level(jn_refinement *r, size_t n_rows, const size_t *rows, jn_error *err)
{
    static const size_t cells[JN_PANEL_DIM] = { 32, 16, 10 };
    const size_t dim = r->rule.dim, per_axis = cells[dim - 1];
    jn_status st = dim == 1 ? push_line(r, per_axis, n_rows, rows) : JN_OK;
    const size_t n = dim == 1 ? 0 : dim == 2 ? per_axis * per_axis : per_axis * per_axis * per_axis;
    for (size_t i = 0; i < n && st == JN_OK; i++) {
        const jn_box box = jn_box_cell(&r->domain, dim, per_axis, i);
        st = push_cell(r, &box, n_rows, rows);
    }
    st = st == JN_OK ? jn_tasks_run(r->n_panels, r->threads, first_cell, r, err) : st;
    update_totals(r);
    return st;
}

/* --- the whole ------------------------------------------------------------------------------ */

static uint64_t open_nodes(const jn_refinement *r)
{
    return (uint64_t)r->n_panels * r->rule.n << r->rule.dim;
}

/* By how much rounding moves log p(x | z) where most of the row's mass is. */
static double rounding(const jn_refinement *r, size_t row)
{
    const jn_density *d = r->m->density;
    double u[JN_PANEL_DIM], z[JN_PANEL_DIM], log_jacobian;
    if (d->rounding == NULL || r->chart != NULL || r->best[row] == -INFINITY) {
        return 0.0;
    }
    for (size_t j = 0; j < r->rule.dim; j++) {
        u[j] = 0.5 * (r->best_box[row].lo[j] + r->best_box[row].hi[j]);
    }
    jn_target_to_z(r->m, 1, 1, u, z, &log_jacobian);
    return d->rounding(r->m->self, row, z);
}

/* The rows' estimates; what is still open counts in full as error. */
static void conclude(jn_refinement *r, size_t n_rows, const size_t *rows)
{
    for (size_t i = 0; i < r->n_panels; i++) {
        const panel *p = &r->panels[i];
        for (size_t k = 0; k < p->n_rows; k++) {
            const size_t row = p->row[k];
            r->error[row] += exp(p->value[k] - r->log_total[row]);
            settle(r, row, p->value[k], &p->box);
        }
    }
    for (size_t k = 0; k < n_rows; k++) {
        const size_t row = rows[k];
        const double value = jn_lse_log_sum(&r->settled[row]);
        const double beyond = value > -INFINITY ? 10.0 * exp(r->border[row] - value) : 0.0;
        r->out[row] = (jn_estimate){ .value = value,
                                     .error = r->error[row] + beyond + rounding(r, row) +
                                              8.9e-16 * (4.0 + fabs(value)),
                                     .dof = NAN,
                                     .kind = JN_QUADRATURE,
                                     .method = "adaptive panels",
                                     .n_eval = r->n_eval[row] };
    }
}

jn_status jn_refinement_run(jn_refinement *r, size_t n_rows, const size_t *rows, uint64_t most,
                            jn_error *err)
{
    const size_t n = r->n_slots;
    r->settled = jn_alloc(n, sizeof *r->settled);
    r->log_total = jn_alloc_doubles(4 * n);
    r->n_eval = jn_alloc(n, sizeof *r->n_eval);
    r->best_box = jn_alloc(n, sizeof *r->best_box);
    if (r->best_box == NULL || r->settled == NULL || r->log_total == NULL || r->n_eval == NULL) {
        return JN_ERR_NOMEM;
    }
    r->error = r->log_total + n;
    r->border = r->error + n;
    r->best = r->border + n;
    for (size_t i = 0; i < n; i++) {
        r->settled[i] = (jn_lse)JN_LSE_INIT;
        r->border[i] = r->best[i] = -INFINITY;
    }
    jn_status st = first_level(r, n_rows, rows, err);
    for (int depth = 0; st == JN_OK && r->n_panels > 0 && depth < MAX_DEPTH; depth++) {
        if (open_nodes(r) > most) {
            break;
        }
        st = refine(r, err);
        r->depth = depth + 1;
    }
    if (st == JN_OK) {
        conclude(r, n_rows, rows);
    }
    return st;
}
