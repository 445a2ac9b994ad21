/* Base points from what q made of them. q is known as a map alone; what is used of it is that
 * Gaussian steps are affine, and that other maps rise or fall in each base point with the rest
 * held.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/memory.h"
#include "chain/walk.h"
#include "jensen/target.h"
#include "model/series.h"

enum { HALVINGS = 64, SWEEPS = 4 };

/* Blocks are d rows of JN_BLOCK. */
typedef struct inversion {
    const jn_proposal *q;
    size_t row, t, d, n;
    bool free_z;        /* z is seen in unconstrained coordinates: q is Gaussian there */
    bool first;         /* of a path: nothing was drawn before */
    const double *near; /* what was */
    double *log_q;
    jn_stream stream;
    uint64_t index0;
    double *base, *z, *column; /* d, d and d x d rows; want: d rows */
    double *want, *lo, *hi, *rising;
    double *memory;
} inversion;

static jn_status map(const inversion *v, const double *base, double *z)
{
    const jn_proposal *q = v->q;
    if (q->path != NULL) {
        return q->path->step(q->self, v->row, v->t, v->n, JN_BLOCK, v->first ? NULL : v->near, base,
                             z, q->is_prior ? NULL : v->log_q);
    }
    const jn_status st = q->ops->map(q->self, v->row, v->n, JN_BLOCK, base, z, v->log_q);
    if (st == JN_OK && v->free_z) {
        jn_target_to_u(q->model, v->n, JN_BLOCK, z, z);
    }
    return st;
}

/* a x = b for one point by elimination with row pivots; false: singular. a is d x d. */
static bool solve(size_t d, double *a, double *b)
{
    for (size_t k = 0; k < d; k++) {
        size_t p = k;
        for (size_t i = k + 1; i < d; i++) {
            p = fabs(a[i * d + k]) > fabs(a[p * d + k]) ? i : p;
        }
        if (!(fabs(a[p * d + k]) > 0.0)) {
            return false;
        }
        for (size_t j = 0; j < d; j++) {
            const double x = a[k * d + j];
            a[k * d + j] = a[p * d + j];
            a[p * d + j] = x;
        }
        const double x = b[k];
        b[k] = b[p];
        b[p] = x;
        for (size_t i = k + 1; i < d; i++) {
            const double f = a[i * d + k] / a[k * d + k];
            for (size_t j = k; j < d; j++) {
                a[i * d + j] -= f * a[k * d + j];
            }
            b[i] -= f * b[k];
        }
    }
    for (size_t k = d; k-- > 0;) {
        for (size_t j = k + 1; j < d; j++) {
            b[k] -= a[k * d + j] * b[j];
        }
        b[k] /= a[k * d + k];
    }
    return true;
}

/* z = at 0 + sum of columns: the columns are seen at unit vectors. */
static jn_status invert_affine(inversion *v)
{
    const size_t d = v->d, rows = d * JN_BLOCK;
    memset(v->base, 0, rows * sizeof *v->base);
    jn_status st = map(v, v->base, v->z);
    for (size_t k = 0; st == JN_OK && k < d; k++) {
        for (size_t i = 0; i < v->n; i++) {
            v->base[k * JN_BLOCK + i] = 1.0;
        }
        st = map(v, v->base, v->column + k * rows);
        memset(v->base + k * JN_BLOCK, 0, JN_BLOCK * sizeof *v->base);
    }
    for (size_t i = 0; st == JN_OK && i < v->n; i++) {
        double a[JN_STATE_MAX * JN_STATE_MAX], b[JN_STATE_MAX];
        for (size_t j = 0; j < d; j++) {
            const double at0 = v->z[j * JN_BLOCK + i];
            b[j] = v->want[j * JN_BLOCK + i] - at0;
            for (size_t k = 0; k < d; k++) {
                a[j * d + k] = v->column[k * rows + j * JN_BLOCK + i] - at0;
            }
        }
        st = solve(d, a, b) ? JN_OK : JN_ERR_UNSUPPORTED;
        for (size_t j = 0; st == JN_OK && j < d; j++) {
            v->base[j * JN_BLOCK + i] = b[j];
        }
    }
    return st;
}

