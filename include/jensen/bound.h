/* Bounds: pure functionals of the law, and the one place where their errors are made. */
#ifndef JENSEN_BOUND_H
#define JENSEN_BOUND_H

#include <stdbool.h>

#include "jensen/law.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jn_side { JN_SIDE_LOWER, JN_SIDE_UPPER, JN_SIDE_NONE } jn_side;
JN_API const char *jn_side_name(jn_side side);

/* How a bound is read off a law.
 *   LAW              the exact functional of the law
 *   GROUPS           the mean over consecutive groups of K draws, what people run in training
 *   SELF_NORMALISED  a mean under the posterior made of q's own draws: biased
 *   POSTERIOR        a mean over exact draws of the posterior (and of q, for `upper`)
 *   POSTERIOR_LAW    the same of the law of either: `upper` of scrambled points
 *   USTAT            the mean over all subsets of K draws, for stored weights */
typedef enum jn_estimator {
    JN_BY_LAW,
    JN_BY_GROUPS,
    JN_BY_SELF_NORMALISED,
    JN_BY_POSTERIOR,
    JN_BY_USTAT,
    JN_BY_POSTERIOR_LAW
} jn_estimator;
JN_API const char *jn_estimator_name(jn_estimator e);

#define JN_K_MAX ((uint64_t)1000000000000000) /* 10^15 */

struct jn_bound;

/* One bound that was asked for; a field that the bound does not take is 0. */
typedef struct jn_bound_arg {
    const struct jn_bound *bound;
    uint64_t k;             /* 1 .. JN_K_MAX where bound->takes_k */
    double alpha;           /* vr */
    double n;               /* cubo: > 1 */
    unsigned points, order; /* tvo: intervals of [0, 1]; jvi: 1 .. JN_JVI_ORDER_MAX, below k */
    bool right; /* tvo: the right sum, ais: reverse chains; an upper bound, else lower */
} jn_bound_arg;

enum { JN_JVI_ORDER_MAX = 8, JN_TVO_POINTS_MAX = 10000 };

/* One law's answer. */
typedef struct jn_bound_value {
    double value;     /* nats */
    double gap;       /* the law's own log p(x) - value, without cancellation; NaN: not from here */
    double gap_error; /* the evaluation's own error: step, both ends, rounding */
    double variance;  /* of the estimator of one group of K draws; NaN: not known */
    double groups;    /* independent ones behind the value, where it is their mean; else 0 */
    double apart;     /* standard error of what draws of the posterior add to a value of q's law */
} jn_bound_value;

/* What the laws are and what was asked for, from which a bound picks its estimator. */
typedef struct jn_bound_setting {
    jn_estimator asked;
    jn_error_kind kind; /* of the source */
    bool posterior;     /* exact draws of the posterior stand beside those of q */
    bool alone;         /* one replicate: an error must come from within */
} jn_bound_setting;

/* What laws are to keep for a list of bounds: owns its lists. Zero-initialise. */
typedef struct jn_bound_wish {
    unsigned needs;
    size_t n_k, n_beta, n_posterior_k;
    uint64_t *ks, *posterior_ks;
    double *betas;
} jn_bound_wish;

/* An integral that must exist for a bound to be finite: E_q of what. */
typedef enum jn_integrand {
    JN_ALWAYS_FINITE,
    JN_OF_MOMENT, /* W^n, n > 1 or n < 0 */
    JN_OF_LOG,    /* the negative part of log of the mean of k weights */
    JN_OF_ENTROPY /* W |log W| */
} jn_integrand;

/* The one number that a bound takes after its name ("vr:0.5"). */
typedef enum jn_bound_number {
    JN_BOUND_PLAIN,
    JN_BOUND_ALPHA,
    JN_BOUND_N,
    JN_BOUND_POINTS,
    JN_BOUND_ORDER
} jn_bound_number;

typedef struct jn_bound {
    const char *name, *summary;
    bool takes_k;
    bool two_sided; /* two rows: `right` false, a lower bound, and true, an upper one */
    bool runs;      /* made by a sampler of its own, not of the law of q's weights */
    jn_bound_number number;
    jn_estimator (*estimator)(const jn_bound_arg *arg, const jn_bound_setting *setting);
    /* Adds what the bound needs of a law under an estimator that it picked. */
    jn_status (*wish)(const jn_bound_arg *arg, jn_estimator estimator, jn_bound_wish *out);
    jn_side (*side)(const jn_bound_arg *arg);
    /* *n: the order of a moment, or the k of JN_OF_LOG. */
    jn_integrand (*integrand)(const jn_bound_arg *arg, double *n);
    /* All of one family and estimator at once. w is NULL unless the law keeps nodes. out: n. */
    jn_status (*eval)(const jn_law *law, const jn_weight_law *w, jn_estimator estimator, size_t n,
                      const jn_bound_arg *args, jn_bound_value *out);
    /* What mixing a draw of weight W into the law, with mass e, adds to the value: out W by W, in
     * units of e. NULL: means over draws, whose spread is their own. */
    jn_status (*influence)(const jn_law *law, const jn_weight_law *w, const jn_bound_arg *arg,
                           double *out);
} jn_bound;

JN_API const jn_bound *const *jn_bounds(size_t *n);
JN_API const jn_bound *jn_bound_find(const char *name);

