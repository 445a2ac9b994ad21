/* What linear_gaussian.c (its densities) and linear_gaussian_new.c (making one) share. Internal. */
#ifndef JN_MODEL_LINEAR_GAUSSIAN_H
#define JN_MODEL_LINEAR_GAUSSIAN_H

#include "jensen/model.h"

typedef struct linear_gaussian {
    size_t n, D, d;              /* rows and columns of the data, coordinates of z */
    double *r;                   /* n x D: x - b */
    double *W;                   /* D x d */
    double *scaled_W, *scaled_r; /* rows divided by noise_sd: what the kernel reads */
    double *inv_var;             /* D */
    double log_norm;             /* -D/2 log 2pi - sum log noise_sd */
    double *precision;           /* d x d: P */
    double *chol_prec;           /* lower factor of P */
    double *cov, *chol;          /* P^-1 and its lower factor */
    double half_log_det;         /* 1/2 log|P| */
    double log_det_error;        /* bound on the rounding in it */
    double *mean;                /* n x d: posterior means */
} linear_gaussian;

extern const jn_density jn_linear_gaussian_density;

#endif
