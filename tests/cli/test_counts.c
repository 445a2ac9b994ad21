/* Counts as people write them. */
#include <stdlib.h>
#include <string.h>

#include "../../tools/counts.h"
#include "../assertions.h"
#include "malloc_sweep.h"

static void assert_counts(const char *text, size_t n, const uint64_t *want)
{
    jn_error err = JN_ERROR_INIT;
    size_t got;
    uint64_t *x;
    assert_ok(jn_counts_read(text, 1, 1000000000000000, &got, &x, &err), &err);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(x[i] == want[i]);
    }
    free(x);
}

static void test_lists(void **state)
{
    (void)state;
    assert_counts("8", 1, (const uint64_t[]){ 8 });
    assert_counts("1,2,5,1e6", 4, (const uint64_t[]){ 1, 2, 5, 1000000 });
    assert_counts("2.5e3,1E2,007", 3, (const uint64_t[]){ 2500, 100, 7 });
    assert_counts("1000000000000000", 1, (const uint64_t[]){ 1000000000000000 });
    assert_counts("3,3,1,3", 2, (const uint64_t[]){ 3, 1 });
}

static void test_series(void **state)
{
    (void)state;
    assert_counts("1..10", 4, (const uint64_t[]){ 1, 2, 5, 10 });
    assert_counts("3..30", 5, (const uint64_t[]){ 3, 5, 10, 20, 30 });
    assert_counts("7..8", 2, (const uint64_t[]){ 7, 8 });
    assert_counts("4..4", 1, (const uint64_t[]){ 4 });
    assert_counts("1,5..2e1,100", 5, (const uint64_t[]){ 1, 5, 10, 20, 100 });
}

static void test_whole_range(void **state)
{
    (void)state;
    jn_error err = JN_ERROR_INIT;
    size_t n;
    uint64_t *x;
    assert_ok(jn_counts_read("1..18446744073709551615", 1, UINT64_MAX, &n, &x, &err), &err);
    /* 1, 2, 5 of the decades 10^0 .. 10^18, 10^19, and the end: 5 * 10^19 does not fit */
    assert_int_equal(n, 3 * 19 + 2);
    assert_true(x[n - 1] == UINT64_MAX);
    free(x);
}

static void test_what_is_no_count(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "5x",
        "-1",    "-0",
        "1.5",   "nan",
        "inf",   "1,",
        ",1",    "1,,2",
        " 1",    "1 ",
        "0x10",  "1e999",
        "1..",   "..2",
        "2..1",  "1..2..3",
        "1...3", "0",
        "1e-3",  "1000000000000001",
        "1e16",  "100000000000000000000000000000000000000000000000000"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jn_error err = JN_ERROR_INIT;
        size_t n = 7;
        uint64_t *x = NULL;
        if (jn_counts_read(bad[i], 1, 1000000000000000, &n, &x, &err) != JN_ERR_USAGE || n != 7 ||
            x != NULL || err.message[0] == '\0') {
            print_error("'%s' was taken\n", bad[i]);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_whole_range),
        cmocka_unit_test(test_what_is_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
