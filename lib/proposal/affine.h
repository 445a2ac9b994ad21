/* The core of all Gaussian proposals: u = m + L e with standard normal e, in unconstrained
 * coordinates, one (m, L) for every observation or one for all. Internal. */
#ifndef JN_PROPOSAL_AFFINE_H
#define JN_PROPOSAL_AFFINE_H

#include "jensen/proposal.h"

typedef struct jn_affine {
    const jn_model *model;
    size_t dim, n_sets; /* n_sets is 1 or the model's n_obs */
    bool diagonal;      /* every L is */
    bool all_real;      /* z is u */
    double *mean;       /* n_sets x dim */
    double *chol;       /* n_sets x dim x dim, lower triangular with a positive diagonal */
    double *log_norm;   /* n_sets: -dim/2 log 2pi - log det L, set by jn_affine_finish */
} jn_affine;

/* Zeroed arrays for 1 (per_row false) or n_obs sets; NULL when memory is out. */
jn_affine *jn_affine_new(const jn_model *model, bool per_row);
void jn_affine_free(void *self); /* NULL is fine */

/* The shift and widen parameters of a Gaussian family: added to every mean, multiplied into every
 * L. Then all that is derived. JN_ERR_VALUE where the result is not finite. */
JN_CHECKED jn_status jn_affine_finish(jn_affine *a, const jn_params *params, jn_error *err);

/* For a jn_proposal_ops whose self is a jn_affine. */
extern const jn_proposal_ops jn_affine_ops;

/* Rows of the spec table of every Gaussian family. */
#define JN_AFFINE_SPECS                                                  \
    { "shift", "number or d numbers", "0", "added to the mean" },        \
    {                                                                    \
        "widen", "number > 0", "1", "multiplies the standard deviations" \
    }

#endif
