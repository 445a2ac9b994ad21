/* Status codes and error text.
 *
 * Every function that can fail returns a jn_status: 0 done; > 0 an answer weaker than asked for;
 * < 0 no answer, outputs untouched. Functions that validate, parse or run also fill a
 * caller-owned jn_error with one line: what, where, and how to put it right. Nothing in the
 * library prints, exits or aborts. */
#ifndef JENSEN_STATUS_H
#define JENSEN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define JN_API               __attribute__((visibility("default")))
#define JN_CHECKED           __attribute__((warn_unused_result))
#define JN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define JN_API
#define JN_CHECKED
#define JN_PRINTF(fmt, args)
#endif

/* Append only; numbers never change. */
#define JN_STATUS_LIST(X)                                                    \
    X(JN_OK, 0, "done")                                                      \
    X(JN_NOT_CONVERGED, 1, "stopped before the requested tolerance")         \
    X(JN_REFUSED, 2, "the nodes cannot carry the answer that was asked for") \
    X(JN_ERR_NOMEM, -1, "out of memory")                                     \
    X(JN_ERR_USAGE, -2, "unknown name or malformed value")                   \
    X(JN_ERR_VALUE, -3, "a value or data outside what is allowed")           \
    X(JN_ERR_IO, -4, "cannot open, read or write")                           \
    X(JN_ERR_NAN, -5, "a log-density returned NaN or +inf")                  \
    X(JN_ERR_CALLBACK, -6, "a user callback reported failure")               \
    X(JN_ERR_UNSUPPORTED, -7, "this model or proposal cannot do what was asked")

#define JN_STATUS_ENUM(name, value, text) name = (value),
typedef enum jn_status { JN_STATUS_LIST(JN_STATUS_ENUM) } jn_status;
#undef JN_STATUS_ENUM

/* "JN_ERR_NAN" and its text: static, never NULL, also for numbers that are no status. */
JN_API const char *jn_status_name(int status);
JN_API const char *jn_status_text(int status);

enum { JN_ERROR_TEXT = 480 };

typedef struct jn_error {
    jn_status status;
    char message[JN_ERROR_TEXT]; /* one line, NUL-terminated; what does not fit ends in "..." */
} jn_error;

#define JN_ERROR_INIT \
    {                 \
        JN_OK,        \
        {             \
            0         \
        }             \
    }

/* Fill *err (NULL allowed) and hand back `status`, so that a check is one line. Control characters
 * in the formatted text (a newline inside a file name) become '?': the message stays one line. */
JN_API jn_status jn_error_set(jn_error *err, jn_status status, const char *fmt, ...)
    JN_PRINTF(3, 4);

/* Put "prefix: " before the message that is there already; hands back err->status. */
JN_API jn_status jn_error_prefix(jn_error *err, jn_status status, const char *fmt, ...)
    JN_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
