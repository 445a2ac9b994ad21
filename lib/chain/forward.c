/* log p(x) of a finite chain by the forward recursion
 *   a_0(s) = initial(s) e_0(s),   a_t(s) = sum over r of a_{t-1}(r) transition(r, s) e_t(s).
 *
 * Scaled: emissions are taken relative to the largest of their step, and a is rescaled by powers of
 * two, which is exact. All terms are positive, so relative errors only add up, as long as nothing
 * that matters underflows:
 *   - where every transition probability is at least FLOOR, what underflows would come back from
 *     the other states within a step, changed by less than 1e-30 of them (fast);
 *   - else a value that comes near underflow while it is not 0 stops the scaled recursion, and the
 *     whole is done again in logarithms (left-to-right chains, sharp emissions). */
#include "chain/forward.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "chain/recursions.h"
#include "chain/sum.h"
#include "kernel/kernels.h"

enum { BLOCK = JN_FORWARD_BLOCK, RESCALE = 8 };
static const double FLOOR = 1e-30; /* FLOOR^RESCALE is a normal number */
static const double ALPHA_MIN = 1e-140,
                    EMISSION_MIN = 1e-100; /* their product with FLOOR is, too */

typedef struct forward {
    const jn_model *m;
    const jn_chain_finite *c;
    size_t row, T;
    bool careful;             /* zeros or tiny numbers among the transitions */
    bool tiny;                /* tiny ones */
    double *a, *next;         /* S each */
    int64_t exponent;         /* a is to be multiplied by 2^exponent */
    jn_sum log_top, top_size; /* over steps, of the largest log-emission; of its absolute value */
    double *e;                /* emissions relative to the largest: n_symbols or BLOCK rows of S */
    double *log_e;            /* BLOCK x S; where there are no symbols */
    uint32_t *own;            /* 0 .. BLOCK - 1: "symbols" where there are none */
    double *memory;
} forward;

typedef enum outcome { GOES_ON, IMPOSSIBLE, UNDERFLOW } outcome;

/* Rows of log-emissions to rows relative to their largest. Rows that never come stay 0. */
static outcome relative(forward *f, size_t rows, const double *log_e, const uint64_t *counts)
{
    const size_t S = f->c->n_states;
    for (size_t r = 0; r < rows; r++) {
        const double count = counts == NULL ? 1.0 : (double)counts[r];
        double top = -INFINITY;
        for (size_t s = 0; s < S; s++) {
            top = fmax(top, log_e[r * S + s]);
        }
        if (count > 0.0 && top == -INFINITY) {
            return IMPOSSIBLE;
        }
        for (size_t s = 0; s < S; s++) {
            f->e[r * S + s] = count > 0.0 ? log_e[r * S + s] - top : -INFINITY;
        }
        jn_sum_add(&f->log_top, count > 0.0 ? count * top : 0.0);
        jn_sum_add(&f->top_size, count > 0.0 ? count * fabs(top) : 0.0);
    }
    bool tiny = false;
    for (size_t k = 0; k < rows * S; k++) {
        tiny = tiny || (f->e[k] < log(EMISSION_MIN) && f->e[k] > -INFINITY);
    }
    jn_kernels_get()->exp(rows * S, f->e, f->e);
    return f->careful && tiny ? UNDERFLOW : GOES_ON;
}

/* Multiplies a by the power of two that brings its sum into [1, 2). */
static inline void rescale(double *a, size_t S, int64_t *exponent)
{
    double sum = 0.0;
    for (size_t s = 0; s < S; s++) {
        sum += a[s];
    }
    const int k = ilogb(sum);
    const double scale = ldexp(1.0, -k);
    for (size_t s = 0; s < S; s++) {
        a[s] *= scale;
    }
    *exponent += k;
}

/* One step forward of a, for an S known at compile time. */
__attribute__((always_inline)) static inline void ahead(size_t S, const double *p, const double *e,
                                                        double *a)
{
    double b[4];
#pragma GCC unroll 4
    for (size_t j = 0; j < S; j++) {
        b[j] = a[0] * p[j];
#pragma GCC unroll 4
        for (size_t i = 1; i < S; i++) {
            b[j] += a[i] * p[i * S + j];
        }
    }
#pragma GCC unroll 4
    for (size_t j = 0; j < S; j++) {
        a[j] = b[j] * e[j];
    }
}

/* One step back of b: b(i) = sum over j of p(i, j) e(j) b(j). */
__attribute__((always_inline)) static inline void back(size_t S, const double *p, const double *e,
                                                       double *b)
{
    double x[4];
#pragma GCC unroll 4
    for (size_t j = 0; j < S; j++) {
        x[j] = b[j] * e[j];
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < S; i++) {
        b[i] = x[0] * p[i * S];
#pragma GCC unroll 4
        for (size_t j = 1; j < S; j++) {
            b[i] += x[j] * p[i * S + j];
        }
    }
}

