/* `--q encoder` on the autoencoder of digits; the reference values were made by its authors'
 * framework (experiments/digits/data). */
#include "jensen/npy.h"
#include "jensen/random.h"
#include "malloc_sweep.h"
#include "networks.h"

enum { FIRST = 1500, ROWS = 297, DRAWS = 512 };

/* Mean and variance of the mean of n numbers. */
static void mean_of(size_t n, const double *x, double *mean, double *var)
{
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        square += (x[i] - *mean) * (x[i] - *mean);
    }
    *var = square / (double)(n - 1) / (double)n;
}

typedef struct total {
    double value, var;
} total;

static void add(total *t, size_t n, const double *x, double *mean)
{
    double var;
    mean_of(n, x, mean, &var);
    t->value += *mean;
    t->var += var;
}

/* ELBO, A = E_q log p(x | z) and B = E_q log q / p(z) by draws, in total and row by row. */
static void test_elbo_and_its_parts(void **state)
{
    (void)state;
    jn_model *m = jn_test_digits(FIRST, ROWS, true);
    jn_proposal *q = jn_test_proposal("encoder", NULL, m);
    jn_matrix reference;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_npy_read(JN_TEST_DIGITS "/elbo_test.npy", &reference, &err), &err);
    assert_int_equal(reference.rows * reference.cols, ROWS);
    total elbo = { 0 }, a = { 0 }, b = { 0 };
    double worst = 0.0;
    for (size_t r = 0; r < ROWS; r++) {
        double base[2 * DRAWS], z[2 * DRAWS], log_q[DRAWS], prior[DRAWS], lik[DRAWS], l[DRAWS];
        const jn_stream stream = { .seed = 1, .observation = (uint32_t)r };
        jn_normal_fill(&stream, 0, DRAWS, 0, base);
        jn_normal_fill(&stream, 0, DRAWS, 1, base + DRAWS);
        assert_ok(q->ops->map(q->self, r, DRAWS, DRAWS, base, z, log_q), NULL);
        assert_ok(m->density->log_prior(m->self, DRAWS, DRAWS, z, prior), NULL);
        assert_ok(
            m->density->log_likelihood(m->self, (jn_range){ r, 1 }, DRAWS, DRAWS, z, DRAWS, lik),
            NULL);
        for (size_t i = 0; i < DRAWS; i++) {
            prior[i] = log_q[i] - prior[i];
            l[i] = lik[i] - prior[i];
        }
        double mean, var;
        add(&a, DRAWS, lik, &mean);
        add(&b, DRAWS, prior, &mean);
        add(&elbo, DRAWS, l, &mean);
        mean_of(DRAWS, l, &mean, &var);
        worst = fmax(worst, fabs(mean - reference.x[r]) / sqrt(var));
    }
    assert_within_se(elbo.value, -6330.6658, sqrt(elbo.var), 5.0);
    assert_within_se(a.value, -5579.6382, sqrt(a.var), 5.0);
    assert_within_se(b.value, 751.0276, sqrt(b.var), 5.0);
    assert_true(worst < 6.0); /* the largest of 297: 5.2 once in 17000 */
    jn_matrix_free(&reference);
    jn_proposal_free(q);
    jn_model_free(m);
}

/* A linear encoder, by hand; a digit's bits go in as the model sees them. */
static void test_shift_widen_location_and_tails(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(2, 2, NULL, (double[]){ 3, 9, 8, 1 });
    jn_params p = jn_test_params(TEXTS("decoder.0.weight=1;2", "decoder.0.bias=0",
                                       "encoder.0.weight=0.5,2;-1,0.25", "encoder.0.bias=0.1,-0.2",
                                       "binarize=7"));
    jn_error err = JN_ERROR_INIT;
    jn_model *m = NULL;
    assert_ok(jn_params_set_matrix(&p, "decoder.0.bias", 1, 2, (double[]){ 0, 0 }), NULL);
    assert_ok(jn_model_new("decoder", &p, t, &m, &err), &err);
    assert_string_equal(m->type->own_proposal(m->self, NULL), "encoder");
    jn_proposal *q = jn_test_proposal("encoder", TEXTS("shift=0.5", "widen=2"), m);
    assert_true(q->per_row && q->is_gaussian);
    double mean, sd, tail; /* x = (0, 1), then (1, 0) */
    assert_ok(q->ops->location(q->self, 0, &mean, &sd), NULL);
    assert_close(mean, 2.1 + 0.5, 1e-15, 0.0);
    assert_close(sd, 2.0 * exp(0.05), 1e-15, 0.0);
    assert_ok(q->ops->location(q->self, 1, &mean, &sd), NULL);
    assert_close(mean, 0.6 + 0.5, 1e-15, 0.0);
    assert_close(sd, 2.0 * exp(-1.2), 1e-15, 0.0);
    assert_ok(q->ops->tail_precision(q->self, 1, &tail), NULL);
    assert_close(tail, 0.25 * exp(2.4), 1e-14, 0.0);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_params_free(&p);
    jn_table_free(t);
}

static jn_model *one_row(const char *encoder_bias)
{
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1 });
    jn_model *m = jn_test_model(
        "decoder",
        encoder_bias == NULL
            ? TEXTS("decoder.0.weight=1", "decoder.0.bias=0")
            : TEXTS("decoder.0.weight=1", "decoder.0.bias=0", "encoder.0.weight=1;1", encoder_bias),
        t);
    jn_table_free(t);
    return m;
}

static void refused(jn_model *m, jn_status status, const char *part)
{
    jn_proposal *q = (jn_proposal *)1;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_test_try_proposal("encoder", NULL, m, &q, &err), status);
    assert_ptr_equal(q, (jn_proposal *)1);
    if (strstr(err.message, part) == NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
    jn_model_free(m);
}

static void test_encoders_that_cannot_serve(void **state)
{
    (void)state;
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1 });
    jn_model *other = jn_test_model("linear-gaussian", NULL, t);
    jn_table_free(t);
    refused(other, JN_ERR_UNSUPPORTED, "model linear-gaussian has no encoder");
    jn_model *none = one_row(NULL);
    assert_null(none->type->own_proposal(none->self, NULL));
    refused(none, JN_ERR_UNSUPPORTED, "encoder=PREFIX is a parameter of model decoder");
    refused(one_row("encoder.0.bias=0,900"), JN_ERR_VALUE, "observation 0: the encoder gives");
    refused(one_row("encoder.0.bias=0,-900"), JN_ERR_VALUE, "log sd -899");
}

static jn_status make(void *user)
{
    jn_proposal *q = NULL;
    const jn_status status = jn_proposal_new("encoder", NULL, user, &q, NULL);
    assert_true(status == JN_OK ? q != NULL : q == NULL);
    jn_proposal_free(q);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_model *m = one_row("encoder.0.bias=0,0");
    assert_true(jn_malloc_sweep(make, m) >= 6);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elbo_and_its_parts),
        cmocka_unit_test(test_shift_widen_location_and_tails),
        cmocka_unit_test(test_encoders_that_cannot_serve),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
