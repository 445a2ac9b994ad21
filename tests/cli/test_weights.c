/* `jensen weights`: what it reads, what it refuses, and that threads change no byte. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../assertions.h"
#include "../chance.h"
#include "program.h"
#include "scratch.h"

/* A .npy of these bytes as `descr`, of shape `shape`. */
static void npy(const char *name, const char *descr, const char *order, const char *shape,
                const void *bytes, size_t n)
{
    char dictionary[256];
    const int length = snprintf(dictionary, sizeof dictionary,
                                "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr,
                                order, shape);
    char *file = calloc(1, 10 + (size_t)length + n);
    assert_non_null(file);
    memcpy(file, "\x93NUMPY\x01\0", 8);
    file[8] = (char)length;
    memcpy(file + 10, dictionary, (size_t)length);
    memcpy(file + 10 + length, bytes, n);
    (void)jn_scratch_file(name, file, 10 + (size_t)length + n);
    free(file);
}

static void make_npys(void)
{
    double x[6] = { -1.0, -2.0, -3.0, -1.5, -2.5, -3.5 }, turned[6];
    float narrow[6];
    for (size_t i = 0; i < 6; i++) {
        narrow[i] = (float)x[i];
        turned[i % 3 * 2 + i / 3] = x[i];
    }
    unsigned char big[48];
    for (size_t i = 0; i < 48; i++) {
        big[i] = ((const unsigned char *)x)[i / 8 * 8 + 7 - i % 8];
    }
    npy("c.npy", "<f8", "False", "(2, 3)", x, 48);
    npy("fortran.npy", "<f8", "True", "(2, 3)", turned, 48);
    npy("big.npy", ">f8", "False", "(2, 3)", big, 48);
    npy("single.npy", "<f4", "False", "(2, 3)", narrow, 24);
    npy("flat.npy", "<f8", "False", "(3,)", x, 24);
    npy("short.npy", "<f8", "False", "(2, 3)", x, 40);
    npy("long.npy", "<f8", "False", "(2, 2)", x, 48);
    npy("complex.npy", "<c16", "False", "(3,)", x, 48);
    npy("deep.npy", "<f8", "False", "(1, 2, 3)", x, 48);
    npy("none.npy", "<f8", "False", "(0, 3)", x, 0);
    x[4] = NAN;
    npy("nan.npy", "<f8", "False", "(2, 3)", x, 48);
    narrow[3] = NAN; /* column 1, row 1 by columns */
    npy("nan4.npy", "<f4", "True", "(2, 3)", narrow, 24);
    (void)jn_scratch_file("head.npy", "\x93NUMPY\x01\0\x76\0{'descr'", 18);
    npy("text.npy", "<U3", "False", "(2,)", "abcdefabcdefabcdefabcdef", 24);
    double l[3 * 500];
    for (size_t i = 0; i < 3 * 500; i++) {
        l[i] = -4.0 + 0.8 * jn_chance_normal(11, i);
    }
    l[700] = -INFINITY;
    npy("many.npy", "<f8", "False", "(3, 500)", l, sizeof l);
}

static int make_files(void **state)
{
    const int entered = jn_scratch_enter(state);
    if (entered == 0) {
        make_npys();
        (void)jn_scratch_text("c.csv", "-1,-2,-3\n-1.5,-2.5,-3.5\n");
        (void)jn_scratch_text("titled.csv", "s1,s2,s3\n-1,-2,-3\n-1.5,-2.5,-3.5\n");
        (void)jn_scratch_text("q.csv", "1,1,1\n1,1,1\n");
        (void)jn_scratch_text("p.csv", "0,-1,-2\n-0.5,-1.5,-2.5\n");
        (void)jn_scratch_text("zero_q.csv", "1,1,1\n1,-inf,1\n");
        (void)jn_scratch_text("ragged.csv", "-1,-2,-3\n-1,-2\n");
        (void)jn_scratch_text("word.csv", "-1,-2,-3\n-1,x,-3\n");
        (void)jn_scratch_text("nan.csv", "-1,-2\n-1,nan\n");
        (void)jn_scratch_text("inf.csv", "-1,inf\n-1,-2\n");
        (void)jn_scratch_text("empty.csv", "");
        (void)jn_scratch_text("text-in.npy", "-1,-2\n");
        (void)jn_scratch_text("huge.csv", "-1,-2\n1e308,-1\n");
        (void)jn_scratch_text("huge_q.csv", "-1,-2,-3\n-1,-2,-1e101\n");
        (void)jn_scratch_text("e.csv", "0.5\n0.25\n");
        (void)jn_scratch_text("e3.csv", "0.5\n0.25\n1\n");
    }
    return entered;
}

