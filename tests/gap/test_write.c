/* Renderings of a gap table made by hand: every kind of value that a table can hold. */
#include "jensen/gap_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../assertions.h"
#include "malloc_sweep.h"

typedef struct fixture {
    jn_model *model;
    jn_proposal *q;
    jn_gap_bound bounds[3], row_bounds[2][3];
    jn_gap_row rows[2];
    char *warnings[1];
    jn_gap_table t;
} fixture;

static jn_estimate estimate(double value, double error)
{
    return (jn_estimate){ .value = value, .error = error, .dof = NAN, .kind = JN_QUADRATURE };
}

static jn_gap_bound bound(const jn_bound *b, uint64_t k, double value, double gap)
{
    return (jn_gap_bound){ .arg = { .bound = b, .k = k },
                           .side = JN_SIDE_LOWER,
                           .estimator = JN_BY_LAW,
                           .value = estimate(value, 1e-12),
                           .gap = estimate(gap, 1e-14),
                           .gap_predicted = NAN,
                           .predicted_reliable = -1,
                           .variance = NAN,
                           .reconstruction = estimate(NAN, 0.5),
                           .kl = estimate(NAN, 0.5) };
}

static void fill(jn_gap_bound *b)
{
    b[0] = bound(&jn_bound_elbo, 0, -1.5, 0.25);
    b[1] = bound(&jn_bound_iwae, 10, -INFINITY, INFINITY);
    b[1].gap.error = b[1].value.error = NAN;
    b[2] = bound(&jn_bound_iwae, 1000000, NAN, NAN);
    b[0].reconstruction = estimate(-1.0, 1e-12);
    b[0].kl = estimate(0.5, 1e-12);
    b[2].gap_predicted = 1.25e-7;
    b[2].predicted_reliable = 0;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    static const double x[2] = { 1.2, 0.3 };
    static char warning[] = "a warning_with 100% of & odd \"characters\"";
    jn_table *data;
    jn_error err = JN_ERROR_INIT;
    assert_non_null(f);
    assert_ok(jn_table_new("x", 2, 1, NULL, x, &data), NULL);
    assert_ok(jn_model_new("linear-gaussian", NULL, data, &f->model, &err), &err);
    jn_table_free(data);
    assert_ok(jn_proposal_new("prior", NULL, f->model, &f->q, &err), &err);
    fill(f->bounds);
    for (size_t r = 0; r < 2; r++) {
        fill(f->row_bounds[r]);
        f->rows[r] = (jn_gap_row){ .index = r, .evidence = estimate(-1.25, 1e-15) };
        f->rows[r].bounds = f->row_bounds[r];
    }
    f->warnings[0] = warning;
    f->t = (jn_gap_table){ .model = f->model,
                           .proposal = f->q,
                           .rule = "quadrature",
                           .nodes = 77,
                           .seed = 18446744073709551615u,
                           .tolerance = 1e-9,
                           .n_rows = 2,
                           .n_bounds = 3,
                           .rows = f->rows,
                           .n_warnings = 1,
                           .warnings = f->warnings };
    f->t.total = (jn_gap_row){ .evidence = estimate(-1.25, 0.0), .bounds = f->bounds };
    f->t.total.diagnostics = (jn_diagnostics){
        .ess_fraction = NAN, .var_w = INFINITY, .pareto_k = NAN, .coverage = 1.0, .var_w_row = 1
    };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    jn_proposal_free(f->q);
    jn_model_free(f->model);
    free(f);
    return 0;
}

static const char *const command[] = { "gap", "--data", "it's \"odd\"\n\xff.csv" };

static char *render(const fixture *f, jn_gap_format format, bool per_datum)
{
    const jn_gap_write_options o = { .per_datum = per_datum, .n_command = 3, .command = command };
    char *text = NULL;
    size_t n;
    jn_error err = JN_ERROR_INIT;
    FILE *file = open_memstream(&text, &n);
    assert_non_null(file);
    assert_ok(jn_gap_write(&f->t, format, &o, file, &err), &err);
    fclose(file);
    return text;
}

