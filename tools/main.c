/* jensen: the gap between variational bounds and the exact log-likelihood. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "io/output.h"
#include "jensen/params.h"
#include "program.h"

const jn_command *const jn_commands[] = { &jn_cmd_gap,        &jn_cmd_evidence, &jn_cmd_derive,
                                          &jn_cmd_likelihood, &jn_cmd_weights,  &jn_cmd_simulate,
                                          &jn_cmd_models,     &jn_cmd_generate };
const size_t jn_n_commands = sizeof jn_commands / sizeof *jn_commands;

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#ifdef _OPENMP
#define THREADS "OpenMP"
#else
#define THREADS "no threads"
#endif

static const jn_command *find(const char *name)
{
    for (size_t i = 0; i < jn_n_commands; i++) {
        if (strcmp(jn_commands[i]->name, name) == 0) {
            return jn_commands[i];
        }
    }
    return NULL;
}

static int unknown(const char *name)
{
    char shown[JN_EXCERPT];
    const char *names[16] = { "help" };
    size_t n = 1;
    for (size_t i = 0; i < jn_n_commands && n < 16; i++) {
        if (jn_commands[i]->group != NULL) {
            names[n++] = jn_commands[i]->name;
        }
    }
    const char *near = jn_nearest(name, names, n);
    jn_error err;
    (void)jn_error_set(&err, JN_ERR_USAGE, "no command %s%s%s%s ('jensen help' lists them)",
                       jn_excerpt(name, shown), near == NULL ? "" : "; did you mean '",
                       near == NULL ? "" : near, near == NULL ? "" : "'?");
    return jn_fail(NULL, &err);
}

static int version(void)
{
    jn_error err = JN_ERROR_INIT;
    jn_output *out;
    if (jn_output_open(NULL, &out, &err) < 0) {
        return jn_fail(NULL, &err);
    }
    fprintf(jn_output_file(out),
            "jensen %s\n%s; GSL %s, jansson %s, %s\n"
            "Licence GPL-3.0-or-later: free software, without any warranty.\n",
            JN_VERSION, COMPILER, gsl_version, jansson_version_str(), THREADS);
    return jn_output_commit(out, &err) < 0 ? jn_fail(NULL, &err) : JN_EXIT_DONE;
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        return jn_help_program();
    }
    const jn_command *c = find(argv[0]);
    return c == NULL ? unknown(argv[0]) : jn_help_command(c);
}

int main(int argc, char **argv)
{
    (void)gsl_set_error_handler_off();
    if (argc < 2) {
        (void)jn_help_program();
        return JN_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help(argc - 2, argv + 2);
    }
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        return version();
    }
    const jn_command *c = find(name);
    return c == NULL ? unknown(name) : c->run(c, argc - 2, argv + 2);
}
