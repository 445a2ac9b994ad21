#include "assertions.h"

#include <string.h>

#include "base/memory.h"
#include "malloc_sweep.h"

static void test_alloc_zeroes_and_checks_the_product(void **state)
{
    (void)state;
    unsigned char *p = jn_alloc(7, 13);
    assert_non_null(p);
    for (int i = 0; i < 7 * 13; i++) {
        assert_int_equal(p[i], 0);
    }
    free(p);
    const volatile size_t many = SIZE_MAX / 2 + 2;
    assert_null(jn_alloc(many, 2));
    void *empty = jn_alloc(0, 8);
    assert_non_null(empty);
    free(empty);
}

static void test_realloc_checks_the_product_and_keeps_the_block(void **state)
{
    (void)state;
    char *p = jn_realloc(NULL, 4, 1);
    assert_non_null(p);
    strcpy(p, "abc");
    const volatile size_t many = SIZE_MAX / 2 + 2;
    assert_null(jn_realloc(p, many, 2));
    assert_string_equal(p, "abc");
    p = jn_realloc(p, 100, 1);
    assert_string_equal(p, "abc");
    p = jn_realloc(p, 0, 1);
    assert_non_null(p);
    free(p);
}

static void test_strdup_copies_and_passes_null(void **state)
{
    (void)state;
    assert_null(jn_strdup(NULL));
    char text[] = "abc";
    char *copy = jn_strdup(text);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
    free(copy);
}

static void test_doubles_are_aligned_and_zero(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        double *x = jn_alloc_doubles(n);
        assert_non_null(x);
        assert_int_equal((uintptr_t)x % 64, 0);
        for (size_t i = 0; i < n; i++) {
            assert_close(x[i], 0.0, 0.0, 0.0);
        }
        free(x);
    }
    const volatile size_t many = SIZE_MAX / 8;
    assert_null(jn_alloc_doubles(many));
    assert_null(jn_alloc_doubles(many + 1));
}

static void test_what_is_apart_shares_no_lines(void **state)
{
    (void)state;
    char *p[8];
    for (size_t n = 0; n < 8; n++) {
        p[n] = jn_alloc_apart(n, 24);
        assert_non_null(p[n]);
        assert_int_equal((uintptr_t)p[n] % JN_APART, 0);
        for (size_t i = 0; i < n * 24; i++) {
            assert_int_equal(p[n][i], 0);
        }
    }
    for (size_t n = 0; n < 8;
         n++) { /* another block begins on a boundary: not within the last line */
        for (size_t m = 0; m < n; m++) {
            const uintptr_t gap = p[n] > p[m] ? (uintptr_t)(p[n] - p[m]) : (uintptr_t)(p[m] - p[n]);
            assert_true(gap >= JN_APART);
        }
    }
    for (size_t n = 0; n < 8; n++) {
        free(p[n]);
    }
    const volatile size_t many = SIZE_MAX / 24;
    assert_null(jn_alloc_apart(many, 24));
    assert_null(jn_alloc_apart(many + 1, 24));
}

static void test_refused_memory_gives_null(void **state)
{
    (void)state;
    jn_malloc_allow(0);
    void *p[] = { jn_alloc(1, 1), jn_realloc(NULL, 1, 1), jn_strdup("a"), jn_alloc_doubles(1),
                  jn_alloc_apart(1, 1) };
    jn_malloc_allow(-1);
    for (int i = 0; i < 5; i++) {
        assert_null(p[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_zeroes_and_checks_the_product),
        cmocka_unit_test(test_realloc_checks_the_product_and_keeps_the_block),
        cmocka_unit_test(test_strdup_copies_and_passes_null),
        cmocka_unit_test(test_doubles_are_aligned_and_zero),
        cmocka_unit_test(test_what_is_apart_shares_no_lines),
        cmocka_unit_test(test_refused_memory_gives_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
