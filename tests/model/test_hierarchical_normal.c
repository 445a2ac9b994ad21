#include "models.h"

#include <gsl/gsl_errno.h>

#include "malloc_sweep.h"

static const char *const names[] = { "school", "y", "sd" };
static const double schools[] = { 1, 28, 15, 2, 8, 10, 3, -3, 16, 4, 7,  11,
                                  5, -1, 9,  6, 1, 11, 7, 18, 10, 8, 12, 18 };

static jn_model *eight_schools(const char *const *texts, jn_table **t)
{
    *t = jn_test_table(8, 3, names, schools);
    return jn_test_model("hierarchical-normal", texts, *t);
}

/* p(y | mu, tau) p(mu) p(tau) with theta integrated, from the definition. */
static double log_marginal(double mu, double tau, double mu_sd, double scale, bool cauchy)
{
    double out = -0.5 * log(2.0 * M_PI) - log(mu_sd) - 0.5 * mu * mu / (mu_sd * mu_sd);
    out += cauchy ? log(2.0 / M_PI) - log(scale) - log1p(tau * tau / (scale * scale))
                  : 0.5 * log(2.0 / M_PI) - log(scale) - 0.5 * tau * tau / (scale * scale);
    for (size_t j = 0; j < 8; j++) {
        const double e = schools[3 * j + 1] - mu, sd = schools[3 * j + 2];
        const double v = sd * sd + tau * tau;
        out -= 0.5 * (log(2.0 * M_PI * v) + e * e / v);
    }
    return out;
}

/* Trapezoid rule over mu and log tau: analytic in strips of width pi / 2 and more, steps of 1/12
 * and 0.16, boxes that leave e^-40 outside. */
static double by_two_dimensions(double mu_sd, double scale, bool cauchy)
{
    const double h = 1.0 / 12.0, step = mu_sd / 32.0;
    double sum = 0.0;
    for (int a = 0; a <= 720; a++) {
        const double t = -40.0 + (double)a * h;
        for (int b = -320; b <= 320; b++) {
            sum += exp(log_marginal((double)b * step, exp(t), mu_sd, scale, cauchy) + t + 30.0);
        }
    }
    return log(sum * h * step) - 30.0;
}

static void check_evidence(const char *const *texts, double mu_sd, double scale, bool cauchy)
{
    jn_table *t;
    jn_estimate e;
    jn_model *m = eight_schools(texts, &t);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_true(e.kind == JN_QUADRATURE && e.error > 0.0 && e.error < 1e-12 && e.n_eval > 100);
    assert_string_equal(e.method, "theta, mu in closed form, tau by quadrature");
    /* 4e5 terms added one by one */
    assert_close(e.value, by_two_dimensions(mu_sd, scale, cauchy), 0.0, e.error + 1e-11);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_evidence_against_two_dimensions(void **state)
{
    (void)state;
    check_evidence(NULL, 5.0, 5.0, true);
    check_evidence(TEXTS("mu_sd=20", "tau_scale=25"), 20.0, 25.0, true);
    check_evidence(TEXTS("tau_prior=halfnormal", "tau_scale=8"), 5.0, 8.0, false);
}

/* Importance sampling in all ten coordinates: q is the prior of (mu, tau) and p(theta_j | mu, tau,
 * y_j), so that the weights are those of the two-dimensional problem; densities are the model's. */
static void test_evidence_against_importance_sampling(void **state)
{
    (void)state;
    enum { N = 200000, D = 10, BLOCK = 1000 };
    static double base[D * BLOCK], z[D * BLOCK], prior[BLOCK], lik[BLOCK];
    jn_table *t;
    jn_estimate e;
    jn_model *m = eight_schools(NULL, &t);
    double sum = 0.0, square = 0.0;
    assert_int_equal(m->dim, D);
    for (size_t at = 0; at < N; at += BLOCK) {
        for (size_t j = 0; j < D; j++) {
            for (size_t i = 0; i < BLOCK; i++) {
                base[j * BLOCK + i] = j == 1 ? jn_chance(j, at + i) : jn_chance_normal(j, at + i);
            }
        }
        assert_ok(m->density->prior_map(m->self, BLOCK, BLOCK, base, z), NULL);
        assert_ok(m->density->log_prior(m->self, BLOCK, BLOCK, z, prior), NULL);
        double log_q[BLOCK]; /* the prior of mu and tau alone: with theta at mu, then theta's q */
        for (size_t i = 0; i < BLOCK; i++) {
            const double mu = z[i], tau = z[BLOCK + i];
            log_q[i] = -0.5 * log(2.0 * M_PI * 25.0) - mu * mu / 50.0 + log(2.0 / (5.0 * M_PI)) -
                       log1p(tau * tau / 25.0);
            for (size_t j = 0; j < 8; j++) {
                const double sd = schools[3 * j + 2],
                             v = 1.0 / (1.0 / (sd * sd) + 1.0 / (tau * tau));
                const double center = v * (mu / (tau * tau) + schools[3 * j + 1] / (sd * sd));
                const double b = base[(j + 2) * BLOCK + i];
                z[(j + 2) * BLOCK + i] = center + sqrt(v) * b;
                log_q[i] -= 0.5 * (log(2.0 * M_PI * v) + b * b);
            }
        }
        assert_ok(m->density->log_prior(m->self, BLOCK, BLOCK, z, prior), NULL);
        assert_ok(
            m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, BLOCK, BLOCK, z, BLOCK, lik),
            NULL);
        for (size_t i = 0; i < BLOCK; i++) {
            const double w = exp(prior[i] + lik[i] - log_q[i] + 30.0);
            sum += w;
            square += w * w;
        }
    }
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    const double mean = sum / N, se = sqrt((square / N - mean * mean) / N);
    assert_within_se(mean, exp(e.value + 30.0), se, 5.0);
    assert_true(se < 0.01 * mean);
    jn_model_free(m);
    jn_table_free(t);
}

