#include "chains.h"

#include "base/constants.h"
#include "base/dense.h"
#include "chain/recursions.h"

/* log p(y) as one multivariate normal density: the covariance of (y_0, ..., y_{n-1}) is built from
 * Cov(z_s, z_t) = F^(t-s) Var z_s and factorised. */
static double dense_normal(const jn_chain_linear *c)
{
    enum { D = 4, N = 64 };
    const size_t d = c->d, p = c->p, n = c->n_steps;
    static double cov[N * N], mean[N * D], var[N][D * D];
    double r[N];
    assert_true(d <= D && n * p <= N);
    for (size_t t = 0; t < n; t++) {
        for (size_t k = 0; k < d * d; k++) {
            const size_t i = k / d, j = k % d;
            double sum = 0.0;
            for (size_t a = 0; a < d; a++) {
                sum += t == 0 ? c->root_P0[i * d + a] * c->root_P0[j * d + a]
                              : c->root_Q[i * d + a] * c->root_Q[j * d + a];
                for (size_t b = 0; t > 0 && b < d; b++) {
                    sum += c->F[i * d + a] * var[t - 1][a * d + b] * c->F[j * d + b];
                }
            }
            var[t][k] = sum;
        }
        for (size_t i = 0; i < d; i++) {
            double sum = t == 0 ? c->m0[i] : 0.0;
            for (size_t a = 0; t > 0 && a < d; a++) {
                sum += c->F[i * d + a] * mean[(t - 1) * d + a];
            }
            mean[t * d + i] = sum;
        }
    }
    const size_t w = n * p;
    for (size_t s = 0; s < n; s++) {
        double x[D * D]; /* Cov(z_t, z_s) for t = s, s + 1, ... */
        memcpy(x, var[s], d * d * sizeof *x);
        for (size_t t = s; t < n; t++) {
            for (size_t k = 0; k < p * p; k++) {
                const size_t i = k / p, j = k % p;
                double sum = 0.0;
                for (size_t a = 0; s == t && a < p; a++) {
                    sum += c->root_R[i * p + a] * c->root_R[j * p + a];
                }
                for (size_t a = 0; a < d * d; a++) {
                    sum += c->H[i * d + a / d] * x[a] * c->H[j * d + a % d];
                }
                cov[(t * p + i) * w + s * p + j] = cov[(s * p + j) * w + t * p + i] = sum;
            }
            double next[D * D];
            for (size_t k = 0; k < d * d; k++) {
                next[k] = 0.0;
                for (size_t a = 0; a < d; a++) {
                    next[k] += c->F[k / d * d + a] * x[a * d + k % d];
                }
            }
            memcpy(x, next, sizeof x);
        }
    }
    for (size_t k = 0; k < w; k++) {
        r[k] = c->y[k];
        for (size_t a = 0; a < d; a++) {
            r[k] -= c->H[k % p * d + a] * mean[k / p * d + a];
        }
    }
    assert_true(jn_cholesky(w, cov));
    jn_lower_solve(w, cov, r);
    double quad = 0.0;
    for (size_t k = 0; k < w; k++) {
        quad += r[k] * r[k];
    }
    return -0.5 * ((double)w * JN_LOG_2PI + quad) - jn_lower_log_det(w, cov);
}

static jn_estimate evidence(const jn_model *m)
{
    jn_estimate e;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_chain_evidence(m, 0, NULL, &e, &err), &err);
    assert_true(e.kind == JN_EXACT && e.error >= 0.0);
    return e;
}

/* shared/reference: an independent program in double precision, 17 digits. */
static void test_nile(void **state)
{
    (void)state;
    jn_table *data = jn_test_csv("nile.csv");
    char level[64], noise[64], sd0[64];
    snprintf(level, sizeof level, "level_sd=%.17g", sqrt(1469.1));
    snprintf(noise, sizeof noise, "noise_sd=%.17g", sqrt(15099.0));
    jn_model *m = jn_test_model("local-level", TEXTS(level, noise, "m0=1000", "sd0=500"), data);
    jn_estimate e = evidence(m), dense;
    assert_close(e.value, -639.7117154904785, 0.0, 1e-11); /* sums of 100 terms of size 10 */
    assert_true(e.error < 1e-10);
    assert_ok(jn_kalman_dense(m->chain->linear(m->self), &dense, NULL), NULL);
    assert_close(dense.value, e.value, 0.0, 1e-11);
    jn_model_free(m);
    /* given y_1: the state after it is N(y_1, 15099), one step on */
    jn_table *rest = NULL;
    assert_ok(jn_table_select(data, 1, 99, NULL, 0, &rest, NULL), NULL);
    snprintf(sd0, sizeof sd0, "sd0=%.17g", sqrt(15099.0 + 1469.1));
    m = jn_test_model("local-level", TEXTS(level, noise, "m0=1120", sd0), rest);
    assert_close(evidence(m).value, -632.5456251156737, 0.0, 1e-11);
    jn_model_free(m);
    jn_table_free(rest);
    jn_table_free(data);
}

