#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/output.h"

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

bool jn_fancy(FILE *f)
{
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
    return isatty(fileno(f)) == 1 && (plain == NULL || plain[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}
