#include "model/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

jn_status jn_column_find(const jn_table *data, const char *name, const char *what, size_t *out,
                         jn_error *err)
{
    const ptrdiff_t col = jn_table_find(data, name);
    if (col == JN_NO_COLUMN) {
        return jn_error_set(err, JN_ERR_VALUE, "%s has no column '%s' (%s)", data->origin, name,
                            what);
    }
    *out = (size_t)col;
    return JN_OK;
}

jn_status jn_column_refuse(const jn_table *data, size_t row, size_t col, const char *expected,
                           jn_error *err)
{
    char where[256], found[32];
    return jn_error_set(err, JN_ERR_VALUE, "%s, column %s: found '%.40s', expected %s",
                        jn_table_where(data, row, where, sizeof where), data->names[col],
                        jn_table_text(data, row, col, found), expected);
}

static jn_status read_column(const jn_table *data, size_t col, bool whole, double lo, double hi,
                             const char *expected, double *out, jn_error *err)
{
    const jn_status status = jn_table_numbers(data, col, out, err);
    if (status < 0) {
        return status;
    }
    for (size_t r = 0; r < data->n_rows; r++) {
        if (!(out[r] >= lo && out[r] <= hi) || (whole && out[r] != floor(out[r]))) {
            return jn_column_refuse(data, r, col, expected, err);
        }
    }
    return JN_OK;
}

jn_status jn_column_numbers(const jn_table *data, size_t col, double lo, double hi,
                            const char *expected, double *out, jn_error *err)
{
    return read_column(data, col, false, lo, hi, expected, out, err);
}

jn_status jn_column_counts(const jn_table *data, size_t col, double lo, double hi,
                           const char *expected, double *out, jn_error *err)
{
    return read_column(data, col, true, lo, hi, expected, out, err);
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

void jn_columns_note_unused(const jn_table *data, const char *const *used, size_t n_used,
                            jn_model *model)
{
    char *at = model->notes, *const end = model->notes + sizeof model->notes;
    for (size_t c = 0; c < data->n_cols && at < end; c++) {
        if (!is_one_of(data->names[c], used, n_used)) {
            const int k = snprintf(at, (size_t)(end - at), "%s%s",
                                   at == model->notes ? "columns not used: " : ", ",
                                   data->names[c]);
            at += k < 0 ? end - at : k;
        }
    }
    if (at >= end) { /* cut: say so */
        memcpy(end - 4, "...", 4);
    }
}

jn_status jn_design_read(const jn_table *data, const char *const *used, size_t n_used,
                         bool intercept, jn_design *out, jn_error *err)
{
    const size_t n = data->n_rows;
    size_t p = intercept;
    for (size_t c = 0; c < data->n_cols; c++) {
        p += !is_one_of(data->names[c], used, n_used);
    }
    double *x = jn_alloc_doubles(n * p), *column = jn_alloc_doubles(n);
    jn_status status = x == NULL || column == NULL
                           ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the design matrix")
                           : JN_OK;
    size_t k = 0;
    for (size_t r = 0; status == JN_OK && intercept && r < n; r++) {
        x[r * p] = 1.0;
    }
    k += intercept;
    for (size_t c = 0; status == JN_OK && c < data->n_cols; c++) {
        if (is_one_of(data->names[c], used, n_used)) {
            continue;
        }
        status = jn_table_numbers(data, c, column, err);
        for (size_t r = 0; status == JN_OK && r < n; r++) {
            x[r * p + k] = column[r];
        }
        k++;
    }
    free(column);
    if (status < 0) {
        free(x);
        return status;
    }
    *out = (jn_design){ n, p, x };
    return JN_OK;
}
