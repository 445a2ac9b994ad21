/* Bounds and diagnostics from log-weights made elsewhere: a matrix, a row an observation, a column
 * a draw of q. */
#ifndef JENSEN_WEIGHTS_H
#define JENSEN_WEIGHTS_H

#include "jensen/gap.h"
#include "jensen/matrix.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in a field means "the default". */
typedef struct jn_weights_options {
    int estimator;          /* 0: ustat; 1 + jn_estimator: that one */
    const double *evidence; /* exact log p(x), one an observation; NULL: not known, and no gaps */
    uint64_t seed;
    size_t threads; /* as many as there are; changes no digit */
} jn_weights_options;

/* A gap table without model and proposal, its rule "weights", one replicate of log_w->cols draws.
 * Where log p(x) is not given, the evidence is the log of the mean weight with its standard error,
 * a lower bound in expectation. Errors are those of one sample: of the mean, of the U-statistic,
 * or by the delta method, from the spread of what each draw adds; NaN where the draws show none.
 *
 * JN_NOT_CONVERGED: the table is filled, but draws do not show a bound's error, or in an
 * observation k-hat is above jn_pareto_limit: the weights are too heavy-tailed for their means to
 * be trusted. JN_ERR_VALUE: a NaN, +INFINITY or what is beyond 1e100 either way, with its place; a
 * K above log_w->cols; evidence that is no number. JN_ERR_USAGE: fivo. Negative: *out is untouched.
 */
JN_API JN_CHECKED jn_status jn_weights_run(const jn_matrix *log_w, size_t n_bounds,
                                           const jn_bound_arg *bounds,
                                           const jn_weights_options *options, jn_gap_table **out,
                                           jn_error *err);

/* log p(x, z) - log q(z | x), element by element, into log_p. JN_ERR_VALUE: the shapes differ; a
 * log_p that is NaN or +INFINITY, a log_q that is not finite (a draw of q has a density). */
JN_API JN_CHECKED jn_status jn_weights_subtract(jn_matrix *log_p, const jn_matrix *log_q,
                                                jn_error *err);

/* The other way: the log-weights of all draws behind a gap table, a row an observation, replicate
 * after replicate. They are made again, the same to the bit. JN_ERR_UNSUPPORTED: the table's rule
 * is neither mc nor rqmc. *out is overwritten, not freed. */
JN_API JN_CHECKED jn_status jn_weights_of_gap(const jn_gap_table *t, size_t threads, jn_matrix *out,
                                              jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
