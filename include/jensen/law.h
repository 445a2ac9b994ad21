/* The law of the log-weight l(z) = log p(x, z) - log q(z | x), z ~ q, for one observation: nodes
 * (l_i, log mass_i) under q, and companions that stream. Every bound is a functional of it.
 *
 * A law takes blocks of log-weights, merges with the law of other blocks of the same source, and
 * is read by bounds. Equal-mass (Monte Carlo) blocks must be added in index order, and laws merged
 * in index order. Last bits depend on the split into blocks, which each source fixes. */
#ifndef JENSEN_LAW_H
#define JENSEN_LAW_H

#include <stdbool.h>

#include "jensen/estimate.h"
#include "jensen/logspace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a bound reads; an OR of these is what a law keeps. */
enum {
    JN_NEED_NODES = 1u,  /* nodes, or their compressed form */
    JN_NEED_GROUPS = 2u, /* log-mean-exp of consecutive groups of K draws, for each K asked for */
    JN_NEED_TILTS = 4u,  /* E e^(beta l) and E l e^(beta l), for each beta asked for */
    JN_NEED_POSTERIOR = 8u, /* groups whose first draw is of the posterior, for each K asked for */
    JN_NEED_TAIL = 16u,     /* the largest weights */
    JN_NEED_POSTERIOR_NODES = 32u, /* a law of the draws of the posterior alone */
};

/* What laws are to keep, as an OR of the above and the lists that go with it. Borrows its lists. */
typedef struct jn_law_wish {
    unsigned needs;
    size_t n_k;
    const uint64_t *ks; /* JN_NEED_GROUPS */
    size_t n_beta;
    const double *betas; /* JN_NEED_TILTS */
    size_t n_posterior_k;
    const uint64_t *posterior_ks; /* JN_NEED_POSTERIOR */
    size_t n_tail;                /* JN_NEED_TAIL: how many of the largest weights */
    const double *log_p;          /* exact log p(x) of each observation of a run; NULL: not known */
} jn_law_wish;

/* Moments of pairs x = R - 1, y = log R over groups, R the mean of k weights in units of p(x):
 * E x = 0, so that x is a control variate for y. */
typedef struct jn_control {
    uint64_t n;
    double x, y;       /* means */
    double xx, xy, yy; /* sums of products about the means */
} jn_control;

JN_API void jn_control_merge(jn_control *into, const jn_control *from);

/* Log-mean-exps of consecutive groups of k draws, groups starting at multiples of k. A run of
 * draws begins and ends inside groups: `head` belongs to a group begun before, `tail` to one not
 * yet full. */
typedef struct jn_groups {
    uint64_t k;
    uint64_t first, n;  /* the run: draws first .. first + n - 1 */
    jn_lse head, tail;  /* head: up to the first multiple of k at or after `first` */
    jn_moments done;    /* log-mean-exp of the full groups inside the run */
    uint64_t n_zero;    /* full groups in which every weight is zero */
    double log_p;       /* exact log p(x); NaN: not known, and no controls */
    jn_control fold[2]; /* of the full groups inside the run, even ones and odd ones */
} jn_groups;

/* Sums over draws or nodes in which e^(beta l) counts. */
typedef struct jn_tilt {
    double beta;
    double max;   /* largest beta l + log m so far */
    double mass;  /* sum of e^(beta l + log m - max) */
    double first; /* sum of l e^(beta l + log m - max) */
    double edge;  /* what of the mass stands at the border of a rule's domain */
    double inner; /* and in the shell within it, where the rule has one; else 0 */
} jn_tilt;

/* The largest log-weights of a stream of draws. */
typedef struct jn_tail {
    size_t keep; /* how many are wanted */
    size_t n;    /* how many are there: fewer than 2 keep, the keep largest among them */
    size_t capacity;
    double floor; /* what can be left out */
    double *log_w;
} jn_tail;

enum { JN_TAIL_MAX = 32767 }; /* excesses that a fit takes, at most */

/* log sum m e^(beta l): +INFINITY is not recorded, zero weights count as nothing for every beta. */
JN_API double jn_tilt_log_sum(const jn_tilt *t);
/* E l under masses m e^(beta l); NaN where there are none. */
JN_API double jn_tilt_mean(const jn_tilt *t);

