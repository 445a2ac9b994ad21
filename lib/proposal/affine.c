#include "proposal/affine.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "base/memory.h"
#include "jensen/target.h"
#include "kernel/kernels.h"

enum { CHUNK = 256 };

/* --- making one ------------------------------------------------------------------------------ */

static void gaussian_radial(const jn_affine *a, size_t set, size_t n, double *square)
{
    for (size_t i = 0; i < n; i++) {
        square[i] = a->log_norm[set] - 0.5 * square[i];
    }
}

jn_affine *jn_affine_new(const jn_model *model, bool per_row)
{
    const size_t d = model->dim;
    jn_affine *a = jn_alloc(1, sizeof *a);
    if (a == NULL) {
        return NULL;
    }
    *a = (jn_affine){ .model = model,
                      .dim = d,
                      .n_sets = per_row ? model->n_obs : 1,
                      .diagonal = true,
                      .all_real = true,
                      .radial = gaussian_radial };
    const size_t one = d * d;
    const bool fits = one / d == d && a->n_sets <= SIZE_MAX / sizeof(double) / one;
    a->mean = jn_alloc_doubles(a->n_sets * d);
    a->chol = fits ? jn_alloc_doubles(a->n_sets * one) : NULL;
    a->log_norm = jn_alloc_doubles(a->n_sets);
    if (a->mean == NULL || a->chol == NULL || a->log_norm == NULL) {
        jn_affine_free(a);
        return NULL;
    }
    return a;
}

void jn_affine_free(void *self)
{
    jn_affine *a = self;
    if (a != NULL) {
        free(a->mean);
        free(a->chol);
        free(a->log_norm);
        free(a);
    }
}

static bool set_is_diagonal(const jn_affine *a, const double *chol)
{
    for (size_t i = 0; i < a->dim * a->dim; i++) {
        if (i % (a->dim + 1) != 0 && chol[i] != 0.0) {
            return false;
        }
    }
    return true;
}

static jn_status shift_and_widen(jn_affine *a, const jn_params *params, jn_error *err)
{
    double widen;
    double *shift = jn_alloc_doubles(a->dim);
    if (shift == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a proposal");
    }
    jn_status status = jn_params_vector(params, "shift", a->dim, -INFINITY, INFINITY, shift, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "widen", nextafter(0.0, 1.0), INFINITY, &widen, err);
    }
    for (size_t s = 0; status == JN_OK && s < a->n_sets; s++) {
        for (size_t j = 0; j < a->dim; j++) {
            a->mean[s * a->dim + j] += shift[j];
        }
        for (size_t j = 0; j < a->dim * a->dim; j++) {
            a->chol[s * a->dim * a->dim + j] *= widen;
        }
    }
    free(shift);
    return status;
}

jn_status jn_affine_finish(jn_affine *a, const jn_params *params, jn_error *err)
{
    const jn_status status = shift_and_widen(a, params, err);
    if (status < 0) {
        return status;
    }
    for (size_t j = 0; j < a->dim; j++) {
        a->all_real = a->all_real && jn_model_support(a->model, j) == JN_REAL;
    }
    for (size_t s = 0; s < a->n_sets; s++) {
        const double *chol = a->chol + s * a->dim * a->dim;
        a->diagonal = a->diagonal && set_is_diagonal(a, chol);
        a->log_norm[s] = -0.5 * (double)a->dim * JN_LOG_2PI - jn_lower_log_det(a->dim, chol);
        double size = a->log_norm[s];
        for (size_t j = 0; j < a->dim; j++) {
            size += fabs(a->mean[s * a->dim + j]);
        }
        for (size_t j = 0; j < a->dim; j++) {
            const double sd = chol[j * a->dim + j];
            if (!(sd >= JN_SD_LEAST && sd <= JN_SD_MOST)) {
                size = INFINITY;
            }
        }
        if (!isfinite(size)) {
            return jn_error_set(err, JN_ERR_VALUE,
                                "mean, sd, shift and widen together leave the range of doubles: "
                                "sd is to be between 1e-100 and 1e100");
        }
    }
    return JN_OK;
}

/* --- the proposal's functions ---------------------------------------------------------------- */

size_t jn_affine_set(const jn_affine *a, size_t row)
{
    return a->n_sets == 1 ? 0 : row;
}

