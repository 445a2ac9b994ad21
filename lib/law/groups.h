/* Log-mean-exps of consecutive groups of k draws, streaming and mergeable. Internal. */
#ifndef JN_LAW_GROUPS_H
#define JN_LAW_GROUPS_H

#include "jensen/law.h"
#include "kernel/kernels.h"

/* An empty run that begins at draw `first`. Set log_p for controls before the first draw. */
void jn_groups_init(jn_groups *g, uint64_t k, uint64_t first);
/* What is known of n draws. w, w1: e^(log_w - unit) of each, and that less 1; NULL: not made.
 * sums: of the n together, where w and w1 are made; NULL: not made. */
typedef struct jn_scaled {
    double unit;
    const double *w, *w1;
    const jn_draw_sums *sums;
} jn_scaled;
/* The next n draws of the run. */
void jn_groups_add(jn_groups *g, size_t n, const double *log_w, const jn_scaled *scaled);
/* The same, but the first draw of each group is that of `replacement` with the same index. */
void jn_groups_add_replaced(jn_groups *g, size_t n, const double *log_w, const double *replacement);
/* `from` begins where `into` ends. */
void jn_groups_merge(jn_groups *into, const jn_groups *from);
/* `from` is another run: its full groups join. */
void jn_groups_pool(jn_groups *into, const jn_groups *from);

#endif
