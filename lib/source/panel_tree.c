#include "source/panel_tree.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/target.h"
#include "kernel/kernels.h"

enum { DIM = JN_PANEL_DIM, CHILDREN = 1 << DIM, N_S = 7, N_F = 3 + N_S, MAX_DEPTH = 30 };

static const double SHARE = 0.01;      /* of the tolerance that one panel may be off by */
static const double NEGLIGIBLE = 1e-3; /* of the tolerance: what a panel may hold unexamined */

/* A panel with its nodes' log masses under q, log-weights and marks. */
typedef struct panel {
    jn_box box;
    double *log_mass, *log_w, *log_lik, *log_ratio; /* rule.n each, one allocation */
} panel;

typedef struct grower {
    const jn_proposal *q;
    size_t row;
    jn_panel_rule rule;
    jn_box domain;
    double tolerance, log_evidence;
    jn_workspace *ws;
    size_t n_focus; /* bumps that panels must resolve whatever the functionals say */
    double centre[2][DIM], width[2][DIM];
    size_t n_open, capacity;
    panel *open;
    jn_panel_tree *tree;
} grower;

void jn_panel_tree_free(jn_panel_tree *t)
{
    jn_node_list_free(&t->fine);
    jn_node_list_free(&t->coarse);
}

/* --- one panel ------------------------------------------------------------------------------ */

static void panel_free(panel *p)
{
    free(p->log_mass);
    memset(p, 0, sizeof *p);
}

static jn_status panel_make(grower *g, const jn_box *box, panel *out, jn_error *err)
{
    const size_t n = g->rule.n;
    jn_workspace *ws = g->ws;
    double *data = jn_alloc_doubles(4 * n);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    *out = (panel){ .box = *box,
                    .log_mass = data,
                    .log_w = data + n,
                    .log_lik = data + 2 * n,
                    .log_ratio = data + 3 * n };
    jn_panel_nodes(&g->rule, box, JN_BLOCK, ws->u, ws->log_mass);
    jn_target_to_z(g->q->model, n, JN_BLOCK, ws->u, ws->z, ws->log_jacobian);
    jn_weights w = { 0 };
    jn_status st = g->q->ops->log_density(g->q->self, g->row, n, JN_BLOCK, ws->z, ws->log_q);
    st = st == JN_OK ? jn_workspace_weigh(ws, g->q, g->row, n, 0, &w, err)
                     : jn_error_set(err, st, "proposal %s, observation %zu: %s", g->q->type->name,
                                    g->row, jn_status_text(st));
    if (st != JN_OK) {
        panel_free(out);
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        out->log_mass[i] = ws->log_mass[i] + ws->log_jacobian[i] + ws->log_q[i];
        out->log_w[i] = w.log_w[i];
        out->log_lik[i] = w.log_lik == NULL ? 0.0 : w.log_lik[i];
        out->log_ratio[i] = w.log_ratio == NULL ? 0.0 : w.log_ratio[i];
    }
    g->tree->marks = w.log_lik != NULL;
    return JN_OK;
}

/* E_q of 1, W, log W and e^(-sW) over one panel. */
static void functionals(const grower *g, const panel *p, double *f)
{
    memset(f, 0, N_F * sizeof *f);
    for (size_t i = 0; i < g->rule.n; i++) {
        const double l = p->log_w[i] - g->log_evidence, m = exp(p->log_mass[i]);
        f[1] += l > -INFINITY ? exp(p->log_mass[i] + l) : 0.0;
        if (m > 1e-25) {
            f[0] += m;
            f[2] += l > -INFINITY ? m * l : 0.0;
            for (int k = 0; k < N_S; k++) {
                f[3 + k] += m * exp(-exp(fmin(3.0 * k - 9.0 + l, 7.0)));
            }
        }
    }
}

/* The most that could hide between the nodes: the highest node of q and of q W, raised by twice the
 * average change from node to node. */
