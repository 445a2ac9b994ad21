#include "jensen/matrix.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "io/readers.h"

void jn_matrix_free(jn_matrix *m)
{
    if (m != NULL) {
        free(m->x);
        *m = (jn_matrix)JN_MATRIX_INIT;
    }
}

static jn_status read_either(const char *path, const jn_csv_options *csv, jn_matrix *out,
                             jn_error *err)
{
    jn_input in;
    bool npy = false;
    jn_status status = jn_input_open(path, &in, err);
    if (status != JN_OK) {
        return status;
    }
    status = jn_npy_starts(&in, &npy, err);
    if (status == JN_OK) {
        status = npy ? jn_npy_read_input(&in, out, err) : jn_csv_matrix_input(&in, csv, out, err);
    }
    jn_input_close(&in);
    return status;
}

jn_status jn_matrix_read(const char *path, jn_matrix *out, jn_error *err)
{
    const jn_csv_options any_number = { .non_finite = true };
    return read_either(path, &any_number, out, err);
}

jn_status jn_matrix_read_titled(const char *path, jn_matrix *out, jn_error *err)
{
    const jn_csv_options titled = { .non_finite = true, .header = true };
    return read_either(path, &titled, out, err);
}

jn_status jn_value_read(const char *text, jn_value *out, jn_error *err)
{
    text += strspn(text, " \t");
    if (text[0] != '@') {
        return jn_value_parse(text, out, err);
    }
    const char *path = text + 1;
    if (path[0] == '\0') {
        return jn_error_set(err, JN_ERR_USAGE,
                            "'@' without a file: expected @FILE.csv or "
                            "@FILE.npy");
    }
    jn_matrix m;
    const jn_status status = jn_matrix_read(path, &m, err);
    if (status != JN_OK) {
        return status;
    }
    for (size_t i = 0; i < m.rows * m.cols; i++) {
        if (!isfinite(m.x[i])) {
            char number[JN_NUMBER_TEXT];
            jn_number_text(m.x[i], number);
            const size_t row = i / m.cols, col = i % m.cols;
            jn_matrix_free(&m);
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s, row %zu, column %zu (from 0): found %s, expected a finite "
                                "number",
                                path, row, col, number);
        }
    }
    *out = (jn_value){ .word = NULL, .rows = m.rows, .cols = m.cols, .x = m.x };
    return JN_OK;
}
