#include "random/normal_law.h"

static void test_ten_million_normals(void **state)
{
    (void)state;
    check_normals(10000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ten_million_normals) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
