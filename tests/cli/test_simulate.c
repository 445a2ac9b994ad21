/* jensen simulate: what it writes is what the same model reads, the same for any threads. */
#include <stdlib.h>
#include <string.h>

#include "../assertions.h"
#include "program.h"
#include "scratch.h"

/* Every built-in model with data, and the table that it is drawn into. */
static const struct {
    const char *model, *design; /* NULL: six rows */
} models[] = {
    { "linear-gaussian --set W=1,0;0,1;1,1 --set noise_sd=0.5", NULL },
    { "gaussian-mixture --set means=-2;2", NULL },
    { "local-level", NULL },
    { "lgssm --set H=1;2 --set R=1,0.5;0.5,1", NULL },
    { "stochastic-volatility", NULL },
    { "hmm --set transition=0.9,0.1;0.2,0.8 --set rates=1,9", NULL },
    { "diffusion --set steps=5", NULL },
    { "gamma-poisson", NULL },
    { "logistic", NULL },
    { "decoder --set decoder=net", NULL },
    { "logistic", "numbers.csv" },
    { "beta-binomial", "design.csv" },
    { "glmm --set beta=0,0.1,0.2,0", "design.csv" },
    { "hierarchical-normal", "design.csv" },
    { "linear-regression", "numbers.csv" },
};

static void write_network(void)
{
    static const char header[] =
        "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, "
        "'shape': (2, 1), }";
    char file[128 + 16];
    memset(file, ' ', 128);
    memcpy(file, header, sizeof header - 1);
    file[127] = '\n';
    const double weight[] = { 1.0, -2.0 };
    memcpy(file + 128, weight, sizeof weight);
    jn_scratch_file("net.0.weight.npy", file, sizeof file);
    memcpy(file + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }  ", 59);
    jn_scratch_file("net.0.bias.npy", file, sizeof file);
}

static void test_every_model_reads_its_own_data(void **state)
{
    (void)state;
    write_network();
    jn_scratch_text("design.csv", "group,n,sd,a\nu,3,1,0.5\nu,2,2,1\nv,5,1,-1\nw,1,0.5,2\n");
    jn_scratch_text("numbers.csv", "a,b\n1,0.5\n2,1\n3,-1\n");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char line[512];
        snprintf(line, sizeof line, "simulate %s %s%s --output drawn.csv --latents z.csv",
                 models[i].model, models[i].design == NULL ? "-n 6" : "--data ",
                 models[i].design == NULL ? "" : models[i].design);
        outcome o = run_program(line, NULL, NULL);
        if (o.code != 0) {
            print_error("%s: %s", line, o.err);
        }
        assert_int_equal(o.code, 0);
        assert_string_equal(o.out, "");
        outcome_free(&o);
        snprintf(line, sizeof line, "gap %s --data drawn.csv --q prior --bounds elbo --format json",
                 models[i].model);
        o = run_program(line, NULL, NULL);
        if (o.code > 1) {
            print_error("%s: %s", line, o.err);
        }
        assert_true(o.code == 0 || o.code == 1); /* the prior's weights may be heavy-tailed */
        assert_non_null(strstr(o.out, "\"schema\": \"jensen.gap/1\""));
        outcome_free(&o);
    }
}

static void test_same_bytes(void **state)
{
    (void)state;
    outcome a = run_program("simulate lgssm -n 50 --seed 3", NULL, NULL);
    setenv("OMP_NUM_THREADS", "1", 1);
    outcome b = run_program("simulate lgssm -n 50 --seed 3 --output - --latents z.csv", NULL, NULL);
    unsetenv("OMP_NUM_THREADS");
    outcome c = run_program("simulate lgssm -n 50 --seed 4", NULL, NULL);
    assert_int_equal(a.code, 0);
    assert_string_equal(a.out, b.out);
    assert_string_not_equal(a.out, c.out);
    assert_int_equal(strncmp(a.out, "y1\n", 3), 0);
    char *z = jn_scratch_contents("z.csv", NULL);
    assert_int_equal(strncmp(z, "z1\n", 3), 0);
    free(z);
    outcome_free(&a);
    outcome_free(&b);
    outcome_free(&c);
}

