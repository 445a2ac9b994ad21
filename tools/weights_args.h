/* The command line of `jensen weights`. */
#ifndef JN_TOOLS_WEIGHTS_ARGS_H
#define JN_TOOLS_WEIGHTS_ARGS_H

#include "jensen/weights.h"
#include "program.h"

typedef struct jn_weights_args {
    const char *log_p, *log_q, *evidence, *bounds, *k, *output;
    int estimator, format;
    uint64_t seed, threads;
    bool per_datum, timings;
} jn_weights_args;

extern const jn_option jn_weights_option_table[];
enum { JN_WEIGHTS_N_OPTIONS = 12 };

/* What the command line alone shows of the files: exactly FILE (NULL: none), or both of --log-p
 * and --log-q; standard input at most once. */
JN_CHECKED jn_status jn_weights_args_check(const jn_weights_args *a, const char *file,
                                           jn_error *err);

/* The log-weights. After jn_weights_args_check. */
JN_CHECKED jn_status jn_weights_args_matrix(const jn_weights_args *a, const char *file,
                                            jn_matrix *out, jn_error *err);

/* --evidence: a number, or a file of n. *out: for free(), NULL where it is not given. */
JN_CHECKED jn_status jn_weights_args_evidence(const jn_weights_args *a, size_t n, double **out,
                                              jn_error *err);

/* --bounds and --k; without --k those of 1, 10, 100 and 1000 that are at most `draws` (0: not known
 * yet). *out is for the caller to free. */
JN_CHECKED jn_status jn_weights_args_bounds(const jn_weights_args *a, size_t draws, size_t *n,
                                            jn_bound_arg **out, jn_error *err);

#endif