static char *numbers_of(const char *line, const char *input)
{
    char full[512];
    snprintf(full, sizeof full, "weights %s --estimator groups --k 1,2 --format json --per-datum",
             line);
    outcome o = run_program(full, input, NULL);
    assert_int_equal(o.code, 1); /* three draws make one group of 2: no spread, no error */
    char *from = strstr(o.out, "\"seed\"");
    assert_non_null(from); /* what stands before is the command */
    char *copy = strdup(from);
    assert_non_null(copy);
    outcome_free(&o);
    return copy;
}

/* However the same numbers are stored, the same bytes. */
static void test_every_form_of_a_file(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "fortran.npy", "big.npy", "single.npy", "c.csv", "titled.csv", "--log-p p.csv --log-q q.csv"
    };
    char *want = numbers_of("c.npy", NULL);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *got = numbers_of(lines[i], NULL);
        assert_string_equal(got, want);
        free(got);
    }
    char *got = numbers_of("-", "-1,-2,-3\n-1.5,-2.5,-3.5\n");
    assert_string_equal(got, want);
    free(got);
    free(want);
}

static void test_one_dimension_is_one_row(void **state)
{
    (void)state;
    outcome o = run_program("weights flat.npy --format json", NULL, NULL);
    assert_int_equal(o.code, 0);
    json_t *root = json_loads(o.out, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "jensen.weights/1");
    assert_true(json_is_null(json_object_get(root, "model")));
    assert_int_equal(json_integer_value(json_object_get(root, "observations")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "rule"), "samples")),
                     3);
    /* without --k: of 1, 10, 100 and 1000 what three draws have */
    const json_t *bounds = json_object_get(root, "bounds"), *elbo = json_array_get(bounds, 0);
    assert_int_equal(json_array_size(bounds), 2);
    assert_close(json_number_value(json_object_get(elbo, "value")), -2.0, 1e-15, 0.0);
    /* sd 1 over sqrt 3 */
    assert_close(json_number_value(json_object_get(elbo, "error")), 0.57735026918962576, 1e-14,
                 0.0);
    assert_true(json_is_null(json_object_get(elbo, "gap")));
    json_decref(root);
    outcome_free(&o);
}

static void test_given_evidence_makes_gaps(void **state)
{
    (void)state;
    outcome o = run_program("weights c.npy --evidence e.csv --bounds elbo --format json", NULL,
                            NULL);
    assert_int_equal(o.code, 0);
    json_t *root = json_loads(o.out, 0, NULL);
    const json_t *elbo = json_array_get(json_object_get(root, "bounds"), 0);
    /* 0.5 + 0.25 - (-2 - 2.5) */
    assert_close(json_number_value(json_object_get(elbo, "gap")), 5.25, 1e-15, 0.0);
    assert_close(json_number_value(json_object_get(elbo, "gap_error")), sqrt(2.0 / 3.0), 1e-14,
                 0.0);
    json_decref(root);
    outcome_free(&o);
}

static void test_zero_weights_are_counted(void **state)
{
    (void)state;
    outcome o = run_program("weights many.npy --estimator groups --k 50", NULL, NULL);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.out, "1 draws had weight 0"));
    assert_non_null(strstr(o.out, "warning: elbo is infinite for 1 of 3 observations"));
    outcome_free(&o);
}

