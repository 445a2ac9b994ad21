/* The methods behind the table of jensen/exact.h, one a file. Internal. */
#ifndef JN_EXACT_METHODS_H
#define JN_EXACT_METHODS_H

#include "jensen/exact.h"

typedef jn_status jn_exact_fn(const jn_model *m, size_t row, const jn_exact_options *options,
                              jn_estimate *out, jn_error *err);

jn_exact_fn jn_exact_importance, jn_exact_bridge, jn_exact_bridge_resampled, jn_exact_laplace,
    jn_exact_panels_of;

enum { JN_TRAPEZOID_DIM = 8, JN_GAUSS_HERMITE_DIM = 4, JN_CUBATURE_DIM = 5 };

#endif
