#include <dlfcn.h>

#include <cblas.h>

#include "jensen/finite.h"
#include "malloc_sweep.h"
#include "models.h"
#include "networks.h"

enum { D = 7, ROWS = 9, MAX_N = 700 };

/* Bits, or numbers of any size for a Gaussian likelihood. */
static jn_table *data(bool bits)
{
    double x[ROWS * D];
    for (size_t i = 0; i < ROWS * D; i++) {
        x[i] = bits ? (double)(jn_chance(1, i) > 0.5) : 2.0 * jn_chance_normal(2, i);
    }
    return jn_test_table(ROWS, D, NULL, x);
}

static const size_t deep[][4] = { { 1, 11, 8, D }, { 2, 11, 8, D }, { 3, 11, 8, D } };

static jn_status try_decoder(size_t n_layers, const size_t *sizes, const char *const *texts,
                             const jn_table *t, jn_model **m, jn_error *err)
{
    jn_params p = jn_test_params(texts);
    jn_test_network(&p, "decoder", n_layers, sizes);
    const jn_status status = jn_model_new("decoder", &p, t, m, err);
    jn_params_free(&p);
    return status;
}

static jn_model *decoder(size_t n_layers, const size_t *sizes, const char *const *texts,
                         const jn_table *t)
{
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(try_decoder(n_layers, sizes, texts, t, &m, &err), &err);
    return m;
}

/* --- the definition, one number after the other ---------------------------------------------- */

static double slow_activation(const char *name, double t)
{
    return strcmp(name, "tanh") == 0       ? tanh(t)
           : strcmp(name, "relu") == 0     ? fmax(t, 0.0)
           : strcmp(name, "softplus") == 0 ? fmax(t, 0.0) + log1p(exp(-fabs(t)))
                                           : 1.0 / (1.0 + exp(-t));
}

/* log p(x | z) from the parameters that the model keeps; *size: of what was added up */
static double slow_likelihood(const jn_model *m, size_t n_layers, const double *x, const double *z,
                              double *size)
{
    double in[64] = { 0 }, out[64], sum = 0.0, noise;
    const char *activation = jn_params_find(&m->params, "activation")->word;
    const bool gaussian = strcmp(jn_params_find(&m->params, "likelihood")->word, "gaussian") == 0;
    assert_ok(jn_params_number(&m->params, "noise_sd", 0.0, 9.0, &noise, NULL), NULL);
    memcpy(in, z, m->dim * sizeof *in);
    for (size_t k = 0; k < n_layers; k++) {
        char name[64];
        snprintf(name, sizeof name, "decoder.%zu.weight", k);
        const jn_value *w = jn_params_find(&m->params, name);
        snprintf(name, sizeof name, "decoder.%zu.bias", k);
        const jn_value *b = jn_params_find(&m->params, name);
        for (size_t r = 0; r < w->rows; r++) {
            out[r] = b->x[r];
            for (size_t c = 0; c < w->cols; c++) {
                out[r] += w->x[r * w->cols + c] * in[c];
            }
        }
        for (size_t r = 0; r < w->rows; r++) {
            in[r] = k + 1 < n_layers ? slow_activation(activation, out[r]) : out[r];
        }
    }
    *size = 1.0;
    for (size_t j = 0; j < D; j++) {
        const double l = in[j], e = (x[j] - l) / noise;
        const double sp = fmax(l, 0.0) + log1p(exp(-fabs(l)));
        sum += gaussian ? -0.5 * e * e - log(noise) - 0.5 * log(2.0 * M_PI) : x[j] * l - sp;
        *size += gaussian ? 0.5 * e * e + fabs(l) / noise : fabs(l) + sp;
    }
    return sum;
}

