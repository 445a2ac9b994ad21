#include "assertions.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/input.h"
#include "malloc_sweep.h"
#include "scratch.h"

static void test_what_cannot_be_opened(void **state)
{
    (void)state;
    jn_input in = { .fd = 42 };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_input_open("no-such-file", &in, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot open no-such-file: No such file or directory");
    assert_int_equal(jn_input_open(".", &in, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot read .: it is a directory");
    assert_int_equal(in.fd, 42);
}

static void test_looking_ahead_takes_nothing(void **state)
{
    (void)state;
    jn_scratch_text("a", "abcdef");
    jn_input in;
    bool starts = false;
    char got[8] = "";
    size_t n = 0;
    assert_ok(jn_input_open("a", &in, NULL), NULL);
    assert_true(in.sized);
    assert_int_equal(in.left, 6);
    assert_ok(jn_input_starts(&in, "abc", 3, &starts, NULL), NULL);
    assert_true(starts);
    assert_ok(jn_input_starts(&in, "abcdefgh", 8, &starts, NULL), NULL);
    assert_false(starts); /* the input is shorter */
    assert_ok(jn_input_take(&in, got, 2, &n, NULL), NULL);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(in.left, 4);
    assert_ok(jn_input_starts(&in, "cd", 2, &starts, NULL), NULL);
    assert_true(starts);
    assert_ok(jn_input_take(&in, got, 8, &n, NULL), NULL);
    assert_int_equal(n, 4);
    assert_memory_equal(got, "cdef", 4);
    assert_ok(jn_input_take(&in, got, 8, &n, NULL), NULL);
    assert_int_equal(n, 0);
    jn_input_close(&in);
}

/* Sizes about those of the blocks, through a file and through a pipe. */
static void test_all_the_text_through_files_and_pipes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 65534, 65535, 65536, 65537, 200000 };
    char *bytes = malloc(200000);
    for (size_t i = 0; i < 200000; i++) {
        bytes[i] = (char)('a' + i % 23);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int piped = 0; piped < 2; piped++) {
            jn_input in;
            char *text = NULL;
            size_t n = 0;
            if (piped) {
                jn_scratch_stdin(bytes, sizes[i]);
            }
            const char *path = piped ? "-" : jn_scratch_file("a", bytes, sizes[i]);
            assert_ok(jn_input_open(path, &in, NULL), NULL);
            assert_ok(jn_input_text(&in, &text, &n, NULL), NULL);
            assert_int_equal(n, sizes[i]);
            assert_memory_equal(text, bytes, n);
            assert_int_equal(text[n], '\0');
            free(text);
            jn_input_close(&in);
            if (piped) {
                jn_scratch_stdin_restore();
            }
        }
    }
    free(bytes);
}

static void test_standard_input_from_the_middle_of_a_file(void **state)
{
    (void)state;
    jn_scratch_text("a", "abcdef");
    const int real = dup(STDIN_FILENO), fd = open("a", O_RDONLY);
    dup2(fd, STDIN_FILENO);
    lseek(STDIN_FILENO, 2, SEEK_SET);
    jn_input in;
    assert_ok(jn_input_open("-", &in, NULL), NULL);
    assert_string_equal(in.name, "standard input");
    assert_true(in.sized);
    assert_int_equal(in.left, 4);
    jn_input_close(&in);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) >= 0, 1); /* still open */
    dup2(real, STDIN_FILENO);
    close(real);
    close(fd);
}

static void test_an_endless_device_ends(void **state)
{
    (void)state;
    jn_input in;
    char *text = NULL;
    size_t n = 0;
    assert_ok(jn_input_open("/dev/zero", &in, NULL), NULL);
    assert_ok(jn_input_text(&in, &text, &n, NULL), NULL);
    assert_true(n > 0 && n < 1 << 20);
    free(text);
    jn_input_close(&in);
}

static void test_a_read_that_fails(void **state)
{
    (void)state;
    jn_scratch_text("a", "abc");
    jn_input in = { .fd = open("a", O_WRONLY), .name = "a" };
    jn_error err = JN_ERROR_INIT;
    char *text = (char *)1;
    size_t n = 42;
    assert_int_equal(jn_input_text(&in, &text, &n, &err), JN_ERR_IO);
    assert_string_equal(err.message, "cannot read a: Bad file descriptor");
    assert_ptr_equal(text, (char *)1);
    assert_int_equal(n, 42);
    bool starts;
    assert_int_equal(jn_input_starts(&in, "a", 1, &starts, &err), JN_ERR_IO);
    jn_input_close(&in);
}

static jn_status attempt(void *user)
{
    (void)user;
    jn_input in;
    char *text = NULL;
    size_t n = 42;
    assert_ok(jn_input_open("big", &in, NULL), NULL);
    in.sized = false; /* so that the block has to grow */
    const jn_status status = jn_input_text(&in, &text, &n, NULL);
    jn_input_close(&in);
    assert_true((text == NULL) == (status != JN_OK));
    free(text);
    return status;
}

static void test_survives_failing_memory(void **state)
{
    (void)state;
    char *bytes = malloc(200000);
    memset(bytes, 'x', 200000);
    jn_scratch_file("big", bytes, 200000);
    free(bytes);
    assert_true(jn_malloc_sweep(attempt, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_opened),
        cmocka_unit_test(test_looking_ahead_takes_nothing),
        cmocka_unit_test(test_all_the_text_through_files_and_pipes),
        cmocka_unit_test(test_standard_input_from_the_middle_of_a_file),
        cmocka_unit_test(test_an_endless_device_ends),
        cmocka_unit_test(test_a_read_that_fails),
        cmocka_unit_test(test_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, jn_scratch_enter, jn_scratch_leave);
}
