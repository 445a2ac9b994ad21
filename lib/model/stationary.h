/* The stationary law of a finite Markov chain. Internal. */
#ifndef JN_MODEL_STATIONARY_H
#define JN_MODEL_STATIONARY_H

#include <stddef.h>

#include "jensen/status.h"

/* transition: n x n, rows are "from". JN_ERR_VALUE: more than one closed class of states, so that
 * there is no one stationary law. Accurate in every component, tiny ones too: no subtractions
 * (Grassmann, Taksar & Heyman 1985). */
JN_CHECKED jn_status jn_stationary(size_t n, const double *transition, double *out);

#endif
