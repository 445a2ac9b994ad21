/* Bridge sampling with exact draws and with resampled ones: are the standard errors true? */
#include "problems.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

enum { SEEDS = 300, POOR = 30 };

static jn_estimate bridge(const char *method, const jn_model *m, uint64_t seed)
{
    const jn_exact_options o = { .tolerance = 1e-12, .threads = 1, .seed = seed };
    jn_estimate e = { 0 };
    jn_error err = JN_ERROR_INIT;
    const jn_exact_method *by = jn_exact_method_find(method);
    assert_non_null(by);
    assert_true(by->applies(m));
    const jn_status st = by->run(m, 0, &o, &e, &err);
    assert_true(st == JN_NOT_CONVERGED); /* 131072 draws do not reach 1e-12 */
    assert_true(e.error > 1e-12 && err.message[0] != '\0');
    return e;
}

/* 95 % t intervals of many seeds: how many hold the truth, and the spread of the values in units of
 * their errors. With 15 degrees of freedom the latter is sqrt(15 / 13) = 1.07, for errors that are
 * a normal sample's. */
static void check_coverage(const char *what, const char *method, const jn_model *m, double truth)
{
    const double reach = gsl_cdf_tdist_Pinv(0.975, 15.0);
    double square = 0.0, sum = 0.0;
    size_t held = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const jn_estimate e = bridge(method, m, seed);
        assert_close(e.dof, 15.0, 0.0, 0.0);
        const double off = (e.value - truth) / e.error;
        assert_true(fabs(off) < 7.0); /* Student with 15 degrees: 4 in a million */
        held += fabs(off) <= reach;
        square += off * off;
        sum += off;
    }
    const double share = (double)held / SEEDS, spread = sqrt(square / SEEDS);
    print_message("%-24s %-17s %5.1f %% held, spread %.2f, mean %+.2f\n", what, method,
                  100.0 * share, spread, sum / SEEDS);
    /* five standard deviations of a share of 300: 6 % below 95 % */
    assert_true(share >= 0.89);
    assert_true(spread > 0.8 && spread < 1.4);
}

static double exact_of(const jn_model *m)
{
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact(m, 0, NULL, &e, &err), &err);
    return e.value;
}

static void test_intervals_cover_on_models(void **state)
{
    static const struct {
        const char *model, *data;
        const char *set[4];
    } cases[] = {
        { "logistic", "birthwt3.csv", { "prior_sd=2" } },
        { "glmm", "arabidopsis.csv", { "family=poisson", "beta=2,0.5,-0.3" } },
        { "banana", NULL, { NULL } },
        { "student", NULL, { NULL } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_table *t = cases[i].data == NULL ? NULL : jn_test_csv(cases[i].data);
        jn_model *m = jn_test_model(cases[i].model, cases[i].set, t);
        const double truth = exact_of(m);
        check_coverage(cases[i].model, "bridge-resampled", m, truth);
        if (m->density->posterior_map != NULL) {
            check_coverage(cases[i].model, "bridge", m, truth);
        }
        jn_model_free(m);
        jn_table_free(t);
    }
}

/* A value may be wrong, but never by more than five of its errors: an infinite error is right. */
static void check_honesty(const char *what, const jn_model *m, double truth)
{
    size_t unknown = 0;
    double worst = 0.0;
    for (uint64_t seed = 0; seed < POOR; seed++) {
        const jn_estimate e = bridge("bridge-resampled", m, seed);
        const double off = isinf(e.error) ? 0.0 : fabs(e.value - truth) / e.error;
        unknown += isinf(e.error);
        worst = fmax(worst, off);
    }
    print_message("%-32s no error known %2zu of %d, else off by %.2g errors at most\n", what,
                  unknown, POOR, worst);
    assert_true(worst <= 5.0);
}

/* The neck of a funnel, which the Gaussian at the mode passes by; tails heavier than q's; a ridge
 * that bends away from it; a needle beside which q is wide. */
static void test_a_poor_q_is_not_silently_wrong(void **state)
{
    static const struct {
        const char *name;
        jn_shape shape;
        size_t dim;
        double a;
    } cases[] = {
        { "product of Cauchys, 2-D", JN_SHAPE_STUDENT, 2, 1.0 },
        { "product of Student 1.2, 6-D", JN_SHAPE_STUDENT, 6, 1.2 },
        { "joint Cauchy, 5-D", JN_SHAPE_T, 5, 1.0 },
        { "bend, 3-D", JN_SHAPE_BEND, 3, 1.5 },
        { "bend, 6-D", JN_SHAPE_BEND, 6, 1.0 },
        { "needle in a hill, 6-D", JN_SHAPE_NEEDLE, 6, 0.02 },
    };
    static const char *const hard[] = { "mu_sd=36.837272759818347", "tau_scale=0.27330472094474639",
                                        "tau_prior=halfnormal", NULL };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_problem p = jn_problem_plain(cases[i].shape, cases[i].dim, cases[i].a);
        const jn_model m = jn_problem_model(&p);
        check_honesty(cases[i].name, &m, p.truth);
    }
    jn_model *m = jn_test_model("funnel", NULL, NULL);
    check_honesty("funnel", m, 0.0);
    jn_model_free(m);
    jn_table *t = jn_test_table(1, 2, (const char *const[]){ "y", "sd" },
                                (double[]){ -51.637367701618615, 0.15528642418141861 });
    m = jn_test_model("hierarchical-normal", hard, t);
    check_honesty("hierarchical-normal", m, exact_of(m)); /* its closed form */
    jn_model_free(m);
    jn_table_free(t);
}

/* The same seed gives the same bytes, another one other draws. */
static void test_draws_follow_the_seed(void **state)
{
    (void)state;
    jn_problem p = jn_problem_plain(JN_SHAPE_SKEW, 2, 2.0);
    const jn_model m = jn_problem_model(&p);
    const jn_estimate a = bridge("bridge-resampled", &m, 7), b = bridge("bridge-resampled", &m, 7);
    const jn_estimate c = bridge("bridge-resampled", &m, 8);
    assert_memory_equal(&a.value, &b.value, sizeof a.value);
    assert_memory_equal(&a.error, &b.error, sizeof a.error);
    assert_true(a.value != c.value);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals_cover_on_models),
        cmocka_unit_test(test_a_poor_q_is_not_silently_wrong),
        cmocka_unit_test(test_draws_follow_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
