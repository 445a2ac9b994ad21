#include "bound/laplace_table.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"

static const double FLOOR = -44.0;                  /* log of what no longer counts against 1 */
static const double SAME_PLACE = 8.0 * DBL_EPSILON; /* relative */
enum { BATCH = 8, MOST_ENTRIES = 1 << 24 };

void jn_laplace_table_free(jn_laplace_table *t)
{
    free(t->u);
    free(t->log_phi);
    free(t->delta);
    free(t->count);
    free(t->odd);
}

static jn_status reserve(jn_laplace_table *t, size_t more)
{
    if (t->n + more <= t->capacity) {
        return JN_OK;
    }
    const size_t capacity = 2 * (t->n + more);
    double **const arrays[] = { &t->u, &t->log_phi, &t->delta, &t->count, &t->odd };
    for (size_t i = 0; i < 5; i++) {
        double *a = jn_realloc(*arrays[i], capacity, sizeof *a);
        if (a == NULL) {
            return JN_ERR_NOMEM;
        }
        *arrays[i] = a;
    }
    t->capacity = capacity;
    return JN_OK;
}

/* The next entries, from place *at of the lattice on. */
static jn_status add_batch(const jn_weight_law *w, double *at, jn_laplace_table *t)
{
    jn_status st = reserve(t, BATCH);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = t->n; i < t->n + BATCH; i++) {
        const double u = t->step * *at;
        const double flat = fmin(jn_weight_law_flat(w, u), 1e15);
        /* so far out that places of the lattice are the same number, several are one */
        const double same = floor(SAME_PLACE * fabs(*at));
        const double count = fmax(fmax(floor(flat / t->step), same), 1.0);
        t->u[i] = u + 0.5 * t->step * (count - 1.0);
        t->count[i] = count;
        t->odd[i] = floor(0.5 * (count + fabs(fmod(*at, 2.0))));
        *at += count;
    }
    st = jn_weight_law_laplace(w, BATCH, t->u + t->n, t->log_phi + t->n, t->delta + t->n);
    t->n += st == JN_OK ? BATCH : 0;
    return st;
}

/* Below -log k - 22 there is nothing where k delta, which is what the integrands are made of, is
 * nothing there already: delta is convex, so what lies below adds up to less. It falls like s^2
 * (s^a for weights of tail index a < 2, and then it takes longer). */
static jn_status start_of(const jn_weight_law *w, double k, double *start)
{
    const double SOON = 22.0, LATE = 40.0, NOTHING = 3e-19;
    const double u[] = { -log(k) - SOON, -log(k) };
    double log_phi[2], delta[2];
    const jn_status st = jn_weight_law_laplace(w, 2, u, log_phi, delta);
    if (st == JN_OK) {
        const bool soon = k * delta[0] <= NOTHING * fmin(k * delta[1], 1.0);
        *start = -log(k) - (soon ? SOON : LATE);
    }
    return st;
}

jn_status jn_laplace_tabulate(const jn_weight_law *w, double k_min, double k_max, double step,
                              jn_laplace_table *t)
{
    t->step = step;
    double start;
    jn_status st = start_of(w, k_max, &start);
    double at = st == JN_OK ? floor(start / t->step) : 0.0;
    bool more = true;
    while (st == JN_OK && more) {
        st = add_batch(w, &at, t);
        const size_t last = t->n - 1;
        more = st == JN_OK && k_min * t->log_phi[last] > FLOOR && t->n < MOST_ENTRIES &&
               isfinite(jn_weight_law_flat(w, t->u[last]));
    }
    return st;
}
