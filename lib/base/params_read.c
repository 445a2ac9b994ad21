#include "jensen/params.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"

static jn_status missing(const char *name, const char *expected, jn_error *err)
{
    return jn_error_set(err, JN_ERR_VALUE, "parameter '%s' is not set: expected %s", name,
                        expected);
}

/* "is 2 x 3" or "is the word 'abc'" */
static jn_status wrong_shape(const jn_value *v, const char *name, const char *expected,
                             jn_error *err)
{
    char shown[JN_EXCERPT];
    if (v->word != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "parameter '%s' is the word %s: expected %s", name,
                            jn_excerpt(v->word, shown), expected);
    }
    return jn_error_set(err, JN_ERR_VALUE, "parameter '%s' has shape %zu x %zu: expected %s", name,
                        v->rows, v->cols, expected);
}

/* "a number", "a number > 0", "a number in [0, 1]" */
static void describe_range(double lo, double hi, char *buf, size_t size)
{
    char a[JN_NUMBER_TEXT], b[JN_NUMBER_TEXT];
    const bool positive = lo == nextafter(0.0, 1.0);
    const bool from_below = isinf(lo);
    jn_number_text(positive ? 0.0 : lo, a);
    jn_number_text(hi, b);
    if (from_below && isinf(hi)) {
        snprintf(buf, size, "a number");
    } else if (isinf(hi)) {
        snprintf(buf, size, "a number %s %s", positive ? ">" : ">=", a);
    } else if (from_below) {
        snprintf(buf, size, "a number <= %s", b);
    } else {
        snprintf(buf, size, "a number in %s%s, %s]", positive ? "(" : "[", a, b);
    }
}

/* Every number of v lies in [lo, hi]; the message gives its place, from 0, unless v is a scalar. */
static jn_status check_range(const jn_value *v, const char *name, double lo, double hi,
                             jn_error *err)
{
    for (size_t i = 0; i < v->rows * v->cols; i++) {
        if (v->x[i] >= lo && v->x[i] <= hi) {
            continue;
        }
        char range[96], found[JN_NUMBER_TEXT], place[48] = "";
        describe_range(lo, hi, range, sizeof range);
        if (v->rows > 1) {
            snprintf(place, sizeof place, "[%zu,%zu]", i / v->cols, i % v->cols);
        } else if (v->cols > 1) {
            snprintf(place, sizeof place, "[%zu]", i);
        }
        return jn_error_set(err, JN_ERR_VALUE, "parameter '%s'%s = %s: expected %s", name, place,
                            jn_number_text(v->x[i], found), range);
    }
    return JN_OK;
}

static bool is_scalar(const jn_value *v)
{
    return v->rows == 1 && v->cols == 1;
}

static void spread(const jn_value *v, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = is_scalar(v) ? v->x[0] : v->x[i];
    }
}

/* The part that the three numeric readers share: `fits` says whether v has a shape that gives n
 * numbers. */
static jn_status read_numbers(const jn_value *v, const char *name, bool fits, const char *expected,
                              double lo, double hi, size_t n, double *out, jn_error *err)
{
    if (v == NULL) {
        return missing(name, expected, err);
    }
    if (v->word != NULL || !fits) {
        return wrong_shape(v, name, expected, err);
    }
    const jn_status status = check_range(v, name, lo, hi, err);
    if (status == JN_OK) {
        spread(v, n, out);
    }
    return status;
}

jn_status jn_params_number(const jn_params *p, const char *name, double lo, double hi, double *out,
                           jn_error *err)
{
    const jn_value *v = jn_params_find(p, name);
    char expected[96];
    describe_range(lo, hi, expected, sizeof expected);
    return read_numbers(v, name, v != NULL && is_scalar(v), expected, lo, hi, 1, out, err);
}

jn_status jn_params_vector(const jn_params *p, const char *name, size_t n, double lo, double hi,
                           double *out, jn_error *err)
{
    const jn_value *v = jn_params_find(p, name);
    char expected[64];
    snprintf(expected, sizeof expected, n == 1 ? "%zu number" : "%zu numbers, or one for all", n);
    const bool fits = v != NULL && (v->rows == 1 || v->cols == 1) &&
                      (is_scalar(v) || v->rows * v->cols == n);
    return read_numbers(v, name, fits, expected, lo, hi, n, out, err);
}

jn_status jn_params_matrix(const jn_params *p, const char *name, size_t rows, size_t cols,
                           double lo, double hi, double *out, jn_error *err)
{
    const jn_value *v = jn_params_find(p, name);
    char expected[96];
    snprintf(expected, sizeof expected, "%zu x %zu (rows separated by ';')", rows, cols);
    const bool fits = v != NULL && ((v->rows == rows && v->cols == cols) ||
                                    (is_scalar(v) && (rows == 1 || cols == 1)));
    return read_numbers(v, name, fits, expected, lo, hi, rows * cols, out, err);
}

void jn_params_shape(const jn_params *p, const char *name, size_t *rows, size_t *cols)
{
    const jn_value *v = jn_params_find(p, name);
    const bool numbers = v != NULL && v->word == NULL;
    *rows = numbers ? v->rows : 0;
    *cols = numbers ? v->cols : 0;
}

/* The nearest of "a|b|c" into buf, or NULL. */
static const char *nearest_choice(const char *word, const char *choices, char buf[JN_EXCERPT])
{
    char item[JN_EXCERPT];
    const char *near = NULL;
    for (const char *c = choices;; c++) {
        const size_t n = strcspn(c, "|");
        snprintf(item, sizeof item, "%.*s", (int)n, c);
        if (jn_nearest(word, (const char *const[]){ near, item }, 2) == item) {
            near = strcpy(buf, item);
        }
        c += n;
        if (*c == '\0') {
            return near;
        }
    }
}

static jn_status no_choice(const jn_value *v, const char *name, const char *choices, jn_error *err)
{
    char shown[JN_EXCERPT], near[JN_EXCERPT];
    if (v->word == NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "parameter '%s' is a number: expected one of %s",
                            name, choices);
    }
    jn_excerpt(v->word, shown);
    if (nearest_choice(v->word, choices, near) != NULL) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "parameter '%s' is %s: did you mean '%s'? It takes one of %s", name,
                            shown, near, choices);
    }
    return jn_error_set(err, JN_ERR_USAGE, "parameter '%s' is %s: expected one of %s", name, shown,
                        choices);
}

jn_status jn_params_choice(const jn_params *p, const char *name, const char *choices, size_t *index,
                           jn_error *err)
{
    const jn_value *v = jn_params_find(p, name);
    if (v == NULL) {
        char expected[JN_ERROR_TEXT / 2];
        snprintf(expected, sizeof expected, "one of %s", choices);
        return missing(name, expected, err);
    }
    const char *c = choices;
    for (size_t i = 0; v->word != NULL; i++) {
        const size_t n = strcspn(c, "|");
        if (strlen(v->word) == n && strncmp(v->word, c, n) == 0) {
            *index = i;
            return JN_OK;
        }
        if (c[n] == '\0') {
            break;
        }
        c += n + 1;
    }
    return no_choice(v, name, choices, err);
}