static void assert_word(const json_t *object, const char *name, const char *want)
{
    assert_string_equal(json_string_value(json_object_get(object, name)), want);
}

static void assert_null_at(const json_t *object, const char *name)
{
    assert_true(json_is_null(json_object_get(object, name)));
}

static void test_json_fields(void **state)
{
    char *text = render(*state, JN_GAP_JSON, true);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const json_t *bounds = json_object_get(root, "bounds");
    const json_t *elbo = json_array_get(bounds, 0), *none = json_array_get(bounds, 1),
                 *unknown = json_array_get(bounds, 2);
    assert_word(root, "schema", "jensen.gap/1");
    assert_null_at(elbo, "k");
    assert_null_at(elbo, "gap_predicted");
    assert_null_at(elbo, "gap_predicted_reliable");
    assert_close(json_number_value(json_object_get(elbo, "kl")), 0.5, 0.0, 0.0);
    assert_word(elbo, "error_kind", "quadrature");
    assert_word(none, "value", "-inf");
    assert_word(none, "gap", "inf");
    assert_null_at(none, "error");
    assert_null_at(none, "gap_error");
    assert_null_at(none, "reconstruction");
    assert_null_at(none, "reconstruction_error"); /* what is not known has no error */
    assert_null_at(unknown, "value");
    assert_null_at(unknown, "error");
    assert_null_at(unknown, "error_kind");
    assert_true(json_is_false(json_object_get(unknown, "gap_predicted_reliable")));
    assert_word(json_object_get(root, "diagnostics"), "var_w", "inf");
    assert_int_equal(json_array_size(json_object_get(root, "per_datum")), 2);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(root, "diagnostics"), "warnings")), 1);
    json_decref(root);
    free(text);
}

/* 17 digits read back as the same number. */
static void test_json_keeps_every_digit(void **state)
{
    fixture *f = *state;
    f->bounds[0].value.value = -0.1 - 0.2;
    char *text = render(f, JN_GAP_JSON, false), *csv = render(f, JN_GAP_CSV, false);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *elbo = json_array_get(json_object_get(root, "bounds"), 0);
    assert_close(json_number_value(json_object_get(elbo, "value")), -0.1 - 0.2, 0.0, 0.0);
    assert_non_null(strstr(csv, ",-0.30000000000000004,"));
    assert_null(json_object_get(root, "per_datum"));
    json_decref(root);
    free(text);
    free(csv);
    f->bounds[0].value.value = -1.5;
}

static size_t cells(const char *line)
{
    size_t n = 1;
    bool quoted = false;
    for (const char *c = line; *c != '\0' && (quoted || *c != '\n'); c++) {
        quoted = *c == '"' ? !quoted : quoted;
        n += *c == ',' && !quoted;
    }
    return n;
}

static void test_csv_rows_have_the_heading_s_cells(void **state)
{
    char *text = render(*state, JN_GAP_CSV, true);
    const size_t want = cells(text);
    size_t lines = 0;
    for (const char *line = text; *line != '\0'; lines++) {
        assert_int_equal(cells(line), want);
        line = strchr(line, '\n') + 1;
    }
    assert_int_equal(lines, 1 + 3 * 3);
    assert_non_null(strstr(text, "\n,iwae,10,,,,,lower,law,-inf,,quadrature,,inf,,"));
    assert_non_null(strstr(text, "\n0,elbo,,,,,,lower,law,-1.5,"));
    assert_non_null(strstr(text, "\"gap --data it's \"\"odd\"\"?")); /* one line, quotes doubled */
    free(text);
}

