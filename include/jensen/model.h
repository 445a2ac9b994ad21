/* Latent-variable models: p(x, z) = p(x | z) p(z), one latent z for each observation.
 *
 * A model is data plus parameters behind a const table of functions. Densities are batch functions
 * over structure-of-arrays blocks: z is `dim` rows of `ld` doubles, coordinate j of point i is
 * z[j * ld + i], so that loops over points vectorise. z is in the model's own coordinates (a scale
 * is positive, a probability lies in the unit interval, a discrete latent is its index 0, 1, ...);
 * densities are with respect to Lebesgue measure there (counting measure for discrete). All
 * log-densities are in nats with every normalising constant included. -INFINITY means impossible;
 * NaN and +INFINITY are errors.
 *
 * All functions of a table may be called from several threads at once and never write through
 * `self`. Arrays never overlap. */
#ifndef JENSEN_MODEL_H
#define JENSEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/estimate.h"
#include "jensen/params.h"
#include "jensen/status.h"
#include "jensen/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Observations first .. first + count - 1. */
typedef struct jn_range {
    size_t first, count;
} jn_range;

/* Where one coordinate of z lives, and the unconstrained coordinate u in its place:
 * REAL u = z; POSITIVE u = log z; UNIT u = logit z; DISCRETE none (z = 0 .. n_states - 1). */
typedef enum jn_support { JN_REAL, JN_POSITIVE, JN_UNIT, JN_DISCRETE } jn_support;

/* What a base coordinate of a sampler is: a standard normal, uniform on (0, 1), or uniform where z
 * or its density jumps as a function of it: a choice among states or components, a threshold.
 * Scrambled points are turned there, so that their replicates differ (lib/source/rqmc.c). */
typedef enum jn_base { JN_BASE_NORMAL, JN_BASE_UNIFORM, JN_BASE_CHOICE } jn_base;

typedef struct jn_density {
    /* --- every density has these ------------------------------------------------------------ */

    /* log p(z_i), i < n. */
    jn_status (*log_prior)(const void *self, size_t n, size_t ld, const double *z, double *out);

    /* log p(x_r | z_i) for every observation r of `rows` at the same n points:
     * out[(r - rows.first) * ld_out + i]. */
    jn_status (*log_likelihood)(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out);

    /* --- what the model can; NULL: it cannot ------------------------------------------------- */

    /* As log_likelihood for n_rows observations picked by their indices, in any order:
     * out[k * ld_out + i] is that of observation rows[k]. NULL: one range at a time. */
    jn_status (*log_likelihood_of)(const void *self, size_t n_rows, const size_t *rows, size_t n,
                                   size_t ld, const double *z, size_t ld_out, double *out);

    /* Support of coordinate j; NULL: all real. */
    jn_support (*support)(const void *self, size_t j);
    /* Number of states of a discrete latent (dim is 1 then). */
    size_t (*n_states)(const void *self);

    /* log p(x_row, z) with its gradient (dim) and Hessian (dim x dim, symmetric) in z at one
     * point. grad and hess may be NULL. */
    jn_status (*derivatives)(const void *self, size_t row, const double *z, double *value,
                             double *grad, double *hess);

    /* Exact draws of the prior: base point i has dim coordinates base[j * ld + i] of the kinds
     * prior_base(j) (NULL: JN_BASE_NORMAL for REAL coordinates, JN_BASE_CHOICE for DISCRETE
     * ones, else JN_BASE_UNIFORM). */
    jn_base (*prior_base)(const void *self, size_t j);
    jn_status (*prior_map)(const void *self, size_t n, size_t ld, const double *base, double *z);

    /* log p(x_row) in closed form or as a finite sum. */
    jn_status (*evidence)(const void *self, size_t row, jn_estimate *out);

    /* The exact posterior of one observation: draws (base kinds as posterior_base, NULL as for the
     * prior) and normalised log-density; and, where it is Gaussian in z, mean (dim) and covariance
     * (dim x dim), either of which may be NULL. */
    jn_base (*posterior_base)(const void *self, size_t j);
    jn_status (*posterior_map)(const void *self, size_t row, size_t n, size_t ld,
                               const double *base, double *z);
    jn_status (*posterior_log_density)(const void *self, size_t row, size_t n, size_t ld,
                                       const double *z, double *out);
    jn_status (*posterior_gaussian)(const void *self, size_t row, double *mean, double *cov);

    /* Where some coordinates are known given the others and x: draws of the others from the prior
     * and of these from that conditional (base kinds as for the prior), and the log-density of
     * both. The weights, p(x | the others), are bounded and the mean of their log is finite. */
    jn_status (*conditional_map)(const void *self, size_t row, size_t n, size_t ld,
                                 const double *base, double *z);
    jn_status (*conditional_log_density)(const void *self, size_t row, size_t n, size_t ld,
                                         const double *z, double *out);

    /* Where the prior is Gaussian in z: mean (dim) and covariance (dim x dim); either may be NULL.
     */
    jn_status (*prior_gaussian)(const void *self, double *mean, double *cov);

    /* How the joint falls off far out, in unconstrained coordinates u: a symmetric matrix T
     * (dim x dim) with -2 log p(x_row, u) = u'Tu + O(|u|) along every ray along which it falls
     * slowest. Gaussian prior precision plus whatever the likelihood adds at infinity (a Gaussian
     * likelihood its information; a logistic one nothing). Decides whether moments of the weights
     * are finite. JN_ERR_UNSUPPORTED: not known for this observation or these parameters. */
    jn_status (*tail_precision)(const void *self, size_t row, double *precision);

    /* Is E_prior p(x_row | z)^n finite? A bounded likelihood: for every n >= 0. false: it is not,
     * or, where tail_precision gives JN_ERR_UNSUPPORTED, it is not known. */
    bool (*prior_moment_finite)(const void *self, size_t row, double n);

    /* Of one real coordinate: the places between lo and hi where log p(x | z) has no derivative,
     * ascending, in an array to be freed (lo and hi may be among them); NULL: none is known. Rules
     * on panels cut there, since a bend near a panel's border hides between its nodes. */
    jn_status (*kinks)(const void *self, double lo, double hi, size_t *n, double **out);
    /* May there be such a place in the box from lo to hi (dim each)? true may be said in vain.
     * NULL: nowhere that is known. */
    bool (*may_bend)(const void *self, const double *lo, const double *hi);
    /* How far log p(x_row | z) may be off by rounding. NULL: a few units in its last place. */
    double (*rounding)(const void *self, size_t row, const double *z);
    /* And by rounding of what does not depend on z, where that is more than a few units. */
    double (*constant_rounding)(const void *self, size_t row);

    /* tail_precision holds along every ray, not only the slowest: negative powers of p(x, z) can be
     * judged by it, too. */
    bool tail_everywhere;
    /* false: log p(x, z) has no split into likelihood and prior; log_prior is then 0 everywhere
     * and log_likelihood is the joint. */
    bool has_split;
    /* Likelihood bounded above and log-concave joint: one mode, found from any start. */
    bool log_concave;
    /* The posterior may have several modes, kinks or sharp ridges: rules about one mode do not
     * apply. */
    bool rugged;
} jn_density;

