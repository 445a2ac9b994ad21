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

/* Of n pairs of groups `index` and after: those of even and odd number, sums as kernels give them
 * of x - x0 and y + log_p - y0. */
static void add_folds(jn_groups *g, uint64_t index, size_t n, const jn_draw_sums *sums,
                      const double x0[2], const double y0[2])
{
    for (size_t i = 0; i < 2 && i < n; i++) {
        const double *s = sums->fold[i], count = (double)((n - i + 1) / 2);
        const double mx = s[0] / count, my = s[1] / count;
        const jn_control c = { .n = (n - i + 1) / 2,
                               .x = x0[i] + mx,
                               .y = y0[i] - g->log_p + my,
                               .xx = s[2] - mx * s[0],
                               .xy = s[3] - mx * s[1],
                               .yy = s[4] - my * s[1] };
        jn_control_merge(&g->fold[(index + i) % 2], &c);
    }
}

/* n <= PIECE full groups, `index` of them before, none infinite. x: e^(value - log_p) - 1; NULL:
 * not made. */
static void control_groups(jn_groups *g, uint64_t index, size_t n, const double *value,
                           const double *x)
{
    double made[PIECE];
    if (isnan(g->log_p)) {
        return;
    }
    if (x == NULL) {
        for (size_t i = 0; i < n; i++) {
            made[i] = value[i] - g->log_p;
        }
        jn_kernels_get()->expm1(n, made, made);
    }
    x = x == NULL ? made : x;
    jn_draw_sums sums;
    jn_kernels_get()->control(n, x, value, sums.fold);
    const size_t second = n > 1;
    add_folds(g, index, n, &sums, (double[]){ x[0], x[second] },
              (double[]){ value[0], value[second] });
}

/* The same, infinite or not. */
static void count_groups(jn_groups *g, uint64_t index, size_t n, const double *value,
                         const double *x)
{
    jn_moments all;
    double range[2];
    if (jn_moments_of_array(n, value, &all, range)) {
        jn_moments_merge(&g->done, &all);
        control_groups(g, index, n, value, x);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        count_group(g, index + i, value[i]);
    }
}

/* Log-mean-exps by sums of weights. */
static void scaled_groups(jn_groups *g, uint64_t index, size_t n, const jn_scaled *scaled)
{
    double value[PIECE], mean[PIECE], x[PIECE], range[2];
    const jn_kernels *k = jn_kernels_get();
    k->group_means(n, g->k, scaled->w1, x);
    k->log1p(n, x, value);
    k->extent(n, x, range);
    if (range[0] < -0.5) { /* the mean less 1 has no digits where the mean is small */
        k->group_means(n, g->k, scaled->w, mean);
        k->log(n, mean, mean);
    }
    for (size_t i = 0; i < n; i++) {
        value[i] = scaled->unit + (x[i] < -0.5 ? mean[i] : value[i]);
    }
    count_groups(g, index, n, value, scaled->unit == g->log_p ? x : NULL);
}

/* Up to PIECE groups that lie whole in log_w. */
static void full_groups(jn_groups *g, size_t n, const double *log_w, const jn_scaled *scaled)
{
    double value[PIECE];
    const uint64_t index = (g->first + g->n) / g->k;
    if (scaled->w == NULL) {
        jn_kernels_get()->group_lme(n, g->k, log_w, value);
        count_groups(g, index, n, value, NULL);
    } else if (g->k > 1) {
        scaled_groups(g, index, n, scaled);
    } else if (scaled->sums != NULL && scaled->unit == g->log_p) {
        const jn_moments all = jn_moments_of_draws(n, log_w, scaled->sums);
        jn_moments_merge(&g->done, &all);
        add_folds(g, index, n, scaled->sums, (double[]){ 0.0, 0.0 },
                  (double[]){ log_w[0], log_w[0] });
    } else {
        count_groups(g, index, n, log_w, scaled->unit == g->log_p ? scaled->w1 : NULL);
    }
}

/* From draw i on; all: of all that there are. */
static jn_scaled from(const jn_scaled *s, size_t i, bool all)
{
    const bool made = s->w != NULL;
    return (jn_scaled){ s->unit, made ? s->w + i : NULL, made ? s->w1 + i : NULL,
                        all ? s->sums : NULL };
}

/* Groups that lie whole in log_w: how many draws they take. */
static size_t add_full(jn_groups *g, size_t n, const double *log_w, const jn_scaled *scaled)
{
    const size_t k = (size_t)g->k, groups = n / k;
    for (size_t at = 0; at < groups; at += PIECE) {
        const size_t piece = groups - at < PIECE ? groups - at : PIECE;
        const jn_scaled here = from(scaled, at * k, piece * k == n);
        full_groups(g, piece, log_w + at * k, &here);
        g->n += piece * k;
    }
    return groups * k;
}

/* Some of a group. */
static void add_part(jn_groups *g, size_t n, const double *log_w, const jn_scaled *scaled)
{
    const jn_kernels *k = jn_kernels_get();
    jn_lse part = { scaled->unit, 0.0, n };
    if (scaled->w != NULL) {
        double mean;
        k->group_means(1, n, scaled->w, &mean);
        part.scaled = (double)n * mean;
    } else {
        part.max = k->max(n, log_w);
        part.scaled = part.max > -INFINITY ? k->sum_exp(n, log_w, part.max) : 0.0;
    }
    jn_lse *open = open_group(g);
    jn_lse_merge(open, &part);
    g->n += n;
    if ((g->first + g->n) % g->k == 0) {
        close_group(g, open);
    }
}

void jn_groups_add(jn_groups *g, size_t n, const double *log_w, const jn_scaled *scaled)
{
    for (size_t i = 0; i < n;) {
        const uint64_t inside = (g->first + g->n) % g->k, left = g->k - inside;
        const jn_scaled here = from(scaled, i, i == 0);
        if (inside == 0 && left <= n - i) {
            i += add_full(g, n - i, log_w + i, &here);
        } else {
            const size_t take = left < n - i ? (size_t)left : n - i;
            add_part(g, take, log_w + i, &here);
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
        jn_groups_add(g, piece, mixed, &(jn_scaled){ 0 });
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
