/* Rectified decoders: log p(x) bends where a unit changes sign, and is known without nodes. With
 * one coordinate of z and one hidden layer p(x, z) is e^(a quadratic) between the bends, so that
 * p(x) is a sum of differences of the normal distribution function. */
#include "models.h"

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"

enum { MAX_UNITS = 12, MAX_D = 3 };

typedef struct network {
    size_t units, D;
    double w[MAX_UNITS], b[MAX_UNITS], v[MAX_D * MAX_UNITS], c[MAX_D], x[MAX_D], noise_sd;
} network;

static jn_model *make(const network *f)
{
    char sd[48];
    snprintf(sd, sizeof sd, "noise_sd=%.17g", f->noise_sd);
    jn_params p = jn_test_params(TEXTS("activation=relu", "likelihood=gaussian", sd));
    assert_ok(jn_params_set_matrix(&p, "decoder.0.weight", f->units, 1, f->w), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.0.bias", 1, f->units, f->b), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.1.weight", f->D, f->units, f->v), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.1.bias", 1, f->D, f->c), NULL);
    jn_table *t = jn_test_table(1, f->D, NULL, f->x);
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_model_new("decoder", &p, t, &m, &err), &err);
    jn_table_free(t);
    jn_params_free(&p);
    return m;
}

/* The integral of e^-(A z^2 - 2 B z + C)/2 from lo to hi. */
static long double piece(long double A, long double B, long double C, long double lo,
                         long double hi)
{
    const long double middle = B / A, sd = 1.0L / sqrtl(A), root2 = sqrtl(2.0L);
    const long double u = (lo - middle) / (sd * root2), v = (hi - middle) / (sd * root2);
    const long double mass = u > 0.0L ? erfcl(u) - erfcl(v) : erfcl(-v) - erfcl(-u);
    return expl(-0.5L * (C - B * middle)) * sd * 0.5L * mass;
}

static long double between(const network *f, long double lo, long double hi)
{
    const long double at = isinf(lo) ? hi - 1.0L : isinf(hi) ? lo + 1.0L : 0.5L * (lo + hi);
    long double A = 1.0L, B = 0.0L, C = 0.0L, inv_var = 1.0L / f->noise_sd / f->noise_sd;
    for (size_t j = 0; j < f->D; j++) {
        long double slope = 0.0L, rest = (long double)f->x[j] - f->c[j];
        for (size_t k = 0; k < f->units; k++) {
            const bool on = f->w[k] * at + f->b[k] > 0.0L;
            const long double v = f->v[j * f->units + k];
            slope += on ? v * f->w[k] : 0.0L;
            rest -= on ? v * f->b[k] : 0.0L;
        }
        A += slope * slope * inv_var;
        B += slope * rest * inv_var;
        C += rest * rest * inv_var;
    }
    return piece(A, B, C, lo, hi);
}

static double truth(const network *f)
{
    long double cut[MAX_UNITS + 2] = { -(long double)INFINITY }, sum = 0.0L;
    size_t n = 1;
    for (size_t k = 0; k < f->units; k++) {
        const long double at = -(long double)f->b[k] / f->w[k];
        size_t i = n++;
        for (; i > 1 && cut[i - 1] > at; i--) {
            cut[i] = cut[i - 1];
        }
        cut[i] = at;
    }
    cut[n] = (long double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += between(f, cut[i], cut[i + 1]);
    }
    const long double pi = acosl(-1.0L);
    return (double)(logl(sum) - (long double)f->D * (logl(f->noise_sd) + 0.5L * logl(2.0L * pi)));
}

/* Panels on the prior's box, as tables of observations use them, and those about one mode. */
static void check(const network *f, double expected)
{
    jn_model *m = make(f);
    const jn_exact_options o = { .threads = 1 };
    const jn_exact_method *panels = jn_exact_method_find("panels");
    jn_estimate e[2];
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_exact_all(m, &o, &e[0], &err), &err);
    assert_ok(panels->run(m, 0, &o, &e[1], &err), &err);
    for (size_t i = 0; i < 2; i++) {
        assert_true(e[i].error <= 1e-9);
        assert_close(e[i].value, expected, 4e-16, e[i].error); /* the truth is rounded, too */
    }
    jn_model_free(m);
}

