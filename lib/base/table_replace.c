/* A table with some of its columns exchanged for numbers. */
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "jensen/table.h"

/* Which of the new columns, or JN_NO_COLUMN. */
static ptrdiff_t place(size_t n, const char *const *names, const char *name)
{
    for (size_t k = 0; k < n; k++) {
        if (strcmp(names[k], name) == 0) {
            return (ptrdiff_t)k;
        }
    }
    return JN_NO_COLUMN;
}

/* from[c]: column c of the result is this one of the new numbers, or -1 - the one of t. */
static size_t arrange(const jn_table *t, size_t n, const char *const *names, ptrdiff_t *from)
{
    size_t used = 0;
    for (size_t k = 0; k < n; k++) {
        if (t == NULL || jn_table_find(t, names[k]) == JN_NO_COLUMN) {
            from[used++] = (ptrdiff_t)k;
        }
    }
    for (size_t c = 0; t != NULL && c < t->n_cols; c++) {
        const ptrdiff_t k = place(n, names, t->names[c]);
        from[used++] = k == JN_NO_COLUMN ? -1 - (ptrdiff_t)c : k;
    }
    return used;
}

typedef struct mix {
    const jn_table *t;
    const ptrdiff_t *from;
    const double *x;
    size_t n_rows;
} mix;

static const char *text_at(const mix *m, size_t row, size_t col, char *buf)
{
    const ptrdiff_t k = m->from[col];
    return k >= 0 ? jn_number_text(m->x[(size_t)k * m->n_rows + row], buf)
                  : jn_table_text(m->t, row, (size_t)(-1 - k), buf);
}

/* All cells, as text in one block. */
static bool fill_cells(const mix *m, jn_table *out)
{
    const size_t n = out->n_rows * out->n_cols;
    char buf[JN_NUMBER_TEXT];
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += strlen(text_at(m, i / out->n_cols, i % out->n_cols, buf)) + 1;
    }
    out->cells = jn_alloc(n, sizeof *out->cells);
    out->arena = jn_alloc(bytes, 1);
    char *end = out->arena;
    for (size_t i = 0; out->cells != NULL && end != NULL && i < n; i++) {
        const char *text = text_at(m, i / out->n_cols, i % out->n_cols, buf);
        const size_t length = strlen(text) + 1;
        out->cells[i] = memcpy(end, text, length);
        end += length;
    }
    return out->cells != NULL && out->arena != NULL;
}

static bool fill_names(const mix *m, const char *const *names, jn_table *out)
{
    out->names = jn_alloc(out->n_cols, sizeof *out->names);
    for (size_t c = 0; out->names != NULL && c < out->n_cols; c++) {
        const ptrdiff_t k = m->from[c];
        out->names[c] = jn_strdup(k >= 0 ? names[k] : m->t->names[-1 - k]);
        if (out->names[c] == NULL) {
            return false;
        }
    }
    return out->names != NULL;
}

jn_status jn_table_replace(const jn_table *t, size_t n_rows, size_t n, const char *const *names,
                           const double *x, jn_table **out)
{
    ptrdiff_t *from = jn_alloc(n + (t == NULL ? 0 : t->n_cols), sizeof *from);
    jn_table *made = jn_alloc(1, sizeof *made);
    bool good = from != NULL && made != NULL;
    if (good) {
        const mix m = { t, from, x, n_rows };
        made->n_rows = n_rows;
        made->n_cols = arrange(t, n, names, from);
        made->origin = jn_strdup(t == NULL ? "(drawn)" : t->origin);
        good = made->origin != NULL && fill_names(&m, names, made) && fill_cells(&m, made);
    }
    free(from);
    if (!good) {
        jn_table_free(made);
        return JN_ERR_NOMEM;
    }
    *out = made;
    return JN_OK;
}
