/* Deterministic nodes on adaptively halved panels: for posteriors with several modes, kinks or
 * ridges, and for q and posterior of very different width. Two parts: the settled halves, and the
 * panels they came from. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "source/panel_tree.h"

static const uint64_t MAX_NODES = (uint64_t)1 << 21;

static void release(jn_plan *plan)
{
    if (plan->state != NULL) {
        jn_panel_tree_free(plan->state);
        free(plan->state);
        plan->state = NULL;
    }
}

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err)
{
    jn_panel_tree *tree = jn_alloc(1, sizeof *tree);
    if (tree == NULL) {
        return JN_ERR_NOMEM;
    }
    plan->state = tree;
    const double tolerance = (options->tolerance > 0.0 ? options->tolerance : 1e-9) *
                             pow(0.1, options->refinement);
    const jn_status st = jn_panel_tree_grow(
        q, row, tolerance, pow(1.4, options->widening),
        options->max_nodes == 0 ? MAX_NODES : options->max_nodes, tree, err);
    plan->n_parts = 2;
    plan->n_points[0] = tree->fine.n;
    plan->n_points[1] = tree->coarse.n;
    return st;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t b, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    (void)ws;
    (void)err;
    const jn_panel_tree *tree = plan->state;
    const jn_node_list *l = part == 0 ? &tree->fine : &tree->coarse;
    const uint64_t first = b * JN_BLOCK, left = plan->n_points[part] - first;
    *out = (jn_weights){ .n = left < JN_BLOCK ? (size_t)left : JN_BLOCK,
                         .index0 = first,
                         .log_w = l->log_w + first,
                         .log_mass = l->log_mass + first,
                         .log_lik = tree->marks ? l->log_lik + first : NULL,
                         .log_ratio = tree->marks ? l->log_ratio + first : NULL,
                         .edge = l->edge + first };
    return JN_OK;
}

const jn_source jn_source_panels = { "panels", JN_QUADRATURE, true, plan, block, release };
