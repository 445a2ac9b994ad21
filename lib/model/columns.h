/* Columns that a model finds by name. Internal. */
#ifndef JN_MODEL_COLUMNS_H
#define JN_MODEL_COLUMNS_H

#include "jensen/model.h"

/* Index of a column that must be there; `what` for the message: "the outcome, 0 or 1". */
JN_CHECKED jn_status jn_column_find(const jn_table *data, const char *name, const char *what,
                                    size_t *out, jn_error *err);

/* A column as n_rows numbers in lo..hi. JN_ERR_VALUE names the cell and says that `expected` was.
 */
JN_CHECKED jn_status jn_column_numbers(const jn_table *data, size_t col, double lo, double hi,
                                       const char *expected, double *out, jn_error *err);

/* The same, whole numbers only. */
JN_CHECKED jn_status jn_column_counts(const jn_table *data, size_t col, double lo, double hi,
                                      const char *expected, double *out, jn_error *err);

/* That one cell is not what was expected: JN_ERR_VALUE with file, line, column and text. */
jn_status jn_column_refuse(const jn_table *data, size_t row, size_t col, const char *expected,
                           jn_error *err);

/* Notes in the model which columns are none of `used`. */
void jn_columns_note_unused(const jn_table *data, const char *const *used, size_t n_used,
                            jn_model *model);

/* Covariates for a linear predictor: a column of ones (where `intercept`), then every column that
 * is none of `used`, in file order. */
typedef struct jn_design {
    size_t n, p;
    double *x; /* n x p */
} jn_design;

JN_CHECKED jn_status jn_design_read(const jn_table *data, const char *const *used, size_t n_used,
                                    bool intercept, jn_design *out, jn_error *err);

#endif
