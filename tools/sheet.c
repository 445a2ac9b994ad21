#include "sheet.h"

#include <jansson.h>
#include <string.h>

#include "base/number.h"
#include "io/output.h"

enum { CELL_TEXT = 64 };

/* Rounded for people, or with every digit. */
static const char *shown(const jn_cell *c, bool rounded, const char *nothing, char buf[CELL_TEXT])
{
    if (c->kind == JN_CELL_TEXT) {
        return c->text;
    }
    if (c->kind == JN_CELL_NONE || isnan(c->number)) {
        return nothing;
    }
    if (isinf(c->number)) {
        return c->number > 0.0 ? "inf" : "-inf";
    }
    if (c->kind == JN_CELL_COUNT) {
        (void)snprintf(buf, CELL_TEXT, "%.0f", c->number);
    } else if (rounded) {
        (void)snprintf(buf, CELL_TEXT, "%.*g", c->digits == 0 ? 12 : c->digits, c->number);
    } else {
        return jn_number_text(c->number, buf);
    }
    return buf;
}

static bool is_text_column(const jn_sheet *s, size_t col)
{
    for (size_t r = 0; r < s->n_rows; r++) {
        if (s->cell[r * s->n_cols + col].kind == JN_CELL_TEXT) {
            return true;
        }
    }
    return false;
}

static int width_of(const jn_sheet *s, size_t col)
{
    size_t width = strlen(s->cols[col]);
    char buf[CELL_TEXT];
    for (size_t r = 0; r < s->n_rows; r++) {
        const size_t w = strlen(shown(&s->cell[r * s->n_cols + col], true, "-", buf));
        width = w > width ? w : width;
    }
    return (int)width;
}

static void pad(const jn_sheet *s, size_t col, const char *text, FILE *f)
{
    const bool last = col + 1 == s->n_cols, left = is_text_column(s, col);
    fprintf(f,
            left && last ? "%s%.*s"
            : left       ? "%s%-*s"
                         : "%s%*s",
            col > 0 ? "  " : "", left && last ? (int)strlen(text) : width_of(s, col), text);
    fputs(last ? "\n" : "", f);
}

static void write_plain(const jn_sheet *s, FILE *f)
{
    char buf[CELL_TEXT];
    for (size_t c = 0; c < s->n_cols; c++) {
        pad(s, c, s->cols[c], f);
    }
    for (size_t i = 0; i < s->n_rows * s->n_cols; i++) {
        pad(s, i % s->n_cols, shown(&s->cell[i], true, "-", buf), f);
    }
}

static void write_markdown(const jn_sheet *s, FILE *f)
{
    char buf[CELL_TEXT];
    for (size_t c = 0; c < s->n_cols; c++) {
        fprintf(f, "| %s %s", s->cols[c], c + 1 == s->n_cols ? "|\n" : "");
    }
    for (size_t c = 0; c < s->n_cols; c++) {
        fprintf(f, "|%s%s", is_text_column(s, c) ? "---" : "---:", c + 1 == s->n_cols ? "|\n" : "");
    }
    for (size_t i = 0; i < s->n_rows * s->n_cols; i++) {
        fprintf(f, "| %s %s", shown(&s->cell[i], true, "", buf),
                (i + 1) % s->n_cols == 0 ? "|\n" : "");
    }
}

/* Texts with a comma or a quote stand in quotes. */
static void csv_text(const char *text, FILE *f)
{
    if (strpbrk(text, ",\"\n") == NULL) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (const char *c = text; *c != '\0'; c++) {
        fputs(*c == '"' ? "\"\"" : (char[]){ *c, '\0' }, f);
    }
    fputc('"', f);
}

