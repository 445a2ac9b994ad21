/* Is it N(0, 1), and are its numbers independent? Every limit is five standard deviations of the
 * statistic, so that a sound generator fails once in 1.7 million statistics; the seed is fixed. */
#ifndef JN_TESTS_RANDOM_NORMAL_LAW_H
#define JN_TESTS_RANDOM_NORMAL_LAW_H

#include "assertions.h"

#include <stdlib.h>

#include "base/memory.h"
#include "jensen/random.h"

static const jn_stream base_stream = { .seed = 17, .observation = 3, .replicate = 2 };

static inline void check_moments(size_t n, const double *z)
{
    /* E z^(2k) = 1, 3, 15, 105, 945, 10395, ...: the k-th moment has variance E z^2k - (E z^k)^2 */
    const double even[] = { 1.0, 1.0, 3.0, 15.0, 105.0, 945.0, 10395.0, 135135.0, 2027025.0 };
    for (int k = 1; k <= 8; k++) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            double p = 1.0;
            for (int j = 0; j < k; j++) {
                p *= z[i];
            }
            sum += p;
        }
        const double mean = k % 2 == 0 ? even[k / 2] : 0.0;
        assert_within_se(sum / (double)n, mean, sqrt((even[k] - mean * mean) / (double)n), 5.0);
    }
}

static inline int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: sqrt(n) D > 2.7 has probability 2 exp(-2 * 2.7^2) = 9e-7. Sorts z. */
static inline void check_distribution(size_t n, double *z)
{
    qsort(z, n, sizeof *z, ascending);
    double d = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double p = 0.5 * erfc(-z[i] / sqrt(2.0));
        d = fmax(d, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
    }
    assert_true(sqrt((double)n) * d < 2.7);
}

/* Counts beyond t in either tail are Poisson, nearly. Sorted z. */
static inline void check_tails(size_t n, const double *z)
{
    for (double t = 2.0; t < 5.0; t += 0.5) {
        const double expected = (double)n * 0.5 * erfc(t / sqrt(2.0));
        size_t low = 0, high = 0;
        for (size_t i = 0; i < n; i++) {
            low += z[i] < -t;
            high += z[i] > t;
        }
        if (expected > 20.0) {
            assert_within_se((double)low, expected, sqrt(expected), 5.0);
            assert_within_se((double)high, expected, sqrt(expected), 5.0);
        }
    }
}

static inline void check_uncorrelated(size_t n, const double *x, const double *y)
{
    double xy = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        xy += x[i] * y[i];
        squares += (x[i] * x[i] - 1.0) * (y[i] * y[i] - 1.0); /* variance 2 * 2 */
    }
    assert_within_se(xy / (double)n, 0.0, 1.0 / sqrt((double)n), 5.0);
    assert_within_se(squares / (double)n, 0.0, 2.0 / sqrt((double)n), 5.0);
}

static inline void check_independence(size_t n, double *x, double *y)
{
    jn_stream s = base_stream;
    jn_normal_fill(&s, 0, n, 0, x);
    const size_t lags[] = { 1, 2, 7, 8, 9, 15, 16, 32, 256, 512 };
    for (size_t k = 0; k < sizeof lags / sizeof lags[0]; k++) {
        check_uncorrelated(n - lags[k], x, x + lags[k]);
    }
    for (uint32_t c = 1; c < 1 << 24; c *= 8) {
        jn_normal_fill(&s, 0, n, c, y);
        check_uncorrelated(n, x, y);
    }
    for (uint32_t k = 0; k < 5; k++) {
        s = base_stream;
        s.seed += k == 0;
        s.observation += k == 1;
        s.replicate += k == 2;
        s.purpose = k == 3 ? JN_FOR_POSTERIOR : s.purpose;
        jn_normal_fill(&s, k == 4 ? JN_INDEX_MAX / 2 : 0, n, 0, y);
        check_uncorrelated(n, x, y);
    }
}

static inline void check_normals(size_t n)
{
    double *x = jn_alloc_doubles(n), *y = jn_alloc_doubles(n);
    assert_non_null(x);
    assert_non_null(y);
    check_independence(n, x, y);
    check_moments(n, x);
    check_distribution(n, x);
    check_tails(n, x);
    free(x);
    free(y);
}

#endif
