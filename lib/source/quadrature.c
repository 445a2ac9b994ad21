/* Deterministic nodes for the law: the trapezoid rule on a tensor grid that covers q and the
 * posterior and resolves the narrower of the two on every axis. Its parts are three resolutions
 * (steps h, 2h, 4h), from which errors are made. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/finite.h"
#include "jensen/target.h"
#include "source/axis.h"
#include "source/frame.h"
#include "source/workspace.h"

enum { MAX = JN_FRAME_MAX };

typedef struct grid {
    jn_frame frame;
    jn_axis axis[JN_LEVELS][MAX];
    double t_lo[MAX], t_hi[MAX]; /* the domain in the axes' even coordinates */
    /* One bump on every axis: q and the posterior fill an ellipsoid, and the corners of the tensor
     * grid are left out. */
    bool round;
} grid;

static const double SHELL = 0.9; /* nodes beyond this share of the radius are the border */
static const double FACE = 1.0;  /* or that near to an end of an axis, in its even coordinate */
static const double FAR = 1e10;  /* in widths: no search goes further */
static const uint64_t MAX_NODES = (uint64_t)1 << 23;

/* What must be covered, at one point: log q, log p(x, .), and log q W^n (all over u). */
enum { OF_Q, OF_P, OF_POWERS, N_OF = OF_POWERS + JN_COVER_MAX + 2 };

typedef struct prober {
    const jn_proposal *q;
    size_t row;
    const jn_frame *frame;
    size_t n; /* used: OF_POWERS + the number of powers */
    double power[N_OF];
    double depth;                   /* nats below the top where an integrand no longer counts */
    double top[N_OF], top_at[N_OF]; /* highest value seen, and where on the axis */
} prober;

static jn_status probe(const prober *p, const double *t, double *value)
{
    const jn_model *m = p->q->model;
    double u[MAX], z[MAX], scratch[MAX + 1], log_jacobian, log_q;
    memcpy(u, t, p->frame->dim * sizeof *u);
    jn_frame_apply(p->frame, 1, 1, u);
    jn_target_to_z(m, 1, 1, u, z, &log_jacobian);
    jn_status st = p->q->ops->log_density(p->q->self, p->row, 1, 1, z, &log_q);
    if (st == JN_OK) {
        st = jn_target_log_joint(m, p->row, 1, 1, u, scratch, &value[OF_P]);
    }
    value[OF_Q] = log_q + log_jacobian;
    for (size_t k = OF_POWERS; k < p->n; k++) {
        value[k] = value[OF_P] == -INFINITY
                       ? -INFINITY
                       : p->power[k] * value[OF_P] - (p->power[k] - 1.0) * value[OF_Q];
    }
    return st;
}

/* The powers whose integrals are known to be finite: no box could hold another. */
static jn_status choose_powers(prober *p, const jn_source_options *o)
{
    p->n = OF_POWERS;
    for (size_t i = 0; i < o->n_cover + 2; i++) {
        const double n = i < 2 ? 2.0 + (double)i : o->cover[i - 2];
        jn_verdict v;
        const jn_status st = jn_finite_moment(p->q, p->row, n, &v);
        if (st != JN_OK) {
            return st;
        }
        if (v.finite == JN_FINITE && p->n < N_OF) {
            p->power[p->n++] = n;
        }
    }
    return JN_OK;
}

/* How far from `start` along an axis, in units of the map's t, until all that must be covered stays
 * p->depth below its top. */
static jn_status march(prober *p, size_t axis, const jn_axis_map *map, const double *start,
                       double direction, double *t_end)
{
    enum { ENOUGH = 6 };
    const double step = 0.5;
    double x[MAX], t = jn_axis_t(map, start[axis]);
    memcpy(x, start, sizeof x);
    for (int below = 0; below < ENOUGH;) {
        double value[N_OF];
        const jn_status st = probe(p, x, value);
        if (st != JN_OK) {
            return st;
        }
        bool gone = true;
        for (size_t k = 0; k < p->n; k++) {
            if (value[k] > p->top[k]) {
                p->top[k] = value[k];
                p->top_at[k] = t;
            }
            const bool ahead = direction * (p->top_at[k] - t) > 0.0;
            gone = gone && !ahead && value[k] < p->top[k] - p->depth;
        }
        below = gone ? below + 1 : 0;
        t += direction * step;
        x[axis] = jn_axis_x(map, t);
        if (fabs(x[axis] - map->centre[0]) > FAR * map->width[0]) {
            break;
        }
    }
    *t_end = t;
    return JN_OK;
}