/* Two resolutions that agreed to 4e-12 and were 9e-8 off, since a bend fell at the same relative
 * place of both. The truth by mpmath, 30 digits, with panels between the bends. */
static void test_one_bend_at_the_same_place(void **state)
{
    (void)state;
    const network f = { .units = 5,
                        .D = 1,
                        .w = { -3.4086, 4.411, -4.7595, -1.4278, 1.694 },
                        .b = { -2.3867, 8.1238, -6.6936, 5.5216, 3.4531 },
                        .v = { -14.9863, -3.9928, 12.1608, -4.9357, -1.7236 },
                        .c = { -0.0173 },
                        .x = { -80.101 },
                        .noise_sd = 2.46 };
    assert_close(truth(&f), -3.6629491401080287, 0.0, 2e-15); /* ours agrees with mpmath's */
    check(&f, -3.6629491401080287);
}

static void draw_network(uint64_t seed, network *f)
{
    static const size_t units[] = { 2, 5, 12 };
    uint64_t i = 0;
    *f = (network){ .units = units[seed % 3], .D = 1 + seed % MAX_D };
    const double scale = pow(10.0, 1.5 * jn_chance(seed, i++) - 0.5);
    const double out = pow(10.0, 1.5 * jn_chance(seed, i++) - 0.5);
    const double z = jn_chance_normal(seed, i++);
    f->noise_sd = pow(10.0, 2.0 * jn_chance(seed, i++) - 1.5);
    for (size_t k = 0; k < f->units; k++) {
        f->w[k] = scale * jn_chance_normal(seed, i++);
        f->b[k] = scale * jn_chance_normal(seed, i++);
    }
    for (size_t j = 0; j < f->D; j++) {
        f->c[j] = jn_chance_normal(seed, i++);
        f->x[j] = f->c[j] + f->noise_sd * jn_chance_normal(seed, i++);
        for (size_t k = 0; k < f->units; k++) {
            const double v = f->v[j * f->units + k] = out * jn_chance_normal(seed, i++);
            f->x[j] += v * fmax(f->w[k] * z + f->b[k], 0.0);
        }
    }
}

static void test_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 120; seed++) {
        network f;
        draw_network(seed, &f);
        check(&f, truth(&f));
    }
}

/* A layer more whose units copy the first one's, in halves and shifted back: the same function. */
static void test_bends_of_a_second_layer(void **state)
{
    (void)state;
    const double w[] = { 2.0, -3.0 }, b[] = { 1.0, 0.5 };
    const double copy[] = { 1.0, 0.0, 0.0, 1.0, 1.0, -1.0 }, shift[] = { 0.0, 0.0, -0.7 };
    const double v[] = { 1.5, -2.0, 3.0 }, zero[] = { 0.0 };
    jn_params p = jn_test_params(TEXTS("activation=relu", "likelihood=gaussian", "noise_sd=0.5"));
    assert_ok(jn_params_set_matrix(&p, "decoder.0.weight", 2, 1, w), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.0.bias", 1, 2, b), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.1.weight", 3, 2, copy), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.1.bias", 1, 3, shift), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.2.weight", 1, 3, v), NULL);
    assert_ok(jn_params_set_matrix(&p, "decoder.2.bias", 1, 1, zero), NULL);
    jn_table *t = jn_test_table(1, 1, NULL, (double[]){ 1.3 });
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_model_new("decoder", &p, t, &m, &err), &err);
    size_t n;
    double *bend;
    assert_ok(m->density->kinks(m->self, -5.0, 5.0, &n, &bend), NULL);
    /* 2 z + 1 = 0; 0.5 - 3 z = 0; between them 2 z + 1 - (0.5 - 3 z) = 0.7 */
    const double want[] = { -5.0, -0.5, 0.04, 1.0 / 6.0, 5.0 };
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        assert_close(bend[i], want[i], 0.0, 1e-14); /* a few roundings of 5 */
    }
    free(bend);
    assert_true(m->density->may_bend(m->self, &(double){ 0.0 }, &(double){ 0.1 }));
    assert_false(m->density->may_bend(m->self, &(double){ 0.2 }, &(double){ 0.3 }));
    jn_model_free(m);
    jn_table_free(t);
    jn_params_free(&p);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_one_bend_at_the_same_place),
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_bends_of_a_second_layer),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
