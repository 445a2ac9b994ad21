/* The trapezoid rule on a grid in the coordinates of a chart.
 *
 * One pass over a grid of step h also gives the values for steps 2h and 4h and those of the nodes
 * with an even and an odd sum of indices, which differ by what the grid cannot see along its
 * diagonals. Steps are chosen, axis by axis, on a few lines beforehand: the difference between the
 * grid's nodes on a line and those half a step beside them is the line's own error. */
#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "base/tasks.h"
#include "exact/local.h"
#include "kernel/kernels.h"

enum {
    LINES = 128, /* grid lines a task: fixed, since the order of a sum depends on it */
    LINES_MANY = 16384,
    SMALL = 16384, /* nodes that are not worth a second thread */
    CLASSES = 4,   /* indices all multiples of 4; of 2; even sum; odd sum */
    SHELLS = 3,    /* within 0.8 of the box, within 0.9, beyond */
    MAX_PASSES = 16,
    MAX_STEPS = 20
};

/* Sums of exp(v - top) over classes of nodes. */
typedef struct tally {
    double top;
    double part[SHELLS][CLASSES];
} tally;

typedef struct grid {
    const jn_chart *f;
    double h[JN_CHART_DIM];
    double first[JN_CHART_DIM]; /* index of the first node an axis */
    size_t count[JN_CHART_DIM];
    uint64_t n_lines, n_nodes; /* of the box; nodes in the ellipsoid are fewer */
    tally *tallies;            /* one a task */
    uint64_t *used;            /* nodes, one a task */
} grid;

static void rescale(tally *t, double top)
{
    if (top > t->top) {
        const double factor = exp(t->top - top);
        for (size_t i = 0; i < SHELLS; i++) {
            for (size_t k = 0; k < CLASSES; k++) {
                t->part[i][k] *= factor;
            }
        }
        t->top = top;
    }
}

static void merge(tally *into, const tally *from)
{
    rescale(into, from->top);
    const double factor = from->top > -INFINITY ? exp(from->top - into->top) : 0.0;
    for (size_t i = 0; i < SHELLS; i++) {
        for (size_t k = 0; k < CLASSES; k++) {
            into->part[i][k] += factor * from->part[i][k];
        }
    }
}

/* --- one task: some lines of the grid -------------------------------------------------------- */

typedef struct block {
    size_t n;
    unsigned char shell[JN_CHART_BLOCK], class[JN_CHART_BLOCK];
    double s[JN_CHART_DIM * JN_CHART_BLOCK], out[JN_CHART_BLOCK];
    double scratch[JN_CHART_SCRATCH(JN_CHART_DIM)];
} block;

static jn_status flush(const jn_chart *f, block *b, tally *sum)
{
    const jn_kernels *kernels = jn_kernels_get();
    const jn_status st = b->n == 0 ? JN_OK : jn_chart_log(f, b->n, b->s, b->scratch, b->out);
    if (st == JN_OK && b->n > 0) {
        const double top = kernels->max(b->n, b->out);
        if (top > -INFINITY) {
            rescale(sum, top);
            for (size_t i = 0; i < b->n; i++) {
                b->out[i] -= sum->top;
            }
            kernels->exp(b->n, b->out, b->out);
            for (size_t i = 0; i < b->n; i++) {
                sum->part[b->shell[i]][b->class[i]] += b->out[i];
            }
        }
    }
    b->n = 0;
    return st;
}

/* A grid line: its place on the axes but the first, how far from the centre, what its indices are
 * divisible by. */
typedef struct line {
    double s[JN_CHART_DIM];
    double rest; /* 1 - squared distance from the centre, in units of the box */
    int64_t any, sum;
} line;

static double share_of(const jn_chart *f, size_t axis, double s)
{
    return s / (s < 0.0 ? f->lo[axis] : f->hi[axis]);
}

/* Most lines of the box miss the ellipsoid where there are many axes. */
static uint64_t lines_a_task(const grid *g)
{
    return g->f->dim > 6 ? LINES_MANY : LINES;
}

