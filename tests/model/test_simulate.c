/* Simulated data: that they have the law of the model, whatever the model. */
#include "../models.h"

#include "jensen/exact.h"
#include "jensen/matrix.h"
#include "jensen/simulate.h"
#include "malloc_sweep.h"

typedef struct drawn {
    jn_table *x, *z;
    jn_model *m; /* bound to x */
} drawn;

static drawn simulate(const char *name, const char *const *texts, size_t n, const jn_table *design,
                      uint64_t seed)
{
    drawn d = { 0 };
    jn_error err = JN_ERROR_INIT;
    jn_params p = jn_test_params(texts);
    assert_ok(jn_simulate(name, &p, n, design, seed, &d.x, &d.z, &err), &err);
    assert_ok(jn_model_new(name, &p, d.x, &d.m, &err), &err);
    jn_params_free(&p);
    return d;
}

static void release(drawn *d)
{
    jn_table_free(d->x);
    jn_table_free(d->z);
    jn_model_free(d->m);
}

/* A column of a table as numbers on the heap. */
static double *column(const jn_table *t, const char *name)
{
    double *x = calloc(t->n_rows, sizeof *x);
    const ptrdiff_t c = jn_table_find(t, name);
    assert_true(c != JN_NO_COLUMN);
    assert_ok(jn_table_numbers(t, (size_t)c, x, NULL), NULL);
    return x;
}

static void moments(size_t n, const double *x, double *mean, double *se)
{
    double sum = 0.0, square = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        square += (x[i] - *mean) * (x[i] - *mean);
    }
    *se = sqrt(square / ((double)n - 1.0) / (double)n);
}

/* Draws of a standard normal: mean, square, fourth power, and no correlation with the last one. */
static void assert_standard_normal(size_t n, const double *e)
{
    double *term = calloc(n, sizeof *term), mean, se;
    static const double want[] = { 0.0, 1.0, 3.0, 0.0 };
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < n; i++) {
            term[i] = k == 3 ? e[i] * (i > 0 ? e[i - 1] : 0.0) : pow(e[i], k == 2 ? 4 : k + 1);
        }
        moments(n, term, &mean, &se);
        assert_within_se(mean, want[k], se, 5.0);
    }
    free(term);
}

/* --- models with an exact posterior: z' ~ p(z | x) has the law of the z that x was drawn with ---
 */

static void assert_posterior_agrees(const drawn *d)
{
    const jn_model *m = d->m;
    const size_t n = m->n_obs, k = m->dim;
    double *term = calloc(n, sizeof *term), *z = calloc(2 * k, sizeof *z), *base = z + k;
    double mean, se;
    for (size_t r = 0; r < n; r++) {
        double first, second;
        char buf[32];
        for (size_t j = 0; j < k; j++) {
            z[j] = strtod(jn_table_text(d->z, r, j, buf), NULL);
            const jn_base kind = m->density->posterior_base != NULL
                                     ? m->density->posterior_base(m->self, j)
                                 : jn_model_support(m, j) == JN_REAL ? JN_BASE_NORMAL
                                                                     : JN_BASE_UNIFORM;
            base[j] = kind == JN_BASE_NORMAL ? jn_chance_normal(j, r) : jn_chance(j, r);
        }
        const jn_range row = { r, 1 };
        assert_ok(m->density->log_likelihood(m->self, row, 1, 1, z, 1, &first), NULL);
        assert_ok(m->density->posterior_map(m->self, r, 1, 1, base, z), NULL);
        assert_ok(m->density->log_likelihood(m->self, row, 1, 1, z, 1, &second), NULL);
        term[r] = first - second;
    }
    moments(n, term, &mean, &se);
    assert_within_se(mean, 0.0, se, 5.0);
    free(term);
    free(z);
}

static void test_the_posterior_sees_what_was_drawn(void **state)
{
    (void)state;
    enum { N = 20000 };
    double trials[N], exposure[N];
    for (size_t i = 0; i < N; i++) {
        trials[i] = (double)(1 + i % 7);
        exposure[i] = 0.5 + (double)(i % 3);
    }
    jn_table *with_n = jn_test_table(N, 1, TEXTS("n"), trials);
    jn_table *with_exposure = jn_test_table(N, 1, TEXTS("exposure"), exposure);
    drawn d[] = {
        simulate("linear-gaussian", TEXTS("W=1,0.5;0,2;1,1", "b=3,-1,2", "noise_sd=0.5,1,2"), N,
                 NULL, 1),
        simulate("gaussian-mixture",
                 TEXTS("weights=0.2,0.3,0.5", "means=-1,0;1,1;2,-2", "sds=0.5,1;1,2;1,1"), N, NULL,
                 2),
        simulate("beta-binomial", TEXTS("a=0.7", "b=2"), 0, with_n, 3),
        simulate("gamma-poisson", TEXTS("shape=1.5", "rate=0.4"), 0, with_exposure, 4),
    };
    for (size_t i = 0; i < sizeof d / sizeof *d; i++) {
        assert_int_equal(d[i].m->n_obs, N);
        assert_int_equal(d[i].z->n_rows, N);
        assert_posterior_agrees(&d[i]);
        release(&d[i]);
    }
    jn_table_free(with_n);
    jn_table_free(with_exposure);
}