/* The part of one axis that matters, seen from the middle of the posterior and from that of q. */
static jn_status extent(prober *p, size_t axis, const jn_axis_map *map, double *lo, double *hi)
{
    const double posterior[MAX] = { 0 };
    double q[MAX];
    memcpy(q, p->frame->q_centre, sizeof q);
    *lo = INFINITY;
    *hi = -INFINITY;
    for (size_t k = 0; k < N_OF; k++) {
        p->top[k] = -INFINITY;
        p->top_at[k] = 0.0;
    }
    const double *const starts[] = { posterior, q };
    for (size_t pass = 0; pass < 2; pass++) { /* tops are known in the second pass */
        for (size_t s = 0; s < 2; s++) {
            for (int direction = -1; direction <= 1; direction += 2) {
                double end;
                const jn_status st = march(p, axis, map, starts[s], direction, &end);
                if (st != JN_OK) {
                    return st;
                }
                *lo = pass == 0 ? *lo : fmin(*lo, end);
                *hi = pass == 0 ? *hi : fmax(*hi, end);
            }
        }
    }
    return JN_OK;
}

/* Steps in widths: fine where it costs little. Each refinement divides them by the root of 2. */
static double first_step(size_t dim)
{
    static const double h[] = { 0.05, 0.2, 0.3, 0.5 };
    return h[dim - 1];
}

static void release(jn_plan *plan)
{
    grid *g = plan->state;
    for (size_t level = 0; g != NULL && level < JN_LEVELS; level++) {
        for (size_t j = 0; j < MAX; j++) {
            jn_axis_free(&g->axis[level][j]);
        }
    }
    free(g);
    plan->state = NULL;
}

static jn_status make_axes(grid *g, size_t axis, const jn_axis_map *map, double lo, double hi,
                           double h)
{
    for (size_t level = 0; level < JN_LEVELS; level++, h *= 2.0) {
        const jn_status st = jn_axis_new(map, lo, hi, h, &g->axis[level][axis]);
        if (st != JN_OK) {
            return st;
        }
    }
    return JN_OK;
}

static jn_status make_grid(const jn_proposal *q, size_t row, const jn_source_options *o, grid *g)
{
    const double tolerance = o->tolerance > 0.0 ? o->tolerance : 1e-9;
    prober p = { .q = q, .row = row, .frame = &g->frame };
    jn_status st = choose_powers(&p, o);
    if (st != JN_OK) {
        return st;
    }
    /* in one or two dimensions reach costs nothing; else what is left out is as the tolerance */
    p.depth = g->frame.dim <= 2 ? 44.0 : fmin(12.0 - log(tolerance), 44.0);
    const double h = first_step(g->frame.dim) * pow(0.5, 0.5 * o->refinement);
    const double widen = pow(1.4, o->widening) - 1.0;
    g->round = g->frame.dim > 1;
    for (size_t j = 0; j < g->frame.dim; j++) {
        const jn_axis_map map = jn_axis_map_make(g->frame.q_centre[j], g->frame.q_width[j]);
        double lo, hi;
        st = extent(&p, j, &map, &lo, &hi);
        const double more = widen * 0.5 * (hi - lo);
        st = st == JN_OK ? make_axes(g, j, &map, lo - more, hi + more, h) : st;
        if (st != JN_OK) {
            return st;
        }
        g->t_lo[j] = lo - more;
        g->t_hi[j] = hi + more;
        g->round = g->round && map.n_bumps == 1;
    }
    return JN_OK;
}

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    grid *g = jn_alloc(1, sizeof *g);
    if (g == NULL) {
        return JN_ERR_NOMEM;
    }
    plan->state = g;
    jn_status st = jn_frame_make(q, row, &g->frame, err);
    if (st != JN_OK) {
        return st;
    }
    st = make_grid(q, row, options, g);
    if (st != JN_OK) {
        return jn_error_set(err, st, "observation %zu: no grid for the law: %s", row,
                            jn_status_text(st));
    }
    const uint64_t most = options->max_nodes == 0 ? MAX_NODES : options->max_nodes;
    plan->n_parts = JN_LEVELS;
    for (size_t level = 0; level < JN_LEVELS; level++) {
        plan->n_points[level] = 1;
        for (size_t j = 0; j < g->frame.dim; j++) {
            const uint64_t n = g->axis[level][j].n;
            if (plan->n_points[level] > most / n) {
                return jn_error_set(err, JN_REFUSED,
                                    "observation %zu: covering q and the posterior at the narrower "
                                    "one's resolution takes more than %llu nodes: use --rule mc, "
                                    "or a proposal nearer to the posterior",
                                    row, (unsigned long long)most);
            }
            plan->n_points[level] *= n;
        }
    }
    return JN_OK;
}

