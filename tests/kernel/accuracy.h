/* Errors of the elementary kernels against the long double functions of libm, in units of the last
 * place of the double nearest the truth. */
#ifndef JN_TESTS_KERNEL_ACCURACY_H
#define JN_TESTS_KERNEL_ACCURACY_H

#include <float.h>
#include <string.h>

#include "kernel/isas.h"

static inline double ulps(double got, long double want)
{
    if (isnan(want) || isnan(got)) {
        return isnan(want) && isnan(got) ? 0.0 : INFINITY;
    }
    if (fabsl(want) > (long double)DBL_MAX || isinf(got)) {
        const double rounded = (double)want;
        return rounded == got || fabsl(want) > DBL_MAX * (1.0L - DBL_EPSILON) ? 0.0 : INFINITY;
    }
    const int e = want == 0.0L ? -1074 : ilogbl(want) - 52;
    return (double)(fabsl((long double)got - want) / ldexpl(1.0L, e < -1074 ? -1074 : e));
}

static inline long double softplus_reference(long double x)
{
    return (x > 0.0L ? x : 0.0L) + log1pl(expl(-fabsl(x)));
}

static inline double positive(uint64_t *state) /* any positive double, subnormals too */
{
    const uint64_t bits = next_word(state) % 0x7ff0000000000000U;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* half of them over the range, half with exponents down to 2^-60 */
static inline double spread(uint64_t *state, double low, double high)
{
    if (next_word(state) & 1) {
        return next_between(state, low, high);
    }
    const double size = ldexp(next_between(state, 1.0, 2.0), -(int)(next_word(state) % 60));
    return low < 0.0 && next_word(state) & 1 ? fmax(-size, low) : size;
}

static inline double for_exp(uint64_t *state)
{
    return spread(state, -746.0, 710.0);
}
static inline double for_log(uint64_t *state)
{
    return next_word(state) & 1 ? positive(state) : next_between(state, 0.5, 2.0);
}
static inline double for_log1p(uint64_t *state)
{
    const double x = next_word(state) & 1 ? spread(state, -1.0, 4.0) : positive(state);
    return x;
}
static inline double for_expm1(uint64_t *state)
{
    return spread(state, -45.0, 710.0);
}
static inline double for_softplus(uint64_t *state)
{
    return spread(state, -746.0, 60.0);
}

static inline double for_tanh(uint64_t *state)
{
    return spread(state, -22.0, 22.0);
}

static inline long double sigmoid_reference(long double x)
{
    return x < 0.0L ? expl(x) / (1.0L + expl(x)) : 1.0L / (1.0L + expl(-x));
}
static inline double for_sigmoid(uint64_t *state)
{
    return spread(state, -746.0, 60.0);
}

typedef struct elementary {
    const char *name;
    size_t member; /* where the kernel stands in the table */
    long double (*reference)(long double);
    double (*input)(uint64_t *state);
    double stated; /* largest error that kernels.h promises */
} elementary;

static const elementary elementaries[] = {
    { "exp", offsetof(jn_kernels, exp), expl, for_exp, JN_EXP_ULP },
    { "log", offsetof(jn_kernels, log), logl, for_log, JN_LOG_ULP },
    { "log1p", offsetof(jn_kernels, log1p), log1pl, for_log1p, JN_LOG1P_ULP },
    { "expm1", offsetof(jn_kernels, expm1), expm1l, for_expm1, JN_EXPM1_ULP },
    { "softplus", offsetof(jn_kernels, softplus), softplus_reference, for_softplus,
      JN_SOFTPLUS_ULP },
    { "tanh", offsetof(jn_kernels, tanh), tanhl, for_tanh, JN_TANH_ULP },
    { "sigmoid", offsetof(jn_kernels, sigmoid), sigmoid_reference, for_sigmoid, JN_SIGMOID_ULP },
};
enum { ELEMENTARIES = sizeof elementaries / sizeof elementaries[0], ACCURACY_BLOCK = 1000 };

static inline jn_map_fn *kernel_of(const jn_kernels *set, const elementary *e)
{
    jn_map_fn *f;
    memcpy(&f, (const char *)set + e->member, sizeof f);
    return f;
}

/* Largest error of each set over `blocks` times 1000 points; printed where it is asked for. */
static inline void measure(const elementary *e, size_t blocks, int print)
{
    const jn_kernels *sets[MAX_ISAS];
    const size_t n_sets = every_isa(sets);
    double x[ACCURACY_BLOCK], y[ACCURACY_BLOCK], worst[MAX_ISAS] = { 0 }, at[MAX_ISAS] = { 0 };
    long double want[ACCURACY_BLOCK];
    uint64_t state = 20240229;
    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < ACCURACY_BLOCK; i++) {
            x[i] = e->input(&state);
            want[i] = e->reference((long double)x[i]);
        }
        for (size_t s = 0; s < n_sets; s++) {
            kernel_of(sets[s], e)(ACCURACY_BLOCK, x, y);
            for (size_t i = 0; i < ACCURACY_BLOCK; i++) {
                const double error = ulps(y[i], want[i]);
                if (error > worst[s]) {
                    worst[s] = error;
                    at[s] = x[i];
                }
            }
        }
    }
    for (size_t s = 0; s < n_sets; s++) {
        if (print || worst[s] > e->stated) {
            print_message("%s, %s: %.4f ulp at %.17g (stated %g)\n", e->name, sets[s]->isa,
                          worst[s], at[s], e->stated);
        }
        assert_true(worst[s] <= e->stated);
    }
}

#endif
