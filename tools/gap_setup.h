/* From the command line to a model and a proposal. */
#ifndef JN_TOOLS_GAP_SETUP_H
#define JN_TOOLS_GAP_SETUP_H

#include "gap_args.h"

typedef struct jn_gap_setup {
    bool example; /* no model was named: the embedded one */
    jn_model *model;
    jn_proposal *q;
} jn_gap_setup;

/* `name` NULL: the embedded example. Release also after an error. */
JN_CHECKED jn_status jn_gap_setup_make(const char *name, const jn_gap_args *a, jn_gap_setup *out,
                                       jn_error *err);

/* Its steps: what a model named `name` is made of, the model alone, a proposal for it (`swept`: one
 * more parameter, or NULL). */
JN_CHECKED jn_status jn_gap_setup_parts(const char *name, const jn_gap_args *a, jn_params *params,
                                        jn_table **data, jn_error *err);
JN_CHECKED jn_status jn_gap_setup_model(const char *name, const jn_gap_args *a, jn_gap_setup *out,
                                        jn_error *err);
JN_CHECKED jn_status jn_gap_setup_proposal(const jn_gap_args *a, const jn_param *swept,
                                           jn_gap_setup *out, jn_error *err);
void jn_gap_setup_release(jn_gap_setup *s);

/* --k of the example. */
extern const char *const jn_gap_example_k;

/* What the example is, and how to go on from it. */
void jn_gap_example_intro(FILE *f);
void jn_gap_example_outro(FILE *f);

#endif
