/* Weights whose every bound has a closed form, through the main job: gamma weights, two points, a
 * mass on zero; and the thermodynamic curves of the toy. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "bound/laws.h"
#include "jensen/gap.h"
#include "jensen/source.h"

static const char LIST[] = "elbo,iwae,vr:0.5,vr:2,cubo:2,cubo:3,eubo,upper,tvo:4,jvi:1,jvi:2";
static const uint64_t KS[] = { 1, 2, 5, 10, 50, 1000 };
enum { N_K = 6 };

typedef struct oracle {
    jn_model *model;
    jn_proposal *q;
    jn_bound_arg *args;
    jn_gap_table *table;
} oracle;

static oracle run(const char *model, const char *const *set, const char *list)
{
    oracle r = { .model = jn_test_model(model, set, NULL) };
    r.q = jn_test_proposal("prior", NULL, r.model);
    size_t n;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_bounds_parse(list, N_K, KS, &n, &r.args, &err), &err);
    assert_ok(jn_gap_run(r.q, n, r.args, NULL, &r.table, &err), &err);
    return r;
}

static void end(oracle *r)
{
    jn_gap_table_free(r->table);
    free(r->args);
    jn_proposal_free(r->q);
    jn_model_free(r->model);
}

/* Excess of a bound over log p(x), as a function of its argument and a law. */
typedef double excess_fn(const jn_bound_arg *arg, const void *law);

static double jackknife(const jn_bound_arg *arg, const void *law, excess_fn *of)
{
    const double k = (double)arg->k;
    double g[3] = { 0.0 };
    for (unsigned j = 0; j <= arg->order; j++) {
        const jn_bound_arg iwae = { .bound = &jn_bound_iwae, .k = arg->k - j };
        g[j] = of(&iwae, law);
    }
    return arg->order == 1 ? k * g[0] - (k - 1.0) * g[1]
                           : 0.5 * k * k * g[0] - (k - 1.0) * (k - 1.0) * g[1] +
                                 0.5 * (k - 2.0) * (k - 2.0) * g[2];
}

static void check(const oracle *r, excess_fn *of, const void *law)
{
    for (size_t i = 0; i < r->table->n_bounds; i++) {
        const jn_gap_bound *b = &r->table->rows[0].bounds[i];
        const double want = of(&b->arg, law), k = (double)b->arg.k;
        /* closed forms cancel: a jackknife's like K^m, log Gamma(30 + b) - log Gamma(30) to 1e-14
         */
        const bool power = b->arg.bound == &jn_bound_vr || b->arg.bound == &jn_bound_cubo;
        const double cancels = b->arg.bound == &jn_bound_jvi ? 1e-15 * pow(k, b->arg.order)
                               : power                       ? 5e-14
                                                             : 0.0;
        assert_close(-b->gap.value, want, 1e-11, 1e-15 + cancels);
        assert_close(b->value.value - r->table->rows[0].evidence.value, want, 1e-11,
                     1e-14 + cancels);
        if (isfinite(want)) {
            assert_true(b->gap.error >= 0.0 && b->gap.error < 1e-9);
            /* log - psi and lgamma round at some eps of their terms */
            assert_close(-b->gap.value, want, 2e-15, b->gap.error + 5e-15 + cancels);
        } else {
            assert_true(b->finite.finite == JN_INFINITE || b->finite.reason[0] == 0);
        }
    }
}

/* W ~ Gamma(a, 1) / a: E W^b = Gamma(a + b) / (Gamma(a) a^b). */
static double gamma_excess(const jn_bound_arg *arg, const void *law)
{
    const double a = *(const double *)law, k = (double)(arg->k > 0 ? arg->k : 1);
    if (arg->bound == &jn_bound_elbo || arg->bound == &jn_bound_iwae) {
        return -jn_test_log_minus_psi(k * a);
    }
    if (arg->bound == &jn_bound_eubo || arg->bound == &jn_bound_upper) {
        return 1.0 / (k * a) - jn_test_log_minus_psi(k * a); /* psi(y + 1) = psi(y) + 1 / y */
    }
    if (arg->bound == &jn_bound_tvo) {
        double sum = 0.0;
        for (unsigned j = 0; j < arg->points; j++) {
            sum += gsl_sf_psi(a + (j + arg->right) / (double)arg->points) - log(a);
        }
        return sum / arg->points;
    }
    if (arg->bound == &jn_bound_jvi) {
        return jackknife(arg, law, gamma_excess);
    }
    const double b = arg->bound == &jn_bound_cubo ? arg->n : 1.0 - arg->alpha;
    if (a + b <= 0.0) {
        return -INFINITY;
    }
    return (gsl_sf_lngamma(a + b) - gsl_sf_lngamma(a) - b * log(a)) / b;
}

