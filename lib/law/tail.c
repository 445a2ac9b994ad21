#include "law/tail.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
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

jn_status jn_tail_add(jn_tail *t, size_t n, const double *log_w)
{
    const jn_status st = t->keep == 0 ? JN_OK : reserve(t, n);
    for (size_t i = 0; st == JN_OK && t->keep > 0 && i < n; i++) {
        if (log_w[i] > t->floor) { /* what equals the floor is there often enough */
            if (t->n == t->capacity) {
                shrink(t);
            }
            t->log_w[t->n++] = log_w[i];
        }
    }
    return st;
}

jn_status jn_tail_merge(jn_tail *into, const jn_tail *from)
{
    return jn_tail_add(into, from->n, from->log_w);
}
