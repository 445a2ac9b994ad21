#include "jensen/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *jn_status_name(int status)
{
    switch (status) {
#define JN_STATUS_NAME(name, value, text) \
    case name:                            \
        return #name;
        JN_STATUS_LIST(JN_STATUS_NAME)
#undef JN_STATUS_NAME
    default:
        return "JN_STATUS_UNKNOWN";
    }
}

const char *jn_status_text(int status)
{
    switch (status) {
#define JN_STATUS_TEXT(name, value, text) \
    case name:                            \
        return text;
        JN_STATUS_LIST(JN_STATUS_TEXT)
#undef JN_STATUS_TEXT
    default:
        return "unknown status";
    }
}

/* One line whatever was in the file names and cells that went into it. */
static void clean(char *text, int wanted)
{
    if (wanted >= JN_ERROR_TEXT) {
        memcpy(text + JN_ERROR_TEXT - 4, "...", 4);
    }
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
}

jn_status jn_error_set(jn_error *err, jn_status status, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        err->status = status;
        clean(err->message, vsnprintf(err->message, JN_ERROR_TEXT, fmt, args));
        va_end(args);
    }
    return status;
}

jn_status jn_error_prefix(jn_error *err, jn_status status, const char *fmt, ...)
{
    if (err != NULL) {
        char old[JN_ERROR_TEXT];
        memcpy(old, err->message, JN_ERROR_TEXT);
        va_list args;
        va_start(args, fmt);
        int used = vsnprintf(err->message, JN_ERROR_TEXT, fmt, args);
        va_end(args);
        used = used < 0 ? 0 : used < JN_ERROR_TEXT ? used : JN_ERROR_TEXT - 1;
        const size_t room = (size_t)(JN_ERROR_TEXT - used);
        const int added = snprintf(err->message + used, room, ": %s", old);
        clean(err->message, used + (added < 0 ? 0 : added));
        err->status = status;
    }
    return status;
}