void jn_affine_place(const jn_affine *a, size_t row, size_t n, size_t ld, const double *e,
                     double *z, double *log_q)
{
    const size_t d = a->dim, set = jn_affine_set(a, row);
    const jn_kernels *k = jn_kernels_get();
    if (a->diagonal) {
        k->diagonal(d, a->mean + set * d, a->chol + set * d * d, d + 1, n, ld, e, z);
    } else {
        k->affine(d, a->mean + set * d, a->chol + set * d * d, n, ld, e, z);
    }
    for (size_t at = 0; !a->all_real && at < n; at += CHUNK) {
        const size_t count = n - at < CHUNK ? n - at : CHUNK;
        double log_jacobian[CHUNK];
        jn_target_to_z(a->model, count, ld, z + at, z + at, log_jacobian);
        for (size_t i = 0; i < count; i++) {
            log_q[at + i] -= log_jacobian[i];
        }
    }
}

static jn_status map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q)
{
    const jn_affine *a = self;
    jn_kernels_get()->quadratic(a->dim, NULL, NULL, a->log_norm[jn_affine_set(a, row)], -0.5, n, ld,
                                base, log_q);
    jn_affine_place(a, row, n, ld, base, z, log_q);
    return JN_OK;
}

/* e = L^-1 (u - m) in place of u, for count points in rows of `width`; their squares summed. */
static void whiten(const jn_affine *a, size_t set, size_t count, size_t width, double *u,
                   double *square)
{
    const size_t d = a->dim;
    memset(square, 0, count * sizeof *square);
    for (size_t j = 0; j < d; j++) {
        const double *l = a->chol + (set * d + j) * d;
        const double mean = a->mean[set * d + j];
        double *uj = u + j * width;
        for (size_t i = 0; i < count; i++) {
            uj[i] -= mean;
        }
        for (size_t k = a->diagonal ? j : 0; k < j; k++) {
            const double *ek = u + k * width;
            for (size_t i = 0; i < count; i++) {
                uj[i] -= l[k] * ek[i];
            }
        }
        for (size_t i = 0; i < count; i++) {
            uj[i] /= l[j];
            square[i] += uj[i] * uj[i];
        }
    }
}

/* log q of count <= width <= CHUNK points; work: dim x width. */
static void density_chunk(const jn_affine *a, size_t set, size_t count, size_t width, size_t ld,
                          const double *z, double *work, double *log_q)
{
    double square[CHUNK], log_jacobian[CHUNK];
    for (size_t j = 0; j < a->dim; j++) {
        memcpy(work + j * width, z + j * ld, count * sizeof *work);
    }
    jn_target_to_u(a->model, count, width, work, work);
    jn_target_log_jacobian(a->model, count, width, work, log_jacobian);
    whiten(a, set, count, width, work, square);
    a->radial(a, set, count, square);
    for (size_t i = 0; i < count; i++) {
        /* on the border of the support u is infinite and q is 0, whatever the Jacobian */
        log_q[i] = square[i] == -INFINITY ? -INFINITY : square[i] - log_jacobian[i];
    }
}

jn_status jn_affine_log_density(const void *self, size_t row, size_t n, size_t ld, const double *z,
                                double *log_q)
{
    enum { ON_STACK = 4096, LEAST = 16 };
    const jn_affine *a = self;
    double stack[ON_STACK], *heap = NULL, *work = stack;
    size_t width = ON_STACK / a->dim < CHUNK ? ON_STACK / a->dim : CHUNK;
    if (width < LEAST) {
        width = LEAST;
        work = heap = jn_alloc_doubles(a->dim * width);
        if (heap == NULL) {
            return JN_ERR_NOMEM;
        }
    }
    for (size_t at = 0; at < n; at += width) {
        density_chunk(a, jn_affine_set(a, row), n - at < width ? n - at : width, width, ld, z + at,
                      work, log_q + at);
    }
    free(heap);
    return JN_OK;
}

jn_status jn_affine_location(const void *self, size_t row, double *mean, double *chol)
{
    const jn_affine *a = self;
    const size_t d = a->dim, set = jn_affine_set(a, row);
    memcpy(mean, a->mean + set * d, d * sizeof *mean);
    memcpy(chol, a->chol + set * d * d, d * d * sizeof *chol);
    return JN_OK;
}

static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_affine *a = self;
    const size_t d = a->dim;
    memcpy(precision, a->chol + jn_affine_set(a, row) * d * d, d * d * sizeof *precision);
    jn_cholesky_invert(d, precision);
    return JN_OK;
}

const jn_proposal_ops jn_affine_ops = {
    .map = map,
    .log_density = jn_affine_log_density,
    .location = jn_affine_location,
    .tail_precision = tail_precision,
};
