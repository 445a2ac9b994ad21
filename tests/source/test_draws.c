/* mc and enumerate, with densities that misbehave. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/random.h"
#include "jensen/source.h"
#include "malloc_sweep.h"

/* A model of one coordinate whose likelihood is z - 1, but where z exceeds `bad_from`. */
typedef struct fake {
    double bad_from, bad_likelihood, bad_prior, bad_q;
} fake;

static jn_status fake_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const fake *f = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        out[i] = z[i] > f->bad_from ? f->bad_prior : 0.0;
    }
    return JN_OK;
}

static jn_status fake_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                 const double *z, size_t ld_out, double *out)
{
    const fake *f = self;
    (void)ld;
    (void)ld_out;
    assert_int_equal(rows.count, 1);
    for (size_t i = 0; i < n; i++) {
        out[i] = z[i] > f->bad_from ? f->bad_likelihood : z[i] - 1.0;
    }
    return JN_OK;
}

static jn_status fake_map(const void *self, size_t row, size_t n, size_t ld, const double *base,
                          double *z, double *log_q)
{
    const fake *f = self;
    (void)row;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        z[i] = base[i];
        log_q[i] = z[i] > f->bad_from ? f->bad_q : 0.0;
    }
    return JN_OK;
}

static const jn_density DENSITY = { .log_prior = fake_prior,
                                    .log_likelihood = fake_likelihood,
                                    .has_split = true };
static const jn_model_type TYPE = { .name = "fake" };
static const jn_proposal_type Q_TYPE = { .name = "fake-q" };
static const jn_proposal_ops OPS = { .map = fake_map };

static jn_status draw(const fake *f, uint64_t samples, uint64_t replicates, size_t threads,
                      const jn_law_wish *wish, jn_law_set *set, jn_error *err)
{
    const jn_model m = {
        .type = &TYPE, .self = (void *)(uintptr_t)f, .n_obs = 8, .dim = 1, .density = &DENSITY
    };
    const jn_proposal q = {
        .type = &Q_TYPE, .model = &m, .self = (void *)(uintptr_t)f, .ops = &OPS
    };
    const jn_source_options o = { .samples = samples, .replicates = replicates, .seed = 3 };
    jn_plan plan;
    jn_status st = jn_plan_new(&jn_source_mc, &q, 7, &o, &plan, err);
    if (st == JN_OK) {
        st = jn_source_run(&plan, 1, wish, threads, set, err);
        jn_plan_release(&plan);
    }
    return st;
}

static const uint64_t KS[] = { 2, 100, 1000 };
static const jn_law_wish ALL = { .needs = JN_NEED_NODES | JN_NEED_GROUPS, .n_k = 3, .ks = KS };

/* The laws are those of the streams' own numbers, draw by draw. */
static void test_draws_are_the_streams(void **state)
{
    (void)state;
    enum { N = 1300, R = 3 };
    const fake f = { .bad_from = INFINITY };
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    assert_ok(draw(&f, N, R, 2, &ALL, &set, &err), &err);
    assert_int_equal(set.n, R);
    assert_int_equal(set.n_eval, N * R);
    assert_true(set.kind == JN_MC && !set.nested);
    double total = 0.0;
    for (size_t r = 0; r < R; r++) {
        const jn_stream s = {
            .seed = 3, .observation = 7, .replicate = (uint32_t)r, .purpose = JN_FOR_PROPOSAL
        };
        double z[N];
        jn_normal_fill(&s, 0, N, 0, z);
        const jn_law *law = &set.law[r];
        assert_true(law->n > 100 && law->n < N / 2);
        for (int power = 0; power < 8; power++) { /* nodes of the draws' own bins */
            double want = 0.0, got = 0.0, size = 0.0;
            for (size_t i = 0; i < N; i++) {
                want += pow(z[i] - 1.0, power);
                size += fabs(pow(z[i] - 1.0, power));
            }
            for (size_t i = 0; i < law->n; i++) {
                got += exp(law->node_log_m[i]) * pow(law->node_log_w[i], power);
            }
            assert_close(got, want, 0.0, 1e-13 * size);
            total += power == 1 ? want : 0.0;
        }
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(law->groups[k].done.n, N / KS[k]);
        }
    }
    assert_int_equal(set.pooled.n_nodes, N * R);
    assert_close(set.pooled.log_w.mean, total / (N * R), 1e-13, 0.0);
    assert_close(set.pooled.log_w.mean, -1.0, 0.0, 5.0 / sqrt(N * R));
    assert_int_equal(set.pooled.groups[2].done.n, R); /* groups never straddle replicates */
    jn_law_set_free(&set);
}

/* Of the first replicate. */
static void first_log_weights(size_t n, double *log_w)
{
    const jn_stream s = { .seed = 3, .observation = 7, .purpose = JN_FOR_PROPOSAL };
    jn_normal_fill(&s, 0, n, 0, log_w);
    for (size_t i = 0; i < n; i++) {
        log_w[i] -= 1.0;
    }
}