static void against_the_definition(size_t d, const char *activation, const char *likelihood)
{
    enum { N = 70, LD = 73 };
    static double z[3 * LD], out[ROWS * N];
    char a[64], l[64];
    snprintf(a, sizeof a, "activation=%s", activation);
    snprintf(l, sizeof l, "likelihood=%s", likelihood);
    jn_table *t = data(strcmp(likelihood, "bernoulli") == 0);
    jn_model *m = decoder(3, deep[d - 1], TEXTS(a, l, "noise_sd=0.3"), t);
    assert_true(m->dim == d && m->n_obs == ROWS && m->density->rugged && m->density->has_split);
    for (size_t i = 0; i < 3 * LD; i++) {
        z[i] = 2.0 * jn_chance_normal(3, i);
    }
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, ROWS }, N, LD, z, N, out), NULL);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < N; i++) {
            double size, zi[3];
            for (size_t j = 0; j < d; j++) {
                zi[j] = z[j * LD + i];
            }
            const double want = slow_likelihood(m, 3, t->numbers + r * D, zi, &size);
            /* roundings of three layers, about 100 of eps in all */
            assert_close(out[r * N + i], want, 0.0, 2e-14 * size);
        }
    }
    jn_model_free(m);
    jn_table_free(t);
}

static void test_log_likelihood_is_the_definition(void **state)
{
    (void)state;
    static const char *const activations[] = { "tanh", "relu", "softplus", "sigmoid" };
    for (size_t a = 0; a < 4; a++) {
        for (size_t d = 1; d <= 3; d++) {
            against_the_definition(d, activations[a], "bernoulli");
            against_the_definition(d, activations[a], "gaussian");
        }
    }
}

/* Pixels between 0 and 1 by x log p + (1 - x) log(1 - p), and the model says so. */
static void test_pixels_between_zero_and_one(void **state)
{
    (void)state;
    const double x[] = { 0.25, 1.0 }, z[] = { -0.8, 1.7 };
    double out[2];
    jn_table *t = jn_test_table(1, 2, NULL, x);
    jn_model *m = decoder(1, (const size_t[]){ 1, 2 }, NULL, t);
    assert_non_null(strstr(m->notes, "1 values lie between 0 and 1"));
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 2, 2, z, 2, out), NULL);
    const double *w = jn_params_find(&m->params, "decoder.0.weight")->x;
    const double *b = jn_params_find(&m->params, "decoder.0.bias")->x;
    for (size_t i = 0; i < 2; i++) {
        double want = 0.0;
        for (size_t j = 0; j < 2; j++) {
            const double p = 1.0 / (1.0 + exp(-(w[j] * z[i] + b[j])));
            want += x[j] * log(p) + (1.0 - x[j]) * log1p(-p);
        }
        assert_close(out[i], want, 1e-14, 0.0); /* |logit| < 3: nothing cancels */
    }
    jn_model_free(m);
    m = decoder(1, (const size_t[]){ 1, 2 }, TEXTS("binarize=0.25"), t);
    w = jn_params_find(&m->params, "decoder.0.weight")->x;
    b = jn_params_find(&m->params, "decoder.0.bias")->x;
    assert_string_equal(m->notes, ""); /* 0 and 1: only what lies above counts */
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 2, 2, z, 2, out), NULL);
    const double l[] = { w[0] * z[0] + b[0], w[1] * z[0] + b[1] };
    assert_close(out[0], -log1p(exp(l[0])) - log1p(exp(-l[1])), 1e-14, 0.0);
    jn_model_free(m);
    jn_table_free(t);
}

/* --- the same bits ---------------------------------------------------------------------------- */

