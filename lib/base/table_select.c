#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "jensen/params.h"
#include "jensen/table.h"

/* Which columns, in the order asked for. */
typedef struct columns {
    size_t n;
    size_t *index; /* room for all of the table */
    bool *taken;   /* by column of the table */
} columns;

static void columns_free(columns *c)
{
    free(c->index);
    free(c->taken);
}

static jn_status no_column(const jn_table *t, const char *name, jn_error *err)
{
    char shown[JN_EXCERPT], meant[JN_EXCERPT];
    const char *near = jn_nearest(name, (const char *const *)t->names, t->n_cols);
    jn_excerpt(name, shown);
    if (near != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "%s has no column %s; did you mean %s?", t->origin,
                            shown, jn_excerpt(near, meant));
    }
    return jn_error_set(err, JN_ERR_VALUE, "%s has no column %s among its %zu", t->origin, shown,
                        t->n_cols);
}

static jn_status take_range(const jn_table *t, size_t first, size_t last, columns *c, jn_error *err)
{
    char shown[JN_EXCERPT];
    for (size_t i = first; i <= last; i++) {
        if (c->taken[i]) {
            return jn_error_set(err, JN_ERR_VALUE, "%s: column %s is chosen twice", t->origin,
                                jn_excerpt(t->names[i], shown));
        }
        c->taken[i] = true;
        c->index[c->n++] = i;
    }
    return JN_OK;
}

/* "p0..p63" */
static jn_status take_named_range(const jn_table *t, const char *name, const char *dots, columns *c,
                                  jn_error *err)
{
    char *from = jn_strdup(name);
    if (from == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    from[dots - name] = '\0';
    const ptrdiff_t first = jn_table_find(t, from), last = jn_table_find(t, dots + 2);
    jn_status status;
    if (first == JN_NO_COLUMN || last == JN_NO_COLUMN) {
        status = no_column(t, first == JN_NO_COLUMN ? from : dots + 2, err);
    } else if (last < first) {
        char shown[JN_EXCERPT];
        status = jn_error_set(err, JN_ERR_VALUE, "%s: the columns of %s stand in the other order",
                              t->origin, jn_excerpt(name, shown));
    } else {
        status = take_range(t, (size_t)first, (size_t)last, c, err);
    }
    free(from);
    return status;
}

static jn_status take_column(const jn_table *t, const char *name, columns *c, jn_error *err)
{
    const ptrdiff_t i = jn_table_find(t, name);
    if (i != JN_NO_COLUMN) {
        return take_range(t, (size_t)i, (size_t)i, c, err);
    }
    const char *dots = strstr(name, "..");
    return dots == NULL ? no_column(t, name, err) : take_named_range(t, name, dots, c, err);
}

static jn_status choose_columns(const jn_table *t, const char *const *names, size_t n_names,
                                columns *c, jn_error *err)
{
    c->index = jn_alloc(t->n_cols, sizeof *c->index);
    c->taken = jn_alloc(t->n_cols, sizeof *c->taken);
    if (c->index == NULL || c->taken == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    jn_status status = JN_OK;
    for (size_t i = 0; i < n_names && status == JN_OK; i++) {
        status = take_column(t, names[i], c, err);
    }
    return n_names > 0 ? status : take_range(t, 0, t->n_cols - 1, c, err);
}

static bool copy_names(const jn_table *t, const columns *c, jn_table *part)
{
    part->names = jn_alloc(c->n, sizeof *part->names);
    for (size_t i = 0; part->names != NULL && i < c->n; i++) {
        part->names[i] = jn_strdup(t->names[c->index[i]]);
        if (part->names[i] == NULL) {
            return false;
        }
    }
    return part->names != NULL;
}

static bool copy_numbers(const jn_table *t, size_t first, const columns *c, jn_table *part)
{
    part->numbers = jn_alloc_doubles(part->n_rows * part->n_cols);
    for (size_t r = 0; part->numbers != NULL && r < part->n_rows; r++) {
        for (size_t i = 0; i < c->n; i++) {
            part->numbers[r * c->n + i] = t->numbers[(first + r) * t->n_cols + c->index[i]];
        }
    }
    return part->numbers != NULL;
}

static bool copy_cells(const jn_table *t, size_t first, const columns *c, jn_table *part)
{
    const size_t n = part->n_rows * part->n_cols;
    size_t bytes = 0;
    part->cells = jn_alloc(n, sizeof *part->cells);
    if (part->cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        part->cells[i] = t->cells[(first + i / c->n) * t->n_cols + c->index[i % c->n]];
        bytes += strlen(part->cells[i]) + 1;
    }
    part->arena = jn_alloc(bytes, 1);
    char *end = part->arena;
    for (size_t i = 0; end != NULL && i < n; i++) {
        const size_t length = strlen(part->cells[i]) + 1;
        part->cells[i] = memcpy(end, part->cells[i], length);
        end += length;
    }
    return part->arena != NULL;
}

static bool copy_lines(const jn_table *t, size_t first, jn_table *part)
{
    if (t->lines == NULL) {
        return true;
    }
    part->lines = jn_alloc(part->n_rows, sizeof *part->lines);
    if (part->lines != NULL) {
        memcpy(part->lines, t->lines + first, part->n_rows * sizeof *part->lines);
    }
    return part->lines != NULL;
}

static jn_table *copy_part(const jn_table *t, size_t first, size_t count, const columns *c)
{
    jn_table *part = jn_alloc(1, sizeof *part);
    if (part == NULL) {
        return NULL;
    }
    part->n_rows = count;
    part->n_cols = c->n;
    part->origin = jn_strdup(t->origin);
    if (part->origin == NULL || !copy_names(t, c, part) || !copy_lines(t, first, part) ||
        !(t->numbers != NULL ? copy_numbers(t, first, c, part) : copy_cells(t, first, c, part))) {
        jn_table_free(part);
        return NULL;
    }
    return part;
}

jn_status jn_table_select(const jn_table *t, size_t first, size_t count, const char *const *names,
                          size_t n_names, jn_table **out, jn_error *err)
{
    if (count == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "%s: no row is chosen", t->origin);
    }
    if (first >= t->n_rows || count > t->n_rows - first) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s: rows from %zu, %zu of them, are asked for, but it has %zu",
                            t->origin, first, count, t->n_rows);
    }
    columns c = { 0 };
    jn_status status = choose_columns(t, names, n_names, &c, err);
    if (status == JN_OK) {
        jn_table *part = copy_part(t, first, count, &c);
        if (part != NULL) {
            *out = part;
        } else {
            status = jn_error_set(err, JN_ERR_NOMEM, "out of memory");
        }
    }
    columns_free(&c);
    return status;
}