/* `count` steps of few states, from both ends at once: each end waits for its own last step, so two
 * take the time of one. a comes out times b, whose sum is p(x). */
__attribute__((always_inline)) static inline void both_ends(forward *f, size_t S, size_t count,
                                                            const uint32_t *symbol)
{
    double a[4], b[4] = { 1.0, 1.0, 1.0, 1.0 }, p[16];
    int64_t exponent = f->exponent;
    memcpy(a, f->a, S * sizeof *a);
    memcpy(p, f->c->transition, S * S * sizeof *p);
    for (size_t t = 0; t < count / 2; t++) {
        ahead(S, p, f->e + symbol[t] * S, a);
        back(S, p, f->e + symbol[count - 1 - t] * S, b);
        if (t % RESCALE == RESCALE - 1) {
            rescale(a, S, &exponent);
            rescale(b, S, &exponent);
        }
    }
    if (count % 2 == 1) {
        ahead(S, p, f->e + symbol[count / 2] * S, a);
    }
    rescale(a, S, &exponent);
    rescale(b, S, &exponent);
    for (size_t s = 0; s < S; s++) {
        f->a[s] = a[s] * b[s];
    }
    f->exponent = exponent;
}

static void step(forward *f, const double *e)
{
    const size_t S = f->c->n_states;
    memset(f->next, 0, S * sizeof *f->next);
    for (size_t i = 0; i < S; i++) {
        const double *p = f->c->transition + i * S;
        const double a = f->a[i];
        for (size_t j = 0; j < S; j++) {
            f->next[j] += a * p[j];
        }
    }
    for (size_t j = 0; j < S; j++) {
        f->next[j] *= e[j];
    }
    double *old = f->a;
    f->a = f->next;
    f->next = old;
}

static void run_any(forward *f, size_t t0, size_t count, const uint32_t *symbol)
{
    const size_t S = f->c->n_states;
    for (size_t t = 0; t < count; t++) {
        step(f, f->e + symbol[t] * S);
        if ((t0 + t) % RESCALE == 0) {
            rescale(f->a, S, &f->exponent);
        }
    }
}

/* Is a safe to step on? None of it is tiny without being 0. */
static outcome inspect(const forward *f)
{
    bool some = false;
    for (size_t s = 0; s < f->c->n_states; s++) {
        if (f->a[s] > 0.0 && f->a[s] < ALPHA_MIN) {
            return UNDERFLOW;
        }
        some = some || f->a[s] > 0.0;
    }
    return some ? GOES_ON : IMPOSSIBLE;
}

static outcome run_careful(forward *f, size_t count, const uint32_t *symbol)
{
    const size_t S = f->c->n_states;
    for (size_t t = 0; t < count; t++) {
        step(f, f->e + symbol[t] * S);
        double top = 0.0;
        for (size_t s = 0; s < S; s++) {
            top = fmax(top, f->a[s]);
        }
        if (top > 0.0) {
            rescale(f->a, S, &f->exponent);
        }
        const outcome is = inspect(f);
        if (is != GOES_ON) {
            return is;
        }
    }
    return GOES_ON;
}

static outcome run_steps(forward *f, size_t t0, size_t count, const uint32_t *symbol)
{
    if (f->careful) {
        return run_careful(f, count, symbol);
    }
    run_any(f, t0, count, symbol);
    return GOES_ON;
}

/* All steps after the first. */
static outcome run_all(forward *f, const uint32_t *symbol)
{
    const size_t count = f->T - 1;
    switch (f->careful ? 0 : f->c->n_states) {
    case 1:
        both_ends(f, 1, count, symbol);
        return GOES_ON;
    case 2:
        both_ends(f, 2, count, symbol);
        return GOES_ON;
    case 3:
        both_ends(f, 3, count, symbol);
        return GOES_ON;
    case 4:
        both_ends(f, 4, count, symbol);
        return GOES_ON;
    default:
        return run_steps(f, 1, count, symbol);
    }
}