static line line_at(const grid *g, uint64_t index)
{
    line l = { .rest = 1.0 };
    for (size_t a = 1; a < g->f->dim; a++) {
        const double k = g->first[a] + (double)(index % g->count[a]);
        index /= g->count[a];
        l.s[a] = k * g->h[a];
        const double part = share_of(g->f, a, l.s[a]);
        l.rest -= part * part;
        l.any |= (int64_t)k;
        l.sum += (int64_t)k;
    }
    return l;
}

static unsigned char class_of(int64_t any, int64_t sum)
{
    return any % 4 == 0 ? 0 : any % 2 == 0 ? 1 : sum % 2 == 0 ? 2 : 3;
}

static jn_status add_line(const grid *g, const line *l, block *b, tally *sum, uint64_t *used)
{
    const double radius = sqrt(fmax(0.0, l->rest));
    const int64_t from = (int64_t)ceil(g->f->lo[0] * radius / g->h[0]);
    const int64_t to = (int64_t)floor(g->f->hi[0] * radius / g->h[0]);
    jn_status st = JN_OK;
    for (int64_t k = from; k <= to && st == JN_OK; k++) {
        const double s = (double)k * g->h[0], part = share_of(g->f, 0, s);
        const double square = 1.0 - l->rest + part * part;
        const size_t i = b->n++;
        b->s[i] = s;
        for (size_t a = 1; a < g->f->dim; a++) {
            b->s[a * JN_CHART_BLOCK + i] = l->s[a];
        }
        b->shell[i] = (unsigned char)((square > 0.64) + (square > 0.81));
        b->class[i] = class_of(l->any | k, l->sum + k);
        st = b->n == JN_CHART_BLOCK ? flush(g->f, b, sum) : st;
    }
    *used += to >= from ? (uint64_t)(to - from + 1) : 0;
    return st;
}

static jn_status sum_lines(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    (void)err;
    const grid *g = user;
    const uint64_t lines = lines_a_task(g), first = (uint64_t)index * lines;
    const uint64_t last = first + lines < g->n_lines ? first + lines : g->n_lines;
    block b;
    tally sum = { .top = -INFINITY };
    uint64_t used = 0;
    jn_status st = JN_OK;
    b.n = 0;
    for (uint64_t i = first; i < last && st == JN_OK; i++) {
        const line l = line_at(g, i);
        st = l.rest >= 0.0 ? add_line(g, &l, &b, &sum, &used) : st;
    }
    st = st == JN_OK ? flush(g->f, &b, &sum) : st;
    g->tallies[index] = sum;
    g->used[index] = used;
    return st;
}

/* --- the whole grid -------------------------------------------------------------------------- */

/* false: more than `most` nodes in the ellipsoid, which fills less of its box the more axes there
 * are. */
static bool lay_out(grid *g, uint64_t most)
{
    static const double filled[JN_CHART_DIM] = { 1.0,   0.786, 0.524, 0.309,
                                                 0.165, 0.081, 0.037, 0.016 };
    most = (uint64_t)((double)most / filled[g->f->dim - 1]);
    g->n_nodes = 1;
    for (size_t a = 0; a < g->f->dim; a++) {
        const double first = ceil(g->f->lo[a] / g->h[a]), last = floor(g->f->hi[a] / g->h[a]);
        g->first[a] = first;
        g->count[a] = (size_t)(last - first) + 1;
        if (g->count[a] > most / g->n_nodes) {
            return false;
        }
        g->n_nodes *= g->count[a];
    }
    g->n_lines = g->n_nodes / g->count[0];
    return true;
}

static jn_status run(grid *g, size_t threads, tally *all, uint64_t *used)
{
    const size_t tasks = (size_t)((g->n_lines + lines_a_task(g) - 1) / lines_a_task(g));
    g->tallies = jn_alloc(tasks, sizeof *g->tallies);
    g->used = jn_alloc(tasks, sizeof *g->used);
    jn_status st = g->tallies == NULL || g->used == NULL ? JN_ERR_NOMEM : JN_OK;
    if (st == JN_OK) {
        st = jn_tasks_run(tasks, g->n_nodes <= SMALL ? 1 : threads, sum_lines, g, NULL);
    }
    *all = (tally){ .top = -INFINITY };
    for (size_t i = 0; st == JN_OK && i < tasks; i++) {
        merge(all, &g->tallies[i]);
        *used += g->used[i];
    }
    free(g->tallies);
    free(g->used);
    return st;
}