static void test_gamma_weights(void **state)
{
    (void)state;
    static const double shapes[] = { 0.5, 1.0, 4.0, 30.0 };
    for (size_t i = 0; i < 4; i++) {
        char a[32];
        snprintf(a, sizeof a, "a=%g", shapes[i]);
        oracle r = run("gamma-weights", TEXTS(a), LIST);
        assert_string_equal(r.table->rule, "quadrature");
        check(&r, gamma_excess, &shapes[i]);
        end(&r);
    }
}

/* As math, section 5, prints them. */
static void test_gamma_weights_in_digits(void **state)
{
    (void)state;
    static const double unit[N_K] = { 0.577215664901533, 0.270362845, 0.103320244,
                                      0.050832504,       NAN,         0.000500083 };
    /* x ~ Poisson(z), z ~ Gamma(2, 1), x = 3, q = Gamma(4, 2): weights of a = 4 */
    static const double log_p = -2.07944154167984;
    static const double four[N_K] = { -2.2096182344, NAN, -2.1046498230, NAN, -2.0819436250, NAN };
    oracle one = run("gamma-weights", TEXTS("a=1"), "iwae");
    oracle r = run("gamma-weights", TEXTS("a=4"), "iwae");
    for (size_t i = 0; i < N_K; i++) {
        const double digit = i == 0 ? 5e-16 : 5e-10; /* half a unit of the last one printed */
        if (!isnan(unit[i])) {
            assert_close(one.table->rows[0].bounds[i].gap.value, unit[i], 0.0, digit + 1e-14);
        }
        if (!isnan(four[i])) {
            assert_close(log_p - r.table->rows[0].bounds[i].gap.value, four[i], 0.0, 5.1e-11);
        }
    }
    end(&one);
    end(&r);
}

/* W is high with probability p, else low. */
typedef struct points {
    double p, high, low;
} points;

static double point_power(const points *w, double b)
{
    return w->p * pow(w->high, b) + (1.0 - w->p) * pow(w->low, b);
}

/* E log of the mean of k weights, the first drawn high with chance `first`. */
static double point_mean(const points *w, unsigned k, double first)
{
    long double sum = 0.0L, log_binomial = 0.0L;
    for (unsigned j = 0; j < k; j++) { /* j high ones among the other k - 1 */
        const long double chance = expl(log_binomial + j * logl(w->p) +
                                        (k - 1.0L - j) * log1pl(-w->p));
        const long double rest = k - 1.0L - j;
        sum += chance * first * logl(((j + 1.0L) * w->high + rest * w->low) / k) +
               chance * (1.0L - first) * logl((j * w->high + (rest + 1.0L) * w->low) / k);
        log_binomial += rest > 0.0L ? logl(rest) - logl(j + 1.0L) : 0.0L;
    }
    return (double)sum;
}

static double point_excess(const jn_bound_arg *arg, const void *law)
{
    const points *w = law;
    const unsigned k = arg->k > 0 ? (unsigned)arg->k : 1;
    if (arg->bound == &jn_bound_elbo || arg->bound == &jn_bound_iwae) {
        return point_mean(w, k, w->p);
    }
    if (arg->bound == &jn_bound_eubo || arg->bound == &jn_bound_upper) {
        return point_mean(w, k, w->p * w->high);
    }
    if (arg->bound == &jn_bound_tvo) {
        double sum = 0.0;
        for (unsigned j = 0; j < arg->points; j++) {
            const double b = (j + arg->right) / (double)arg->points;
            const double high = w->p * pow(w->high, b) / point_power(w, b);
            sum += high * log(w->high) + (1.0 - high) * log(w->low);
        }
        return sum / arg->points;
    }
    if (arg->bound == &jn_bound_jvi) {
        return jackknife(arg, law, point_excess);
    }
    const double b = arg->bound == &jn_bound_cubo ? arg->n : 1.0 - arg->alpha;
    return log(point_power(w, b)) / b;
}

static void test_two_point_weights(void **state)
{
    (void)state;
    static const points law = { 0.1, 8.0, 2.0 / 9.0 };
    oracle r = run("two-point-weights", TEXTS("values=8,0.22222222222222221", "weights=0.1,0.9"),
                   LIST);
    assert_string_equal(r.table->rule, "enumerate");
    check(&r, point_excess, &law);
    static const double printed[N_K] = { -1.1457255029, -0.9430434756, -0.5979111772,
                                         -0.3433580555, -0.0594195101, NAN };
    for (size_t i = 0; i < 5; i++) {
        assert_close(r.table->rows[0].bounds[1 + i].value.value, printed[i], 0.0, 5.1e-11);
    }
    end(&r);
}

