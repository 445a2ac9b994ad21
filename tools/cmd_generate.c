/* jensen generate: man page and completions from the tables that the parser uses. For the build,
 * so it belongs to no group of the help. */
#include <string.h>

#include "io/output.h"
#include "jensen/proposal.h"
#include "program.h"

static void man_text(const char *text, FILE *f)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '-' || *c == '\\') {
            fputc('\\', f);
            fputc(*c == '\\' ? 'e' : '-', f);
        } else if (*c == '.' && (c == text || c[-1] == '\n')) {
            fputs("\\&.", f);
        } else {
            fputc(*c, f);
        }
    }
}

static void man_command(const jn_command *c, FILE *f)
{
    fputs(".SS jensen ", f);
    man_text(c->name, f);
    fputc(' ', f);
    man_text(c->usage, f);
    fputc('\n', f);
    man_text(c->summary, f);
    fputs(".\n", f);
    for (size_t i = 0; i < c->n_options; i++) {
        char left[64];
        jn_help_option(&c->options[i], left, sizeof left);
        fputs(".TP\n.B ", f);
        man_text(left, f);
        fputc('\n', f);
        man_text(c->options[i].help, f);
        fputs(".\n", f);
    }
    fputs(".PP\nExamples:\n.EX\n", f);
    for (size_t i = 0; i < 2 && c->examples[i] != NULL; i++) {
        man_text(c->examples[i], f);
        fputc('\n', f);
    }
    fputs(".EE\n", f);
}

static void man(FILE *f)
{
    fprintf(f,
            ".TH JENSEN 1 \"\" \"jensen %s\" \"User Commands\"\n.SH NAME\n"
            "jensen \\- the gap between variational bounds and the exact log\\-likelihood\n"
            ".SH SYNOPSIS\n.B jensen\n.I COMMAND\n.RI [ ARGUMENT ]...\n.SH COMMANDS\n",
            JN_VERSION);
    for (size_t i = 0; i < jn_n_commands; i++) {
        if (jn_commands[i]->group != NULL) {
            man_command(jn_commands[i], f);
        }
    }
    fputs(".SH EXIT STATUS\n0: the answer meets what was asked. 1: an answer weaker than asked.\n"
          "2: a mistake on the command line. 3: unusable values or data.\n"
          "4: cannot open, read or write.\n"
          ".SH ENVIRONMENT\n.B NO_COLOR\nand\n.B TERM=dumb\nturn colour and progress off.\n",
          f);
}

static void bash_words(const jn_option *o, FILE *f)
{
    for (const char *c = o->choices; *c != '\0'; c++) {
        fputc(*c == '|' ? ' ' : *c, f);
    }
}

static void proposal_names(FILE *f)
{
    size_t n;
    const jn_proposal_type *const *types = jn_proposal_types(&n);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s%s", i > 0 ? " " : "", types[i]->name);
    }
}

static void model_names(FILE *f)
{
    size_t n;
    const jn_model_type *const *types = jn_model_types(&n);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, "%s%s", i > 0 ? " " : "", types[i]->name);
    }
}

/* Each with a blank before it. */
static void command_names(FILE *f)
{
    for (size_t i = 0; i < jn_n_commands; i++) {
        if (jn_commands[i]->group != NULL) {
            fprintf(f, " %s", jn_commands[i]->name);
        }
    }
}

static void bash_command(const jn_command *c, FILE *f)
{
    fprintf(f, "    %s)\n        case $before in\n", c->name);
    for (size_t i = 0; i < c->n_options; i++) {
        const jn_option *o = &c->options[i];
        if (o->choices != NULL) {
            fprintf(f, "        --%s) words='", o->name);
            bash_words(o, f);
            fputs("' ;;\n", f);
        } else if (strcmp(o->name, "q") == 0) {
            fputs("        --q) words='", f);
            proposal_names(f);
            fputs("' ;;\n", f);
        } else if (o->metavar != NULL && strcmp(o->metavar, "FILE") == 0) {
            fprintf(f, "        --%s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
                    o->name);
        }
    }
    fputs("        *) words='", f);
    model_names(f);
    for (size_t i = 0; i < c->n_options; i++) {
        fprintf(f, " --%s", c->options[i].name);
    }
    fputs(" --help' ;;\n        esac ;;\n", f);
}

static void bash(FILE *f)
{
    fputs("# bash completion of jensen\n_jensen() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='help --version",
          f);
    command_names(f);
    fputs("'\n    else\n    case ${COMP_WORDS[1]} in\n", f);
    for (size_t i = 0; i < jn_n_commands; i++) {
        if (jn_commands[i]->group != NULL) {
            bash_command(jn_commands[i], f);
        }
    }
    fputs("    esac\n    fi\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
          "complete -o default -F _jensen jensen\n",
          f);
}

/* Inside '[...]' of _arguments. */
static void zsh_text(const char *text, FILE *f)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            fputs("'\\''", f);
        } else {
            fputs(strchr("[]:\\", *c) != NULL ? "\\" : "", f);
            fputc(*c, f);
        }
    }
}

static void zsh_option(const jn_option *o, FILE *f)
{
    fprintf(f, "        '%s--%s[", o->kind == JN_OPTION_LIST ? "*" : "", o->name);
    zsh_text(o->help, f);
    fputc(']', f);
    if (o->choices != NULL) {
        fprintf(f, ":%s:(", o->metavar);
        bash_words(o, f);
        fputc(')', f);
    } else if (strcmp(o->name, "q") == 0) {
        fputs(":PROPOSAL:(", f);
        proposal_names(f);
        fputc(')', f);
    } else if (o->metavar != NULL) {
        fprintf(f, ":%s:%s", o->metavar, strcmp(o->metavar, "FILE") == 0 ? "_files" : " ");
    }
    fputs("' \\\n", f);
}

static void zsh(FILE *f)
{
    fputs("#compdef jensen\nif (( CURRENT == 2 )); then\n    compadd help --version", f);
    command_names(f);
    fputs("\n    return\nfi\ncase $words[2] in\n", f);
    for (size_t i = 0; i < jn_n_commands; i++) {
        const jn_command *c = jn_commands[i];
        if (c->group != NULL) {
            fprintf(f, "%s)\n    shift words; (( CURRENT-- ))\n    _arguments \\\n", c->name);
            for (size_t j = 0; j < c->n_options; j++) {
                zsh_option(&c->options[j], f);
            }
            fputs("        '--help[help]' \\\n        '1:MODEL:(", f);
            model_names(f);
            fputs(")' ;;\n", f);
        }
    }
    fputs("esac\n", f);
}

static int run_generate(const jn_command *self, int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(FILE *f);
    } kinds[] = { { "man", man }, { "bash", bash }, { "zsh", zsh } };
    jn_error err = JN_ERROR_INIT;
    jn_output *out;
    for (size_t i = 0; argc == 1 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[0], kinds[i].name) == 0) {
            if (jn_output_open(NULL, &out, &err) < 0) {
                return jn_fail(self->name, &err);
            }
            kinds[i].print(jn_output_file(out));
            return jn_output_commit(out, &err) < 0 ? jn_fail(self->name, &err) : JN_EXIT_DONE;
        }
    }
    (void)jn_error_set(&err, JN_ERR_USAGE, "give man, bash or zsh");
    return jn_fail(self->name, &err);
}

const jn_command jn_cmd_generate = {
    .name = "generate",
    .summary = "Man page and completions",
    .usage = "man|bash|zsh",
    .max_words = 1,
    .run = run_generate,
};
