/* The readers of matrices, from an input that is open already. Internal. */
#ifndef JN_IO_READERS_H
#define JN_IO_READERS_H

#include "io/input.h"
#include "jensen/csv.h"
#include "jensen/npy.h"

/* Whether the input begins as a .npy file does. JN_ERR_VALUE: it does not, but is named .npy. */
JN_CHECKED jn_status jn_npy_starts(jn_input *in, bool *npy, jn_error *err);
JN_CHECKED jn_status jn_npy_read_input(jn_input *in, jn_matrix *out, jn_error *err);
JN_CHECKED jn_status jn_csv_matrix_input(jn_input *in, const jn_csv_options *options,
                                         jn_matrix *out, jn_error *err);

#endif
