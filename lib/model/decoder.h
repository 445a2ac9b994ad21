/* What the files of the model `decoder` share, and what `--q encoder` needs of it. Internal. */
#ifndef JN_MODEL_DECODER_H
#define JN_MODEL_DECODER_H

#include <stdint.h>

#include "jensen/model.h"
#include "model/mlp.h"

enum { JN_DECODER_MAX_DIM = 3 }; /* coordinates of z */

typedef struct jn_decoder {
    size_t n, D, d; /* rows and columns of the data, coordinates of z */
    double *x;      /* n x D */
    uint8_t *codes; /* n x ceil(D / 4): four bits of x each, where x is bits; else NULL */
    bool gaussian;  /* else Bernoulli */
    double inv_var; /* 1 / noise_sd^2; Gaussian alone */
    double log_norm;
    jn_mlp network; /* d -> D */
    bool has_encoder;
    jn_mlp encoder; /* D -> 2 d */
} jn_decoder;

extern const jn_density jn_decoder_density;

jn_status jn_decoder_derivatives(const void *self, size_t row, const double *z, double *value,
                                 double *grad, double *hess);

/* The encoder's outputs for every observation: out[r * 2 d + k], d means and then d log sds.
 * JN_ERR_UNSUPPORTED: another model, or no encoder was given. */
JN_CHECKED jn_status jn_decoder_encode(const jn_model *model, double *out, jn_error *err);

#endif
