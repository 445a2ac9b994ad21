/* Panels halved until what each observation needs of them is settled. Internal.
 *
 * A panel is settled for an observation when its value and the sum of its halves agree to that
 * observation's share of the tolerance and nothing that its nodes show could hide between them. */
#ifndef JN_EXACT_REFINEMENT_H
#define JN_EXACT_REFINEMENT_H

#include "exact/chart.h"
#include "jensen/exact.h"
#include "jensen/logspace.h"
#include "target/panel.h"

typedef struct jn_panel_open jn_panel_open;     /* a panel, and for whom it is open */
typedef struct jn_panel_halves jn_panel_halves; /* and what its halves came to */

typedef struct jn_refinement {
    /* set these, and leave the rest 0 */
    const jn_model *m;
    const jn_chart
        *chart;     /* NULL: boxes in u, all observations; else in its coordinates, its own */
    size_t n_slots; /* observations */
    jn_panel_rule rule;
    jn_panel_rule check; /* a second opinion, with nodes on the panel's border: charts, and bends */
    jn_box domain;
    double tolerance;
    size_t threads;
    jn_estimate *out; /* n_slots */

    int depth; /* levels that were needed */
    size_t n_panels, capacity;
    jn_panel_open *panels;
    jn_panel_halves *halves; /* n_panels */
    /* of each observation */
    jn_lse *settled;   /* sum of settled panels */
    double *log_total; /* settled and open */
    double *error;     /* relative, settled panels */
    double *border;    /* log of what stands in panels on the border */
    double *best;      /* the highest settled panel's */
    jn_box *best_box;  /* and that panel */
    uint64_t *n_eval;
} jn_refinement;

/* The rows' estimates to r->out, from as many panels as `most` evaluations allow; what is open then
 * counts in full as error. */
JN_CHECKED jn_status jn_refinement_run(jn_refinement *r, size_t n_rows, const size_t *rows,
                                       uint64_t most, jn_error *err);
void jn_refinement_free(jn_refinement *r);

#endif
