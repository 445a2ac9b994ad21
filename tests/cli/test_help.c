/* Help, and what is generated from the same tables. */
#include <string.h>

#include "../assertions.h"
#include "program.h"
#include "scratch.h"

/* Fits a screen: lines, and the longest of them. */
static void assert_fits(const char *text, size_t lines, size_t columns)
{
    size_t n = 0;
    for (const char *line = text; *line != '\0'; n++) {
        const size_t width = strcspn(line, "\n");
        if (width > columns) {
            print_error("%zu columns: %.*s\n", width, (int)width, line);
            fail();
        }
        line += width + 1;
    }
    assert_true(n <= lines);
}

static void test_help_fits_a_screen(void **state)
{
    (void)state;
    static const char *const commands[] = { "gap",     "evidence", "derive", "likelihood",
                                            "weights", "simulate", "models" };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char line[64], lead[64];
        snprintf(line, sizeof line, "%s --help", commands[i]);
        snprintf(lead, sizeof lead, "usage: jensen %s ", commands[i]);
        outcome o = run_program(line, NULL, NULL);
        assert_int_equal(o.code, 0);
        assert_string_equal(o.err, "");
        assert_fits(o.out, 24, 80);
        assert_int_equal(strncmp(o.out, lead, strlen(lead)), 0);
        const char *first = strstr(o.out, "\ne.g. jensen ");
        assert_non_null(first);
        assert_non_null(strstr(first, "\n     jensen ")); /* two examples */
        outcome_free(&o);
    }
}

static void test_help_lists_commands(void **state)
{
    (void)state;
    outcome o = run_program("help", NULL, NULL), p = run_program("--help", NULL, NULL);
    outcome none = run_program("", NULL, NULL);
    assert_int_equal(o.code, 0);
    assert_fits(o.out, 24, 88);
    assert_non_null(strstr(o.out, "\n  gap "));
    assert_non_null(strstr(o.out, "\n  models "));
    assert_null(strstr(o.out, "generate"));
    assert_string_equal(o.out, p.out);
    assert_int_equal(none.code, 2);
    assert_string_equal(o.out, none.out);
    outcome_free(&o);
    outcome_free(&p);
    outcome_free(&none);
}

static void test_version(void **state)
{
    (void)state;
    outcome o = run_program("--version", NULL, NULL);
    assert_int_equal(o.code, 0);
    assert_int_equal(strncmp(o.out, "jensen " JN_VERSION "\n", strlen("jensen " JN_VERSION "\n")),
                     0);
    assert_non_null(strstr(o.out, "GPL-3.0-or-later"));
    assert_non_null(strstr(o.out, "GSL "));
    outcome_free(&o);
}

static void test_models_lists_and_describes(void **state)
{
    (void)state;
    static const char *const names[] = {
        "linear-gaussian", "gaussian-mixture", "logistic", "gamma-weights",
        "prior",           "laplace",          "elbo",     "iwae",
        "quadrature"
    };
    outcome all = run_program("models", NULL, NULL);
    assert_int_equal(all.code, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[64];
        assert_non_null(strstr(all.out, names[i]));
        snprintf(line, sizeof line, "models %s", names[i]);
        outcome one = run_program(line, NULL, NULL);
        assert_int_equal(one.code, 0);
        assert_non_null(strstr(one.out, names[i]));
        outcome_free(&one);
    }
    outcome_free(&all);
}

static void test_generated_files_name_every_option(void **state)
{
    (void)state;
    static const char *const kinds[] = { "man", "bash", "zsh" };
    static const char *const options[] = { "q-set", "per-datum", "tolerance" };
    for (size_t i = 0; i < 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "generate %s", kinds[i]);
        outcome o = run_program(line, NULL, NULL);
        assert_int_equal(o.code, 0);
        for (size_t j = 0; j < 3; j++) {
            char plain[32], escaped[64]; /* a man page writes its hyphens \- */
            snprintf(plain, sizeof plain, "--%s", options[j]);
            size_t n = 0;
            for (const char *c = plain; *c != '\0'; c++) {
                escaped[n++] = '\\';
                n -= *c != '-';
                escaped[n++] = *c;
            }
            escaped[n] = '\0';
            assert_true(strstr(o.out, plain) != NULL || strstr(o.out, escaped) != NULL);
        }
        outcome_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_fits_a_screen),
        cmocka_unit_test(test_help_lists_commands),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_models_lists_and_describes),
        cmocka_unit_test(test_generated_files_name_every_option),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
