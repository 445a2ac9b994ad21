/* What the state-space models share: reading series, Gaussian steps. Internal. */
#ifndef JN_MODEL_SERIES_H
#define JN_MODEL_SERIES_H

#include "jensen/chain.h"

/* The column `name` (or the only column) as n_rows numbers on the heap; other columns are ignored
 * and said so in model->notes. */
JN_CHECKED jn_status jn_series_read(const jn_table *data, const char *name, jn_model *model,
                                    double **y, jn_error *err);

/* As jn_series_read for y1, y2, ... (or y alone): n_rows x *p numbers. */
JN_CHECKED jn_status jn_series_read_all(const jn_table *data, jn_model *model, size_t *p,
                                        double **y, jn_error *err);

/* out[i] = log N(z_i; mean_i, L L') for L lower triangular, d x d, diagonal > 0. d <= JN_STATE_MAX;
 * mean: a block like z, or (ld_mean 0) one point of d numbers. */
enum { JN_STATE_MAX = 64 };
void jn_gaussian_log_density(size_t d, const double *mean, size_t ld_mean, const double *root,
                             size_t n, size_t ld, const double *z, double *out);

/* z = mean + root e; root d x d, any; z may be e. */
void jn_gaussian_draw(size_t d, const double *mean, size_t ld_mean, const double *root, size_t n,
                      size_t ld, const double *e, double *z);

#endif
