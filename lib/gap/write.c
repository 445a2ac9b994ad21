#include "gap/write.h"

#include <math.h>
#include <string.h>

double jn_gap_error_of(const jn_estimate *e)
{
    return isnan(e->value) ? NAN : e->error;
}

double jn_gap_dof_of(const jn_estimate *e)
{
    return isnan(jn_gap_error_of(e)) ? NAN : e->dof;
}

/* As a shell would take it, with control characters replaced. */
static void print_word(const char *word, FILE *f)
{
    const bool quote = word[0] == '\0' || strpbrk(word, " \t\n;&|()<>*?$`\"'\\#~!") != NULL;
    fputs(quote ? "'" : "", f);
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            fputs("'\\''", f);
        } else {
            fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, f);
        }
    }
    fputs(quote ? "'" : "", f);
}

void jn_gap_command_line(const jn_gap_write_options *options, FILE *f)
{
    for (size_t i = 0; i < options->n_command; i++) {
        fputs(i > 0 ? " " : "", f);
        print_word(options->command[i], f);
    }
}

bool jn_gap_predicts(const jn_gap_table *t)
{
    for (size_t i = 0; i < t->n_bounds; i++) {
        if (!isnan(t->total.bounds[i].gap_predicted)) {
            return true;
        }
    }
    return false;
}

jn_status jn_gap_write(const jn_gap_table *t, jn_gap_format format,
                       const jn_gap_write_options *options, FILE *f, jn_error *err)
{
    static jn_gap_writer *const writers[] = { jn_gap_write_table, jn_gap_write_csv,
                                              jn_gap_write_json, jn_gap_write_markdown,
                                              jn_gap_write_latex };
    const jn_gap_write_options none = { 0 };
    if ((unsigned)format >= sizeof writers / sizeof *writers) {
        return jn_error_set(err, JN_ERR_USAGE, "no format %d", (int)format);
    }
    const jn_status st = writers[format](t, options == NULL ? &none : options, f);
    return st == JN_OK ? st
                       : jn_error_set(err, st, "writing the gap table: %s", jn_status_text(st));
}
