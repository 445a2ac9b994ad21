/* Coordinates t in which q and the posterior are both axis-parallel: u = origin + B t, where the
 * Gaussian about the posterior's mode is N(0, I) and the one that stands for q is
 * N(b, diag(r^2)): the generalised eigenproblem of the two covariances. Internal. */
#ifndef JN_SOURCE_FRAME_H
#define JN_SOURCE_FRAME_H

#include "jensen/proposal.h"

enum { JN_FRAME_MAX = 4 };

typedef struct jn_frame {
    size_t dim;
    double origin[JN_FRAME_MAX];
    double b_matrix[JN_FRAME_MAX * JN_FRAME_MAX]; /* u = origin + B t */
    double log_det;                               /* log |det B| */
    double q_centre[JN_FRAME_MAX], q_width[JN_FRAME_MAX];
} jn_frame;

/* JN_REFUSED where neither the posterior's mode nor a Gaussian for q is to be had. */
JN_CHECKED jn_status jn_frame_make(const jn_proposal *q, size_t row, jn_frame *out, jn_error *err);

/* u for n points t, in place (dim rows of ld). */
void jn_frame_apply(const jn_frame *f, size_t n, size_t ld, double *t);

#endif
