/* Particle-filter rows of the gap table. Internal. */
#ifndef JN_GAP_FIVO_H
#define JN_GAP_FIVO_H

#include "gap/tile.h"

/* Fills the fivo-K rows: runs of a particle filter with K particles moved by q, 16 a replicate. */
JN_CHECKED jn_status jn_gap_fivo(const jn_gap_job *j, jn_error *err);

#endif
