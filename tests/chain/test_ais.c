/* Annealed importance sampling: moves that leave a law as it is, and estimates of p(x) and of
 * 1 / p(x) without bias, over models and proposals of every kind. */
#include "paths.h"

#include "chain/walk.h"
#include "jensen/simulate.h"

/* --- models of density kind ---------------------------------------------------------------------
 */

typedef struct problem {
    const char *model, *q;
    const char *set[4], *q_set[4];
    const char *column;
    double x;
    bool reverse; /* q's base points can be told from z */
} problem;

static const problem problems[] = {
    { "linear-gaussian", "gaussian", { "noise_sd=0.7" }, { "mean=0.4", "sd=0.8" }, "x", 1.2, true },
    { "linear-gaussian", "prior", { "noise_sd=0.7" }, { NULL }, "x", 1.2, true },
    { "linear-gaussian", "posterior", { "noise_sd=0.7" }, { NULL }, "x", 1.2, true },
    { "linear-gaussian", "student", { "noise_sd=0.7" }, { "df=4", "sd=1" }, "x", 1.2, false },
    { "linear-gaussian",
      "gaussian",
      { "W=1,0.5,2" },
      { "mean=0.1", "cov=1,0.3,0;0.3,0.8,0.2;0,0.2,0.9" },
      "x",
      1.2,
      true },
    { "gamma-poisson", "laplace", { "shape=2" }, { NULL }, "y", 3.0, true },
    { "gamma-poisson", "prior", { "shape=2" }, { NULL }, "y", 3.0, true },
    { "gaussian-mixture", "prior", { "means=-1,1,2" }, { NULL }, "x", 0.7, true },
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

static jn_model *model_of(const problem *p)
{
    jn_table *data = jn_test_table(1, 1, TEXTS(p->column), &p->x);
    jn_model *m = jn_test_model(p->model, p->set, data);
    jn_table_free(data);
    return m;
}

static jn_source_options chains_of(uint64_t steps, bool reverse)
{
    return (jn_source_options){
        .samples = 96, .replicates = 16, .seed = 5, .steps = steps, .reverse = reverse
    };
}

/* exp(l) against its mean; 0 where too few of them make it up: few steps from a poor q, or back to
 * one (harmonic means). */
static size_t judged(const jn_law_set *set, double log_p)
{
    jn_moments p = JN_MOMENTS_INIT;
    for (size_t i = 0; i < set->n; i++) {
        jn_moments_add(&p, exp(jn_law_log_evidence(&set->law[i]) - log_p), 1.0);
    }
    const double se = sqrt(jn_moments_variance(&p) / (double)set->n);
    if (log_p - set->pooled.log_w.mean > 0.6 || se > 0.1) {
        return 0;
    }
    assert_within_se(p.mean, 1.0, se, 5.0);
    assert_true(set->pooled.log_w.mean < log_p);
    return 1;
}

/* Both directions; log_p is what weights average to. How many means were judged. */
static size_t assert_unbiased(const jn_proposal *q, double log_p, bool reverse)
{
    static const uint64_t steps[] = { 1, 6, 24 };
    bool zeros = false;
    size_t seen = 0;
    for (size_t k = 0; k < 3; k++) {
        for (int back = 0; back < (reverse ? 2 : 1); back++) {
            const jn_source_options o = chains_of(steps[k], back == 1);
            jn_law_set set = jn_test_laws(&jn_source_ais, q, 0, &o, 0);
            const double truth = back == 1 ? -log_p : log_p;
            zeros = zeros || set.pooled.n_zero > 0;
            if (zeros && back == 1) { /* off by the log of q's mass where w > 0 */
                assert_true(set.pooled.log_w.mean < truth);
            } else if (q->is_posterior) { /* every weight is p(x), to rounding of sums of 20 terms
                                           */
                assert_close(set.pooled.log_w.mean, truth, 0.0, 1e-10);
            } else {
                seen += judged(&set, truth);
            }
            jn_law_set_free(&set);
        }
    }
    return seen;
}

static void test_unbiased_densities(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < PROBLEMS; i++) {
        const problem *p = &problems[i];
        jn_model *m = model_of(p);
        jn_proposal *q = jn_test_proposal(p->q, p->q_set, m);
        jn_estimate exact;
        assert_ok(m->density->evidence(m->self, 0, &exact), NULL);
        seen += assert_unbiased(q, exact.value, p->reverse);
        jn_proposal_free(q);
        jn_model_free(m);
    }
    assert_true(seen >= 25);
}

