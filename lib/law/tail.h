/* The largest log-weights of a stream. Internal. */
#ifndef JN_LAW_TAIL_H
#define JN_LAW_TAIL_H

#include "jensen/law.h"

/* Keeps the `keep` largest. */
void jn_tail_init(jn_tail *t, size_t keep);
void jn_tail_free(jn_tail *t);
JN_CHECKED jn_status jn_tail_add(jn_tail *t, size_t n, const double *log_w);
JN_CHECKED jn_status jn_tail_merge(jn_tail *into, const jn_tail *from);
/* All of `from`, which is empty afterwards, to `into`, which is empty before, in as much memory as
 * it needs. */
JN_CHECKED jn_status jn_tail_move(jn_tail *into, jn_tail *from);

#endif