static double hidden(const grower *g, const panel *p)
{
    double hi[2] = { -INFINITY, -INFINITY }, lo[2] = { INFINITY, INFINITY };
    for (size_t i = 0; i < g->rule.n; i++) {
        const double l = p->log_w[i] - g->log_evidence, m = p->log_mass[i];
        const double v[2] = { m, m + l };
        for (int k = 0; k < 2; k++) {
            hi[k] = v[k] > hi[k] ? v[k] : hi[k];
            lo[k] = v[k] < lo[k] && v[k] > -INFINITY ? v[k] : lo[k];
        }
    }
    double most = -INFINITY;
    for (int k = 0; k < 2; k++) {
        if (hi[k] > -INFINITY) {
            most = fmax(most, hi[k] + log((double)g->rule.n) +
                                  2.0 * (hi[k] - lo[k]) / (double)g->rule.per_axis);
        }
    }
    return most;
}

/* Axes on which the box is wider than a known bump that it is near to: 0, none. */
static unsigned too_wide(const grower *g, const jn_box *box)
{
    unsigned axes = 0;
    for (size_t c = 0; c < g->n_focus; c++) {
        bool near = true;
        unsigned wide = 0;
        for (size_t j = 0; j < g->rule.dim; j++) {
            const double reach = 8.0 * g->width[c][j];
            near = near && box->lo[j] < g->centre[c][j] + reach &&
                   box->hi[j] > g->centre[c][j] - reach;
            wide |= (unsigned)(box->hi[j] - box->lo[j] > 4.0 * g->width[c][j]) << j;
        }
        axes |= near ? wide : 0;
    }
    return axes;
}

typedef enum verdict { OPEN, SETTLED, EMPTY } verdict;

static verdict judge(const grower *g, const panel *parent, const panel *child, size_t children)
{
    double whole[N_F], part[N_F], sum[N_F] = { 0 }, most = -INFINITY;
    functionals(g, parent, whole);
    for (size_t c = 0; c < children; c++) {
        functionals(g, &child[c], part);
        for (int k = 0; k < N_F; k++) {
            sum[k] += part[k];
        }
        most = fmax(most, hidden(g, &child[c]));
    }
    if (most < log(NEGLIGIBLE * g->tolerance)) {
        return EMPTY;
    }
    for (int k = 0; k < N_F; k++) {
        if (!(fabs(sum[k] - whole[k]) <= SHARE * g->tolerance)) {
            return OPEN;
        }
    }
    return log(sum[0] + sum[1]) > most - 16.0 || most < log(g->tolerance) - 2.0 ? SETTLED : OPEN;
}

/* --- the tree ------------------------------------------------------------------------------- */

static jn_status push(grower *g, panel *p)
{
    if (g->n_open == g->capacity) {
        const size_t capacity = g->capacity == 0 ? 256 : 2 * g->capacity;
        panel *more = jn_realloc(g->open, capacity, sizeof *more);
        if (more == NULL) {
            panel_free(p);
            return JN_ERR_NOMEM;
        }
        g->open = more;
        g->capacity = capacity;
    }
    g->open[g->n_open++] = *p;
    return JN_OK;
}

static jn_status add_nodes(const grower *g, jn_node_list *list, const panel *p, bool edge)
{
    const jn_weights nodes = { .n = g->rule.n,
                               .log_w = p->log_w,
                               .log_mass = p->log_mass,
                               .log_lik = p->log_lik,
                               .log_ratio = p->log_ratio };
    return jn_node_list_add(list, &nodes, edge);
}

/* An empty panel's own nodes say all there is to say, in either law. */
static jn_status accept(grower *g, const panel *parent, const panel *child, size_t children,
                        bool empty)
{
    const bool edge = jn_box_on_border(&parent->box, &g->domain, g->rule.dim);
    jn_status st = add_nodes(g, &g->tree->coarse, parent, edge);
    if (st == JN_OK && empty) {
        return add_nodes(g, &g->tree->fine, parent, edge);
    }
    for (size_t c = 0; c < children && st == JN_OK; c++) {
        const bool on = edge && jn_box_on_border(&child[c].box, &g->domain, g->rule.dim);
        st = add_nodes(g, &g->tree->fine, &child[c], on);
    }
    return st;
}

