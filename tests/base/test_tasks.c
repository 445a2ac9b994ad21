#include "assertions.h"

#include <stdatomic.h>
#include <string.h>

#include "base/tasks.h"

enum { N = 200 };

static const size_t threads[] = { 1, 2, 3, 8 };

typedef struct job {
    double out[N];
    int ran[N];
    atomic_size_t largest_worker;
    size_t fails[3]; /* tasks that fail; N: none */
    size_t weak;     /* the task that gives a positive status; N: none */
} job;

static jn_status work(void *user, size_t index, size_t worker, jn_error *err)
{
    job *j = user;
    j->ran[index]++;
    size_t largest = j->largest_worker;
    while (worker > largest &&
           !atomic_compare_exchange_weak(&j->largest_worker, &largest, worker)) {
    }
    double x = 0.0;
    /* later tasks are quicker, so that with threads they finish out of order */
    for (size_t i = 0; i < 10 * (N - index); i++) {
        x += sin((double)(index + i));
    }
    j->out[index] = x;
    for (int f = 0; f < 3; f++) {
        if (index == j->fails[f]) {
            return jn_error_set(err, JN_ERR_NAN, "task %zu", index);
        }
    }
    return index == j->weak ? JN_NOT_CONVERGED : JN_OK;
}

static const job fresh = { .fails = { N, N, N }, .weak = N };

static void test_every_task_runs_once_with_the_same_result(void **state)
{
    (void)state;
    job first = fresh;
    for (size_t t = 0; t < 4; t++) {
        job j = fresh;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_tasks_run(N, threads[t], work, &j, &err), &err);
        for (int i = 0; i < N; i++) {
            assert_int_equal(j.ran[i], 1);
        }
        assert_true(j.largest_worker < jn_tasks_workers(threads[t]));
        first = t == 0 ? j : first;
        assert_memory_equal(j.out, first.out, sizeof j.out);
    }
}

static void test_the_first_failure_in_index_order_wins(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 20; repeat++) {
        for (size_t t = 0; t < 4; t++) {
            job j = fresh;
            memcpy(j.fails, (size_t[]){ 150, 3, 4 }, sizeof j.fails);
            jn_error err = JN_ERROR_INIT;
            assert_int_equal(jn_tasks_run(N, threads[t], work, &j, &err), JN_ERR_NAN);
            assert_string_equal(err.message, "task 3");
            assert_int_equal(err.status, JN_ERR_NAN);
            assert_int_equal(jn_tasks_run(N, threads[t], work, &j, NULL), JN_ERR_NAN);
        }
    }
}

static void test_a_failure_stops_what_has_not_started(void **state)
{
    (void)state;
    job j = fresh;
    j.fails[0] = 5;
    assert_int_equal(jn_tasks_run(N, 1, work, &j, NULL), JN_ERR_NAN);
    for (int i = 0; i < N; i++) {
        assert_int_equal(j.ran[i], i <= 5);
    }
}

static void test_a_weak_answer_is_reported_unless_a_task_failed(void **state)
{
    (void)state;
    for (size_t t = 0; t < 4; t++) {
        job j = fresh;
        j.weak = 17;
        assert_int_equal(jn_tasks_run(N, threads[t], work, &j, NULL), JN_NOT_CONVERGED);
        j.fails[1] = 190;
        assert_int_equal(jn_tasks_run(N, threads[t], work, &j, NULL), JN_ERR_NAN);
    }
}

static void test_no_tasks_and_more_threads_than_tasks(void **state)
{
    (void)state;
    job j = fresh;
    assert_ok(jn_tasks_run(0, 8, work, &j, NULL), NULL);
    assert_int_equal(j.ran[0], 0);
    assert_ok(jn_tasks_run(2, 8, work, &j, NULL), NULL);
    assert_ok(jn_tasks_run(2, 0, work, &j, NULL), NULL);
    assert_int_equal(j.ran[1], 2);
    assert_true(jn_tasks_workers(0) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_runs_once_with_the_same_result),
        cmocka_unit_test(test_the_first_failure_in_index_order_wins),
        cmocka_unit_test(test_a_failure_stops_what_has_not_started),
        cmocka_unit_test(test_a_weak_answer_is_reported_unless_a_task_failed),
        cmocka_unit_test(test_no_tasks_and_more_threads_than_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
