#include "jensen/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"

void jn_table_free(jn_table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t c = 0; t->names != NULL && c < t->n_cols; c++) {
        free(t->names[c]);
    }
    free(t->names);
    free(t->cells);
    free(t->arena);
    free(t->lines);
    free(t->numbers);
    free(t->origin);
    free(t);
}

static char *column_name(const char *const *names, size_t c)
{
    char made[32];
    snprintf(made, sizeof made, "x%zu", c + 1);
    return jn_strdup(names == NULL ? made : names[c]);
}

static jn_table *allocate(const char *origin, size_t n_rows, size_t n_cols,
                          const char *const *names)
{
    jn_table *t = jn_alloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->n_rows = n_rows;
    t->n_cols = n_cols;
    t->origin = jn_strdup(origin == NULL ? "(built in)" : origin);
    t->names = jn_alloc(n_cols, sizeof *t->names);
    t->numbers = n_rows > SIZE_MAX / n_cols ? NULL : jn_alloc_doubles(n_rows * n_cols);
    bool complete = t->origin != NULL && t->names != NULL && t->numbers != NULL;
    for (size_t c = 0; complete && c < n_cols; c++) {
        t->names[c] = column_name(names, c);
        complete = t->names[c] != NULL;
    }
    if (!complete) {
        jn_table_free(t);
        return NULL;
    }
    return t;
}

jn_status jn_table_new(const char *origin, size_t n_rows, size_t n_cols, const char *const *names,
                       const double *numbers, jn_table **out)
{
    if (n_rows == 0 || n_cols == 0) {
        return JN_ERR_VALUE;
    }
    size_t bad = n_cols;
    if (names != NULL && jn_names_check(n_cols, names, &bad) != JN_OK) {
        return JN_ERR_NOMEM;
    }
    if (bad < n_cols) {
        return JN_ERR_VALUE;
    }
    jn_table *t = allocate(origin, n_rows, n_cols, names);
    if (t == NULL) {
        return JN_ERR_NOMEM;
    }
    memcpy(t->numbers, numbers, n_rows * n_cols * sizeof *numbers);
    *out = t;
    return JN_OK;
}

ptrdiff_t jn_table_find(const jn_table *t, const char *name)
{
    for (size_t c = 0; c < t->n_cols; c++) {
        if (strcmp(t->names[c], name) == 0) {
            return (ptrdiff_t)c;
        }
    }
    return JN_NO_COLUMN;
}

static jn_status not_a_number(const jn_table *t, size_t row, size_t col, jn_error *err)
{
    char number[JN_NUMBER_TEXT], found[JN_EXCERPT], name[JN_EXCERPT], where[JN_ERROR_TEXT / 2];
    const char *text = jn_table_text(t, row, col, number);
    return jn_error_set(err, JN_ERR_VALUE, "%s, column %s: found %s, expected a number",
                        jn_table_where(t, row, where, sizeof where),
                        jn_excerpt(t->names[col], name),
                        *text == '\0' ? "an empty cell" : jn_excerpt(text, found));
}

static bool cell_number(const jn_table *t, size_t row, size_t col, double *x)
{
    const size_t i = row * t->n_cols + col;
    if (t->numbers != NULL) {
        *x = t->numbers[i];
        return isfinite(*x);
    }
    return jn_number_read(t->cells[i], strlen(t->cells[i]), x);
}

jn_status jn_table_numbers(const jn_table *t, size_t col, double *out, jn_error *err)
{
    if (col >= t->n_cols) {
        return jn_error_set(err, JN_ERR_USAGE, "%s: column %zu asked for, there are %zu", t->origin,
                            col, t->n_cols);
    }
    double x = 0.0;
    for (size_t r = 0; r < t->n_rows; r++) { /* first, so that a bad cell leaves out untouched */
        if (!cell_number(t, r, col, &x)) {
            return not_a_number(t, r, col, err);
        }
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        (void)cell_number(t, r, col, &out[r]);
    }
    return JN_OK;
}

const char *jn_table_text(const jn_table *t, size_t row, size_t col, char *buf)
{
    const size_t i = row * t->n_cols + col;
    return t->numbers != NULL ? jn_number_text(t->numbers[i], buf) : t->cells[i];
}

const char *jn_table_where(const jn_table *t, size_t row, char *buf, size_t size)
{
    if (t->lines != NULL) {
        snprintf(buf, size, "%s, line %zu", t->origin, t->lines[row]);
    } else {
        snprintf(buf, size, "%s, row %zu", t->origin, row);
    }
    return buf;
}