/* Every table is one observation: a new one with every seed. */
static void test_a_regression_is_drawn_with_its_posterior(void **state)
{
    (void)state;
    enum { N = 8, SEEDS = 4000 };
    static double term[SEEDS];
    double x[2 * N], mean, se;
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = (double)i;
        x[2 * i + 1] = (double)(i * i % 5);
    }
    jn_table *design = jn_test_table(N, 2, TEXTS("a", "b"), x);
    for (size_t s = 0; s < SEEDS; s++) {
        drawn d = simulate("linear-regression", TEXTS("shape=3", "rate=2", "mean=1,0,0"), 0, design,
                           s);
        double z[4], base[4], first, second;
        char buf[32];
        for (size_t j = 0; j < 4; j++) {
            z[j] = strtod(jn_table_text(d.z, 0, j, buf), NULL);
            base[j] = j < 3 ? jn_chance_normal(j, s) : jn_chance(j, s);
        }
        const jn_density *f = d.m->density;
        assert_ok(f->log_likelihood(d.m->self, (jn_range){ 0, 1 }, 1, 1, z, 1, &first), NULL);
        assert_ok(f->posterior_map(d.m->self, 0, 1, 1, base, z), NULL);
        assert_ok(f->log_likelihood(d.m->self, (jn_range){ 0, 1 }, 1, 1, z, 1, &second), NULL);
        term[s] = first - second;
        release(&d);
    }
    moments(SEEDS, term, &mean, &se);
    assert_within_se(mean, 0.0, se, 5.0);
    jn_table_free(design);
}

/* --- few outcomes: their frequencies against exact probabilities --------------------------------
 */

enum { CODES = 64 };

/* counts[c] of outcomes with probability p[c]; those never seen and not known are left out. */
static void assert_frequencies(size_t n, const double *counts, const double *p)
{
    double chi2 = 0.0, seen = 0.0;
    int dof = -1;
    for (size_t c = 0; c < CODES; c++) {
        if (p[c] * (double)n >= 5.0) { /* Pearson's rule */
            const double e = counts[c] - (double)n * p[c];
            chi2 += e * e / ((double)n * p[c]);
            seen += p[c];
            dof++;
        }
    }
    assert_true(dof >= 1 && seen > 0.9);
    /* mean dof, variance 2 dof: five standard deviations, and the skewness of few degrees */
    const double most = (double)dof + 5.0 * sqrt(2.0 * (double)dof) + 10.0;
    if (!(chi2 <= most)) {
        print_error("chi2 = %g with %d degrees of freedom\n", chi2, dof);
        fail();
    }
}

/* Outcome of observation r: its cells as digits. `rows` cells of the first column, or one row. */
static size_t code_of(const double *x, size_t n, size_t base)
{
    size_t code = 0;
    for (size_t i = 0; i < n; i++) {
        code = code * base + (x[i] < (double)base ? (size_t)x[i] : base - 1);
    }
    return code < CODES ? code : CODES - 1;
}

/* Tables of few rows, one observation each, of one column y below `base`. */
static void assert_tables(const char *name, const char *const *texts, size_t n,
                          const jn_table *design, size_t base)
{
    enum { SEEDS = 3000 };
    double counts[CODES] = { 0 }, p[CODES] = { 0 };
    for (size_t s = 0; s < SEEDS; s++) {
        drawn d = simulate(name, texts, n, design, s);
        double *y = column(d.x, "y");
        size_t code = code_of(y, d.x->n_rows, base);
        for (size_t i = 0; i < d.x->n_rows; i++) { /* the last code gathers what has none */
            code = y[i] < (double)base - 1.0 || base == 2 ? code : CODES - 1;
        }
        counts[code] += 1.0;
        if (p[code] == 0.0 && code < CODES - 1) {
            jn_estimate e;
            jn_error err = JN_ERROR_INIT;
            assert_ok(jn_exact(d.m, 0, NULL, &e, &err), &err);
            p[code] = exp(e.value);
        }
        free(y);
        release(&d);
    }
    assert_frequencies(SEEDS, counts, p);
}