/* --- errors ---------------------------------------------------------------------------------- */

typedef struct sums {
    double total, twice, four; /* means over steps h, 2h, 4h, in units of the total's */
    double parity;             /* relative difference of even and odd */
    double beyond;             /* relative: what lies outside the box */
} sums;

static sums read_tally(const grid *g, const tally *t)
{
    double class[CLASSES] = { 0 }, shell[SHELLS] = { 0 };
    const double ratio = (double)(1u << g->f->dim);
    for (size_t i = 0; i < SHELLS; i++) {
        for (size_t k = 0; k < CLASSES; k++) {
            class[k] += t->part[i][k];
            shell[i] += t->part[i][k];
        }
    }
    const double two = class[0] + class[1], total = two + class[2] + class[3];
    sums s = { .total = total, .parity = fabs(two + class[2] - class[3]) / total };
    s.twice = ratio * two / total;
    s.four = ratio * ratio * class[0] / total;
    /* it shrinks from shell to shell; on one axis a shell holds a node or two, so that only the
     * root of the decay is believed */
    static const double belief[JN_CHART_DIM] = { 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0 };
    const double decay = shell[1] > 0.0 ? pow(shell[2] / shell[1], belief[g->f->dim - 1]) : 0.5;
    s.beyond = decay < 0.9 ? 6.0 * shell[2] * decay / (1.0 - decay) : 30.0 * shell[2];
    s.beyond /= total;
    return s;
}

/* From the values of three steps. Where nothing else bears witness the last difference stands as it
 * is; else, where they close in fast, errors that square from step to step would leave
 * last^3 / before^2. Powers of the step (a kink) show in differences that are all near the
 * tolerance, or in ratios that are not small; the last one may then be small by chance. */
static double ladder_error(const sums *s, bool alone, double tolerance)
{
    const double last = fabs(1.0 - s->twice), before = fabs(s->twice - s->four);
    const double ratio = before > 0.0 ? last / before : last > 0.0 ? 1.0 : 0.0;
    if (ratio > 0.03 || before < 1e3 * tolerance) {
        return fmax(3.0 * last, 0.9 * before);
    }
    return alone ? last : 10.0 * last * ratio * ratio;
}

/* In two dimensions nodes of one parity make a grid of step sqrt(2) h, between 2h and h: both for
 * errors that go like e^(-c/h) and for powers of h at most the square over the error at 2h is left.
 */
static double parity_error(const sums *s, size_t dim)
{
    const double last = fabs(1.0 - s->twice);
    return dim == 2 && last > 0.0 ? s->parity * fmin(1.0, 10.0 * s->parity / last) : s->parity;
}

/* Trapezoid sums of step h and half a step beside it along a line that is parallel to an axis,
 * times h. */
static jn_status line_sums(const grid *g, size_t axis, const double *through, double step, block *b,
                           double out[2], uint64_t *used)
{
    const jn_chart *f = g->f;
    const double h = 0.5 * step;
    const int64_t from = (int64_t)ceil(f->lo[axis] / h), to = (int64_t)floor(f->hi[axis] / h);
    tally sum = { .top = -INFINITY };
    jn_status st = JN_OK;
    b->n = 0;
    for (int64_t k = from; k <= to && st == JN_OK; k++) {
        const size_t i = b->n++;
        for (size_t a = 0; a < f->dim; a++) {
            b->s[a * JN_CHART_BLOCK + i] = a == axis ? (double)k * h : through[a];
        }
        b->shell[i] = 0;
        b->class[i] = k % 2 == 0 ? 0 : 1;
        st = b->n == JN_CHART_BLOCK ? flush(f, b, &sum) : st;
    }
    st = st == JN_OK ? flush(f, b, &sum) : st;
    const double scale = sum.top > -INFINITY ? step * exp(sum.top - f->top) : 0.0;
    out[0] = scale * sum.part[0][0];
    out[1] = scale * sum.part[0][1];
    *used += (uint64_t)(to - from + 1);
    return st;
}

