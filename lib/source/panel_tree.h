/* Panels of one observation, halved until the law's functionals settle on them. Internal.
 *
 * A panel is settled when it and its halves agree, to a share of the tolerance, on E_q 1, the
 * evidence, E_q l and E_q e^(-sW) for s from e^-9 to e^9, and when nothing that its nodes show
 * could hide between them. Its halves are then nodes of the fine law, it itself of the coarse one.
 */
#ifndef JN_SOURCE_PANEL_TREE_H
#define JN_SOURCE_PANEL_TREE_H

#include "source/node_list.h"
#include "source/workspace.h"
#include "target/panel.h"

typedef struct jn_panel_tree {
    jn_node_list fine, coarse;
    bool marks;
    bool settled; /* false: the budget ran out first */
} jn_panel_tree;

JN_CHECKED jn_status jn_panel_tree_grow(const jn_proposal *q, size_t row, double tolerance,
                                        double widen, uint64_t max_nodes, jn_panel_tree *out,
                                        jn_error *err);
void jn_panel_tree_free(jn_panel_tree *t); /* leaves zeros */

#endif
