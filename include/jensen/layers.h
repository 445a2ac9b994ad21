/* Networks from .npy files into parameters. */
#ifndef JENSEN_LAYERS_H
#define JENSEN_LAYERS_H

#include "jensen/params.h"
#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* PREFIX.0.weight.npy (outputs x inputs), PREFIX.0.bias.npy, PREFIX.1.weight.npy, ... into the
 * parameters NAME.0.weight, NAME.0.bias, ..., as many as there are and at least one. JN_ERR_IO: a
 * file is missing or cannot be read; JN_ERR_VALUE: its contents, or a number that is not finite.
 * After an error the parameters are as before. */
JN_API JN_CHECKED jn_status jn_layers_read(const char *prefix, const char *name, jn_params *params,
                                           jn_error *err);

/* jn_layers_read for every spec of shape JN_LAYERS that is set to a word. */
JN_API JN_CHECKED jn_status jn_layers_resolve(const jn_param_spec *specs, size_t n_specs,
                                              jn_params *params, jn_error *err);

#ifdef __cplusplus
}
#endif
#endif
