/* Trajectory models in the main job: paths by mc, particle filters as fivo. */
#include "runs.h"

#include "jensen/path.h"

static const double counts[] = { 4.0, 5.0, 4.0, 0.0, 1.0, 0.0, 2.0, 1.0 };

static jn_model *chain(void)
{
    jn_table *t;
    const char *const names[] = { "y" };
    assert_ok(jn_table_new("test", 8, 1, names, counts, &t), NULL);
    jn_model *m = jn_test_model("hmm",
                                TEXTS("initial=0.9,0.1", "transition=0.9,0.1;0.05,0.95",
                                      "emission=poisson", "rates=3.1,0.9"),
                                t);
    jn_table_free(t);
    return m;
}

/* p(x) summed over all 2^8 paths. */
static double all_paths(void)
{
    const double transition[2][2] = { { 0.9, 0.1 }, { 0.05, 0.95 } }, rate[] = { 3.1, 0.9 };
    double sum = 0.0;
    for (unsigned path = 0; path < 256; path++) {
        double p = (path & 1u) == 0 ? 0.9 : 0.1;
        for (unsigned t = 0; t < 8; t++) {
            const unsigned s = path >> t & 1u;
            p *= exp(counts[t] * log(rate[s]) - rate[s] - lgamma(counts[t] + 1.0));
            p *= t < 7 ? transition[s][path >> (t + 1) & 1u] : 1.0;
        }
        sum += p;
    }
    return log(sum);
}

static jn_gap_table *run(const jn_model *m, const char *q, jn_proposal **keep, jn_rule rule,
                         size_t threads, jn_status want)
{
    static const uint64_t particles[] = { 1, 16 };
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_path_proposal_new(q, NULL, m, keep, &err), &err);
    jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                            { .bound = &jn_bound_iwae, .k = 16 },
                            { .bound = &jn_bound_fivo, .k = particles[0] },
                            { .bound = &jn_bound_fivo, .k = particles[1] } };
    const jn_gap_options o = { .rule = rule, .seed = 3, .samples = 2048, .threads = threads };
    jn_gap_table *t = NULL;
    const jn_status status = jn_gap_run(*keep, 4, args, &o, &t, &err);
    /* heavy tails of the weights of whole paths may be warned of */
    assert_int_equal(status == JN_NOT_CONVERGED ? JN_OK : status, want);
    return t;
}

static void test_bounds_of_a_small_chain(void **state)
{
    (void)state;
    jn_model *m = chain();
    const double exact = all_paths();
    for (int guided = 0; guided < 2; guided++) {
        jn_proposal *q;
        jn_gap_table *t = run(m, guided ? "guided" : "prior", &q, JN_RULE_AUTO, 2, JN_OK);
        /* 256 products of 16 factors */
        assert_close(t->total.evidence.value, exact, 1e-13, 0.0);
        const jn_gap_bound *b = t->total.bounds;
        for (size_t i = 0; i < 4; i++) { /* lower bounds, with errors */
            assert_true(b[i].value.error > 0.0);
            assert_true(b[i].gap.value > -5.0 * b[i].gap.error);
            /* groups know log p(x), and use it: sharper than the difference, within its error */
            assert_close(b[i].gap.value, exact - b[i].value.value, 0.0,
                         5.0 * b[i].value.error + 1e-12);
        }
        assert_close(b[0].value.value, b[0].reconstruction.value - b[0].kl.value, 0.0, 1e-12);
        /* one particle is one path: the ELBO; and 16 that are chosen again beat 16 that are not */
        assert_within_se(b[2].value.value, b[0].value.value,
                         hypot(b[2].value.error, b[0].value.error), 5.0);
        assert_true(b[3].value.value > b[2].value.value);
        jn_gap_table_free(t);
        jn_proposal_free(q);
    }
    jn_model_free(m);
}