static void test_tables_of_few_outcomes(void **state)
{
    (void)state;
    const double x[] = { -1.0, 0.5, 2.0 };
    jn_table *design = jn_test_table(3, 1, TEXTS("x"), x);
    assert_tables("logistic", TEXTS("prior_sd=1.5"), 0, design, 2);
    assert_tables("hmm",
                  TEXTS("emission=categorical", "transition=0.7,0.3;0.1,0.9", "probs=0.8,0.2;0,1"),
                  5, NULL, 2);
    assert_tables("hmm", TEXTS("transition=0.7,0.3;0.4,0.6", "rates=0.3,1.2"), 2, NULL, 7);
    jn_table_free(design);
}

/* Many groups of two rows and one fixed part, an observation each. */
static void assert_groups(const char *const *texts, const char *const *names, const double *x,
                          size_t base)
{
    enum { GROUPS = 4000 };
    double counts[CODES] = { 0 }, p[CODES] = { 0 };
    jn_table *design = jn_test_table(2 * (size_t)GROUPS, 3, names, x);
    drawn d = simulate("glmm", texts, 0, design, 1);
    double *y = column(d.x, "y");
    assert_int_equal(d.m->n_obs, GROUPS);
    for (size_t g = 0; g < GROUPS; g++) {
        const bool small = y[2 * g] < (double)base && y[2 * g + 1] < (double)base;
        const size_t code = small ? code_of(y + 2 * g, 2, base) : CODES - 1;
        counts[code] += 1.0;
        if (p[code] == 0.0 && small) {
            jn_estimate e;
            jn_error err = JN_ERROR_INIT;
            assert_ok(jn_exact(d.m, g, NULL, &e, &err), &err);
            p[code] = exp(e.value);
        }
    }
    assert_frequencies(GROUPS, counts, p);
    free(y);
    release(&d);
    jn_table_free(design);
}

static void test_groups_of_few_outcomes(void **state)
{
    (void)state;
    enum { ROWS = 8000 };
    static double x[3 * ROWS];
    for (size_t i = 0; i < ROWS; i++) { /* group, a covariate (or trials), a covariate */
        x[3 * i] = (double)(i / 2);
        x[3 * i + 1] = (double)(1 + i % 2 * 2);
        x[3 * i + 2] = i % 2 == 0 ? 1.0 : -0.5;
    }
    const char *const plain[] = { "group", "a", "b" }, *const trials[] = { "group", "trials", "b" };
    assert_groups(TEXTS("family=bernoulli", "sigma=1.3", "beta=-0.2,0.5,1"), plain, x, 2);
    assert_groups(TEXTS("family=binomial", "sigma=0.8", "beta=0.3,1"), trials, x, 4);
    assert_groups(TEXTS("family=poisson", "sigma=0.7", "beta=-0.4,0.1,0.5"), plain, x, 6);
}

/* A decoder of two pixels and one latent. */
static void test_pixels_of_a_decoder(void **state)
{
    (void)state;
    enum { N = 6000 };
    const char *const network[] = {
        "decoder.0.weight=1.5;-1", "decoder.0.bias=0.2,0.4", "decoder.1.weight=1,2;-1,0.5;2,2",
        "decoder.1.bias=0,1,-1",   "activation=tanh",        NULL
    };
    drawn d = simulate("decoder", network, N, NULL, 5);
    double counts[CODES] = { 0 }, p[CODES] = { 0 }, *x[3];
    assert_int_equal(d.x->n_cols, 3);
    for (size_t j = 0; j < 3; j++) {
        x[j] = column(d.x, d.x->names[j]);
    }
    for (size_t r = 0; r < N; r++) {
        const size_t code = (size_t)(x[0][r] + 2.0 * x[1][r] + 4.0 * x[2][r]);
        counts[code] += 1.0;
        if (p[code] == 0.0) {
            jn_estimate e;
            jn_error err = JN_ERROR_INIT;
            assert_ok(jn_exact(d.m, r, NULL, &e, &err), &err);
            p[code] = exp(e.value);
        }
    }
    assert_frequencies(N, counts, p);
    for (size_t j = 0; j < 3; j++) {
        free(x[j]);
    }
    release(&d);
}

/* --- Gaussian outcomes: what is left of x without its mean is noise -----------------------------
 */

