#include "base/tasks.h"

#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

size_t jn_tasks_workers(size_t threads)
{
#ifdef _OPENMP
    return threads == 0 ? (size_t)omp_get_max_threads() : threads;
#else
    (void)threads;
    return 1;
#endif
}

static size_t this_worker(void)
{
#ifdef _OPENMP
    return (size_t)omp_get_thread_num();
#else
    return 0;
#endif
}

typedef struct outcome {
    size_t failed; /* smallest index of a failed task; n: none */
    jn_status status;
    jn_error error;
    jn_status weakest; /* largest positive status */
} outcome;

static void note(outcome *o, size_t index, jn_status status, const jn_error *error)
{
    if (status > 0 && status > o->weakest) {
        o->weakest = status;
    }
    if (status < 0 && index < o->failed) {
        o->failed = index;
        o->status = status;
        o->error = *error;
    }
}

jn_status jn_tasks_run(size_t n, size_t threads, jn_task_fn *task, void *user, jn_error *err)
{
    outcome all = { .failed = n, .status = JN_OK, .weakest = JN_OK, .error = JN_ERROR_INIT };
    size_t workers = jn_tasks_workers(threads);
    workers = workers > n ? n : workers;
    /* A task runs iff no task before it is known to have failed. Tasks are handed out in index
     * order, so the first failure in index order always runs and always wins. */
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)workers) if (workers > 1)
#endif
    for (size_t i = 0; i < n; i++) {
        size_t failed;
#ifdef _OPENMP
#pragma omp atomic read
#endif
        failed = all.failed;
        if (i > failed) {
            continue;
        }
        jn_error error = JN_ERROR_INIT;
        const jn_status status = task(user, i, this_worker(), &error);
        if (status != JN_OK) {
#ifdef _OPENMP
#pragma omp critical(jn_tasks_note)
#endif
            {
                size_t best = all.failed;
                note(&all, i, status, &error);
                if (all.failed != best) {
                    best = all.failed;
#ifdef _OPENMP
#pragma omp atomic write
#endif
                    all.failed = best;
                }
            }
        }
    }
    if (all.failed < n) {
        if (err != NULL) {
            *err = all.error;
        }
        return all.status;
    }
    return all.weakest;
}
