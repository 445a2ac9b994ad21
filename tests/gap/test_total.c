#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "gap/total.h"
#include "gap/warnings.h"

/* Diagnostics of three rows; the worst is reported whatever the order of rows. */
static jn_diagnostics total_of(const double *var_w, const double *ess)
{
    jn_gap_row rows[3];
    jn_gap_bound bounds[3][1], total[1];
    memset(rows, 0, sizeof rows);
    memset(bounds, 0, sizeof bounds);
    jn_gap_table t = { .n_rows = 3, .n_bounds = 1, .rows = rows, .total = { .bounds = total } };
    for (size_t r = 0; r < 3; r++) {
        rows[r] = (jn_gap_row){ .index = r,
                                .bounds = bounds[r],
                                .diagnostics = { .ess_fraction = ess[r],
                                                 .var_w = var_w[r],
                                                 .coverage = 1.0,
                                                 .pareto_k = NAN,
                                                 .zero_weights = r,
                                                 .ess_row = r,
                                                 .var_w_row = r } };
        bounds[r][0].value = (jn_estimate){ .value = r == 1 ? -INFINITY : -1.0, .dof = NAN };
        bounds[r][0].gap_predicted = r == 2 ? NAN : 1.0;
        bounds[r][0].predicted_reliable = r == 0;
    }
    jn_gap_total(&t);
    assert_true(total[0].value.value == -INFINITY && isnan(total[0].value.error));
    assert_true(isnan(total[0].gap_predicted));
    assert_int_equal(total[0].predicted_reliable, 0);
    assert_int_equal(t.total.diagnostics.zero_weights, 3);
    return t.total.diagnostics;
}

static void test_the_worst_row_whatever_the_order(void **state)
{
    (void)state;
    static const double ess[] = { 0.5, 0.25, 0.75 };
    jn_diagnostics d = total_of((double[]){ 1.0, 3.0, 2.0 }, ess);
    assert_close(d.var_w, 3.0, 0.0, 0.0);
    assert_int_equal(d.var_w_row, 1);
    assert_close(d.ess_fraction, 0.25, 0.0, 0.0);
    assert_int_equal(d.ess_row, 1);
    d = total_of((double[]){ 1.0, NAN, 2.0 }, (double[]){ 0.5, NAN, 0.1 });
    assert_true(isnan(d.var_w) && isnan(d.ess_fraction));
    assert_int_equal(d.var_w_row, 1);
    /* infinite is worse than unknown, before it and after it */
    d = total_of((double[]){ NAN, INFINITY, 2.0 }, ess);
    assert_true(d.var_w == INFINITY && d.var_w_row == 1);
    d = total_of((double[]){ 1.0, INFINITY, NAN }, ess);
    assert_true(d.var_w == INFINITY && d.var_w_row == 1);
}

static void test_warnings_come_once(void **state)
{
    (void)state;
    jn_gap_table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    assert_ok(jn_gap_warn(t, "row %d", 1), NULL);
    assert_ok(jn_gap_warn(t, "row %d", 1), NULL);
    assert_ok(jn_gap_warn(t, "row %d", 2), NULL);
    assert_int_equal(t->n_warnings, 2);
    assert_string_equal(t->warnings[1], "row 2");
    jn_gap_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worst_row_whatever_the_order),
        cmocka_unit_test(test_warnings_come_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
