/* Totals over observations. Internal. */
#ifndef JN_GAP_TOTAL_H
#define JN_GAP_TOTAL_H

#include "jensen/gap.h"

/* Fills t->total (whose bounds are allocated) from t->rows, in row order. */
void jn_gap_total(jn_gap_table *t);

#endif