/* One school, mu and theta out by hand: y ~ N(0, 1 + 1 + tau^2), and the trapezoid rule in tau
 * itself. Ten thousand: a peak a hundredth wide. */
static void test_one_school_and_ten_thousand(void **state)
{
    (void)state;
    jn_estimate e;
    jn_table *t = jn_test_table(1, 2, names + 1, (double[]){ 0.7, 1.0 });
    jn_model *m = jn_test_model("hierarchical-normal",
                                TEXTS("mu_sd=1", "tau_scale=1", "tau_prior=halfnormal"), t);
    double sum = 0.0;
    const double h = 1.0 / 64.0;
    for (int k = -640; k <= 640; k++) { /* even in tau: half the whole line */
        const double tau = k * h, v = 2.0 + tau * tau;
        sum += 0.5 * h * exp(-0.5 * (log(2.0 * M_PI * v) + 0.49 / v + tau * tau)) * sqrt(M_2_PI);
    }
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    assert_close(e.value, log(sum), 0.0, e.error + 1e-14);
    jn_model_free(m);
    jn_table_free(t);
    enum { J = 10000 };
    static double x[2 * J];
    for (size_t j = 0; j < J; j++) {
        x[2 * j] = 3.0 + 2.2 * jn_chance_normal(8, j);
        x[2 * j + 1] = 1.0;
    }
    t = jn_test_table(J, 2, names + 1, x);
    m = jn_test_model("hierarchical-normal", NULL, t);
    assert_ok(m->density->evidence(m->self, 0, &e), NULL);
    /* equal sds: two sums in place of the loop */
    double mean = 0.0, square = 0.0, top = -INFINITY, at = 0.0;
    for (size_t j = 0; j < J; j++) {
        mean += x[2 * j] / J;
    }
    for (size_t j = 0; j < J; j++) {
        square += (x[2 * j] - mean) * (x[2 * j] - mean);
    }
    double total = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k <= 4000; k++) {
            const double s = 0.5 + k * 2e-4, tau = exp(s), v = 1.0 + tau * tau;
            const double mv = 25.0 + v / J;
            const double f = -0.5 * ((J - 1) * log(2.0 * M_PI * v) + log((double)J) + square / v +
                                     log(2.0 * M_PI * mv) + mean * mean / mv) +
                             log(2.0 / (5.0 * M_PI)) - log1p(tau * tau / 25.0) + s;
            if (pass == 0 && f > top) {
                top = f;
                at = s;
            }
            total += pass == 1 ? 2e-4 * exp(f - top) : 0.0;
        }
    }
    assert_true(at > 0.55 && at < 1.25);
    /* 1e4 terms, a sum of size 2e4: 4e-12 a rounding */
    assert_close(e.value, top + log(total), 0.0, e.error + 1e-9);
    assert_true(e.error < 1e-9);
    jn_model_free(m);
    jn_table_free(t);
}

/* Given tau the weights are one number, p(y | tau): p(y, mu | tau) over mu by the trapezoid rule.
 */