static void write_csv(const jn_sheet *s, FILE *f)
{
    char buf[CELL_TEXT];
    for (size_t c = 0; c < s->n_cols; c++) {
        csv_text(s->cols[c], f);
        fputc(c + 1 == s->n_cols ? '\n' : ',', f);
    }
    for (size_t i = 0; i < s->n_rows * s->n_cols; i++) {
        csv_text(shown(&s->cell[i], false, "", buf), f);
        fputc((i + 1) % s->n_cols == 0 ? '\n' : ',', f);
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* A command line need not be UTF-8, JSON must. */
static json_t *json_text(const char *text)
{
    json_t *good = json_string(text);
    return good != NULL ? good : json_string("?");
}

static json_t *json_cell(const jn_cell *c)
{
    if (c->kind == JN_CELL_TEXT) {
        return json_text(c->text);
    }
    if (c->kind == JN_CELL_NONE || isnan(c->number)) {
        return json_null();
    }
    if (isinf(c->number)) {
        return json_string(c->number > 0.0 ? "inf" : "-inf");
    }
    return c->kind == JN_CELL_COUNT ? json_integer((json_int_t)c->number) : json_real(c->number);
}

static json_t *json_sheet(const jn_sheet *s, bool *bad)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < s->n_rows; r++) {
        json_t *row = json_object();
        for (size_t c = 0; c < s->n_cols; c++) {
            *bad |= json_object_set_new(row, s->cols[c], json_cell(&s->cell[r * s->n_cols + c])) !=
                    0;
        }
        *bad |= json_array_append_new(rows, row) != 0;
    }
    return rows;
}

static json_t *json_words(size_t n, const char *const *words, bool *bad)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        *bad |= json_array_append_new(list, json_text(words[i])) != 0;
    }
    return list;
}

static json_t *json_model(const jn_model *m, bool *bad)
{
    json_t *o = json_object();
    *bad |= json_object_set_new(o, "name", json_text(m->type->name)) != 0;
    *bad |= json_object_set_new(o, "dim", json_integer((json_int_t)m->dim)) != 0;
    *bad |= json_object_set_new(o, "observations", json_integer((json_int_t)m->n_obs)) != 0;
    return o;
}

static jn_status write_json(const jn_report *r, FILE *f, jn_error *err)
{
    bool bad = false;
    json_t *root = json_object();
    bad |= json_object_set_new(root, "schema", json_string(r->schema)) != 0;
    bad |= json_object_set_new(root, "version", json_string(JN_VERSION)) != 0;
    bad |= json_object_set_new(root, "command",
                               json_words(r->command->n, r->command->word, &bad)) != 0;
    bad |= json_object_set_new(root, "seed", json_integer((json_int_t)r->seed)) != 0;
    if (r->model != NULL) {
        bad |= json_object_set_new(root, "model", json_model(r->model, &bad)) != 0;
    }
    for (size_t i = 0; i < r->n_sheets; i++) {
        bad |= json_object_set_new(root, r->sheets[i].name, json_sheet(&r->sheets[i], &bad)) != 0;
    }
    bad |= json_object_set_new(root, "notes", json_words(r->n_notes, r->notes, &bad)) != 0;
    if (!bad) {
        bad = json_dumpf(root, f, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0 && !ferror(f);
        fputc('\n', f);
    }
    json_decref(root);
    return bad ? jn_error_set(err, JN_ERR_NOMEM, "out of memory for JSON") : JN_OK;
}

/* --- all ------------------------------------------------------------------------------------- */

static jn_status write_form(const jn_report *r, jn_form form, FILE *f, jn_error *err)
{
    if (form == JN_FORM_JSON) {
        return write_json(r, f, err);
    }
    for (size_t i = 0; i < (form == JN_FORM_CSV ? 1 : r->n_sheets); i++) {
        if (r->sheets[i].machine_only) {
            continue;
        }
        fputs(i > 0 ? "\n" : "", f);
        if (form == JN_FORM_CSV) {
            write_csv(&r->sheets[i], f);
        } else if (form == JN_FORM_MARKDOWN) {
            write_markdown(&r->sheets[i], f);
        } else {
            write_plain(&r->sheets[i], f);
        }
    }
    for (size_t i = 0; form != JN_FORM_CSV && i < r->n_notes; i++) {
        fprintf(f, "%s%s\n", i == 0 ? "\n" : "", r->notes[i]);
    }
    return JN_OK;
}

jn_status jn_report_write(const jn_report *r, jn_form form, const char *path, jn_error *err)
{
    jn_output *out;
    jn_status st = jn_output_open(path, &out, err);
    if (st < 0) {
        return st;
    }
    st = write_form(r, form, jn_output_file(out), err);
    if (st < 0) {
        jn_output_discard(out);
        return st;
    }
    return jn_output_commit(out, err);
}
