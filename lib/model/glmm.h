/* A generalised linear mixed model with a random intercept: the parts of its two files. Internal.
 */
#ifndef JN_MODEL_GLMM_H
#define JN_MODEL_GLMM_H

#include "jensen/model.h"

typedef enum jn_glmm_family { JN_GLMM_BERNOULLI, JN_GLMM_BINOMIAL, JN_GLMM_POISSON } jn_glmm_family;

/* Above so many successes or trials in a sum its terms cancel to more than the last digits. */
enum { JN_GLMM_MANY = 4096 };

typedef struct jn_glmm_row {
    size_t group, index;
    double offset, y, trials;
} jn_glmm_row;

/* Rows of a group with one value of the fixed part x'beta. */
typedef struct jn_glmm_pattern {
    double offset;            /* x'beta */
    double successes, trials; /* summed; poisson: the count, and unused */
    bool many;                /* binomial, above JN_GLMM_MANY trials: by its deviance */
    double centre, constant;  /* of those: the u where it peaks, and its height there */
    double rounding;          /* and by how much it is off */
} jn_glmm_pattern;

/* power * log of a product of 1 + odds e^u over factors that stay in the range of doubles. */
typedef struct jn_glmm_batch {
    size_t first, count; /* factors */
    double power;
} jn_glmm_batch;

typedef struct jn_glmm_group {
    double constant;  /* what does not depend on u */
    double successes; /* coefficient of u; poisson: the sum of the counts */
    double trials;    /* binomial: their sum; both without patterns of many */
    bool many;        /* poisson, above JN_GLMM_MANY successes; or a pattern is one of many */
    double rounding;  /* of the constants of many */
    double centre;    /* poisson, many: the u where it peaks */
    double log_mean;  /* poisson: log sum e^offset */
    size_t pattern, n_patterns;
    size_t batch, n_batches;
} jn_glmm_group;

typedef struct jn_glmm {
    jn_glmm_family family;
    double sigma;
    size_t n_groups;
    jn_glmm_group *groups;
    jn_glmm_pattern *patterns;
    jn_glmm_batch *batches;  /* NULL for poisson */
    double *odds;            /* e^offset, a factor each */
    size_t n_rows;           /* rows of the data: what they are drawn from again */
    size_t *group;           /* of each row */
    double *offset, *trials; /* of each row; one block with trials behind offset */
} jn_glmm;

const jn_density *jn_glmm_density(jn_glmm_family family);

/* Sums of many: their centre and constant, from their n rows. */
void jn_glmm_many_poisson(jn_glmm_group *g, const jn_glmm_row *rows, size_t n);
void jn_glmm_many_binomial(jn_glmm_pattern *p, const jn_glmm_row *rows, size_t n);

/* What log p(y | u) falls by from the centre; for all or none successes the whole of it. */
double jn_glmm_poisson_deviance(const jn_glmm_group *g, double u);
double jn_glmm_binomial_deviance(const jn_glmm_pattern *p, double u);

/* jn_model_type.create and destroy. */
JN_CHECKED jn_status jn_glmm_create(const jn_params *params, const jn_table *data, jn_model *model,
                                    jn_error *err);
void jn_glmm_destroy(void *self);

extern const jn_simulator jn_glmm_simulator;

/* Index of each row's group (n_rows) in order of first appearance, and how many there are. Cells
 * are compared as text. JN_ERR_VALUE: a missing cell. */
JN_CHECKED jn_status jn_glmm_group_rows(const jn_table *data, size_t col, size_t *group,
                                        size_t *n_groups, jn_error *err);

#endif