static void test_the_posterior_has_no_gap(void **state)
{
    (void)state;
    jn_model *m = chain();
    jn_error err = JN_ERROR_INIT;
    jn_proposal *q;
    assert_ok(jn_path_proposal_new("posterior", NULL, m, &q, &err), &err);
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    jn_gap_table *t;
    assert_ok(jn_gap_run(q, 1, &elbo, NULL, &t, &err), &err);
    assert_close(t->total.bounds[0].gap.value, 0.0, 0.0, 1e-12); /* 16 logs of sums */
    jn_gap_table_free(t);
    jn_proposal_free(q);
    jn_model_free(m);
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    jn_model *m = chain();
    jn_proposal *q[2];
    jn_gap_table *t[2];
    for (size_t i = 0; i < 2; i++) {
        t[i] = run(m, "prior", &q[i], JN_RULE_MC, i == 0 ? 1 : 3, JN_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_close(t[0]->total.bounds[i].value.value, t[1]->total.bounds[i].value.value, 0.0,
                     0.0);
        assert_close(t[0]->total.bounds[i].value.error, t[1]->total.bounds[i].value.error, 0.0,
                     0.0);
    }
    for (size_t i = 0; i < 2; i++) {
        jn_gap_table_free(t[i]);
        jn_proposal_free(q[i]);
    }
    jn_model_free(m);
}

static void test_what_does_not_apply_is_refused(void **state)
{
    (void)state;
    jn_model *m = chain();
    jn_proposal *q;
    assert_null(run(m, "prior", &q, JN_RULE_QUADRATURE, 1, JN_ERR_USAGE));
    jn_proposal_free(q);
    jn_model_free(m);
    jn_model *density = jn_test_model("gaussian-scale", NULL, NULL);
    q = jn_test_proposal("gaussian", NULL, density);
    const jn_bound_arg fivo = { .bound = &jn_bound_fivo, .k = 4 };
    jn_gap_table *t = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_gap_run(q, 1, &fivo, NULL, &t, &err), JN_ERR_UNSUPPORTED);
    assert_null(t);
    assert_non_null(strstr(err.message, "gaussian-scale"));
    jn_proposal_free(q);
    jn_model_free(density);
}

static jn_gap_table *diffusion(const char *const *texts, const char *q, size_t threads,
                               jn_model **m, jn_proposal **keep)
{
    const double x[] = { 0.6, -1.3, 0.1 };
    jn_table *data = jn_test_table(3, 1, TEXTS("x"), x);
    *m = jn_test_model("diffusion", texts, data);
    jn_table_free(data);
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_path_proposal_new(q, NULL, *m, keep, &err), &err);
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    const jn_gap_options o = { .samples = 4096, .threads = threads };
    jn_gap_table *t = NULL;
    assert_true(jn_gap_run(*keep, 1, &elbo, &o, &t, &err) >= 0);
    return t;
}

