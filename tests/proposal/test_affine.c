#include "proposals.h"
#include "toys.h"

/* The maps of all families on models of every kind, against differences. */
static void test_change_of_variables(void **state)
{
    (void)state;
    jn_table *t = jn_test_csv("iris.csv");
    jn_model *lg = jn_test_model(
        "linear-gaussian", TEXTS("W=0.72,-0.33;-0.16,-0.365;1.72,0.085;0.72,0.04", "b=5,3,4,1"), t);
    jn_model *gamma = jn_test_model("gamma-weights", TEXTS("a=2.3"), NULL);
    const struct {
        const jn_model *m;
        const char *name, *const *texts;
    } cases[] = {
        { lg, "gaussian", TEXTS("mean=1,-2", "cov=1.3,-0.6;-0.6,0.5", "shift=0.1", "widen=1.2") },
        { lg, "laplace", TEXTS("widen=0.5") },
        { lg, "posterior", NULL },
        { lg, "prior", NULL },
        { gamma, "gaussian", TEXTS("mean=-0.5", "sd=0.8") },
        { gamma, "laplace", TEXTS("shift=0.3", "widen=2") },
        { gamma, "posterior", NULL },
        { gamma, "prior", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jn_proposal *q = jn_test_proposal(cases[i].name, cases[i].texts, cases[i].m);
        jn_test_change_of_variables(q, cases[i].m->n_obs - 1);
        jn_proposal_free(q);
    }
    jn_model_free(lg);
    jn_model_free(gamma);
    jn_table_free(t);
}

/* On a positive coordinate a Gaussian q is log-normal; outside the support q is 0. */
static void test_log_normal(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gamma-weights", NULL, NULL);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.4", "sd=0.7"), m);
    const double z[] = { 0.2, 1.0, 7.0, 0.0, INFINITY };
    double log_q[5];
    assert_ok(q->ops->log_density(q->self, 0, 5, 5, z, log_q), NULL);
    for (size_t i = 0; i < 3; i++) {
        const double e = (log(z[i]) - 0.4) / 0.7;
        const double want = -log(z[i]) - log(0.7) - 0.5 * log(2.0 * M_PI) - 0.5 * e * e;
        assert_close(log_q[i], want, 1e-14, 1e-15);
    }
    assert_true(log_q[3] == -INFINITY && log_q[4] == -INFINITY);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Splitting a block changes no bit; strides are honoured; many dimensions take the other road of
 * log_density. */
static void test_blocks_and_dimensions(void **state)
{
    (void)state;
    const char *const dims[] = { "dim=1", "dim=3", "dim=40", "dim=300" };
    enum { N = 70, LD = 77 };
    for (size_t c = 0; c < 4; c++) {
        jn_model *m = jn_test_model("gaussian-scale", TEXTS(dims[c]), NULL);
        jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.3", "sd=1.5"), m);
        double *base = calloc(m->dim * LD, sizeof *base), *z = calloc(m->dim * LD, sizeof *z);
        double *part = calloc(m->dim * LD, sizeof *part);
        double log_q[N], again[N], split[N];
        for (size_t i = 0; i < m->dim * LD; i++) {
            base[i] = jn_chance_normal(5, i);
        }
        assert_ok(q->ops->map(q->self, 0, N, LD, base, z, log_q), NULL);
        assert_ok(q->ops->log_density(q->self, 0, N, LD, z, again), NULL);
        assert_ok(q->ops->map(q->self, 0, 13, LD, base, part, split), NULL);
        assert_ok(q->ops->map(q->self, 0, N - 13, LD, base + 13, part + 13, split + 13), NULL);
        for (size_t i = 0; i < N; i++) {
            double want = -(double)m->dim * (0.5 * log(2.0 * M_PI) + log(1.5));
            for (size_t j = 0; j < m->dim; j++) {
                want -= 0.5 * base[j * LD + i] * base[j * LD + i];
                assert_true(part[j * LD + i] == z[j * LD + i]);
            }
            assert_close(log_q[i], want, 1e-13, 1e-13);
            assert_close(again[i], want, 1e-13, 1e-12); /* (z - mean) / sd: a few roundings each */
            assert_true(split[i] == log_q[i]);
        }
        free(base);
        free(z);
        free(part);
        jn_proposal_free(q);
        jn_model_free(m);
    }
}

static jn_support all_kinds(const void *self, size_t j)
{
    static const jn_support kinds[] = { JN_UNIT, JN_POSITIVE };
    (void)self;
    return kinds[j];
}

static double anything(const double *z)
{
    return -z[1] + log(z[0]);
}

/* Unit and positive coordinates tied together by a full covariance. */
static void test_mixed_support(void **state)
{
    (void)state;
    jn_toy toy = { 2, anything };
    jn_density density = { .support = all_kinds };
    const jn_model m = jn_toy_model(&toy, &density);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS("mean=0.3,-1", "cov=1,0.5;0.5,0.8"), &m);
    jn_test_change_of_variables(q, 0);
    jn_proposal_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change_of_variables),
        cmocka_unit_test(test_log_normal),
        cmocka_unit_test(test_blocks_and_dimensions),
        cmocka_unit_test(test_mixed_support),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
