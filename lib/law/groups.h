/* Log-mean-exps of consecutive groups of k draws, streaming and mergeable. Internal. */
#ifndef JN_LAW_GROUPS_H
#define JN_LAW_GROUPS_H

#include "jensen/law.h"

/* An empty run that begins at draw `first`. */
void jn_groups_init(jn_groups *g, uint64_t k, uint64_t first);
/* The next n draws of the run. */
void jn_groups_add(jn_groups *g, size_t n, const double *log_w);
/* `from` begins where `into` ends. */
void jn_groups_merge(jn_groups *into, const jn_groups *from);

#endif
