/* Runs of the main job for tests: a model, a proposal, ELBO and IWAE. */
#ifndef JN_TESTS_GAP_RUNS_H
#define JN_TESTS_GAP_RUNS_H

#include "models.h"

#include "jensen/gap.h"

enum { JN_TEST_MAX_BOUNDS = 16 };

typedef struct jn_test_run {
    jn_model *model;
    jn_proposal *q;
    jn_gap_table *table;
    jn_status status;
    jn_error err;
} jn_test_run;

/* Bounds: elbo, then iwae for each k. q NULL: the model's own, with its parameters. */
static inline jn_test_run jn_test_gap(const char *model, const char *const *set,
                                      const jn_table *data, const char *q, const char *const *q_set,
                                      size_t n_k, const uint64_t *ks, const jn_gap_options *options)
{
    jn_test_run r = { .model = jn_test_model(model, set, data), .err = JN_ERROR_INIT };
    if (q == NULL) {
        jn_params own = JN_PARAMS_INIT;
        q = r.model->type->own_proposal(r.model->self, &own);
        assert_ok(jn_proposal_new(q, &own, r.model, &r.q, &r.err), &r.err);
        jn_params_free(&own);
    } else {
        r.q = jn_test_proposal(q, q_set, r.model);
    }
    jn_bound_arg args[JN_TEST_MAX_BOUNDS] = { { .bound = &jn_bound_elbo } };
    assert_true(n_k < JN_TEST_MAX_BOUNDS);
    for (size_t i = 0; i < n_k; i++) {
        args[i + 1] = (jn_bound_arg){ .bound = &jn_bound_iwae, .k = ks[i] };
    }
    r.status = jn_gap_run(r.q, n_k + 1, args, options, &r.table, &r.err);
    return r;
}

static inline void jn_test_gap_free(jn_test_run *r)
{
    jn_gap_table_free(r->table);
    jn_proposal_free(r->q);
    jn_model_free(r->model);
    memset(r, 0, sizeof *r);
}

#endif
