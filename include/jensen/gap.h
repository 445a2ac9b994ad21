/* The main job: exact log p(x) against bounds, observation by observation and in total. */
#ifndef JENSEN_GAP_H
#define JENSEN_GAP_H

#include "jensen/bound.h"
#include "jensen/finite.h"
#include "jensen/source.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jn_rule { JN_RULE_AUTO, JN_RULE_QUADRATURE, JN_RULE_MC, JN_RULE_RQMC } jn_rule;

/* Zero in a field means "the default". */
typedef struct jn_gap_options {
    jn_rule rule;        /* auto: quadrature where its nodes carry the law, else rqmc, else mc */
    int estimator;       /* 0: groups under mc, else law; 1 + jn_estimator: that one */
    uint64_t samples;    /* draws per observation and replicate; 4096, of scrambled points 1024 */
    uint64_t replicates; /* 16, of scrambled points 64 */
    uint64_t seed;       /* 0 is a seed like any other */
    double tolerance;    /* nats, per observation; 1e-9 */
    /* fivo: how and when particles are chosen again; as jn_source_options has them */
    jn_resampling resampling;
    double threshold;
    const jn_latents *latents; /* ais: what the data were simulated with, or NULL; borrowed */
    size_t threads;            /* as many as there are; changes no digit */
    void (*progress)(void *user, double fraction); /* called by one thread at a time, or NULL */
    void *progress_user;
} jn_gap_options;

typedef struct jn_gap_bound {
    jn_bound_arg arg;
    jn_side side;
    jn_estimator estimator;
    jn_estimate value, gap; /* gap = evidence - value */
    const char *gap_method; /* "naive", "bregman", "regression", "mixed"; NULL: of the law */
    double gap_predicted;   /* mu2/(2K) - (mu3/3 - 3/4 mu2^2)/K^2; NaN: does not apply */
    int predicted_reliable; /* 1, 0 (K < 10 mu2), -1: does not apply */
    double variance;        /* of the estimator of one group of K draws; NaN: not known */
    jn_estimate reconstruction, kl; /* elbo; value NaN: no split */
    jn_verdict finite;              /* is the bound, whatever a rule or a sample shows? */
    /* Static: why draws do not show an error; NULL: they do. Such are draws of which fewer than 10
     * hold all the weight (effective sample size; a quarter of the draws where they are few) for
     * whatever is no mean of logs over them; draws of a power of W of which one makes much; values
     * that an exact log p(x) contradicts by more than chance does once in 10^7. */
    const char *unsure;
} jn_gap_bound;

typedef struct jn_diagnostics {
    double ess_fraction;     /* NaN: not known or not finite */
    double var_w;            /* Var W; +INFINITY where it is; NaN: not known */
    double pareto_k;         /* k-hat of draws; NaN: not known */
    double pareto_error;     /* its standard error */
    const char *pareto_note; /* static: why k-hat is not known, or what it leaves out; or NULL */
    double coverage;         /* sum m e^l / p(x) under rules; NaN under draws */
    uint64_t zero_weights;
    size_t ess_row, var_w_row, pareto_row; /* in a total: the observation that is worst */
} jn_diagnostics;

typedef struct jn_gap_row {
    size_t index;
    jn_estimate evidence;
    jn_gap_bound *bounds; /* n_bounds of the table */
    jn_diagnostics diagnostics;
} jn_gap_row;

typedef struct jn_gap_table {
    const jn_model *model; /* borrowed, as the proposal is; both NULL: stored weights */
    const jn_proposal *proposal;
    const char *rule; /* "quadrature", "enumerate", "mc", "weights", ... */
    uint64_t nodes;   /* of the finest part, the most of any observation; draws per replicate */
    uint64_t samples, replicates, seed; /* 0 under deterministic rules, seed excepted */
    double tolerance;
    size_t n_rows, n_bounds;
    jn_gap_row *rows; /* one an observation */
    jn_gap_row total;
    size_t n_warnings;
    char **warnings;
    /* A diffusion under its forward process: the ELBO term by term (jn_chain_ledger), summed over
     * observations; n_ledger 0: none. ledger[k] is L_{n_ledger - 1 - k}; ledger_elbo is minus their
     * sum, by quadrature where the bound's own row is drawn. */
    size_t n_ledger;
    double *ledger;
    jn_estimate ledger_elbo;
} jn_gap_table;

/* Runs the job. JN_NOT_CONVERGED, JN_REFUSED: the table is filled and `warnings` says what is
 * weaker than asked (JN_REFUSED: under JN_RULE_QUADRATURE the table has no bounds' values).
 * Negative: *out is untouched. Free with jn_gap_table_free. */
JN_API JN_CHECKED jn_status jn_gap_run(const jn_proposal *q, size_t n_bounds,
                                       const jn_bound_arg *bounds, const jn_gap_options *options,
                                       jn_gap_table **out, jn_error *err);
JN_API void jn_gap_table_free(jn_gap_table *t); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
