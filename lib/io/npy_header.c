#include "io/npy_header.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

typedef struct cursor {
    const char *p, *end;
    const char *name; /* of the file */
    jn_error *err;
} cursor;

static jn_status malformed(const cursor *c, const char *expected)
{
    return jn_error_set(c->err, JN_ERR_VALUE, "%s: malformed .npy header: expected %s", c->name,
                        expected);
}

static void skip_blanks(cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t')) {
        c->p++;
    }
}

static bool accept(cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->p < c->end && *c->p == wanted) {
        c->p++;
        return true;
    }
    return false;
}

static bool accept_word(cursor *c, const char *word)
{
    const size_t n = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->p) >= n && memcmp(c->p, word, n) == 0) {
        c->p += n;
        return true;
    }
    return false;
}

/* 'text' or "text" of fewer than `size` bytes, without escapes. */
static bool read_string(cursor *c, char *buf, size_t size)
{
    skip_blanks(c);
    if (c->p == c->end || (*c->p != '\'' && *c->p != '"')) {
        return false;
    }
    const char *first = c->p + 1;
    const char *last = memchr(first, *c->p, (size_t)(c->end - first));
    if (last == NULL || (size_t)(last - first) >= size) {
        return false;
    }
    memcpy(buf, first, (size_t)(last - first));
    buf[last - first] = '\0';
    c->p = last + 1;
    return true;
}

static jn_status unreadable_type(const cursor *c, const char *descr)
{
    char shown[JN_EXCERPT];
    jn_excerpt(descr, shown);
    if (strchr(descr, 'O') != NULL) {
        return jn_error_set(c->err, JN_ERR_VALUE,
                            "%s holds Python objects: expected floats, integers or booleans",
                            c->name);
    }
    return jn_error_set(c->err, JN_ERR_VALUE,
                        "%s holds elements of type %s: expected floats (f2, f4, f8), integers or "
                        "booleans",
                        c->name, shown);
}

/* Byte order, kind and size: "<f8", "|b1". */
static jn_status read_descr(cursor *c, jn_npy_header *h)
{
    char descr[32];
    skip_blanks(c);
    if (c->p < c->end && *c->p == '[') {
        return jn_error_set(c->err, JN_ERR_VALUE,
                            "%s holds a structured array: expected one number an element", c->name);
    }
    if (!read_string(c, descr, sizeof descr)) {
        return malformed(c, "a type such as '<f8' after 'descr'");
    }
    static const char *const kinds[] = { "f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (descr[0] != '\0' && strchr("<>|=", descr[0]) != NULL &&
            strcmp(descr + 1, kinds[i]) == 0) {
            strcpy(h->descr, descr);
            h->big_endian = descr[0] == '>';
            h->kind = kinds[i][0];
            h->size = (size_t)(kinds[i][1] - '0');
            return JN_OK;
        }
    }
    return unreadable_type(c, descr);
}

static jn_status read_order(cursor *c, jn_npy_header *h)
{
    h->fortran = accept_word(c, "True");
    if (!h->fortran && !accept_word(c, "False")) {
        return malformed(c, "True or False after 'fortran_order'");
    }
    return JN_OK;
}

/* Digits; Python 2 wrote an L behind some. */
static jn_status read_size(cursor *c, size_t *out)
{
    const char *first = c->p;
    size_t n = 0;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        const size_t digit = (size_t)(*c->p - '0');
        if (n > (SIZE_MAX - digit) / 10) {
            return jn_error_set(c->err, JN_ERR_VALUE, "%s: a shape too large for this machine",
                                c->name);
        }
        n = 10 * n + digit;
    }
    if (c->p == first) {
        return malformed(c, "a shape such as (3, 4)");
    }
    (void)accept(c, 'L');
    *out = n;
    return JN_OK;
}

static jn_status read_shape(cursor *c, jn_npy_header *h)
{
    if (!accept(c, '(')) {
        return malformed(c, "a shape such as (3, 4)");
    }
    size_t ndim = 0;
    bool comma = true;
    for (; !accept(c, ')'); ndim++) {
        size_t n = 0;
        const jn_status status = comma ? read_size(c, &n) : malformed(c, "a shape such as (3, 4)");
        if (status != JN_OK) {
            return status;
        }
        if (ndim < 2) {
            h->shape[ndim] = n;
        }
        comma = accept(c, ',');
    }
    if (ndim == 1 && !comma) {
        return malformed(c, "a shape such as (3,)");
    }
    if (ndim > 2) {
        return jn_error_set(c->err, JN_ERR_VALUE, "%s has %zu dimensions: expected at most 2",
                            c->name, ndim);
    }
    h->ndim = (int)ndim;
    return JN_OK;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };

static jn_status read_entry(cursor *c, jn_npy_header *h, int *seen)
{
    static const char *const keys[] = { "descr", "fortran_order", "shape" };
    jn_status (*const readers[])(cursor *, jn_npy_header *) = { read_descr, read_order,
                                                                read_shape };
    char key[16] = "";
    const bool has_key = read_string(c, key, sizeof key) && accept(c, ':');
    for (int i = 0; has_key && i < 3; i++) {
        if (strcmp(key, keys[i]) == 0 && (*seen & 1 << i) == 0) {
            *seen |= 1 << i;
            return readers[i](c, h);
        }
    }
    return malformed(c, "the keys 'descr', 'fortran_order' and 'shape', each once");
}

jn_status jn_npy_header_parse(const char *text, size_t n, const char *name, jn_npy_header *out,
                              jn_error *err)
{
    cursor c = { .p = text, .end = text + n, .name = name, .err = err };
    jn_npy_header h = { 0 };
    int seen = 0;
    if (!accept(&c, '{')) {
        return malformed(&c, "a dictionary in braces");
    }
    for (bool comma = true; !accept(&c, '}'); comma = accept(&c, ',')) {
        const jn_status status = comma ? read_entry(&c, &h, &seen) : malformed(&c, "a comma or }");
        if (status != JN_OK) {
            return status;
        }
    }
    skip_blanks(&c);
    if (seen != ALL) {
        return malformed(&c, "the keys 'descr', 'fortran_order' and 'shape', each once");
    }
    if (c.p != c.end) {
        return malformed(&c, "nothing after the closing brace");
    }
    *out = h;
    return JN_OK;
}

const char *jn_npy_shape_text(const jn_npy_header *h, char buf[JN_NPY_SHAPE])
{
    if (h->ndim == 2) {
        snprintf(buf, JN_NPY_SHAPE, "(%zu, %zu)", h->shape[0], h->shape[1]);
    } else if (h->ndim == 1) {
        snprintf(buf, JN_NPY_SHAPE, "(%zu,)", h->shape[0]);
    } else {
        snprintf(buf, JN_NPY_SHAPE, "()");
    }
    return buf;
}
