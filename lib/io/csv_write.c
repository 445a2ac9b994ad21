/* Tables as comma-separated values. */
#include <stdbool.h>
#include <string.h>

#include "base/number.h"
#include "io/output.h"
#include "jensen/csv.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void put(const char *text, FILE *f)
{
    const size_t n = strlen(text);
    const bool quoted = text[strcspn(text, ",\"\r\n")] != '\0' ||
                        (n > 0 && (is_blank(text[0]) || is_blank(text[n - 1])));
    if (!quoted) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') {
            fputc('"', f);
        }
        fputc(text[i], f);
    }
    fputc('"', f);
}

jn_status jn_csv_write(const char *path, const jn_table *t, jn_error *err)
{
    jn_output *out;
    const jn_status st = jn_output_open(path, &out, err);
    if (st < 0) {
        return st;
    }
    FILE *f = jn_output_file(out);
    for (size_t c = 0; c < t->n_cols; c++) {
        fputs(c > 0 ? "," : "", f);
        put(t->names[c], f);
    }
    fputc('\n', f);
    for (size_t r = 0; r < t->n_rows; r++) {
        for (size_t c = 0; c < t->n_cols; c++) {
            char buf[JN_NUMBER_TEXT];
            fputs(c > 0 ? "," : "", f);
            put(jn_table_text(t, r, c, buf), f);
        }
        fputc('\n', f);
    }
    return jn_output_commit(out, err);
}
