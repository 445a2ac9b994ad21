/* Proposals with more base coordinates than z has: draws of student and mixture weigh right. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/random.h"
#include "jensen/source.h"

static const jn_law_wish NODES = { .needs = JN_NEED_NODES };

static void check_evidence(const jn_source *source, const jn_proposal *q, double tightness)
{
    enum { R = 32 };
    const jn_source_options o = { .samples = 4096, .replicates = R, .seed = 5 };
    jn_plan plan;
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    jn_estimate e;
    assert_ok(jn_plan_new(source, q, 1, &o, &plan, &err), &err);
    assert_ok(jn_source_run(&plan, 1, &NODES, 2, &set, &err), &err);
    jn_plan_release(&plan);
    assert_ok(q->model->density->evidence(q->model->self, 1, &e), NULL);
    double mean = 0.0, square = 0.0;
    for (size_t r = 0; r < R; r++) { /* estimates of p(x) over its true value */
        const double w = exp(jn_law_log_evidence(&set.law[r]) - e.value);
        mean += w / R;
        square += w * w / R;
    }
    const double se = sqrt((square - mean * mean) / (R - 1));
    assert_within_se(mean, 1.0, se, 5.0);
    assert_true(se < tightness);
    jn_law_set_free(&set);
}

static void test_evidence(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 2, NULL, (double[]){ 1.2, -0.4, 0.3, 2.0 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("W=1,0.5;-0.3,2", "noise_sd=0.7"), t);
    jn_proposal *q[] = {
        jn_test_proposal("student", TEXTS("df=4", "mean=0.3,0.8", "sd=0.6"), m),
        jn_test_proposal("mixture", TEXTS("means=0,0.5;1,1", "sds=0.7", "weights=0.4,0.6"), m),
    };
    for (size_t i = 0; i < 2; i++) {
        check_evidence(&jn_source_mc, q[i], 0.02);
        check_evidence(&jn_source_rqmc, q[i], 0.002);
        jn_proposal_free(q[i]);
    }
    jn_model_free(m);
    jn_table_free(t);
}

/* The extra coordinate is the stream's next one. */
static void test_streams(void **state)
{
    (void)state;
    enum { N = 700 };
    double base[2 * N], z[N], log_q[N], joint[N];
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=1"), NULL);
    jn_proposal *q = jn_test_proposal("mixture", TEXTS("means=-1,1"), m);
    const jn_source_options o = { .samples = N, .replicates = 2, .seed = 9 };
    const jn_stream s = { .seed = 9, .replicate = 1, .purpose = JN_FOR_PROPOSAL };
    jn_plan plan;
    jn_law_set set;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_plan_new(&jn_source_mc, q, 0, &o, &plan, &err), &err);
    assert_ok(jn_source_run(&plan, 1, &NODES, 1, &set, &err), &err);
    jn_plan_release(&plan);
    jn_normal_fill(&s, 0, N, 0, base);
    jn_uniform_fill(&s, 0, N, 1, base + N);
    assert_ok(q->ops->map(q->self, 0, N, N, base, z, log_q), NULL);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, N, N, z, N, joint), NULL);
    const jn_law *law = &set.law[1];
    for (int power = 0; power < 8; power++) { /* a law of draws has their moments, bin by bin */
        double want = 0.0, got = 0.0, size = 0.0;
        for (size_t i = 0; i < N; i++) {
            want += pow(joint[i] - log_q[i], power);
            size += fabs(pow(joint[i] - log_q[i], power));
        }
        for (size_t i = 0; i < law->n; i++) {
            got += exp(law->node_log_m[i]) * pow(law->node_log_w[i], power);
        }
        assert_close(got, want, 0.0, 1e-12 * size);
    }
    jn_law_set_free(&set);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* 1024 coordinates of z and one more are too many for Sobol' points, and that is said. */
static void test_too_many_for_sobol(void **state)
{
    (void)state;
    jn_model *m = jn_test_model("gaussian-scale", TEXTS("dim=1024"), NULL);
    jn_proposal *q = jn_test_proposal("student", NULL, m);
    const jn_source_options o = { .samples = 16, .replicates = 2, .seed = 9 };
    jn_plan plan;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_plan_new(&jn_source_rqmc, q, 0, &o, &plan, &err), JN_REFUSED);
    assert_non_null(strstr(err.message, "not 1025"));
    jn_proposal_free(q);
    jn_model_free(m);
}

int main(void)
{
    (void)gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_too_many_for_sobol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
