/* The measurement behind the errors that kernels.h states: 1e8 points a function, a few minutes. */
#include "kernel/accuracy.h"

static void test_errors_at_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTARIES; i++) {
        measure(&elementaries[i], 100000, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_errors_at_length) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
