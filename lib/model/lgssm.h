/* What lgssm.c (densities), lgssm_new.c and local_level.c (making one) share. Internal. */
#ifndef JN_MODEL_LGSSM_H
#define JN_MODEL_LGSSM_H

#include "jensen/chain.h"

typedef struct lgssm {
    size_t d, p, n;
    double *y;                                /* n x p */
    double *F, *H, *m0;                       /* d x d, p x d, d */
    double *root_P0, *root_Q, *root_R;        /* roots: see jn_chain_linear */
    bool definite_P0, definite_Q, definite_R; /* the root is lower triangular: a density exists */
    double *RiH, *bend; /* R^-1 H (p x d), -H' R^-1 H (d x d); where R is definite */
    jn_chain_linear view;
} lgssm;

extern const jn_chain jn_lgssm_chain;

/* jn_simulator.draw. */
JN_CHECKED jn_status jn_lgssm_draw(const void *self, size_t row, size_t t, size_t ld,
                                   const double *z, const jn_cells *cells);

/* Memory for d and p, which are set; freed by jn_lgssm_free. */
JN_CHECKED jn_status jn_lgssm_allocate(lgssm *m, jn_error *err);
/* After everything has been filled in: derived tables, the view, and the fields of the model. */
void jn_lgssm_finish(lgssm *m, jn_model *model);
void jn_lgssm_free(void *self);

#endif
