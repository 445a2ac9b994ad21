#include "io/grid.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CELL_TEXT = 256 };

void jn_grid_init(jn_grid *g, size_t n_cols)
{
    *g = (jn_grid){ .n_cols = n_cols };
}

void jn_grid_free(jn_grid *g)
{
    for (size_t i = 0; i < g->n_cells; i++) {
        free(g->cell[i]);
    }
    free(g->cell);
    *g = (jn_grid){ 0 };
}

void jn_grid_add(jn_grid *g, const char *fmt, ...)
{
    char text[CELL_TEXT];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char *copy = jn_strdup(text);
    char **more = copy == NULL ? NULL : jn_realloc(g->cell, g->n_cells + 1, sizeof *more);
    if (more == NULL) {
        free(copy);
        g->failed = true;
        return;
    }
    g->cell = more;
    g->cell[g->n_cells++] = copy;
}

jn_status jn_grid_status(const jn_grid *g)
{
    return g->failed ? JN_ERR_NOMEM : JN_OK;
}

static size_t width_of(const jn_grid *g, size_t col)
{
    size_t width = 0;
    for (size_t i = col; i < g->n_cells; i += g->n_cols) {
        const size_t n = strlen(g->cell[i]);
        width = n > width ? n : width;
    }
    return width;
}

/* One row with `gap` between the cells; no blanks at its end. */
static void print_row(const jn_grid *g, size_t row, const bool *left, const char *gap, FILE *f)
{
    size_t pending = 0; /* blanks that are due only where something follows */
    for (size_t c = 0; c < g->n_cols; c++) {
        const char *cell = g->cell[row * g->n_cols + c];
        const size_t n = strlen(cell), blanks = width_of(g, c) - n;
        const size_t before = left[c] ? 0 : blanks;
        if (c > 0 && gap[0] == ' ') {
            pending += strlen(gap);
        } else if (c > 0) {
            fputs(gap, f);
        }
        pending += before;
        if (n > 0) {
            fprintf(f, "%*s%s", (int)pending, "", cell);
            pending = 0;
        }
        pending += blanks - before;
    }
}

void jn_grid_print(const jn_grid *g, const bool *left, const char *on, const char *off, FILE *f)
{
    for (size_t r = 0; (r + 1) * g->n_cols <= g->n_cells; r++) {
        fputs(r == 0 && on != NULL ? on : "", f);
        print_row(g, r, left, "  ", f);
        fputs(r == 0 && off != NULL ? off : "", f);
        fputc('\n', f);
    }
}

void jn_grid_print_markdown(const jn_grid *g, const bool *left, FILE *f)
{
    for (size_t r = 0; (r + 1) * g->n_cols <= g->n_cells; r++) {
        for (size_t c = 0; c < g->n_cols; c++) {
            const int width = (int)width_of(g, c);
            fprintf(f, "| %*s ", left[c] ? -width : width, g->cell[r * g->n_cols + c]);
        }
        fputs("|\n", f);
        for (size_t c = 0; r == 0 && c < g->n_cols; c++) {
            fputs(left[c] ? "|:--" : "|--:", f);
        }
        fputs(r == 0 ? "|\n" : "", f);
    }
}

void jn_latex_text(const char *text, FILE *f)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("#$%&_{}", *c) != NULL) {
            fputc('\\', f);
            fputc(*c, f);
        } else if (strchr("\\^~", *c) != NULL) {
            fprintf(f, "\\char`\\%c{}", *c);
        } else {
            fputc(*c, f);
        }
    }
}

static bool is_number(const char *cell)
{
    const char *c = cell + (cell[0] == '-');
    return isdigit((unsigned char)c[0]) || strcmp(c, "inf") == 0;
}

static void latex_cell(const char *cell, FILE *f)
{
    if (!is_number(cell)) {
        jn_latex_text(cell, f);
        return;
    }
    const char *infinity = strstr(cell, "inf"), *e = strchr(cell, 'e');
    if (infinity != NULL) {
        fprintf(f, "$%s\\infty$", cell[0] == '-' ? "-" : "");
    } else if (e != NULL) {
        fprintf(f, "$%.*s\\times 10^{%d}$", (int)(e - cell), cell, atoi(e + 1));
    } else {
        fprintf(f, "$%s$", cell);
    }
}

void jn_grid_print_latex(const jn_grid *g, const bool *left, FILE *f)
{
    fputs("\\begin{tabular}{", f);
    for (size_t c = 0; c < g->n_cols; c++) {
        fputc(left[c] ? 'l' : 'r', f);
    }
    fputs("}\n\\toprule\n", f);
    for (size_t r = 0; (r + 1) * g->n_cols <= g->n_cells; r++) {
        for (size_t c = 0; c < g->n_cols; c++) {
            fputs(c > 0 ? " & " : "", f);
            latex_cell(g->cell[r * g->n_cols + c], f);
        }
        fputs(r == 0 ? " \\\\\n\\midrule\n" : " \\\\\n", f);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", f);
}
