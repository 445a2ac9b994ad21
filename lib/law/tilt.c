#include "law/tilt.h"

#include <math.h>

#include "kernel/kernels.h"

enum { PIECE = 512 };

void jn_tilt_init(jn_tilt *t, double beta)
{
    *t = (jn_tilt){ .beta = beta, .max = -INFINITY };
}

/* Terms are kept in units of e^max. */
static void raise_to(jn_tilt *t, double max)
{
    if (max > t->max) {
        const double scale = t->max == -INFINITY ? 0.0 : exp(t->max - max);
        t->mass *= scale;
        t->first *= scale;
        t->edge *= scale;
        t->inner *= scale;
        t->max = max;
    }
}

static void add_piece(jn_tilt *t, size_t n, const double *log_w, const double *log_m,
                      const unsigned char *edge)
{
    double term[PIECE], value[PIECE];
    for (size_t i = 0; i < n; i++) {
        const bool counts = log_w[i] > -INFINITY;
        term[i] = counts ? t->beta * log_w[i] + (log_m == NULL ? 0.0 : log_m[i]) : -INFINITY;
    }
    const jn_kernels *k = jn_kernels_get();
    const double max = k->max(n, term);
    if (max == -INFINITY) {
        return;
    }
    raise_to(t, max);
    for (size_t i = 0; i < n; i++) {
        term[i] -= t->max;
    }
    k->exp(n, term, value);
    double mass = 0.0, first = 0.0, outer = 0.0, inner = 0.0;
    for (size_t i = 0; i < n; i++) {
        mass += value[i];
        first += value[i] > 0.0 ? value[i] * log_w[i] : 0.0;
        outer += edge != NULL && edge[i] == 1 ? value[i] : 0.0;
        inner += edge != NULL && edge[i] == 2 ? value[i] : 0.0;
    }
    t->mass += mass;
    t->first += first;
    t->edge += outer;
    t->inner += inner;
}

void jn_tilt_add(jn_tilt *t, size_t n, const double *log_w, const double *log_m,
                 const unsigned char *edge)
{
    for (size_t i = 0; i < n; i += PIECE) {
        const size_t piece = n - i < PIECE ? n - i : PIECE;
        add_piece(t, piece, log_w + i, log_m == NULL ? NULL : log_m + i,
                  edge == NULL ? NULL : edge + i);
    }
}

void jn_tilt_merge(jn_tilt *into, const jn_tilt *from)
{
    if (from->max == -INFINITY) {
        return;
    }
    raise_to(into, from->max);
    const double scale = exp(from->max - into->max);
    into->mass += scale * from->mass;
    into->first += scale * from->first;
    into->edge += scale * from->edge;
    into->inner += scale * from->inner;
}

double jn_tilt_log_sum(const jn_tilt *t)
{
    return t->max == -INFINITY ? -INFINITY : t->max + log(t->mass);
}

double jn_tilt_mean(const jn_tilt *t)
{
    return t->max == -INFINITY ? NAN : t->first / t->mass;
}
