#include "counts.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

enum { COUNT_TEXT = 40 };

static bool all_digits(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && isdigit((unsigned char)text[i])) {
        i++;
    }
    return n > 0 && i == n;
}

/* false: more than 64 bits */
static bool digits_value(const char *text, size_t n, uint64_t *out)
{
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (x > (UINT64_MAX - digit) / 10) {
            return false;
        }
        x = 10 * x + digit;
    }
    *out = x;
    return true;
}

jn_status jn_count_read(const char *text, size_t n, uint64_t lo, uint64_t hi, uint64_t *out,
                        jn_error *err)
{
    char word[COUNT_TEXT];
    const size_t kept = n < sizeof word ? n : sizeof word - 1;
    memcpy(word, text, kept);
    word[kept] = '\0';
    uint64_t x = UINT64_MAX;
    bool small = true;
    if (all_digits(text, n)) {
        small = digits_value(text, n, &x);
    } else {
        double real;
        if (kept < n || !jn_number_read(word, n, &real) || word[0] == '-' || real != floor(real)) {
            return jn_error_set(err, JN_ERR_USAGE,
                                "'%s' is not a count; give whole numbers like 1,10,1e3", word);
        }
        small = real <= 0x1p53;
        x = small ? (uint64_t)real : x;
    }
    if (!small || x < lo || x > hi) {
        char most[32]; /* 1e+15 reads better than its zeros */
        (void)(hi <= (uint64_t)1 << 53 ? snprintf(most, sizeof most, "%.15g", (double)hi)
                                       : snprintf(most, sizeof most, "%" PRIu64, hi));
        return jn_error_set(err, JN_ERR_USAGE, "%s is out of range: from %" PRIu64 " to %s", word,
                            lo, most);
    }
    *out = x;
    return JN_OK;
}

typedef struct counts {
    size_t n;
    uint64_t *x;
} counts;

static jn_status add(counts *c, uint64_t x)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->x[i] == x) {
            return JN_OK;
        }
    }
    uint64_t *more = jn_realloc(c->x, c->n + 1, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    c->x = more;
    c->x[c->n++] = x;
    return JN_OK;
}

static jn_status add_series(counts *c, uint64_t from, uint64_t to)
{
    static const uint64_t steps[] = { 1, 2, 5 };
    jn_status st = add(c, from);
    for (uint64_t ten = 1; st == JN_OK && ten <= to; ten *= 10) {
        for (size_t i = 0; st == JN_OK && i < 3; i++) {
            const bool fits = ten <= UINT64_MAX / steps[i];
            const uint64_t x = fits ? steps[i] * ten : 0;
            st = x > from && x < to ? add(c, x) : JN_OK;
        }
        if (ten > to / 10) {
            break;
        }
    }
    return st == JN_OK ? add(c, to) : st;
}

static jn_status add_item(counts *c, const char *item, size_t n, uint64_t lo, uint64_t hi,
                          jn_error *err)
{
    const char *dots = memmem(item, n, "..", 2);
    uint64_t from, to;
    if (dots == NULL) {
        const jn_status st = jn_count_read(item, n, lo, hi, &from, err);
        return st == JN_OK ? add(c, from) : st;
    }
    const size_t head = (size_t)(dots - item);
    jn_status st = jn_count_read(item, head, lo, hi, &from, err);
    if (st == JN_OK) {
        st = jn_count_read(dots + 2, n - head - 2, lo, hi, &to, err);
    }
    if (st == JN_OK && from > to) {
        st = jn_error_set(err, JN_ERR_USAGE, "'%.*s' runs backwards", (int)n, item);
    }
    return st == JN_OK ? add_series(c, from, to) : st;
}

jn_status jn_counts_read(const char *text, uint64_t lo, uint64_t hi, size_t *n, uint64_t **out,
                         jn_error *err)
{
    counts c = { 0, NULL };
    jn_status st = JN_OK;
    for (const char *item = text; st == JN_OK && item != NULL;) {
        const char *comma = strchr(item, ',');
        const size_t length = comma == NULL ? strlen(item) : (size_t)(comma - item);
        st = add_item(&c, item, length, lo, hi, err);
        item = comma == NULL ? NULL : comma + 1;
    }
    if (st != JN_OK) {
        free(c.x);
        return st == JN_ERR_NOMEM ? jn_error_set(err, st, "out of memory") : st;
    }
    *n = c.n;
    *out = c.x;
    return JN_OK;
}
