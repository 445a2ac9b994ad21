/* Both sides of annealed importance sampling, hundreds of times over: lower - 3 se to upper + 3 se
 * holds log p(x) as often as it says. */
#include "runs.h"

#include "jensen/path.h"

enum { RUNS = 300, BOUNDS = 4 };

/* With 16 replicates t has 15 degrees of freedom, and lies beyond 3 on one side in 0.45 % of runs:
 * with tight bounds 2.7 misses of 300 on average, both sides together; gaps make them fewer. More
 * than 9 happen with a probability of 6e-4. */
static void assert_held(const jn_proposal *q)
{
    enum { MOST = 9 };
    const jn_bound_arg args[BOUNDS] = { { .bound = &jn_bound_ais, .k = 4 },
                                        { .bound = &jn_bound_ais, .k = 4, .right = true },
                                        { .bound = &jn_bound_ais, .k = 40 },
                                        { .bound = &jn_bound_ais, .k = 40, .right = true } };
    int missed[2] = { 0, 0 };
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        const jn_gap_options o = { .seed = seed, .samples = 64 };
        jn_gap_table *t = NULL;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_gap_run(q, BOUNDS, args, &o, &t, &err), &err);
        const double exact = t->total.evidence.value;
        const jn_gap_bound *b = t->total.bounds;
        for (size_t i = 0; i < BOUNDS; i += 2) {
            const bool inside = b[i].value.value - 3.0 * b[i].value.error <= exact &&
                                exact <= b[i + 1].value.value + 3.0 * b[i + 1].value.error;
            missed[i / 2] += inside ? 0 : 1;
        }
        jn_gap_table_free(t);
    }
    print_message("missed %d and %d of %d\n", missed[0], missed[1], RUNS);
    assert_true(missed[0] <= MOST && missed[1] <= MOST);
}

static void test_points(void **state)
{
    (void)state;
    const double x = 1.2;
    jn_table *data = jn_test_table(1, 1, TEXTS("x"), &x);
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.7"), data);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    assert_held(q);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_paths(void **state)
{
    (void)state;
    const double y[] = { 0.3, -1.1, 2.0 };
    jn_table *data = jn_test_table(3, 1, TEXTS("y"), y);
    jn_model *m = jn_test_model("local-level", TEXTS("noise_sd=0.8"), data);
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_path_proposal_new("guided", NULL, m, &q, &err), &err);
    assert_held(q);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
