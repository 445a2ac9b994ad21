#include "program.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../assertions.h"

extern char **environ;

enum { MAX_ARGS = 64 };

static char *slurp(FILE *f, size_t *n)
{
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    const long size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    char *text = calloc((size_t)size + 1, 1);
    assert_non_null(text);
    *n = fread(text, 1, (size_t)size, f);
    assert_int_equal(*n, (size_t)size);
    return text;
}

static void split(char *line, char **argv)
{
    size_t n = 0;
    argv[n++] = (char[]){ "jensen" };
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(n + 1 < MAX_ARGS);
        argv[n++] = word;
    }
    argv[n] = NULL;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

outcome run_program(const char *line, const char *input, const char *to)
{
    char *argv[MAX_ARGS], *copy = strdup(line);
    char name[] = "jensen";
    FILE *in = tmpfile(), *out = to == NULL ? tmpfile() : fopen(to, "w"), *err = tmpfile();
    assert_true(copy != NULL && in != NULL && out != NULL && err != NULL);
    split(copy, argv);
    argv[0] = name;
    fputs(input == NULL ? "" : input, in);
    rewind(in);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(in), 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), 1);
    posix_spawn_file_actions_adddup2(&actions, fileno(err), 2);
    pid_t child;
    int status;
    assert_int_equal(posix_spawn(&child, JN_PROGRAM, &actions, NULL, argv, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    posix_spawn_file_actions_destroy(&actions);
    outcome o = { .code = exit_code(status) };
    size_t n;
    o.err = slurp(err, &n);
    o.out = to == NULL ? slurp(out, &o.n_out) : NULL;
    fclose(in);
    fclose(out);
    fclose(err);
    free(copy);
    return o;
}

void outcome_free(outcome *o)
{
    free(o->out);
    free(o->err);
}

bool one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return strncmp(text, "jensen", 6) == 0 && end != NULL && end[1] == '\0';
}