static void test_the_noise_of_series(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double e[N], step[N];
    drawn d = simulate("local-level", TEXTS("level_sd=0.5", "noise_sd=2", "m0=3", "sd0=1"), N, NULL,
                       1);
    double *y = column(d.x, "y"), *z = column(d.z, "z1");
    for (size_t t = 0; t < N; t++) {
        e[t] = (y[t] - z[t]) / 2.0;
        step[t] = t == 0 ? z[0] - 3.0 : (z[t] - z[t - 1]) / 0.5;
    }
    assert_standard_normal(N, e);
    assert_standard_normal(N, step);
    free(y);
    free(z);
    release(&d);

    d = simulate("stochastic-volatility", TEXTS("mu=-1", "phi=0.9", "sigma=0.4"), N, NULL, 2);
    y = column(d.x, "y");
    z = column(d.z, "z1");
    for (size_t t = 0; t < N; t++) {
        e[t] = y[t] * exp(-0.5 * z[t]);
        step[t] = t == 0 ? (z[0] + 1.0) * sqrt(1.0 - 0.81) / 0.4
                         : (z[t] + 1.0 - 0.9 * (z[t - 1] + 1.0)) / 0.4;
    }
    assert_standard_normal(N, e);
    assert_standard_normal(N, step);
    free(y);
    free(z);
    release(&d);
}

static void test_the_noise_of_vectors(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double e[N], f[N];
    drawn d = simulate("lgssm", TEXTS("F=0.9", "H=1;-2", "R=4,1;1,1"), N, NULL, 3);
    double *y1 = column(d.x, "y1"), *y2 = column(d.x, "y2"), *z = column(d.z, "z1");
    for (size_t t = 0; t < N; t++) { /* Cholesky of R by hand: 2, 0; 1/2, sqrt(3)/2 */
        e[t] = (y1[t] - z[t]) / 2.0;
        f[t] = (y2[t] + 2.0 * z[t] - 0.5 * e[t]) / sqrt(0.75);
    }
    assert_standard_normal(N, e);
    assert_standard_normal(N, f);
    free(y1);
    free(y2);
    free(z);
    release(&d);

    static double sd[N];
    for (size_t i = 0; i < N; i++) {
        sd[i] = 0.5 + (double)(i % 4);
    }
    jn_table *design = jn_test_table(N, 1, TEXTS("sd"), sd);
    d = simulate("hierarchical-normal", NULL, 0, design, 4);
    double *y = column(d.x, "y");
    char buf[32];
    for (size_t i = 0; i < N; i++) {
        const double theta = strtod(jn_table_text(d.z, 0, 2 + i, buf), NULL);
        e[i] = (y[i] - theta) / sd[i];
    }
    assert_standard_normal(N, e);
    free(y);
    jn_table_free(design);
    release(&d);
}

/* One Gaussian: x_0 is Gaussian, and the evidence at two points gives its mean and variance. */
static void test_data_of_a_diffusion(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double e[N];
    const char *const texts[] = {
        "steps=10", "b_min=0.3", "b_max=0.5", "means=2", "sds=0.5", NULL
    };
    drawn d = simulate("diffusion", texts, N, NULL, 6);
    assert_int_equal(d.z->n_rows, 10 * N);
    const double at[] = { -1.0, 0.0, 1.0 };
    jn_table *points = jn_test_table(3, 1, TEXTS("x"), at);
    jn_model *m = jn_test_model("diffusion", texts, points);
    jn_estimate l[3];
    assert_ok(jn_exact_all(m, NULL, l, NULL), NULL);
    const double var = 1.0 / (2.0 * l[1].value - l[0].value - l[2].value);
    const double mean = 0.5 * (l[2].value - l[0].value) * var;
    double *x = column(d.x, "x");
    for (size_t i = 0; i < N; i++) {
        e[i] = (x[i] - mean) / sqrt(var);
    }
    assert_standard_normal(N, e);
    free(x);
    jn_model_free(m);
    jn_table_free(points);
    release(&d);
}

/* --- the same again ----------------------------------------------------------------------------
 */

static void test_a_longer_table_begins_with_the_shorter(void **state)
{
    (void)state;
    drawn a = simulate("stochastic-volatility", NULL, 7, NULL, 3);
    drawn b = simulate("stochastic-volatility", NULL, 11, NULL, 3);
    drawn c = simulate("stochastic-volatility", NULL, 7, NULL, 4);
    for (size_t t = 0; t < 7; t++) {
        assert_string_equal(a.x->cells[t], b.x->cells[t]);
        assert_string_not_equal(a.x->cells[t], c.x->cells[t]);
        assert_true(a.z->numbers[t] == b.z->numbers[t]);
    }
    release(&a);
    release(&b);
    release(&c);
}

