/* Checks that hold for every proposal. */
#ifndef JN_TESTS_PROPOSALS_H
#define JN_TESTS_PROPOSALS_H

#include "models.h"

/* A refused proposal gives this status and a message that holds `part`, and no object. */
static inline void jn_test_refused_proposal(const jn_model *m, const char *name,
                                            const char *const *texts, jn_status status,
                                            const char *part)
{
    jn_proposal *q = (jn_proposal *)1;
    jn_error err = JN_ERROR_INIT;
    assert_int_equal(jn_test_try_proposal(name, texts, m, &q, &err), status);
    assert_ptr_equal(q, (jn_proposal *)1);
    if (strstr(err.message, part) == NULL) {
        print_error("message '%s' lacks '%s'\n", err.message, part);
        fail();
    }
}

/* Change of variables, for continuous z of dimension 1 or 2: log q from the map, log_density at the
 * mapped points, and -log |dz/dbase| + log-density of the base by differences all agree. */
static inline void jn_test_change_of_variables(const jn_proposal *q, size_t row)
{
    enum { N = 50 };
    const size_t d = q->model->dim;
    const double h = 1e-5;
    double base[2 * N], z[2 * N], log_q[N], again[N], jac[2][2] = { { 0 } };
    double up[2 * N], zu[2 * N], down[2 * N], zd[2 * N], slope[2][2][N], ignored[N];
    assert_true(d <= 2);
    for (size_t j = 0; j < d; j++) {
        const bool normal = q->ops->base == NULL || q->ops->base(q->self, j) == JN_BASE_NORMAL;
        for (size_t i = 0; i < N; i++) {
            base[j * N + i] = normal ? jn_chance_normal(70 + j, i)
                                     : 0.02 + 0.96 * jn_chance(70 + j, i);
        }
    }
    assert_ok(q->ops->map(q->self, row, N, N, base, z, log_q), NULL);
    assert_ok(q->ops->log_density(q->self, row, N, N, z, again), NULL);
    for (size_t k = 0; k < d; k++) {
        memcpy(up, base, sizeof up);
        memcpy(down, base, sizeof down);
        for (size_t i = 0; i < N; i++) {
            up[k * N + i] += h;
            down[k * N + i] -= h;
        }
        assert_ok(q->ops->map(q->self, row, N, N, up, zu, ignored), NULL);
        assert_ok(q->ops->map(q->self, row, N, N, down, zd, ignored), NULL);
        for (size_t j = 0; j < d; j++) {
            for (size_t i = 0; i < N; i++) {
                slope[j][k][i] = (zu[j * N + i] - zd[j * N + i]) / (2.0 * h);
            }
        }
    }
    for (size_t i = 0; i < N; i++) {
        double log_base = 0.0;
        for (size_t j = 0; j < d; j++) {
            const bool normal = q->ops->base == NULL || q->ops->base(q->self, j) == JN_BASE_NORMAL;
            const double e = base[j * N + i];
            log_base += normal ? -0.5 * e * e - 0.5 * log(2.0 * M_PI) : 0.0;
            for (size_t k = 0; k < d; k++) {
                jac[j][k] = slope[j][k][i];
            }
        }
        const double det = d == 1 ? jac[0][0] : jac[0][0] * jac[1][1] - jac[0][1] * jac[1][0];
        /* differences: h^2 times third derivatives, near the ends of (0, 1) up to 1e3 */
        assert_close(log_q[i], log_base - log(fabs(det)), 0.0, 1e-6);
        assert_close(again[i], log_q[i], 1e-12, 1e-12);
    }
}

#endif
