/* What diffusion.c (densities) and diffusion_new.c (schedules, parameters) share. Internal. */
#ifndef JN_MODEL_DIFFUSION_H
#define JN_MODEL_DIFFUSION_H

#include "jensen/chain.h"
#include "model/mlp.h"

/* Reverse step s, from x_s to x_{s-1}: under component k of the data law x_s ~ N(centre, var), and
 * E[x_{s-1} | x_s, k] = base + slope x_s. */
typedef struct reverse_part {
    double centre, half_inv_var; /* 1 / (2 var) */
    double log_weight;           /* log weight - 1/2 log var */
    double base, slope;
} reverse_part;

typedef struct diffusion {
    size_t T, K, n;     /* steps, components of the data law, rows of x_0 */
    double *x0;         /* n */
    double *b;          /* b[s], s = 1 .. T; b[0] = 0 */
    double *sd;         /* sd[s]: of the reverse step from x_s */
    reverse_part *part; /* part[s * K + k] */
    bool has_network;
    jn_mlp network; /* (x_s, s / T) to the mean of x_{s-1}, in place of the data law's */
} diffusion;

extern const jn_chain jn_diffusion_chain;
extern const jn_simulator jn_diffusion_simulator;

#endif
