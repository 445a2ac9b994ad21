/* What forward.c (scaled) and forward_log.c (in logarithms) share. Internal. */
#ifndef JN_CHAIN_FORWARD_H
#define JN_CHAIN_FORWARD_H

#include "jensen/chain.h"

enum { JN_FORWARD_BLOCK = 512 }; /* steps whose emissions are made at once */

/* log p(x_t | s) of `count` steps into log_e (count x n_states); NaN and +inf are JN_ERR_NAN. */
JN_CHECKED jn_status jn_forward_emissions(const jn_model *m, size_t row, size_t t0, size_t count,
                                          double *log_e, jn_error *err);

/* The recursion in logarithms throughout: nothing can underflow. *error bounds its rounding. */
JN_CHECKED jn_status jn_forward_log(const jn_model *m, size_t row, double *value, double *error,
                                    jn_error *err);

#endif