/* A design keeps its text, its order and its other columns. */
static void test_a_design_is_kept(void **state)
{
    (void)state;
    const double x[] = { 1.0, 9.0, 2.0, 8.0, 1.0, 7.0 };
    jn_table *design = jn_test_table(3, 2, TEXTS("group", "y"), x);
    drawn d = simulate("glmm", TEXTS("beta=0"), 0, design, 1);
    assert_int_equal(d.x->n_cols, 2);
    assert_string_equal(d.x->names[1], "y");
    for (size_t r = 0; r < 3; r++) {
        assert_string_equal(d.x->cells[2 * r], r == 1 ? "2" : "1");
        assert_true(d.x->cells[2 * r + 1][0] == '0' || d.x->cells[2 * r + 1][0] == '1');
    }
    jn_table_free(design);
    release(&d);
}

static void refused(const char *name, const char *const *texts, size_t n, const jn_table *design,
                    jn_status status, const char *part)
{
    jn_table *x = (jn_table *)1, *z = (jn_table *)2;
    jn_error err = JN_ERROR_INIT;
    jn_params p = jn_test_params(texts);
    assert_int_equal(jn_simulate(name, &p, n, design, 1, &x, &z, &err), status);
    assert_ptr_equal(x, (jn_table *)1);
    assert_ptr_equal(z, (jn_table *)2);
    if (strstr(err.message, part) == NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
    jn_params_free(&p);
}

static void test_what_cannot_be_drawn(void **state)
{
    (void)state;
    const double one = 1.0;
    jn_table *t = jn_test_table(1, 1, TEXTS("sd"), &one);
    refused("linear-gausian", NULL, 5, NULL, JN_ERR_USAGE, "did you mean 'linear-gaussian'");
    refused("funnel", NULL, 5, NULL, JN_ERR_USAGE, "no data to simulate");
    refused("glmm", TEXTS("beta=0"), 5, NULL, JN_ERR_USAGE, "'group'");
    refused("glmm", TEXTS("beta=0"), 0, t, JN_ERR_USAGE, "'group'");
    refused("local-level", NULL, 0, t, JN_ERR_USAGE, "draws all of its data");
    refused("hierarchical-normal", NULL, 3, t, JN_ERR_USAGE, "says how many rows");
    refused("local-level", NULL, 0, NULL, JN_ERR_USAGE, "how many rows");
    refused("local-level", TEXTS("noise_sd=-1"), 3, NULL, JN_ERR_VALUE, "noise_sd");
    refused("hmm", NULL, 3, NULL, JN_ERR_VALUE, "transition");
    /* h with a standard deviation of 1e6: e^(h / 2) overflows */
    refused("stochastic-volatility", TEXTS("phi=0", "sigma=1e6"), 50, NULL, JN_ERR_VALUE, "beyond");
    /* a rate of 1e30: more than the counts that the model reads */
    refused("gamma-poisson", TEXTS("shape=1e6", "rate=1e-30"), 3, NULL, JN_ERR_VALUE, "beyond");
    refused("hmm", TEXTS("transition=1", "rates=1e17"), 3, NULL, JN_ERR_VALUE, "below 2^53");
    refused("hmm", TEXTS("transition=1", "rates=1e308"), 3, NULL, JN_ERR_VALUE, "row 0, column y");
    jn_table_free(t);
}

static jn_status attempt(void *user)
{
    jn_table *x = NULL, *z = NULL;
    jn_error err = JN_ERROR_INIT;
    const jn_status st = jn_simulate(user, NULL, 3, NULL, 1, &x, &z, &err);
    assert_true(st == JN_OK || (x == NULL && z == NULL));
    jn_table_free(x);
    jn_table_free(z);
    return st;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    char names[][24] = { "stochastic-volatility", "linear-gaussian" };
    assert_true(jn_malloc_sweep(attempt, names[0]) > 5);
    assert_true(jn_malloc_sweep(attempt, names[1]) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_posterior_sees_what_was_drawn),
        cmocka_unit_test(test_a_regression_is_drawn_with_its_posterior),
        cmocka_unit_test(test_tables_of_few_outcomes),
        cmocka_unit_test(test_groups_of_few_outcomes),
        cmocka_unit_test(test_pixels_of_a_decoder),
        cmocka_unit_test(test_the_noise_of_series),
        cmocka_unit_test(test_the_noise_of_vectors),
        cmocka_unit_test(test_data_of_a_diffusion),
        cmocka_unit_test(test_a_longer_table_begins_with_the_shorter),
        cmocka_unit_test(test_a_design_is_kept),
        cmocka_unit_test(test_what_cannot_be_drawn),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