typedef struct jn_law {
    unsigned needs;
    /* streamed over everything added, zero weights included */
    uint64_t n_nodes;   /* nodes or draws */
    uint64_t n_zero;    /* of these, with log-weight -INFINITY and positive mass */
    double unit;        /* draws: log of what weights are measured in on the way; NaN: of nothing */
    jn_lse mass;        /* log sum m; quadrature: 1 within its error */
    jn_lse zero_mass;   /* mass on zero weights */
    jn_lse evidence;    /* log sum m e^l */
    jn_lse second;      /* log sum m e^2l */
    jn_lse third;       /* log sum m e^3l */
    jn_moments log_w;   /* of l under q; mean -INFINITY where a zero weight has mass */
    jn_moments log_lik; /* of log p(x|z); weight 0 where there is no split */
    jn_moments log_ratio; /* of log q/p(z) */
    bool has_marks;
    bool draws;                      /* equal masses: the law is a sample */
    jn_lse edge_mass, edge_evidence; /* of nodes on the border of a rule's domain */
    jn_lse edge_entropy;             /* log sum m e^l |l| of these */
    /* JN_NEED_NODES: finite log-weights alone. Nodes of a rule stay; draws go into bins, which take
     * no more memory for more draws and change IWAE, VR and moments of W by less than 1e-10
     * relative (see lib/law/bins.h). Only log-weights more than 16 nats from the middle of the
     * first few lie in wider bins, of a 256th of their distance. */
    size_t n, capacity;
    double *node_log_w, *node_log_m;
    struct jn_bins *bins; /* of draws on their way; NULL: none, or they have become nodes */
    /* JN_NEED_GROUPS */
    size_t n_groups;
    jn_groups *groups;
    /* JN_NEED_TILTS */
    size_t n_tilts;
    jn_tilt *tilts;
    /* JN_NEED_POSTERIOR: groups of K - 1 draws of q behind one of the posterior; empty where the
     * source has none of these */
    size_t n_posterior;
    jn_groups *posterior;
    struct jn_law *of_posterior; /* JN_NEED_POSTERIOR_NODES: log-weights at draws of p(z | x), those
                                  * outside q left out; NULL: not asked for */
    /* JN_NEED_TAIL, draws alone */
    jn_tail tail;
    uint64_t n_outside; /* draws of the posterior where q has no density: W is infinite there */
} jn_law;

/* How heavy the right tail of the weights is: k-hat, the shape of the generalised Pareto law fitted
 * by the method of Zhang & Stephens (2009) to the excesses over the (M + 1)-th largest weight,
 * M = jn_pareto_tail(S), with the weakly informative prior of Vehtari, Simpson, Gelman, Yao & Gabry
 * (2024). Moments of W of order 1 / k and above are infinite: the variance from k = 1/2 on. */
typedef struct jn_pareto {
    double k;         /* NaN: see note */
    double error;     /* its standard error, of the fit alone: a true Pareto tail is assumed */
    size_t tail;      /* M */
    const char *note; /* why there is no k, or what was left out; NULL: nothing to say */
} jn_pareto;

/* Resolutions of a rule: steps h, 2h and 4h. */
enum { JN_LEVELS = 3 };
/* Most laws in a set. */
enum { JN_PARTS_MAX = 4096 };

/* The laws of one observation: replicates, or resolutions of a rule (finest first). Errors are
 * made from the set. */
typedef struct jn_law_set {
    jn_error_kind kind;
    bool nested; /* resolutions; else replicates, which `pooled` joins */
    size_t n;
    jn_law *law;     /* n */
    jn_law pooled;   /* empty where nested; it alone has the tail of replicates */
    jn_pareto shape; /* of that tail; k is NaN where there is none */
    uint64_t n_eval; /* points at which the model was evaluated */
} jn_law_set;

JN_API void jn_law_set_free(jn_law_set *set); /* leaves zeros */

/* A block of log-weights on its way to the law. */
typedef struct jn_weights {
    size_t n;
    uint64_t index0;         /* index of the first draw */
    const double *log_w;     /* n; -INFINITY: zero weight */
    const double *log_mass;  /* n; NULL: equal masses (draws) */
    const double *log_lik;   /* n; NULL where there is no split into A and B */
    const double *log_ratio; /* n; log q - log p(z) */
    const double *mark_sums; /* 4: sums over log_lik - log_lik[0] and its squares, and the same for
                              * log_ratio, by who made them; NULL: the law sums */
    const double *log_w_posterior; /* n; log-weights of as many draws of p(z | x), INFINITY where q
                                    * has no density; NULL: none */
    const unsigned char *edge; /* n; 1: on the border of the rule's domain, 2: in the shell within
                                * it, whose radii have the same ratio; NULL: none is */
} jn_weights;

/* An empty law that keeps what is wished for. log_p: exact log p(x), NaN where it is not known (the
 * wish's own list is not read); `first` is the index of the first draw that the law will see. */
JN_API JN_CHECKED jn_status jn_law_start(jn_law *law, const jn_law_wish *wish, double log_p,
                                         uint64_t first);
