/* Reference values and infinite verdicts as the program prints them. Sources of the values: see the
 * tests of the models; they were computed by independent programs (insectsprays: mpmath). */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "scratch.h"

#define DATA " --data " JN_TEST_DATA "/"
#define VERBAGG                                                                              \
    "glmm" DATA "verbagg.csv --set beta=0.546,0.0562,0.3158,-1.055,-2.0418,-1.0277,-0.6715 " \
    "--set sigma=1.3136 "
#define BIRTHWT "logistic" DATA "birthwt3.csv --set prior_sd=2 "
#define IRIS                                                                                \
    "linear-gaussian" DATA "iris.csv --set W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04 " \
    "--set b=5.84,3.06,3.76,1.2 --set noise_sd=0.25 "
#define SPRAYS "gamma-poisson" DATA "insectsprays.csv --set shape=2 --set rate=0.2 "
#define NILE                                                                                    \
    "local-level" DATA "nile.csv --set noise_sd=122.87799152005 --set level_sd=38.32884030602 " \
    "--set m0=1000 --set sd0=500 "
#define COAL                                                                                \
    "hmm" DATA "coal.csv --set initial=0.9,0.1 --set transition=0.98,0.02;0.01,0.99 --set " \
    "emission=poisson --set rates=3.1,0.9 "

static const struct {
    const char *model, *methods;
    double value, error; /* of the value as it is printed in its source */
} references[] = {
    { VERBAGG, "trapezoid,gauss-hermite,panels", -4109.648540300349, 1e-9 },
    { BIRTHWT, "trapezoid,gauss-hermite", -121.42579906466793, 1e-13 },
    { IRIS, "closed-form,trapezoid,gauss-hermite", -410.6093607435877, 1e-11 },
    { SPRAYS, "closed-form,trapezoid,panels,cubature", -234.38812776078123, 1e-13 },
    { NILE, "recursion", -639.7117154904785, 1e-9 }, /* sds of 13 digits */
    { COAL, "recursion", -172.67704412819523, 1e-12 },
};
enum { N_REFERENCES = sizeof references / sizeof *references };

static json_t *run_command(const char *command, const char *line, const char *more, int code)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "%s %s %s --format json", command, line, more);
    return run_json(text, code);
}

/* Every method within its own error, and none by more than 1e-6. */
static void test_evidence_prints_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_REFERENCES; i++) {
        char methods[80];
        (void)snprintf(methods, sizeof methods, "--methods %s", references[i].methods);
        json_t *root = run_command("evidence", references[i].model, methods, 0), *row;
        size_t k;
        json_array_foreach(json_object_get(root, "methods"), k, row)
        {
            const double error = real_at(row, "error") + references[i].error;
            assert_close(real_at(row, "log p(x)"), references[i].value, 0.0, error);
            assert_true(error < 1e-6);
            assert_string_equal(json_string_value(json_object_get(row, "met")), "yes");
        }
        assert_true(k >= 1);
        json_decref(root);
    }
}

/* The worked example with a q so wide that log-weights are numbers of 16 digits: log w is
 * -1.5 s^2 e^2 but for terms of order s, and E min(e_1^2, e_2^2) = 1 - 2/pi. Where the integral
 * over every digit of u would never end, no step of it may be lost either. */
static void test_a_very_wide_q(void **state)
{
    static const double sds[] = { 1e4, 1e8 };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "gap --q-set sd=%g --bounds iwae --k 2 --format json",
                       sds[i]);
        json_t *root = run_json(line, 1);
        const json_t *b = json_array_get(json_object_get(root, "bounds"), 0);
        const double gap = 1.5 * sds[i] * sds[i] * (1.0 - M_2_PI);
        /* terms of order s^1 and 1 are left out: 1e-6 at s = 1e4 */
        assert_close(real_at(b, "gap"), gap, 1e-6, real_at(b, "gap_error"));
        assert_true(real_at(b, "gap_error") < 1e-5 * gap);
        json_decref(root);
    }
}

