/* Tables of text for people: aligned, Markdown, LaTeX (booktabs). Internal. */
#ifndef JN_IO_GRID_H
#define JN_IO_GRID_H

#include <stdbool.h>
#include <stdio.h>

#include "jensen/status.h"

/* Cells come row by row; the first row is the heading. An allocation that failed is remembered, so
 * that only jn_grid_status need be asked. */
typedef struct jn_grid {
    size_t n_cols, n_cells;
    char **cell;
    bool failed;
} jn_grid;

void jn_grid_init(jn_grid *g, size_t n_cols);
void jn_grid_free(jn_grid *g);
void jn_grid_add(jn_grid *g, const char *fmt, ...) JN_PRINTF(2, 3);
JN_CHECKED jn_status jn_grid_status(const jn_grid *g);

/* Columns are padded to the widest cell and flush right; those of `left` (one bool a column) flush
 * left. `on` and `off` are put around the heading (escape sequences), or NULL. */
void jn_grid_print(const jn_grid *g, const bool *left, const char *on, const char *off, FILE *f);
void jn_grid_print_markdown(const jn_grid *g, const bool *left, FILE *f);
/* A complete tabular; numbers are set in mathematics, 1.2e-07 as a power of ten. */
void jn_grid_print_latex(const jn_grid *g, const bool *left, FILE *f);

/* Text with what is special to LaTeX escaped. */
void jn_latex_text(const char *text, FILE *f);

#endif
