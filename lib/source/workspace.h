/* Scratch of one worker: a block of points on its way to log-weights. Internal. */
#ifndef JN_SOURCE_WORKSPACE_H
#define JN_SOURCE_WORKSPACE_H

#include "jensen/source.h"

/* All arrays are JN_BLOCK long (dim rows of JN_BLOCK for u and z, n_base for base). */
struct jn_workspace {
    size_t dim, n_base;
    double *base, *u, *z;
    double *log_q, *log_prior, *log_lik, *log_ratio, *log_w, *log_mass, *log_jacobian;
    double *log_w_posterior;
    double mark_sums[4];
    unsigned char *edge;
    double *memory;
};

jn_workspace *jn_workspace_new(size_t dim); /* NULL: out of memory */
/* The same for draws of q, whose base points may have more coordinates than z. */
jn_workspace *jn_workspace_for(const jn_proposal *q);
void jn_workspace_free(jn_workspace *ws); /* NULL is fine */

/* From ws->z and ws->log_q (n points) to log_lik, log_ratio and log_w, and *out that points to
 * them. A NaN or +inf is JN_ERR_NAN and names observation, point (index0 + i) and z. Points with
 * log_q = -inf are left with log_w = -inf. */
JN_CHECKED jn_status jn_workspace_weigh(jn_workspace *ws, const jn_proposal *q, size_t row,
                                        size_t n, uint64_t index0, jn_weights *out, jn_error *err);

#endif
