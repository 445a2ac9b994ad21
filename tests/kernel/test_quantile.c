#include "kernel/isas.h"

#include <string.h>

/* mpmath 1.3.0, 50 digits: z = -sqrt(2) erfcinv(2 u) at the double that is printed, by Newton's
 * method on log p */
static const struct {
    double u, z;
} known[] = {
    { 0.5000000000000001, 2.782916424671766922233923e-16 },
    { 0.3, -0.5244005127080408159694544 },
    { 0.075, -1.439531470938455934949801 },
    { 0.0749, -1.440238267527963663112402 },
    { 0.92, 1.405071560309632824794972 },
    { 0.999999, 4.753424308817087765688097 },
    { 1e-05, -4.264890793922824610233749 },
    { 1.3e-11, -6.667611456510740834662219 },
    { 1.4e-11, -6.656723091518183635597313 },
    { 1e-20, -9.262340089798407579572095 },
    { 1e-100, -21.27345356096532429417952 },
    { 1e-300, -37.04709629936119923654704 },
    { 0.9999999999999999, 8.209536151601386855630769 },
    { 5.551115123125783e-17, -8.292361075813595538234152 },
    { 0.4999999, -0.0000002506628274703106513497816 },
};
enum { N_KNOWN = sizeof known / sizeof known[0] };

static void test_known_values(void **state)
{
    (void)state;
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < N_KNOWN; i++) {
            double z;
            sets[s]->quantile(1, &known[i].u, &z);
            assert_close(z, known[i].z, 1e-15, 0.0); /* the accuracy that AS 241 states: 1e-16 */
        }
    }
}

/* p(z(u)) = u, and z(1 - u) = -z(u), over the whole line */
static void test_inverts_the_distribution_function(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double u[N], z[N], mirrored[N];
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    uint64_t seed = 3;
    for (size_t i = 0; i < N; i++) {
        u[i] = i % 2 ? next_between(&seed, 0.0, 0.5) : exp(next_between(&seed, -700.0, -0.7));
    }
    for (size_t s = 0; s < n_sets; s++) {
        sets[s]->quantile(N, u, z);
        for (size_t i = 0; i < N; i++) {
            const long double p = 0.5L * erfcl(-(long double)z[i] / sqrtl(2.0L));
            const long double density = expl(-0.5L * (long double)z[i] * z[i]) /
                                        sqrtl(6.283185307179586476925286766559L);
            /* the error in z that explains the error in p */
            const double error = (double)(((long double)u[i] - p) / density);
            assert_true(fabs(error) <= 2e-15 * fabs(z[i]) + 1e-19);
            mirrored[i] = 1.0 - u[i];
        }
        sets[s]->quantile(N, mirrored, mirrored); /* in place */
        for (size_t i = 0; i < N; i++) {
            if (1.0 - (1.0 - u[i]) == u[i]) {
                assert_true(mirrored[i] == -z[i]);
            }
        }
    }
}

static void test_ends_and_outside(void **state)
{
    (void)state;
    const double u[] = { 0.0, 1.0, 0.5, -0.1, 1.1, NAN, INFINITY };
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    for (size_t s = 0; s < n_sets; s++) {
        double z[7];
        sets[s]->quantile(7, u, z);
        assert_true(z[0] == -INFINITY && z[1] == INFINITY && z[2] == 0.0);
        for (int i = 3; i < 7; i++) {
            assert_true(isnan(z[i]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_inverts_the_distribution_function),
        cmocka_unit_test(test_ends_and_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