/* Random systems of every shape against the dense normal, and both filters against each other. */
static void test_against_dense_normal(void **state)
{
    (void)state;
    static const char *const names[] = { "y1", "y2", "y3" };
    for (size_t d = 1; d <= 4; d++) {
        for (size_t p = 1; p <= 3; p++) {
            const size_t n = d == 2 ? 1 : 60 / p; /* T = 1 too */
            const uint64_t seed = 10 * d + p;
            double x[16], y[180];
            jn_params params = JN_PARAMS_INIT;
            for (size_t k = 0; k < d * d; k++) {
                x[k] = 1.8 * (jn_chance(seed, k) - 0.5) / sqrt((double)d); /* stable */
            }
            assert_ok(jn_params_set_matrix(&params, "F", d, d, x), NULL);
            for (size_t k = 0; k < p * d; k++) {
                x[k] = jn_chance_normal(seed + 100, k);
            }
            assert_ok(jn_params_set_matrix(&params, "H", p, d, x), NULL);
            for (size_t which = 0; which < 3; which++) {
                const size_t m = which == 1 ? p : d;
                double root[16], cov[16];
                for (size_t k = 0; k < m * m; k++) {
                    root[k] = jn_chance_normal(seed + 200 + which, k);
                }
                for (size_t k = 0; k < m * m; k++) {
                    cov[k] = k % (m + 1) == 0 ? 0.1 : 0.0;
                    for (size_t a = 0; a < m; a++) {
                        cov[k] += root[k / m * m + a] * root[k % m * m + a];
                    }
                }
                assert_ok(jn_params_set_matrix(&params, ((const char *[]){ "Q", "R", "P0" })[which],
                                               m, m, cov),
                          NULL);
            }
            for (size_t k = 0; k < n * p; k++) {
                y[k] = 2.0 * jn_chance_normal(seed + 300, k);
            }
            jn_table *data = jn_test_table(n, p, names, y);
            jn_model *m = NULL;
            jn_error err = JN_ERROR_INIT;
            assert_ok(jn_model_new("lgssm", &params, data, &m, &err), &err);
            const double truth = dense_normal(m->chain->linear(m->self));
            const jn_estimate e = evidence(m);
            /* the dense factor of 60 rows has a condition of 1e3 or so */
            assert_close(e.value, truth, 1e-11, 0.0);
            jn_estimate dense;
            assert_ok(jn_kalman_dense(m->chain->linear(m->self), &dense, NULL), NULL);
            assert_close(dense.value, e.value, 1e-13, 0.0);
            jn_model_free(m);
            jn_params_free(&params);
            jn_table_free(data);
        }
    }
}

/* Vague starts and nearly noiseless observations: P0 = 1e14, R = 1e-14. The covariance form loses
 * all digits here. Truth: y_0 and y_1 fix the state of a noiseless straight line, the rest has
 * variance R + ...; by the dense normal in a scaled form that is benign: first differences. */