/* Line l of those on which steps are tried: through the centre, on both sides of it, and through
 * the other modes whose shares are taken off. */
static void line_place(const jn_chart *f, size_t l, double *out)
{
    static const double beside[] = { 0.0, 1.0, -1.0 };
    const size_t k = l < 3 ? 0 : l - 3 + (l - 3 >= f->which);
    for (size_t a = 0; a < f->dim; a++) {
        out[a] = l < 3 ? beside[l] : f->modes->mode[k].u[a] - f->modes->mode[f->which].u[a];
    }
    if (l >= 3) {
        jn_lower_solve(f->dim, f->modes->mode[f->which].chol_cov, out);
    }
    for (size_t a = 0; l >= 3 && a < f->dim; a++) {
        out[a] = f->stretched[a] ? asinh(out[a]) : out[a];
    }
}

/* The relative error of the step along an axis: against the sum half a step beside, and the sums of
 * another step, where a kink lies elsewhere between nodes. What stands at other modes counts
 * against the whole, not against the little that is left of them. */
static jn_status line_error(const grid *g, size_t axis, block *b, double *out, uint64_t *used)
{
    const size_t n_lines = 3 + (g->f->shared ? g->f->modes->n - 1 : 0);
    double whole = 0.0;
    jn_status st = JN_OK;
    *out = 0.0;
    for (size_t l = 0; l < n_lines && st == JN_OK; l++) {
        double at[2], other[2], through[JN_CHART_DIM];
        line_place(g->f, l, through);
        st = line_sums(g, axis, through, g->h[axis], b, at, used);
        st = st == JN_OK ? line_sums(g, axis, through, 0.77 * g->h[axis], b, other, used) : st;
        const double off = fmax(fabs(at[0] - at[1]),
                                fmax(fabs(at[0] - other[0]), fabs(at[0] - other[1])));
        whole = l == 0 ? at[0] : whole;
        *out = at[0] > 0.0 ? fmax(*out, 2.0 * off / (l < 3 ? at[0] : whole)) : *out;
    }
    return st;
}

/* Steps small enough for every axis by itself; out: the sum of what is left. */
static jn_status choose_steps(grid *g, double tolerance, double *out, uint64_t *used)
{
    block *b = jn_alloc(1, sizeof *b);
    jn_status st = b == NULL ? JN_ERR_NOMEM : JN_OK;
    const double share = tolerance / (double)(4 * g->f->dim);
    *out = 0.0;
    for (size_t a = 0; a < g->f->dim && st == JN_OK; a++) {
        double error = INFINITY;
        for (int i = 0; i < MAX_STEPS && st == JN_OK; i++) {
            st = line_error(g, a, b, &error, used);
            if (error <= share) {
                break;
            }
            g->h[a] *= 0.8;
        }
        *out += error;
    }
    free(b);
    return st;
}

/* --- the rule -------------------------------------------------------------------------------- */

/* A step that serves a Gaussian: errors of a trapezoid rule with step h go like e^(-2 pi^2/h^2),
 * and ladder_error sees them with 4h and 2h. */
static double first_step(size_t dim, double tolerance)
{
    const double wanted = log(40.0 * (double)dim / fmin(tolerance, 0.1));
    return 0.93 * sqrt((dim == 1 ? 4.9 : 12.3) / fmax(wanted, 3.0));
}

static bool any_stretched(const jn_chart *f)
{
    bool any = false;
    for (size_t a = 0; a < f->dim; a++) {
        any = any || f->stretched[a];
    }
    return any;
}

/* All witnesses together. A mode's share of the joint has poles between the modes, and on stretched
 * axes a slanted ridge thins out far from the centre: both off the lines, and no extrapolation
 * foresees them. */
