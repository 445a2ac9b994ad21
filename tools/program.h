/* What the commands share: messages, exit codes, the terminal. */
#ifndef JN_TOOLS_PROGRAM_H
#define JN_TOOLS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "options.h"

enum {
    JN_EXIT_DONE = 0,
    JN_EXIT_WEAK = 1,  /* an answer weaker than asked */
    JN_EXIT_USAGE = 2, /* what the command line alone shows */
    JN_EXIT_VALUE = 3, /* values and contents */
    JN_EXIT_IO = 4     /* cannot open, read or write */
};

/* The one place where a status becomes an exit code. */
int jn_exit_code(jn_status st);

/* "jensen gap: message" on stderr, and the exit code. */
int jn_fail(const char *command, const jn_error *err);

/* What most commands do: parse into `args`, then --help or `start`; says what went wrong; the exit
 * code. What options put into `args` is the caller's to free. */
typedef jn_status jn_start(void *args, const jn_parsed *p, jn_error *err);
int jn_run_command(const jn_command *self, int argc, char **argv, void *args, jn_start *start);

/* Whether escape sequences may go to this stream: a terminal, no NO_COLOR, no TERM=dumb. */
bool jn_fancy(FILE *f);

/* All commands, those for people first; the rest have no group. */
extern const jn_command *const jn_commands[];
extern const size_t jn_n_commands;
extern const jn_command jn_cmd_gap, jn_cmd_evidence, jn_cmd_derive, jn_cmd_likelihood,
    jn_cmd_weights, jn_cmd_simulate, jn_cmd_models, jn_cmd_generate;

/* Help of one command or of the program, on standard output; the exit code. */
int jn_help_command(const jn_command *c);
int jn_help_program(void);
void jn_help_option(const jn_option *o, char *buf, size_t size); /* "-o, --output FILE" */

#endif
