#include "jensen/params.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/value.h"

static void free_item(jn_param *item)
{
    free(item->name);
    jn_value_free(&item->value);
}

/* Drop what was added after the first `n`. */
static void truncate_to(jn_params *p, size_t n)
{
    while (p->n > n) {
        free_item(&p->item[--p->n]);
    }
}

void jn_params_free(jn_params *p)
{
    if (p != NULL) {
        truncate_to(p, 0);
        free(p->item);
        *p = (jn_params)JN_PARAMS_INIT;
    }
}

const jn_value *jn_params_find(const jn_params *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->item[i].name, name) == 0) {
            return &p->item[i].value;
        }
    }
    return NULL;
}

/* Moves *value in; on failure it stays the caller's and p is as before. */
static jn_status take(jn_params *p, const char *name, jn_value *value)
{
    if (name[0] == '\0') {
        return JN_ERR_USAGE;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->item[i].name, name) == 0) {
            jn_value_free(&p->item[i].value);
            p->item[i].value = *value;
            return JN_OK;
        }
    }
    char *copy = jn_strdup(name);
    jn_param *grown = copy == NULL ? NULL : jn_realloc(p->item, p->n + 1, sizeof *grown);
    if (grown == NULL) {
        free(copy);
        return JN_ERR_NOMEM;
    }
    p->item = grown;
    p->item[p->n++] = (jn_param){ .name = copy, .value = *value };
    return JN_OK;
}

static jn_status take_or_free(jn_params *p, const char *name, jn_value *value)
{
    const jn_status status = take(p, name, value);
    if (status != JN_OK) {
        jn_value_free(value);
    }
    return status;
}

jn_status jn_params_set_text(jn_params *p, const char *name, const char *text, jn_error *err)
{
    jn_value v;
    char shown[JN_EXCERPT];
    const jn_status parsed = jn_value_parse(text, &v, err);
    if (parsed != JN_OK) {
        return jn_error_prefix(err, parsed, "%s", jn_excerpt(name, shown));
    }
    const jn_status taken = take_or_free(p, name, &v);
    if (taken != JN_OK) {
        return jn_error_set(err, taken,
                            taken == JN_ERR_USAGE ? "a parameter without a name" : "out of memory");
    }
    return JN_OK;
}

jn_status jn_params_set_matrix(jn_params *p, const char *name, size_t rows, size_t cols,
                               const double *x)
{
    jn_value v;
    const jn_status status = jn_value_numbers(rows, cols, x, &v);
    return status != JN_OK ? status : take_or_free(p, name, &v);
}

jn_status jn_params_set_number(jn_params *p, const char *name, double x)
{
    return jn_params_set_matrix(p, name, 1, 1, &x);
}

jn_status jn_params_set_value(jn_params *p, const char *name, const jn_value *value)
{
    jn_value v;
    const jn_status status = jn_value_copy(value, &v);
    return status != JN_OK ? status : take_or_free(p, name, &v);
}

jn_status jn_params_set_word(jn_params *p, const char *name, const char *word)
{
    jn_value v = { .word = jn_strdup(word) };
    return v.word == NULL ? JN_ERR_NOMEM : take_or_free(p, name, &v);
}

jn_status jn_params_copy(const jn_params *from, jn_params *to)
{
    jn_params copy = JN_PARAMS_INIT;
    for (size_t i = 0; i < from->n; i++) {
        const jn_status status = jn_params_set_value(&copy, from->item[i].name,
                                                     &from->item[i].value);
        if (status != JN_OK) {
            jn_params_free(&copy);
            return status;
        }
    }
    jn_params_free(to);
    *to = copy;
    return JN_OK;
}

static jn_status unknown_name(const char *name, const jn_param_spec *specs, size_t n,
                              const char *owner, jn_error *err)
{
    char shown[JN_EXCERPT];
    const char *near = NULL;
    for (size_t i = 0; i < n; i++) { /* two at a time: the nearest so far and the next */
        near = jn_nearest(name, (const char *const[]){ near, specs[i].name }, 2);
    }
    jn_excerpt(name, shown);
    if (near != NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "%s has no parameter %s; did you mean '%s'?", owner,
                            shown, near);
    }
    if (n == 0) {
        return jn_error_set(err, JN_ERR_USAGE, "%s has no parameter %s: it takes none", owner,
                            shown);
    }
    char list[JN_ERROR_TEXT / 2] = "";
    for (size_t i = 0; i < n && strlen(list) + strlen(specs[i].name) + 3 < sizeof list; i++) {
        strcat(strcat(list, i == 0 ? "" : ", "), specs[i].name);
    }
    return jn_error_set(err, JN_ERR_USAGE, "%s has no parameter %s; it takes %s", owner, shown,
                        list);
}

bool jn_param_is_layer(const char *name, const jn_param_spec *specs, size_t n_specs)
{
    for (size_t i = 0; i < n_specs; i++) {
        const size_t stem = strlen(specs[i].name);
        if (strcmp(specs[i].shape, JN_LAYERS) != 0 || strncmp(name, specs[i].name, stem) != 0 ||
            name[stem] != '.') {
            continue;
        }
        const char *number = name + stem + 1;
        const size_t digits = strspn(number, "0123456789");
        const char *kind = number + digits;
        if (digits > 0 && (strcmp(kind, ".weight") == 0 || strcmp(kind, ".bias") == 0)) {
            return true;
        }
    }
    return false;
}

static bool is_specified(const char *name, const jn_param_spec *specs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return true;
        }
    }
    return jn_param_is_layer(name, specs, n);
}

jn_status jn_params_complete(jn_params *p, const jn_param_spec *specs, size_t n_specs,
                             const char *owner, jn_error *err)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!is_specified(p->item[i].name, specs, n_specs)) {
            return unknown_name(p->item[i].name, specs, n_specs, owner, err);
        }
    }
    const size_t given = p->n;
    for (size_t i = 0; i < n_specs; i++) {
        if (specs[i].fallback == NULL || jn_params_find(p, specs[i].name) != NULL) {
            continue;
        }
        const jn_status status = jn_params_set_text(p, specs[i].name, specs[i].fallback, err);
        if (status != JN_OK) {
            truncate_to(p, given);
            return jn_error_prefix(err, status, "%s, default", owner);
        }
    }
    return JN_OK;
}
