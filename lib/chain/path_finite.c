/* Path proposals of finite chains, by tables of one step: near state to next state.
 *   guided     q(s | r) ~ transition(r, s) e_t(s)
 *   posterior  q(s | s') ~ a_t(s) transition(s, s'), with a the forward probabilities */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "chain/forward.h"
#include "chain/paths.h"
#include "kernel/kernels.h"

typedef struct finite_path {
    const jn_model *m;
    size_t S;
    double *log_p; /* S x S, logs of the transitions; behind the struct */
    double *log_a; /* T x S: logs of forward probabilities up to a constant a step; posterior */
} finite_path;

/* One step of a proposal: S + 1 rows (the last is for the first draw) of S. */
typedef struct step_table {
    double *log_q, *cumulative;
} step_table;

/* Row of logs to normalised logs and running sums; where all are -inf, the fallback's. */
static void normalise(size_t S, double *log_q, double *cumulative, const double *fallback)
{
    double total = jn_kernels_get()->lse(S, log_q), sum = 0.0;
    if (total == -INFINITY) { /* a dead end: its weight will be 0 wherever the path goes */
        for (size_t s = 0; s < S; s++) {
            log_q[s] = fallback == NULL ? 0.0 : fallback[s];
        }
        total = jn_kernels_get()->lse(S, log_q);
    }
    for (size_t s = 0; s < S; s++) {
        log_q[s] -= total;
        cumulative[s] = sum += exp(log_q[s]);
    }
}

static double draw(size_t S, const double *cumulative, double u)
{
    size_t s = 0;
    const double at = u * cumulative[S - 1];
    while (s < S - 1 && !(at < cumulative[s])) {
        s++;
    }
    return (double)s;
}

static void draw_all(const step_table *table, size_t S, size_t n, const double *near,
                     const double *base, double *z, double *log_q)
{
    for (size_t i = 0; i < n; i++) {
        const size_t row = near == NULL ? S : (size_t)near[i];
        z[i] = draw(S, table->cumulative + row * S, base[i]);
        log_q[i] = table->log_q[row * S + (size_t)z[i]];
    }
}

static bool table_new(size_t S, step_table *table)
{
    table->log_q = jn_alloc_doubles(2 * (S + 1) * S);
    table->cumulative = table->log_q == NULL ? NULL : table->log_q + (S + 1) * S;
    return table->log_q != NULL;
}

static jn_status posterior_step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                const double *near, const double *base, double *z, double *log_q)
{
    const finite_path *f = self;
    const size_t S = f->S;
    step_table table;
    (void)row; /* one series */
    (void)ld;
    if (!table_new(S, &table)) {
        return JN_ERR_NOMEM;
    }
    for (size_t r = 0; r <= S; r++) {
        for (size_t s = 0; s < S; s++) {
            table.log_q[r * S + s] = f->log_a[t * S + s] + (r < S ? f->log_p[s * S + r] : 0.0);
        }
        normalise(S, table.log_q + r * S, table.cumulative + r * S, NULL);
    }
    draw_all(&table, S, n, near, base, z, log_q);
    free(table.log_q);
    return JN_OK;
}

static jn_status guided_step(const void *self, size_t row, size_t t, size_t n, size_t ld,
                             const double *near, const double *base, double *z, double *log_q)
{
    const finite_path *f = self;
    const size_t S = f->S;
    const jn_chain_finite *c = f->m->chain->finite(f->m->self);
    step_table table;
    (void)ld;
    if (!table_new(S, &table)) {
        return JN_ERR_NOMEM;
    }
    double *log_e = table.cumulative + S * S; /* its own row is made last */
    const jn_status st = f->m->chain->state_log_emissions(f->m->self, row, t, 1, log_e);
    for (size_t r = 0; st == JN_OK && r <= S; r++) {
        const double *law = f->log_p + r * S;
        double *out = table.log_q + r * S;
        for (size_t s = 0; s < S; s++) {
            out[s] = log_e[s] + (r < S ? law[s] : log(c->initial[s]));
        }
        normalise(S, out, table.cumulative + r * S, r < S ? law : NULL);
    }
    if (st == JN_OK) {
        draw_all(&table, S, n, near, base, z, log_q);
    }
    free(table.log_q);
    return st;
}

static const jn_path_ops posterior_ops = { .backward = true, .step = posterior_step };
static const jn_path_ops guided_ops = { .step = guided_step };

static finite_path *make(const jn_model *m, size_t rows)
{
    const jn_chain_finite *c = m->chain->finite(m->self);
    const size_t S = c->n_states;
    finite_path *f = rows > SIZE_MAX / 64 / S
                         ? NULL
                         : jn_alloc(1, sizeof *f + (S + rows) * S * sizeof(double));
    if (f != NULL) {
        f->m = m;
        f->S = S;
        f->log_p = (double *)(f + 1);
        f->log_a = f->log_p + S * S;
        for (size_t k = 0; k < S * S; k++) {
            f->log_p[k] = log(c->transition[k]);
        }
    }
    return f;
}

/* The forward recursion in logarithms, kept. */
static jn_status filter(finite_path *f, size_t T, jn_error *err)
{
    const jn_chain_finite *c = f->m->chain->finite(f->m->self);
    const size_t S = f->S;
    double *log_e = jn_alloc_doubles(2 * S);
    jn_status st = log_e == NULL ? jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", S)
                                 : JN_OK;
    for (size_t t = 0; st == JN_OK && t < T; t++) {
        double *a = f->log_a + t * S, *term = log_e + S;
        st = jn_forward_emissions(f->m, 0, t, 1, log_e, err);
        for (size_t s = 0; st == JN_OK && s < S; s++) {
            for (size_t r = 0; t > 0 && r < S; r++) {
                term[r] = f->log_a[(t - 1) * S + r] + f->log_p[r * S + s];
            }
            a[s] = log_e[s] + (t == 0 ? log(c->initial[s]) : jn_kernels_get()->lse(S, term));
        }
        const double top = st == JN_OK ? jn_kernels_get()->max(S, a) : 0.0;
        if (top == -INFINITY) {
            st = jn_error_set(err, JN_ERR_VALUE,
                              "the observation is impossible at step %zu: it has no posterior", t);
        }
        for (size_t s = 0; st == JN_OK && s < S; s++) {
            a[s] -= top;
        }
    }
    free(log_e);
    return st;
}

jn_status jn_path_finite_posterior(const jn_model *m, jn_proposal *q, jn_error *err)
{
    const size_t T = m->chain->n_steps(m->self, 0);
    finite_path *f = make(m, T);
    if (f == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps", T);
    }
    q->self = f;
    q->path = &posterior_ops;
    return filter(f, T, err);
}

jn_status jn_path_finite_guided(const jn_model *m, jn_proposal *q, jn_error *err)
{
    q->self = make(m, 0);
    q->path = &guided_ops;
    return q->self == NULL ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the transitions")
                           : JN_OK;
}