/* W = 2 or 0 with even chances. What takes a logarithm of 0 is -inf, and nothing else is. */
static void test_mass_on_zero(void **state)
{
    (void)state;
    oracle r = run("two-point-weights", TEXTS("values=2,0", "weights=0.5,0.5"), LIST);
    static const struct {
        const char *label;
        double value;
    } want[] = {
        { "elbo", -INFINITY },
        { "iwae-1", -INFINITY },
        { "iwae-1000", -INFINITY },
        { "vr:0.5", -0.69314718055994531 }, /* 2 log(sqrt(2) / 2) */
        { "vr:2", -INFINITY },
        { "cubo:2", 0.34657359027997265 },
        { "eubo", 0.69314718055994531 },
        { "upper-1", 0.69314718055994531 },
        { "upper-2", 0.34657359027997265 }, /* the other is 2 or 0: log 2 or log 1 */
        { "tvo:4 left", -INFINITY },
        { "tvo:4 right", 0.69314718055994531 }, /* g is log 2 on all of (0, 1] */
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        bool found = false;
        for (size_t b = 0; b < r.table->n_bounds; b++) {
            char label[JN_BOUND_LABEL];
            const jn_gap_bound *x = &r.table->rows[0].bounds[b];
            if (strcmp(jn_bound_label(&x->arg, label), want[i].label) == 0) {
                found = true;
                assert_close(x->value.value, want[i].value, 0.0, 1e-13);
            }
        }
        assert_true(found);
    }
    /* by draws, too; those of the posterior all have weight 2 */
    jn_gap_table *drawn;
    const jn_gap_options o = { .rule = JN_RULE_MC };
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo }, { .bound = &jn_bound_eubo } };
    assert_ok(jn_gap_run(r.q, 2, args, &o, &drawn, NULL), NULL);
    const jn_gap_bound *b = drawn->rows[0].bounds;
    assert_true(b[0].value.value == -INFINITY && isnan(b[0].value.error));
    assert_close(b[1].value.value, 0.69314718055994531, 1e-15, 0.0);
    assert_true(b[1].value.error > 0.0 && b[1].value.error < 1e-14); /* rounding, not infinite */
    assert_non_null(strstr(drawn->warnings[0], "ask for bounds that allow zeros"));
    jn_gap_table_free(drawn);
    end(&r);
}

static void check_curve(const char *mean, const char *sd, const double *want)
{
    enum { N = 5 };
    static const double beta[N] = { 0.0, 0.25, 0.5, 0.75, 1.0 };
    const jn_law_wish wish = { .needs = JN_NEED_NODES };
    const jn_source_options o = { .tolerance = 1e-12 };
    jn_table *data = jn_test_table(1, 1, NULL, (double[]){ 1.2 });
    jn_model *m = jn_test_model("linear-gaussian", TEXTS("noise_sd=0.70710678118654752"), data);
    jn_proposal *q = jn_test_proposal("gaussian", TEXTS(mean, sd), m);
    jn_error err = JN_ERROR_INIT;
    jn_plan plan;
    jn_law_set set;
    jn_weight_law w;
    double g[N];
    assert_ok(jn_plan_new(&jn_source_quadrature, q, 0, &o, &plan, &err), &err);
    assert_ok(jn_source_run(&plan, 1, &wish, 1, &set, &err), &err);
    assert_ok(jn_weight_law_new(&set.law[0], &w), NULL);
    jn_thermodynamic_curve(&w, N, beta, g);
    for (size_t i = 0; i < N; i++) {
        assert_close(w.log_evidence + g[i], want[i], 0.0, 5.1e-9); /* 8 places are printed */
    }
    jn_weight_law_free(&w);
    jn_law_set_free(&set);
    jn_plan_release(&plan);
    jn_proposal_free(q);
    jn_model_free(m);
    jn_table_free(data);
}

static void test_thermodynamic_curves_of_the_toy(void **state)
{
    (void)state;
    static const double a[] = { -1.97550849, -1.71968855, -1.56468095, -1.46219664, -1.39009183 };
    static const double b[] = { -1.79249671, -1.73154433, -1.64190848, -1.49711210, -1.22360782 };
    check_curve("mean=0.4", "sd=0.8", a);
    check_curve("mean=0.8", "sd=0.34641016151377546", b);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_weights),
        cmocka_unit_test(test_gamma_weights_in_digits),
        cmocka_unit_test(test_two_point_weights),
        cmocka_unit_test(test_mass_on_zero),
        cmocka_unit_test(test_thermodynamic_curves_of_the_toy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
