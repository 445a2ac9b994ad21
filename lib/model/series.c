#include "model/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/models.h"

static jn_status no_column(const jn_table *data, const char *wanted, jn_error *err)
{
    return jn_error_set(err, JN_ERR_VALUE, "%s has no column '%s'",
                        data->origin == NULL ? "the data" : data->origin, wanted);
}

static void note_unused(const jn_table *data, size_t used, const char *name, jn_model *model)
{
    if (data->n_cols > used) {
        snprintf(model->notes, sizeof model->notes, "%zu column%s beside %s not used",
                 data->n_cols - used, data->n_cols - used == 1 ? "" : "s", name);
    }
}

jn_status jn_series_read(const jn_table *data, const char *name, jn_model *model, double **y,
                         jn_error *err)
{
    ptrdiff_t col = jn_table_find(data, name);
    if (col == JN_NO_COLUMN && data->n_cols > 1) {
        return no_column(data, name, err);
    }
    col = col == JN_NO_COLUMN ? 0 : col;
    double *values = jn_alloc_doubles(data->n_rows);
    if (values == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a series of %zu", data->n_rows);
    }
    const jn_status status = jn_table_numbers(data, (size_t)col, values, err);
    if (status < 0) {
        free(values);
        return status;
    }
    note_unused(data, 1, name, model);
    *y = values;
    return JN_OK;
}

jn_status jn_series_read_all(const jn_table *data, jn_model *model, size_t *p, double **y,
                             jn_error *err)
{
    size_t found = 0;
    char name[32] = "y1";
    while (jn_table_find(data, name) != JN_NO_COLUMN) {
        found++;
        snprintf(name, sizeof name, "y%zu", found + 1);
    }
    if (found == 0) {
        *p = 1;
        return data->n_cols > 1 && jn_table_find(data, "y") == JN_NO_COLUMN
                   ? no_column(data, "y1' or 'y", err)
                   : jn_series_read(data, "y", model, y, err);
    }
    double *all = jn_alloc_doubles(data->n_rows * (found + 1));
    if (all == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu series", found);
    }
    double *column = all + data->n_rows * found;
    for (size_t j = 0; j < found; j++) {
        snprintf(name, sizeof name, "y%zu", j + 1);
        const jn_status status = jn_table_numbers(data, (size_t)jn_table_find(data, name), column,
                                                  err);
        if (status < 0) {
            free(all);
            return status;
        }
        for (size_t t = 0; t < data->n_rows; t++) {
            all[t * found + j] = column[t];
        }
    }
    note_unused(data, found, "y", model);
    *p = found;
    *y = all;
    return JN_OK;
}

/* Forward substitution, a chunk of particles at a time: e = L^-1 (z - mean). */
static void density_chunk(size_t d, const double *mean, size_t ld_mean, const double *root,
                          double constant, size_t n, size_t ld, const double *z, double *out)
{
    enum { CHUNK = 64 };
    double e[JN_STATE_MAX * CHUNK];
    for (size_t at = 0; at < n; at += CHUNK) {
        const size_t count = n - at < CHUNK ? n - at : CHUNK;
        memset(out + at, 0, count * sizeof *out);
        for (size_t j = 0; j < d; j++) {
            double *ej = e + j * CHUNK;
            for (size_t i = 0; i < count; i++) {
                ej[i] = z[j * ld + at + i] - (ld_mean == 0 ? mean[j] : mean[j * ld_mean + at + i]);
            }
            for (size_t k = 0; k < j; k++) {
                for (size_t i = 0; i < count; i++) {
                    ej[i] -= root[j * d + k] * e[k * CHUNK + i];
                }
            }
            for (size_t i = 0; i < count; i++) {
                ej[i] /= root[j * d + j];
                out[at + i] += ej[i] * ej[i];
            }
        }
        for (size_t i = 0; i < count; i++) {
            out[at + i] = constant - 0.5 * out[at + i];
        }
    }
}

void jn_gaussian_log_density(size_t d, const double *mean, size_t ld_mean, const double *root,
                             size_t n, size_t ld, const double *z, double *out)
{
    double constant = -0.5 * (double)d * JN_LOG_2PI;
    for (size_t j = 0; j < d; j++) {
        constant -= log(root[j * d + j]);
    }
    density_chunk(d, mean, ld_mean, root, constant, n, ld, z, out);
}

void jn_gaussian_draw(size_t d, const double *mean, size_t ld_mean, const double *root, size_t n,
                      size_t ld, const double *e, double *z)
{
    enum { CHUNK = 64 };
    double drawn[JN_STATE_MAX * CHUNK];
    for (size_t at = 0; at < n; at += CHUNK) {
        const size_t count = n - at < CHUNK ? n - at : CHUNK;
        for (size_t j = 0; j < d; j++) {
            double *zj = drawn + j * CHUNK;
            for (size_t i = 0; i < count; i++) {
                zj[i] = ld_mean == 0 ? mean[j] : mean[j * ld_mean + at + i];
            }
            for (size_t k = 0; k < d; k++) {
                const double r = root[j * d + k];
                for (size_t i = 0; r != 0.0 && i < count; i++) {
                    zj[i] += r * e[k * ld + at + i];
                }
            }
        }
        for (size_t j = 0; j < d; j++) {
            memcpy(z + j * ld + at, drawn + j * CHUNK, count * sizeof *z);
        }
    }
}
