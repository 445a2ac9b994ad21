#include "io/csv_scan.h"

#include <stdlib.h>
#include <string.h>

static size_t line_of(const char *text, const char *place)
{
    size_t line = 1;
    for (const char *p = text; p < place; p++) {
        line += *p == '\n' || (*p == '\r' && p[1] != '\n');
    }
    return line;
}

static jn_status check_text(const char *text, size_t n, const char *name, jn_error *err)
{
    const char *nul = memchr(text, '\0', n);
    if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        return jn_error_set(err, JN_ERR_VALUE, "%s is UTF-16 text: save it as UTF-8", name);
    }
    if (nul != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "%s, line %zu: a NUL byte, so this is no text file",
                            name, line_of(text, nul));
    }
    return JN_OK;
}

jn_status jn_csv_scan_open(jn_input *in, char separator, char **block, jn_csv_scan *scan,
                           jn_error *err)
{
    char *text = NULL;
    size_t n = 0;
    *block = NULL;
    jn_status status = jn_input_text(in, &text, &n, err);
    if (status != JN_OK) {
        return status;
    }
    status = check_text(text, n, in->name, err);
    if (status != JN_OK) {
        free(text);
        return status;
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        n--;
    }
    text[n] = '\0';
    const size_t mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (n == mark) {
        free(text);
        return jn_error_set(err, JN_ERR_VALUE, "%s is empty", in->name);
    }
    *block = text;
    *scan = (jn_csv_scan){ .next = text + mark,
                           .end = text + n,
                           .separator = separator == '\0' ? ',' : separator,
                           .line = 1,
                           .name = in->name };
    return JN_OK;
}

static bool is_blank(const jn_csv_scan *s, char c)
{
    return c == ' ' || (c == '\t' && s->separator != '\t');
}

/* A cell in quotes, from behind the first quote: the quotes inside go in place. *tail: where the
 * text ends, for a NUL. */
static jn_status quoted(jn_csv_scan *s, char **tail, jn_error *err)
{
    const size_t first_line = s->line;
    char *to = s->next;
    for (char *p = s->next; p < s->end; p++) {
        if (*p == '"' && p[1] != '"') {
            for (p++; is_blank(s, *p);) {
                p++;
            }
            s->next = p;
            *tail = to;
            if (p == s->end || *p == s->separator || *p == '\n' || *p == '\r') {
                return JN_OK;
            }
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s, line %zu: text after the closing quote of a cell", s->name,
                                s->line);
        }
        p += *p == '"';
        s->line += *p == '\n' || (*p == '\r' && p[1] != '\n');
        *to++ = *p;
    }
    return jn_error_set(err, JN_ERR_VALUE, "%s, line %zu: a quote that is never closed", s->name,
                        first_line);
}

static char *plain(jn_csv_scan *s)
{
    char *const first = s->next, *p = first;
    const char separator = s->separator;
    while (p < s->end && *p != separator && *p != '\n' && *p != '\r') {
        p++;
    }
    s->next = p;
    while (p > first && is_blank(s, p[-1])) {
        p--;
    }
    return p;
}

/* Steps over what ended the cell; true: the row ends there. */
static bool step(jn_csv_scan *s)
{
    if (s->next == s->end) {
        return true;
    }
    const char c = *s->next++;
    if (c == s->separator) {
        return false;
    }
    if (c == '\r' && s->next < s->end && *s->next == '\n') {
        s->next++;
    }
    s->line++;
    return true;
}

jn_status jn_csv_scan_cell(jn_csv_scan *s, char **cell, bool *row_ends, jn_error *err)
{
    while (s->next < s->end && is_blank(s, *s->next)) {
        s->next++;
    }
    char *tail = NULL;
    if (s->next < s->end && *s->next == '"') {
        *cell = ++s->next;
        const jn_status status = quoted(s, &tail, err);
        if (status != JN_OK) {
            return status;
        }
    } else {
        *cell = s->next;
        tail = plain(s);
    }
    *row_ends = step(s); /* before the NUL, which may fall on what is stepped over */
    *tail = '\0';
    return JN_OK;
}
