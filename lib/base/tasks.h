/* The one task runner: all threads of the library live here. Internal.
 *
 * Determinism: a task writes only what belongs to its index, so neither the number of threads nor
 * the schedule can change a result; whoever started the tasks combines their results in index
 * order. */
#ifndef JN_BASE_TASKS_H
#define JN_BASE_TASKS_H

#include <stddef.h>

#include "jensen/status.h"

/* Task `index` (from 0). `worker` in 0..workers-1 picks scratch memory, nothing else. */
typedef jn_status jn_task_fn(void *user, size_t index, size_t worker, jn_error *err);

/* How many workers jn_tasks_run will use for `threads` (0: as many as the machine offers). */
size_t jn_tasks_workers(size_t threads);

/* Runs tasks 0..n-1. A negative status stops tasks that have not started; the status and text
 * that come back are those of the failed task with the smallest index among those that ran, else
 * the largest positive status. The same for every number of threads: a task that failed never
 * hides an earlier one, since tasks start in index order. */
JN_CHECKED jn_status jn_tasks_run(size_t n, size_t threads, jn_task_fn *task, void *user,
                                  jn_error *err);

#endif