/* A point of the tensor grid, the first axis fastest, and what the other axes say of it. */
typedef struct cursor {
    size_t k[MAX];
    double log_volume, distance; /* of the volume it stands for; from the middle, squared */
    bool on_face;
} cursor;

static cursor cursor_at(const grid *g, size_t level, uint64_t index)
{
    cursor c = { .log_volume = g->frame.log_det };
    for (size_t j = 0; j < g->frame.dim; j++) {
        const jn_axis *a = &g->axis[level][j];
        c.k[j] = (size_t)(index % a->n);
        index /= a->n;
    }
    return c;
}

/* Node k of axis j. */
static void step_into(const grid *g, size_t level, size_t j, size_t k, cursor *c)
{
    const jn_axis *a = &g->axis[level][j];
    c->log_volume += a->log_step[k];
    c->on_face = c->on_face || a->t[k] - a->t[0] < FACE || a->t[a->n - 1] - a->t[k] < FACE;
    if (g->round) {
        const double middle = 0.5 * (g->t_lo[j] + g->t_hi[j]);
        const double r = (a->t[k] - middle) / (0.5 * (g->t_hi[j] - g->t_lo[j]));
        c->distance += r * r;
    }
}

/* 1: the border, 2: the shell within. */
static unsigned char shell_of(double distance)
{
    const double outer = SHELL * SHELL;
    return distance > outer ? 1 : distance > outer * outer ? 2 : 0;
}

/* Points of one line along the first axis, from c->k[0], at most `most` of them, into columns n and
 * up; those in corners are left out. Moves on; returns how many points were passed. */
static size_t place_line(const grid *g, size_t level, cursor *c, size_t most, jn_workspace *ws,
                         size_t *n)
{
    const size_t dim = g->frame.dim, start = c->k[0], left = g->axis[level][0].n - start;
    const size_t count = left < most ? left : most;
    cursor line = *c;
    for (size_t j = 1; j < dim; j++) {
        step_into(g, level, j, c->k[j], &line);
    }
    for (size_t k = start; k < start + count && line.distance <= 1.0; k++) {
        cursor point = line;
        step_into(g, level, 0, k, &point);
        ws->log_mass[*n] = point.log_volume;
        ws->edge[*n] = g->round ? shell_of(point.distance) : point.on_face;
        for (size_t j = 0; j < dim; j++) {
            ws->u[j * JN_BLOCK + *n] = g->axis[level][j].x[j == 0 ? k : c->k[j]];
        }
        *n += point.distance <= 1.0;
    }
    c->k[0] += count;
    for (size_t j = 0; j + 1 < dim && c->k[j] == g->axis[level][j].n; j++) {
        c->k[j] = 0;
        c->k[j + 1]++;
    }
    return count;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const grid *g = plan->state;
    const jn_proposal *q = plan->q;
    const uint64_t first = b * JN_BLOCK;
    const uint64_t last = first + JN_BLOCK < plan->n_points[part] ? first + JN_BLOCK
                                                                  : plan->n_points[part];
    size_t n = 0;
    cursor c = cursor_at(g, part, first);
    for (uint64_t index = first; index < last;) {
        index += place_line(g, part, &c, (size_t)(last - index), ws, &n);
    }
    *out = (jn_weights){ .log_mass = ws->log_mass, .log_w = ws->log_w };
    if (n == 0) {
        return JN_OK;
    }
    jn_frame_apply(&g->frame, n, JN_BLOCK, ws->u);
    jn_target_to_z(q->model, n, JN_BLOCK, ws->u, ws->z, ws->log_jacobian);
    jn_status st = q->ops->log_density(q->self, plan->row, n, JN_BLOCK, ws->z, ws->log_q);
    if (st != JN_OK) {
        return jn_error_set(err, st, "proposal %s, observation %zu: %s", q->type->name, plan->row,
                            jn_status_text(st));
    }
    st = jn_workspace_weigh(ws, q, plan->row, n, first, out, err);
    for (size_t i = 0; i < n; i++) {
        ws->log_mass[i] += ws->log_jacobian[i] + ws->log_q[i];
    }
    out->log_mass = ws->log_mass;
    out->edge = ws->edge;
    return st;
}

const jn_source jn_source_quadrature = { "quadrature", JN_QUADRATURE, true, plan, block, release };