struct jn_chain; /* trajectory models: jensen/chain.h */

typedef struct jn_model jn_model;

/* The cells of a data table that are drawn: row r of the r < n_rows, column c at [c * n_rows + r].
 * One base number a cell. */
typedef struct jn_cells {
    size_t n_rows;
    const double *base;
    double *x;
} jn_cells;

/* How x is drawn given z (jensen/simulate.h). The model is bound to a table in which the cells to
 * be drawn are all 0. */
typedef struct jn_simulator {
    const char *column; /* the drawn one; with n_columns the stem: x1, x2, ... */
    const char *design; /* a column that must be given: "n"; NULL: none */
    bool takes_design;  /* other columns (covariates) may be given */
    /* How many columns are drawn, from completed parameters; 0: they do not say. NULL: one. */
    size_t (*n_columns)(const jn_params *params);
    jn_base (*base)(const void *self); /* NULL: JN_BASE_NORMAL */
    /* The cells of observation `row` given its z (dim numbers, z[j * ld]); of a chain, those of
     * step t given the state there. */
    jn_status (*draw)(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells);
} jn_simulator;

typedef struct jn_model_type {
    const char *name;    /* "linear-gaussian" */
    const char *summary; /* one line for people: the definition */
    const char *data;    /* the columns it reads, for people; NULL: takes no data */
    const char *exact;   /* how log p(x) is found, for people */
    const jn_param_spec *params;
    size_t n_params;

    /* Fill model->self, n_obs, dim and density (or chain). `params` are completed and outlive the
     * model; `data` is NULL where none was given, and is not kept. Parameters that were derived
     * (the D of a broadcast vector) are not written back. */
    jn_status (*create)(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err);
    void (*destroy)(void *self); /* NULL is fine */

    /* The proposal that belongs to the model, if any: returns its name ("prior") and sets its
     * parameters. NULL: none. */
    const char *(*own_proposal)(const void *self, jn_params *params);

    const jn_simulator *simulator; /* NULL: takes no data, or cannot draw any */
} jn_model_type;

/* A model bound to its data. Read-only after jn_model_new; share it between threads freely. */
struct jn_model {
    const jn_model_type *type;
    jn_params params; /* completed */
    void *self;
    size_t n_obs;              /* observations with a latent of their own; 1 for oracle laws */
    size_t dim;                /* coordinates of z (a chain's: of one state), >= 1 */
    const jn_density *density; /* exactly one of density and chain */
    const struct jn_chain *chain;
    char notes[240]; /* columns that were not used, rows that were; "" : nothing to say */
};

/* Built-in models, in the order of `jensen models`. */
JN_API const jn_model_type *const *jn_model_types(size_t *n);
/* NULL: no such model. */
JN_API const jn_model_type *jn_model_type_find(const char *name);

/* A model from its name, parameters (copied, NULL: none; missing ones take their defaults) and data
 * (NULL: none). JN_ERR_USAGE: unknown model or parameter, with the nearest name, or data missing or
 * not wanted; JN_ERR_VALUE: what is wrong with which value. Free with jn_model_free. */
JN_API JN_CHECKED jn_status jn_model_new(const char *name, const jn_params *params,
                                         const jn_table *data, jn_model **out, jn_error *err);
JN_API void jn_model_free(jn_model *m); /* NULL is fine */

/* Support of coordinate j of a density model. */
JN_API jn_support jn_model_support(const jn_model *m, size_t j);
/* Base points of coordinate j for draws of the prior, and of the posterior where it can be drawn.
 */
JN_API jn_base jn_model_prior_base(const jn_model *m, size_t j);
JN_API jn_base jn_model_posterior_base(const jn_model *m, size_t j);
/* Number of states where every coordinate is discrete, else 0. */
JN_API size_t jn_model_states(const jn_model *m);

#ifdef __cplusplus
}
#endif
#endif
