/* jensen models: what is built in. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/output.h"
#include "jensen/bound.h"
#include "jensen/exact.h"
#include "jensen/path.h"
#include "jensen/proposal.h"
#include "jensen/source.h"
#include "program.h"

static void print_params(FILE *f, const char *option, const jn_param_spec *specs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "  %s %-14s %s\n", option, specs[i].name, specs[i].help);
        fprintf(f, "  %*s %-14s %s", (int)strlen(option), "", "", specs[i].shape);
        fputs(specs[i].fallback == NULL ? "" : "; default ", f);
        fputs(specs[i].fallback == NULL ? "" : specs[i].fallback, f);
        fputc('\n', f);
    }
}

enum { NAMES = 21, INDENT = 2 + NAMES + 1, LINE = 80 };

/* A word after what stands in the line so far, or in a new one. */
static size_t put_word(FILE *f, size_t column, const char *word, size_t length)
{
    if (column > INDENT && column + 1 + length > LINE) {
        fprintf(f, "\n%*s", INDENT, "");
        column = INDENT;
    }
    fprintf(f, "%s%.*s", column > INDENT ? " " : "", (int)length, word);
    return column + (column > INDENT) + length;
}

static void print_entry(FILE *f, const char *name, const char *text)
{
    fprintf(f, "  %-*s ", NAMES, name);
    size_t column = INDENT;
    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        column = put_word(f, column, text, length);
        text += length + (text[length] == ' ');
    }
    fputc('\n', f);
}

static void print_names(FILE *f, const char *option, const jn_param_spec *specs, size_t n)
{
    if (n == 0) {
        return;
    }
    fprintf(f, "%*s", INDENT, "");
    size_t column = put_word(f, INDENT, option, strlen(option));
    for (size_t i = 0; i < n; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s%s", specs[i].name, i + 1 < n ? "," : "");
        column = put_word(f, column, word, strlen(word));
    }
    fputc('\n', f);
}

static void list_models(FILE *f)
{
    size_t n;
    const jn_model_type *const *types = jn_model_types(&n);
    fputs("Models (parameters: --set NAME=VALUE)\n", f);
    for (size_t i = 0; i < n; i++) {
        print_entry(f, types[i]->name, types[i]->summary);
        print_names(f, "--set", types[i]->params, types[i]->n_params);
    }
}

static void list_proposals(FILE *f, const char *title, const jn_proposal_type *const *types,
                           size_t n)
{
    fprintf(f, "\n%s (--q NAME, parameters: --q-set NAME=VALUE)\n", title);
    for (size_t i = 0; i < n; i++) {
        print_entry(f, types[i]->name, types[i]->summary);
        print_names(f, "--q-set", types[i]->params, types[i]->n_params);
    }
}

static const struct {
    const char *name, *summary;
} rules[] = {
    { "quadrature", "nodes that cover q and the posterior, or every state: no sampling error" },
    { "rqmc", "scrambled Sobol' points mapped by q, with standard errors from replicates" },
    { "mc", "independent draws of q, with standard errors from replicates" },
};
enum { N_RULES = sizeof rules / sizeof *rules };

static void list_rest(FILE *f)
{
    size_t n;
    const jn_bound *const *bounds = jn_bounds(&n);
    fputs("\nBounds (--bounds LIST)\n", f);
    for (size_t i = 0; i < n; i++) {
        print_entry(f, bounds[i]->name, bounds[i]->summary);
    }
    fputs("\nRules (--rule NAME)\n", f);
    for (size_t i = 0; i < N_RULES; i++) {
        print_entry(f, rules[i].name, rules[i].summary);
    }
    const jn_exact_method *const *methods = jn_exact_methods(&n);
    fputs("\nMethods for log p(x) (jensen evidence --methods LIST)\n", f);
    for (size_t i = 0; i < n; i++) {
        print_entry(f, methods[i]->name, methods[i]->summary);
    }
    fputs("\n'jensen models NAME' tells more about one of them.\n", f);
}

static void describe_model(FILE *f, const jn_model_type *m)
{
    fprintf(f, "model %s\n  %s\n  data: %s\n  exact log p(x): %s\n", m->name, m->summary,
            m->data == NULL ? "none" : m->data, m->exact);
    print_params(f, "--set", m->params, m->n_params);
}

