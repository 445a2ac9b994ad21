/* The first panels of one coordinate: equal cells, and a cut wherever the model bends. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "target/panel.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double to_u(const jn_axis_of *a, double s)
{
    return a->centre + a->scale * (a->stretched ? sinh(s) : s);
}

static double to_s(const jn_axis_of *a, double u)
{
    const double t = (u - a->centre) / a->scale;
    return a->stretched ? asinh(t) : t;
}

jn_status jn_panel_cuts(const jn_model *m, const jn_axis_of *axis, double lo, double hi,
                        size_t cells, size_t *n, double **cuts)
{
    size_t n_kinks = 0;
    double *kink = NULL;
    jn_status st = JN_OK;
    if (m->dim == 1 && m->density->kinks != NULL && jn_model_support(m, 0) == JN_REAL) {
        st = m->density->kinks(m->self, to_u(axis, lo), to_u(axis, hi), &n_kinks, &kink);
    }
    double *at = st == JN_OK ? jn_alloc_doubles(cells + 1 + n_kinks) : NULL;
    if (at == NULL) {
        free(kink);
        return st == JN_OK ? JN_ERR_NOMEM : st;
    }
    size_t all = 0;
    for (size_t i = 0; i < cells; i++) {
        at[all++] = lo + (hi - lo) / (double)cells * (double)i;
    }
    for (size_t i = 0; i < n_kinks; i++) {
        const double s = to_s(axis, kink[i]);
        at[all] = s;
        all += s > lo && s < hi;
    }
    free(kink);
    qsort(at, all, sizeof *at, ascending);
    size_t kept = 1; /* what is nearer than rounding to the last cut is that cut */
    for (size_t i = 1; i < all; i++) {
        at[kept] = at[i];
        kept += at[i] - at[kept - 1] > 1e-14 * (hi - lo) && hi - at[i] > 1e-14 * (hi - lo);
    }
    at[kept] = hi;
    *n = kept;
    *cuts = at;
    return JN_OK;
}
