/* Bounds: pure functionals of the law, and the one place where their errors are made. */
#ifndef JENSEN_BOUND_H
#define JENSEN_BOUND_H

#include "jensen/law.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jn_side { JN_SIDE_LOWER, JN_SIDE_UPPER, JN_SIDE_NONE } jn_side;
JN_API const char *jn_side_name(jn_side side);

/* How a bound is read off a law. LAW: the exact functional of the law; GROUPS: the mean over
 * consecutive groups of K draws, what people run in training. */
typedef enum jn_estimator { JN_BY_LAW, JN_BY_GROUPS } jn_estimator;
JN_API const char *jn_estimator_name(jn_estimator e);

#define JN_K_MAX ((uint64_t)1000000000000000) /* 10^15 */

struct jn_bound;

/* One bound that was asked for. */
typedef struct jn_bound_arg {
    const struct jn_bound *bound;
    uint64_t k; /* 1 .. JN_K_MAX where bound->takes_k, else 0 */
} jn_bound_arg;

/* One law's answer. */
typedef struct jn_bound_value {
    double value;     /* nats */
    double gap;       /* the law's own log p(x) - value, without cancellation; NaN: not from here */
    double gap_error; /* the evaluation's own error: step, both ends, rounding */
    double variance;  /* of the estimator of one group of K draws; NaN: not known */
} jn_bound_value;

typedef struct jn_bound {
    const char *name, *summary;
    bool takes_k;
    /* What it needs of a law under an estimator. */
    unsigned (*needs)(jn_estimator estimator);
    jn_side (*side)(const jn_bound_arg *arg);
    /* All of one family at once. w is NULL unless JN_NEED_NODES is kept. out: n. */
    jn_status (*eval)(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out);
} jn_bound;

JN_API const jn_bound *const *jn_bounds(size_t *n);
JN_API const jn_bound *jn_bound_find(const char *name);

extern JN_API const jn_bound jn_bound_elbo, jn_bound_iwae;

/* A bound with its error, from the set of laws of one observation. */
typedef struct jn_bound_result {
    jn_estimate value;
    jn_estimate gap; /* to the laws' own evidence, under rules; value NaN for draws */
    double variance; /* of the one-group estimator */
    jn_estimate reconstruction, kl; /* A and B, elbo alone; value NaN: no split */
    double drawn_error;             /* groups: standard error over the groups of all replicates */
} jn_bound_result;

/* Results of n arguments, grouped by family as they come; out: n. */
JN_API JN_CHECKED jn_status jn_bound_results(const jn_law_set *set, jn_estimator estimator,
                                             size_t n, const jn_bound_arg *args,
                                             jn_bound_result *out);

/* log p(x) as the laws see it, with its error: Sum m e^l. */
JN_API jn_estimate jn_law_set_evidence(const jn_law_set *set);

/* E (W - 1)^j under the laws, j = 2, 3, with its error; NaN where there are no nodes. */
JN_API JN_CHECKED jn_status jn_law_set_moment(const jn_law_set *set, int j, jn_estimate *out);

/* Error of the finest of three nested resolutions (steps h, 2h, 4h) from their values: the last
 * difference times the ratio of the differences where they shrink (ten times that, for safety),
 * never more than the last difference. */
JN_API double jn_nested_error(double fine, double middle, double coarse);

/* The IWAE integral of math: for each k the law's gap L_k - log p(x) < 0 as gap > 0, with its own
 * error and the variance of one group of k draws. k = 1 is allowed (the ELBO's gap, by another
 * way). An infinite gap where W = 0 has mass. out: n. */
JN_API JN_CHECKED jn_status jn_iwae_integral(const jn_weight_law *w, size_t n, const double *k,
                                             double *gap, double *gap_error, double *variance);

#ifdef __cplusplus
}
#endif
#endif
