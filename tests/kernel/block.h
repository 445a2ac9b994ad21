/* What the tests of the model kernels share: blocks of every shape that the kernels treat apart. */
#ifndef JN_TESTS_KERNEL_BLOCK_H
#define JN_TESTS_KERNEL_BLOCK_H

#include "kernel/isas.h"

enum { MAX_N = 75, MAX_DIM = 9, MAX_ROWS = 23, LD = MAX_N + 2 };

typedef struct block {
    double z[MAX_DIM * LD], w[MAX_ROWS * MAX_DIM], t[MAX_ROWS], m[MAX_DIM], s[MAX_DIM];
} block;

static inline void block_draw(block *b)
{
    uint64_t seed = 12;
    double *const arrays[] = { b->z, b->w, b->t, b->m };
    const size_t lengths[] = { MAX_DIM * LD, MAX_ROWS * MAX_DIM, MAX_ROWS, MAX_DIM };
    for (size_t a = 0; a < 4; a++) {
        for (size_t i = 0; i < lengths[a]; i++) {
            arrays[a][i] = next_between(&seed, -2.0, 2.0);
        }
    }
    for (size_t i = 0; i < MAX_DIM; i++) {
        b->s[i] = next_between(&seed, 0.5, 2.0);
    }
}

/* A model kernel with everything but samples fixed, and its value at one sample in long double. */
typedef void block_kernel(const jn_kernels *k, const block *b, size_t rows, size_t dim, size_t n,
                          const double *z, double *out);
typedef long double block_truth(const block *b, size_t rows, size_t dim, const double *z);

/* Every length and many shapes on every set: the truth is added to 0.25, nothing is
 * written beyond n, and a sample alone has the bits that it has among others. */
static inline void check_block_kernel(block_kernel *kernel, block_truth *truth)
{
    static block b;
    block_draw(&b);
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t shape = 0; shape < MAX_ROWS * MAX_DIM; shape += 5) {
        const size_t rows = 1 + shape / MAX_DIM, dim = 1 + shape % MAX_DIM;
        for (size_t s = 0; s < n_sets; s++) {
            for (size_t n = 0; n <= MAX_N; n += 1 + n / 20) {
                double out[MAX_N + 1], one;
                for (size_t i = 0; i <= MAX_N; i++) {
                    out[i] = 0.25;
                }
                kernel(sets[s], &b, rows, dim, n, b.z + 1, out);
                for (size_t i = 0; i < n; i++) {
                    const double want = (double)(0.25L + truth(&b, rows, dim, b.z + 1 + i));
                    assert_close(out[i], want, 1e-13, 1e-13); /* a few hundred roundings */
                    one = 0.25;
                    kernel(sets[s], &b, rows, dim, 1, b.z + 1 + i, &one);
                    assert_true(one == out[i]);
                }
                assert_true(out[n] == 0.25);
            }
        }
    }
}

#endif
