#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "chain/forward.h"
#include "chain/sum.h"
#include "kernel/kernels.h"

typedef struct logs {
    size_t S;
    double *a, *next; /* log forward probabilities, the largest is 0 */
    double *p, *term; /* logs of transitions, transposed: rows are "to"; S */
    double *log_e;    /* a block of emissions */
    jn_sum total;     /* what was taken off a */
    double error;     /* in units of epsilon */
} logs;

jn_status jn_forward_emissions(const jn_model *m, size_t row, size_t t0, size_t count,
                               double *log_e, jn_error *err)
{
    const size_t S = m->chain->finite(m->self)->n_states;
    const jn_status st = m->chain->state_log_emissions(m->self, row, t0, count, log_e);
    if (st < 0) {
        return jn_error_set(err, st, "model %s: %s", m->type->name, jn_status_text(st));
    }
    for (size_t k = 0; k < count * S; k++) {
        if (!(log_e[k] < INFINITY)) {
            return jn_error_set(err, JN_ERR_NAN, "step %zu, state %zu: log p(y | state) is %g",
                                t0 + k / S, k % S, log_e[k]);
        }
    }
    return JN_OK;
}

/* The largest of next becomes 0; its size and spread set the rounding of this step. */
static void normalise(logs *f, const double *log_e)
{
    const jn_kernels *k = jn_kernels_get();
    const double top = k->max(f->S, f->next);
    if (top == -INFINITY) {
        f->total.value = -INFINITY;
        return;
    }
    jn_sum_add(&f->total, top);
    double size = 0.0;
    for (size_t s = 0; s < f->S; s++) {
        size = log_e[s] > -INFINITY ? fmax(size, fabs(log_e[s])) : size;
        f->next[s] -= top;
        size = f->next[s] > -INFINITY ? fmax(size, -f->next[s]) : size;
    }
    f->error += 4.0 * size + (double)f->S + 8.0;
    double *old = f->a;
    f->a = f->next;
    f->next = old;
}

static void step(logs *f, const double *log_e)
{
    for (size_t j = 0; j < f->S; j++) {
        for (size_t i = 0; i < f->S; i++) {
            f->term[i] = f->a[i] + f->p[j * f->S + i];
        }
        f->next[j] = log_e[j] == -INFINITY ? -INFINITY
                                           : jn_kernels_get()->lse(f->S, f->term) + log_e[j];
    }
    normalise(f, log_e);
}

static void start(logs *f, const jn_chain_finite *c, const double *log_e)
{
    for (size_t k = 0; k < f->S * f->S; k++) {
        f->p[k] = log(c->transition[k % f->S * f->S + k / f->S]);
    }
    for (size_t s = 0; s < f->S; s++) {
        f->next[s] = c->initial[s] > 0.0 ? log(c->initial[s]) + log_e[s] : -INFINITY;
    }
    normalise(f, log_e);
}

static jn_status run(logs *f, const jn_model *m, size_t row, jn_error *err)
{
    const size_t T = m->chain->n_steps(m->self, row);
    for (size_t t = 0; t < T; t += JN_FORWARD_BLOCK) {
        const size_t count = T - t < JN_FORWARD_BLOCK ? T - t : JN_FORWARD_BLOCK;
        const jn_status st = jn_forward_emissions(m, row, t, count, f->log_e, err);
        if (st < 0) {
            return st;
        }
        for (size_t k = 0; k < count && f->total.value > -INFINITY; k++) {
            if (t + k == 0) {
                start(f, m->chain->finite(m->self), f->log_e);
            } else {
                step(f, f->log_e + k * f->S);
            }
        }
    }
    return JN_OK;
}

jn_status jn_forward_log(const jn_model *m, size_t row, double *value, double *error, jn_error *err)
{
    const size_t S = m->chain->finite(m->self)->n_states;
    double *memory = jn_alloc_doubles((S + 3 + JN_FORWARD_BLOCK) * S);
    if (memory == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", S);
    }
    logs f = { .S = S,
               .a = memory,
               .next = memory + S,
               .term = memory + 2 * S,
               .p = memory + 3 * S,
               .log_e = memory + (3 + S) * S };
    const jn_status st = run(&f, m, row, err);
    if (st == JN_OK && f.total.value == -INFINITY) {
        *value = -INFINITY;
        *error = 0.0;
    } else if (st == JN_OK) {
        *value = jn_sum_total(&f.total) + jn_kernels_get()->lse(S, f.a);
        *error = DBL_EPSILON * (f.error + 2.0 * fabs(*value));
    }
    free(memory);
    return st;
}