static void test_unbiased_paths(void **state)
{
    (void)state;
    static const char *const names[] = { "prior", "guided", "forward", "posterior", "smoother" };
    size_t seen = 0;
    for (size_t c = 0; c < JN_TEST_CHAINS; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        jn_proposal *posterior = jn_test_path("posterior", m);
        for (size_t k = 0; k < 5; k++) {
            jn_proposal *q = jn_test_path(names[k], m);
            if (q != NULL) {
                seen += assert_unbiased(q, exact.value, posterior != NULL);
                jn_proposal_free(q);
            }
        }
        jn_proposal_free(posterior);
        jn_model_free(m);
    }
    assert_true(seen >= 20);
}

/* --- the moves ----------------------------------------------------------------------------------
 */

/* N(0, 1) q, x | z ~ N(z, v): q w^beta is N(m, s^2) with 1 / s^2 = 1 + beta / v. Chains that start
 * there stay there. */
static void test_moves_keep_the_law(void **state)
{
    (void)state;
    enum { N = JN_BLOCK, ROUNDS = 16, MOVES = 12 };
    const double v = 0.49, x = 1.2, beta = 0.6, var = 1.0 / (1.0 + beta / v);
    const double mean = var * beta * x / v;
    jn_model *m = model_of(&problems[1]);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    jn_workspace *ws = jn_workspace_for(q);
    jn_moments first = JN_MOMENTS_INIT, second = JN_MOMENTS_INIT, still = JN_MOMENTS_INIT;
    jn_error err = JN_ERROR_INIT;
    for (uint32_t r = 0; r < ROUNDS; r++) {
        jn_walk w;
        const jn_stream start = { .seed = 3, .replicate = r, .purpose = JN_FOR_STARTS };
        const jn_stream moves = { .seed = 3, .replicate = r, .purpose = JN_FOR_TRANSITION };
        double was[N];
        assert_ok(jn_walk_new(q, 0, N, &w, &err), &err);
        jn_normal_fill(&start, 0, N, 0, w.e);
        for (size_t i = 0; i < N; i++) {
            was[i] = w.e[i] = mean + sqrt(var) * w.e[i];
        }
        assert_ok(jn_walk_weigh(&w, ws, &err), &err);
        for (uint64_t k = 0; k < MOVES; k++) {
            const double size = k % 2 == 0 ? 0.7 : 0.3;
            assert_ok(jn_walk_move(&w, beta, size, &moves, k * N, ws, &err), &err);
        }
        for (size_t i = 0; i < N; i++) {
            const double e = (w.e[i] - mean) / sqrt(var);
            jn_moments_add(&first, e, 1.0);
            jn_moments_add(&second, e * e, 1.0);
            jn_moments_add(&still, was[i] == w.e[i] ? 1.0 : 0.0, 1.0);
        }
        jn_walk_free(&w);
    }
    const double n = (double)N * ROUNDS;
    assert_within_se(first.mean, 0.0, sqrt(jn_moments_variance(&first) / n), 5.0);
    assert_within_se(second.mean, 1.0, sqrt(jn_moments_variance(&second) / n), 5.0);
    assert_true(still.mean < 0.01); /* and they do move */
    jn_workspace_free(ws);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* The same for states of an hmm: started from q w^beta by choosing among draws of q (whose laws
 * over three states in two steps are few), they visit the nine paths as often as they should. */
static void test_moves_keep_a_finite_law(void **state)
{
    (void)state;
    enum { N = JN_BLOCK, ROUNDS = 30, MOVES = 6 };
    const double y[] = { 1.0, 3.0 }, beta = 0.5;
    jn_table *data = jn_test_table(2, 1, TEXTS("y"), y);
    jn_model *m = jn_test_model("hmm", jn_test_chains[0].texts, data);
    jn_proposal *q = jn_test_path("prior", m);
    jn_workspace *ws = jn_workspace_for(q);
    jn_error err = JN_ERROR_INIT;
    double want = 0.0, total = 0.0;
    jn_moments l = JN_MOMENTS_INIT;
    for (size_t k = 0; k < 9; k++) { /* E l under q w^beta, over all paths */
        const double s[] = { (double)(k / 3), (double)(k % 3) };
        double p0, p1, e0, e1;
        assert_ok(m->chain->log_initial(m->self, 1, 1, s, &p0), NULL);
        assert_ok(m->chain->log_transition(m->self, 1, 1, 1, s, s + 1, &p1), NULL);
        assert_ok(m->chain->log_emission(m->self, 0, 0, 1, 1, s, &e0), NULL);
        assert_ok(m->chain->log_emission(m->self, 0, 1, 1, 1, s + 1, &e1), NULL);
        const double w = exp(p0 + p1 + beta * (e0 + e1));
        total += w;
        want += w > 0.0 ? w * (e0 + e1) : 0.0;
    }
    for (uint32_t r = 0; r < ROUNDS; r++) {
        jn_walk w;
        const jn_stream start = { .seed = 4, .replicate = r, .purpose = JN_FOR_STARTS };
        const jn_stream moves = { .seed = 4, .replicate = r, .purpose = JN_FOR_TRANSITION };
        double keep[2 * N], u[N];
        size_t kept = 0;
        assert_ok(jn_walk_new(q, 0, N, &w, &err), &err);
        for (uint64_t k = 0; kept < N; k++) { /* rejection: w^beta is at most 1 */
            jn_normal_fill(&start, k * N, N, 0, w.e);
            jn_normal_fill(&start, k * N, N, 1, w.e + N);
            jn_uniform_fill(&start, k * N, N, 2, u);
            assert_ok(jn_walk_weigh(&w, ws, &err), &err);
            for (size_t i = 0; i < N && kept < N; i++) {
                if (log(u[i]) < beta * w.l[i]) {
                    keep[kept] = w.e[i];
                    keep[N + kept++] = w.e[N + i];
                }
            }
        }
        memcpy(w.e, keep, sizeof keep);
        assert_ok(jn_walk_weigh(&w, ws, &err), &err);
        for (uint64_t k = 0; k < MOVES; k++) {
            assert_ok(jn_walk_move(&w, beta, 0.6, &moves, k * N, ws, &err), &err);
        }
        for (size_t i = 0; i < N; i++) {
            jn_moments_add(&l, w.l[i], 1.0);
        }
        jn_walk_free(&w);
    }
    assert_within_se(l.mean, want / total, sqrt(jn_moments_variance(&l) / (N * ROUNDS)), 5.0);
    jn_workspace_free(ws);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

/* --- base points of given latents
 * ------------------------------------------------------------------ */

/* From base points to z and back: the weight of a point is the same. */
static void test_base_points_come_back(void **state)
{
    (void)state;
    enum { N = 40 };
    static const char *const names[] = { "prior", "guided", "posterior" };
    for (size_t c = 0; c < JN_TEST_CHAINS; c++) {
        jn_model *m = jn_test_chain_model(jn_test_chains + c);
        for (size_t k = 0; k < 3; k++) {
            jn_proposal *q = jn_test_path(names[k], m), *p = jn_test_path("prior", m);
            if (q == NULL || (c == 0 && k > 0)) { /* paths of the first may be none of theirs */
                jn_proposal_free(q);
                jn_proposal_free(p);
                continue;
            }
            const size_t T = m->chain->n_steps(m->self, 0), d = m->dim;
            const jn_stream s = { .seed = 9 };
            double *z = calloc(T * d * N, sizeof *z), *base = calloc(d * N, sizeof *base);
            jn_workspace *ws = jn_workspace_for(q);
            jn_walk w;
            jn_error err = JN_ERROR_INIT;
            for (size_t t = 0; t < T; t++) { /* paths of the chain itself */
                for (size_t j = 0; j < d * N; j++) {
                    base[j] = m->chain->finite != NULL ? jn_chance(t, j) : jn_chance_normal(t, j);
                }
                assert_ok(p->path->step(p->self, 0, t, N, N, t == 0 ? NULL : z + (t - 1) * d * N,
                                        base, z + t * d * N, NULL),
                          NULL);
            }
            assert_ok(jn_walk_new(q, 0, N, &w, &err), &err);
            assert_ok(jn_walk_invert(q, 0, &s, 0, N, z, ws, w.e, &err), &err);
            assert_ok(jn_walk_weigh(&w, ws, &err), &err);
            for (size_t i = 0; i < N && k == 0; i++) { /* the prior's weights are the emissions */
                double sum = 0.0, e;
                for (size_t t = 0; t < T; t++) {
                    double at[4];
                    for (size_t j = 0; j < d; j++) {
                        at[j] = z[(t * d + j) * N + i];
                    }
                    assert_ok(m->chain->log_emission(m->self, 0, t, 1, 1, at, &e), NULL);
                    sum += e;
                }
                assert_close(w.l[i], sum, 1e-6, 1e-6); /* a normal of a uniform loses digits */
            }
            jn_walk_free(&w);
            jn_workspace_free(ws);
            free(z);
            free(base);
            jn_proposal_free(q);
            jn_proposal_free(p);
        }
        jn_model_free(m);
    }
}

/* One exact draw of each of many data sets: E p(x) / w = 1 over them. */
static void test_latents_of_simulated_data(void **state)
{
    (void)state;
    enum { SEEDS = 400 };
    jn_moments ratio = JN_MOMENTS_INIT;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        jn_table *x = NULL, *z = NULL;
        jn_model *m = NULL;
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_simulate("stochastic-volatility", NULL, 4, NULL, seed, &x, &z, &err), &err);
        assert_ok(jn_model_new("stochastic-volatility", NULL, x, &m, &err), &err);
        jn_proposal *q = jn_test_path("prior", m);
        const jn_latents latents = { .n = 4, .dim = 1, .z = z->numbers };
        jn_source_options o = chains_of(6, true);
        o.samples = 1;
        o.replicates = 1;
        o.seed = seed;
        o.latents = &latents;
        jn_law_set set = jn_test_laws(&jn_source_ais, q, 0, &o, 0);
        jn_estimate exact;
        assert_ok(jn_chain_evidence(m, 0, NULL, &exact, NULL), NULL);
        jn_moments_add(&ratio, exp(set.pooled.log_w.mean + exact.value), 1.0);
        jn_law_set_free(&set);
        jn_proposal_free(q);
        jn_model_free(m);
        jn_table_free(x);
        jn_table_free(z);
    }
    const double se = sqrt(jn_moments_variance(&ratio) / SEEDS);
    assert_within_se(ratio.mean, 1.0, se, 5.0);
    assert_true(se < 0.05);
}

