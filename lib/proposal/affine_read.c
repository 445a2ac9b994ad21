/* Parameters mean, sd and cov: a scalar serves every coordinate, one row of values every
 * observation, N rows one each; cov is d x d, or N matrices stacked: (N d) x d. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "proposal/affine.h"

/* Values for each coordinate, as one row for all observations or a row each. */
typedef struct rows_of {
    bool per_row;
    double *x; /* (per_row ? N : 1) x d; NULL: none */
} rows_of;

static jn_status shape_error(const jn_value *v, const char *name, const jn_model *m, jn_error *err)
{
    if (v->word != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "%s = '%s': need numbers", name, v->word);
    }
    return jn_error_set(err, JN_ERR_VALUE,
                        "%s is %zu x %zu: need one number, %zu numbers (one a coordinate) or "
                        "%zu x %zu (a row an observation)",
                        name, v->rows, v->cols, m->dim, m->n_obs, m->dim);
}

static jn_status read_rows(const jn_params *params, const char *name, const jn_model *m, double lo,
                           rows_of *out, jn_error *err)
{
    const jn_value *v = jn_params_find(params, name);
    const size_t d = m->dim, n = m->n_obs;
    const bool scalar = v->word == NULL && v->rows * v->cols == 1;
    const bool vector = v->word == NULL && v->rows * v->cols == d && (v->rows == 1 || v->cols == 1);
    const bool matrix = v->word == NULL && v->rows == n && v->cols == d;
    const bool list = v->word == NULL && d == 1 && v->rows == 1 && v->cols == n;
    if (!scalar && !vector && !matrix && !list) {
        return shape_error(v, name, m, err);
    }
    out->per_row = !scalar && !vector;
    const size_t rows = out->per_row ? n : 1;
    out->x = jn_alloc_doubles(rows * d);
    if (out->x == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %s", name);
    }
    return out->per_row
               ? jn_params_matrix(params, name, v->rows, v->cols, lo, INFINITY, out->x, err)
               : jn_params_vector(params, name, d, lo, INFINITY, out->x, err);
}

static jn_status read_cov(const jn_params *params, const jn_model *m, rows_of *out, jn_error *err)
{
    const jn_value *v = jn_params_find(params, "cov");
    const size_t d = m->dim, n = m->n_obs;
    const bool one = v->word == NULL && v->rows == d && v->cols == d;
    const bool stacked = v->word == NULL && v->rows == n * d && v->cols == d;
    if (!one && !stacked) {
        return v->word != NULL
                   ? shape_error(v, "cov", m, err)
                   : jn_error_set(err, JN_ERR_VALUE,
                                  "cov is %zu x %zu: need %zu x %zu, or one such matrix for each "
                                  "of %zu observations stacked (%zu x %zu)",
                                  v->rows, v->cols, d, d, n, n * d, d);
    }
    out->per_row = !one;
    out->x = jn_alloc_doubles(v->rows * d);
    if (out->x == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for cov");
    }
    return jn_params_matrix(params, "cov", v->rows, d, -INFINITY, INFINITY, out->x, err);
}

/* The scale of the set: sd on the diagonal, or the factor of a covariance. */
static jn_status set_scale(const rows_of *sd, const rows_of *cov, size_t set, size_t d,
                           double *chol, jn_error *err)
{
    if (cov->x == NULL) {
        for (size_t j = 0; j < d; j++) {
            chol[j * d + j] = sd->x == NULL ? 1.0 : sd->x[(sd->per_row ? set : 0) * d + j];
        }
        return JN_OK;
    }
    memcpy(chol, cov->x + (cov->per_row ? set : 0) * d * d, d * d * sizeof *chol);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++) {
            const double a = chol[i * d + j], b = chol[j * d + i];
            if (fabs(a - b) > 1e-12 * fmax(fabs(a), fabs(b))) {
                return jn_error_set(err, JN_ERR_VALUE,
                                    "cov is not symmetric: [%zu,%zu] = %g but [%zu,%zu] = %g", i, j,
                                    a, j, i, b);
            }
        }
    }
    return jn_cholesky(d, chol)
               ? JN_OK
               : jn_error_set(err, JN_ERR_VALUE,
                              "cov is not positive definite: no Gaussian has it as covariance");
}

static jn_status build(const jn_params *params, const rows_of *mean, const rows_of *sd,
                       const rows_of *cov, const jn_model *model, jn_affine **out, jn_error *err)
{
    const size_t d = model->dim;
    jn_affine *a = *out = jn_affine_new(model, mean->per_row || sd->per_row || cov->per_row);
    if (a == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a proposal in %zu dimensions", d);
    }
    for (size_t set = 0; set < a->n_sets; set++) {
        memcpy(a->mean + set * d, mean->x + (mean->per_row ? set * d : 0), d * sizeof *a->mean);
        const jn_status status = set_scale(sd, cov, set, d, a->chol + set * d * d, err);
        if (status < 0) {
            return status;
        }
    }
    return jn_affine_finish(a, params, err);
}

jn_status jn_affine_read(const jn_params *params, const jn_model *model, jn_affine **out,
                         jn_error *err)
{
    rows_of mean = { false, NULL }, sd = { false, NULL }, cov = { false, NULL };
    const bool has_sd = jn_params_find(params, "sd") != NULL;
    const bool has_cov = jn_params_find(params, "cov") != NULL;
    *out = NULL;
    if (jn_model_states(model) > 0 || model->density == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no continuous latent",
                            model->type->name);
    }
    if (has_sd && has_cov) {
        return jn_error_set(err, JN_ERR_VALUE, "sd and cov are both given: give one");
    }
    jn_status status = read_rows(params, "mean", model, -INFINITY, &mean, err);
    if (status == JN_OK && has_sd) {
        status = read_rows(params, "sd", model, nextafter(0.0, 1.0), &sd, err);
    }
    if (status == JN_OK && has_cov) {
        status = read_cov(params, model, &cov, err);
    }
    if (status == JN_OK) {
        status = build(params, &mean, &sd, &cov, model, out, err);
    }
    free(mean.x);
    free(sd.x);
    free(cov.x);
    return status;
}
