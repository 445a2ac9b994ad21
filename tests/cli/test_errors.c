/* Every kind of bad input: one line on stderr that says what and where, nothing on stdout, and the
 * exit code of the design: 2 the command line, 3 values and contents, 4 files. */
#include <stdlib.h>
#include <string.h>

#include "../assertions.h"
#include "program.h"
#include "scratch.h"

#define LG "gap linear-gaussian --data x.csv "

typedef struct bad_case {
    const char *line;
    int code;
    const char *says; /* part of the message */
} bad_case;

static const bad_case command_line[] = {
    { "gpa", 2, "no command 'gpa'; did you mean 'gap'?" },
    { "frobnicate", 2, "no command 'frobnicate'" },
    { "gap liner-gaussian --data x.csv", 2, "no model 'liner-gaussian'; did you mean 'linear-g" },
    { "gap linear-gaussian", 2, "needs --data FILE" },
    { "gap --data x.csv", 2, "name a model" },
    { "gap gamma-weights --data x.csv", 2, "takes no data" },
    { "gap one two", 2, "'two' is one argument too many" },
    { "gap --formt json", 2, "no option '--formt'; did you mean '--format'?" },
    { "gap -x", 2, "no option '-x'" },
    { "gap --format jsn", 2, "did you mean 'json'?" },
    { "gap --format xml", 2, "none of table|csv|json|md|latex" },
    { "gap --latents z.csv", 2, "--latents is for ais alone: add --bounds ais" },
    { "gap --threshold 0.5", 2, "--threshold is for fivo alone: add --bounds fivo" },
    { "gap --resampling stratified --bounds ais", 2, "--resampling is for fivo alone" },
    { "gap --bounds ais --k 1e7", 3, "ais of 10000000 temperatures: at most 1000000" },
    { "gap --bounds elb", 2, "no bound 'elb'; did you mean 'elbo'?" },
    { "gap --bounds elbo,nothing", 2, "no bound 'nothing'" },
    { "gap --bounds elbo,elbo", 2, "given twice" },
    { "gap --q laplac", 2, "no proposal 'laplac'; did you mean 'laplace'?" },
    { "gap --q-set men=1", 2, "no parameter 'men'; did you mean 'mean'?" },
    { LG "--set noise_s=1", 2, "no parameter 'noise_s'; did you mean 'noise_sd'?" },
    { LG "--set noise_sd", 2, "'noise_sd' is not NAME=VALUE" },
    { LG "--set =1", 2, "is not NAME=VALUE" },
    { LG "--set noise_sd=1x", 2, "'1x'" },
    { LG "--set noise_sd=nan", 2, "'nan'" },
    { "gap --k 0", 2, "0 is out of range: from 1 to 1e+15" },
    { "gap --k 1e30", 2, "1e30 is out of range" },
    { "gap --k 99999999999999999999", 2, "out of range" },
    { "gap --k 5x", 2, "'5x' is not a count" },
    { "gap --k -1", 2, "'-1' is not a count" },
    { "gap --k 1.5", 2, "'1.5' is not a count" },
    { "gap --k nan", 2, "'nan' is not a count" },
    { "gap --k 1,,2", 2, "'' is not a count" },
    { "gap --k 10..1", 2, "runs backwards" },
    { "gap --k= --q prior", 2, "--k needs a value" },
    { "gap --k 1 --k 2", 2, "--k is given twice" },
    { "gap --rule qadrature", 2, "did you mean 'quadrature'?" },
    { "gap --estimator groups", 2, "needs draws" },
    { "gap --estimator ustat", 2, "stored weights" },
    { "gap --samples 0", 2, "--samples: 0 is out of range" },
    { "gap --threads 0", 2, "--threads: 0 is out of range" },
    { "gap --seed -1", 2, "--seed: '-1' is not a count" },
    { "gap --tolerance 0", 2, "--tolerance: '0' is not a number above 0" },
    { "gap --tolerance nan", 2, "--tolerance: 'nan'" },
    { "gap --output", 2, "--output needs a value" },
    { "gap --output --quiet", 2, "--output needs a value" },
    { "gap --timings=3", 2, "--timings takes no value" },
    { LG "--rows 1", 2, "--rows: '1' is not A:B" },
    { LG "--rows 1:1", 2, "has no rows" },
    { "gap linear-gaussian --data nofile.csv --k 0", 2, "--k: 0" },
    { "gap linear-gaussian --data nofile.csv --q laplac", 2, "did you mean 'laplace'?" },
    { "models elb", 2, "did you mean 'elbo'?" },
    { "models a b", 2, "'b' is one argument too many" },
    { "help nothing", 2, "no command 'nothing'" },
    { "generate html", 2, "man, bash or zsh" },
};

