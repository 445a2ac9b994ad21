/* Logistic regressions: real data, and a prior far wider than the posterior. */
#include "gap/runs.h"

#include <gsl/gsl_errno.h>

/* E log p(x | z) under the prior N(0, sd^2 I): row i needs z'x_i ~ N(0, sd^2 |x_i|^2) alone, so the
 * ELBO of q = prior is a sum of integrals over one normal, here by the trapezoid rule. */
static double prior_elbo(const jn_table *t, double sd)
{
    const ptrdiff_t y = jn_table_find(t, "y");
    double sum = 0.0;
    for (size_t r = 0; r < t->n_rows; r++) {
        double square = 1.0; /* the intercept */
        for (size_t c = 0; c < t->n_cols; c++) {
            const double x = t->numbers[r * t->n_cols + c];
            square += (ptrdiff_t)c == y ? 0.0 : x * x;
        }
        const double scale = sd * sqrt(square);
        const double h = 0.02 / fmax(1.0, scale); /* the softplus has poles at +-pi i */
        for (double g = -12.0; g <= 12.0;
             g += h) { /* log p(y | eta) is the same at -eta and 1 - y */
            const double eta = scale * g;
            sum -= h * exp(-0.5 * g * g) / sqrt(2.0 * M_PI) *
                   (fmax(eta, 0.0) + log1p(exp(-fabs(eta))));
        }
    }
    return sum;
}

static void test_birthwt(void **state)
{
    (void)state;
    static const uint64_t ks[] = { 8, 1000 };
    static const char *const qs[] = { "laplace", "prior" };
    jn_table *data = jn_test_csv("birthwt3.csv");
    for (size_t i = 0; i < 2; i++) {
        jn_test_run r = jn_test_gap("logistic", TEXTS("prior_sd=2"), data, qs[i], NULL, 2, ks,
                                    NULL);
        /* draws of the prior have weights too heavy-tailed to trust, and the table says so */
        assert_int_equal(r.status, i == 0 ? JN_OK : JN_NOT_CONVERGED);
        const jn_gap_row *row = &r.table->rows[0];
        assert_close(row->evidence.value, -121.42579906466793, 0.0, 1e-10);
        assert_close(row->evidence.value, -121.42579906466793, 0.0, row->evidence.error + 1e-13);
        jn_test_run d = jn_test_gap("logistic", TEXTS("prior_sd=2"), data, qs[i], NULL, 2, ks,
                                    &(jn_gap_options){ .rule = JN_RULE_MC });
        assert_int_equal(d.status, i == 0 ? JN_OK : JN_NOT_CONVERGED);
        for (size_t b = 0; b < 3; b++) {
            const double truth = i == 1 && b == 0 ? prior_elbo(data, 2.0)
                                                  : row->bounds[b].value.value;
            const jn_estimate *drawn = &d.table->rows[0].bounds[b].value;
            assert_within_se(drawn->value, truth, hypot(drawn->error, row->bounds[b].value.error),
                             5.0);
        }
        if (i == 0) {
            assert_string_equal(r.table->rule, "quadrature");
            for (size_t b = 0; b < 3; b++) {
                assert_true(row->bounds[b].gap.error < 1e-8 * row->bounds[b].gap.value);
            }
            /* with few covariates a Laplace q has thinner tails than the prior allows */
            assert_true(row->diagnostics.var_w == INFINITY);
        } else { /* no grid covers the prior and resolves the posterior: said, and drawn */
            assert_string_equal(r.table->rule, "rqmc");
            assert_true(r.table->n_warnings > 0);
            assert_within_se(row->bounds[0].value.value, prior_elbo(data, 2.0),
                             row->bounds[0].value.error, 5.0);
            assert_within_se(row->bounds[0].gap.value, -121.42579906466793 - prior_elbo(data, 2.0),
                             row->bounds[0].gap.error, 5.0);
            assert_true(row->bounds[0].gap.error <
                        0.05); /* that of the law's own log p(x) is 0.28 */
        }
        jn_test_gap_free(&d);
        jn_test_gap_free(&r);
    }
    jn_table_free(data);
}

/* 200 rows, wide prior, q = prior: nodes about the mode alone would give -3 and a small error. */
static void test_logistic_200_rows_wide_prior(void **state)
{
    (void)state;
    enum { ROWS = 200 };
    static double x[ROWS * 2];
    for (size_t r = 0; r < ROWS; r++) {
        x[2 * r + 1] = jn_chance_normal(1, r);
        x[2 * r] = jn_chance(2, r) < 1.0 / (1.0 + exp(-0.5 - x[2 * r + 1])) ? 1.0 : 0.0;
    }
    jn_table *data = jn_test_table(ROWS, 2, (const char *const[]){ "y", "a" }, x);
    static const uint64_t ks[] = { 1, 2 };
    const double elbo = prior_elbo(data, 10.0);
    assert_true(elbo < -700.0 && elbo > -1500.0);
    static const jn_rule rules[] = { JN_RULE_AUTO, JN_RULE_QUADRATURE, JN_RULE_MC, JN_RULE_RQMC };
    for (size_t i = 0; i < 4; i++) {
        jn_test_run r = jn_test_gap("logistic", TEXTS("prior_sd=10"), data, "prior", NULL, 2, ks,
                                    &(jn_gap_options){ .rule = rules[i] });
        assert_true(r.status >= 0);
        const jn_gap_bound *b = r.table->rows[0].bounds;
        if (r.status == JN_REFUSED) {
            assert_true(isnan(b[0].value.value) && r.table->n_warnings > 0);
        } else if (b[0].value.kind == JN_QUADRATURE) {
            assert_close(b[0].value.value, elbo, 1e-12, b[0].value.error);
            assert_close(b[0].value.value, elbo, 1e-10, 0.0);
            /* K = 2 of log-weights thousands apart is said to be weaker than asked */
            assert_true(b[2].value.error <= 1e-9 || r.status == JN_NOT_CONVERGED);
        } else {
            assert_within_se(b[0].value.value, elbo, b[0].value.error, 5.0);
        }
        jn_test_gap_free(&r);
    }
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_birthwt),
        cmocka_unit_test(test_logistic_200_rows_wide_prior),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