/* The whole is made of blocks and parts that do not hang on each other. */
static void test_threads_change_nothing(void **state)
{
    (void)state;
    jn_model *m = jn_test_chain_model(jn_test_chains + 3);
    jn_proposal *q = jn_test_path("guided", m);
    for (int back = 0; back < 2; back++) {
        jn_source_options o = chains_of(4, back == 1);
        o.samples = 1100; /* three blocks */
        jn_law_set one = jn_test_laws(&jn_source_ais, q, 0, &o, 1);
        jn_law_set three = jn_test_laws(&jn_source_ais, q, 0, &o, 3);
        assert_true(one.pooled.log_w.mean == three.pooled.log_w.mean);
        assert_true(jn_law_log_evidence(&one.pooled) == jn_law_log_evidence(&three.pooled));
        jn_law_set_free(&one);
        jn_law_set_free(&three);
    }
    jn_proposal_free(q);
    jn_model_free(m);
}

static void refused(const jn_proposal *q, const jn_source_options *o, jn_status status,
                    const char *part)
{
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    jn_law_set set;
    const jn_law_wish wish = { .needs = JN_NEED_NODES };
    jn_status st = jn_plan_new(&jn_source_ais, q, 0, o, &plan, &err);
    if (st == JN_OK) { /* what a block finds */
        st = jn_source_run(&plan, 1, &wish, 1, &set, &err);
        jn_law_set_free(&set);
        jn_plan_release(&plan);
    }
    assert_int_equal(st, status);
    assert_non_null(strstr(err.message, part));
}

