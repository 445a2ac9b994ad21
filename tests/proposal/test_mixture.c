#include "proposals.h"

#include <gsl/gsl_errno.h>

#include "jensen/finite.h"
#include "malloc_sweep.h"

static const char *const two[] = { "weights=0.3,0.7", "means=-1,2;4,0.5", "sds=0.5,1;2,0.25",
                                   NULL };

static jn_model *plane(void)
{
    return jn_test_model("gaussian-scale", TEXTS("dim=2"), NULL);
}

static double normal(double x, double mean, double sd)
{
    const double e = (x - mean) / sd;
    return exp(-0.5 * e * e) / (sd * sqrt(2.0 * M_PI));
}

/* A point comes from the component that its uniform chooses; its density is that of all. */
static void test_map_and_density(void **state)
{
    (void)state;
    enum { N = 600, LD = 601 };
    static double base[3 * LD], z[2 * LD], log_q[LD], again[LD];
    jn_model *m = plane();
    jn_proposal *q = jn_test_proposal("mixture", two, m);
    assert_int_equal(jn_proposal_n_base(q), 3);
    assert_int_equal(jn_proposal_base(q, 0), JN_BASE_NORMAL);
    assert_int_equal(jn_proposal_base(q, 2), JN_BASE_CHOICE);
    assert_false(q->is_gaussian || q->per_row || q->is_prior || q->is_posterior);
    for (size_t i = 0; i < N; i++) {
        base[i] = jn_chance_normal(1, i);
        base[LD + i] = jn_chance_normal(2, i);
        base[2 * LD + i] = jn_chance(3, i);
    }
    assert_ok(q->ops->map(q->self, 0, N, LD, base, z, log_q), NULL);
    assert_ok(q->ops->log_density(q->self, 0, N, LD, z, again), NULL);
    for (size_t i = 0; i < N; i++) {
        const bool first = base[2 * LD + i] < 0.3;
        assert_close(z[i], first ? -1.0 + 0.5 * base[i] : 4.0 + 2.0 * base[i], 1e-15, 1e-15);
        assert_close(z[LD + i], first ? 2.0 + base[LD + i] : 0.5 + 0.25 * base[LD + i], 1e-15,
                     1e-15);
        const double want = 0.3 * normal(z[i], -1.0, 0.5) * normal(z[LD + i], 2.0, 1.0) +
                            0.7 * normal(z[i], 4.0, 2.0) * normal(z[LD + i], 0.5, 0.25);
        assert_close(log_q[i], log(want), 1e-14, 1e-14);
        assert_close(again[i], log_q[i], 0.0, 1e-15);
    }
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Far out, where every component underflows, the log stays finite. */
static void test_far_tail(void **state)
{
    (void)state;
    jn_model *m = plane();
    jn_proposal *q = jn_test_proposal("mixture", two, m);
    const double z[] = { 200.0, -100.0 };
    double out;
    assert_ok(q->ops->log_density(q->self, 0, 1, 1, z, &out), NULL);
    const double b = log(0.7) - 0.5 * (98.0 * 98.0 + 402.0 * 402.0) - log(0.5);
    assert_close(out, b - log(2.0 * M_PI), 1e-15, 0.0); /* the other: 402^2 + 102^2 */
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Trapezoid rule, in the plane and in log z on the half-line. */
static void test_normalisation(void **state)
{
    (void)state;
    enum { N = 501 };
    static double z[2 * N], log_q[N];
    jn_model *m = plane(), *positive = jn_test_model("gamma-weights", NULL, NULL);
    jn_proposal *q = jn_test_proposal("mixture", two, m);
    const double h = 0.08;
    double mass = 0.0, mean[2], chol[4], at[2] = { 0 }, second[3] = { 0 };
    for (int a = 0; a < N; a++) {
        for (int b = 0; b < N; b++) {
            z[b] = 4.0 + (a - N / 2) * h;
            z[N + b] = (b - N / 2) * h;
        }
        assert_ok(q->ops->log_density(q->self, 0, N, N, z, log_q), NULL);
        for (int b = 0; b < N; b++) {
            const double p = h * h * exp(log_q[b]);
            mass += p;
            at[0] += p * z[b];
            at[1] += p * z[N + b];
            second[0] += p * z[b] * z[b];
            second[1] += p * z[b] * z[N + b];
            second[2] += p * z[N + b] * z[N + b];
        }
    }
    assert_close(mass, 1.0, 0.0, 1e-12); /* ten standard deviations; e^-(2 pi^2 (0.25/0.08)^2) */
    assert_ok(q->ops->location(q->self, 0, mean, chol), NULL);
    assert_close(mean[0], at[0], 1e-12, 0.0);
    assert_close(mean[1], at[1], 1e-12, 0.0);
    assert_close(chol[0] * chol[0], second[0] - at[0] * at[0], 1e-11, 0.0);
    assert_close(chol[0] * chol[2], second[1] - at[0] * at[1], 1e-11, 0.0);
    assert_close(chol[2] * chol[2] + chol[3] * chol[3], second[2] - at[1] * at[1], 1e-11, 0.0);
    jn_proposal_free(q);
    q = jn_test_proposal("mixture", TEXTS("means=-3,0.5", "sds=0.5,1", "shift=1", "widen=1.5"),
                         positive);
    mass = 0.0;
    for (int k = -600; k <= 600; k++) {
        double out;
        const double u = k * 0.03, zu = exp(u);
        assert_ok(q->ops->log_density(q->self, 0, 1, 1, &zu, &out), NULL);
        mass += 0.03 * exp(out + u);
        if (k == 0) { /* -2 +- 0.75 and 1.5 +- 1.5 */
            assert_close(exp(out), 0.5 * normal(0.0, -2.0, 0.75) + 0.5 * normal(0.0, 1.5, 1.5),
                         1e-14, 0.0);
        }
    }
    assert_close(mass, 1.0, 0.0, 1e-12);
    const double border[] = { 0.0, INFINITY };
    assert_ok(q->ops->log_density(q->self, 0, 2, 2, border, log_q), NULL);
    assert_true(log_q[0] == -INFINITY && log_q[1] == -INFINITY);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_model_free(positive);
}

static void test_tails(void **state)
{
    (void)state;
    jn_model *m = plane();
    double tail[4] = { 7, 7, 7, 7 };
    jn_proposal *q = jn_test_proposal("mixture", two, m); /* neither is the widest in both */
    assert_int_equal(q->ops->tail_precision(q->self, 0, tail), JN_ERR_UNSUPPORTED);
    assert_true(tail[0] == 7.0);
    jn_proposal_free(q);
    q = jn_test_proposal("mixture",
                         TEXTS("means=0,0;5,5;9,9", "sds=1,2;0.5,2;9,9", "weights=0.5,0.5,0"), m);
    assert_ok(q->ops->tail_precision(q->self, 0, tail), NULL);
    assert_true(tail[0] == 1.0 && tail[1] == 0.0 && tail[2] == 0.0 && tail[3] == 0.25);
    jn_verdict v; /* T = I against P = (1, 1/4): 2 T - P > 0 */
    assert_ok(jn_finite_moment(q, 0, 2.0, &v), NULL);
    assert_int_equal(v.finite, JN_FINITE);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* One component is the gaussian family; many dimensions take the other road of log_density. */
static void test_one_component(void **state)
{
    (void)state;
    enum { D = 40, N = 300 };
    static double z[D * N], a[N], b[N];
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=40"), NULL);
    char means[40 * 5] = "means=";
    for (size_t j = 0; j < D; j++) {
        strcat(means, j == 0 ? "0.3" : ",0.3");
    }
    jn_proposal *q = jn_test_proposal("mixture", TEXTS(means, "sds=2"), m);
    jn_proposal *g = jn_test_proposal("gaussian", TEXTS("mean=0.3", "sd=2"), m);
    for (size_t i = 0; i < D * N; i++) {
        z[i] = jn_chance_normal(9, i);
    }
    assert_ok(q->ops->log_density(q->self, 0, N, N, z, a), NULL);
    assert_ok(g->ops->log_density(g->self, 0, N, N, z, b), NULL);
    for (size_t i = 0; i < N; i++) {
        assert_close(a[i], b[i], 1e-14, 0.0); /* 40 squares in another order */
    }
    jn_proposal_free(q);
    jn_proposal_free(g);
    jn_model_free(m);
}

static void test_bad_parameters(void **state)
{
    (void)state;
    const jn_status bad = JN_ERR_VALUE;
    const char *const name = "mixture";
    jn_model *m = plane(), *points = jn_test_model("two-point-weights", NULL, NULL);
    jn_test_refused_proposal(m, name, NULL, bad, "means is missing: need a row a component, 2");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2,3"), bad, "means has the wrong shape");
    jn_test_refused_proposal(m, name, TEXTS("means=abc"), bad, "means has the wrong shape");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "sds=0"), bad, "sds");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "sds=1,2"), bad, "sds");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "weights=1"), bad, "one number");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "weights=1,1"), bad, "sum to");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "weights=2,-1"), bad, "weights[1]");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "weights=1,0,0"), bad, "weights");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "shift=1,2,3"), bad, "shift");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2;3,4", "widen=-1"), bad, "widen");
    jn_test_refused_proposal(m, name, TEXTS("means=1,2", "sds=1e300", "widen=1e300"), bad, "range");
    jn_test_refused_proposal(m, name, TEXTS("mean=1,2"), JN_ERR_USAGE, "means");
    jn_test_refused_proposal(points, name, TEXTS("means=1"), JN_ERR_UNSUPPORTED,
                             "no continuous latent");
    jn_model_free(m);
    jn_model_free(points);
}

typedef struct sweep {
    jn_params params;
    jn_model *m;
} sweep;

static jn_status make(void *user)
{
    const sweep *s = user;
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("mixture", &s->params, s->m, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep s = { jn_test_params(two), plane() };
    assert_true(jn_malloc_sweep(make, &s) >= 4);
    jn_params_free(&s.params);
    jn_model_free(s.m);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_and_density),
        cmocka_unit_test(test_far_tail),
        cmocka_unit_test(test_normalisation),
        cmocka_unit_test(test_tails),
        cmocka_unit_test(test_one_component),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
