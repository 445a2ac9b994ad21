/* Averages over all subsets of K of N draws. Internal. */
#ifndef JN_BOUND_SUBSETS_H
#define JN_BOUND_SUBSETS_H

#include <stdbool.h>
#include <stddef.h>

#include "bound/trials.h"

/* The draws in units of their mean, as kinds with counts. */
typedef struct jn_sample {
    size_t n;     /* kinds */
    bool single;  /* every count is 1 */
    double total; /* draws */
    double zeros, mu2, log_unit;
    double *log_w, *w1, *count; /* log W, W - 1, draws of the kind */
} jn_sample;

/* -INFINITY is a zero weight. Many draws are gathered into fewer kinds with the same moments. */
JN_CHECKED jn_status jn_sample_new(size_t n, const double *log_w, jn_sample *out);
void jn_sample_free(jn_sample *x);

/* For one k, 1 < k < x->total, with more than x->total - k positive weights. */
typedef struct jn_subsets {
    const jn_sample *x;
    double k;
    double log_chosen; /* log of C(N, K) K! / N^K */
    double log_mass;   /* log P(S = K) for trials of chance K / N */
    double d;          /* where the contour's balance stood last: see subsets.c */
    bool shifted;
    double *y, *power, *scratch; /* n each */
    double *without;             /* n: A_(-j) / A - 1, draw j left out */
    jn_trials trials;
} jn_subsets;

JN_CHECKED jn_status jn_subsets_new(const jn_sample *x, double k, jn_subsets *out);
void jn_subsets_free(jn_subsets *a);

/* A(s), s = e^u, the average over subsets of e^(-s sum of W): *log_average is log A + K s where s
 * is at most JN_SUBSETS_CENTRED (then without cancellation), else log A; and a->without. u must not
 * fall from call to call. */
#define JN_SUBSETS_CENTRED 600.0
JN_CHECKED jn_status jn_subsets_average(jn_subsets *a, double u, double *log_average);

#endif
