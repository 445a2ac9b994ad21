/* Newton's method for a mode of the target from one start. Far from a mode the Hessian may not be
 * negative definite: a multiple of the identity is then added until it is (Levenberg), which keeps
 * the step uphill. Internal. */
#ifndef JN_TARGET_CLIMB_H
#define JN_TARGET_CLIMB_H

#include "jensen/target.h"

/* Squared length of the last Newton step in posterior standard deviations. */
#define JN_CLIMB_EXACT 1e-28 /* nothing left to gain */
#define JN_CLIMB_NODES 1e-9  /* enough to place nodes about the mode */

typedef struct jn_search {
    const jn_model *m;
    size_t row, d;
    double done;                               /* the squared length at which to stop */
    double *grad, *hess, *chol, *step, *trial; /* d, d x d, d x d, d, d */
    double *memory;
} jn_search;

typedef struct jn_peak {
    double *u;     /* d */
    double value;  /* log joint; -inf: nothing was found */
    double *scale; /* d: square roots of the precision's diagonal; the climb leaves it alone */
    bool converged;
} jn_peak;

/* s->memory is for the caller to free, also after an error. */
JN_CHECKED jn_status jn_search_new(jn_search *s, const jn_model *m, size_t row, double done);

/* One ascent from p->u; afterwards s->grad and s->hess are those at p->u. Negative: the model
 * failed at the start. */
JN_CHECKED jn_status jn_search_climb(jn_search *s, jn_peak *p);

/* Start k of a search: 0 the origin, 1 the prior's centre, then fixed draws of the prior; scattered
 * points about the origin where the prior cannot be drawn. */
JN_CHECKED jn_status jn_search_start(const jn_search *s, size_t k, double *u);

/* The Gaussian about a point from s->hess, taken for the Hessian there; out's arrays are there
 * already. JN_ERR_VALUE: not a strict maximum; JN_NOT_CONVERGED: nor is the point one. */
JN_CHECKED jn_status jn_search_gaussian(const jn_search *s, const jn_peak *p, jn_mode *out,
                                        jn_error *err);
/* The same; the Hessian is found first. */
JN_CHECKED jn_status jn_search_describe(jn_search *s, const jn_peak *p, jn_mode *out,
                                        jn_error *err);

/* Arrays of a mode; free with jn_mode_free also after an error. */
JN_CHECKED jn_status jn_mode_alloc(size_t dim, jn_mode *out);

#endif
