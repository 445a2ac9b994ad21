/* Gap tables as text: one table, several renderings. */
#ifndef JENSEN_GAP_WRITE_H
#define JENSEN_GAP_WRITE_H

#include <stdio.h>

#include "jensen/gap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* TABLE: aligned, rounded to what the errors support, for people.
 * CSV: a row a bound, numbers with 17 digits; observation `index` empty for totals.
 * JSON: schema jensen.gap/1, numbers with 17 digits, "inf" and "-inf", null for what is not known.
 * MARKDOWN, LATEX (booktabs): value(error in units of the last digit), for papers. */
typedef enum jn_gap_format {
    JN_GAP_TABLE,
    JN_GAP_CSV,
    JN_GAP_JSON,
    JN_GAP_MARKDOWN,
    JN_GAP_LATEX
} jn_gap_format;

typedef struct jn_gap_write_options {
    bool per_datum; /* every observation, too */
    bool colour;    /* TABLE: escape sequences for a terminal */
    /* What was asked for, for the provenance: only what determines the numbers. */
    size_t n_command;
    const char *const *command;
} jn_gap_write_options;

/* options NULL: totals alone, no command. What goes wrong with `f` itself is seen by the caller
 * (ferror, fclose). */
JN_API JN_CHECKED jn_status jn_gap_write(const jn_gap_table *t, jn_gap_format format,
                                         const jn_gap_write_options *options, FILE *f,
                                         jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
