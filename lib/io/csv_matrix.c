#include <math.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "io/csv_scan.h"
#include "io/readers.h"

typedef struct reader {
    jn_csv_scan scan;
    jn_csv_options options;
    jn_matrix m;
    size_t used, room; /* numbers in m.x */
} reader;

static bool read_non_finite(const char *cell, double *x)
{
    const bool negative = cell[0] == '-';
    const char *word = cell + (cell[0] == '-' || cell[0] == '+');
    if (strcasecmp(word, "inf") == 0 || strcasecmp(word, "infinity") == 0) {
        *x = negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (strcasecmp(word, "nan") == 0) {
        *x = NAN;
        return true;
    }
    return false;
}

static bool read_cell(const reader *r, const char *cell, double *x)
{
    return jn_number_read(cell, strlen(cell), x) ||
           (r->options.non_finite && read_non_finite(cell, x));
}

static bool push(reader *r, double x)
{
    if (r->used == r->room) {
        const size_t room = r->room > SIZE_MAX / 4 ? 0 : 2 * r->room + 64;
        double *grown = room == 0 ? NULL : jn_realloc(r->m.x, room, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        r->m.x = grown;
        r->room = room;
    }
    r->m.x[r->used++] = x;
    return true;
}

static jn_status bad_cell(const reader *r, size_t line, size_t col, const char *cell, jn_error *err)
{
    char shown[JN_EXCERPT];
    return jn_error_set(err, JN_ERR_VALUE, "%s, line %zu, cell %zu: found %s, expected a number",
                        r->scan.name, line, col + 1,
                        cell[0] == '\0' ? "an empty cell" : jn_excerpt(cell, shown));
}

/* A first line in which no cell is a number leaves no row behind. */
static jn_status read_row(reader *r, jn_error *err)
{
    const size_t line = r->scan.line;
    const bool may_be_header = r->options.header && line == 1;
    size_t n = 0, numbers = 0, first_bad = SIZE_MAX;
    char *bad = NULL;
    for (bool ends = false; !ends; n++) {
        char *cell;
        double x = 0.0;
        const jn_status status = jn_csv_scan_cell(&r->scan, &cell, &ends, err);
        if (status != JN_OK) {
            return status;
        }
        if (read_cell(r, cell, &x)) {
            numbers++;
        } else if (!may_be_header) {
            return bad_cell(r, line, n, cell, err);
        } else if (bad == NULL) {
            bad = cell;
            first_bad = n;
        }
        if (bad == NULL && !push(r, x)) {
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", r->scan.name);
        }
    }
    if (bad != NULL && numbers > 0) {
        return bad_cell(r, line, first_bad, bad, err);
    }
    if (bad != NULL) {
        return JN_OK;
    }
    if (r->m.rows > 0 && n != r->m.cols) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s, line %zu: %zu cell%s where the rows before "
                            "have %zu",
                            r->scan.name, line, n, n == 1 ? "" : "s", r->m.cols);
    }
    r->m.cols = n;
    r->m.rows++;
    return JN_OK;
}

static jn_status read_rows(reader *r, jn_error *err)
{
    jn_status status = JN_OK;
    while (status == JN_OK && !jn_csv_scan_ended(&r->scan)) {
        status = read_row(r, err);
    }
    if (status == JN_OK && r->m.rows == 0) {
        status = jn_error_set(err, JN_ERR_VALUE, "%s has a header but no rows", r->scan.name);
    }
    return status;
}

jn_status jn_csv_matrix_input(jn_input *in, const jn_csv_options *options, jn_matrix *out,
                              jn_error *err)
{
    reader r = { .m = { .ndim = 2 } };
    char *block = NULL;
    if (options != NULL) {
        r.options = *options;
    }
    jn_status status = jn_csv_scan_open(in, r.options.separator, &block, &r.scan, err);
    if (status == JN_OK) {
        status = read_rows(&r, err);
    }
    free(block);
    if (status != JN_OK) {
        jn_matrix_free(&r.m);
        return status;
    }
    *out = r.m;
    return JN_OK;
}

jn_status jn_csv_matrix(const char *path, const jn_csv_options *options, jn_matrix *out,
                        jn_error *err)
{
    jn_input in;
    jn_status status = jn_input_open(path, &in, err);
    if (status == JN_OK) {
        status = jn_csv_matrix_input(&in, options, out, err);
        jn_input_close(&in);
    }
    return status;
}