/* The ledger's terms sum to minus the ELBO, which the drawn row has within its error. */
static void test_a_ledger_of_each_step(void **state)
{
    (void)state;
    jn_model *m;
    jn_proposal *q;
    const char *const texts[] = { "steps=7", "b_min=0.05", "b_max=0.5", NULL };
    jn_gap_table *t = diffusion(texts, "forward", 1, &m, &q);
    double sum = 0.0;
    assert_int_equal(t->n_ledger, 8);
    for (size_t k = 0; k < 8; k++) {
        assert_true(k == 7 || t->ledger[k] >= 0.0); /* L_T to L_1 are divergences */
        sum += t->ledger[k];
    }
    assert_close(-sum, t->ledger_elbo.value, 1e-13, 0.0);
    assert_true(t->ledger_elbo.error < 1e-10);
    assert_within_se(t->total.bounds[0].value.value, t->ledger_elbo.value,
                     t->total.bounds[0].value.error, 5.0);
    jn_model *same;
    jn_proposal *p;
    jn_gap_table *u = diffusion(texts, "forward", 3, &same, &p);
    for (size_t k = 0; k < 8; k++) {
        assert_true(t->ledger[k] == u->ledger[k]);
    }
    jn_gap_table_free(u);
    jn_proposal_free(p);
    jn_model_free(same);
    jn_gap_table_free(t);
    jn_proposal_free(q);
    jn_model_free(m);
    t = diffusion(texts, "prior", 1, &m, &q); /* another q has no such ledger */
    assert_int_equal(t->n_ledger, 0);
    jn_gap_table_free(t);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* A network of one layer is affine: x_0 is Gaussian, by a recursion of its mean and variance. */
static void test_a_network_in_a_diffusion(void **state)
{
    (void)state;
    jn_model *m;
    jn_proposal *q;
    const char *const texts[] = {
        "steps=6", "b_min=0.2", "b_max=0.3", "reverse.0.weight=0.8,0.6", "reverse.0.bias=-0.2", NULL
    };
    jn_gap_table *t = diffusion(texts, "forward", 0, &m, &q);
    double mean = 0.0, var = 1.0, truth = 0.0;
    for (int s = 6; s >= 1; s--) {
        mean = 0.8 * mean + 0.6 * s / 6.0 - 0.2;
        var = 0.64 * var + 0.2 + 0.1 * (s - 1) / 5.0;
    }
    for (size_t r = 0; r < 3; r++) {
        const double e = (r == 0 ? 0.6 : r == 1 ? -1.3 : 0.1) - mean;
        truth -= 0.5 * (log(2.0 * M_PI * var) + e * e / var);
    }
    assert_close(t->total.evidence.value, truth, 1e-10, 0.0);
    assert_within_se(t->total.bounds[0].value.value, t->ledger_elbo.value,
                     t->total.bounds[0].value.error, 5.0);
    assert_true(t->ledger_elbo.value < truth);
    jn_gap_table_free(t);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Heavy tails of q's weights are a warning where a bound rests on them, and only there. */
static void test_particles_do_not_rest_on_weights_of_paths(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("nile.csv");
    jn_model *m = jn_test_model("local-level",
                                TEXTS("level_sd=38", "noise_sd=123", "m0=1000", "sd0=500"), data);
    jn_proposal *q;
    jn_error err = JN_ERROR_INIT;
    const jn_bound_arg args[] = { { .bound = &jn_bound_fivo, .k = 8 },
                                  { .bound = &jn_bound_elbo } };
    assert_ok(jn_path_proposal_new("prior", NULL, m, &q, &err), &err);
    for (size_t n = 1; n <= 2; n++) {
        const jn_gap_options o = { .samples = 1024 };
        jn_gap_table *t = NULL;
        const jn_status st = jn_gap_run(q, n, args, &o, &t, &err);
        assert_int_equal(st, n == 1 ? JN_OK : JN_NOT_CONVERGED);
        assert_int_equal(t->n_warnings, n - 1);
        jn_gap_table_free(t);
    }
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

/* Schemes and thresholds of particle filters change the numbers, not what they mean. */
static void test_ways_to_choose_particles(void **state)
{
    (void)state;
    jn_model *m = chain();
    jn_proposal *q;
    jn_error err = JN_ERROR_INIT;
    const double exact = all_paths();
    double last = 0.0;
    assert_ok(jn_path_proposal_new("prior", NULL, m, &q, &err), &err);
    const jn_bound_arg fivo = { .bound = &jn_bound_fivo, .k = 8 };
    for (int how = JN_SYSTEMATIC; how <= JN_MULTINOMIAL; how++) {
        const jn_gap_options o = { .samples = 64,
                                   .resampling = (jn_resampling)how,
                                   .threshold = how == 0 ? 0.0 : 1.0 };
        jn_gap_table *t = NULL;
        assert_true(jn_gap_run(q, 1, &fivo, &o, &t, &err) >= 0);
        const jn_gap_bound *b = &t->total.bounds[0];
        assert_true(b->value.value != last && b->value.value < exact + 3.0 * b->value.error);
        assert_true(b->gap.value > 0.0 && b->gap.value < 2.0);
        last = b->value.value;
        jn_gap_table_free(t);
    }
    jn_proposal_free(q);
    jn_model_free(m);
}

/* Rounding of terms of 1e15 is an error above any tolerance, though the method is exact. */
static void test_an_exact_method_may_miss_the_tolerance(void **state)
{
    (void)state;
    static const char *const y[] = { "y" };
    const double x[] = { 1e8, 2.0 };
    const jn_gap_options o = { .samples = 16, .replicates = 2 };
    jn_table *data = jn_test_table(2, 1, y, x);
    jn_model *m = jn_test_model("local-level", NULL, data);
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    jn_proposal *q;
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_path_proposal_new("prior", NULL, m, &q, &err), &err);
    assert_int_equal(jn_gap_run(q, 1, &elbo, &o, &t, &err), JN_NOT_CONVERGED);
    assert_true(t->total.evidence.error > 1.0);
    assert_non_null(strstr(t->warnings[0], "log p(x) has an error of"));
    jn_gap_table_free(t);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ledger_of_each_step),
        cmocka_unit_test(test_a_network_in_a_diffusion),
        cmocka_unit_test(test_particles_do_not_rest_on_weights_of_paths),
        cmocka_unit_test(test_ways_to_choose_particles),
        cmocka_unit_test(test_bounds_of_a_small_chain),
        cmocka_unit_test(test_the_posterior_has_no_gap),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_an_exact_method_may_miss_the_tolerance),
        cmocka_unit_test(test_what_does_not_apply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
