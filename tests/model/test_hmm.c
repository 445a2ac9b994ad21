#include "chains.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>

static const double counts[] = { 0, 3, 1, 3, 700 };

static jn_table *series(void)
{
    return jn_test_table(5, 1, (const char *const[]){ "y" }, counts);
}

/* Densities against GSL's, and -inf outside the support. */
static void test_densities(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_model *m = jn_test_model(
        "hmm",
        TEXTS("initial=0.25,0.75,0", "rates=0,2.5,600", "transition=0.5,0.5,0;0,0.125,0.875;1,0,0"),
        data);
    assert_true(m->density == NULL && m->n_obs == 1 && m->dim == 1);
    assert_int_equal(m->chain->n_steps(m->self, 0), 5);
    const double z[] = { 0, 1, 2, 3, -1, 0.5, NAN };
    double out[7];
    assert_ok(m->chain->log_initial(m->self, 7, 7, z, out), NULL);
    assert_close(out[1], log(0.75), 1e-16, 0.0);
    for (size_t i = 2; i < 7; i++) {
        assert_true(out[i] == -INFINITY);
    }
    const double from[] = { 1, 1, 1, 1, 1, 1, NAN };
    assert_ok(m->chain->log_transition(m->self, 1, 7, 7, from, z, out), NULL);
    assert_true(out[0] == -INFINITY && out[3] == -INFINITY && out[6] == -INFINITY);
    assert_close(out[2], log(0.875), 1e-16, 0.0);
    for (size_t t = 0; t < 5; t++) {
        assert_ok(m->chain->log_emission(m->self, 0, t, 7, 7, z, out), NULL);
        assert_true(t == 0 ? out[0] == 0.0 : out[0] == -INFINITY); /* rate 0 */
        assert_close(exp(out[1]), gsl_ran_poisson_pdf((unsigned)counts[t], 2.5), 1e-11, 1e-300);
        assert_close(exp(out[2]), gsl_ran_poisson_pdf((unsigned)counts[t], 600.0), 1e-11, 1e-280);
        double by_state[3];
        assert_ok(m->chain->state_log_emissions(m->self, 0, t, 1, by_state), NULL);
        assert_memory_equal(by_state, out, sizeof by_state);
    }
    jn_model_free(m);
    m = jn_test_model(
        "hmm", TEXTS("emission=gaussian", "transition=0.5,0.5;0.5,0.5", "means=0,2", "sds=1,3"),
        data);
    assert_ok(m->chain->log_emission(m->self, 0, 1, 2, 2, z, out), NULL);
    assert_close(exp(out[1]), gsl_ran_gaussian_pdf(1.0, 3.0), 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* Maps send uniforms to states in the right shares; states of probability 0 never come. */
static void test_maps(void **state)
{
    (void)state;
    enum { N = 1000 };
    double u[N], from[N], z[N];
    jn_table *data = series();
    jn_model *m = jn_test_model(
        "hmm", TEXTS("initial=0.25,0,0.75", "rates=1", "transition=0.5,0.5,0;0.25,0,0.75;0,1,0"),
        data);
    for (size_t i = 0; i < N; i++) {
        u[i] = ((double)i + 0.5) / N;
        from[i] = 1.0;
    }
    u[N - 1] = nextafter(1.0, 0.0);
    size_t seen[3] = { 0, 0, 0 };
    assert_ok(m->chain->initial_map(m->self, N, N, u, z), NULL);
    for (size_t i = 0; i < N; i++) {
        seen[(size_t)z[i]]++;
    }
    assert_true(seen[0] == 250 && seen[1] == 0 && seen[2] == 750);
    assert_ok(m->chain->transition_map(m->self, 1, N, N, from, u, z), NULL);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < N; i++) {
        seen[(size_t)z[i]]++;
    }
    assert_true(seen[0] == 250 && seen[1] == 0 && seen[2] == 750);
    from[3] = 3.0;
    assert_int_equal(m->chain->transition_map(m->self, 1, N, N, from, u, z), JN_ERR_VALUE);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_stationary_start(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_model *m = jn_test_model("hmm", TEXTS("rates=1,2", "transition=0.98,0.02;0.01,0.99"), data);
    assert_close(m->chain->finite(m->self)->initial[0], 1.0 / 3.0, 1e-14, 0.0);
    jn_model_free(m);
    jn_test_refused("hmm", TEXTS("rates=1,2", "transition=1,0;0,1"), data, JN_ERR_VALUE,
                    "several closed classes");
    jn_table_free(data);
}

static void test_refusals(void **state)
{
    (void)state;
#define SQUARE "transition=0.5,0.5;0.5,0.5"
    jn_table *data = series();
    jn_test_refused("hmm", NULL, data, JN_ERR_VALUE, "transition is 0 x 0");
    jn_test_refused("hmm", TEXTS("transition=0.5,0.5"), data, JN_ERR_VALUE, "1 x 2");
    jn_test_refused("hmm", TEXTS("transition=0.5,0.4;0.5,0.5"), data, JN_ERR_VALUE,
                    "row 0 sums to 0.9");
    jn_test_refused("hmm", TEXTS(SQUARE), data, JN_ERR_VALUE, "rates");
    jn_test_refused("hmm", TEXTS(SQUARE, "rates=1,-1"), data, JN_ERR_VALUE, "rates");
    jn_test_refused("hmm", TEXTS(SQUARE, "rates=1,2,3"), data, JN_ERR_VALUE, "rates");
    jn_test_refused("hmm", TEXTS(SQUARE, "initial=1"), data, JN_ERR_VALUE, "initial has 1");
    jn_test_refused("hmm", TEXTS(SQUARE, "initial=0.5,0.6"), data, JN_ERR_VALUE, "sums to 1.1");
    jn_test_refused("hmm", TEXTS(SQUARE, "initial=stationery"), data, JN_ERR_USAGE, "stationary");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=poison"), data, JN_ERR_USAGE, "poisson");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=gaussian", "means=1"), data, JN_ERR_VALUE,
                    "sds");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=gaussian", "means=1", "sds=0"), data,
                    JN_ERR_VALUE, "sds");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=categorical"), data, JN_ERR_VALUE, "probs");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=categorical", "probs=0.5,0.5;1,1"), data,
                    JN_ERR_VALUE, "row 1 sums to 2");
    jn_test_refused("hmm", TEXTS(SQUARE, "emission=categorical", "probs=0.5,0.5;0.5,0.5"), data,
                    JN_ERR_VALUE, "row 1");
    jn_table_free(data);
    data = jn_test_table(2, 1, (const char *const[]){ "y" }, (double[]){ 1.0, 1.5 });
    jn_test_refused("hmm", TEXTS(SQUARE, "rates=1"), data, JN_ERR_VALUE, "found 1.5");
    jn_table_free(data);
    data = jn_test_table(1, 2, (const char *const[]){ "a", "b" }, (double[]){ 1.0, 2.0 });
    jn_test_refused("hmm", TEXTS(SQUARE, "rates=1"), data, JN_ERR_VALUE, "no column 'y'");
    jn_table_free(data);
    jn_test_refused("hmm", TEXTS(SQUARE, "rates=1"), NULL, JN_ERR_USAGE, "needs data");
}

static void test_memory(void **state)
{
    (void)state;
    jn_table *data = series();
    jn_test_model_memory("hmm", TEXTS(SQUARE, "rates=1,2"), data);
    jn_test_model_memory("hmm", TEXTS(SQUARE, "emission=gaussian", "means=1", "sds=1"), data);
    jn_table_free(data);
    data = jn_test_table(2, 1, (const char *const[]){ "y" }, (double[]){ 1.0, 0.0 });
    jn_test_model_memory("hmm", TEXTS(SQUARE, "emission=categorical", "probs=0.5,0.5;0,1"), data);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_densities),        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_stationary_start), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