/* Halve one panel: on the axes where it is wider than a known bump, or on all of them to see
 * whether it is settled. */
static jn_status halve(grower *g, const panel *p, bool last, jn_error *err)
{
    const unsigned wide = last ? 0 : too_wide(g, &p->box);
    const unsigned axes = wide != 0 ? wide : jn_box_all(g->rule.dim);
    const size_t children = jn_box_children(axes);
    panel child[CHILDREN];
    size_t made = 0;
    jn_status st = JN_OK;
    for (; made < children && st == JN_OK; made += st == JN_OK) {
        const jn_box box = jn_box_child(&p->box, g->rule.dim, axes, made);
        st = panel_make(g, &box, &child[made], err);
    }
    verdict v = OPEN;
    if (st == JN_OK && wide == 0) {
        v = judge(g, p, child, children);
        v = last && v == OPEN ? SETTLED : v;
        st = v == OPEN ? st : accept(g, p, child, children, v == EMPTY);
    }
    for (size_t c = 0; c < made; c++) {
        if (st == JN_OK && v == OPEN) {
            st = push(g, &child[c]);
        } else {
            panel_free(&child[c]);
        }
    }
    return st;
}

/* The evidence as it stands: settled nodes and open panels. */
static void update_evidence(grower *g)
{
    jn_lse sum = JN_LSE_INIT;
    const jn_node_list *f = &g->tree->fine;
    for (size_t i = 0; i < f->n; i++) {
        jn_lse_add(&sum, f->log_mass[i] + f->log_w[i]);
    }
    for (size_t k = 0; k < g->n_open; k++) {
        for (size_t i = 0; i < g->rule.n; i++) {
            jn_lse_add(&sum, g->open[k].log_mass[i] + g->open[k].log_w[i]);
        }
    }
    g->log_evidence = jn_lse_log_sum(&sum);
}

static jn_status level(grower *g, bool last, jn_error *err)
{
    panel *old = g->open;
    const size_t n = g->n_open;
    g->open = NULL;
    g->n_open = g->capacity = 0;
    jn_status st = JN_OK;
    for (size_t i = 0; i < n; i++) {
        st = st == JN_OK ? halve(g, &old[i], last, err) : st;
        panel_free(&old[i]);
    }
    free(old);
    update_evidence(g);
    return st;
}

static jn_status push_cell(grower *g, const jn_box *box, jn_error *err)
{
    panel p;
    const jn_status st = panel_make(g, box, &p, err);
    return st == JN_OK ? push(g, &p) : st;
}

/* One coordinate: cut where the model bends, too. */
static jn_status push_line(grower *g, size_t cells, jn_error *err)
{
    const jn_axis_of axis = { .scale = 1.0 };
    size_t n;
    double *cuts;
    jn_status st = jn_panel_cuts(g->q->model, &axis, g->domain.lo[0], g->domain.hi[0], cells, &n,
                                 &cuts);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = 0; i < n && st == JN_OK; i++) {
        const jn_box box = { .lo = { cuts[i] }, .hi = { cuts[i + 1] } };
        st = push_cell(g, &box, err);
    }
    free(cuts);
    return st;
}

static jn_status first_level(grower *g, jn_error *err)
{
    static const size_t cells[DIM] = { 16, 8, 5 };
    const size_t dim = g->rule.dim, per_axis = cells[dim - 1];
    jn_status st = dim == 1 ? push_line(g, per_axis, err) : JN_OK;
    const size_t n = dim == 1 ? 0 : dim == 2 ? per_axis * per_axis : per_axis * per_axis * per_axis;
    for (size_t i = 0; i < n && st == JN_OK; i++) {
        const jn_box box = jn_box_cell(&g->domain, dim, per_axis, i);
        st = push_cell(g, &box, err);
    }
    update_evidence(g);
    return st;
}

/* --- the domain ----------------------------------------------------------------------------- */