static void test_picked_rows_are_the_range(void **state)
{
    (void)state;
    enum { N = 130 };
    static double z[2 * N], all[ROWS * N], some[ROWS * N];
    const size_t pick[] = { 8, 0, 3, 3, 7, 1 };
    for (size_t i = 0; i < 2 * N; i++) {
        z[i] = jn_chance_normal(4, i);
    }
    for (int bits = 0; bits < 2; bits++) {
        jn_table *t = data(bits);
        jn_model *m = decoder(3, deep[1], bits ? NULL : TEXTS("likelihood=gaussian"), t);
        const jn_density *d = m->density;
        assert_ok(d->log_likelihood(m->self, (jn_range){ 0, ROWS }, N, N, z, N, all), NULL);
        assert_ok(d->log_likelihood_of(m->self, 6, pick, N, N, z, N, some), NULL);
        for (size_t k = 0; k < 6; k++) {
            assert_memory_equal(some + k * N, all + pick[k] * N, N * sizeof *all);
        }
        assert_ok(d->log_likelihood(m->self, (jn_range){ 5, 2 }, N, N, z, N, some), NULL);
        assert_memory_equal(some, all + 5 * N, 2 * N * sizeof *all);
        assert_ok(d->log_likelihood(m->self, (jn_range){ 1, ROWS - 1 }, N, N, z, N, some), NULL);
        assert_memory_equal(some, all + N, (ROWS - 1) * N * sizeof *all);
        jn_model_free(m);
        jn_table_free(t);
    }
}

/* Wherever a point stands, in whatever batch and beside whatever others. */
static void test_batches_do_not_matter(void **state)
{
    (void)state;
    static double z[2 * MAX_N], all[ROWS * MAX_N], part[ROWS * MAX_N];
    static const size_t cuts[] = { 0, 1, 3, 64, 65, 200, 333, 511, 600, MAX_N };
    for (size_t i = 0; i < 2 * MAX_N; i++) {
        z[i] = 2.0 * jn_chance_normal(5, i);
    }
    jn_table *t = data(true);
    jn_model *m = decoder(3, deep[1], NULL, t);
    const jn_range rows = { 0, ROWS };
    assert_ok(m->density->log_likelihood(m->self, rows, MAX_N, MAX_N, z, MAX_N, all), NULL);
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; c++) {
        const size_t at = cuts[c], n = cuts[c + 1] - at;
        assert_ok(m->density->log_likelihood(m->self, rows, n, MAX_N, z + at, n, part), NULL);
        for (size_t r = 0; r < ROWS; r++) {
            assert_memory_equal(part + r * n, all + r * MAX_N + at, n * sizeof *all);
        }
    }
    jn_model_free(m);
    jn_table_free(t);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    enum { N = 64, CALLS = 40 };
    static double z[2 * N * CALLS], one[ROWS * N * CALLS], many[ROWS * N * CALLS];
    for (size_t i = 0; i < 2 * N * CALLS; i++) {
        z[i] = jn_chance_normal(6, i);
    }
    jn_table *t = data(true);
    jn_model *m = decoder(3, deep[1], NULL, t);
    const jn_range rows = { 0, ROWS };
    int failed = 0;
    for (size_t c = 0; c < CALLS; c++) {
        failed += m->density->log_likelihood(m->self, rows, N, N, z + 2 * N * c, N,
                                             one + ROWS * N * c) != JN_OK;
    }
#pragma omp parallel for num_threads(4) schedule(dynamic) reduction(+ : failed)
    for (size_t c = 0; c < CALLS; c++) {
        failed += m->density->log_likelihood(m->self, rows, N, N, z + 2 * N * c, N,
                                             many + ROWS * N * c) != JN_OK;
    }
    assert_int_equal(failed, 0);
    assert_memory_equal(one, many, sizeof one);
    jn_model_free(m);
    jn_table_free(t);
}

/* cblas_dgemm is OpenBLAS's own and runs on one thread: gslcblas has the same names. */
static void test_products_are_those_of_openblas(void **state)
{
    (void)state;
    Dl_info product, library;
    jn_table *t = data(true);
    jn_model_free(decoder(3, deep[0], NULL, t));
    jn_table_free(t);
    void *dgemm = dlsym(RTLD_DEFAULT, "cblas_dgemm");
    void *config = dlsym(RTLD_DEFAULT, "openblas_get_config");
    assert_non_null(dgemm);
    assert_non_null(config);
    assert_true(dladdr(dgemm, &product) != 0 && dladdr(config, &library) != 0);
    assert_ptr_equal(product.dli_fbase, library.dli_fbase);
    assert_int_equal(openblas_get_num_threads(), 1);
}

