#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "counts.h"
#include "jensen/params.h"

typedef struct parse {
    const jn_command *command;
    char *into;
    bool *seen; /* one an option */
    jn_parsed *out;
    jn_error *err;
} parse;

static const jn_option *find(const parse *p, const char *name, size_t n)
{
    for (size_t i = 0; i < p->command->n_options; i++) {
        const jn_option *o = &p->command->options[i];
        if (strlen(o->name) == n && strncmp(o->name, name, n) == 0) {
            return o;
        }
    }
    return NULL;
}

static const jn_option *find_letter(const parse *p, char letter)
{
    for (size_t i = 0; i < p->command->n_options; i++) {
        if (p->command->options[i].letter == letter) {
            return &p->command->options[i];
        }
    }
    return NULL;
}

static jn_status unknown(const parse *p, const char *text)
{
    char shown[JN_EXCERPT];
    const size_t n = p->command->n_options;
    const char **names = jn_alloc(n + 1, sizeof *names);
    if (names == NULL) {
        return jn_error_set(p->err, JN_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = p->command->options[i].name;
    }
    names[n] = "help";
    char *word = jn_strdup(text + strspn(text, "-"));
    if (word != NULL) {
        word[strcspn(word, "=")] = '\0';
    }
    const char *near = word == NULL ? NULL : jn_nearest(word, names, n + 1);
    free(names);
    free(word);
    return near != NULL
               ? jn_error_set(p->err, JN_ERR_USAGE, "no option %s; did you mean '--%s'?",
                              jn_excerpt(text, shown), near)
               : jn_error_set(p->err, JN_ERR_USAGE, "no option %s ('jensen %s --help' lists them)",
                              jn_excerpt(text, shown), p->command->name);
}

static jn_status set_choice(const jn_option *o, const char *value, int *into, jn_error *err)
{
    char shown[JN_EXCERPT];
    const size_t n = strlen(value);
    int index = 1;
    for (const char *c = o->choices; c != NULL; index++) {
        const char *end = strchr(c, '|');
        const size_t length = end == NULL ? strlen(c) : (size_t)(end - c);
        if (length == n && strncmp(c, value, n) == 0) {
            *into = index;
            return JN_OK;
        }
        c = end == NULL ? NULL : end + 1;
    }
    char *copy = jn_strdup(o->choices);
    jn_words names = { 0, NULL };
    if (copy == NULL || jn_words_split(copy, '|', &names) != JN_OK) {
        free(copy);
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    const char *near = jn_nearest(value, names.word, names.n);
    const jn_status st = near != NULL
                             ? jn_error_set(err, JN_ERR_USAGE, "--%s: no %s; did you mean '%s'?",
                                            o->name, jn_excerpt(value, shown), near)
                             : jn_error_set(err, JN_ERR_USAGE, "--%s: %s is none of %s", o->name,
                                            jn_excerpt(value, shown), o->choices);
    jn_words_free(&names);
    free(copy);
    return st;
}

static jn_status set_real(const jn_option *o, const char *value, double *into, jn_error *err)
{
    char shown[JN_EXCERPT];
    double x;
    if (!jn_number_read(value, strlen(value), &x) || !(x > 0.0)) {
        return jn_error_set(err, JN_ERR_USAGE, "--%s: %s is not a number above 0", o->name,
                            jn_excerpt(value, shown));
    }
    *into = x;
    return JN_OK;
}

static jn_status set(const parse *p, const jn_option *o, const char *value)
{
    void *into = p->into + o->offset;
    switch (o->kind) {
    case JN_OPTION_FLAG:
        *(bool *)into = true;
        return JN_OK;
    case JN_OPTION_TEXT:
        *(const char **)into = value;
        return JN_OK;
    case JN_OPTION_LIST:
        return jn_words_add(into, value);
    case JN_OPTION_COUNT: {
        const jn_status st = jn_count_read(value, strlen(value), o->lo, o->hi, into, p->err);
        return st < 0 ? jn_error_prefix(p->err, st, "--%s", o->name) : st;
    }
    case JN_OPTION_REAL:
        return set_real(o, value, into, p->err);
    case JN_OPTION_CHOICE:
        return set_choice(o, value, into, p->err);
    }
    return JN_ERR_USAGE;
}

static jn_status record(const parse *p, const jn_option *o, const char *text, const char *value)
{
    if (!o->determines) {
        return JN_OK;
    }
    jn_status st = jn_words_add(&p->out->provenance, text);
    if (st == JN_OK && value != NULL) {
        st = jn_words_add(&p->out->provenance, value);
    }
    return st;
}

/* Sets the option; `value` NULL: none was given. */
static jn_status apply(const parse *p, const jn_option *o, const char *text, const char *value)
{
    bool *seen = &p->seen[o - p->command->options];
    if (*seen && o->kind != JN_OPTION_LIST) {
        return jn_error_set(p->err, JN_ERR_USAGE, "--%s is given twice", o->name);
    }
    *seen = true;
    if (o->kind != JN_OPTION_FLAG && (value == NULL || value[0] == '\0')) {
        return jn_error_set(p->err, JN_ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
                            o->metavar);
    }
    const jn_status st = set(p, o, value);
    return st == JN_OK ? record(p, o, text, value) : st;
}

/* The option at argv[0]; *taken: how many arguments it and its value are. */
static jn_status take_option(const parse *p, int argc, char **argv, int *taken)
{
    char *text = argv[0];
    const bool is_long = text[1] == '-';
    char *equals = is_long ? strchr(text, '=') : NULL;
    const size_t n = is_long ? (size_t)((equals == NULL ? strchr(text, '\0') : equals) - text) - 2
                             : 0;
    const jn_option *o = is_long           ? find(p, text + 2, n)
                         : text[2] == '\0' ? find_letter(p, text[1])
                                           : NULL;
    if (o == NULL) {
        return unknown(p, text);
    }
    *taken = 1;
    if (o->kind == JN_OPTION_FLAG) {
        return equals == NULL ? apply(p, o, text, NULL)
                              : jn_error_set(p->err, JN_ERR_USAGE, "--%s takes no value", o->name);
    }
    const char *value = equals == NULL ? NULL : equals + 1;
    if (equals == NULL && argc > 1 && strncmp(argv[1], "--", 2) != 0) {
        value = argv[1];
        *taken = 2;
    }
    if (equals != NULL) {
        *equals = '\0'; /* the name alone goes to the provenance */
    }
    return apply(p, o, text, value);
}

static jn_status take_word(const parse *p, const char *word)
{
    char shown[JN_EXCERPT];
    if (p->out->words.n == p->command->max_words) {
        return jn_error_set(p->err, JN_ERR_USAGE,
                            "%s is one argument too many ('jensen %s --help' shows how)",
                            jn_excerpt(word, shown), p->command->name);
    }
    const jn_status st = jn_words_add(&p->out->words, word);
    return st == JN_OK ? jn_words_add(&p->out->provenance, word) : st;
}

static jn_status run(const parse *p, int argc, char **argv)
{
    bool options = true;
    jn_status st = jn_words_add(&p->out->provenance, p->command->name);
    for (int i = 0; st == JN_OK && i < argc;) {
        int taken = 1;
        if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            p->out->help = true;
            return JN_OK;
        }
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            st = take_option(p, argc - i, argv + i, &taken);
        } else {
            st = take_word(p, argv[i]);
        }
        i += taken;
    }
    return st;
}

jn_status jn_options_parse(const jn_command *c, int argc, char **argv, void *into, jn_parsed *out,
                           jn_error *err)
{
    parse p = { .command = c, .into = into, .out = out, .err = err };
    *out = (jn_parsed){ 0 };
    p.seen = jn_alloc(c->n_options + 1, sizeof *p.seen);
    const jn_status st = p.seen == NULL ? JN_ERR_NOMEM : run(&p, argc, argv);
    free(p.seen);
    if (st == JN_ERR_NOMEM) {
        (void)jn_error_set(err, st, "out of memory");
    }
    if (st < 0) {
        jn_parsed_free(out);
    }
    return st;
}

void jn_parsed_free(jn_parsed *p)
{
    jn_words_free(&p->words);
    jn_words_free(&p->provenance);
}
