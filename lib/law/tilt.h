/* Sums over draws or nodes in which e^(beta l) counts, streaming and mergeable. Internal. */
#ifndef JN_LAW_TILT_H
#define JN_LAW_TILT_H

#include "jensen/law.h"

void jn_tilt_init(jn_tilt *t, double beta);
/* n log-weights with their log-masses (NULL: all 0), edge[i] nonzero at the border (NULL: none).
 * Last bits depend on the split into calls. */
void jn_tilt_add(jn_tilt *t, size_t n, const double *log_w, const double *log_m,
                 const unsigned char *edge);
void jn_tilt_merge(jn_tilt *into, const jn_tilt *from);

#endif
