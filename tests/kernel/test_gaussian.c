#include "kernel/block.h"

#include <string.h>

static void scaled(const jn_kernels *k, const block *b, size_t rows, size_t dim, size_t n,
                   const double *z, double *out)
{
    (void)rows;
    k->quadratic(dim, b->m, b->s, 0.25, -0.5, n, LD, z, out);
}

static long double scaled_truth(const block *b, size_t rows, size_t dim, const double *z)
{
    long double sum = 0.0L;
    (void)rows;
    for (size_t d = 0; d < dim; d++) {
        const long double y = ((long double)z[d * LD] - b->m[d]) * b->s[d];
        sum += y * y;
    }
    return -0.5L * sum;
}

static void standard(const jn_kernels *k, const block *b, size_t rows, size_t dim, size_t n,
                     const double *z, double *out)
{
    (void)b;
    (void)rows;
    k->quadratic(dim, NULL, NULL, 0.25, 0.5, n, LD, z, out);
}

static long double standard_truth(const block *b, size_t rows, size_t dim, const double *z)
{
    long double sum = 0.0L;
    (void)b;
    (void)rows;
    for (size_t d = 0; d < dim; d++) {
        sum += (long double)z[d * LD] * z[d * LD];
    }
    return 0.5L * sum;
}

static void test_quadratic(void **state)
{
    (void)state;
    check_block_kernel(scaled, scaled_truth);
    check_block_kernel(standard, standard_truth);
}

/* b->w, 9 x 9 and more of it, serves as L; what is above the diagonal must not be read */
static void check_affine(const jn_kernels *k, const block *b, size_t dim, size_t n)
{
    double l[MAX_DIM * MAX_DIM], z[MAX_DIM * LD], in_place[MAX_DIM * LD];
    for (size_t i = 0; i < dim * dim; i++) {
        l[i] = i % dim > i / dim ? NAN : b->w[i];
        z[i] = 42.0;
    }
    memcpy(in_place, b->z, sizeof in_place);
    k->affine(dim, b->m, l, n, LD, b->z, z);
    k->affine(dim, b->m, l, n, LD, in_place, in_place);
    for (size_t d = 0; d < dim; d++) {
        for (size_t i = 0; i < n; i++) {
            long double want = (long double)b->m[d];
            for (size_t j = 0; j <= d; j++) {
                want += (long double)l[d * dim + j] * (long double)b->z[j * LD + i];
            }
            assert_close(z[d * LD + i], (double)want, 1e-14, 1e-14);
            assert_true(in_place[d * LD + i] == z[d * LD + i]);
        }
        assert_true(in_place[d * LD + n] == b->z[d * LD + n]);
    }
}

static void test_affine(void **state)
{
    (void)state;
    static block b;
    block_draw(&b);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t dim = 1; dim <= MAX_DIM; dim++) {
            for (size_t n = 0; n <= MAX_N; n++) {
                check_affine(sets[s], &b, dim, n);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quadratic),
        cmocka_unit_test(test_affine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
