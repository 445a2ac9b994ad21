/* What hmm.c (its densities) and hmm_new.c (making one) share. Internal. */
#ifndef JN_MODEL_HMM_H
#define JN_MODEL_HMM_H

#include "jensen/chain.h"

typedef enum hmm_emission { HMM_POISSON, HMM_GAUSSIAN, HMM_CATEGORICAL } hmm_emission;

typedef struct hmm {
    hmm_emission kind;
    size_t S, n;                          /* states, steps */
    double *y;                            /* n */
    double *initial, *log_initial, *cum0; /* S; cum0: running sums of initial */
    double *transition, *log_tran, *cum;  /* S x S, cum: running sums along rows */
    double *location, *scale;             /* Gaussian: means and sds */
    uint32_t *symbols;                    /* n; counts and categories alone */
    uint64_t *counts;                     /* of each symbol */
    double *log_emission;                 /* n_symbols x S */
    jn_chain_finite view;
} hmm;

extern const jn_chain jn_hmm_chain;
extern const jn_simulator jn_hmm_simulator;

#endif