/* false: nothing is called so. A name may be both ("prior" is one). */
static bool describe(FILE *f, const char *name)
{
    const jn_model_type *m = jn_model_type_find(name);
    const jn_proposal_type *q = jn_proposal_type_find(name);
    const jn_bound *b = jn_bound_find(name);
    bool found = m != NULL || q != NULL || b != NULL;
    if (m != NULL) {
        describe_model(f, m);
    }
    if (q != NULL) {
        fprintf(f, "proposal %s\n  %s\n", q->name, q->summary);
        print_params(f, "--q-set", q->params, q->n_params);
    }
    size_t n_path;
    const jn_proposal_type *const *path = jn_path_proposal_types(&n_path);
    for (size_t i = 0; i < n_path; i++) {
        if (strcmp(path[i]->name, name) == 0) {
            fprintf(f, "proposal %s, over paths\n  %s\n", name, path[i]->summary);
            found = true;
        }
    }
    if (b != NULL) {
        fprintf(f, "bound %s\n  %s\n%s", b->name, b->summary,
                b->takes_k ? "  given for every K of --k\n" : "");
    }
    for (size_t i = 0; i < N_RULES; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            fprintf(f, "rule %s\n  %s\n", rules[i].name, rules[i].summary);
            found = true;
        }
    }
    return found;
}

static jn_status unknown(const char *name, jn_error *err)
{
    char shown[JN_EXCERPT];
    jn_words names = { 0, NULL };
    size_t n_m, n_q, n_b;
    const jn_model_type *const *m = jn_model_types(&n_m);
    const jn_proposal_type *const *q = jn_proposal_types(&n_q);
    const jn_bound *const *b = jn_bounds(&n_b);
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < n_m + n_q + n_b + N_RULES; i++) {
        st = jn_words_add(&names, i < n_m               ? m[i]->name
                                  : i < n_m + n_q       ? q[i - n_m]->name
                                  : i < n_m + n_q + n_b ? b[i - n_m - n_q]->name
                                                        : rules[i - n_m - n_q - n_b].name);
    }
    const char *near = st == JN_OK ? jn_nearest(name, names.word, names.n) : NULL;
    jn_words_free(&names);
    (void)jn_excerpt(name, shown);
    return near == NULL ? jn_error_set(err, JN_ERR_USAGE,
                                       "nothing is called %s ('jensen models' lists all)", shown)
                        : jn_error_set(err, JN_ERR_USAGE,
                                       "nothing is called %s; did you mean '%s'?", shown, near);
}

static jn_status print_to(FILE *f, const jn_parsed *p, jn_error *err)
{
    if (p->words.n > 0) {
        return describe(f, p->words.word[0]) ? JN_OK : unknown(p->words.word[0], err);
    }
    list_models(f);
    size_t n, n_path;
    const jn_proposal_type *const *types = jn_proposal_types(&n);
    const jn_proposal_type *const *path = jn_path_proposal_types(&n_path);
    list_proposals(f, "Proposals", types, n);
    list_proposals(f, "Path proposals of trajectory models", path, n_path);
    list_rest(f);
    return JN_OK;
}

static int run_models(const jn_command *self, int argc, char **argv)
{
    jn_parsed p;
    jn_error err = JN_ERROR_INIT;
    jn_output *out = NULL;
    jn_status st = jn_options_parse(self, argc, argv, NULL, &p, &err);
    if (st < 0) {
        return jn_fail(self->name, &err);
    }
    if (p.help) {
        jn_parsed_free(&p);
        return jn_help_command(self);
    }
    st = jn_output_open(NULL, &out, &err);
    st = st < 0 ? st : print_to(jn_output_file(out), &p, &err);
    jn_parsed_free(&p);
    if (st < 0) {
        jn_output_discard(out);
        return jn_fail(self->name, &err);
    }
    return jn_output_commit(out, &err) < 0 ? jn_fail(self->name, &err) : JN_EXIT_DONE;
}

const jn_command jn_cmd_models = {
    .name = "models",
    .group = "Look up",
    .summary = "What is built in: models, proposals, bounds, rules, and their parameters",
    .usage = "[NAME]",
    .max_words = 1,
    .examples = { "jensen models", "jensen models linear-gaussian" },
    .run = run_models,
};
