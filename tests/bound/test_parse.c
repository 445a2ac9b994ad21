#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "jensen/bound.h"
#include "malloc_sweep.h"

static const uint64_t KS[] = { 1, 2, 1000 };

static size_t parse(const char *text, jn_bound_arg **args)
{
    size_t n = 0;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_bounds_parse(text, 3, KS, &n, args, &err), &err);
    return n;
}

static void test_rows_of_a_list(void **state)
{
    (void)state;
    jn_bound_arg *a;
    static const char *const labels[] = {
        "elbo",       "iwae-1",        "iwae-2",      "iwae-1000",       "vr:0.5",
        "vr:-1",      "cubo:2.5",      "eubo",        "upper-1",         "upper-2",
        "upper-1000", "tvo:4 left",    "tvo:4 right", "jvi:1-2",         "jvi:1-1000",
        "jvi:2-1000", "tvo:1 left",    "tvo:1 right", "ais-1",           "ais reverse-1",
        "ais-2",      "ais reverse-2", "ais-1000",    "ais reverse-1000"
    };
    const size_t n = parse("elbo,iwae,vr:0.5,vr:-1,cubo:2.5,eubo,upper,tvo:4,jvi:1,jvi:2,tvo:1,ais",
                           &a);
    assert_int_equal(n, sizeof labels / sizeof *labels);
    for (size_t i = 0; i < n; i++) {
        char label[JN_BOUND_LABEL];
        assert_string_equal(jn_bound_label(&a[i], label), labels[i]);
    }
    char title[JN_BOUND_LABEL];
    assert_string_equal(jn_bound_title(&a[1], title), "iwae");
    assert_close(a[4].alpha, 0.5, 0.0, 0.0);
    assert_close(a[6].n, 2.5, 0.0, 0.0);
    assert_true(a[11].points == 4 && !a[11].right && a[12].right);
    assert_true(a[13].order == 1 && a[13].k == 2);
    free(a);
}

static void refused(const char *text, const char *part)
{
    jn_error err = JN_ERROR_INIT;
    size_t n = 77;
    jn_bound_arg *a = (jn_bound_arg *)1;
    assert_int_equal(jn_bounds_parse(text, 3, KS, &n, &a, &err), JN_ERR_USAGE);
    assert_true(n == 77 && a == (jn_bound_arg *)1);
    if (strstr(err.message, part) == NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
    assert_null(strchr(err.message, '\n'));
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    refused("elbo,iwea", "did you mean 'iwae'");
    refused("", "no bound ''");
    refused("elbo,,iwae", "no bound ''");
    refused("zzzzzzzzzzzz", "'jensen models' lists them");
    refused("vr", "vr:ALPHA");
    refused("vr:", "''");
    refused("vr:x", "'x' is not a number from -1000 to 1000");
    refused("vr:1e9", "'1e9'");
    refused("cubo:1", "above 1");
    refused("cubo:0.5", "'0.5'");
    refused("tvo:2.5", "count");
    refused("tvo:0", "count");
    refused("tvo:20000", "10000");
    refused("jvi:9", "8");
    refused("elbo:2", "elbo takes no number");
    refused("iwae:2", "iwae takes no number");
    refused("elbo,iwae,elbo", "'elbo' is given twice");
    refused("vr:0.5,vr:0.50", "'vr:0.50' is given twice");
    refused("tvo:3,tvo:3", "twice");
    const uint64_t few[] = { 1, 2 };
    size_t n;
    jn_bound_arg *a;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_bounds_parse("jvi:2", 2, few, &n, &a, &err), JN_ERR_USAGE);
    assert_non_null(strstr(err.message, "jvi:2 needs a K above 2"));
}

static jn_status attempt(void *user)
{
    (void)user;
    size_t n = 77;
    jn_bound_arg *a = NULL;
    const jn_status st = jn_bounds_parse("elbo,iwae,tvo:2", 3, KS, &n, &a, NULL);
    assert_true(st == JN_OK || (n == 77 && a == NULL));
    free(a);
    return st;
}

typedef struct wish_case {
    size_t n;
    const jn_bound_arg *args;
} wish_case;

static jn_status attempt_wish(void *user)
{
    const wish_case *c = user;
    const jn_bound_setting s = { .asked = JN_BY_GROUPS, .kind = JN_MC, .posterior = true };
    jn_bound_wish w = { .needs = 77 };
    const jn_status st = jn_bounds_wish(c->n, c->args, &s, &w);
    assert_true(st == JN_OK || w.needs == 77);
    if (st == JN_OK) {
        jn_bound_wish_free(&w);
    }
    return st;
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    assert_true(jn_malloc_sweep(attempt, NULL) >= 5);
    jn_bound_arg *a;
    wish_case c = { .n = parse("iwae,jvi:1,upper,tvo:3", &a) };
    c.args = a;
    assert_true(jn_malloc_sweep(attempt_wish, &c) >= 5);
    free(a);
}

/* Each bound asks for what its estimator reads, once. */
static void test_wishes(void **state)
{
    (void)state;
    jn_bound_arg *a;
    const size_t n = parse("elbo,iwae,jvi:1,upper,eubo,tvo:4,vr:0.5,vr:1,cubo:2", &a);
    jn_bound_setting s = { .asked = JN_BY_GROUPS, .kind = JN_MC, .posterior = true };
    jn_bound_wish w;
    assert_ok(jn_bounds_wish(n, a, &s, &w), NULL);
    assert_int_equal(w.needs, JN_NEED_GROUPS | JN_NEED_POSTERIOR | JN_NEED_TILTS);
    assert_int_equal(w.n_k, 4); /* 1, 2 and 1000 for iwae, 999 for jvi */
    assert_int_equal(w.n_posterior_k, 3);
    assert_int_equal(w.n_beta, 5); /* 1/4, 1/2, 3/4, 1 of both sums, 1/2 of vr, 2 of cubo */
    jn_bound_wish_free(&w);
    assert_true(w.ks == NULL && w.needs == 0);
    s.posterior = false;
    assert_ok(jn_bounds_wish(n, a, &s, &w), NULL);
    assert_true((w.needs & JN_NEED_NODES) != 0); /* U_K of q's own draws */
    jn_bound_wish_free(&w);
    s = (jn_bound_setting){ .asked = JN_BY_LAW, .kind = JN_RQMC, .posterior = true };
    assert_ok(jn_bounds_wish(n, a, &s, &w), NULL);
    assert_int_equal(w.n_k, 0);
    assert_int_equal(w.n_posterior_k, 1); /* groups need independent draws; the EUBO does not */
    jn_bound_wish_free(&w);
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_list),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_memory_that_runs_out),
        cmocka_unit_test(test_wishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
