/* Do draws show the error of a bound? Internal. */
#ifndef JN_GAP_DOUBT_H
#define JN_GAP_DOUBT_H

#include "jensen/gap.h"

/* Where they do not, the error of b's value and gap becomes NaN, and b->unsure says why. Its value
 * stands, and the set's k-hat in d. exact: a known log p(x), which may not be contradicted; or
 * NULL. JN_ERR_NOMEM: b is as good as before. */
JN_CHECKED jn_status jn_gap_doubt(jn_gap_bound *b, const jn_law_set *set, const jn_diagnostics *d,
                                  const jn_estimate *exact);

/* Do so few draws hold all the weight that neither its tail nor means that rest on it show? */
bool jn_gap_few_effective(const jn_law *law);

/* Effective sample size as a fraction; NaN for a single draw, which always is all of itself. */
double jn_gap_ess(const jn_law *law);

#endif
