#include "proposals.h"

/* Every family says what it is; every default parses. */
static void test_types_are_complete(void **state)
{
    (void)state;
    size_t n;
    const jn_proposal_type *const *types = jn_proposal_types(&n);
    assert_true(n >= 4);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(jn_proposal_type_find(types[i]->name), types[i]);
        assert_non_null(types[i]->summary);
        for (size_t k = 0; k < types[i]->n_params; k++) {
            jn_value v;
            assert_non_null(types[i]->params[k].help);
            if (types[i]->params[k].fallback != NULL) {
                assert_ok(jn_value_parse(types[i]->params[k].fallback, &v, NULL), NULL);
                jn_value_free(&v);
            }
        }
    }
    assert_null(jn_proposal_type_find("no-such-proposal"));
    jn_proposal_free(NULL);
}

/* What a model cannot give, and what was meant by a mistyped name. */
static void test_refusals(void **state)
{
    (void)state;
    const jn_status no = JN_ERR_UNSUPPORTED;
    jn_table *t = jn_test_csv("birthwt3.csv");
    jn_model *logistic = jn_test_model("logistic", NULL, t);
    jn_model *scale = jn_test_model("gaussian-scale", NULL, NULL);
    jn_model *points = jn_test_model("two-point-weights", NULL, NULL);
    jn_test_refused_proposal(logistic, "posterior", NULL, no, "no posterior in closed form");
    jn_test_refused_proposal(scale, "prior", NULL, no, "no prior to draw from");
    jn_test_refused_proposal(points, "gaussian", NULL, no, "no continuous latent");
    jn_test_refused_proposal(points, "laplace", NULL, no, "no continuous latent");
    jn_test_refused_proposal(scale, "lapalce", NULL, JN_ERR_USAGE, "did you mean 'laplace'?");
    jn_test_refused_proposal(scale, "qqqqqqqqqqq", NULL, JN_ERR_USAGE, "'jensen models'");
    jn_test_refused_proposal(logistic, "prior", TEXTS("shift=1"), JN_ERR_USAGE, "prior");
    jn_model_free(logistic);
    jn_model_free(scale);
    jn_model_free(points);
    jn_table_free(t);
}

/* A model's own proposal is one that can be made, with weights of the law that it names. */
static void test_own_proposals(void **state)
{
    (void)state;
    const char *const names[] = { "gamma-weights", "two-point-weights", "gaussian-scale" };
    for (size_t i = 0; i < 3; i++) {
        jn_model *m = jn_test_model(names[i], NULL, NULL);
        jn_params p = JN_PARAMS_INIT;
        jn_proposal *q = NULL;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_proposal_new(m->type->own_proposal(m->self, &p), &p, m, &q, &err), &err);
        const double base[] = { 0.3, 0.3 };
        double z[2], log_q, log_p;
        assert_ok(q->ops->map(q->self, 0, 1, 1, base, z, &log_q), NULL);
        log_p = jn_test_joint(m, 0, z);
        /* log W: that of the gamma law with a = 1 at its 0.3 quantile; 2/9; N(0, 1) over s = 0.6 */
        const double quad = 0.5 * 2.0 * 0.09 * (1.0 - 0.36);
        const double want[] = { log(-log1p(-0.3)), log(2.0 / 9.0), 2.0 * log(0.6) + quad };
        assert_close(log_p - log_q, want[i], 0.0, 1e-14);
        jn_proposal_free(q);
        jn_params_free(&p);
        jn_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_complete),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_own_proposals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
