/* Models, parameters and data for tests, and checks that hold for every model. */
#ifndef JN_TESTS_MODELS_H
#define JN_TESTS_MODELS_H

#include "assertions.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "jensen/proposal.h"

enum { JN_TEST_MAX_DIM = 12 };

/* "name=value" texts, up to a NULL. */
static inline jn_params jn_test_params(const char *const *texts)
{
    jn_params p = JN_PARAMS_INIT;
    for (; texts != NULL && *texts != NULL; texts++) {
        char name[64];
        const char *value = strchr(*texts, '=');
        snprintf(name, sizeof name, "%.*s", (int)(value - *texts), *texts);
        jn_error err = JN_ERROR_INIT;
        assert_ok(jn_params_set_text(&p, name, value + 1, &err), &err);
    }
    return p;
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline jn_status jn_test_try_model(const char *name, const char *const *texts,
                                          const jn_table *data, jn_model **out, jn_error *err)
{
    jn_params p = jn_test_params(texts);
    const jn_status status = jn_model_new(name, &p, data, out, err);
    jn_params_free(&p);
    return status;
}

static inline jn_model *jn_test_model(const char *name, const char *const *texts,
                                      const jn_table *data)
{
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_test_try_model(name, texts, data, &m, &err), &err);
    return m;
}

static inline jn_status jn_test_try_proposal(const char *name, const char *const *texts,
                                             const jn_model *m, jn_proposal **out, jn_error *err)
{
    jn_params p = jn_test_params(texts);
    const jn_status status = jn_proposal_new(name, &p, m, out, err);
    jn_params_free(&p);
    return status;
}

static inline jn_proposal *jn_test_proposal(const char *name, const char *const *texts,
                                            const jn_model *m)
{
    jn_proposal *q = NULL;
    jn_error err = JN_ERROR_INIT;
    assert_ok(jn_test_try_proposal(name, texts, m, &q, &err), &err);
    return q;
}

static inline jn_table *jn_test_table(size_t rows, size_t cols, const char *const *names,
                                      const double *x)
{
    jn_table *t = NULL;
    assert_ok(jn_table_new("test data", rows, cols, names, x, &t), NULL);
    return t;
}

/* A file of numbers with a header from tests/data. */
static inline jn_table *jn_test_csv(const char *name)
{
    enum { MAX_COLS = 16, MAX_CELLS = 65536 };
    static double x[MAX_CELLS];
    char path[512], line[1024], *names[MAX_COLS], *save = NULL;
    snprintf(path, sizeof path, "%s/%s", JN_TEST_DATA, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    size_t cols = 0, n = 0;
    for (char *t = strtok_r(line, ",\n", &save); t != NULL; t = strtok_r(NULL, ",\n", &save)) {
        assert_true(cols < MAX_COLS);
        names[cols++] = t;
    }
    while (n < MAX_CELLS && fscanf(f, "%lf%*[,\n]", x + n) == 1) {
        n++;
    }
    fclose(f);
    assert_true(n < MAX_CELLS && n % cols == 0);
    return jn_test_table(n / cols, cols, (const char *const *)names, x);
}

/* log p(x_row, z) at one point. */
static inline double jn_test_joint(const jn_model *m, size_t row, const double *z)
{
    double prior = NAN, likelihood = NAN;
    assert_ok(m->density->log_prior(m->self, 1, 1, z, &prior), NULL);
    assert_ok(m->density->log_likelihood(m->self, (jn_range){ row, 1 }, 1, 1, z, 1, &likelihood),
              NULL);
    return prior + likelihood;
}

/* The identity that holds at any z: log p(x, z) - log p(z | x) = log p(x). Points are draws of the
 * posterior made wide by pushing its base outwards, and draws of the prior. */
static inline void jn_test_posterior_identity(const jn_model *m, size_t row, double rtol)
{
    enum { N = 64 };
    double base[JN_TEST_MAX_DIM * N], z[JN_TEST_MAX_DIM * N], log_q[N];
    jn_estimate e;
    assert_ok(m->density->evidence(m->self, row, &e), NULL);
    assert_true(e.error >= 0.0 && e.kind == JN_EXACT && e.method != NULL);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 0; j < m->dim; j++) {
            const jn_base kind = m->density->posterior_base != NULL
                                     ? m->density->posterior_base(m->self, j)
                                 : jn_model_support(m, j) == JN_REAL ? JN_BASE_NORMAL
                                                                     : JN_BASE_UNIFORM;
            for (size_t i = 0; i < N; i++) {
                base[j * N + i] = kind == JN_BASE_NORMAL ? 3.0 * jn_chance_normal(j, i)
                                                         : jn_chance(j, i);
            }
        }
        assert_ok(pass == 0 || m->density->prior_map == NULL
                      ? m->density->posterior_map(m->self, row, N, N, base, z)
                      : m->density->prior_map(m->self, N, N, base, z),
                  NULL);
        assert_ok(m->density->posterior_log_density(m->self, row, N, N, z, log_q), NULL);
        for (size_t i = 0; i < N; i++) {
            double zi[JN_TEST_MAX_DIM];
            for (size_t j = 0; j < m->dim; j++) {
                zi[j] = z[j * N + i];
            }
            const double joint = jn_test_joint(m, row, zi);
            const double size = fabs(joint) + fabs(log_q[i]);
            if (joint > -INFINITY) {
                assert_close(joint - log_q[i], e.value, 0.0, rtol * (1.0 + size));
            }
        }
    }
}