/* --- derivatives, tails ------------------------------------------------------------------------
 */

/* Gradient from values and Hessian from gradients by differences of fourth order: truncation
 * h^4 / 30 times a fifth derivative of up to 1e3, rounding eps / h times the size. */
static void check_derivatives(const jn_model *m, size_t row, const double *z, double h)
{
    static const double weight[] = { 1.0, -8.0, 8.0, -1.0 };
    const size_t d = m->dim;
    double value, grad[3], hess[9];
    assert_ok(m->density->derivatives(m->self, row, z, &value, grad, hess), NULL);
    assert_close(value, jn_test_joint(m, row, z), 1e-13, 1e-13);
    for (size_t j = 0; j < d; j++) {
        double first = 0.0, second[3] = { 0.0 };
        for (int i = 0; i < 4; i++) {
            double at[3], there, g[3];
            memcpy(at, z, d * sizeof *at);
            at[j] += (double)(i < 2 ? i - 2 : i - 1) * h;
            assert_ok(m->density->derivatives(m->self, row, at, &there, g, NULL), NULL);
            first += weight[i] * jn_test_joint(m, row, at) / (12.0 * h);
            for (size_t k = 0; k < d; k++) {
                second[k] += weight[i] * g[k] / (12.0 * h);
            }
        }
        assert_close(grad[j], first, 1e-8, 1e-8);
        for (size_t k = 0; k < d; k++) {
            assert_close(hess[j * d + k], second[k], 1e-7, 1e-7);
            assert_true(hess[j * d + k] == hess[k * d + j]);
        }
    }
}

static void test_derivatives_against_differences(void **state)
{
    (void)state;
    static const char *const activations[] = { "activation=tanh", "activation=relu",
                                               "activation=softplus", "activation=sigmoid" };
    static const double z[] = { 0.37, -0.81, 0.55 };
    for (size_t a = 0; a < 4; a++) {
        for (size_t d = 1; d <= 3; d++) {
            jn_table *bits = data(true), *reals = data(false);
            jn_model *b = decoder(3, deep[d - 1], TEXTS(activations[a]), bits);
            jn_model *g = decoder(3, deep[d - 1], TEXTS(activations[a], "likelihood=gaussian"),
                                  reals);
            const double h = a == 1 ? 0x1p-14 : 0x1p-8; /* relu: no kink within 2 h */
            check_derivatives(b, 3, z, h);
            check_derivatives(g, 5, z, h);
            double value, alone, grad[3], same[3], hess[9];
            assert_ok(b->density->derivatives(b->self, 3, z, &value, grad, hess), NULL);
            assert_ok(b->density->derivatives(b->self, 3, z, &alone, NULL, NULL), NULL);
            assert_close(alone, value, 0.0, 0.0);
            assert_ok(b->density->derivatives(b->self, 3, z, &alone, same, NULL), NULL);
            assert_memory_equal(grad, same, d * sizeof *grad);
            jn_model_free(b);
            jn_model_free(g);
            jn_table_free(bits);
            jn_table_free(reals);
        }
    }
}

static jn_finite second_moment(const jn_model *m, const char *q_name, const char *const *texts,
                               double n)
{
    jn_proposal *q = jn_test_proposal(q_name, texts, m);
    jn_verdict v;
    assert_ok(jn_finite_moment(q, 0, n, &v), NULL);
    jn_proposal_free(q);
    return v.finite;
}