/* The same for nodes and groups, with nothing known of p(x). */
JN_API JN_CHECKED jn_status jn_law_init(jn_law *law, unsigned needs, size_t n_k, const uint64_t *ks,
                                        uint64_t first);
JN_API void jn_law_free(jn_law *law); /* leaves zeros */

JN_API JN_CHECKED jn_status jn_law_add(jn_law *law, const jn_weights *block);
/* `from` follows `into` in index order; `from` keeps its memory. */
JN_API JN_CHECKED jn_status jn_law_merge(jn_law *into, const jn_law *from);

/* `from` is another replicate: full groups and all else join, incomplete groups are dropped. */
JN_API JN_CHECKED jn_status jn_law_pool(jn_law *into, const jn_law *from);

/* log p(x) as the law sees it: log sum m e^l - log sum m for draws, log sum m e^l for nodes of a
 * rule (which need no normalising but what their error makes). -INFINITY: all weights are zero. */
JN_API double jn_law_log_evidence(const jn_law *law);

/* (sum m W)^2 / sum m W^2 in [0, 1]: effective sample size as a fraction. NaN where all are zero.
 */
JN_API double jn_law_ess_fraction(const jn_law *law);

/* ceil(min(S / 5, 3 sqrt S)), at most JN_TAIL_MAX. */
JN_API size_t jn_pareto_tail(uint64_t s);
/* min(1 - 1 / log10 S, 0.7): above it means of S weights cannot be trusted. */
JN_API double jn_pareto_limit(uint64_t s);
/* From n log-weights in any order that hold the M + 1 largest of S draws (the law's tail, or all of
 * them, n = S). Zero weights count as draws. No NaN or +INFINITY. */
JN_API JN_CHECKED jn_status jn_pareto_fit(uint64_t s, size_t n, const double *log_w,
                                          jn_pareto *out);

/* The law in units of p(x), ready for functionals: masses sum to 1 and sum m W = 1. Many nodes are
 * replaced by fewer with the same moments (see law/compress.h). Free with jn_weight_law_free. */
typedef struct jn_weight_law {
    size_t n;
    size_t low, high;    /* nodes [0, low) have W < e^-40, nodes [high, n) W > e^300 */
    double log_evidence; /* what one unit of W is */
    double zero_mass;    /* mass of W = 0, in [0, 1] */
    double *log_w;       /* log W, ascending; -INFINITY for the node that stands for W = 0 */
    double *log_m;       /* log of the mass under q */
    double *m;           /* mass under q; may underflow to 0 where W is huge */
    double *w1;          /* W - 1, capped at e^700 */
    double *mw1;         /* m (W - 1), exact also where m underflows */
    double *m_below;     /* n + 1: sum of m over the nodes before each */
    double *mw_below;    /* n + 1: sum of m W */
    double *m_above;     /* n + 1: sum of m over each node and those after it */
    double *data;
} jn_weight_law;

JN_API JN_CHECKED jn_status jn_weight_law_new(const jn_law *law, jn_weight_law *out);
JN_API void jn_weight_law_free(jn_weight_law *w);

/* The Laplace transform phi(s) = E e^(-sW) at s = e^u for n values of u, ascending: log_phi, and
 * delta = s + log phi >= 0 with full relative accuracy also where it is tiny (NaN where s > 600:
 * e^-s is nothing there). u may exceed 709. */
JN_API JN_CHECKED jn_status jn_weight_law_laplace(const jn_weight_law *w, size_t n, const double *u,
                                                  double *log_phi, double *delta);

/* At the same points: slope = delta'(s) = 1 - E W e^(-sW) / phi(s) >= 0 with full relative accuracy
 * (NaN where s > 600), and log_biased = log E W e^(-sW). */
JN_API JN_CHECKED jn_status jn_weight_law_laplace_slope(const jn_weight_law *w, size_t n,
                                                        const double *u, double *slope,
                                                        double *log_biased);

/* log E W^beta for any real beta, with its full relative accuracy also near 0 (+INFINITY where
 * beta < 0 and W = 0 has mass), and the mean E W^beta log W / E W^beta (-INFINITY where beta <= 0
 * and W = 0 has mass). */
typedef struct jn_tilted {
    double log_moment;
    double mean;
} jn_tilted;
JN_API jn_tilted jn_weight_law_tilt(const jn_weight_law *w, double beta);

/* How far beyond u phi stays what it is there, to rounding: 0 where some weight is between nothing
 * and all at s W, INFINITY where no weight is left. */
JN_API double jn_weight_law_flat(const jn_weight_law *w, double u);

/* E (W - 1)^j, j = 2, 3: +INFINITY where it overflows. Says nothing about finiteness. */
JN_API double jn_weight_law_moment(const jn_weight_law *w, int j);

#ifdef __cplusplus
}
#endif
#endif
