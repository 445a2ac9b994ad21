/* The pairs of a model and a proposal whose error columns are put to the test. */
#ifndef JN_COVERAGE_PAIRS_H
#define JN_COVERAGE_PAIRS_H

#include "jensen/gap.h"

/* A model, its data (rows x cols, rows 0: none) and a proposal, as on the command line. */
typedef struct setup {
    const char *model, *set[4];
    size_t rows, cols;
    const double *data;
    const char *q, *q_set[3];
} setup;

typedef struct pair {
    const char *name;
    double shape;   /* of the weights' tail, true k; 0: bounded or light */
    setup drawn;    /* what is sampled */
    setup same;     /* another with the same law of weights, for quadrature; model NULL: `drawn` */
    double birthwt; /* > 0: data from a file, and q a Student t of so many degrees of freedom */
} pair;

/* The first twelve are to be covered; the others show what becomes of heavier tails. */
enum { N_PAIRS = 16 };
extern const pair pairs[N_PAIRS];

/* What a setup makes; free with made_free. */
typedef struct made {
    jn_model *model;
    jn_proposal *q;
} made;

/* Leaves the program with a message where it cannot. csv: the file of birthwt. */
made make_drawn(const pair *p, const char *csv);
made make_same(const pair *p, const char *csv);
void made_free(made *m);

#endif
