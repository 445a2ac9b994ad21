/* The recursion on one grid (grid_run.c), for what refines it (grid.c). Internal. */
#ifndef JN_CHAIN_GRID_H
#define JN_CHAIN_GRID_H

#include "jensen/chain.h"

/* States lo, lo + h, ..., lo + (n - 1) h. */
typedef struct jn_grid {
    double lo, h;
    size_t n;
} jn_grid;

typedef struct jn_grid_result {
    double *value;   /* log p(x_row), rows.count */
    bool border;     /* some observation puts more than 1e-14 of the peak on the border */
    bool escaped;    /* some observation lives beyond the band of the kernel: value is too small */
    uint64_t n_eval; /* kernel entries */
} jn_grid_result;

/* First with values and kernels cut at 9.5 standard deviations; where an emission favours states
 * that this cannot see, again in logarithms with 40, then with 400. */
JN_CHECKED jn_status jn_grid_run(const jn_model *m, jn_range rows, jn_grid grid,
                                 jn_grid_result *out, jn_error *err);

#endif
