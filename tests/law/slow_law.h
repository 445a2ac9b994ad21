/* A law by the definitions, in long double: what the library's law is held against. */
#ifndef JN_TESTS_LAW_SLOW_LAW_H
#define JN_TESTS_LAW_SLOW_LAW_H

#include "assertions.h"

#include "jensen/law.h"

/* A jn_law of n nodes of a rule. */
static inline void jn_test_law(size_t n, const double *l, const double *log_m, jn_law *law)
{
    assert_ok(jn_law_init(law, JN_NEED_NODES, 0, NULL, 0), NULL);
    const jn_weights b = { .n = n, .log_w = l, .log_mass = log_m };
    assert_ok(jn_law_add(law, &b), NULL);
}

static inline void jn_test_weight_law(size_t n, const double *l, const double *log_m,
                                      jn_weight_law *w)
{
    jn_law law;
    jn_test_law(n, l, log_m, &law);
    assert_ok(jn_weight_law_new(&law, w), NULL);
    jn_law_free(&law);
}

/* log of the sum of masses, and of the mean weight. */
static inline void jn_slow_totals(size_t n, const double *l, const double *log_m,
                                  long double *log_mass, long double *log_mean)
{
    long double mass = 0.0L, mean = 0.0L;
    for (size_t i = 0; i < n; i++) {
        mass += expl(log_m[i]);
        mean += expl((long double)log_m[i] + l[i]);
    }
    *log_mass = logl(mass);
    *log_mean = logl(mean) - *log_mass;
}

/* e^-y - 1 + y */
static inline long double jn_slow_g(long double y)
{
    if (fabsl(y) > 0.5L) {
        return expm1l(-y) + y;
    }
    long double term = y * y / 2.0L, sum = 0.0L;
    for (int k = 3; k < 30; k++) {
        sum += term;
        term *= -y / (long double)k;
    }
    return sum;
}

/* delta(s) = s + log phi, for s small enough that e^(s - sW) does not overflow. */
static inline double jn_slow_delta(size_t n, const double *l, const double *log_m, double s)
{
    long double log_mass, log_mean, sum = 0.0L;
    jn_slow_totals(n, l, log_m, &log_mass, &log_mean);
    for (size_t i = 0; i < n; i++) {
        sum += expl(log_m[i] - log_mass) * jn_slow_g(s * expm1l(l[i] - log_mean));
    }
    return (double)log1pl(sum);
}

/* log phi(s), relatively accurate also where phi is nearly 1. */
static inline double jn_slow_log_phi(size_t n, const double *l, const double *log_m, double u)
{
    long double log_mass, log_mean, below = 0.0L, phi = 0.0L;
    jn_slow_totals(n, l, log_m, &log_mass, &log_mean);
    for (size_t i = 0; i < n; i++) {
        const long double sw = expl((long double)u + l[i] - log_mean);
        const long double m = expl(log_m[i] - log_mass);
        below += m * expm1l(-sw);
        phi += m * expl(-sw);
    }
    return (double)(below > -0.5L ? log1pl(below) : logl(phi));
}

#endif
