#include "random/normal_law.h"

static void test_a_million_normals(void **state)
{
    (void)state;
    check_normals(1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_million_normals) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
