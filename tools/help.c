#include <string.h>

#include "io/output.h"
#include "program.h"

enum { LEFT = 24 };

void jn_help_option(const jn_option *o, char *buf, size_t size)
{
    char letter[8] = "";
    if (o->letter != 0) {
        (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
    }
    (void)snprintf(buf, size, "%s--%s%s%s", letter, o->name, o->metavar == NULL ? "" : " ",
                   o->metavar == NULL ? "" : o->metavar);
}

int jn_help_command(const jn_command *c)
{
    jn_error err = JN_ERROR_INIT;
    jn_output *out;
    if (jn_output_open(NULL, &out, &err) < 0) {
        return jn_fail(c->name, &err);
    }
    FILE *f = jn_output_file(out);
    fprintf(f, "usage: jensen %s %s\n%s.\n", c->name, c->usage, c->summary);
    const size_t shown = c->n_help > 0 ? c->n_help : c->n_options;
    for (size_t i = 0; i < shown; i++) {
        char text[64];
        jn_help_option(&c->options[i], text, sizeof text);
        fprintf(f, "  %-*s %s\n", LEFT, text, c->options[i].help);
    }
    for (size_t i = 0; i < 2 && c->examples[i] != NULL; i++) {
        fprintf(f, "%s %s\n", i == 0 ? "e.g." : "    ", c->examples[i]);
    }
    return jn_output_commit(out, &err) < 0 ? jn_fail(c->name, &err) : JN_EXIT_DONE;
}

int jn_help_program(void)
{
    jn_error err = JN_ERROR_INIT;
    jn_output *out;
    if (jn_output_open(NULL, &out, &err) < 0) {
        return jn_fail(NULL, &err);
    }
    FILE *f = jn_output_file(out);
    fputs("jensen measures the gap between variational bounds and the exact log-likelihood.\n"
          "usage: jensen COMMAND [ARGUMENT]...\n",
          f);
    const char *group = "";
    for (size_t i = 0; i < jn_n_commands; i++) {
        const jn_command *c = jn_commands[i];
        if (c->group == NULL) {
            continue;
        }
        if (strcmp(c->group, group) != 0) {
            group = c->group;
            fprintf(f, "\n%s\n", group);
        }
        fprintf(f, "  %-10s %s\n", c->name, c->summary);
    }
    fputs("\nHelp\n"
          "  help       this text; 'jensen help COMMAND' or 'jensen COMMAND --help' for one\n"
          "  --version  version, compiler, libraries, licence\n"
          "\nStart with 'jensen gap': it needs no data.\n"
          "Exit status: 0 done, 1 an answer weaker than asked, 2 a mistake on the command line,\n"
          "3 unusable values or data, 4 cannot open, read or write.\n",
          f);
    return jn_output_commit(out, &err) < 0 ? jn_fail(NULL, &err) : JN_EXIT_DONE;
}
