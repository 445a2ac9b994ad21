/* Files for tests: a new folder that is the working directory while a group of tests runs. */
#ifndef JN_TESTS_SCRATCH_H
#define JN_TESTS_SCRATCH_H

#include <stddef.h>

/* Group setup and teardown for cmocka_run_group_tests. The folder goes with all that is in it. */
int jn_scratch_enter(void **state);
int jn_scratch_leave(void **state);

/* The file `name` with these bytes in it; returns name. */
const char *jn_scratch_file(const char *name, const void *bytes, size_t n);
const char *jn_scratch_text(const char *name, const char *text);

/* How many entries the folder has, hidden ones too. */
int jn_scratch_count(void);

/* The contents of a file as a string on the heap; a failure fails the test. */
char *jn_scratch_contents(const char *name, size_t *n);

/* Standard input reads these bytes through a pipe until jn_scratch_stdin_restore. */
void jn_scratch_stdin(const void *bytes, size_t n);
void jn_scratch_stdin_restore(void);

#endif
