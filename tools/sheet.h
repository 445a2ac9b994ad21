/* A table of results with named columns, and its renderings. */
#ifndef JN_TOOLS_SHEET_H
#define JN_TOOLS_SHEET_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "jensen/model.h"
#include "words.h"

typedef enum jn_cell_kind {
    JN_CELL_NONE,
    JN_CELL_TEXT,
    JN_CELL_NUMBER,
    JN_CELL_COUNT
} jn_cell_kind;

typedef struct jn_cell {
    jn_cell_kind kind;
    const char *text;
    double number; /* NaN is nothing: null, an empty cell, "-" */
    int digits;    /* of a number in renderings for people; 0: 12 */
} jn_cell;

typedef struct jn_sheet {
    const char *name; /* of the rows in JSON */
    size_t n_cols, n_rows;
    const char *const *cols;
    jn_cell *cell;     /* n_rows x n_cols */
    bool machine_only; /* JSON alone: a note tells people */
} jn_sheet;

typedef struct jn_report {
    const char *schema;    /* "jensen.evidence/1" */
    const jn_model *model; /* NULL: none */
    const jn_words *command;
    uint64_t seed;
    size_t n_sheets;
    const jn_sheet *sheets; /* CSV shows the first alone */
    size_t n_notes;
    const char *const *notes; /* for people, and in JSON */
} jn_report;

typedef enum jn_form { JN_FORM_TABLE, JN_FORM_CSV, JN_FORM_JSON, JN_FORM_MARKDOWN } jn_form;
#define JN_FORMS "table|csv|json|md"

static inline jn_cell jn_cell_text(const char *text)
{
    return (jn_cell){ text == NULL ? JN_CELL_NONE : JN_CELL_TEXT, text, NAN, 0 };
}

static inline jn_cell jn_cell_number(double x, int digits)
{
    return (jn_cell){ JN_CELL_NUMBER, NULL, x, digits };
}

static inline jn_cell jn_cell_count(uint64_t n)
{
    return (jn_cell){ JN_CELL_COUNT, NULL, (double)n, 0 };
}

/* The whole report to a file or standard output (path NULL), whole or not at all. */
JN_CHECKED jn_status jn_report_write(const jn_report *r, jn_form form, const char *path,
                                     jn_error *err);

#endif
