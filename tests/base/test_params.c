#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/params.h"
#include "malloc_sweep.h"

static const jn_param_spec specs[] = {
    { "prior_sd", "number > 0", "1", "sd of the prior" },
    { "family", "bernoulli|poisson", "bernoulli", "the likelihood" },
    { "beta", "d numbers", NULL, "coefficients" },
};

static void test_a_set_replaces_and_keeps_its_place(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_null(jn_params_find(&p, "a"));
    assert_ok(jn_params_set_text(&p, "a", "1,2", &err), &err);
    assert_ok(jn_params_set_number(&p, "b", 3.0), NULL);
    assert_ok(jn_params_set_word(&p, "a", "word"), NULL);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.item[0].name, "a");
    assert_string_equal(jn_params_find(&p, "a")->word, "word");
    assert_null(jn_params_find(&p, "a")->x);
    assert_ok(jn_params_set_value(&p, "a", jn_params_find(&p, "b")), NULL);
    assert_close(jn_params_find(&p, "a")->x[0], 3.0, 0.0, 0.0); /* a copy */
    jn_params_free(&p);
    assert_int_equal(p.n, 0);
    jn_params_free(&p);
    jn_params_free(NULL);
}

static void test_a_failed_set_changes_nothing(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_set_number(&p, "sd", 2.0), NULL);
    assert_int_equal(jn_params_set_text(&p, "sd", "5x", &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "'sd': '5x' is not a finite number");
    assert_int_equal(jn_params_set_text(&p, "", "5", &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "a parameter without a name");
    assert_int_equal(jn_params_set_word(&p, "", "x"), JN_ERR_USAGE);
    assert_int_equal(jn_params_set_number(&p, "sd", NAN), JN_ERR_VALUE);
    assert_int_equal(jn_params_set_matrix(&p, "sd", 0, 1, NULL), JN_ERR_VALUE);
    assert_int_equal(p.n, 1);
    assert_close(jn_params_find(&p, "sd")->x[0], 2.0, 0.0, 0.0);
    jn_params_free(&p);
}

static void test_copies_are_independent(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT, q = JN_PARAMS_INIT;
    assert_ok(jn_params_set_text(&p, "w", "1,0;0,1", NULL), NULL);
    assert_ok(jn_params_set_word(&p, "f", "x"), NULL);
    assert_ok(jn_params_set_word(&q, "old", "x"), NULL);
    assert_ok(jn_params_copy(&p, &q), NULL);
    jn_params_free(&p);
    assert_int_equal(q.n, 2);
    assert_close(jn_params_find(&q, "w")->x[3], 1.0, 0.0, 0.0);
    jn_params_free(&q);
}

static void test_complete_fills_in_defaults(void **state)
{
    (void)state;
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_set_number(&p, "prior_sd", 2.5), NULL);
    assert_ok(jn_params_complete(&p, specs, 3, "model glmm", &err), &err);
    assert_int_equal(p.n, 2);
    assert_close(jn_params_find(&p, "prior_sd")->x[0], 2.5, 0.0, 0.0);
    assert_string_equal(jn_params_find(&p, "family")->word, "bernoulli");
    assert_null(jn_params_find(&p, "beta"));
    jn_params_free(&p);
}

static void expect_unknown(const char *name, size_t n_specs, const char *message)
{
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_params_set_number(&p, name, 1.0), NULL);
    assert_int_equal(jn_params_complete(&p, specs, n_specs, "model glmm", &err), JN_ERR_USAGE);
    assert_string_equal(err.message, message);
    assert_int_equal(p.n, 1);
    jn_params_free(&p);
}

static void test_complete_refuses_unknown_names(void **state)
{
    (void)state;
    expect_unknown("prior-sd", 3,
                   "model glmm has no parameter 'prior-sd'; did you mean 'prior_sd'?");
    expect_unknown("elsewhere", 3,
                   "model glmm has no parameter 'elsewhere'; it takes prior_sd, family, beta");
    expect_unknown("x", 0, "model glmm has no parameter 'x': it takes none");
}

static void test_complete_undoes_when_a_default_is_malformed(void **state)
{
    (void)state;
    const jn_param_spec broken[] = { specs[0], { "k", "number", "5x", "" } };
    jn_params p = JN_PARAMS_INIT;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_params_complete(&p, broken, 2, "model m", &err), JN_ERR_USAGE);
    assert_string_equal(err.message, "model m, default: 'k': '5x' is not a finite number");
    assert_int_equal(p.n, 0);
    jn_params_free(&p);
}

/* One attempt makes every call that can allocate; each failure must leave p as it was. */
static jn_status attempt(void *user)
{
    (void)user;
    jn_params p = JN_PARAMS_INIT, q = JN_PARAMS_INIT;
    jn_status status = jn_params_set_text(&p, "beta", "1,2", NULL);
    assert_int_equal(p.n, status == JN_OK ? 1 : 0);
    if (status == JN_OK) {
        status = jn_params_set_word(&p, "beta", "w");
        assert_true((jn_params_find(&p, "beta")->word != NULL) == (status == JN_OK));
    }
    if (status == JN_OK) {
        status = jn_params_complete(&p, specs, 3, "model", NULL);
        assert_int_equal(p.n, status == JN_OK ? 3 : 1);
    }
    if (status == JN_OK) {
        status = jn_params_copy(&p, &q);
        assert_int_equal(q.n, status == JN_OK ? 3 : 0);
    }
    jn_params_free(&p);
    jn_params_free(&q);
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    assert_true(jn_malloc_sweep(attempt, NULL) >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_replaces_and_keeps_its_place),
        cmocka_unit_test(test_a_failed_set_changes_nothing),
        cmocka_unit_test(test_copies_are_independent),
        cmocka_unit_test(test_complete_fills_in_defaults),
        cmocka_unit_test(test_complete_refuses_unknown_names),
        cmocka_unit_test(test_complete_undoes_when_a_default_is_malformed),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
