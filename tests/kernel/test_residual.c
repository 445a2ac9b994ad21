#include "kernel/block.h"

static void kernel(const jn_kernels *k, const block *b, size_t rows, size_t dim, size_t n,
                   const double *z, double *out)
{
    k->residual(rows, dim, b->w, b->t, 0.25, n, LD, z, out);
}

static long double truth(const block *b, size_t rows, size_t dim, const double *z)
{
    long double sum = 0.0L;
    for (size_t j = 0; j < rows; j++) {
        long double r = (long double)b->t[j];
        for (size_t d = 0; d < dim; d++) {
            r -= (long double)b->w[j * dim + d] * (long double)z[d * LD];
        }
        sum += r * r;
    }
    return -0.5L * sum;
}

static void test_residual(void **state)
{
    (void)state;
    check_block_kernel(kernel, truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_residual) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
