/* Making values. Internal. */
#ifndef JN_BASE_VALUE_H
#define JN_BASE_VALUE_H

#include "jensen/params.h"

/* Both overwrite *out without freeing it. JN_ERR_VALUE: no rows, no columns, or a number that is
 * not finite. */
JN_CHECKED jn_status jn_value_numbers(size_t rows, size_t cols, const double *x, jn_value *out);
JN_CHECKED jn_status jn_value_copy(const jn_value *from, jn_value *to);

#endif
