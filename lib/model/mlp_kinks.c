/* Where a rectified network of one input bends: layer by layer, between the bends of the layers
 * before it every unit is linear, so that its zeros are known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/mlp.h"

enum { MOST = 1 << 14 }; /* no network in use bends as often in one coordinate */

typedef struct places {
    size_t n, capacity;
    double *z;
} places;

static jn_status add(places *p, double z)
{
    if (p->n == p->capacity) {
        const size_t capacity = 2 * p->capacity + 64;
        double *more = jn_realloc(p->z, capacity, sizeof *more);
        if (more == NULL) {
            return JN_ERR_NOMEM;
        }
        p->z = more;
        p->capacity = capacity;
    }
    p->z[p->n++] = z;
    return p->n > MOST ? JN_REFUSED : JN_OK;
}

/* Layer `last` at z before its activation; `scratch` holds twice the width. */
static const double *before_activation(const jn_mlp *mlp, size_t last, double z, double *scratch)
{
    double *in = scratch, *out = scratch + mlp->width;
    in[0] = z;
    for (size_t k = 0; k <= last; k++) {
        const jn_layer *l = &mlp->layer[k];
        for (size_t j = 0; j < l->out; j++) {
            double sum = l->bias[j];
            for (size_t i = 0; i < l->in; i++) {
                sum += l->weight[j * l->in + i] * (k == 0 ? in[i] : fmax(in[i], 0.0));
            }
            out[j] = sum;
        }
        double *swap = in;
        in = out;
        out = swap;
    }
    return in;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The zeros of one layer's units between the places found so far join these. */
static jn_status add_layer(const jn_mlp *mlp, size_t layer, double *work, places *p)
{
    const size_t units = mlp->layer[layer].out, n = p->n;
    double *left = work, *scratch = work + mlp->width;
    memcpy(left, before_activation(mlp, layer, p->z[0], scratch), units * sizeof *left);
    jn_status st = JN_OK;
    for (size_t i = 1; i < n && st == JN_OK; i++) {
        const double a = p->z[i - 1], b = p->z[i];
        const double *right = before_activation(mlp, layer, b, scratch);
        for (size_t j = 0; j < units && st == JN_OK; j++) {
            if ((left[j] < 0.0) != (right[j] < 0.0)) {
                st = add(p, a + (b - a) * (left[j] / (left[j] - right[j])));
            }
        }
        memcpy(left, right, units * sizeof *left);
    }
    qsort(p->z, p->n, sizeof *p->z, ascending);
    return st;
}

jn_status jn_mlp_kinks(const jn_mlp *mlp, double lo, double hi, size_t *n, double **out)
{
    places p = { 0 };
    *n = 0;
    *out = NULL;
    if (mlp->activation != JN_RELU || mlp->in != 1) {
        return JN_OK;
    }
    double *work = jn_alloc_doubles(3 * mlp->width);
    jn_status st = work == NULL ? JN_ERR_NOMEM : add(&p, lo);
    st = st == JN_OK ? add(&p, hi) : st;
    for (size_t k = 0; k + 1 < mlp->n_layers && st == JN_OK; k++) {
        st = add_layer(mlp, k, work, &p);
    }
    free(work);
    if (st != JN_OK) {
        free(p.z);
        return st == JN_REFUSED ? JN_OK : st;
    }
    *n = p.n;
    *out = p.z;
    return JN_OK;
}

/* One layer's units before their activation, from the bounds lo, hi of its inputs. */
static void bounds(const jn_layer *l, const double *lo, const double *hi, double *out_lo,
                   double *out_hi)
{
    for (size_t j = 0; j < l->out; j++) {
        out_lo[j] = out_hi[j] = l->bias[j];
        for (size_t i = 0; i < l->in; i++) {
            const double w = l->weight[j * l->in + i];
            out_lo[j] += w * (w > 0.0 ? lo[i] : hi[i]);
            out_hi[j] += w * (w > 0.0 ? hi[i] : lo[i]);
        }
    }
}

bool jn_mlp_may_bend(const jn_mlp *mlp, const double *lo, const double *hi, double *work)
{
    double *next[2][2] = { { work, work + mlp->width },
                           { work + 2 * mlp->width, work + 3 * mlp->width } };
    if (mlp->activation != JN_RELU) {
        return false;
    }
    for (size_t k = 0; k + 1 < mlp->n_layers; k++) {
        double *a = next[k % 2][0], *b = next[k % 2][1];
        bounds(&mlp->layer[k], lo, hi, a, b);
        for (size_t j = 0; j < mlp->layer[k].out; j++) {
            if (a[j] < 0.0 && b[j] > 0.0) {
                return true;
            }
            a[j] = fmax(a[j], 0.0);
            b[j] = fmax(b[j], 0.0);
        }
        lo = a;
        hi = b;
    }
    return false;
}
