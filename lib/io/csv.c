#include "jensen/csv.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "io/csv_scan.h"
#include "io/input.h"
#include "io/readers.h"

static jn_status out_of_memory(const char *name, jn_error *err)
{
    return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %s", name);
}

/* Room for one more element in *block, which has *room; false: out of memory. */
static bool reserve(void *block, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room) {
        return true;
    }
    void *old;
    memcpy(&old, block, sizeof old);
    const size_t more = *room > SIZE_MAX / 4 ? needed : 2 * *room + 64;
    void *grown = jn_realloc(old, more < needed ? needed : more, size);
    if (grown == NULL) {
        return false;
    }
    memcpy(block, &grown, sizeof grown);
    *room = more < needed ? needed : more;
    return true;
}

static jn_status read_header(jn_csv_scan *s, jn_table *t, jn_error *err)
{
    size_t room = 0;
    for (bool ends = false; !ends;) {
        char *cell;
        const jn_status status = jn_csv_scan_cell(s, &cell, &ends, err);
        if (status != JN_OK) {
            return status;
        }
        char *name = reserve(&t->names, &room, t->n_cols + 1, sizeof *t->names) ? jn_strdup(cell)
                                                                                : NULL;
        if (name == NULL) {
            return out_of_memory(s->name, err);
        }
        t->names[t->n_cols++] = name;
    }
    return JN_OK;
}

/* A file whose first line is all numbers has no header: its first row would be lost in silence. */
static bool all_numbers(const jn_table *t)
{
    for (size_t c = 0; c < t->n_cols; c++) {
        double x;
        if (!jn_number_read(t->names[c], strlen(t->names[c]), &x)) {
            return false;
        }
    }
    return true;
}

static jn_status check_header(const jn_table *t, jn_error *err)
{
    char shown[JN_EXCERPT];
    size_t bad = 0;
    if (all_numbers(t)) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s, line 1: %s is a number; the first line names the columns",
                            t->origin, jn_excerpt(t->names[0], shown));
    }
    if (jn_names_check(t->n_cols, (const char *const *)t->names, &bad) != JN_OK) {
        return out_of_memory(t->origin, err);
    }
    if (bad == t->n_cols) {
        return JN_OK;
    }
    if (t->names[bad][0] == '\0') {
        return jn_error_set(err, JN_ERR_VALUE, "%s, line 1: column %zu of %zu has no name",
                            t->origin, bad + 1, t->n_cols);
    }
    return jn_error_set(err, JN_ERR_VALUE, "%s, line 1: two columns are called %s", t->origin,
                        jn_excerpt(t->names[bad], shown));
}

static jn_status ragged(const jn_table *t, size_t line, size_t found, bool empty, jn_error *err)
{
    if (empty) {
        return jn_error_set(err, JN_ERR_VALUE, "%s, line %zu is empty: expected %zu cells",
                            t->origin, line, t->n_cols);
    }
    return jn_error_set(err, JN_ERR_VALUE, "%s, line %zu: %zu cell%s where the header has %zu",
                        t->origin, line, found, found == 1 ? "" : "s", t->n_cols);
}

/* One row behind the `used` cells there are; the table has room for a whole one. */
static jn_status read_row(jn_csv_scan *s, jn_table *t, size_t used, jn_error *err)
{
    const size_t line = s->line;
    size_t n = 0;
    char *cell = NULL;
    for (bool ends = false; !ends; n++) {
        const jn_status status = jn_csv_scan_cell(s, &cell, &ends, err);
        if (status != JN_OK) {
            return status;
        }
        if (n < t->n_cols) {
            t->cells[used + n] = cell;
        }
    }
    return n == t->n_cols ? JN_OK : ragged(t, line, n, n == 1 && cell[0] == '\0', err);
}

static jn_status read_rows(jn_csv_scan *s, jn_table *t, jn_error *err)
{
    size_t room = 0, line_room = 0;
    while (!jn_csv_scan_ended(s)) {
        const size_t used = t->n_rows * t->n_cols;
        if (!reserve(&t->cells, &room, used + t->n_cols, sizeof *t->cells) ||
            !reserve(&t->lines, &line_room, t->n_rows + 1, sizeof *t->lines)) {
            return out_of_memory(t->origin, err);
        }
        t->lines[t->n_rows] = s->line;
        const jn_status status = read_row(s, t, used, err);
        if (status != JN_OK) {
            return status;
        }
        t->n_rows++;
    }
    if (t->n_rows == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "%s has a header but no rows", t->origin);
    }
    return JN_OK;
}

/* The table's cells point into the text of the file, which becomes its arena. */
static jn_status read_table(jn_input *in, const jn_csv_options *options, jn_table *t, jn_error *err)
{
    jn_csv_scan scan;
    t->origin = jn_strdup(in->name);
    if (t->origin == NULL) {
        return out_of_memory(in->name, err);
    }
    jn_status status = jn_csv_scan_open(in, options == NULL ? 0 : options->separator, &t->arena,
                                        &scan, err);
    status = status == JN_OK ? read_header(&scan, t, err) : status;
    status = status == JN_OK ? check_header(t, err) : status;
    return status == JN_OK ? read_rows(&scan, t, err) : status;
}

static jn_status read_input(jn_input *in, const jn_csv_options *options, jn_table **out,
                            jn_error *err)
{
    jn_table *t = jn_alloc(1, sizeof *t);
    if (t == NULL) {
        return out_of_memory(in->name, err);
    }
    const jn_status status = read_table(in, options, t, err);
    if (status != JN_OK) {
        jn_table_free(t);
        return status;
    }
    *out = t;
    return JN_OK;
}

jn_status jn_csv_read(const char *path, const jn_csv_options *options, jn_table **out,
                      jn_error *err)
{
    jn_input in;
    jn_status status = jn_input_open(path, &in, err);
    if (status == JN_OK) {
        status = read_input(&in, options, out, err);
        jn_input_close(&in);
    }
    return status;
}

static jn_status table_of_matrix(const char *name, const jn_matrix *m, jn_table **out,
                                 jn_error *err)
{
    const bool series = m->ndim == 1;
    const jn_status status = jn_table_new(name, series ? m->cols : m->rows, series ? 1 : m->cols,
                                          NULL, m->x, out);
    return status == JN_OK ? JN_OK : out_of_memory(name, err);
}

jn_status jn_table_read(const char *path, jn_table **out, jn_error *err)
{
    jn_input in;
    bool npy = false;
    jn_matrix m = JN_MATRIX_INIT;
    jn_status status = jn_input_open(path, &in, err);
    if (status != JN_OK) {
        return status;
    }
    status = jn_npy_starts(&in, &npy, err);
    if (status == JN_OK && !npy) {
        status = read_input(&in, NULL, out, err);
    } else if (status == JN_OK) {
        status = jn_npy_read_input(&in, &m, err);
        status = status == JN_OK ? table_of_matrix(in.name, &m, out, err) : status;
        jn_matrix_free(&m);
    }
    jn_input_close(&in);
    return status;
}