static const bad_case contents[] = {
    { "gap linear-gaussian --data bad.csv", 3,
      "bad.csv, line 3, column 'x': found 'abc', expected a number" },
    { "gap linear-gaussian --data nan.csv", 3, "nan.csv, line 2, column 'x': found 'nan'" },
    { "gap linear-gaussian --data inf.csv", 3, "inf.csv, line 2, column 'x': found 'inf'" },
    { "gap linear-gaussian --data empty.csv", 3, "empty.csv is empty" },
    { "gap linear-gaussian --data header.csv", 3, "no rows" },
    { "gap linear-gaussian --data ragged.csv", 3, "ragged.csv, line 3" },
    { LG "--set noise_sd=-1", 3, "'noise_sd' = -1: expected a number > 0" },
    { LG "--set noise_sd=0", 3, "expected a number > 0" },
    { LG "--set W=1;2", 3, "W is 2 x 1, but the data have 1 column" },
    { LG "--set b=1,2,3", 3, "b" },
    { LG "--set noise_sd=@bad.csv", 3, "bad.csv" },
    { LG "--rows 5:9", 3, "x.csv" },
    { LG "--columns z", 3, "no column 'z'" },
    { LG "--q gaussian --q-set mean=1,2,3", 3, "mean is 1 x 3" },
    { LG "--q gaussian --q-set sd=-1", 3, "'sd' = -1" },
    { LG "--q gaussian --q-set sd=1e300", 3, "sd is to be between 1e-100 and 1e100" },
    { LG "--q mixture --q-set means=0;1 --q-set sds=1e-200", 3, "between 1e-100 and 1e100" },
    { "gap logistic --data x.csv", 3, "no column 'y'" },
    { "gap gamma-weights --set a=-1", 3, "'a' = -1" },
};

static const bad_case files[] = {
    { "gap linear-gaussian --data nofile.csv", 4, "cannot open nofile.csv" },
    { "gap linear-gaussian --data .", 4, "." },
    { LG "--set noise_sd=@nofile.csv", 4, "nofile.csv" },
    { "gap --output nodirectory/table", 4, "nodirectory/table" },
};

static void check(const bad_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        outcome o = run_program(cases[i].line, NULL, NULL);
        if (o.code != cases[i].code || !one_line(o.err) || strstr(o.err, cases[i].says) == NULL ||
            o.n_out > 0) {
            print_error("jensen %s\nexit code %d, want %d; want one line with \"%s\"\n%s%s",
                        cases[i].line, o.code, cases[i].code, cases[i].says, o.err, o.out);
            fail();
        }
        outcome_free(&o);
    }
}

static int make_files(void **state)
{
    const int entered = jn_scratch_enter(state);
    if (entered == 0) {
        (void)jn_scratch_text("x.csv", "x\n1.2\n0.3\n");
        (void)jn_scratch_text("bad.csv", "x\n1.2\nabc\n");
        (void)jn_scratch_text("nan.csv", "x\nnan\n");
        (void)jn_scratch_text("inf.csv", "x\ninf\n");
        (void)jn_scratch_text("empty.csv", "");
        (void)jn_scratch_text("header.csv", "x\n");
        (void)jn_scratch_text("ragged.csv", "x,y\n1,2\n3\n");
    }
    return entered;
}

static void test_command_line(void **state)
{
    (void)state;
    check(command_line, sizeof command_line / sizeof *command_line);
}

static void test_contents(void **state)
{
    (void)state;
    check(contents, sizeof contents / sizeof *contents);
}

static void test_files(void **state)
{
    (void)state;
    check(files, sizeof files / sizeof *files);
}

/* A file that stood before is as it was after a run that failed. */
static void test_old_output_survives(void **state)
{
    (void)state;
    (void)jn_scratch_text("old.txt", "old\n");
    outcome o = run_program("gap linear-gaussian --data bad.csv --output old.txt", NULL, NULL);
    assert_int_equal(o.code, 3);
    outcome_free(&o);
    FILE *f = fopen("old.txt", "r");
    char text[16] = "";
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    assert_string_equal(text, "old\n");
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_old_output_survives),
    };
    return cmocka_run_group_tests(tests, make_files, jn_scratch_leave);
}