extern JN_API const jn_bound jn_bound_elbo, jn_bound_iwae, jn_bound_vr, jn_bound_cubo,
    jn_bound_eubo, jn_bound_upper, jn_bound_tvo, jn_bound_jvi, jn_bound_fivo, jn_bound_ais;

enum { JN_BOUND_LABEL = 64 };
/* Without K and with it: "iwae" and "iwae-8", "vr:0.5", "tvo:10 left", "jvi:1" and "jvi:1-8".
 * Return buf. */
JN_API const char *jn_bound_title(const jn_bound_arg *arg, char buf[JN_BOUND_LABEL]);
JN_API const char *jn_bound_label(const jn_bound_arg *arg, char buf[JN_BOUND_LABEL]);

/* A list such as "elbo,iwae,vr:0.5,tvo:10": one row for each bound, for each of the n_k values of K
 * where it takes K (jvi only for K above its order), and two for tvo. *out: for free().
 * JN_ERR_USAGE: an unknown name, with the nearest; a number that is missing, malformed, out of
 * range or not wanted; a bound given twice; no K that jvi can take. */
JN_API JN_CHECKED jn_status jn_bounds_parse(const char *text, size_t n_k, const uint64_t *ks,
                                            size_t *n, jn_bound_arg **out, jn_error *err);

/* What laws from such a source must keep for these bounds. Free with jn_bound_wish_free. */
JN_API JN_CHECKED jn_status jn_bounds_wish(size_t n, const jn_bound_arg *args,
                                           const jn_bound_setting *setting, jn_bound_wish *out);
JN_API void jn_bound_wish_free(jn_bound_wish *w); /* leaves zeros */
/* For bounds: each adds to the wish what is not there yet. */
JN_API JN_CHECKED jn_status jn_bound_wish_k(jn_bound_wish *w, uint64_t k);
JN_API JN_CHECKED jn_status jn_bound_wish_posterior(jn_bound_wish *w, uint64_t k);
JN_API JN_CHECKED jn_status jn_bound_wish_beta(jn_bound_wish *w, double beta);

/* A bound with its error, from the set of laws of one observation. */
typedef struct jn_bound_result {
    jn_estimator estimator; /* the one that the bound picked */
    jn_estimate value;
    jn_estimate gap; /* to log p(x): the laws' own, or the exact one where gap_method says how */
    const char *gap_method;         /* "naive", "bregman", "regression": groups of draws and a known
                                     * log p(x); else NULL */
    double variance;                /* of the one-group estimator */
    jn_estimate reconstruction, kl; /* A and B, elbo alone; value NaN: no split */
    double drawn_error;             /* groups: standard error over the groups of all replicates */
} jn_bound_result;

/* Results of n arguments, grouped by family as they come; out: n. `estimator` is the one asked
 * for. */
JN_API JN_CHECKED jn_status jn_bound_results(const jn_law_set *set, jn_estimator estimator,
                                             size_t n, const jn_bound_arg *args,
                                             jn_bound_result *out);

/* log p(x) as the laws see it, with its error: Sum m e^l. */
JN_API jn_estimate jn_law_set_evidence(const jn_law_set *set);

/* E (W - 1)^j under the laws, j = 2, 3, with its error; NaN where there are no nodes. */
JN_API JN_CHECKED jn_status jn_law_set_moment(const jn_law_set *set, int j, jn_estimate *out);

/* The thermodynamic curve (Masrani, Le & Wood 2019): g(beta) - log p(x), g(beta) = E l under masses
 * proportional to W^beta, for n values of beta >= 0. Its integral over [0, 1] is 0. */
JN_API void jn_thermodynamic_curve(const jn_weight_law *w, size_t n, const double *beta,
                                   double *out);

/* Error of the finest of three nested resolutions (steps h, 2h, 4h) from their values: the last
 * difference times the ratio of the differences where they shrink (ten times that, for safety),
 * never more than the last difference. */
JN_API double jn_nested_error(double fine, double middle, double coarse);

/* The IWAE integral of math: for each k the law's gap L_k - log p(x) < 0 as gap > 0, with its own
 * error and the variance of one group of k draws. k = 1 is allowed (the ELBO's gap, by another
 * way). An infinite gap where W = 0 has mass. out: n. */
JN_API JN_CHECKED jn_status jn_iwae_integral(const jn_weight_law *w, size_t n, const double *k,
                                             double *gap, double *gap_error, double *variance);

/* U_K - log p(x) for each k >= 2, K - 1 draws of q and one of the posterior, and the evaluation's
 * own error, from the integral of e^(-Ks) - E W e^(-sW) phi^(K-1) ds/s. out: n. */
JN_API JN_CHECKED jn_status jn_upper_integral(const jn_weight_law *w, size_t n, const double *k,
                                              double *excess, double *error);

/* The same where draws of the posterior have a law of their own, `posterior`, in any units: each of
 * its draws beside K - 1 of q's law. Their log p(x) is that of q's. */
JN_API JN_CHECKED jn_status jn_upper_of_both(const jn_weight_law *w, const jn_weight_law *posterior,
                                             size_t n, const double *k, double *excess);

#ifdef __cplusplus
}
#endif
#endif
