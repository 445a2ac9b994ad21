#include "assertions.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/output.h"
#include "malloc_sweep.h"
#include "scratch.h"

static jn_output *open_output(const char *path)
{
    jn_output *out = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_output_open(path, &out, &err), &err);
    return out;
}

static void expect_contents(const char *path, const char *want)
{
    char *got = jn_scratch_contents(path, NULL);
    assert_string_equal(got, want);
    free(got);
}

static void test_nothing_is_there_before_commit(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    jn_output *out = open_output("new");
    fprintf(jn_output_file(out), "hello %d\n", 1);
    fflush(jn_output_file(out));
    assert_int_equal(access("new", F_OK), -1);
    assert_ok(jn_output_commit(out, &err), &err);
    expect_contents("new", "hello 1\n");

    out = open_output("new");
    fprintf(jn_output_file(out), "second\n");
    fflush(jn_output_file(out));
    expect_contents("new", "hello 1\n");
    assert_ok(jn_output_commit(out, &err), &err);
    expect_contents("new", "second\n");
    assert_int_equal(jn_scratch_count(), 1);
}

static void test_discard_leaves_the_old_file(void **state)
{
    (void)state;
    jn_scratch_text("new", "old");
    jn_output *out = open_output("new");
    fprintf(jn_output_file(out), "half");
    jn_output_discard(out);
    expect_contents("new", "old");
    assert_int_equal(jn_scratch_count(), 1);
    jn_output_discard(NULL);
}

static void test_permissions_and_links_stay(void **state)
{
    (void)state;
    struct stat s;
    jn_scratch_text("new", "old");
    assert_int_equal(chmod("new", 0640), 0);
    assert_int_equal(symlink("new", "link"), 0);
    jn_output *out = open_output("link");
    fputs("x", jn_output_file(out));
    assert_ok(jn_output_commit(out, NULL), NULL);
    assert_int_equal(lstat("link", &s), 0);
    assert_true(S_ISLNK(s.st_mode));
    expect_contents("new", "x");
    assert_int_equal(stat("new", &s), 0);
    assert_int_equal(s.st_mode & 07777, 0640);
    const mode_t mask = umask(027);
    out = open_output("fresh");
    assert_ok(jn_output_commit(out, NULL), NULL);
    umask(mask);
    assert_int_equal(stat("fresh", &s), 0);
    assert_int_equal(s.st_mode & 07777, 0640);
    remove("link");
    remove("fresh");
}

static void test_a_full_disk_is_an_error(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    jn_output *out = open_output("/dev/full");
    fputs("x", jn_output_file(out));
    assert_int_equal(jn_output_commit(out, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot write /dev/full: No space left on device");
    struct stat s;
    assert_int_equal(stat("/dev/full", &s), 0);
    assert_true(S_ISCHR(s.st_mode)); /* a device is written, never replaced */
    out = open_output("/dev/null");
    fputs("x", jn_output_file(out));
    assert_ok(jn_output_commit(out, &err), &err);
}

/* A limit on the size of files stands for a disk that fills up half way. */
static void test_a_write_that_fails_half_way_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit before, small;
    jn_error err = JN_ERROR_INIT;
    jn_scratch_text("new", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    jn_output *out = open_output("new");
    small = before;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 20000; i++) {
        fputs("0123456789", jn_output_file(out));
    }
    const jn_status status = jn_output_commit(out, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, JN_ERR_IO);
    assert_non_null(strstr(err.message, "File too large"));
    expect_contents("new", "old");
    assert_int_equal(jn_scratch_count(), 1);
}

static void test_what_cannot_be_opened(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "cannot write : No such file or directory" },
        { ".", "cannot write .: Is a directory" },
        { "gone/new", "cannot write gone/new: No such file or directory" },
        { "new/new", "cannot write new/new: Not a directory" },
    };
    jn_scratch_text("new", "old");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_output *out = (jn_output *)1;
        jn_error err = JN_ERROR_INIT;
        assert_int_equal(jn_output_open(bad[i][0], &out, &err), JN_ERR_IO);
        assert_string_equal(err.message, bad[i][1]);
        assert_ptr_equal(out, (jn_output *)1);
    }
    /* nobody, root included, makes files there */
    jn_output *out = (jn_output *)1;
    assert_int_equal(jn_output_open("/proc/self/new", &out, NULL), JN_ERR_IO);
    assert_int_equal(jn_scratch_count(), 1);
}

static void test_a_target_that_turns_into_a_folder(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    jn_output *out = open_output("folder");
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(jn_output_commit(out, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot write folder: Is a directory");
    assert_int_equal(rmdir("folder"), 0);
    assert_int_equal(jn_scratch_count(), 1);
}

/* What is written to standard output while `path` stands for it. */
static jn_status write_standard(int fd, const char *name, size_t lines, jn_error *err)
{
    fflush(stdout);
    const int real = dup(STDOUT_FILENO);
    dup2(fd, STDOUT_FILENO);
    jn_output *out = NULL;
    jn_status status = jn_output_open(name, &out, err);
    for (size_t i = 0; status == JN_OK && i < lines; i++) {
        fputs("0123456789\n", jn_output_file(out));
    }
    status = status == JN_OK ? jn_output_commit(out, err) : status;
    dup2(real, STDOUT_FILENO);
    close(real);
    return status;
}

static void test_standard_output(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    for (int i = 0; i < 2; i++) {
        const int fd = open("caught", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        const jn_status status = write_standard(fd, i == 0 ? "-" : NULL, 2, &err);
        close(fd);
        assert_ok(status, &err);
        expect_contents("caught", "0123456789\n0123456789\n");
    }
    const int full = open("/dev/full", O_WRONLY);
    const jn_status status = write_standard(full, NULL, 1, &err);
    close(full);
    assert_int_equal(status, JN_ERR_IO);
    assert_string_equal(err.message, "cannot write standard output: No space left on device");
    remove("caught");
}

/* Nobody reads; SIGPIPE has its default action, which would end this program. */
static void test_a_closed_pipe_is_quiet(void **state)
{
    (void)state;
    int ends[2];
    jn_error err = JN_ERROR_INIT;
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    const jn_status status = write_standard(ends[1], "-", 50000, &err);
    assert_ok(status, &err);
    close(ends[1]);
    sigset_t waiting;
    sigpending(&waiting);
    assert_int_equal(sigismember(&waiting, SIGPIPE), 0);
}

static jn_status attempt(void *user)
{
    jn_output *out = (jn_output *)1;
    const jn_status status = jn_output_open(user, &out, NULL);
    if (status == JN_OK) {
        jn_output_discard(out);
    } else {
        assert_ptr_equal(out, (jn_output *)1);
    }
    assert_int_equal(jn_scratch_count(), 1);
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    char fresh[] = "fresh", old[] = "new", standard[] = "-";
    assert_int_equal(jn_malloc_sweep(attempt, fresh), 3);
    assert_int_equal(jn_malloc_sweep(attempt, old), 3);
    assert_int_equal(jn_malloc_sweep(attempt, standard), 2);
    expect_contents("new", "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_there_before_commit),
        cmocka_unit_test(test_discard_leaves_the_old_file),
        cmocka_unit_test(test_permissions_and_links_stay),
        cmocka_unit_test(test_a_full_disk_is_an_error),
        cmocka_unit_test(test_a_write_that_fails_half_way_leaves_the_old_file),
        cmocka_unit_test(test_what_cannot_be_opened),
        cmocka_unit_test(test_a_target_that_turns_into_a_folder),
        cmocka_unit_test(test_standard_output),
        cmocka_unit_test(test_a_closed_pipe_is_quiet),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