static void test_finite_moments(void **state)
{
    (void)state;
    jn_table *t = data(true);
    jn_model *bits = decoder(3, deep[1], TEXTS("activation=relu"), t);
    jn_model *bounded = decoder(3, deep[1], TEXTS("likelihood=gaussian"), t);
    jn_model *open = decoder(3, deep[1], TEXTS("likelihood=gaussian", "activation=relu"), t);
    jn_model *linear = decoder(1, (const size_t[]){ 1, D }, TEXTS("likelihood=gaussian"), t);
    const char *const *narrow = TEXTS("sd=0.5"), *const *wide = TEXTS("sd=0.8");
    /* W^2 q = p^2 / q: finite for variances above 1/2 of a prior that the likelihood leaves alone
     */
    assert_int_equal(second_moment(bits, "gaussian", narrow, 2.0), JN_INFINITE);
    assert_int_equal(second_moment(bits, "gaussian", wide, 2.0), JN_FINITE);
    assert_int_equal(second_moment(bounded, "gaussian", narrow, 2.0), JN_INFINITE);
    assert_int_equal(second_moment(open, "gaussian", narrow, 2.0), JN_FINITE_UNKNOWN);
    assert_int_equal(second_moment(bits, "prior", NULL, -3.0), JN_FINITE);
    assert_int_equal(second_moment(open, "prior", NULL, 2.0), JN_FINITE);
    /* e to the square of what grows: rays see it */
    assert_int_equal(second_moment(open, "prior", NULL, -1.0), JN_INFINITE);
    /* E exp(a z^2 / 2) under N(0, 1), a = |w|^2: finite for a < 1 */
    double a = 0.0, precision;
    for (size_t j = 0; j < D; j++) {
        const double w = jn_params_find(&linear->params, "decoder.0.weight")->x[j];
        a += w * w;
    }
    assert_ok(linear->density->tail_precision(linear->self, 0, &precision), NULL);
    assert_close(precision, 1.0 + a, 1e-15, 0.0);
    assert_int_equal(second_moment(linear, "prior", NULL, -0.9 / a), JN_FINITE);
    assert_int_equal(second_moment(linear, "prior", NULL, -1.1 / a), JN_INFINITE);
    jn_model_free(bits);
    jn_model_free(bounded);
    jn_model_free(open);
    jn_model_free(linear);
    jn_table_free(t);
}

/* --- what is refused ---------------------------------------------------------------------------
 */

static void refused(jn_params *p, const jn_table *t, jn_status status, const char *part)
{
    jn_model *m = (jn_model *)1;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_model_new("decoder", p, t, &m, &err), status);
    assert_ptr_equal(m, (jn_model *)1);
    if (strstr(err.message, part) == NULL || strchr(err.message, '\n') != NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
    jn_params_free(p);
}

/* A network of these sizes and other parameters, of which the last may spoil it. */
static void refused_with(size_t n, const size_t *sizes, const char *const *texts, const jn_table *t,
                         const char *part)
{
    jn_params p = JN_PARAMS_INIT, more = jn_test_params(texts);
    jn_test_network(&p, "decoder", n, sizes);
    for (size_t i = 0; i < more.n; i++) {
        assert_ok(jn_params_set_value(&p, more.item[i].name, &more.item[i].value), NULL);
    }
    jn_params_free(&more);
    refused(&p, t, JN_ERR_VALUE, part);
}

static void test_bad_networks(void **state)
{
    (void)state;
    jn_table *t = data(true);
    const size_t *fine = deep[1];
    jn_params none = JN_PARAMS_INIT, word = jn_test_params(TEXTS("decoder=nowhere/net"));
    refused(&none, t, JN_ERR_VALUE, "decoder is needed: decoder=PREFIX reads PREFIX.0.weight.npy");
    refused(&word, t, JN_ERR_VALUE, "decoder is set, but none of its layers is");
    refused_with(3, fine, TEXTS("decoder.1.weight=1,2;3,4"), t,
                 "decoder.1.weight is 2 x 2, but layer 0 has 11 outputs: need outputs x 11");
    refused_with(3, fine, TEXTS("decoder.1.bias=1,2,3"), t,
                 "decoder.1.bias is 1 x 3, but decoder.1.weight has 8 rows: need 8 numbers");
    refused_with(3, fine, TEXTS("decoder.1.weight=net"), t, "decoder.1.weight = 'net'");
    refused_with(3, fine, TEXTS("decoder.4.weight=1"), t,
                 "decoder.4.weight is set, but decoder.3.weight is not");
    refused_with(3, fine, TEXTS("decoder.3.weight=1,1,1,1,1,1,1"), t, "decoder.3.bias is not");
    refused_with(1, (const size_t[]){ 4, D }, NULL, t, "z has 4 coordinates: need 1 to 3");
    refused_with(2, (const size_t[]){ 2, 5, 6 }, NULL, t,
                 "decoder.1.weight is 6 x 5, so that x has 6 coordinates, but the data have 7 "
                 "columns (from 'x1' to 'x7')");
    refused_with(3, fine, TEXTS("encoder.0.weight=1,2;3,4", "encoder.0.bias=1,2"), t,
                 "encoder.0.weight is 2 x 2, but x has 7 coordinates");
    refused_with(3, fine, TEXTS("encoder.0.weight=1,2,3,4,5,6,7", "encoder.0.bias=1"), t,
                 "encoder.0.weight is 1 x 7, but z has 2 coordinates: need 4 outputs");
    jn_table_free(t);
}