/* Step 0 from logarithms: an initial law with zeros can make what is left arbitrarily small. */
static outcome start(forward *f, const double *log_e)
{
    const size_t S = f->c->n_states;
    const jn_kernels *k = jn_kernels_get();
    const double top = k->max(S, log_e);
    for (size_t s = 0; s < S; s++) {
        f->a[s] = f->c->initial[s] > 0.0 ? log(f->c->initial[s]) + (log_e[s] - top) : -INFINITY;
    }
    const double shift = k->max(S, f->a);
    if (shift == -INFINITY) {
        return IMPOSSIBLE;
    }
    bool tiny = false;
    for (size_t s = 0; s < S; s++) {
        f->a[s] -= shift;
        tiny = tiny || (f->a[s] < log(ALPHA_MIN) && f->a[s] > -INFINITY);
    }
    k->exp(S, f->a, f->a);
    jn_sum_add(&f->log_top, shift);
    jn_sum_add(&f->top_size, fabs(shift));
    return f->careful && tiny ? UNDERFLOW : GOES_ON;
}

static outcome by_symbols(forward *f)
{
    const jn_chain_finite *c = f->c;
    outcome is = relative(f, c->n_symbols, c->log_emission, c->counts);
    is = is == GOES_ON ? start(f, c->log_emission + c->symbols[0] * c->n_states) : is;
    return is == GOES_ON ? run_all(f, c->symbols + 1) : is;
}

/* Steps t .. t + count - 1, whose log-emissions are in f->log_e. */
static outcome one_block(forward *f, size_t t, size_t count)
{
    outcome is = relative(f, count, f->log_e, NULL);
    is = is == GOES_ON && t == 0 ? start(f, f->log_e) : is;
    const size_t first = t == 0;
    return is == GOES_ON ? run_steps(f, t + first, count - first, f->own + first) : is;
}

static jn_status by_blocks(forward *f, outcome *is, jn_error *err)
{
    *is = GOES_ON;
    for (size_t t = 0; t < f->T && *is == GOES_ON; t += BLOCK) {
        const size_t count = f->T - t < BLOCK ? f->T - t : BLOCK;
        const jn_status st = jn_forward_emissions(f->m, f->row, t, count, f->log_e, err);
        if (st < 0) {
            return st;
        }
        *is = one_block(f, t, count);
    }
    return JN_OK;
}

static jn_status allocate(forward *f, jn_error *err)
{
    const size_t S = f->c->n_states, table = f->c->n_symbols > BLOCK ? f->c->n_symbols : BLOCK;
    f->memory = jn_alloc_doubles((2 + table + BLOCK) * S);
    f->own = jn_alloc(BLOCK, sizeof *f->own);
    if (f->memory == NULL || f->own == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", S);
    }
    f->a = f->memory;
    f->next = f->memory + S;
    f->e = f->memory + 2 * S;
    f->log_e = f->e + table * S;
    for (uint32_t t = 0; t < BLOCK; t++) {
        f->own[t] = t;
    }
    for (size_t k = 0; k < S * S; k++) {
        const double p = f->c->transition[k];
        f->careful = f->careful || p < FLOOR;
        f->tiny = f->tiny || (p < FLOOR && p > 0.0);
    }
    return JN_OK;
}

/* The value of the scaled recursion, and a bound on its rounding: S + 3 operations a step, and
 * logarithms of emissions good to four units of their own last place. */
static double finish(const forward *f, double *error)
{
    const size_t S = f->c->n_states;
    double sum = 0.0;
    for (size_t s = 0; s < S; s++) {
        sum += f->a[s];
    }
    const double value = log(sum) + ((double)f->exponent * M_LN2 + jn_sum_total(&f->log_top));
    *error = DBL_EPSILON * ((double)f->T * (double)(S + 3) + 4.0 * jn_sum_total(&f->top_size) +
                            2.0 * fabs((double)f->exponent) + 2.0 * fabs(value));
    return value;
}

jn_status jn_chain_forward(const jn_model *m, size_t row, jn_estimate *out, jn_error *err)
{
    forward f = {
        .m = m, .c = m->chain->finite(m->self), .row = row, .T = m->chain->n_steps(m->self, row)
    };
    outcome is = GOES_ON;
    double value = -INFINITY, error = 0.0;
    jn_status st = allocate(&f, err);
    if (f.tiny) {
        is = UNDERFLOW;
    } else if (st == JN_OK && f.c->n_symbols > 0) {
        is = by_symbols(&f);
    } else if (st == JN_OK) {
        st = by_blocks(&f, &is, err);
    }
    if (st == JN_OK && is == UNDERFLOW) {
        st = jn_forward_log(m, row, &value, &error, err);
    } else if (st == JN_OK && is == GOES_ON) {
        value = finish(&f, &error);
    }
    if (st == JN_OK) {
        *out = (jn_estimate){ .value = value,
                              .error = error,
                              .dof = NAN,
                              .kind = JN_EXACT,
                              .method = "forward recursion",
                              .n_eval = (uint64_t)f.T * f.c->n_states };
    }
    free(f.own);
    free(f.memory);
    return st;
}
