/* Multi-layer perceptrons on tiles of points. Internal.
 *
 * A tile is JN_MLP_TILE points, features in rows: feature j of point i is at [j * JN_MLP_TILE + i].
 * Every matrix product has the shape of a whole tile, whatever number of points is wanted, so that
 * BLAS always takes the same path and a point gets the same bits in every batch. */
#ifndef JN_MODEL_MLP_H
#define JN_MODEL_MLP_H

#include <stdbool.h>

#include "jensen/params.h"
#include "jensen/status.h"

enum { JN_MLP_TILE = 64 };

#define JN_ACTIVATIONS "tanh|relu|softplus|sigmoid"
typedef enum jn_activation { JN_TANH, JN_RELU, JN_SOFTPLUS, JN_SIGMOID } jn_activation;

typedef struct jn_layer {
    size_t in, out;
    double *weight, *bias; /* out x in, out */
} jn_layer;

typedef struct jn_mlp {
    size_t n_layers;
    jn_layer *layer;
    jn_activation activation; /* between layers, none after the last */
    size_t in, out, width;    /* width: the widest of all, inputs included */
} jn_mlp;

/* The layers NAME.0.weight, NAME.0.bias, ... of the parameters. JN_ERR_VALUE: missing ones, and
 * shapes that do not fit each other. *out is overwritten on JN_OK alone.
 * Sets OpenBLAS to one thread, once in the life of the process. */
JN_CHECKED jn_status jn_mlp_new(const jn_params *params, const char *name, jn_activation activation,
                                jn_mlp *out, jn_error *err);
void jn_mlp_free(jn_mlp *mlp); /* leaves an empty network */

/* Doubles in a work space of jn_mlp_run: two tiles of the widest layer. */
size_t jn_mlp_work(const jn_mlp *mlp);

/* Outputs (out x JN_MLP_TILE) of one tile of inputs, which stands at the start of `work` and is
 * overwritten. The result lies in `work`; *spare is the other half of it. */
double *jn_mlp_run(const jn_mlp *mlp, double *work, double **spare);

/* The outputs at one point and the sums of the sizes of the terms they are made of, weights'
 * signs dropped all along: what rounding is relative to. `work` holds 4 widths. */
void jn_mlp_sizes(const jn_mlp *mlp, const double *z, double *work, double *l, double *size);

/* Where the outputs of a rectified network of one input have no derivative, lo and hi with them,
 * ascending; to be freed. None, and NULL: another network, or one that bends too often to say. */
JN_CHECKED jn_status jn_mlp_kinks(const jn_mlp *mlp, double lo, double hi, size_t *n, double **out);

/* May a unit of a rectified network change sign between the corners lo and hi of a box? By interval
 * arithmetic, so that true may be said in vain; `work` holds 4 widths. Others: false. */
bool jn_mlp_may_bend(const jn_mlp *mlp, const double *lo, const double *hi, double *work);

#endif