static void test_bad_values(void **state)
{
    (void)state;
    jn_table *t = data(false);
    const size_t *fine = deep[1];
    refused_with(3, fine, NULL, t, "lies outside [0, 1]; binarize=T");
    refused_with(3, fine, NULL, t, "test data, row 0, column 'x1'");
    refused_with(3, fine, TEXTS("binarize=high"), t, "binarize");
    refused_with(3, fine, TEXTS("likelihood=gaussian", "noise_sd=0"), t, "noise_sd");
    refused_with(3, fine, TEXTS("likelihood=gaussian", "noise_sd=1e-200"), t, "out of range");
    jn_params p = jn_test_params(TEXTS("activation=tahn"));
    jn_test_network(&p, "decoder", 3, fine);
    refused(&p, t, JN_ERR_USAGE, "did you mean 'tanh'");
    p = jn_test_params(TEXTS("likelihood=poisson"));
    jn_test_network(&p, "decoder", 3, fine);
    refused(&p, t, JN_ERR_USAGE, "bernoulli|gaussian");
    p = jn_test_params(TEXTS("decoder.x.weight=1"));
    refused(&p, t, JN_ERR_USAGE, "no parameter");
    jn_table_free(t);
}

typedef struct attempt {
    const jn_params *params;
    const jn_table *table;
} attempt;

static jn_status make(void *user)
{
    const attempt *a = user;
    jn_model *m = NULL;
    const jn_status status = jn_model_new("decoder", a->params, a->table, &m, NULL);
    assert_true(status == JN_OK ? m != NULL : m == NULL);
    jn_model_free(m);
    return status;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    jn_table *t = data(true);
    jn_params p = JN_PARAMS_INIT;
    jn_test_network(&p, "decoder", 3, deep[1]);
    jn_test_network(&p, "encoder", 1, (const size_t[]){ D, 4 });
    attempt a = { &p, t };
    assert_true(jn_malloc_sweep(make, &a) >= 12);
    jn_model *m = decoder(3, deep[1], NULL, t);
    double z[2] = { 0.5, 1.0 }, out = 42.0;
    jn_malloc_allow(0);
    const jn_status likelihood = m->density->log_likelihood(m->self, (jn_range){ 0, 1 }, 1, 1, z, 1,
                                                            &out);
    jn_malloc_allow(0);
    const jn_status derivatives = m->density->derivatives(m->self, 0, z, &out, NULL, NULL);
    jn_malloc_allow(-1);
    assert_int_equal(likelihood, JN_ERR_NOMEM);
    assert_int_equal(derivatives, JN_ERR_NOMEM);
    assert_true(out == 42.0);
    jn_model_free(m);
    jn_params_free(&p);
    jn_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_likelihood_is_the_definition),
        cmocka_unit_test(test_pixels_between_zero_and_one),
        cmocka_unit_test(test_picked_rows_are_the_range),
        cmocka_unit_test(test_batches_do_not_matter),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_products_are_those_of_openblas),
        cmocka_unit_test(test_derivatives_against_differences),
        cmocka_unit_test(test_finite_moments),
        cmocka_unit_test(test_bad_networks),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