/* Gradient and Hessian against fourth-order differences made here. */
static inline void jn_test_derivatives(const jn_model *m, size_t row, const double *z)
{
    const size_t d = m->dim;
    double value, grad[JN_TEST_MAX_DIM], hess[JN_TEST_MAX_DIM * JN_TEST_MAX_DIM];
    double up[JN_TEST_MAX_DIM], near[JN_TEST_MAX_DIM], far[JN_TEST_MAX_DIM], none, at[4];
    assert_ok(m->density->derivatives(m->self, row, z, &value, grad, hess), NULL);
    const double scale = 1.0 + fabs(value), h = 0x1p-10;
    assert_close(value, jn_test_joint(m, row, z), 0.0, 1e-13 * scale);
    for (size_t j = 0; j < d; j++) {
        for (int i = 0; i < 4; i++) {
            memcpy(up, z, d * sizeof *up);
            up[j] += (double)(i < 2 ? i - 2 : i - 1) * h;
            at[i] = jn_test_joint(m, row, up);
        }
        /* rounding eps / h, truncation h^4 times a fifth derivative */
        assert_close(grad[j], (at[0] - 8.0 * at[1] + 8.0 * at[2] - at[3]) / (12.0 * h), 0.0,
                     2e-11 * scale);
        memcpy(up, z, d * sizeof *up);
        up[j] = z[j] + h;
        assert_ok(m->density->derivatives(m->self, row, up, &none, near, NULL), NULL);
        up[j] = z[j] - h;
        assert_ok(m->density->derivatives(m->self, row, up, &none, far, NULL), NULL);
        for (size_t k = 0; k < d; k++) { /* second order: h^2 times a fourth derivative */
            assert_close(hess[j * d + k], (near[k] - far[k]) / (2.0 * h), 2e-5, 1e-6);
            assert_close(hess[j * d + k], hess[k * d + j], 1e-14, 0.0); /* symmetric */
        }
    }
}

/* A bad parameter gives this status and a one-line message that holds `part`. */
static inline void jn_test_refused(const char *name, const char *const *texts, const jn_table *data,
                                   jn_status status, const char *part)
{
    jn_model *m = (jn_model *)1;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_test_try_model(name, texts, data, &m, &err), status);
    assert_ptr_equal(m, (jn_model *)1);
    if (strstr(err.message, part) == NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
    assert_null(strchr(err.message, '\n'));
}

#endif
