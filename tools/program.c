#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/output.h"
#include "overwrite.h"

int jn_exit_code(jn_status st)
{
    switch (st) {
    case JN_OK:
        return JN_EXIT_DONE;
    case JN_NOT_CONVERGED:
    case JN_REFUSED:
        return JN_EXIT_WEAK;
    case JN_ERR_USAGE:
    case JN_ERR_UNSUPPORTED:
        return JN_EXIT_USAGE;
    case JN_ERR_VALUE:
    case JN_ERR_NAN:
    case JN_ERR_CALLBACK:
        return JN_EXIT_VALUE;
    case JN_ERR_IO:
    case JN_ERR_NOMEM:
        return JN_EXIT_IO;
    }
    return st > 0 ? JN_EXIT_WEAK : JN_EXIT_VALUE;
}

int jn_fail(const char *command, const jn_error *err)
{
    fprintf(stderr, "jensen%s%s: %s\n", command == NULL ? "" : " ", command == NULL ? "" : command,
            err->message[0] != '\0' ? err->message : jn_status_text(err->status));
    return jn_exit_code(err->status);
}

int jn_run_command(const jn_command *self, int argc, char **argv, void *args, jn_start *start)
{
    jn_parsed p = { 0 };
    jn_error err = JN_ERROR_INIT;
    jn_status st = jn_options_parse(self, argc, argv, args, &p, &err);
    const bool help = st >= 0 && p.help;
    st = st < 0 || help ? st : jn_check_outputs(self, args, &p, &err);
    if (st >= 0 && !help) {
        st = start(args, &p, &err);
    }
    err.status = st;
    const int code = help     ? jn_help_command(self)
                     : st < 0 ? jn_fail(self->name, &err)
                              : jn_exit_code(st);
    jn_parsed_free(&p);
    return code;
}

bool jn_fancy(FILE *f)
{
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
    return isatty(fileno(f)) == 1 && (plain == NULL || plain[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}