/* Laws are made in chunks of many blocks and merged: groups of K run across chunks. */
static void test_groups_run_across_chunks(void **state)
{
    (void)state;
    enum { N = 100003 };
    static double l[N];
    const fake f = { .bad_from = INFINITY };
    first_log_weights(N, l);
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    assert_ok(draw(&f, N, 1, 3, &ALL, &set, &err), &err);
    for (size_t k = 0; k < 3; k++) {
        jn_moments want = JN_MOMENTS_INIT;
        for (size_t at = 0; at + KS[k] <= N; at += KS[k]) {
            jn_lse sum = JN_LSE_INIT;
            jn_lse_add_array(&sum, KS[k], l + at);
            jn_moments_add(&want, jn_lse_log_mean(&sum), 1.0);
        }
        assert_int_equal(set.law[0].groups[k].done.n, want.n);
        assert_close(set.law[0].groups[k].done.mean, want.mean, 1e-13, 0.0);
        assert_close(set.law[0].groups[k].done.m2, want.m2, 1e-11, 0.0);
    }
    jn_law_set_free(&set);
}

/* One replicate is the whole; its tail's shape is that of all the draws. */
static void test_what_one_replicate_makes(void **state)
{
    (void)state;
    enum { N = 30011 };
    static double l[N];
    const fake f = { .bad_from = INFINITY };
    first_log_weights(N, l);
    jn_pareto want;
    assert_ok(jn_pareto_fit(N, N, l, &want), NULL);
    const jn_law_wish wish = { .needs = JN_NEED_NODES | JN_NEED_TAIL,
                               .n_tail = jn_pareto_tail(N) + 1 };
    for (size_t threads = 1; threads <= 3; threads++) {
        jn_law_set set;
        jn_error err = JN_ERROR_INIT;
        assert_ok(draw(&f, N, 1, threads, &wish, &set, &err), &err);
        const jn_law *a = &set.law[0], *b = &set.pooled;
        assert_true(a->n > 100 && a->n == b->n);
        assert_memory_equal(a->node_log_w, b->node_log_w, a->n * sizeof(double));
        assert_memory_equal(a->node_log_m, b->node_log_m, a->n * sizeof(double));
        assert_int_equal(set.shape.tail, want.tail);
        assert_close(set.shape.k, want.k, 0.0, 0.0); /* of the same numbers, sorted */
        assert_close(set.shape.error, want.error, 0.0, 0.0);
        jn_law_set_free(&set);
        assert_ok(draw(&f, N, 1, threads, &ALL, &set, &err), &err); /* no tail was asked for */
        assert_true(isnan(set.shape.k));
        jn_law_set_free(&set);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    const fake f = { .bad_from = 2.5, .bad_likelihood = -INFINITY };
    static const size_t threads[] = { 2, 3, 8 };
    jn_law_set one;
    jn_error err = JN_ERROR_INIT;
    assert_ok(draw(&f, 100003, 5, 1, &ALL, &one, &err), &err);
    for (size_t t = 0; t < 3; t++) {
        jn_law_set many;
        assert_ok(draw(&f, 100003, 5, threads[t], &ALL, &many, &err), &err);
        for (size_t i = 0; i <= one.n; i++) {
            const jn_law *a = i < one.n ? &one.law[i] : &one.pooled;
            const jn_law *b = i < one.n ? &many.law[i] : &many.pooled;
            assert_int_equal(a->n, b->n);
            assert_memory_equal(a->node_log_w, b->node_log_w, a->n * sizeof(double));
            assert_memory_equal(&a->evidence, &b->evidence, sizeof a->evidence);
            assert_memory_equal(&a->log_w, &b->log_w, sizeof a->log_w);
            assert_memory_equal(&a->log_lik, &b->log_lik, sizeof a->log_lik);
            assert_memory_equal(a->groups, b->groups, a->n_groups * sizeof *a->groups);
            assert_memory_equal(a->node_log_m, b->node_log_m, a->n * sizeof(double));
            assert_true(a->n_zero > 0 && a->n_zero == b->n_zero && a->n > 0);
        }
        jn_law_set_free(&many);
    }
    jn_law_set_free(&one);
}

/* The first bad point is named, on any number of threads, with its z. */
static void test_bad_densities_are_named(void **state)
{
    (void)state;
    enum { N = 60000 };
    static double z[N];
    const jn_stream s = { .seed = 3, .observation = 7, .purpose = JN_FOR_PROPOSAL };
    jn_normal_fill(&s, 0, N, 0, z);
    size_t first = 0;
    while (z[first] <= 3.5) {
        first++;
    }
    assert_true(first > 1000 && first < N);
    const struct {
        fake f;
        const char *what;
    } cases[] = {
        { { 3.5, NAN, 0.0, 0.0 }, "log p(x|z) is nan" },
        { { 3.5, INFINITY, 0.0, 0.0 }, "log p(x|z) is inf" },
        { { 3.5, 0.0, NAN, 0.0 }, "log p(z) is nan" },
        { { 3.5, 0.0, INFINITY, 0.0 }, "log p(z) is inf" },
        { { 3.5, -INFINITY, INFINITY, 0.0 }, "log p(z) is inf" },
        { { 3.5, 0.0, 0.0, NAN }, "log q(z|x) is nan" },
        { { 3.5, 0.0, 0.0, INFINITY }, "log q(z|x) is inf" },
    };
    char point[64], at[64];
    snprintf(point, sizeof point, "point %zu", first);
    snprintf(at, sizeof at, "%.17g", z[first]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t threads = 1; threads <= 8; threads += 7) {
            jn_law_set set;
            jn_error err = JN_ERROR_INIT;
            assert_int_equal(draw(&cases[i].f, N, 1, threads, &ALL, &set, &err), JN_ERR_NAN);
            jn_law_set_free(&set); /* also after an error */
            if (strstr(err.message, cases[i].what) == NULL ||
                strstr(err.message, "observation 7") == NULL ||
                strstr(err.message, point) == NULL || strstr(err.message, at) == NULL) {
                fail_msg("case %zu: %s", i, err.message);
            }
        }
    }
}