static void test_conditional(void **state)
{
    (void)state;
    jn_table *t;
    jn_model *m = eight_schools(TEXTS("mu_sd=20", "tau_scale=7"), &t);
    jn_proposal *q = jn_test_proposal("conditional", NULL, m);
    assert_true(q->is_bounded && !q->is_prior && !q->is_posterior && !q->is_gaussian);
    double outside;
    static const double us[] = { 1e-4, 0.2, 0.7, 0.999 };
    for (size_t i = 0; i < 4; i++) {
        double sum = 0.0, base[10], z[10], log_q, again;
        for (int k = 0; k < 5; k++) {
            for (size_t j = 0; j < 10; j++) {
                base[j] = j == 1 ? us[i] : 2.0 * jn_chance_normal(50 + k, j);
            }
            assert_ok(q->ops->map(q->self, 0, 1, 1, base, z, &log_q), NULL);
            assert_ok(q->ops->log_density(q->self, 0, 1, 1, z, &again), NULL);
            assert_close(again, log_q, 0.0, 0.0);
            for (int b = -400; k == 0 && b <= 400; b++) {
                sum += 0.5 * exp(log_marginal(0.5 * b, z[1], 20.0, 7.0, true) + 30.0);
            }
            const double prior = log(2.0 / (7.0 * M_PI)) - log1p(z[1] * z[1] / 49.0);
            /* theta stands within tau of mu: digits go by mu / tau, 1e4 at most */
            assert_close(jn_test_joint(m, 0, z) - log_q, log(sum) - 30.0 - prior, 0.0,
                         i == 0 ? 1e-10 : 1e-12);
        }
        assert_close(z[1], 7.0 * tan(M_PI_2 * us[i]), 1e-12, 0.0);
    }
    assert_ok(q->ops->log_density(q->self, 0, 1, 1, (double[10]){ 0 }, &outside), NULL);
    assert_true(outside == -INFINITY);
    assert_string_equal(m->type->own_proposal(m->self, NULL), "conditional");
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_densities_and_map(void **state)
{
    (void)state;
    const char *const families[] = { "tau_prior=halfcauchy", "tau_prior=halfnormal" };
    for (size_t k = 0; k < 2; k++) {
        jn_table *t = jn_test_table(3, 3, names, schools);
        jn_model *m = jn_test_model("hierarchical-normal", TEXTS(families[k], "tau_scale=4"), t);
        assert_int_equal(m->dim, 5);
        assert_string_equal(m->notes, "columns not used: school");
        assert_int_equal(jn_model_support(m, 1), JN_POSITIVE);
        assert_int_equal(jn_model_support(m, 2), JN_REAL);
        const double z[] = { 1.5, 3.0, 4.0, -2.0, 0.5 };
        double want = -0.5 * log(2.0 * M_PI * 25.0) - 0.5 * 2.25 / 25.0, prior, joint;
        want += k == 0 ? log(2.0 / (M_PI * 4.0)) - log1p(9.0 / 16.0)
                       : 0.5 * log(2.0 / M_PI) - log(4.0) - 4.5 / 16.0;
        for (size_t j = 0; j < 3; j++) {
            const double e = z[2 + j] - 1.5;
            want -= 0.5 * (log(2.0 * M_PI * 9.0) + e * e / 9.0);
        }
        assert_ok(m->density->log_prior(m->self, 1, 1, z, &prior), NULL);
        assert_close(prior, want, 1e-14, 0.0);
        for (size_t j = 0; j < 3; j++) {
            const double sd = schools[3 * j + 2], e = (schools[3 * j + 1] - z[2 + j]) / sd;
            want -= 0.5 * (log(2.0 * M_PI * sd * sd) + e * e);
        }
        joint = jn_test_joint(m, 0, z);
        assert_close(joint, want, 1e-14, 0.0);
        jn_test_derivatives(m, 0, z);
        jn_test_derivatives(m, 0, (double[]){ -3.0, 7.5, 20.0, 5.0, 1.0 });
        double out;
        assert_ok(m->density->log_prior(m->self, 1, 1, (double[]){ 0, 0, 0, 0, 0 }, &out), NULL);
        assert_true(out == -INFINITY);
        assert_ok(m->density->log_prior(m->self, 1, 1, (double[]){ 0, NAN, 0, 0, 0 }, &out), NULL);
        assert_true(isnan(out));
        jn_model_free(m);
        jn_table_free(t);
    }
}

/* tau at probability u against its distribution function, both families, both tails. */
static void test_prior_map(void **state)
{
    (void)state;
    const double us[] = { 1e-12, 1e-4, 9.9e-4, 1.1e-3, 0.1, 0.5, 0.7, 0.999, 1.0 - 0x1p-40 };
    const char *const families[] = { "tau_prior=halfcauchy", "tau_prior=halfnormal" };
    for (size_t k = 0; k < 2; k++) {
        jn_table *t;
        jn_model *m = eight_schools(TEXTS(families[k], "tau_scale=3", "mu_sd=2"), &t);
        for (size_t i = 0; i < 9; i++) {
            double base[10] = { 0.5, us[i], -1.0 }, z[10];
            assert_ok(m->density->prior_map(m->self, 1, 1, base, z), NULL);
            const double r = z[1] / 3.0;
            const double below = k == 0 ? M_2_PI * atan(r) : erf(r * M_SQRT1_2);
            const double above = k == 0 ? M_2_PI * atan(1.0 / r) : erfc(r * M_SQRT1_2);
            /* beyond 1e-3 the half-normal goes through 1/2 + u/2 */
            assert_close(below, us[i], us[i] < 1e-3 ? 2e-15 : 2e-13, 0.0);
            assert_close(above, 1.0 - us[i], 2e-12, 0.0); /* erfc falls 7 times as fast as r */
            assert_close(z[0], 1.0, 0.0, 0.0);
            assert_close(z[2], 1.0 - z[1], 1e-15, 0.0);
        }
        jn_model_free(m);
        jn_table_free(t);
    }
}

static void test_tails(void **state)
{
    (void)state;
    jn_table *t;
    double tail[100] = { 7.0 };
    jn_model *m = eight_schools(NULL, &t);
    assert_ok(m->density->tail_precision(m->self, 0, tail), NULL);
    assert_close(tail[0], 0.04, 1e-15, 0.0);
    assert_close(tail[11], 0.0, 0.0, 0.0); /* tau */
    assert_close(tail[22], 1.0 / 225.0, 1e-15, 0.0);
    assert_close(tail[2], 0.0, 0.0, 0.0);
    assert_true(m->density->rugged && m->density->has_split && !m->density->log_concave);
    assert_true(m->density->prior_moment_finite(m->self, 0, 4.0));
    assert_false(m->density->prior_moment_finite(m->self, 0, -0.1));
    assert_null(m->density->posterior_map);
    jn_model_free(m);
    jn_table_free(t);
    m = eight_schools(TEXTS("tau_prior=halfnormal"), &t);
    tail[0] = 7.0;
    assert_int_equal(m->density->tail_precision(m->self, 0, tail), JN_ERR_UNSUPPORTED);
    assert_true(tail[0] == 7.0);
    jn_model_free(m);
    jn_table_free(t);
}

static void test_bad_parameters_and_data(void **state)
{
    (void)state;
    const char *const name = "hierarchical-normal";
    const jn_status bad = JN_ERR_VALUE;
    jn_table *t = jn_test_table(8, 3, names, schools);
    jn_table *no_y = jn_test_table(1, 2, (const char *const[]){ "x", "sd" }, (double[]){ 1, 1 });
    jn_table *no_sd = jn_test_table(1, 2, (const char *const[]){ "y", "se" }, (double[]){ 1, 1 });
    jn_table *zero = jn_test_table(2, 2, names + 1, (double[]){ 1, 1, 1, 0 });
    jn_table *far = jn_test_table(1, 2, names + 1, (double[]){ 1e80, 1 });
    jn_test_refused(name, TEXTS("mu_sd=0"), t, bad, "mu_sd");
    jn_test_refused(name, TEXTS("tau_scale=-1"), t, bad, "tau_scale");
    jn_test_refused(name, TEXTS("tau_prior=cauchy"), t, JN_ERR_USAGE, "halfcauchy");
    jn_test_refused(name, TEXTS("tau_sd=1"), t, JN_ERR_USAGE, "tau_sd");
    jn_test_refused(name, NULL, no_y, bad, "no column 'y' (the estimates)");
    jn_test_refused(name, NULL, no_sd, bad, "no column 'sd'");
    jn_test_refused(name, NULL, zero, bad, "row 1, column sd: found '0', expected a number > 0");
    jn_test_refused(name, NULL, far, bad, "found '1e+80'");
    jn_test_refused(name, NULL, NULL, JN_ERR_USAGE, "needs data");
    jn_table *const all[] = { t, no_y, no_sd, zero, far };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        jn_table_free(all[i]);
    }
}

static jn_status make(void *user)
{
    jn_model *m = NULL;
    const jn_status status = jn_model_new("hierarchical-normal", NULL, user, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(8, 3, names, schools);
    assert_true(jn_malloc_sweep(make, t) >= 3);
    jn_table_free(t);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence_against_two_dimensions),
        cmocka_unit_test(test_evidence_against_importance_sampling),
        cmocka_unit_test(test_one_school_and_ten_thousand),
        cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_densities_and_map),
        cmocka_unit_test(test_prior_map),
        cmocka_unit_test(test_tails),
        cmocka_unit_test(test_bad_parameters_and_data),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
