#include "overwrite.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool jn_is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

/* Where a file is or will be: links resolved, of a new file those of its folder. */
static bool locate(const char *path, char *out)
{
    char copy[PATH_MAX], folder[PATH_MAX];
    if (realpath(path, out) != NULL) {
        return true;
    }
    if (strlen(path) >= sizeof copy || realpath(dirname(strcpy(copy, path)), folder) == NULL) {
        return false;
    }
    const char *slash = strrchr(path, '/');
    return snprintf(out, PATH_MAX, "%s/%s", folder, slash == NULL ? path : slash + 1) < PATH_MAX;
}

static bool same_file(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

static bool is_device(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISCHR(s.st_mode);
}

bool jn_same_place(const char *a, const char *b)
{
    char at[PATH_MAX], bt[PATH_MAX];
    if (jn_is_standard(a) || jn_is_standard(b)) {
        return jn_is_standard(a) && jn_is_standard(b);
    }
    if (is_device(a)) {
        return false;
    }
    return strcmp(a, b) == 0 || (locate(a, at) && locate(b, bt) && strcmp(at, bt) == 0) ||
           same_file(a, b);
}

static bool is_written(const jn_command *c, const jn_option *o)
{
    return strcmp(o->name, "output") == 0 || strcmp(o->name, "save-weights") == 0 ||
           (strcmp(o->name, "latents") == 0 && strcmp(c->name, "simulate") == 0);
}

static const char *text_of(const jn_option *o, const void *args)
{
    return *(const char *const *)((const char *)args + o->offset);
}

/* NAME=FILE and NAME=@FILE */
static bool any_is(const jn_words *values, const char *path)
{
    for (size_t i = 0; i < values->n; i++) {
        const char *value = strchr(values->word[i], '=');
        value = value == NULL ? values->word[i] : value + 1;
        if (same_file(value + (value[0] == '@'), path)) {
            return true;
        }
    }
    return false;
}

static bool reads(const jn_command *c, const jn_option *o, const void *args, const char *path)
{
    if (o->kind == JN_OPTION_LIST) {
        return any_is((const jn_words *)((const char *)args + o->offset), path);
    }
    const bool file = o->kind == JN_OPTION_TEXT && !is_written(c, o) &&
                      (strcmp(o->metavar, "FILE") == 0 || strcmp(o->name, "evidence") == 0);
    const char *text = file ? text_of(o, args) : NULL;
    return !jn_is_standard(text) && same_file(text, path);
}

/* Of option `out`, which writes to `path`. */
static jn_status check_one(const jn_command *c, const void *args, const jn_parsed *p,
                           const jn_option *out, const char *path, jn_error *err)
{
    const bool file_words = strcmp(c->name, "weights") == 0; /* others take names */
    bool read = file_words && any_is(&p->words, path);
    const jn_option *other = NULL;
    for (size_t i = 0; i < c->n_options; i++) {
        const jn_option *o = &c->options[i];
        read = read || reads(c, o, args, path);
        const char *text = o < out && is_written(c, o) ? text_of(o, args) : NULL;
        other = text != NULL && !jn_is_standard(text) && jn_same_place(text, path) ? o : other;
    }
    if (read) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--%s: %s is read, too, and would be lost: name another file",
                            out->name, path);
    }
    return other == NULL
               ? JN_OK
               : jn_error_set(err, JN_ERR_USAGE,
                              "--%s and --%s would both be written to %s: name another file",
                              other->name, out->name, path);
}

jn_status jn_check_outputs(const jn_command *c, const void *args, const jn_parsed *p, jn_error *err)
{
    for (size_t i = 0; i < c->n_options; i++) {
        const jn_option *o = &c->options[i];
        const bool written = o->kind == JN_OPTION_TEXT && is_written(c, o);
        const char *path = written ? text_of(o, args) : NULL;
        if (!jn_is_standard(path) && !is_device(path)) {
            const jn_status st = check_one(c, args, p, o, path, err);
            if (st < 0) {
                return st;
            }
        }
    }
    return JN_OK;
}
