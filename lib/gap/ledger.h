/* The bound of a diffusion step by step, beside the gap table. Internal. */
#ifndef JN_GAP_LEDGER_H
#define JN_GAP_LEDGER_H

#include "gap/tile.h"

/* Fills table->ledger where q is a chain's own backward process and the ELBO was asked for; else
 * leaves it empty. */
JN_CHECKED jn_status jn_gap_ledger(const jn_gap_job *j, jn_error *err);

#endif
