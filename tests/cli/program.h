/* Runs the built program and keeps what it said. */
#ifndef JN_TESTS_CLI_PROGRAM_H
#define JN_TESTS_CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct outcome {
    int code;        /* exit code, or 128 + signal */
    char *out, *err; /* all of stdout and stderr */
    size_t n_out;
} outcome;

/* `line`: arguments, separated by blanks. `input`: what stands on stdin; NULL: nothing. `to`: a
 * path for stdout instead of keeping it; NULL: kept. Fails the test where the program cannot run.
 */
outcome run_program(const char *line, const char *input, const char *to);
void outcome_free(outcome *o);

/* Exactly one line, which begins with "jensen". */
bool one_line(const char *text);

#endif
