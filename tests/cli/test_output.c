/* What the program prints: the same bytes on any number of threads, whole or not at all. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../assertions.h"
#include "program.h"
#include "scratch.h"

extern char **environ;

#define IRIS                                                                           \
    "gap linear-gaussian --data " JN_TEST_DATA "/iris.csv --set "                      \
    "W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04 --set b=5.84,3.06,3.76,1.2 --set " \
    "noise_sd=0.25 "

static void test_threads_change_no_byte(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "gap --format json",
        IRIS "--rows 0:15 --format json --per-datum",
        IRIS "--rows 0:20 --q prior --rule mc --samples 500 --replicates 4 --k 1,10 --format json",
        IRIS "--rows 0:20 --q prior --rule rqmc --samples 512 --replicates 4 --k 1,10",
        "gap gamma-weights --set a=0.5 --k 1..1e6 --format csv",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        outcome one = { 0 };
        static const int threads[] = { 1, 2, 3, 8 };
        for (size_t t = 0; t < 4; t++) {
            char line[1024];
            snprintf(line, sizeof line, "%s --threads %d", lines[i], threads[t]);
            outcome o = run_program(line, NULL, NULL);
            /* few draws of the prior: weights with a heavy tail are an answer weaker than asked */
            assert_int_equal(o.code, strstr(line, "--q prior") != NULL);
            assert_true(o.n_out > 0);
            if (t == 0) {
                one = o;
            } else {
                assert_string_equal(o.out, one.out);
                outcome_free(&o);
            }
        }
        outcome_free(&one);
    }
}

static double real_at(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    assert_true(json_is_number(v));
    return json_number_value(v);
}

/* Case A of the reference values: 30-digit arithmetic. */
static void test_json_of_the_example(void **state)
{
    (void)state;
    static const double k[] = { 1, 2, 1000, 1e6 };
    static const double gap[] = { 0.373837406980155, 0.129685685750369, 0.000174652862705422,
                                  1.74549793463184e-07 };
    outcome o = run_program("gap --k 1,2,1e3,1e6 --format json", NULL, NULL);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.err, "");
    json_t *root = json_loads(o.out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "jensen.gap/1");
    const json_t *evidence = json_object_get(root, "evidence");
    /* printed to 15 digits in the source */
    assert_close(real_at(evidence, "value"), -1.60167108725875, 0.0, 1e-14);
    assert_string_equal(json_string_value(json_object_get(evidence, "error_kind")), "exact");
    const json_t *bounds = json_object_get(root, "bounds");
    assert_int_equal(json_array_size(bounds), 5);
    const json_t *elbo = json_array_get(bounds, 0);
    assert_true(json_is_null(json_object_get(elbo, "k")));
    assert_true(json_is_null(json_object_get(elbo, "gap_predicted")));
    assert_close(real_at(elbo, "reconstruction"), -1.85236494292470, 0.0, 1e-13);
    assert_close(real_at(elbo, "kl"), 0.12314355131421, 0.0, 1e-13);
    for (size_t i = 0; i < 4; i++) {
        const json_t *b = json_array_get(bounds, i + 1);
        assert_close(real_at(b, "k"), k[i], 0.0, 0.0);
        /* 15 digits in the source; the contract is 1e-10 relative */
        assert_close(real_at(b, "gap"), gap[i], 1e-12, 0.0);
        assert_string_equal(json_string_value(json_object_get(b, "side")), "lower");
    }
    const json_t *command = json_object_get(root, "command");
    assert_int_equal(json_array_size(command), 3); /* gap --k LIST, and no --format */
    json_decref(root);
    outcome_free(&o);
}

static size_t count_char(const char *text, size_t n, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < n && text[i] != '\0'; i++) {
        found += text[i] == c;
    }
    return found;
}

static void test_csv_has_a_row_a_bound(void **state)
{
    (void)state;
    outcome o = run_program(IRIS "--rows 0:3 --k 1,10 --format csv --per-datum", NULL, NULL);
    assert_int_equal(o.code, 0);
    assert_int_equal(count_char(o.out, o.n_out, '\n'), 1 + 3 * (1 + 3));
    assert_int_equal(strncmp(o.out, "index,name,k,alpha,n,points,order,side,", 39), 0);
    outcome_free(&o);
}

static void test_paper_formats(void **state)
{
    (void)state;
    outcome md = run_program("gap --format md", NULL, NULL);
    outcome latex = run_program("gap --format latex", NULL, NULL);
    assert_int_equal(md.code, 0);
    assert_int_equal(latex.code, 0);
    assert_non_null(strstr(md.out, "| log p(x) |"));
    assert_non_null(strstr(md.out, "|:--|--:|--:|--:|--:|"));
    assert_non_null(strstr(latex.out, "\\toprule"));
    assert_non_null(strstr(latex.out, "\\times 10^{-7}$"));
    outcome_free(&md);
    outcome_free(&latex);
}