/* The latents of simulated data make both sides of annealed importance sampling. */
static void test_latents_serve_reverse_chains(void **state)
{
    (void)state;
    const char *const gap = "gap stochastic-volatility --data y.csv --latents z.csv --bounds ais "
                            "--k 4 --samples 64 --format csv --threads %d";
    outcome o = run_program("simulate stochastic-volatility -n 6 -o y.csv --latents z.csv", NULL,
                            NULL);
    assert_int_equal(o.code, 0);
    outcome_free(&o);
    char line[256];
    snprintf(line, sizeof line, gap, 1);
    outcome one = run_program(line, NULL, NULL);
    snprintf(line, sizeof line, gap, 3);
    outcome three = run_program(line, NULL, NULL);
    assert_string_equal(one.out, three.out);
    assert_non_null(strstr(one.out, ",ais,4,"));
    assert_non_null(strstr(one.out, ",upper,"));
    outcome_free(&one);
    outcome_free(&three);
    o = run_program("gap stochastic-volatility --data y.csv --latents z.csv --bounds ais --k 1 "
                    "--samples 64 --format json",
                    NULL, NULL);
    const char *upper = strstr(o.out, "\"side\": \"upper\"");
    assert_non_null(upper); /* one chain, over and over: a value without an error */
    const char *dof = strstr(upper, "\"error_dof\""), *error = strstr(upper, "\"error\"");
    assert_int_equal(strncmp(error, "\"error\": null", 13), 0);
    assert_int_equal(strncmp(dof, "\"error_dof\": null", 17), 0);
    outcome_free(&o);
    o = run_program("gap stochastic-volatility --data y.csv --latents y.csv --bounds ais --k 4 "
                    "--rows 0:3",
                    NULL, NULL);
    assert_int_equal(o.code, 3);
    assert_non_null(strstr(o.err, "latents are 6 x 1"));
    outcome_free(&o);
    o = run_program("gap stochastic-volatility --data y.csv --latents no.csv --bounds ais", NULL,
                    NULL);
    assert_int_equal(o.code, 4);
    assert_non_null(strstr(o.err, "--latents"));
    outcome_free(&o);
}

/* Latents that are none of the model's are found where they are read. */
static void test_latents_outside_the_support(void **state)
{
    (void)state;
    static const struct {
        const char *model, *z, *part;
    } cases[] = {
        { "hmm --set transition=0.9,0.1;0.2,0.8 --set rates=1,9", "z1\n0\n5\n1\n", "line 3" },
        { "hmm --set transition=0.9,0.1;0.2,0.8 --set rates=1,9", "z1\n0\n1\n0.5\n", "states" },
        { "gamma-poisson --q laplace", "z1\n1\n2\n-3\n", "bad.csv, line 4" },
        { "beta-binomial --q laplace", "z1\n0.5\n1.5\n0.1\n", "(0, 1)" },
    };
    jn_scratch_text("three.csv", "y,n\n1,4\n2,4\n3,4\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];
        jn_scratch_text("bad.csv", cases[i].z);
        snprintf(line, sizeof line, "gap %s --data three.csv --latents bad.csv --bounds ais --k 2",
                 cases[i].model);
        outcome o = run_program(line, NULL, NULL);
        if (o.code != 3 || strstr(o.err, cases[i].part) == NULL ||
            strstr(o.err, "--latents") == NULL) {
            print_error("%s: %d, %s", line, o.code, o.err);
            fail();
        }
        assert_string_equal(o.out, "");
        outcome_free(&o);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
        int code;
    } cases[] = {
        { "simulate", "name a model", 2 },
        { "simulate lgsm", "did you mean 'lgssm'", 2 },
        { "simulate funnel", "no data to simulate", 2 },
        { "simulate beta-binomial", "'n'", 2 },
        { "simulate logistic -n 5 --data design.csv", "--rows takes fewer", 2 },
        { "simulate local-level --rows 0:3", "part of --data", 2 },
        { "simulate local-level -n 0", "-n", 2 },
        { "simulate local-level --set noise_sd=-1", "noise_sd", 3 },
        { "simulate logistic --data missing.csv", "missing.csv", 4 },
        { "simulate local-level -n 3 -o same.csv --latents same.csv", "both be written", 2 },
        { "simulate local-level -n 3 -o same.csv --latents ./same.csv", "both be written", 2 },
        { "simulate local-level -n 3 --latents -", "standard output", 2 },
        { "simulate local-level -n 3 -o - --latents -", "standard output", 2 },
        { "simulate hmm -n 3 --set transition=0.5,0.5;0.5,0.5 --set rates=1e17,1e17", "below 2^53",
          3 },
        { "simulate local-level --output no/such/folder.csv", "no/such", 4 },
        { "simulate local-level --output /dev/full", "/dev/full", 4 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o = run_program(cases[i].line, NULL, NULL);
        if (o.code != cases[i].code || strstr(o.err, cases[i].part) == NULL) {
            print_error("%s: %d, %s", cases[i].line, o.code, o.err);
            fail();
        }
        assert_string_equal(o.out, "");
        assert_true(one_line(o.err));
        outcome_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_model_reads_its_own_data),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_latents_serve_reverse_chains),
        cmocka_unit_test(test_latents_outside_the_support),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
