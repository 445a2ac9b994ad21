/* The space in which annealed chains walk: q's base points, all taken to be standard normals (a
 * uniform is the normal law's mass below one). q is there the product of normals whatever its
 * family, and a law proportional to q w^b is that product times a power of the weight. Internal. */
#ifndef JN_CHAIN_WALK_H
#define JN_CHAIN_WALK_H

#include "chain/paths.h"
#include "source/workspace.h"

/* Base coordinates of one draw of q: of a whole path for chains. */
size_t jn_walk_dim(const jn_proposal *q, size_t row);

/* Is base coordinate j (of a chain: any) uniform? */
bool jn_walk_uniform(const jn_proposal *q, size_t j);

/* n chains, n <= JN_BLOCK: where they stand (D rows of n) and log w there. */
typedef struct jn_walk {
    const jn_proposal *q;
    size_t row, D, n;
    double *e, *l;
    double *to, *l_to, *scratch, *number; /* of the move that is tried */
    double *memory;
} jn_walk;

JN_CHECKED jn_status jn_walk_new(const jn_proposal *q, size_t row, size_t n, jn_walk *out,
                                 jn_error *err);
void jn_walk_free(jn_walk *w);

/* l from e. */
JN_CHECKED jn_status jn_walk_weigh(jn_walk *w, jn_workspace *ws, jn_error *err);

/* A Metropolis move of every chain that leaves the law proportional to q w^beta as it is and is
 * reversible under it: of size 0 < size <= 1, from numbers index .. index + n - 1 of the stream,
 * coordinates 0 .. D. */
JN_CHECKED jn_status jn_walk_move(jn_walk *w, double beta, double size, const jn_stream *stream,
                                  uint64_t index, jn_workspace *ws, jn_error *err);

/* n points e from which q makes the given z (of a chain: steps x dim rows; else dim rows) of n, by
 * solving for them one coordinate at a time; where several make the same (a discrete z), one of
 * them at random by the stream. JN_ERR_UNSUPPORTED: z is not made by q, or q mixes its base points
 * in a way that cannot be undone. */
JN_CHECKED jn_status jn_walk_invert(const jn_proposal *q, size_t row, const jn_stream *stream,
                                    uint64_t index0, size_t n, const double *z, jn_workspace *ws,
                                    double *e, jn_error *err);

#endif