/* -inf is a weight of zero, not an error; it is counted. */
static void test_zero_weights_are_counted(void **state)
{
    (void)state;
    const fake f = { .bad_from = 1.0, .bad_likelihood = -INFINITY };
    const fake g = { .bad_from = 1.0, .bad_prior = -INFINITY };
    jn_law_set a, b;
    jn_error err = JN_ERROR_INIT;
    assert_ok(draw(&f, 5000, 1, 1, &ALL, &a, &err), &err);
    assert_ok(draw(&g, 5000, 1, 1, &ALL, &b, &err), &err);
    assert_true(a.pooled.n_zero > 600 && a.pooled.n_zero < 1000);
    assert_int_equal(a.pooled.n_zero, b.pooled.n_zero);
    assert_true(a.pooled.log_w.mean == -INFINITY && b.pooled.log_w.mean == -INFINITY);
    assert_true(a.pooled.log_lik.mean == -INFINITY);
    assert_true(b.pooled.log_ratio.mean == INFINITY);
    jn_law_set_free(&a);
    jn_law_set_free(&b);
}

static void test_bad_options(void **state)
{
    (void)state;
    const fake f = { .bad_from = INFINITY };
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(draw(&f, 0, 1, 1, &ALL, &set, &err), JN_ERR_VALUE);
    assert_int_equal(draw(&f, 10, 0, 1, &ALL, &set, &err), JN_ERR_VALUE);
    assert_int_equal(draw(&f, 10, JN_PARTS_MAX + 1, 1, &ALL, &set, &err), JN_ERR_VALUE);
    assert_int_equal(draw(&f, JN_INDEX_MAX + 1, 1, 1, &ALL, &set, &err), JN_ERR_VALUE);
}

static jn_status attempt(void *user)
{
    jn_law_set set = { 0 };
    jn_error err = JN_ERROR_INIT;
    const jn_status st = draw(user, 3000, 3, 1, &ALL, &set, &err);
    jn_law_set_free(&set);
    assert_true(st == JN_OK || err.message[0] != 0);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    fake f = { .bad_from = INFINITY };
    assert_true(jn_malloc_sweep(attempt, &f) >= 15);
}

static void test_enumerate(void **state)
{
    (void)state;
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 0.3 });
    jn_model *m = jn_test_model("gaussian-mixture",
                                TEXTS("weights=0.2,0.3,0.5", "means=-1;0;2", "sds=1;0.5;1"), data);
    jn_proposal *q = jn_test_proposal("prior", NULL, m);
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_plan_new(&jn_source_enumerate, q, 0, &(jn_source_options){ 0 }, &plan, &err),
              &err);
    jn_law_set set;
    assert_ok(jn_source_run(&plan, 1, &(jn_law_wish){ .needs = JN_NEED_NODES }, 1, &set, &err),
              &err);
    assert_true(set.kind == JN_EXACT && set.n == 1 && set.law[0].n == 3);
    static const double w[] = { 0.2, 0.3, 0.5 }, mu[] = { -1, 0, 2 }, sd[] = { 1, 0.5, 1 };
    double p = 0.0;
    for (size_t i = 0; i < 3; i++) {
        const double d = (0.3 - mu[i]) / sd[i], l = -0.5 * d * d - log(sd[i] * sqrt(2.0 * M_PI));
        assert_close(set.law[0].node_log_w[i], l, 1e-14, 1e-15);
        assert_close(set.law[0].node_log_m[i], log(w[i]), 1e-15, 0.0);
        p += w[i] * exp(l);
    }
    assert_close(jn_law_log_evidence(&set.law[0]), log(p), 1e-14, 0.0);
    jn_law_set_free(&set);
    jn_plan_release(&plan);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_are_the_streams),
        cmocka_unit_test(test_groups_run_across_chunks),
        cmocka_unit_test(test_what_one_replicate_makes),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_bad_densities_are_named),
        cmocka_unit_test(test_zero_weights_are_counted),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_enumerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
