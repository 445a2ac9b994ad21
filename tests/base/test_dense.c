#include "assertions.h"

#include <float.h>
#include <string.h>

#include "base/dense.h"
#include "chance.h"

enum { MAX = 12 };

/* B B' + I / 10 with random B: condition number near 1e3. */
static void random_spd(size_t n, uint64_t seed, double *a)
{
    double b[MAX * MAX];
    for (size_t i = 0; i < n * n; i++) {
        b[i] = jn_chance_normal(seed, i);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            a[i * n + j] = i == j ? 0.1 : 0.0;
            for (size_t k = 0; k < n; k++) {
                a[i * n + j] += b[i * n + k] * b[j * n + k];
            }
        }
    }
}

static void test_cholesky_multiplies_back(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MAX; n++) {
        double a[MAX * MAX], l[MAX * MAX];
        random_spd(n, n, a);
        memcpy(l, a, n * n * sizeof *l);
        assert_true(jn_cholesky(n, l));
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                double sum = 0.0;
                for (size_t k = 0; k < n; k++) {
                    sum += l[i * n + k] * l[j * n + k];
                }
                /* backward stable: n + 1 roundings of sqrt(a_ii a_jj) */
                assert_close(sum, a[i * n + j], 0.0,
                             (double)(n + 1) * DBL_EPSILON * sqrt(a[i * n + i] * a[j * n + j]));
                assert_true(j <= i || l[i * n + j] == 0.0);
            }
        }
    }
}

static void test_solve_invert_and_determinant(void **state)
{
    (void)state;
    /* L = [2 0; 3 5]: A = [4 6; 6 34], det 100 */
    double a[] = { 4, 6, 6, 34 }, b[] = { 2, 13 }, c[] = { 8, 10 };
    assert_true(jn_cholesky(2, a));
    assert_true(a[0] == 2.0 && a[1] == 0.0 && a[2] == 3.0 && a[3] == 5.0);
    jn_lower_solve(2, a, b); /* 2 x = 2, 3 x + 5 y = 13 */
    assert_true(b[0] == 1.0 && b[1] == 2.0);
    jn_lower_transpose_solve(2, a, c); /* 5 y = 10, 2 x + 3 y = 8 */
    assert_true(c[0] == 1.0 && c[1] == 2.0);
    assert_close(jn_lower_log_det(2, a), log(10.0), 1e-15, 0.0);
    jn_cholesky_invert(2, a);
    const double want[] = { 0.34, -0.06, -0.06, 0.04 };
    for (size_t i = 0; i < 4; i++) {
        assert_close(a[i], want[i], 1e-15, 0.0);
    }
}

static void test_inverse_of_random_matrices(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MAX; n++) {
        double a[MAX * MAX], b[MAX * MAX];
        random_spd(n, 50 + n, a);
        memcpy(b, a, n * n * sizeof *b);
        assert_true(jn_spd_invert(n, b));
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                double sum = 0.0;
                for (size_t k = 0; k < n; k++) {
                    sum += a[i * n + k] * b[k * n + j];
                }
                assert_close(sum, i == j ? 1.0 : 0.0, 0.0, 1e-11); /* condition x eps x n */
                assert_true(b[i * n + j] == b[j * n + i]);
            }
        }
    }
}

static void test_matrices_that_are_not_positive_definite(void **state)
{
    (void)state;
    double indefinite[] = { 1, 2, 2, 1 }, zero[] = { 0 }, negative[] = { -1 };
    double singular[] = { 1, 1, 1, 1 }, nan[] = { NAN }, inf[] = { INFINITY };
    /* a last pivot of one unit in the last place is rounding, not a number */
    double nearly[] = { 1.0, 0.1, 0.1, nextafter(0.1 * 0.1, 1.0) };
    assert_false(jn_cholesky(2, indefinite));
    assert_false(jn_cholesky(1, zero));
    assert_false(jn_cholesky(1, negative));
    assert_false(jn_spd_invert(2, singular));
    assert_false(jn_cholesky(1, nan));
    assert_false(jn_cholesky(1, inf));
    assert_false(jn_cholesky(2, nearly));
}

/* A V = V diag(values), V orthogonal, ascending. */
static void test_eigenvectors(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MAX; n++) {
        double a[MAX * MAX], work[MAX * MAX], values[MAX], again[MAX], v[MAX * MAX];
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j <= i; j++) { /* indefinite */
                a[i * n + j] = a[j * n + i] = jn_chance_normal(90 + n, i * MAX + j);
            }
        }
        memcpy(work, a, n * n * sizeof *a);
        assert_true(jn_symmetric_eigen(n, work, values, v));
        memcpy(work, a, n * n * sizeof *a);
        assert_true(jn_symmetric_eigen(n, work, again, NULL));
        for (size_t k = 0; k < n; k++) {
            assert_true(k == 0 || values[k] >= values[k - 1]);
            assert_close(again[k], values[k], 0.0, 0.0);
            for (size_t i = 0; i < n; i++) {
                double av = 0.0, dot = 0.0;
                for (size_t j = 0; j < n; j++) {
                    av += a[i * n + j] * v[j * n + k];
                    dot += v[j * n + i] * v[j * n + k];
                }
                assert_close(av, values[k] * v[i * n + k], 0.0, 1e-13); /* ten sweeps, size 5 */
                assert_close(dot, i == k ? 1.0 : 0.0, 0.0, 1e-13);
            }
        }
    }
}

/* Known spectra: a singular matrix, and a graded one whose small eigenvalue keeps its digits. */
static void test_eigenvalues_in_closed_form(void **state)
{
    (void)state;
    double ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, values[3];
    assert_true(jn_symmetric_eigen(3, ones, values, NULL));
    assert_close(values[0], 0.0, 0.0, 1e-15);
    assert_close(values[1], 0.0, 0.0, 1e-15);
    assert_close(values[2], 3.0, 1e-15, 0.0);
    /* [1e20 1e9; 1e9 1]: det 1e20 - 1e18, so the small one is 0.99 to 20 digits */
    double graded[4] = { 1e20, 1e9, 1e9, 1.0 };
    assert_true(jn_symmetric_eigen(2, graded, values, NULL));
    assert_close(values[0], 0.99, 1e-14, 0.0);
    double diagonal[9] = { 3, 0, 0, 0, -1, 0, 0, 0, 2 }, v[9];
    assert_true(jn_symmetric_eigen(3, diagonal, values, v));
    assert_true(values[0] == -1.0 && values[1] == 2.0 && values[2] == 3.0 && v[3] == 1.0);
    double nan[4] = { 1, NAN, NAN, 1 };
    assert_false(jn_symmetric_eigen(2, nan, values, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cholesky_multiplies_back),
        cmocka_unit_test(test_solve_invert_and_determinant),
        cmocka_unit_test(test_inverse_of_random_matrices),
        cmocka_unit_test(test_matrices_that_are_not_positive_definite),
        cmocka_unit_test(test_eigenvectors),
        cmocka_unit_test(test_eigenvalues_in_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
