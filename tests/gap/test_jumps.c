/* Scrambled points where the integrand jumps: N p below the jump, rounded, in every replicate, or
 * nearly. The interval must know. */
#include "models.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include "jensen/gap.h"

enum { SEEDS = 100, N_BOUNDS = 2 };
static const uint64_t KS[] = { 10 };

typedef struct cell {
    jn_proposal *q;
    jn_bound_arg *args;
    jn_gap_table *truth;
    const char *name;
} cell;

static jn_gap_table *run(const cell *c, const jn_gap_options *o)
{
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_gap_run(c->q, N_BOUNDS, c->args, o, &t, &err), &err);
    return t;
}

/* Share of intervals of 95 % that hold the truth, over seeds: at least 95 % less 4 standard
 * deviations of the count. */
static void covers(const cell *c, uint64_t samples, uint64_t replicates)
{
    int inside[N_BOUNDS] = { 0 }, gaps[N_BOUNDS] = { 0 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const jn_gap_options o = { .rule = JN_RULE_RQMC,
                                   .samples = samples,
                                   .replicates = replicates,
                                   .seed = seed,
                                   .threads = 1 };
        jn_gap_table *t = run(c, &o);
        for (size_t b = 0; b < N_BOUNDS; b++) {
            const jn_gap_bound *x = &t->rows[0].bounds[b], *y = &c->truth->rows[0].bounds[b];
            const double quantile = gsl_cdf_tdist_Pinv(0.975, x->value.dof);
            inside[b] += fabs(x->value.value - y->value.value) <= quantile * x->value.error;
            gaps[b] += fabs(x->gap.value - y->gap.value) <= quantile * x->gap.error;
        }
        jn_gap_table_free(t);
    }
    const double least = 0.95 * SEEDS - 4.0 * sqrt(0.05 * 0.95 * SEEDS);
    for (size_t b = 0; b < N_BOUNDS; b++) {
        char label[JN_BOUND_LABEL];
        (void)jn_bound_label(&c->args[b], label);
        if (inside[b] < least || gaps[b] < least) {
            fail_msg("%s, %d points: %s: of %d intervals %d hold the value, %d the gap", c->name,
                     (int)samples, label, SEEDS, inside[b], gaps[b]);
        }
    }
}

static void start(cell *c, const jn_model *m, const char *q, const char *const *q_set,
                  const char *name)
{
    jn_error err = JN_ERROR_INIT;
    size_t n;
    c->name = name;
    c->q = jn_test_proposal(q, q_set, m);
    assert_ok(jn_bounds_parse("elbo,vr:0.5", 1, KS, &n, &c->args, &err), &err);
    assert_int_equal(n, N_BOUNDS);
    c->truth = run(c, NULL);
}

static void finish(cell *c)
{
    jn_gap_table_free(c->truth);
    free(c->args);
    jn_proposal_free(c->q);
}

/* Two states: N p is 101.99 of 1024 points for the first p, whole for the last. */
static void test_states(void **state)
{
    (void)state;
    const char *const weights[] = { "weights=0.0996,0.9004", "weights=0.1,0.9", "weights=0.3,0.7",
                                    "weights=0.33333333333333331,0.66666666666666663",
                                    "weights=0.5,0.5" };
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        cell c;
        jn_model *m = jn_test_model("two-point-weights", TEXTS(weights[i], "values=3,0.8"), NULL);
        start(&c, m, "prior", NULL, weights[i]);
        covers(&c, 16, 32);
        covers(&c, 128, 32);
        covers(&c, 1024, 32);
        finish(&c);
        jn_model_free(m);
    }
}

/* A component is chosen, and the weights jump from one to the other: three of them, and the mixture
 * as a proposal for a continuous latent. */
static void test_components(void **state)
{
    (void)state;
    cell c;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 0.7 });
    jn_model *m = jn_test_model("gaussian-mixture",
                                TEXTS("weights=0.0996,0.4,0.5004", "means=-1;2;0.5"), data);
    start(&c, m, "prior", NULL, "gaussian-mixture");
    covers(&c, 128, 32);
    finish(&c);
    jn_model_free(m);
    m = jn_test_model("linear-gaussian", NULL, data);
    start(&c, m, "mixture", TEXTS("weights=0.0996,0.9004", "means=-1;0.6", "sds=1"), "mixture");
    covers(&c, 128, 32);
    finish(&c);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