/* What gap saves, weights reads: the same sample, so the same numbers. */
static void test_round_trip_from_gap(void **state)
{
    (void)state;
    static const char *const drawn[] = {
        "gamma-weights --set a=2 --rule mc", "gamma-weights --set a=2 --rule rqmc",
        ("local-level --data y.csv --set level_sd=1 --set noise_sd=1 --set m0=0 --set sd0=1 "
         "--rule mc")
    };
    (void)jn_scratch_text("y.csv", "y\n0.3\n-0.2\n0.5\n");
    for (size_t i = 0; i < 3; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "gap %s --samples 700 --replicates 1 --bounds elbo "
                 "--format json --save-weights saved.npy",
                 drawn[i]);
        outcome gap = run_program(line, NULL, NULL);
        outcome stored = run_program("weights saved.npy --bounds elbo --format json", NULL, NULL);
        assert_int_equal(gap.code, i == 1 ? 1 : 0); /* one scrambled replicate shows no error */
        assert_int_equal(stored.code, 0);
        json_t *a = json_loads(gap.out, 0, NULL), *b = json_loads(stored.out, 0, NULL);
        const json_t *x = json_array_get(json_object_get(a, "bounds"), 0);
        const json_t *y = json_array_get(json_object_get(b, "bounds"), 0);
        /* the same 700 numbers, added up in other blocks */
        assert_close(json_number_value(json_object_get(y, "value")),
                     json_number_value(json_object_get(x, "value")), 1e-13, 0.0);
        json_decref(a);
        json_decref(b);
        outcome_free(&gap);
        outcome_free(&stored);
    }
    outcome o = run_program("gap gamma-weights --set a=2 --save-weights saved.npy", NULL, NULL);
    assert_int_equal(o.code, 2);
    assert_non_null(strstr(o.err, "add --rule mc or rqmc"));
    outcome_free(&o);
}

