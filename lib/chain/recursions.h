/* The exact recursions, one file each. Internal. */
#ifndef JN_CHAIN_RECURSIONS_H
#define JN_CHAIN_RECURSIONS_H

#include "jensen/chain.h"

/* log p(x_row) of a finite chain. */
JN_CHECKED jn_status jn_chain_forward(const jn_model *m, size_t row, jn_estimate *out,
                                      jn_error *err);

/* log p(y) of a linear-Gaussian chain; jn_kalman chooses. */
JN_CHECKED jn_status jn_kalman(const jn_chain_linear *c, jn_estimate *out, jn_error *err);
/* Any dimensions, in square-root form. */
JN_CHECKED jn_status jn_kalman_dense(const jn_chain_linear *c, jn_estimate *out, jn_error *err);
/* d = p = 1, R > 0. */
JN_CHECKED jn_status jn_kalman_scalar(const jn_chain_linear *c, jn_estimate *out);

#endif
