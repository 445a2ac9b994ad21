/* Boxes in unconstrained coordinates and the Gauss-Legendre tensor rule on them. Internal. */
#ifndef JN_TARGET_PANEL_H
#define JN_TARGET_PANEL_H

#include <stddef.h>

#include "jensen/model.h"

enum { JN_PANEL_DIM = 3, JN_PANEL_NODES = 512 };

typedef struct jn_box {
    double lo[JN_PANEL_DIM], hi[JN_PANEL_DIM];
} jn_box;

/* The rule on [-1, 1]^dim: 16, 8^2 or 6^3 nodes; a polynomial of degree 15 on each axis, 11 in
 * three dimensions, is exact. */
typedef struct jn_panel_rule {
    size_t dim, per_axis, n; /* n = per_axis^dim */
    double x[16], log_w[16];
} jn_panel_rule;

void jn_panel_rule_make(size_t dim, jn_panel_rule *out); /* 1 <= dim <= JN_PANEL_DIM */

/* As many nodes by Lobatto's rule, which has the ends among them: exact to two degrees less. */
void jn_panel_lobatto_make(size_t dim, jn_panel_rule *out);

/* Nodes of a box (dim rows of ld) and log weights, the box's volume included. */
void jn_panel_nodes(const jn_panel_rule *r, const jn_box *box, size_t ld, double *u, double *log_w);

/* Child `index` of a box cut in half on every axis whose bit is set in `axes`; index < 2^(number of
 * such axes). */
jn_box jn_box_child(const jn_box *box, size_t dim, unsigned axes, size_t index);

/* All axes, and how many children that makes. */
unsigned jn_box_all(size_t dim);
size_t jn_box_children(unsigned axes);

/* Cell `index` < cells^dim of a box cut into equal cells. */
jn_box jn_box_cell(const jn_box *box, size_t dim, size_t cells, size_t index);

/* [lo, hi] in equal cells and cut at the bends of a model of one real coordinate: n + 1 cuts,
 * ascending, to be freed. The coordinate is s where u = centre + scale s, or centre + scale sinh s
 * where `stretched`. */
typedef struct jn_axis_of {
    double centre, scale;
    bool stretched;
} jn_axis_of;
JN_CHECKED jn_status jn_panel_cuts(const jn_model *m, const jn_axis_of *axis, double lo, double hi,
                                   size_t cells, size_t *n, double **cuts);

/* Does the box touch the border of `outer`? */
bool jn_box_on_border(const jn_box *box, const jn_box *outer, size_t dim);

#endif
