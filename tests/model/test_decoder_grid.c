/* log p(x) of the digits by a plain trapezoid: an algorithm of its own beside the panels of
 * lib/exact. */
#include "base/memory.h"
#include "jensen/logspace.h"
#include "networks.h"

enum { ROWS = 297, FIRST = 1500, SIDE = 601, NODES = 64 };

static void test_evidence_of_the_digits(void **state)
{
    (void)state;
    const double h = 16.0 / (SIDE - 1);
    jn_model *m = jn_test_digits(FIRST, ROWS, false);
    jn_lse sum[ROWS];
    double *out = jn_alloc_doubles((size_t)ROWS * NODES), z[2 * NODES], prior[NODES];
    assert_non_null(out);
    for (size_t r = 0; r < ROWS; r++) {
        sum[r] = (jn_lse)JN_LSE_INIT;
    }
    for (size_t at = 0; at < (size_t)SIDE * SIDE; at += NODES) {
        const size_t left = (size_t)SIDE * SIDE - at, n = left < NODES ? left : NODES;
        for (size_t i = 0; i < n; i++) {
            z[i] = -8.0 + h * (double)((at + i) / SIDE);
            z[NODES + i] = -8.0 + h * (double)((at + i) % SIDE);
        }
        assert_ok(m->density->log_prior(m->self, n, NODES, z, prior), NULL);
        assert_ok(
            m->density->log_likelihood(m->self, (jn_range){ 0, ROWS }, n, NODES, z, NODES, out),
            NULL);
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < n; i++) {
                out[r * NODES + i] += prior[i];
            }
            jn_lse_add_array(&sum[r], n, out + r * NODES);
        }
    }
    double total = 0.0;
    for (size_t r = 0; r < ROWS; r++) {
        total += jn_lse_log_sum(&sum[r]) + 2.0 * log(h);
    }
    /* a grid of 2401^2 on +-9 gives -5882.79997; this one is off by 3e-4 (the data's README) */
    assert_close(total, -5882.79997, 0.0, 3.2e-4);
    free(out);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_evidence_of_the_digits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