static double step_error(const jn_chart *f, const sums *s, double lines, double tolerance)
{
    if (f->dim == 1) {
        return ladder_error(s, true, tolerance);
    }
    double error = fmax(ladder_error(s, false, tolerance), lines);
    if (f->shared) {
        const double last = fabs(1.0 - s->twice), before = fabs(s->twice - s->four);
        error = fmax(error, before > 0.0 ? 10.0 * last * fmin(0.1, last / before) : last);
    }
    return fmax(error, f->shared || any_stretched(f) ? 4.0 * s->parity : parity_error(s, f->dim));
}

static void widen(jn_chart *f)
{
    for (size_t a = 0; a < f->dim; a++) {
        f->lo[a] *= 1.2;
        f->hi[a] *= 1.2;
    }
}

static void scale_steps(grid *g, double factor)
{
    for (size_t a = 0; a < g->f->dim; a++) {
        g->h[a] *= factor;
    }
}

static double log_volume(const grid *g)
{
    double sum = 0.0;
    for (size_t a = 0; a < g->f->dim; a++) {
        sum += log(g->h[a]);
    }
    return sum;
}

/* Steps too small for the budget: as small as it allows, and what the lines say of them. */
static jn_status coarsen(grid *g, uint64_t most, double *out, uint64_t *used)
{
    block *b = jn_alloc(1, sizeof *b);
    jn_status st = b == NULL ? JN_ERR_NOMEM : JN_OK;
    while (!lay_out(g, most) && g->h[0] < 1e3) {
        scale_steps(g, 1.2);
    }
    *out = 0.0;
    for (size_t a = 0; a < g->f->dim && st == JN_OK; a++) {
        double error = NAN;
        st = line_error(g, a, b, &error, used);
        *out += error;
    }
    free(b);
    return st;
}

jn_status jn_trapezoid(jn_chart *f, const jn_exact_options *o, double tolerance, jn_local *out)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 25 : o->max_nodes;
    const double aim = 0.5 * tolerance;
    static const double refinement[JN_CHART_DIM] = { 0.5, 0.6, 0.7, 0.75, 0.8, 0.8, 0.85, 0.85 };
    grid g = { .f = f };
    double lines = 0.0;
    *out = (jn_local){ NAN, NAN, 0 };
    for (size_t a = 0; a < f->dim; a++) {
        g.h[a] = first_step(f->dim, aim);
    }
    jn_status st = f->dim == 1 ? JN_OK : choose_steps(&g, aim, &lines, &out->n_eval);
    bool fits = lay_out(&g, most);
    st = fits || st != JN_OK ? st : coarsen(&g, most, &lines, &out->n_eval);
    for (int pass = 0; st == JN_OK && pass < MAX_PASSES; pass++) {
        tally all;
        st = run(&g, o->threads, &all, &out->n_eval);
        if (st != JN_OK) {
            return st;
        }
        const sums s = read_tally(&g, &all);
        const double inside = step_error(f, &s, lines, tolerance);
        out->value = s.total > 0.0 ? log(s.total) + all.top + log_volume(&g) : -INFINITY;
        out->error = inside + s.beyond;
        if (out->error <= tolerance || !fits) {
            break;
        }
        if (s.beyond > aim && s.beyond > inside) {
            widen(f);
        } else {
            scale_steps(&g, refinement[f->dim - 1]);
            st = f->dim == 1 ? st : choose_steps(&g, aim, &lines, &out->n_eval);
        }
        if (!lay_out(&g, most)) {
            break;
        }
    }
    return st != JN_OK ? st : out->error <= tolerance ? JN_OK : JN_NOT_CONVERGED;
}

jn_status jn_exact_quadrature(const jn_model *m, size_t row, const jn_exact_options *options,
                              jn_estimate *out, jn_error *err)
{
    const jn_exact_options none = { 0 };
    if (m->density == NULL || m->dim > JN_CHART_DIM || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s with %zu latent coordinates has no exact log p(x) here: "
                            "quadrature covers 1 to %d continuous ones",
                            m->type->name, m->dim, JN_CHART_DIM);
    }
    return jn_local_sum(m, row, options == NULL ? &none : options, jn_trapezoid, false,
                        "quadrature about the mode", out, err);
}
