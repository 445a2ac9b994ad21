#include "gap/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

jn_status jn_gap_warn(jn_gap_table *t, const char *fmt, ...)
{
    char text[JN_ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (size_t i = 0; i < t->n_warnings; i++) {
        if (strcmp(t->warnings[i], text) == 0) {
            return JN_OK;
        }
    }
    char **more = jn_realloc(t->warnings, t->n_warnings + 1, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    t->warnings = more;
    t->warnings[t->n_warnings] = jn_strdup(text);
    if (t->warnings[t->n_warnings] == NULL) {
        return JN_ERR_NOMEM;
    }
    t->n_warnings++;
    return JN_OK;
}
