/* The estimates that are timed, made from fixed seeds, and what they must come out at. */
#ifndef JN_BENCH_WORKLOADS_H
#define JN_BENCH_WORKLOADS_H

#include <stdbool.h>

#include "jensen/gap.h"

typedef struct workload {
    jn_model *model;
    jn_proposal *q;
    double elbo; /* in closed form; NaN: not known */
} workload;

/* W1: x ~ N(z, 0.5), x = 1.2, q = N(0.4, 0.8^2). */
workload workload_toy(void);
/* x = W z + noise of variance 0.5, z of dim coordinates, x of n_x columns, `rows` of them; q is the
 * best Gaussian with independent coordinates. W2: 8, 12, 1. */
workload workload_linear(size_t dim, size_t n_x, size_t rows);
/* W3: 532 outcomes, an intercept and 4 covariates; q is the Gaussian at the mode. */
workload workload_logistic(void);
void workload_free(workload *w);

/* Inputs of W2 and W3 as text, a number a line, for programs of other people. */
bool workload_write(const char *folder);

/* Prints the message and leaves the program. */
void workload_must(jn_status status, const jn_error *err);

#endif
