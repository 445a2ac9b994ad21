/* Rows of the gap table that samplers of their own make. Internal. */
#ifndef JN_GAP_RUNS_H
#define JN_GAP_RUNS_H

#include "gap/tile.h"

/* Fills the rows of bounds that run something: fivo-K, particle filters with K particles moved by
 * q; ais-K, chains from q through K temperatures and back from the posterior. 16 runs a replicate.
 * JN_NOT_CONVERGED: with a warning, reverse chains had nowhere to start; their rows stay null. */
JN_CHECKED jn_status jn_gap_runs(const jn_gap_job *j, jn_error *err);

#endif
