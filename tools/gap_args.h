/* The command line of `jensen gap`. */
#ifndef JN_TOOLS_GAP_ARGS_H
#define JN_TOOLS_GAP_ARGS_H

#include "jensen/gap.h"
#include "jensen/gap_write.h"
#include "jensen/matrix.h"
#include "jensen/model.h"
#include "program.h"

typedef struct jn_gap_args {
    jn_words set, q_set;
    const char *data, *q, *rows, *columns, *bounds, *k, *output, *save_weights, *latents;
    int rule, estimator, format, resampling;
    uint64_t samples, replicates, seed, threads;
    double tolerance, threshold;
    bool per_datum, timings, quiet;
} jn_gap_args;

extern const jn_option jn_gap_option_table[];
extern const size_t jn_gap_n_options;

/* Rules and estimators that go together, as options of the job. */
JN_CHECKED jn_status jn_gap_args_options(const jn_gap_args *a, jn_gap_options *out, jn_error *err);

/* --bounds and --k: every bound that takes K once for each K. *out is for the caller to free. */
JN_CHECKED jn_status jn_gap_args_bounds(const jn_gap_args *a, size_t *n, jn_bound_arg **out,
                                        jn_error *err);

/* JN_ERR_USAGE: an option that serves only a bound that was not asked for. */
JN_CHECKED jn_status jn_gap_args_used(const jn_gap_args *a, size_t n, const jn_bound_arg *bounds,
                                      jn_error *err);

/* NAME=VALUE texts into parameters, @FILE read. */
JN_CHECKED jn_status jn_gap_args_params(const char *option, const jn_words *texts, jn_params *out,
                                        jn_error *err);

/* --data with --rows and --columns. */
JN_CHECKED jn_status jn_gap_args_table(const jn_gap_args *a, jn_table **out, jn_error *err);

/* --latents as numbers, a row a latent point. JN_ERR_VALUE: one is outside the support of m. */
JN_CHECKED jn_status jn_gap_args_latents(const jn_gap_args *a, const jn_model *m, jn_matrix *out,
                                         jn_error *err);

#endif
