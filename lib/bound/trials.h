/* Sums of independent trials with unlike chances (Poisson's binomial law). Internal. */
#ifndef JN_BOUND_TRIALS_H
#define JN_BOUND_TRIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/status.h"

/* Scratch for the angles of the inversion. */
typedef struct jn_trials {
    size_t capacity;
    double *lost, *sine, *re,
        *im; /* 1 - cos, sin of the angle; the characteristic function there */
} jn_trials;

void jn_trials_free(jn_trials *t); /* leaves zeros */

/* P(S = k) for S the number of successes in count[j] trials of chance p[j], j < n, all independent,
 * E S within a standard deviation or so of k. `single`: every count is 1. without: NULL, or n times
 * P(S = k) with one trial of kind j left out. Counts that are not whole stand for many trials of
 * nearly the same chance.
 *
 * By inversion of the characteristic function at equally spaced angles (exact for more of them than
 * there are trials), in which only the successes a multiple of their number away are mistaken for
 * k. */
JN_CHECKED jn_status jn_trials_mass(jn_trials *t, size_t n, const double *count, const double *p,
                                    bool single, double k, double *mass, double *without);

/* The same where E S = k to rounding and the variance is at least JN_TRIALS_MANY, by the
 * saddle-point series to the order variance^-2: off by some 3e-3 variance^-3 of itself; `without`
 * to the order 1 / variance. false: the variance is less, and nothing is written. */
enum { JN_TRIALS_MANY = 100 };
bool jn_trials_saddle(size_t n, const double *count, const double *p, double *mass,
                      double *without);

#endif
