#include "base/value.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"

void jn_value_free(jn_value *v)
{
    if (v != NULL) {
        free(v->word);
        free(v->x);
        *v = (jn_value)JN_VALUE_INIT;
    }
}

/* One number between separators, blanks around it skipped. */
static bool read_item(const char *text, size_t n, double *x)
{
    for (; n > 0 && (*text == ' ' || *text == '\t'); text++) {
        n--;
    }
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) {
        n--;
    }
    return jn_number_read(text, n, x);
}

static bool starts_word(const char *text)
{
    const char c = text[0];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 ||
           c == '_' || c == '/' || strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0;
}

/* "nan", "inf", "NaN,1": a number that is not finite rather than a word. */
static bool starts_non_finite(const char *text)
{
    static const char *const names[] = { "nan", "inf", "infinity" };
    const size_t n = strcspn(text, ",; \t");
    for (size_t i = 0; i < 3; i++) {
        if (n == strlen(names[i]) && strncasecmp(text, names[i], n) == 0) {
            return true;
        }
    }
    return false;
}

static jn_status malformed(const char *item, size_t n, const char *text, jn_error *err)
{
    char shown[JN_EXCERPT], whole[JN_EXCERPT], copy[JN_EXCERPT];
    if (*text == '\0') {
        return jn_error_set(err, JN_ERR_USAGE,
                            "an empty value: expected a number, a word, or a "
                            "list like 1,2,3 or 1,0;0,1");
    }
    n = n < sizeof copy - 1 ? n : sizeof copy - 1;
    memcpy(copy, item, n);
    copy[n] = '\0';
    jn_excerpt(copy, shown);
    if (item == text && text[n] == '\0') {
        return jn_error_set(err, JN_ERR_USAGE, "%s is not a finite number", shown);
    }
    return jn_error_set(err, JN_ERR_USAGE, "%s in %s is not a finite number", shown,
                        jn_excerpt(text, whole));
}

static jn_status ragged(size_t row, size_t found, size_t expected, jn_error *err)
{
    return jn_error_set(err, JN_ERR_USAGE,
                        "row %zu has %zu numbers, the rows before it have %zu each", row, found,
                        expected);
}

/* Numbers into x, which has room for one item per separator and one more. */
static jn_status read_rows(const char *text, jn_value *v, jn_error *err)
{
    size_t in_row = 0, n = 0;
    for (const char *p = text;; p++) {
        const size_t length = strcspn(p, ",;");
        if (!read_item(p, length, &v->x[n])) {
            return malformed(p, length, text, err);
        }
        n++;
        in_row++;
        p += length;
        if (*p == ',') {
            continue;
        }
        if (v->rows > 0 && in_row != v->cols) {
            return ragged(v->rows, in_row, v->cols, err);
        }
        v->rows++;
        v->cols = in_row;
        in_row = 0;
        if (*p == '\0') {
            return JN_OK;
        }
    }
}

static size_t count_items(const char *text)
{
    size_t n = 1;
    for (const char *p = text; *p != '\0'; p++) {
        n += *p == ',' || *p == ';';
    }
    return n;
}

jn_status jn_value_parse(const char *text, jn_value *out, jn_error *err)
{
    jn_value v = JN_VALUE_INIT;
    text += strspn(text, " \t");
    if (starts_word(text) && !starts_non_finite(text)) {
        v.word = jn_strdup(text);
        if (v.word == NULL) {
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
        }
        *out = v;
        return JN_OK;
    }
    v.x = jn_alloc_doubles(count_items(text));
    if (v.x == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    const jn_status status = read_rows(text, &v, err);
    if (status != JN_OK) {
        jn_value_free(&v);
        return status;
    }
    *out = v;
    return JN_OK;
}

char *jn_value_text(const jn_value *v)
{
    if (v->word != NULL) {
        return jn_strdup(v->word);
    }
    const size_t n = v->rows * v->cols;
    char *text = jn_alloc(n + 1, JN_NUMBER_TEXT);
    if (text == NULL) {
        return NULL;
    }
    char *end = text;
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            *end++ = i % v->cols == 0 ? ';' : ',';
        }
        end += strlen(jn_number_text(v->x[i], end));
    }
    return text;
}

jn_status jn_value_numbers(size_t rows, size_t cols, const double *x, jn_value *out)
{
    if (rows == 0 || cols == 0) {
        return JN_ERR_VALUE;
    }
    if (rows > SIZE_MAX / cols) {
        return JN_ERR_NOMEM;
    }
    const size_t n = rows * cols;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return JN_ERR_VALUE;
        }
    }
    double *copy = jn_alloc_doubles(n);
    if (copy == NULL) {
        return JN_ERR_NOMEM;
    }
    memcpy(copy, x, n * sizeof *x);
    *out = (jn_value){ .word = NULL, .rows = rows, .cols = cols, .x = copy };
    return JN_OK;
}

jn_status jn_value_copy(const jn_value *from, jn_value *to)
{
    if (from->word == NULL) {
        return jn_value_numbers(from->rows, from->cols, from->x, to);
    }
    char *word = jn_strdup(from->word);
    if (word == NULL) {
        return JN_ERR_NOMEM;
    }
    *to = (jn_value){ .word = word };
    return JN_OK;
}
