#include "kernel/isas.h"

#include <string.h>

#include "base/tasks.h"

static void test_the_plain_set_is_always_there(void **state)
{
    (void)state;
    assert_ok(jn_kernels_select("plain"), NULL);
    assert_string_equal(jn_kernels_get()->isa, "plain");
    assert_ok(jn_kernels_select(NULL), NULL);
    assert_non_null(jn_kernels_get());
}

static void test_unknown_names_change_nothing(void **state)
{
    (void)state;
    assert_ok(jn_kernels_select("plain"), NULL);
    assert_int_equal(jn_kernels_select("neon3"), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_kernels_select(""), JN_ERR_UNSUPPORTED);
    assert_string_equal(jn_kernels_get()->isa, "plain");
    assert_ok(jn_kernels_select(NULL), NULL);
}

/* every member of every table is filled: a table of NULLs but for the name would crash */
static void test_tables_are_full(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n = every_isa(sets);
    for (size_t s = 0; s < n; s++) {
        void (*members[sizeof(jn_kernels) / sizeof(void (*)(void))])(void);
        memcpy(members, sets[s], sizeof members);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            assert_true(members[i] != NULL);
        }
    }
}

static jn_status get_one(void *user, size_t index, size_t worker, jn_error *err)
{
    (void)worker;
    (void)err;
    ((const jn_kernels **)user)[index] = jn_kernels_get();
    return JN_OK;
}

/* the first use of the library, from several threads at once */
static void test_first_use_by_threads(void **state)
{
    (void)state;
    const jn_kernels *seen[64];
    assert_ok(jn_tasks_run(64, 4, get_one, seen, NULL), NULL);
    for (size_t i = 0; i < 64; i++) {
        assert_ptr_equal(seen[i], jn_kernels_get());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_use_by_threads), /* before anything else asks for a set */
        cmocka_unit_test(test_the_plain_set_is_always_there),
        cmocka_unit_test(test_unknown_names_change_nothing),
        cmocka_unit_test(test_tables_are_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
