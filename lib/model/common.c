#include "model/models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "kernel/kernels.h"

jn_status jn_model_count(const jn_params *params, const char *name, size_t lo, size_t hi,
                         size_t *out, jn_error *err)
{
    double x;
    const jn_status status = jn_params_number(params, name, (double)lo, (double)hi, &x, err);
    if (status < 0) {
        return status;
    }
    if (x != floor(x)) {
        return jn_error_set(err, JN_ERR_VALUE, "%s = %g: need a whole number", name, x);
    }
    *out = (size_t)x;
    return JN_OK;
}

jn_status jn_model_read_all(const jn_table *data, double **out, jn_error *err)
{
    double *all = jn_alloc_doubles(data->n_rows * data->n_cols);
    double *column = jn_alloc_doubles(data->n_rows);
    jn_status status = all == NULL || column == NULL
                           ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the data")
                           : JN_OK;
    for (size_t c = 0; status == JN_OK && c < data->n_cols; c++) {
        status = jn_table_numbers(data, c, column, err);
        for (size_t r = 0; status == JN_OK && r < data->n_rows; r++) {
            all[r * data->n_cols + c] = column[r];
        }
    }
    free(column);
    if (status < 0) {
        free(all);
        return status;
    }
    *out = all;
    return JN_OK;
}

void jn_model_normal_prior(size_t dim, size_t n, size_t ld, const double *z, double *out)
{
    const double constant = -0.5 * (double)dim * JN_LOG_2PI;
    jn_kernels_get()->quadratic(dim, NULL, NULL, constant, -0.5, n, ld, z, out);
}

void jn_model_copy_points(size_t dim, size_t n, size_t ld, const double *from, double *to)
{
    for (size_t j = 0; j < dim; j++) {
        memcpy(to + j * ld, from + j * ld, n * sizeof *to);
    }
}

void jn_model_scaled_identity(size_t dim, double scale, double *out)
{
    for (size_t i = 0; i < dim * dim; i++) {
        out[i] = i % (dim + 1) == 0 ? scale : 0.0;
    }
}

jn_status jn_model_no_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    (void)self;
    (void)ld;
    (void)z;
    memset(out, 0, n * sizeof *out);
    return JN_OK;
}

jn_status jn_model_normalised(const void *self, size_t row, jn_estimate *out)
{
    (void)self;
    (void)row;
    *out = (jn_estimate){ .dof = NAN, .kind = JN_EXACT, .method = "normalised by construction" };
    return JN_OK;
}