static void test_threads_change_no_byte(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "weights many.npy --k 2,20 --format json --per-datum",
        "weights many.npy --k 2,20 --estimator groups --bounds elbo,iwae,jvi:1,cubo:2 --per-datum",
        "weights many.npy --k 2,20 --estimator law --bounds iwae,vr:0.5,upper --format csv",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        static const int threads[] = { 1, 2, 3, 8 };
        outcome one = { 0 };
        for (size_t t = 0; t < 4; t++) {
            char line[256];
            snprintf(line, sizeof line, "%s --threads %d", lines[i], threads[t]);
            outcome o = run_program(line, NULL, NULL);
            assert_int_equal(o.code, 0);
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

static void test_heavy_weights_exit_1(void **state)
{
    (void)state;
    double l[400];
    for (size_t i = 0; i < 400; i++) {
        l[i] = -1.5 * log(jn_chance(2, i)); /* k = 1.5 */
    }
    npy("heavy.npy", "<f8", "False", "(1, 400)", l, sizeof l);
    outcome o = run_program("weights heavy.npy --bounds elbo --format csv", NULL, NULL);
    assert_int_equal(o.code, 1);
    assert_non_null(strstr(o.err, "too heavy-tailed"));
    assert_non_null(strstr(o.err, "wider q"));
    outcome_free(&o);
}

/* Every line of the CSV has the cells of its heading: no text in it brings a comma along. */
static void test_csv_is_rectangular(void **state)
{
    (void)state;
    outcome o = run_program("weights c.npy --k 2 --per-datum --format csv", NULL, NULL);
    assert_int_equal(o.code, 1); /* three draws hold no two separate pairs: no error */
    size_t lines = 0, want = 0;
    for (char *line = strtok(o.out, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        size_t commas = 0;
        for (const char *c = line; *c != '\0' && *c != '"'; c++) { /* the command is last */
            commas += *c == ',';
        }
        want = lines == 0 ? commas : want;
        assert_int_equal(commas, want);
    }
    assert_int_equal(lines, 1 + 3 * 2);
    outcome_free(&o);
}

typedef struct bad_case {
    const char *line;
    int code;
    const char *says;
} bad_case;

static const bad_case bad[] = {
    { "weights", 2, "name a FILE" },
    { "weights c.npy c.npy", 2, "'c.npy' is one argument too many" },
    { "weights c.npy --log-p p.csv --log-q q.csv", 2, "not both" },
    { "weights --log-p p.csv", 2, "--log-q is missing" },
    { "weights --log-q p.csv", 2, "--log-p is missing" },
    { "weights --log-p - --log-q -", 2, "given twice" },
    { "weights - --evidence -", 2, "given twice" },
    { "weights c.npy --bounds elb", 2, "did you mean 'elbo'?" },
    { "weights c.npy --bounds fivo --k 2", 2, "fivo needs a model" },
    { "weights c.npy --k 0", 2, "out of range" },
    { "weights c.npy --estimator ustt", 2, "did you mean 'ustat'?" },
    { "weight c.npy", 2, "did you mean 'weights'?" },
    { "weights c.npy --k 4", 3, "iwae-4: K is above the 3 weights of an observation (2 x 3" },
    { "weights c.npy --evidence 0.5", 3, "1 x 1 numbers for 2 observations" },
    { "weights c.npy --evidence e3.csv", 3, "3 x 1 numbers for 2 observations" },
    { "weights c.npy --evidence c.npy", 3, "2 x 3 numbers for 2 observations" },
    { "weights short.npy", 3, "shape (2, 3) of '<f8' takes 48 bytes, but 40 follow" },
    { "weights long.npy", 3, "takes 32 bytes, but 48 follow" },
    { "weights complex.npy", 3, "<c16" },
    { "weights deep.npy", 3, "deep.npy" },
    { "weights none.npy", 3, "holds no numbers" },
    { "weights nan.npy", 3, "nan.npy: row 1, column 1 (from 0): found nan" },
    { "weights nan4.npy", 3, "nan4.npy: row 1, column 1 (from 0): found nan" },
    { "weights head.npy", 3, "head.npy ends inside the .npy header" },
    { "weights text.npy", 3, "holds elements of type '<U3'" },
    { "weights nan.csv", 3, "nan.csv: row 1, column 1 (from 0): found nan" },
    { "weights inf.csv", 3, "inf.csv: row 0, column 1 (from 0): found inf" },
    { "weights ragged.csv", 3, "ragged.csv, line 2: 2 cells where the rows before have 3" },
    { "weights word.csv", 3, "word.csv, line 2, cell 2: found 'x'" },
    { "weights empty.csv", 3, "empty.csv" },
    { "weights -", 3, "standard input" },
    { "weights --log-p c.npy --log-q flat.npy", 3, "log p is 2 x 3, but log q is 1 x 3" },
    { "weights --log-p c.npy --log-q zero_q.csv", 3,
      "log q, row 1, column 1 (from 0): found -inf" },
    { "weights text-in.npy", 3, "text-in.npy is not a .npy file" },
    { "weights huge.csv", 3, "huge.csv: row 1, column 0 (from 0): found 1e+308" },
    { "weights --log-p c.npy --log-q huge_q.csv", 3,
      "log q, row 1, column 2 (from 0): found -1e+" },
    { "weights c.npy --evidence -inf", 2, "found -inf, expected a finite number" },
    { "weights c.npy --evidence nan", 2, "found nan, expected a finite number" },
    { "weights nofile.npy", 4, "cannot open nofile.npy" },
    { "weights c.npy --evidence nofile.npy", 4, "nofile.npy" },
    { "weights c.npy --output nodirectory/t", 4, "nodirectory/t" },
    { "gap --rule mc --save-weights nodirectory/w.npy", 4, "nodirectory/w.npy" },
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        outcome o = run_program(bad[i].line, NULL, NULL);
        if (o.code != bad[i].code || !one_line(o.err) || strstr(o.err, bad[i].says) == NULL ||
            o.n_out > 0) {
            print_error("jensen %s\nexit code %d, want %d; want one line with \"%s\"\n%s%s",
                        bad[i].line, o.code, bad[i].code, bad[i].says, o.err, o.out);
            fail();
        }
        outcome_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_a_file),
        cmocka_unit_test(test_one_dimension_is_one_row),
        cmocka_unit_test(test_given_evidence_makes_gaps),
        cmocka_unit_test(test_zero_weights_are_counted),
        cmocka_unit_test(test_round_trip_from_gap),
        cmocka_unit_test(test_threads_change_no_byte),
        cmocka_unit_test(test_heavy_weights_exit_1),
        cmocka_unit_test(test_csv_is_rectangular),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, make_files, jn_scratch_leave);
}
