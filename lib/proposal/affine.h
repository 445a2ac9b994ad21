/* The core of all elliptical proposals: u = m + L e in unconstrained coordinates, one (m, L) for
 * every observation or one for all; e is standard normal, or Student. Internal. */
#ifndef JN_PROPOSAL_AFFINE_H
#define JN_PROPOSAL_AFFINE_H

#include "jensen/proposal.h"

/* Standard deviations of q: beyond, squares of z or of log q leave the range of doubles. */
#define JN_SD_LEAST 1e-100
#define JN_SD_MOST  1e100

typedef struct jn_affine jn_affine;

/* log of the density in u of n points from their |e|^2, in place, for (m, L) number `set`. */
typedef void jn_radial(const jn_affine *a, size_t set, size_t n, double *square);

struct jn_affine {
    const jn_model *model;
    size_t dim, n_sets; /* n_sets is 1 or the model's n_obs */
    bool diagonal;      /* every L is */
    bool all_real;      /* z is u */
    double *mean;       /* n_sets x dim */
    double *chol;       /* n_sets x dim x dim, lower triangular with a positive diagonal */
    double *log_norm;   /* n_sets: -dim/2 log 2pi - log det L, set by jn_affine_finish */
    jn_radial *radial;  /* Gaussian where it was not set otherwise */
    double df;          /* for a Student radial */
};

/* Zeroed arrays for 1 (per_row false) or n_obs sets; NULL when memory is out. */
jn_affine *jn_affine_new(const jn_model *model, bool per_row);
void jn_affine_free(void *self); /* NULL is fine */

/* The shift and widen parameters of a Gaussian family: added to every mean, multiplied into every
 * L. Then all that is derived. JN_ERR_VALUE where the result is not finite. */
JN_CHECKED jn_status jn_affine_finish(jn_affine *a, const jn_params *params, jn_error *err);

/* Parameters mean, sd or cov, shift and widen: a whole family of location and scale. *out is for
 * jn_affine_free, on errors too (NULL: none). */
JN_CHECKED jn_status jn_affine_read(const jn_params *params, const jn_model *model, jn_affine **out,
                                    jn_error *err);

/* For a jn_proposal_ops whose self is a jn_affine: all of a Gaussian, and what serves any radial.
 */
extern const jn_proposal_ops jn_affine_ops;
JN_CHECKED jn_status jn_affine_log_density(const void *self, size_t row, size_t n, size_t ld,
                                           const double *z, double *log_q);
JN_CHECKED jn_status jn_affine_location(const void *self, size_t row, double *mean, double *chol);

/* z from e (z == e is fine); log |dz/du| is taken off log_q. */
void jn_affine_place(const jn_affine *a, size_t row, size_t n, size_t ld, const double *e,
                     double *z, double *log_q);

/* The set that serves an observation. */
size_t jn_affine_set(const jn_affine *a, size_t row);

/* Rows of the spec table of every family that jn_affine_read makes. */
#define JN_LOCATION_SCALE_SPECS                                                           \
    { "mean", "number, d numbers or N x d", "0", "mean, in unconstrained coordinates" },  \
        { "sd", "numbers > 0, shaped as mean", NULL, "standard deviations (default 1)" }, \
    {                                                                                     \
        "cov", "d x d, or N d x d", NULL, "covariance, instead of sd"                     \
    }

/* Rows of the spec table of every family that jn_affine_finish serves. */
#define JN_AFFINE_SPECS                                                  \
    { "shift", "number or d numbers", "0", "added to the mean" },        \
    {                                                                    \
        "widen", "number > 0", "1", "multiplies the standard deviations" \
    }

#endif
