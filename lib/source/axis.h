/* Nodes on one axis: a smooth change of variable that resolves two bumps of different place and
 * width at once, and reaches far in few steps. Internal.
 *
 * Bump c has centre x_c and width s_c. Nodes are even in
 *     t(x) = sum_c asinh(g (x - x_c) / s_c) / g,
 * so their density is the sum of 1 / sqrt(s_c^2 + g^2 (x - x_c)^2): steps of h s_c near bump c,
 * growing in proportion to the distance far away. The trapezoid rule in t converges exponentially
 * for integrands analytic about the real axis. */
#ifndef JN_SOURCE_AXIS_H
#define JN_SOURCE_AXIS_H

#include <stddef.h>

#include "jensen/status.h"

typedef struct jn_axis_map {
    size_t n_bumps; /* 1 or 2 */
    double centre[2], width[2];
} jn_axis_map;

/* Bumps at 0 (width 1) and at b (width r > 0); one of them where they nearly coincide. */
jn_axis_map jn_axis_map_make(double b, double r);
double jn_axis_t(const jn_axis_map *m, double x);
double jn_axis_x(const jn_axis_map *m, double t);
double jn_axis_dx(const jn_axis_map *m, double x); /* dx/dt */

typedef struct jn_axis {
    size_t n;
    double *x, *log_step, *t; /* nodes, log of step h dx/dt, and t; one allocation from x */
} jn_axis;

/* Nodes at multiples of h in t from t_lo to t_hi. */
JN_CHECKED jn_status jn_axis_new(const jn_axis_map *m, double t_lo, double t_hi, double h,
                                 jn_axis *out);
void jn_axis_free(jn_axis *a);

#endif