static void test_data_from_stdin(void **state)
{
    (void)state;
    outcome o = run_program("gap linear-gaussian --data - --format csv", "x\n1.2\n", NULL);
    assert_int_equal(o.code, 0);
    outcome_free(&o);
    o = run_program("gap linear-gaussian --data -", "x\n1.2\nabc\n", NULL);
    assert_int_equal(o.code, 3);
    assert_non_null(strstr(o.err, "line 3, column 'x': found 'abc'"));
    outcome_free(&o);
}

static void test_output_is_the_same_as_stdout(void **state)
{
    (void)state;
    outcome o = run_program("gap --format csv", NULL, NULL);
    outcome p = run_program("gap --format csv --output t.csv", NULL, NULL);
    assert_int_equal(p.code, 0);
    assert_int_equal(p.n_out, 0);
    FILE *f = fopen("t.csv", "r");
    assert_non_null(f);
    char *text = calloc(o.n_out + 2, 1);
    assert_int_equal(fread(text, 1, o.n_out + 1, f), o.n_out);
    assert_string_equal(text, o.out);
    fclose(f);
    free(text);
    outcome_free(&o);
    outcome_free(&p);
}

/* What is read is never written over, by whatever name. */
static void test_what_is_read_stays(void **state)
{
    (void)state;
    static const char DATA[] = "x\n1.2\n";
    static const char *const lines[] = {
        "gap linear-gaussian --data d.csv --k 1 --output d.csv",
        "gap linear-gaussian --data d.csv --k 1 --output ./link.csv",
        "evidence linear-gaussian --data d.csv --output d.csv",
        "gap linear-gaussian --set b=@d.csv --k 1 --output d.csv",
        "weights d.csv --k 1 --output d.csv",
        "weights --log-p l.csv --log-q d.csv --k 1 --output d.csv",
        "weights l.csv --evidence d.csv --k 1 --output d.csv",
        "gap linear-gaussian --data d.csv --k 1 --rule mc --save-weights d.csv",
        "gap linear-gaussian --k 1 --rule mc --save-weights new.npy --output ./new.npy",
    };
    jn_scratch_text("d.csv", DATA);
    jn_scratch_text("l.csv", "1,2\n");
    assert_int_equal(symlink("d.csv", "link.csv"), 0);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        outcome o = run_program(lines[i], NULL, NULL);
        if (o.code != 2 || !one_line(o.err) || strstr(o.err, "another file") == NULL) {
            fail_msg("jensen %s: exit code %d, %s", lines[i], o.code, o.err);
        }
        outcome_free(&o);
        char text[64] = "";
        FILE *f = fopen("d.csv", "r");
        assert_non_null(f);
        assert_int_equal(fread(text, 1, sizeof text - 1, f), strlen(DATA));
        (void)fclose(f);
        assert_string_equal(text, DATA);
    }
    outcome o = run_program("gap linear-gaussian --data d.csv --k 1 --output /dev/null", NULL,
                            NULL);
    assert_int_equal(o.code, 0);
    outcome_free(&o);
}

static void test_full_disk_is_an_error(void **state)
{
    (void)state;
    static const char *const lines[] = { "gap",       "gap --format json", "models",      "help",
                                         "--version", "gap --help",        "generate man" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        outcome o = run_program(lines[i], NULL, "/dev/full");
        if (o.code != 4 || !one_line(o.err)) {
            print_error("jensen %s > /dev/full: exit code %d\n%s", lines[i], o.code, o.err);
            fail();
        }
        outcome_free(&o);
    }
    outcome o = run_program("gap --output /dev/full", NULL, NULL);
    assert_int_equal(o.code, 4);
    outcome_free(&o);
}