static void test_vague_and_noiseless(void **state)
{
    (void)state;
    enum { T = 6 };
    const double y[T] = { 5, 5.5, 4.75, 6, 6.25, 5.875 };
    jn_table *data = jn_test_table(T, 1, (const char *const[]){ "y" }, y);
    /* level with P0 -> infinity: log p(y) + 1/2 log(2 pi P0) tends to the log-density of the
     * differences y_t - y_{t-1}, a moving average; P0 = 1e14 is there to 1e-13 */
    jn_model *m = jn_test_model("lgssm", TEXTS("Q=0.25", "R=0.5", "P0=1e14"), data);
    double cov[(T - 1) * (T - 1)] = { 0 }, r[T - 1], quad = 0.0;
    for (size_t t = 0; t < T - 1; t++) {
        cov[t * T] = 0.25 + 2 * 0.5;
        if (t > 0) {
            cov[t * (T - 1) + t - 1] = cov[(t - 1) * (T - 1) + t] = -0.5;
        }
        r[t] = y[t + 1] - y[t];
    }
    assert_true(jn_cholesky(T - 1, cov));
    jn_lower_solve(T - 1, cov, r);
    for (size_t t = 0; t < T - 1; t++) {
        quad += r[t] * r[t];
    }
    const double diffuse = -0.5 * ((T - 1) * JN_LOG_2PI + quad) - jn_lower_log_det(T - 1, cov) -
                           0.5 * (JN_LOG_2PI + log(1e14));
    jn_estimate e;
    assert_close(evidence(m).value, diffuse, 1e-13, 0.0);
    assert_ok(jn_kalman_dense(m->chain->linear(m->self), &e, NULL), NULL);
    assert_close(e.value, diffuse, 1e-13, 0.0);
    jn_model_free(m);
    /* R = 0: y is the level itself, a random walk */
    m = jn_test_model("lgssm", TEXTS("Q=0.25", "R=0", "P0=4"), data);
    double walk = -0.5 * (JN_LOG_2PI + log(4.0) + 25.0 / 4.0);
    for (size_t t = 1; t < T; t++) {
        walk -= 0.5 * (JN_LOG_2PI + log(0.25) + (y[t] - y[t - 1]) * (y[t] - y[t - 1]) / 0.25);
    }
    assert_close(evidence(m).value, walk, 1e-14, 0.0);
    jn_model_free(m);
    m = jn_test_model("lgssm", TEXTS("Q=0.25", "R=1e-14", "P0=4"), data);
    /* d/dR of the log-density at 0 is of size (y / Q)^2: 1e-14 * 1e3 */
    assert_close(evidence(m).value, walk, 1e-12, 0.0);
    assert_ok(jn_kalman_dense(m->chain->linear(m->self), &e, NULL), NULL);
    assert_close(e.value, walk, 1e-12, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* A local linear trend with P0 = 1e12 I: the first two observations pay for the vagueness. */
static void test_vague_trend(void **state)
{
    (void)state;
    enum { T = 8 };
    const double y[T] = { 1, 2.5, 2.75, 4, 5.5, 6.25, 6.5, 8 };
    jn_table *data = jn_test_table(T, 1, (const char *const[]){ "y" }, y);
    jn_model *m = jn_test_model(
        "lgssm", TEXTS("F=1,1;0,1", "H=1,0", "Q=0,0;0,0.25", "R=0.5", "P0=1e12,0;0,1e12"), data);
    /* second differences w_t = y_t - 2 y_{t-1} + y_{t-2} do not hold the start: their noise is
     * slope noise plus R (1, -2, 1); the map from (y_0, y_1, w) to y has determinant 1, and
     * (y_0, y_1) is N(0, 1e12 [1 1; 1 2]) to 1e-12 */
    double cov[(T - 2) * (T - 2)] = { 0 }, r[T - 2], quad = 0.0;
    const double band[] = { 0.25 + 6 * 0.5, -4 * 0.5, 0.5 };
    for (size_t t = 0; t < T - 2; t++) {
        for (size_t s = 0; s < T - 2; s++) {
            const size_t lag = s > t ? s - t : t - s;
            cov[t * (T - 2) + s] = lag < 3 ? band[lag] : 0.0;
        }
        r[t] = y[t + 2] - 2 * y[t + 1] + y[t];
    }
    assert_true(jn_cholesky(T - 2, cov));
    jn_lower_solve(T - 2, cov, r);
    for (size_t t = 0; t < T - 2; t++) {
        quad += r[t] * r[t];
    }
    const double truth = -0.5 * ((T - 2) * JN_LOG_2PI + quad) - jn_lower_log_det(T - 2, cov) -
                         JN_LOG_2PI - log(1e12);
    assert_close(evidence(m).value, truth, 0.0, 1e-10); /* y^2 / 1e12 was left out */
    jn_model_free(m);
    jn_table_free(data);
}

/* The plain recursion, one step after the other, compensated sums. */
static double slow_filter(const jn_chain_linear *c)
{
    const double q = c->root_Q[0] * c->root_Q[0], r = c->root_R[0] * c->root_R[0];
    long double m = c->m0[0], P = (long double)c->root_P0[0] * c->root_P0[0], sum = 0.0L;
    const long double f = c->F[0], h = c->H[0];
    for (size_t t = 0; t < c->n_steps; t++) {
        const long double F = h * h * P + r, v = c->y[t] - h * m;
        sum -= 0.5L * (logl(2.0L * M_PIl * F) + v * v / F);
        m = f * (m + P * h / F * v);
        P = f * f * (P * r / F) + q;
    }
    return (double)sum;
}

/* Constant gains and strands change nothing: a million steps against the plain recursion in long
 * double, where the gain settles at once, slowly, and never; levels far from 0 too. */
static void test_million_steps(void **state)
{
    (void)state;
    enum { T = 1000000 };
    double *y = calloc(T, sizeof *y), level = 0.0;
    for (size_t t = 0; t < T; t++) {
        level += 0.1 * jn_chance_normal(7, t);
        y[t] = 1000.0 + level + jn_chance_normal(8, t);
    }
    jn_table *data = jn_test_table(T, 1, (const char *const[]){ "y" }, y);
    static const char *const systems[][5] = {
        { "Q=0.01", "R=1", "F=1", "P0=1", "m0=1000" },
        { "Q=100", "R=1", "F=1", "P0=1e6", "m0=0" },
        { "Q=0.01", "R=1", "F=-0.99", "P0=1", "m0=0" },
        { "Q=1e-9", "R=1", "F=1", "P0=1", "m0=1000" },
        { "Q=0", "R=1", "F=1", "P0=1", "m0=1000" },
        { "Q=0", "R=1", "F=0.5", "P0=1", "m0=1000" },
        { "Q=1", "R=2", "F=0", "P0=1", "m0=1000" },
    };
    for (size_t k = 0; k < sizeof systems / sizeof *systems; k++) {
        const char *const *s = systems[k];
        jn_model *m = jn_test_model("lgssm", TEXTS(s[0], s[1], s[2], s[3], s[4]), data);
        const jn_estimate e = evidence(m);
        const double truth = slow_filter(m->chain->linear(m->self));
        /* a long memory averages the rounding of 1e4 steps and more into every residual */
        assert_close(e.value, truth, k == 3 || k == 4 ? 1e-11 : 1e-12, 0.0);
        assert_true(fabs(e.value - truth) <= e.error);
        if (k < 3) {
            jn_estimate dense;
            assert_ok(jn_kalman_dense(m->chain->linear(m->self), &dense, NULL), NULL);
            assert_close(dense.value, truth, 1e-12, 0.0);
        }
        jn_model_free(m);
    }
    jn_table_free(data);
    free(y);
}

/* Slow contraction: the covariance moves by less than rounding in a step long before it is where it
 * is going. The filter must not stop it there. */
static void test_creeping_covariance(void **state)
{
    (void)state;
    enum { T = 200000 };
    double *y = calloc(T, sizeof *y);
    for (size_t t = 0; t < T; t++) {
        y[t] = 100.0 * jn_chance_normal(9, t);
    }
    jn_table *data = jn_test_table(T, 1, (const char *const[]){ "y" }, y);
    /* two uncoupled coordinates, of which y sees the first; and the first alone */
    jn_model *two = jn_test_model(
        "lgssm", TEXTS("F=1,0;0,0.5", "Q=1e-12,0;0,1", "H=1,0", "R=1", "P0=1e4,0;0,1"), data);
    jn_model *one = jn_test_model("lgssm", TEXTS("Q=1e-12", "R=1", "P0=1e4"), data);
    const double truth = slow_filter(one->chain->linear(one->self));
    assert_close(evidence(one).value, truth, 1e-12, 0.0);
    assert_close(evidence(two).value, truth, 1e-12, 0.0);
    jn_model_free(one);
    jn_model_free(two);
    jn_table_free(data);
    free(y);
}

static jn_status attempt(void *user)
{
    jn_estimate e = { .value = 42.0 };
    const jn_status st = jn_chain_evidence(user, 0, NULL, &e, NULL);
    assert_true(st == JN_OK || e.value == 42.0);
    return st;
}

static void test_errors(void **state)
{
    (void)state;
    const double y[] = { 1, 2, 3, 4 };
    jn_table *data = jn_test_table(2, 2, (const char *const[]){ "y1", "y2" }, y);
    jn_model *m = jn_test_model("lgssm", TEXTS("H=1;2", "R=1,0;0,1"), data);
    assert_int_equal(jn_malloc_sweep(attempt, m), 1);
    jn_model_free(m);
    /* two readings of one number without noise cannot differ */
    m = jn_test_model("lgssm", TEXTS("H=1;1", "R=0,0;0,0"), data);
    jn_estimate e = { .value = 42.0 };
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_chain_evidence(m, 0, NULL, &e, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "step 0: the covariance of y given its past is singular"));
    assert_true(e.value == 42.0);
    jn_model_free(m);
    jn_table_free(data);
    data = jn_test_table(2, 1, (const char *const[]){ "y" }, (double[]){ 1e200, 0.0 });
    m = jn_test_model("local-level", NULL, data);
    assert_int_equal(jn_chain_evidence(m, 0, NULL, &e, &err), JN_ERR_VALUE);
    assert_non_null(strstr(err.message, "rescale y"));
    jn_model_free(m);
    jn_table_free(data);
    m = jn_test_model("gamma-weights", NULL, NULL);
    assert_int_equal(jn_chain_evidence(m, 0, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    assert_int_equal(jn_chain_evidence_all(m, NULL, &e, &err), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nile),
        cmocka_unit_test(test_against_dense_normal),
        cmocka_unit_test(test_vague_and_noiseless),
        cmocka_unit_test(test_vague_trend),
        cmocka_unit_test(test_million_steps),
        cmocka_unit_test(test_creeping_covariance),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
