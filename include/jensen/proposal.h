/* Proposals q(z | x): they map base points to z and give log q.
 *
 * z is in the model's own coordinates, as in jensen/model.h; log q is normalised there. Families
 * that live on the unconstrained space (`gaussian`, `laplace`, ...) put their Jacobian in; `prior`
 * and `posterior` are coordinate-free. */
#ifndef JENSEN_PROPOSAL_H
#define JENSEN_PROPOSAL_H

#include "jensen/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jn_proposal jn_proposal;

typedef struct jn_proposal_ops {
    /* n points z from base points (n_base coordinates each, of the kinds `base`), and log q(z_i).
     */
    jn_status (*map)(const void *self, size_t row, size_t n, size_t ld, const double *base,
                     double *z, double *log_q);
    /* log q at given points. */
    jn_status (*log_density)(const void *self, size_t row, size_t n, size_t ld, const double *z,
                             double *log_q);
    /* Kind of base coordinate j; NULL: all normal. */
    jn_base (*base)(const void *self, size_t j);
    /* Base coordinates of a point, >= dim: the choice of a component or a mixing variable takes one
     * more. NULL: dim. */
    size_t (*n_base)(const void *self);

    /* --- NULL: does not apply ---------------------------------------------------------------- */

    /* A Gaussian that stands for q in unconstrained coordinates when nodes are placed: mean (dim)
     * and lower Cholesky factor of the covariance (dim x dim). Exact where `is_gaussian`. */
    jn_status (*location)(const void *self, size_t row, double *mean, double *chol);
    /* -2 log q(u) = u'Pu + O(|u|) far out (unconstrained coordinates): P, dim x dim. 0 for tails
     * heavier than Gaussian. */
    jn_status (*tail_precision)(const void *self, size_t row, double *precision);
} jn_proposal_ops;

typedef struct jn_proposal_type {
    const char *name, *summary;
    const jn_param_spec *params;
    size_t n_params;
    /* Fill q->self, ops and flags. The model outlives the proposal. */
    jn_status (*create)(const jn_params *params, const jn_model *model, jn_proposal *q,
                        jn_error *err);
    void (*destroy)(void *self);
} jn_proposal_type;

/* Bound to a model; read-only after jn_proposal_new. */
struct jn_proposal {
    const jn_proposal_type *type;
    jn_params params; /* completed */
    const jn_model *model;
    void *self;
    const jn_proposal_ops *ops;
    const struct jn_path_ops *path; /* over paths of a chain (jensen/path.h): ops is NULL then */
    bool is_prior;                  /* log q is log p(z): log-weights are the likelihood itself */
    bool is_posterior;              /* every weight equals p(x) */
    bool is_gaussian;               /* Gaussian in unconstrained coordinates */
    bool is_bounded;                /* weights are bounded, and E_q |log w| is finite */
    bool has_power_tails;           /* falls off like a power in unconstrained coordinates */
    bool per_row;                   /* q differs from observation to observation */
    jn_status weakest;              /* JN_NOT_CONVERGED where a mode was not found; else JN_OK */
};

JN_API const jn_proposal_type *const *jn_proposal_types(size_t *n);
JN_API const jn_proposal_type *jn_proposal_type_find(const char *name);

/* JN_ERR_USAGE: unknown proposal or parameter, with the nearest; JN_ERR_VALUE: a bad value or
 * shape; JN_ERR_UNSUPPORTED: the model has no such proposal (no known posterior, discrete z). */
JN_API JN_CHECKED jn_status jn_proposal_new(const char *name, const jn_params *params,
                                            const jn_model *model, jn_proposal **out,
                                            jn_error *err);
JN_API void jn_proposal_free(jn_proposal *q); /* NULL is fine */

/* Base coordinates of a point, and the kind of each. */
JN_API size_t jn_proposal_n_base(const jn_proposal *q);
JN_API jn_base jn_proposal_base(const jn_proposal *q, size_t j);

#ifdef __cplusplus
}
#endif
#endif
