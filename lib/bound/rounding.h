/* What rounding alone leaves of a gap that a law gives. Internal. */
#ifndef JN_BOUND_ROUNDING_H
#define JN_BOUND_ROUNDING_H

#include <math.h>

#include "jensen/law.h"

typedef struct jn_rounding {
    double relative; /* of the gap */
    double floor;    /* nats: what is left where every weight is the same */
} jn_rounding;

/* Log-masses of size 50 round at 1e-14. Log-weights of size |log p(x)| round at eps of that, and
 * move a gap by E |W - 1| of it: much beside a gap of the order of (E |W - 1|)^2. */
static inline jn_rounding jn_rounding_of(const jn_weight_law *w)
{
    const double off = 2.2e-16 * (1.0 + fabs(w->log_evidence));
    double spread = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        spread += fabs(w->mw1[i]);
    }
    return (jn_rounding){ .relative = 1e-14 + 2.0 * off * (1.0 + 1.0 / fmax(spread, off)),
                          .floor = off * off };
}

#endif
