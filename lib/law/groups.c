#include "law/groups.h"

static const jn_lse EMPTY = JN_LSE_INIT;

void jn_groups_init(jn_groups *g, uint64_t k, uint64_t first)
{
    *g = (jn_groups){
        .k = k, .first = first, .head = EMPTY, .tail = EMPTY, .done = JN_MOMENTS_INIT
    };
}

/* The group that is open at the end of the run: its start may lie before the run. */
static jn_lse *open_group(jn_groups *g)
{
    const uint64_t next = g->first + g->n, start = next - next % g->k;
    return start < g->first ? &g->head : &g->tail;
}

/* The open group of the run got its last draw. One that began before the run stays in `head`, to
 * be finished by whoever holds its beginning. */
static void close_group(jn_groups *g, jn_lse *open)
{
    if (open == &g->tail) {
        const double value = jn_lse_log_mean(open);
        jn_moments_add(&g->done, value, 1.0);
        g->n_zero += value == -INFINITY;
        *open = EMPTY;
    }
}

void jn_groups_add(jn_groups *g, size_t n, const double *log_w)
{
    for (size_t i = 0; i < n;) {
        const uint64_t left = g->k - (g->first + g->n) % g->k;
        const size_t take = left < n - i ? (size_t)left : n - i;
        jn_lse *open = open_group(g);
        jn_lse_add_array(open, take, log_w + i);
        g->n += take;
        i += take;
        if (take == left) {
            close_group(g, open);
        }
    }
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
        jn_moments_merge(&into->done, &from->done);
        into->n_zero += from->n_zero;
        into->tail = from->tail;
        into->n += rest;
    }
}