/* The end of the base points whose z_j lies below what is wanted, or (above) does not lie above it,
 * into edge; bounds of the base points are end[0] and end[1]. */
static jn_status find_edge(inversion *v, size_t j, const double end[2], bool above, double *edge)
{
    double *base = v->base + j * JN_BLOCK, *z = v->z + j * JN_BLOCK;
    const double *want = v->want + j * JN_BLOCK;
    jn_status st = JN_OK;
    for (size_t i = 0; i < v->n; i++) {
        v->lo[i] = end[0];
        v->hi[i] = end[1];
    }
    for (int k = 0; st == JN_OK && k < HALVINGS; k++) {
        for (size_t i = 0; i < v->n; i++) {
            base[i] = 0.5 * (v->lo[i] + v->hi[i]);
        }
        st = map(v, v->base, v->z);
        for (size_t i = 0; st == JN_OK && i < v->n; i++) {
            const double off = v->rising[i] * (z[i] - want[i]);
            if (off < 0.0 || (above && off == 0.0)) {
                v->lo[i] = base[i];
            } else {
                v->hi[i] = base[i];
            }
        }
    }
    for (size_t i = 0; i < v->n; i++) {
        edge[i] = 0.5 * (v->lo[i] + v->hi[i]);
    }
    return st;
}

static jn_status invert_one(inversion *v, size_t j)
{
    const bool uniform = jn_walk_uniform(v->q, j);
    const double end[2] = { uniform ? 0x1p-60 : -40.0, uniform ? 1.0 - 0x1p-53 : 40.0 };
    double *base = v->base + j * JN_BLOCK, *z = v->z + j * JN_BLOCK;
    double below[JN_BLOCK], above[JN_BLOCK];
    jn_status st = JN_OK;
    for (int k = 0; st == JN_OK && k < 2; k++) {
        for (size_t i = 0; i < v->n; i++) {
            base[i] = end[k];
        }
        st = map(v, v->base, v->z);
        for (size_t i = 0; st == JN_OK && i < v->n; i++) {
            v->rising[i] = k == 0 ? z[i] : z[i] >= v->rising[i] ? 1.0 : -1.0;
        }
    }
    st = st == JN_OK ? find_edge(v, j, end, false, below) : st;
    st = st == JN_OK ? find_edge(v, j, end, true, above) : st;
    if (st == JN_OK) { /* beyond the coordinates of the posterior's own base points */
        const uint32_t coordinate = (uint32_t)1 << (JN_COORDINATE_BITS - 1);
        jn_uniform_fill(&v->stream, v->index0, v->n,
                        coordinate + (uint32_t)(v->q->path == NULL ? j : v->t), v->lo);
        for (size_t i = 0; i < v->n; i++) {
            base[i] = below[i] + v->lo[i] * (above[i] - below[i]);
        }
    }
    return st;
}

/* Does q make of the base points what was wanted? */
static jn_status verify(inversion *v)
{
    jn_status st = map(v, v->base, v->z);
    for (size_t j = 0; st == JN_OK && j < v->d; j++) {
        for (size_t i = 0; i < v->n; i++) {
            const double want = v->want[j * JN_BLOCK + i], off = v->z[j * JN_BLOCK + i] - want;
            if (!(fabs(off) <= 1e-7 * (1.0 + fabs(want)))) { /* half the digits of a double */
                st = JN_ERR_UNSUPPORTED;
            }
        }
    }
    return st;
}

/* Coordinate after coordinate, as often as it takes when one hangs on those that come later. */
static jn_status invert_monotone(inversion *v)
{
    jn_status st = JN_OK;
    for (size_t j = 0; j < v->d; j++) {
        for (size_t i = 0; i < JN_BLOCK; i++) {
            v->base[j * JN_BLOCK + i] = jn_walk_uniform(v->q, j) ? 0.5 : 0.0;
        }
    }
    for (int sweep = 0; st == JN_OK && sweep < SWEEPS; sweep++) {
        for (size_t j = 0; st == JN_OK && j < v->d; j++) {
            st = invert_one(v, j);
        }
        const jn_status met = st == JN_OK ? verify(v) : st;
        if (met != JN_ERR_UNSUPPORTED) {
            return met;
        }
    }
    return st == JN_OK ? JN_ERR_UNSUPPORTED : st;
}