static void test_closed_pipe_is_quiet(void **state)
{
    (void)state;
    int end[2], status;
    assert_int_equal(pipe(end), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, end[0]);
    posix_spawn_file_actions_adddup2(&actions, end[1], 1);
    char name[] = "jensen", gap[] = "gap";
    char *argv[] = { name, gap, NULL };
    pid_t child;
    close(end[0]); /* nobody reads */
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end[1], 1);
    assert_int_equal(posix_spawn(&child, JN_PROGRAM, &actions, NULL, argv, environ), 0);
    close(end[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    posix_spawn_file_actions_destroy(&actions);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Groups of more draws than there are: a null row, a warning, exit 1. */
static void test_short_groups_are_a_weak_answer(void **state)
{
    (void)state;
    outcome o = run_program("gap --rule mc --samples 100 --replicates 2 --k 10,1000 --format json",
                            NULL, NULL);
    assert_int_equal(o.code, 1);
    assert_true(one_line(o.err));
    assert_non_null(strstr(o.err, "iwae-1000"));
    json_t *root = json_loads(o.out, 0, NULL);
    assert_non_null(root);
    const json_t *row = json_array_get(json_object_get(root, "bounds"), 2);
    assert_true(json_is_null(json_object_get(row, "value")));
    json_decref(root);
    outcome_free(&o);
}

/* Weights of shape 0.88 in observation 1 alone: exit 1, the worst observations by name, and what to
 * do; by rqmc as by mc, while nodes see all there is. */
static void test_heavy_draws_are_a_weak_answer(void **state)
{
    (void)state;
    (void)jn_scratch_text("two.csv", "x\n1.2\n1.2\n");
    static const char *const rules[] = { "mc", "rqmc", "quadrature" };
    for (int i = 0; i < 3; i++) {
        char full[512];
        snprintf(full, sizeof full,
                 "gap linear-gaussian --data two.csv --set noise_sd=0.70710678 --q gaussian "
                 "--q-set mean=0.8 --q-set sd=0.5;0.2 --bounds elbo --format json --rule %s",
                 rules[i]);
        outcome o = run_program(full, NULL, NULL);
        assert_int_equal(o.code, i < 2);
        json_t *root = json_loads(o.out, 0, NULL);
        assert_non_null(root);
        const json_t *d = json_object_get(root, "diagnostics");
        if (i < 2) {
            assert_non_null(strstr(o.err, "of 1 of 2 observations are too heavy-tailed"));
            assert_non_null(strstr(o.err, "in observation 1; widen q (--q-set widen=1.5)"));
            assert_int_equal(json_integer_value(json_object_get(d, "pareto_k_index")), 1);
            assert_true(json_number_value(json_object_get(d, "pareto_k")) > 0.7);
        }
        json_decref(root);
        outcome_free(&o);
    }
}

/* A reader is told which bounds are no means of independent draws. */
static void test_biased_estimators_are_named(void **state)
{
    (void)state;
    static const char line[] = "gap --bounds elbo,iwae,eubo,upper,cubo:2 --k 1,2,8 --rule ";
    static const struct {
        const char *rule, *says;
    } want[] = { { "rqmc", "\niwae, upper, cubo: of the law that the draws make, biased" },
                 { "mc", "\ncubo: of the law that the draws make, biased" },
                 { "quadrature", NULL } };
    for (size_t i = 0; i < 3; i++) {
        char full[128];
        snprintf(full, sizeof full, "%s%s", line, want[i].rule);
        outcome o = run_program(full, NULL, NULL);
        assert_int_equal(o.code, 0);
        assert_true(want[i].says == NULL ? strstr(o.out, "biased") == NULL
                                         : strstr(o.out, want[i].says) != NULL);
        outcome_free(&o);
    }
}

static void test_timings_go_to_stderr(void **state)
{
    (void)state;
    outcome plain = run_program("gap", NULL, NULL),
            timed = run_program("gap --timings", NULL, NULL);
    assert_string_equal(plain.out, timed.out);
    assert_true(one_line(timed.err));
    assert_null(strchr(plain.out, '\033')); /* no colour but on a terminal */
    outcome_free(&plain);
    outcome_free(&timed);
}

/* A diffusion's ledger: terms L_T to L_0 that sum to minus the ELBO, in the JSON and the table. */
static void test_ledger(void **state)
{
    (void)state;
    jn_scratch_text("x.csv", "x\n0.4\n-1.1\n");
    outcome o = run_program("gap diffusion --data x.csv --set steps=4 --q forward --bounds elbo "
                            "--samples 64 --format json",
                            NULL, NULL);
    json_t *doc = json_loads(o.out, 0, NULL);
    const json_t *ledger = json_object_get(doc, "ledger");
    const json_t *terms = json_object_get(ledger, "terms");
    double sum = 0.0;
    assert_int_equal(json_array_size(terms), 5);
    for (size_t k = 0; k < 5; k++) {
        const json_t *term = json_array_get(terms, k);
        assert_int_equal(json_integer_value(json_object_get(term, "step")), 4 - (int)k);
        sum += real_at(term, "value");
    }
    assert_close(sum, -real_at(ledger, "elbo"), 1e-13, 0.0);
    assert_string_equal(json_string_value(json_object_get(ledger, "error_kind")), "quadrature");
    json_decref(doc);
    outcome_free(&o);
    o = run_program(
        "gap diffusion --data x.csv --set steps=30 --q forward --bounds elbo --samples 64", NULL,
        NULL);
    assert_non_null(strstr(o.out, "\nL_30 "));
    assert_non_null(strstr(o.out, "\nL_24 to L_6 "));
    assert_non_null(strstr(o.out, "\nL_0 "));
    outcome_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_threads_change_no_byte),
        cmocka_unit_test(test_json_of_the_example),
        cmocka_unit_test(test_csv_has_a_row_a_bound),
        cmocka_unit_test(test_paper_formats),
        cmocka_unit_test(test_data_from_stdin),
        cmocka_unit_test(test_output_is_the_same_as_stdout),
        cmocka_unit_test(test_what_is_read_stays),
        cmocka_unit_test(test_full_disk_is_an_error),
        cmocka_unit_test(test_closed_pipe_is_quiet),
        cmocka_unit_test(test_short_groups_are_a_weak_answer),
        cmocka_unit_test(test_heavy_draws_are_a_weak_answer),
        cmocka_unit_test(test_biased_estimators_are_named),
        cmocka_unit_test(test_timings_go_to_stderr),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
