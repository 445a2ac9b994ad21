/* Trapezoid sums over a lattice in the coordinates of a chart, inside the ellipsoid of its box.
 * Internal.
 *
 * One pass over a lattice of step h also gives the values for steps 2h and 4h and those of the
 * nodes with an even and an odd sum of indices, which differ by what the lattice cannot see along
 * its diagonals. */
#ifndef JN_EXACT_LATTICE_H
#define JN_EXACT_LATTICE_H

#include "exact/chart.h"

typedef struct jn_lattice {
    const jn_chart *f;
    double h[JN_CHART_DIM];     /* steps */
    double first[JN_CHART_DIM]; /* index of the first node an axis */
    size_t count[JN_CHART_DIM];
    uint64_t n_lines, n_nodes; /* of the box; nodes in the ellipsoid are fewer */
} jn_lattice;

typedef struct jn_lattice_sums {
    double log_total;   /* log of the sum of the integrand over all nodes; -inf: nothing there */
    double twice, four; /* means over steps 2h, 4h, in units of that over h */
    double parity;      /* relative difference of even and odd */
    double beyond;      /* relative: what lies outside the box */
} jn_lattice_sums;

/* From f and h to the rest. false: more than `most` nodes in the ellipsoid. */
bool jn_lattice_lay_out(jn_lattice *g, uint64_t most);
/* The same bytes for any number of threads; *used grows by the number of nodes. */
JN_CHECKED jn_status jn_lattice_sum(const jn_lattice *g, size_t threads, jn_lattice_sums *out,
                                    uint64_t *used);

/* Work space of one thread: NULL when memory is out; free(). */
typedef struct jn_lattice_block jn_lattice_block;
jn_lattice_block *jn_lattice_block_new(void);
/* Trapezoid sums of `step` and half a step beside it along a line through a point, parallel to an
 * axis, times the step and in units of e^(f->top). */
JN_CHECKED jn_status jn_lattice_line(const jn_chart *f, size_t axis, const double *through,
                                     double step, jn_lattice_block *b, double out[2],
                                     uint64_t *used);

#endif