static void cover(grower *g, const double *centre, const double *sd, double reach, bool focus)
{
    for (size_t j = 0; j < g->rule.dim; j++) {
        g->domain.lo[j] = fmin(g->domain.lo[j], centre[j] - reach * sd[j]);
        g->domain.hi[j] = fmax(g->domain.hi[j], centre[j] + reach * sd[j]);
        if (focus) {
            g->centre[g->n_focus][j] = centre[j];
            g->width[g->n_focus][j] = sd[j];
        }
    }
    g->n_focus += focus;
}

/* Spread along each axis of a Gaussian with lower Cholesky factor l. */
static void axis_sds(size_t d, const double *l, double *sd)
{
    for (size_t r = 0; r < d; r++) {
        double sum = 0.0;
        for (size_t c = 0; c <= r; c++) {
            sum += l[r * d + c] * l[r * d + c];
        }
        sd[r] = sqrt(sum);
    }
}

/* A box about the prior, q and the posterior's highest mode. */
static jn_status choose_domain(grower *g, double widen, jn_error *err)
{
    const jn_model *m = g->q->model;
    const size_t d = m->dim;
    double centre[DIM], matrix[DIM * DIM], sd[DIM];
    for (size_t j = 0; j < d; j++) {
        g->domain.lo[j] = INFINITY;
        g->domain.hi[j] = -INFINITY;
    }
    if (g->q->ops->location != NULL &&
        g->q->ops->location(g->q->self, g->row, centre, matrix) == JN_OK) {
        axis_sds(d, matrix, sd);
        cover(g, centre, sd, 9.5 * widen, true);
    }
    if (m->density->prior_gaussian != NULL &&
        m->density->prior_gaussian(m->self, centre, matrix) == JN_OK) {
        for (size_t j = 0; j < d; j++) {
            sd[j] = sqrt(matrix[j * d + j]);
        }
        cover(g, centre, sd, 9.5 * widen, false);
    }
    jn_mode mode = { 0 };
    const jn_status st = jn_target_mode(m, g->row, &mode, err);
    if (st >= 0) {
        axis_sds(d, mode.chol_cov, sd);
        cover(g, mode.u, sd, 12.0 * widen, true);
    }
    jn_mode_free(&mode);
    if (st == JN_ERR_NOMEM) {
        return st;
    }
    return g->domain.lo[0] < g->domain.hi[0]
               ? JN_OK
               : jn_error_set(err, JN_REFUSED,
                              "observation %zu: no place to put panels: neither q, the prior nor "
                              "the posterior's mode gives one",
                              g->row);
}

static jn_status grow(grower *g, uint64_t max_nodes, jn_error *err)
{
    jn_status st = first_level(g, err);
    const size_t each = g->rule.n << g->rule.dim;
    g->tree->settled = true;
    for (int depth = 0; st == JN_OK && g->n_open > 0; depth++) {
        const bool last = depth == MAX_DEPTH || g->tree->fine.n + g->n_open * each * 2 > max_nodes;
        g->tree->settled = g->tree->settled && !last;
        st = level(g, last, err);
    }
    for (size_t i = 0; i < g->n_open; i++) {
        panel_free(&g->open[i]);
    }
    free(g->open);
    return st;
}

jn_status jn_panel_tree_grow(const jn_proposal *q, size_t row, double tolerance, double widen,
                             uint64_t max_nodes, jn_panel_tree *out, jn_error *err)
{
    jn_panel_tree tree = { 0 };
    grower g = { .q = q, .row = row, .tolerance = tolerance, .tree = &tree };
    if (q->model->dim > DIM || jn_model_states(q->model) > 0) {
        return jn_error_set(err, JN_REFUSED, "panels cover 1 to %d continuous latent coordinates",
                            DIM);
    }
    jn_panel_rule_make(q->model->dim, &g.rule);
    g.ws = jn_workspace_new(q->model->dim);
    jn_status st = g.ws == NULL ? JN_ERR_NOMEM : choose_domain(&g, widen, err);
    st = st == JN_OK ? grow(&g, max_nodes, err) : st;
    jn_workspace_free(g.ws);
    if (st != JN_OK) {
        jn_panel_tree_free(&tree);
        return st;
    }
    *out = tree;
    return JN_OK;
}