static void test_errors(void **state)
{
    (void)state;
    jn_model *m = jn_test_chain_model(jn_test_chains + 4);
    jn_proposal *q = jn_test_path("prior", m);
    const double z[10] = { 0.0 };
    const jn_latents short_one = { 9, 1, z }, wide = { 10, 2, z };
    jn_source_options o = chains_of(4, true);
    refused(q, &o, JN_ERR_UNSUPPORTED, "no sampler");
    o.latents = &short_one;
    refused(q, &o, JN_ERR_VALUE, "9 x 1");
    o.latents = &wide;
    refused(q, &o, JN_ERR_VALUE, "10 x 2");
    o = chains_of(1000001, false);
    refused(q, &o, JN_ERR_VALUE, "steps");
    o = chains_of(4, false);
    o.samples = 0;
    refused(q, &o, JN_ERR_VALUE, "chains");
    jn_proposal_free(q);
    jn_model_free(m);

    m = model_of(&problems[3]); /* a mixing variable more than z has numbers */
    q = jn_test_proposal("student", problems[3].q_set, m);
    o = chains_of(4, true);
    refused(q, &o, JN_ERR_UNSUPPORTED, "cannot be told");
    jn_proposal_free(q);
    jn_model_free(m);

    const double outside = 0.5; /* no state has this number */
    const jn_latents bad = { 1, 1, &outside };
    m = model_of(&problems[7]);
    q = jn_test_proposal("prior", NULL, m);
    o.latents = &bad;
    refused(q, &o, JN_ERR_UNSUPPORTED, "none of q's");
    jn_proposal_free(q);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbiased_densities),
        cmocka_unit_test(test_unbiased_paths),
        cmocka_unit_test(test_moves_keep_the_law),
        cmocka_unit_test(test_moves_keep_a_finite_law),
        cmocka_unit_test(test_base_points_come_back),
        cmocka_unit_test(test_latents_of_simulated_data),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