static void test_table_for_people(void **state)
{
    char *text = render(*state, JN_GAP_TABLE, true);
    assert_non_null(strstr(text, "bound        K"));
    assert_non_null(strstr(text, "-inf"));
    assert_non_null(strstr(text, "1.25e-07?"));
    assert_non_null(strstr(text, "value/obs"));
    assert_non_null(strstr(text, "Var W = inf"));
    assert_non_null(strstr(text, "warning: a warning_with 100% of"));
    assert_non_null(strstr(text, "# jensen " JN_VERSION ", seed 18446744073709551615: gap"));
    assert_non_null(strstr(text, "'it'\\''s \"odd\"?"));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void test_papers(void **state)
{
    char *md = render(*state, JN_GAP_MARKDOWN, false), *tex = render(*state, JN_GAP_LATEX, false);
    assert_non_null(strstr(md, "| bound    |       K |"));
    assert_non_null(strstr(md, "Warning: a warning_with"));
    assert_non_null(strstr(tex, "\\begin{tabular}{lrrrr}\n\\toprule\n"));
    assert_non_null(strstr(tex, "iwae & $10$ & $-\\infty$ & $\\infty$ & "));
    assert_non_null(strstr(tex, "$1.25\\times 10^{-7}$"));
    assert_non_null(strstr(tex, "\\bottomrule\n\\end{tabular}\n"));
    free(md);
    free(tex);
}

static void test_value_and_error_in_papers(void **state)
{
    fixture *f = *state;
    f->bounds[0].value = estimate(-1.23456, 0.0034);
    f->bounds[0].gap = estimate(1.7456e-7, 3e-9);
    char *md = render(f, JN_GAP_MARKDOWN, false);
    assert_non_null(strstr(md, "-1.235(3)"));
    assert_non_null(strstr(md, "1.75(3)e-07"));
    free(md);
    fill(f->bounds);
}

/* A value whose error is not known has no digits to show off. */
static void test_values_without_an_error(void **state)
{
    fixture *f = *state;
    f->bounds[0].value = estimate(-1.23456789, NAN);
    f->bounds[0].gap = estimate(4.56789e-4, NAN);
    char *text = render(f, JN_GAP_TABLE, false), *tex = render(f, JN_GAP_LATEX, false);
    assert_null(strstr(text, "-1.23456"));
    assert_non_null(strstr(text, "-1.23 "));
    assert_non_null(strstr(text, "0.000457 "));
    assert_non_null(strstr(tex, "$-1.23(?)$"));
    free(text);
    free(tex);
    fill(f->bounds);
}

static void test_unknown_format(void **state)
{
    fixture *f = *state;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_gap_write(&f->t, (jn_gap_format)17, NULL, stderr, &err), JN_ERR_USAGE);
    assert_true(err.message[0] != '\0');
}

typedef struct sweep {
    const fixture *f;
    jn_gap_format format;
} sweep;

static jn_status attempt(void *user)
{
    const sweep *s = user;
    const jn_gap_write_options o = { .per_datum = true };
    FILE *sink = fopen("/dev/null", "w");
    const jn_status st = jn_gap_write(&s->f->t, s->format, &o, sink, NULL);
    fclose(sink);
    return st;
}

/* jansson's own allocations are not ours to refuse: it is tested where we allocate. */
static void test_out_of_memory(void **state)
{
    static const jn_gap_format formats[] = { JN_GAP_TABLE, JN_GAP_MARKDOWN, JN_GAP_LATEX };
    for (size_t i = 0; i < 3; i++) {
        sweep s = { *state, formats[i] };
        assert_true(jn_malloc_sweep(attempt, &s) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_fields),
        cmocka_unit_test(test_json_keeps_every_digit),
        cmocka_unit_test(test_csv_rows_have_the_heading_s_cells),
        cmocka_unit_test(test_table_for_people),
        cmocka_unit_test(test_papers),
        cmocka_unit_test(test_value_and_error_in_papers),
        cmocka_unit_test(test_values_without_an_error),
        cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
