/* The built-in models, one file each, and what their files share. Internal. */
#ifndef JN_MODEL_MODELS_H
#define JN_MODEL_MODELS_H

#include "jensen/model.h"

extern const jn_model_type jn_model_linear_gaussian;
extern const jn_model_type jn_model_gaussian_mixture;
extern const jn_model_type jn_model_logistic;
extern const jn_model_type jn_model_gamma_weights;
extern const jn_model_type jn_model_two_point_weights;
extern const jn_model_type jn_model_gaussian_scale;
extern const jn_model_type jn_model_decoder;
extern const jn_model_type jn_model_hmm;
extern const jn_model_type jn_model_local_level;
extern const jn_model_type jn_model_lgssm;
extern const jn_model_type jn_model_beta_binomial;
extern const jn_model_type jn_model_gamma_poisson;
extern const jn_model_type jn_model_linear_regression;
extern const jn_model_type jn_model_glmm;
extern const jn_model_type jn_model_hierarchical_normal;
extern const jn_model_type jn_model_funnel;
extern const jn_model_type jn_model_banana;
extern const jn_model_type jn_model_student;
extern const jn_model_type jn_model_stochastic_volatility;
extern const jn_model_type jn_model_diffusion;

/* Points worked on at once by loops that keep intermediate results on the stack. */
enum { JN_MODEL_CHUNK = 256 };

/* A whole number in lo..hi. */
JN_CHECKED jn_status jn_model_count(const jn_params *params, const char *name, size_t lo, size_t hi,
                                    size_t *out, jn_error *err);

/* All cells of the table as n_rows x n_cols numbers on the heap. */
JN_CHECKED jn_status jn_model_read_all(const jn_table *data, double **out, jn_error *err);

/* Standard normal prior in `dim` coordinates: log-densities, and the map (a copy). */
void jn_model_normal_prior(size_t dim, size_t n, size_t ld, const double *z, double *out);
void jn_model_copy_points(size_t dim, size_t n, size_t ld, const double *from, double *to);
/* scale * identity, dim x dim. */
void jn_model_scaled_identity(size_t dim, double scale, double *out);

/* For densities without a split that are normalised as they stand: log_prior (0) and evidence. */
JN_CHECKED jn_status jn_model_no_prior(const void *self, size_t n, size_t ld, const double *z,
                                       double *out);
JN_CHECKED jn_status jn_model_normalised(const void *self, size_t row, jn_estimate *out);

#endif
