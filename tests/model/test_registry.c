#include "models.h"

/* Every model says what it is, and its parameters' defaults parse. */
static void test_types_are_complete(void **state)
{
    (void)state;
    size_t n;
    const jn_model_type *const *types = jn_model_types(&n);
    assert_true(n >= 6);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(jn_model_type_find(types[i]->name), types[i]);
        assert_non_null(types[i]->summary);
        assert_non_null(types[i]->exact);
        for (size_t k = 0; k < types[i]->n_params; k++) {
            const jn_param_spec *s = types[i]->params + k;
            assert_non_null(s->shape);
            assert_non_null(s->help);
            jn_value v;
            if (s->fallback != NULL) {
                assert_ok(jn_value_parse(s->fallback, &v, NULL), NULL);
                jn_value_free(&v);
            }
        }
    }
    assert_null(jn_model_type_find("no-such-model"));
}

static void test_unknown_names(void **state)
{
    (void)state;
    jn_test_refused("linear-gausian", NULL, NULL, JN_ERR_USAGE, "did you mean 'linear-gaussian'?");
    jn_test_refused("qqqqqqqqqqqq", NULL, NULL, JN_ERR_USAGE, "'jensen models' lists them");
    jn_test_refused("gamma-weights", TEXTS("b=1"), NULL, JN_ERR_USAGE, "gamma-weights");
}

/* Parameters are completed and kept; what was passed in stays the caller's. */
static void test_parameters_are_copied(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("s=0.25"), NULL);
    const jn_value *dim = jn_params_find(&m->params, "dim");
    assert_non_null(dim);
    assert_close(dim->x[0], 2.0, 0.0, 0.0);
    assert_close(jn_params_find(&m->params, "s")->x[0], 0.25, 0.0, 0.0);
    assert_int_equal(jn_model_support(m, 1), JN_REAL);
    assert_int_equal(jn_model_states(m), 0);
    jn_model_free(m);
    jn_model_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_complete),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_parameters_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
