/* Sources of log-weights: each plans parts (replicates, or resolutions of a rule) made of blocks,
 * and makes any block of any part alone. */
#ifndef JENSEN_SOURCE_H
#define JENSEN_SOURCE_H

#include "jensen/law.h"
#include "jensen/proposal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Points in a block: part of the definition of every result; not for tuning. */
enum { JN_BLOCK = 512 };

enum { JN_COVER_MAX = 6 };

/* How particles are chosen again. */
typedef enum jn_resampling { JN_SYSTEMATIC, JN_STRATIFIED, JN_MULTINOMIAL } jn_resampling;

typedef struct jn_source_options {
    uint64_t samples;    /* draws per part, >= 1 */
    uint64_t replicates; /* parts, 1 .. JN_PARTS_MAX */
    uint64_t seed;
    double tolerance;    /* panels: what their functionals settle to; 0: 1e-9 */
    unsigned refinement; /* quadrature: 0, 1, 2, ... halves the step each time */
    unsigned widening;   /* quadrature: 0, 1, 2, ... grows the domain each time */
    uint64_t max_nodes;  /* quadrature: most nodes of the finest part; 0: 2^22 */
    bool posterior;      /* draws: as many of p(z | x) beside them, where the model has a sampler */
    /* quadrature: orders n, beside 2 and 3, for which q W^n is to be covered by the nodes, wherever
     * its integral is known to be finite */
    size_t n_cover;
    double cover[JN_COVER_MAX];
    uint64_t particles; /* smc: 0: 1024 */
    double threshold;   /* smc: resample where ESS < threshold * particles; 0: 0.5, >= 1: always */
    jn_resampling resampling;
    uint64_t steps; /* ais: intervals of [0, 1] that the temperatures make; 0: 1 */
    bool reverse;   /* ais: from an exact draw of the posterior down to q */
    /* ais, reverse: the z that the data were simulated with, a row a latent point as jn_simulate
     * writes them, all observations; NULL: draws of the model's own sampler. */
    const struct jn_latents *latents;
} jn_source_options;

typedef struct jn_latents {
    size_t n, dim; /* points; numbers in each */
    const double *z;
} jn_latents;

typedef struct jn_plan jn_plan;
typedef struct jn_workspace jn_workspace; /* scratch of one worker */

typedef struct jn_source {
    const char *name; /* "quadrature", "enumerate", "mc" */
    jn_error_kind kind;
    bool nested; /* parts are resolutions, finest first; else they are replicates */
    /* JN_REFUSED with a reason where the rule cannot be set up for this row. */
    jn_status (*plan)(const jn_proposal *q, size_t row, const jn_source_options *options,
                      jn_plan *plan, jn_error *err);
    /* Pure: writes only to the workspace, to which *out points. */
    jn_status (*block)(const jn_plan *plan, size_t part, uint64_t block, jn_workspace *ws,
                       jn_weights *out, jn_error *err);
    void (*release)(jn_plan *plan); /* NULL: nothing to release */
} jn_source;

struct jn_plan {
    const jn_source *source;
    const jn_proposal *q;
    size_t row;
    size_t n_parts;
    uint64_t n_points[JN_LEVELS]; /* of each resolution; replicates: [0], the same for all */
    jn_source_options options;
    void *state;
};

extern JN_API const jn_source jn_source_quadrature; /* continuous z, 1 to 4 coordinates */
extern JN_API const jn_source jn_source_panels;     /* continuous z, 1 to 3; any shape */
extern JN_API const jn_source jn_source_enumerate;  /* discrete z */
extern JN_API const jn_source jn_source_rqmc;       /* scrambled Sobol' points, to 1024 */
extern JN_API const jn_source jn_source_mc;         /* pseudo-random draws */

/* Laws of the observations `rows`, plans[i] for observation rows.first + i. sets: rows.count, to
 * be freed with jn_law_set_free, also after an error. Same bytes for every number of threads. */
JN_API JN_CHECKED jn_status jn_source_run(const jn_plan *plans, size_t n_rows,
                                          const jn_law_wish *wish, size_t threads, jn_law_set *sets,
                                          jn_error *err);

/* Plan of one observation; release with jn_plan_release. */
JN_API JN_CHECKED jn_status jn_plan_new(const jn_source *source, const jn_proposal *q, size_t row,
                                        const jn_source_options *options, jn_plan *plan,
                                        jn_error *err);
JN_API void jn_plan_release(jn_plan *plan); /* leaves zeros */

#ifdef __cplusplus
}
#endif
#endif
