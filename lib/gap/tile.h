/* Observations whose laws are in memory together. Internal. */
#ifndef JN_GAP_TILE_H
#define JN_GAP_TILE_H

#include "jensen/gap.h"

/* What stays the same over all tiles. */
typedef struct jn_gap_job {
    const jn_proposal *q;
    const jn_source *source;
    jn_estimator estimator;
    const jn_bound_arg *args;
    const jn_gap_options *options; /* completed */
    jn_bound_wish lists;
    jn_law_wish wish;    /* borrows the lists; log_p is set tile by tile */
    uint64_t particles;  /* smc */
    uint64_t steps;      /* ais */
    bool reverse;        /* ais */
    bool posterior;      /* draws of the posterior beside those of q */
    jn_gap_table *table; /* rows' evidence stands already */
} jn_gap_job;

/* How many observations to take at once. */
size_t jn_gap_tile_size(const jn_gap_job *j);

/* Fills the rows first .. first + n - 1 of the table, refining and widening the rule row by row.
 * JN_NOT_CONVERGED: filled, but a row misses the tolerance; JN_REFUSED: a row has no law to stand
 * on. Both with the reason in err. */
JN_CHECKED jn_status jn_gap_tile_run(const jn_gap_job *j, size_t first, size_t n, jn_error *err);

#endif
