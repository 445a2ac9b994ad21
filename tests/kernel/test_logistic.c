#include "kernel/block.h"

#include <stdlib.h>

#include "base/memory.h"

static void kernel(const jn_kernels *k, const block *b, size_t rows, size_t dim, size_t n,
                   const double *z, double *out)
{
    k->logistic(rows, dim, b->w, n, LD, z, out);
}

static long double softplus(long double x)
{
    return (x > 0.0L ? x : 0.0L) + log1pl(expl(-fabsl(x)));
}

static long double truth(const block *b, size_t rows, size_t dim, const double *z)
{
    long double sum = 0.0L;
    for (size_t r = 0; r < rows; r++) {
        long double eta = 0.0L;
        for (size_t d = 0; d < dim; d++) {
            eta += (long double)b->w[r * dim + d] * (long double)z[d * LD];
        }
        sum -= softplus(eta);
    }
    return sum;
}

static void test_logistic(void **state)
{
    (void)state;
    check_block_kernel(kernel, truth);
}

/* more rows than one log serves, all with the largest factor: no overflow */
static void test_many_rows(void **state)
{
    (void)state;
    enum { ROWS = 2051 };
    double *x = jn_alloc_doubles(ROWS);
    assert_non_null(x);
    const double z[3] = { 0.0, 1e-3, 1.0 };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        double out[3] = { 0 };
        sets[s]->logistic(ROWS, 1, x, 3, 3, z, out);
        for (int i = 0; i < 3; i++) {
            assert_close(out[i], -ROWS * log(2.0), 1e-14, 0.0);
        }
    }
    free(x);
}

/* Any size of X z: exact where a term dwarfs the other, never NaN. */
static void test_extreme_predictors(void **state)
{
    (void)state;
    const double z[] = { 1e300, -1e300, 800.0, -800.0, 1e5, INFINITY, -INFINITY, 40.0, NAN };
    const double want[] = { -1e300, 0.0, -800.0, 0.0, -1e5, -INFINITY, 0.0, -40.0, NAN };
    const double x = 1.0;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        double out[9] = { 0 };
        sets[s]->logistic(1, 1, &x, 9, 9, z, out);
        for (int i = 0; i < 8; i++) {
            assert_close(out[i], want[i], 1e-15, 1e-15);
        }
        assert_true(isnan(out[8]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logistic),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_extreme_predictors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
