/* Chains of every kind with their proposals, and laws of their log-weights, for tests. */
#ifndef JN_TESTS_PATHS_H
#define JN_TESTS_PATHS_H

#include "chains.h"
#include "jensen/path.h"

typedef struct jn_test_chain {
    const char *model;
    const char *texts[8];
    const char *column;
    size_t n;
    double y[16];
} jn_test_chain;

static const jn_test_chain jn_test_chains[] = {
    { "hmm",
      { "transition=0.9,0.1,0;0,0.8,0.2;0.3,0,0.7", "rates=0,2,5", "initial=0.5,0.5,0" },
      "y",
      8,
      { 0, 0, 1, 3, 4, 6, 0, 2 } },
    { "hmm",
      { "transition=0.9,0.1;0.2,0.8", "emission=gaussian", "means=-1,1", "sds=0.5,1" },
      "y",
      12,
      { -1, 0.3, 1.2, 2, 0, -0.4, -1.1, 0.2, 0.9, 1.5, 0.1, -2 } },
    { "local-level",
      { "level_sd=0.5", "noise_sd=0.8", "m0=0.3", "sd0=1.5" },
      "y",
      12,
      { 0.1, 0.5, -0.7, 1.2, 0.9, 1.6, 2.2, 1.1, 0.8, 1.9, 2.5, 3.0 } },
    { "lgssm",
      { "F=0.9,0.2;-0.1,0.7", "Q=0.5,0.1;0.1,0.3", "H=1,0.5", "R=0.4", "P0=1,0.3;0.3,1" },
      "y",
      6,
      { 0.3, -0.2, 1.1, 0.4, -0.7, 2.0 } },
    { "stochastic-volatility",
      { "mu=-0.5", "phi=0.9", "sigma=0.4" },
      "y",
      10,
      { 0.6, -0.5, 1.3, -0.1, 0.02, 2.4, -0.9, 0.3, -0.6, 0.8 } },
    { "diffusion",
      { "steps=5", "b_min=0.1", "b_max=0.6", "means=-1,1.2", "weights=0.3,0.7", "sds=0.4,0.5" },
      "x",
      1,
      { 0.7 } },
};
enum { JN_TEST_CHAINS = sizeof jn_test_chains / sizeof *jn_test_chains };

static inline jn_model *jn_test_chain_model(const jn_test_chain *c)
{
    jn_table *data = jn_test_table(c->n, 1, (const char *const[]){ c->column }, c->y);
    jn_model *m = jn_test_model(c->model, c->texts, data);
    jn_table_free(data);
    return m;
}

/* NULL where the chain has no such proposal. */
static inline jn_proposal *jn_test_path(const char *name, const jn_model *m)
{
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    const jn_status st = jn_path_proposal_new(name, NULL, m, &q, &err);
    assert_true(st == JN_OK || (st == JN_ERR_UNSUPPORTED && q == NULL && err.message[0] != '\0'));
    return q;
}

static inline jn_law_set jn_test_laws(const jn_source *source, const jn_proposal *q, size_t row,
                                      const jn_source_options *options, size_t threads)
{
    jn_plan plan;
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    const jn_law_wish wish = { .needs = JN_NEED_NODES };
    assert_ok(jn_plan_new(source, q, row, options, &plan, &err), &err);
    assert_ok(jn_source_run(&plan, 1, &wish, threads, &set, &err), &err);
    jn_plan_release(&plan);
    return set;
}

/* exp(l) has mean p(x): the replicates' averages, in units of p(x), against 1. */
static inline void jn_test_unbiased(const jn_law_set *set, double log_p)
{
    jn_moments p = JN_MOMENTS_INIT;
    for (size_t i = 0; i < set->n; i++) {
        jn_moments_add(&p, exp(jn_law_log_evidence(&set->law[i]) - log_p), 1.0);
    }
    const double se = sqrt(jn_moments_variance(&p) / (double)set->n);
    assert_within_se(p.mean, 1.0, se, 5.0);
    assert_true(se < 0.2); /* the test can see a bias of that size */
}

#endif
