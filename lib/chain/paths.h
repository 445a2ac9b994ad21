/* The path proposals, one file each, and what they share. Internal. */
#ifndef JN_CHAIN_PATHS_H
#define JN_CHAIN_PATHS_H

#include "jensen/path.h"
#include "jensen/random.h"

extern const jn_proposal_type jn_path_prior;
extern const jn_proposal_type jn_path_forward;
extern const jn_proposal_type jn_path_posterior;
extern const jn_proposal_type jn_path_guided;
extern const jn_proposal_type jn_path_smoother;

/* posterior and guided by the structure of the chain; each fills q->self and q->path. */
JN_CHECKED jn_status jn_path_finite_posterior(const jn_model *m, jn_proposal *q, jn_error *err);
JN_CHECKED jn_status jn_path_finite_guided(const jn_model *m, jn_proposal *q, jn_error *err);
JN_CHECKED jn_status jn_path_linear_posterior(const jn_model *m, jn_proposal *q, jn_error *err);
JN_CHECKED jn_status jn_path_gaussian_guided(const jn_model *m, jn_proposal *q, jn_error *err);

/* Base points of step t of draws index0 .. index0 + n - 1 (dim rows of ld, or one row of uniforms
 * for finite chains). */
void jn_path_base(const jn_model *m, const jn_stream *stream, size_t t, uint64_t index0, size_t n,
                  size_t ld, double *base);

/* Base coordinates of one step. */
size_t jn_path_step_base(const jn_model *m);

/* Base points given by the caller: n of them, row t jn_path_step_base + j (coordinate j of step t)
 * at x[(...) * ld]. n <= JN_BLOCK. */
typedef struct jn_base_points {
    size_t n, ld;
    const double *x;
} jn_base_points;

/* Log-weights of the paths that q makes of these base points; *out points into ws. */
JN_CHECKED jn_status jn_path_weigh(const jn_proposal *q, size_t row, const jn_base_points *base,
                                   jn_workspace *ws, jn_weights *out, jn_error *err);

/* Most steps times coordinates that a stream has room for: JN_COORDINATE_BITS. */
JN_CHECKED jn_status jn_path_check(const jn_proposal *q, size_t row, jn_error *err);

#endif