static void test_gap_prints_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_REFERENCES; i++) {
        const bool chain = i >= 4;
        json_t *root = run_command(
            "gap", references[i].model,
            chain ? "--q posterior --bounds elbo --samples 16 --replicates 4" : "--bounds elbo", 0);
        const json_t *e = json_object_get(root, "evidence");
        assert_close(real_at(e, "value"), references[i].value, 0.0,
                     real_at(e, "error") + references[i].error);
        assert_true(real_at(e, "error") < 1e-6);
        json_decref(root);
    }
}

/* What diverges is said to, with where, whatever calm numbers the rules return. */
static void test_infinite_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *line, *value, *gap, *direction;
    } cases[] = {
        { BIRTHWT "--bounds cubo:2", "inf", "-inf", "along (0.664, -0.388, -0.395, 0.503)" },
        { "hierarchical-normal --data eight.csv --q prior --bounds elbo", "-inf", "inf",
          "along z = (" },
        { "--q-set sd=0.3 --bounds cubo:2", "inf", "-inf", "along (1)" },
        { "student --q gaussian --bounds cubo:2", "inf", "-inf", "along (1)" },
        { "funnel --q gaussian --bounds cubo:2 --rule mc", "inf", "-inf", "along (0, 1)" },
        { "hierarchical-normal --data eight.csv --bounds vr:2", "-inf", "inf", "along z = (" },
    };
    (void)jn_scratch_text("eight.csv",
                          "y,sd\n28,15\n8,10\n-3,16\n7,11\n-1,9\n1,11\n18,10\n12,18\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "gap %s --format json", cases[i].line);
        outcome o = run_program(text, NULL, NULL);
        /* 1: k-hat has something to say of draws, too */
        assert_int_equal(o.code, strstr(cases[i].line, "funnel") != NULL ? 1 : 0);
        json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, NULL);
        const json_t *bound = json_array_get(json_object_get(root, "bounds"), 0);
        assert_string_equal(json_string_value(json_object_get(bound, "value")), cases[i].value);
        assert_string_equal(json_string_value(json_object_get(bound, "gap")), cases[i].gap);
        assert_true(json_is_null(json_object_get(bound, "error")));
        const json_t *warnings = json_object_get(json_object_get(root, "diagnostics"), "warnings");
        bool named = false;
        for (size_t k = 0; k < json_array_size(warnings); k++) {
            const char *w = json_string_value(json_array_get(warnings, k));
            named = named ||
                    (strstr(w, "is infinite") != NULL && strstr(w, cases[i].direction) != NULL);
        }
        if (!named) {
            print_error("%s: no warning names %s\n", text, cases[i].direction);
        }
        assert_true(named);
        json_decref(root);
        outcome_free(&o);
    }
}

/* Eight schools without --q: a q that needs no mode, where there is none. */
static void test_a_joint_without_a_mode(void **state)
{
    (void)state;
    json_t *root = run_command("gap", "hierarchical-normal --data eight.csv", "", 0);
    const json_t *q = json_object_get(root, "proposal"), *bounds = json_object_get(root, "bounds");
    assert_string_equal(json_string_value(json_object_get(q, "name")), "conditional");
    for (size_t i = 0; i < json_array_size(bounds); i++) {
        const json_t *b = json_array_get(bounds, i);
        assert_true(real_at(b, "gap") > 0.0 && real_at(b, "gap_error") < 0.01 * real_at(b, "gap"));
    }
    json_decref(root);
    outcome o = run_program("gap hierarchical-normal --data eight.csv --q laplace", NULL, NULL);
    assert_int_equal(o.code, 3);
    assert_true(one_line(o.err));
    assert_non_null(strstr(o.err, "--q conditional needs no mode"));
    outcome_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence_prints_them),   cmocka_unit_test(test_gap_prints_them),
        cmocka_unit_test(test_a_very_wide_q),          cmocka_unit_test(test_infinite_verdicts),
        cmocka_unit_test(test_a_joint_without_a_mode),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
