#include "law/groups.h"

#include <string.h>

#include "kernel/kernels.h"
#include "law/stream.h"

static const jn_lse EMPTY = JN_LSE_INIT;
enum { PIECE = 512 };

void jn_groups_init(jn_groups *g, uint64_t k, uint64_t first)
{
    *g = (jn_groups){
        .k = k, .first = first, .head = EMPTY, .tail = EMPTY, .done = JN_MOMENTS_INIT, .log_p = NAN
    };
}

/* The group that is open at the end of the run: its start may lie before the run. */
static jn_lse *open_group(jn_groups *g)
{
    const uint64_t next = g->first + g->n, start = next - next % g->k;
    return start < g->first ? &g->head : &g->tail;
}

static void control_add(jn_control *c, double x, double y)
{
    c->n++;
    const double n = (double)c->n, dx = x - c->x, dy = y - c->y;
    c->x += dx / n;
    c->y += dy / n;
    c->xx += dx * (x - c->x);
    c->xy += dx * (y - c->y);
    c->yy += dy * (y - c->y);
}

void jn_control_merge(jn_control *into, const jn_control *from)
{
    if (from->n == 0 || into->n == 0) {
        *into = from->n == 0 ? *into : *from;
        return;
    }
    const double a = (double)into->n, b = (double)from->n, n = a + b;
    const double dx = from->x - into->x, dy = from->y - into->y, share = a * b / n;
    into->xx += from->xx + dx * dx * share;
    into->xy += from->xy + dx * dy * share;
    into->yy += from->yy + dy * dy * share;
    into->x += dx * b / n;
    into->y += dy * b / n;
    into->n += from->n;
}

/* A full group, `index` of them before it. */
static void count_group(jn_groups *g, uint64_t index, double value)
{
    jn_moments_add(&g->done, value, 1.0);
    g->n_zero += value == -INFINITY;
    if (!isnan(g->log_p)) {
        const double y = value - g->log_p;
        control_add(&g->fold[index % 2], expm1(y), y);
    }
}

/* The open group of the run got its last draw. One that began before the run stays in `head`, to
 * be finished by whoever holds its beginning. */
static void close_group(jn_groups *g, jn_lse *open)
{
    if (open == &g->tail) {
        count_group(g, (g->first + g->n) / g->k - 1, jn_lse_log_mean(open));
        *open = EMPTY;
    }
}

/* Every second pair from x[0], y[0] on, about the first of them. */
static jn_control control_of(size_t n, const double *x, const double *y)
{
    double sum[5] = { 0.0, 0.0, 0.0, 0.0, 0.0 };
    for (size_t i = 0; i < n; i += 2) {
        const double dx = x[i] - x[0], dy = y[i] - y[0];
        sum[0] += dx;
        sum[1] += dy;
        sum[2] += dx * dx;
        sum[3] += dx * dy;
        sum[4] += dy * dy;
    }
    const double count = (double)((n + 1) / 2), mx = sum[0] / count, my = sum[1] / count;
    return (jn_control){ .n = (n + 1) / 2,
                         .x = x[0] + mx,
                         .y = y[0] + my,
                         .xx = sum[2] - mx * sum[0],
                         .xy = sum[3] - mx * sum[1],
                         .yy = sum[4] - my * sum[1] };
}

/* n <= PIECE full groups, `index` of them before; values: overwritten. */
static void count_groups(jn_groups *g, uint64_t index, size_t n, double *value)
{
    double range[2], x[PIECE];
    const jn_kernels *k = jn_kernels_get();
    k->extent(n, value, range);
    if (range[0] == -INFINITY) {
        for (size_t i = 0; i < n; i++) {
            count_group(g, index + i, value[i]);
        }
        return;
    }
    jn_moments_add_array(&g->done, n, value);
    if (!isnan(g->log_p)) {
        for (size_t i = 0; i < n; i++) {
            value[i] -= g->log_p;
        }
        k->expm1(n, value, x);
        for (size_t i = 0; i < 2 && i < n; i++) {
            const jn_control c = control_of(n - i, x + i, value + i);
            jn_control_merge(&g->fold[(index + i) % 2], &c);
        }
    }
}

/* Groups that lie whole in log_w: how many draws they take. */
static size_t add_full(jn_groups *g, size_t n, const double *log_w)
{
    double value[PIECE];
    const size_t k = (size_t)g->k, groups = n / k;
    for (size_t at = 0; at < groups; at += PIECE) {
        const size_t piece = groups - at < PIECE ? groups - at : PIECE;
        jn_kernels_get()->group_lme(piece, k, log_w + at * k, value);
        count_groups(g, (g->first + g->n) / g->k, piece, value);
        g->n += piece * k;
    }
    return groups * k;
}

/* Some of a group. */
static void add_part(jn_groups *g, size_t n, const double *log_w)
{
    const jn_kernels *k = jn_kernels_get();
    const double top = k->max(n, log_w);
    const jn_lse part = { top, top > -INFINITY ? k->sum_exp(n, log_w, top) : 0.0, n };
    jn_lse *open = open_group(g);
    jn_lse_merge(open, &part);
    g->n += n;
    if ((g->first + g->n) % g->k == 0) {
        close_group(g, open);
    }
}

void jn_groups_add(jn_groups *g, size_t n, const double *log_w)
{
    for (size_t i = 0; i < n;) {
        const uint64_t inside = (g->first + g->n) % g->k, left = g->k - inside;
        if (inside == 0 && left <= n - i) {
            i += add_full(g, n - i, log_w + i);
        } else {
            const size_t take = left < n - i ? (size_t)left : n - i;
            add_part(g, take, log_w + i);
            i += take;
        }
    }
}

void jn_groups_add_replaced(jn_groups *g, size_t n, const double *log_w, const double *replacement)
{
    double mixed[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t piece = n - at < PIECE ? n - at : PIECE;
        memcpy(mixed, log_w + at, piece * sizeof *mixed);
        const uint64_t next = g->first + g->n, into = next % g->k;
        for (uint64_t i = into == 0 ? 0 : g->k - into; i < piece; i += g->k) {
            const double l = replacement[at + i];
            mixed[i] = l < INFINITY ? l : 0.0; /* the law counts these; nothing else is read then */
        }
        jn_groups_add(g, piece, mixed);
    }
}

void jn_groups_pool(jn_groups *into, const jn_groups *from)
{
    jn_moments_merge(&into->done, &from->done);
    into->n_zero += from->n_zero;
    jn_control_merge(&into->fold[0], &from->fold[0]);
    jn_control_merge(&into->fold[1], &from->fold[1]);
}

void jn_groups_merge(jn_groups *into, const jn_groups *from)
{
    if (from->head.n > 0) {
        jn_lse *open = open_group(into);
        jn_lse_merge(open, &from->head);
        into->n += from->head.n;
        if ((into->first + into->n) % into->k == 0) {
            close_group(into, open);
        }
    }
    const uint64_t rest = from->n - from->head.n;
    if (rest > 0) {
        jn_groups_pool(into, from);
        into->tail = from->tail;
        into->n += rest;
    }
}
