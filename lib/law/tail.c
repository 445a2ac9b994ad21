#include "law/tail.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/kernels.h"
#include "law/select.h"

void jn_tail_init(jn_tail *t, size_t keep)
{
    *t = (jn_tail){ .keep = keep, .floor = -INFINITY };
}

void jn_tail_free(jn_tail *t)
{
    free(t->log_w);
    memset(t, 0, sizeof *t);
}

/* Twice as many as are kept fit; the smaller half is thrown away when they are there. What is kept
 * does not depend on when that happens: ties are equal. */
static void shrink(jn_tail *t)
{
    if (t->n <= t->keep) {
        return;
    }
    jn_select_largest(t->n, t->log_w, t->keep);
    t->n = t->keep;
    double floor = INFINITY;
    for (size_t i = 0; i < t->n; i++) {
        floor = fmin(floor, t->log_w[i]);
    }
    t->floor = floor;
}

static jn_status reserve(jn_tail *t, size_t more)
{
    const size_t most = 2 * t->keep, wanted = t->n + more;
    if (wanted <= t->capacity || t->capacity == most) {
        return JN_OK;
    }
    size_t capacity = 2 * wanted;
    capacity = capacity < most ? capacity : most;
    double *l = jn_realloc(t->log_w, capacity, sizeof *l);
    if (l == NULL) {
        return JN_ERR_NOMEM;
    }
    t->log_w = l;
    t->capacity = capacity;
    return JN_OK;
}

/* n <= PIECE values above the floor; it may rise on the way. */
static void append(jn_tail *t, size_t n, const double *log_w)
{
    for (size_t i = 0; i < n;) {
        if (t->n == t->capacity) {
            shrink(t);
        }
        const size_t room = t->capacity - t->n, take = n - i < room ? n - i : room;
        t->n += jn_kernels_get()->above(take, log_w + i, t->floor, t->log_w + t->n);
        i += take;
    }
}

jn_status jn_tail_add(jn_tail *t, size_t n, const double *log_w)
{
    enum { PIECE = 512 };
    if (t->keep == 0) {
        return JN_OK;
    }
    for (size_t i = 0; i < n; i += PIECE) {
        double high[PIECE];
        const size_t piece = n - i < PIECE ? n - i : PIECE;
        /* what equals the floor is there often enough */
        const size_t m = jn_kernels_get()->above(piece, log_w + i, t->floor, high);
        const jn_status st = m == 0 ? JN_OK : reserve(t, m);
        if (st != JN_OK) {
            return st;
        }
        append(t, m, high);
    }
    return JN_OK;
}

jn_status jn_tail_merge(jn_tail *into, const jn_tail *from)
{
    return jn_tail_add(into, from->n, from->log_w);
}

jn_status jn_tail_move(jn_tail *into, jn_tail *from)
{
    const jn_tail empty = *into;
    if (from->n > 0) {
        double *l = jn_realloc(from->log_w, from->n, sizeof *l);
        if (l == NULL) {
            return JN_ERR_NOMEM;
        }
        from->log_w = l;
        from->capacity = from->n;
    }
    *into = *from;
    *from = empty;
    return JN_OK;
}