static jn_status invert_block(inversion *v, bool affine, const double *z, double *e)
{
    for (size_t j = 0; j < v->d; j++) {
        memcpy(v->want + j * JN_BLOCK, z + j * v->n, v->n * sizeof *z);
    }
    if (v->free_z) {
        jn_target_to_u(v->q->model, v->n, JN_BLOCK, v->want, v->want);
    }
    jn_status st = affine ? invert_affine(v) : invert_monotone(v);
    st = st == JN_OK && affine ? verify(v) : st;
    for (size_t j = 0; st == JN_OK && j < v->d; j++) {
        const bool uniform = jn_walk_uniform(v->q, j);
        for (size_t i = 0; i < v->n; i++) {
            const double x = v->base[j * JN_BLOCK + i];
            e[j * v->n + i] = uniform ? gsl_cdf_ugaussian_Pinv(x) : x;
        }
    }
    return st;
}

static jn_status invert_path(inversion *v, const double *z, double *e)
{
    const jn_model *m = v->q->model;
    const size_t T = m->chain->n_steps(m->self, v->row);
    const bool backward = v->q->path->backward;
    double *near = v->want + v->d * JN_BLOCK;
    jn_status st = JN_OK;
    v->near = near;
    for (size_t k = 0; st == JN_OK && k < T; k++) {
        v->t = backward ? T - 1 - k : k;
        v->first = k == 0;
        const size_t before = backward ? v->t + 1 : v->t - 1;
        for (size_t j = 0; k > 0 && j < v->d; j++) {
            memcpy(near + j * JN_BLOCK, z + (before * v->d + j) * v->n, v->n * sizeof *near);
        }
        st = invert_block(v, m->chain->finite == NULL, z + v->t * v->d * v->n,
                          e + v->t * v->d * v->n);
    }
    return st;
}

jn_status jn_walk_invert(const jn_proposal *q, size_t row, const jn_stream *stream, uint64_t index0,
                         size_t n, const double *z, jn_workspace *ws, double *e, jn_error *err)
{
    const bool path = q->path != NULL;
    const size_t d = path ? jn_path_step_base(q->model) : jn_proposal_n_base(q);
    inversion v = {
        .q = q, .row = row, .d = d, .n = n, .log_q = ws->log_q, .stream = *stream, .index0 = index0
    };
    v.free_z = !path && q->is_gaussian && d <= JN_STATE_MAX;
    const bool columns = path ? q->model->chain->finite == NULL : v.free_z;
    if (d != q->model->dim || (columns && d > JN_STATE_MAX)) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "proposal %s makes z of %zu numbers, more than z has: they cannot be "
                            "told from z",
                            q->type->name, d);
    }
    const size_t blocks = 4 * d + (columns ? d * d : 0);
    v.memory = jn_alloc_doubles((blocks + 3) * JN_BLOCK);
    if (v.memory == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for reverse chains");
    }
    v.base = v.memory;
    v.z = v.base + d * JN_BLOCK;
    v.want = v.z + d * JN_BLOCK; /* and as many rows more for what was drawn before */
    v.column = v.want + 2 * d * JN_BLOCK;
    v.lo = v.memory + blocks * JN_BLOCK;
    v.hi = v.lo + JN_BLOCK;
    v.rising = v.hi + JN_BLOCK;
    const jn_status st = path ? invert_path(&v, z, e) : invert_block(&v, columns, z, e);
    free(v.memory);
    return st < 0 ? jn_error_set(err, st,
                                 st == JN_ERR_UNSUPPORTED
                                     ? "proposal %s, observation %zu: a draw of the posterior is "
                                       "none of q's, or q's base points cannot be told from it"
                                     : "proposal %s, observation %zu: base points of a draw of the "
                                       "posterior",
                                 q->type->name, row)
                  : st;
}
