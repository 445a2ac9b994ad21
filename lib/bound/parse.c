/* Lists of bounds as people write them. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "jensen/bound.h"
#include "jensen/params.h"

typedef struct list {
    size_t n;
    jn_bound_arg *arg;
} list;

static const struct {
    const char *name, *range;
    double lo, hi;
    bool whole;
} numbers[] = {
    [JN_BOUND_ALPHA] = { "ALPHA", "a number from -1000 to 1000", -1e3, 1e3, false },
    [JN_BOUND_N] = { "N", "a number above 1, at most 1000", 1.0, 1e3, false },
    [JN_BOUND_POINTS] = { "POINTS", "a count from 1 to 10000", 1.0, JN_TVO_POINTS_MAX, true },
    [JN_BOUND_ORDER] = { "ORDER", "a count from 1 to 8", 1.0, JN_JVI_ORDER_MAX, true },
};

static jn_status unknown(const char *word, jn_error *err)
{
    enum { MOST = 32 };
    const char *names[MOST];
    char shown[JN_EXCERPT];
    size_t n;
    const jn_bound *const *bounds = jn_bounds(&n);
    for (size_t i = 0; i < n && i < MOST; i++) {
        names[i] = bounds[i]->name;
    }
    const char *near = jn_nearest(word, names, n < MOST ? n : MOST);
    (void)jn_excerpt(word, shown);
    return near == NULL
               ? jn_error_set(err, JN_ERR_USAGE, "no bound %s ('jensen models' lists them)", shown)
               : jn_error_set(err, JN_ERR_USAGE, "no bound %s; did you mean '%s'?", shown, near);
}

/* The number after the colon; `text` NULL: there is none. */
static jn_status read_number(const char *text, jn_bound_arg *arg, jn_error *err)
{
    const jn_bound_number kind = arg->bound->number;
    char shown[JN_EXCERPT];
    double x;
    if (kind == JN_BOUND_PLAIN) {
        return text == NULL ? JN_OK
                            : jn_error_set(err, JN_ERR_USAGE, "%s takes no number after a colon",
                                           arg->bound->name);
    }
    if (text == NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "%s needs its number: %s:%s, %s", arg->bound->name,
                            arg->bound->name, numbers[kind].name, numbers[kind].range);
    }
    const bool read = jn_number_read(text, strlen(text), &x);
    if (!read || x < numbers[kind].lo || x > numbers[kind].hi || (kind == JN_BOUND_N && x == 1.0) ||
        (numbers[kind].whole && x != floor(x))) {
        return jn_error_set(err, JN_ERR_USAGE, "%s:%s: %s is not %s", arg->bound->name,
                            numbers[kind].name, jn_excerpt(text, shown), numbers[kind].range);
    }
    switch (kind) {
    case JN_BOUND_ALPHA:
        arg->alpha = x + 0.0; /* no negative zero */
        break;
    case JN_BOUND_N:
        arg->n = x;
        break;
    case JN_BOUND_POINTS:
        arg->points = (unsigned)x;
        break;
    case JN_BOUND_ORDER:
    case JN_BOUND_PLAIN:
    default:
        arg->order = (unsigned)x;
        break;
    }
    return JN_OK;
}

static bool same(const jn_bound_arg *a, const jn_bound_arg *b)
{
    return a->bound == b->bound && a->k == b->k && a->alpha == b->alpha && a->n == b->n &&
           a->points == b->points && a->order == b->order && a->right == b->right;
}

static jn_status add(list *l, const jn_bound_arg *arg, const char *item, jn_error *err)
{
    char shown[JN_EXCERPT];
    for (size_t i = 0; i < l->n; i++) {
        if (same(&l->arg[i], arg)) {
            return jn_error_set(err, JN_ERR_USAGE, "%s is given twice", jn_excerpt(item, shown));
        }
    }
    jn_bound_arg *more = jn_realloc(l->arg, l->n + 1, sizeof *more);
    if (more == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    l->arg = more;
    more[l->n++] = *arg;
    return JN_OK;
}

/* The rows of one bound. */
static jn_status add_rows(list *l, jn_bound_arg arg, const char *item, size_t n_k,
                          const uint64_t *ks, jn_error *err)
{
    if (!arg.bound->takes_k) {
        jn_status st = add(l, &arg, item, err);
        arg.right = arg.bound->two_sided;
        return st == JN_OK && arg.right ? add(l, &arg, item, err) : st;
    }
    size_t rows = 0;
    for (size_t i = 0; i < n_k; i++) {
        arg.k = ks[i];
        if (arg.k > arg.order) {
            jn_status st = add(l, &arg, item, err);
            if (st == JN_OK && arg.bound->two_sided) {
                arg.right = true;
                st = add(l, &arg, item, err);
                arg.right = false;
            }
            if (st != JN_OK) {
                return st;
            }
            rows++;
        }
    }
    return rows > 0 ? JN_OK
                    : jn_error_set(err, JN_ERR_USAGE, "%s needs a K above %u", item, arg.order);
}

/* `item` may be changed. */
static jn_status add_item(list *l, char *item, size_t n_k, const uint64_t *ks, jn_error *err)
{
    char *colon = strchr(item, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    jn_bound_arg arg = { .bound = jn_bound_find(item) };
    if (arg.bound == NULL) {
        return unknown(item, err);
    }
    const jn_status st = read_number(colon == NULL ? NULL : colon + 1, &arg, err);
    if (st != JN_OK) {
        return st;
    }
    if (colon != NULL) {
        *colon = ':';
    }
    return add_rows(l, arg, item, n_k, ks, err);
}

jn_status jn_bounds_parse(const char *text, size_t n_k, const uint64_t *ks, size_t *n,
                          jn_bound_arg **out, jn_error *err)
{
    char *copy = jn_strdup(text);
    if (copy == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    list l = { 0, NULL };
    jn_status st = JN_OK;
    for (char *item = copy; st == JN_OK && item != NULL;) {
        char *comma = strchr(item, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        st = add_item(&l, item, n_k, ks, err);
        item = comma == NULL ? NULL : comma + 1;
    }
    free(copy);
    if (st != JN_OK) {
        free(l.arg);
        return st;
    }
    *n = l.n;
    *out = l.arg;
    return JN_OK;
}
