/* The writers of the gap table, one file each. Internal. */
#ifndef JN_GAP_WRITE_H
#define JN_GAP_WRITE_H

#include "jensen/gap_write.h"

typedef jn_status jn_gap_writer(const jn_gap_table *t, const jn_gap_write_options *options,
                                FILE *f);

JN_CHECKED jn_gap_writer jn_gap_write_table, jn_gap_write_csv, jn_gap_write_json,
    jn_gap_write_markdown, jn_gap_write_latex;

/* What is not known has no error. */
double jn_gap_error_of(const jn_estimate *e);

/* Its degrees of freedom; NaN where there is no error that could have any. */
double jn_gap_dof_of(const jn_estimate *e);

/* The command's words, those with blanks in quotes, on one line. */
void jn_gap_command_line(const jn_gap_write_options *options, FILE *f);

/* Does any total have a prediction? */
bool jn_gap_predicts(const jn_gap_table *t);

#endif
