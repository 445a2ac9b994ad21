#include "exact/lattice.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "kernel/kernels.h"

enum {
    LINES = 128, /* grid lines a task: fixed, since the order of a sum depends on it */
    LINES_MANY = 16384,
    SMALL = 16384, /* nodes that are not worth a second thread */
    CLASSES = 4,   /* indices all multiples of 4; of 2; even sum; odd sum */
    SHELLS = 3     /* within 0.8 of the box, within 0.9, beyond */
};

/* Sums of exp(v - top) over classes of nodes. */
typedef struct tally {
    double top;
    double part[SHELLS][CLASSES];
} tally;

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

struct jn_lattice_block {
    size_t n;
    unsigned char shell[JN_CHART_BLOCK], class[JN_CHART_BLOCK];
    double s[JN_CHART_DIM * JN_CHART_BLOCK], out[JN_CHART_BLOCK];
    double scratch[JN_CHART_SCRATCH(JN_CHART_DIM)];
};

jn_lattice_block *jn_lattice_block_new(void)
{
    return jn_alloc(1, sizeof(jn_lattice_block));
}

static jn_status flush(const jn_chart *f, jn_lattice_block *b, tally *sum)
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
static uint64_t lines_a_task(const jn_lattice *g)
{
    return g->f->dim > 6 ? LINES_MANY : LINES;
}

static line line_at(const jn_lattice *g, uint64_t index)
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

static jn_status add_line(const jn_lattice *g, const line *l, jn_lattice_block *b, tally *sum,
                          uint64_t *used)
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

typedef struct pass {
    const jn_lattice *g;
    tally *tallies; /* one a task */
    uint64_t *used; /* nodes, one a task */
} pass;

static jn_status sum_lines(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    (void)err;
    const pass *r = user;
    const jn_lattice *g = r->g;
    const uint64_t lines = lines_a_task(g), first = (uint64_t)index * lines;
    const uint64_t last = first + lines < g->n_lines ? first + lines : g->n_lines;
    jn_lattice_block b;
    tally sum = { .top = -INFINITY };
    uint64_t used = 0;
    jn_status st = JN_OK;
    b.n = 0;
    for (uint64_t i = first; i < last && st == JN_OK; i++) {
        const line l = line_at(g, i);
        st = l.rest >= 0.0 ? add_line(g, &l, &b, &sum, &used) : st;
    }
    st = st == JN_OK ? flush(g->f, &b, &sum) : st;
    r->tallies[index] = sum;
    r->used[index] = used;
    return st;
}

/* --- the whole grid -------------------------------------------------------------------------- */

/* The ellipsoid fills less of its box the more axes there are. */
bool jn_lattice_lay_out(jn_lattice *g, uint64_t most)
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

static jn_lattice_sums read_tally(const jn_lattice *g, const tally *t)
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
    jn_lattice_sums s = { .log_total = total > 0.0 ? log(total) + t->top : -INFINITY,
                          .parity = fabs(two + class[2] - class[3]) / total };
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

jn_status jn_lattice_sum(const jn_lattice *g, size_t threads, jn_lattice_sums *out, uint64_t *used)
{
    const size_t tasks = (size_t)((g->n_lines + lines_a_task(g) - 1) / lines_a_task(g));
    pass r = { .g = g };
    r.tallies = jn_alloc(tasks, sizeof *r.tallies);
    r.used = jn_alloc(tasks, sizeof *r.used);
    jn_status st = r.tallies == NULL || r.used == NULL ? JN_ERR_NOMEM : JN_OK;
    if (st == JN_OK) {
        st = jn_tasks_run(tasks, g->n_nodes <= SMALL ? 1 : threads, sum_lines, &r, NULL);
    }
    tally all = { .top = -INFINITY };
    for (size_t i = 0; st == JN_OK && i < tasks; i++) {
        merge(&all, &r.tallies[i]);
        *used += r.used[i];
    }
    free(r.tallies);
    free(r.used);
    if (st == JN_OK) {
        *out = read_tally(g, &all);
    }
    return st;
}

/* --- one line ----------------------------------------------------------------------------------
 */

jn_status jn_lattice_line(const jn_chart *f, size_t axis, const double *through, double step,
                          jn_lattice_block *b, double out[2], uint64_t *used)
{
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
