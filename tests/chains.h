/* Chains in tests: the sum over every path, and chains drawn at random. */
#ifndef JN_TESTS_CHAINS_H
#define JN_TESTS_CHAINS_H

#include "models.h"

#include "jensen/chain.h"
#include "jensen/logspace.h"
#include "malloc_sweep.h"

/* log p(x) as the sum over all S^T paths through the densities alone. */
static inline double jn_test_all_paths(const jn_model *m, size_t row)
{
    const jn_chain *c = m->chain;
    const size_t S = c->finite(m->self)->n_states, T = c->n_steps(m->self, row);
    size_t n = 1;
    for (size_t t = 0; t < T; t++) {
        n *= S;
    }
    double *from = calloc(4 * n, sizeof *from), *to = from + n, *sum = from + 2 * n;
    double *term = from + 3 * n;
    for (size_t t = 0, unit = 1; t < T; t++, unit *= S) {
        for (size_t i = 0; i < n; i++) {
            to[i] = (double)(i / unit % S);
        }
        assert_ok(t == 0 ? c->log_initial(m->self, n, n, to, term)
                         : c->log_transition(m->self, t, n, n, from, to, term),
                  NULL);
        for (size_t i = 0; i < n; i++) {
            sum[i] += term[i];
        }
        assert_ok(c->log_emission(m->self, row, t, n, n, to, term), NULL);
        for (size_t i = 0; i < n; i++) {
            sum[i] += term[i];
            from[i] = to[i];
        }
    }
    jn_lse total = JN_LSE_INIT;
    for (size_t i = 0; i < n; i++) {
        jn_lse_add(&total, sum[i]);
    }
    free(from);
    return jn_lse_log_sum(&total);
}

/* "name=" and n probabilities in rows that sum to 1, a fraction `zeros` of them 0. */
static inline char *jn_test_law_text(char *text, size_t size, const char *name, size_t rows,
                                     size_t cols, uint64_t seed, double zeros)
{
    size_t used = (size_t)snprintf(text, size, "%s=", name);
    for (size_t r = 0; r < rows; r++) {
        double p[16], sum = 0.0;
        for (size_t k = 0; k < cols; k++) {
            p[k] = jn_chance(seed, 2 * (r * cols + k)) < zeros && k != r % cols
                       ? 0.0
                       : jn_chance(seed, 2 * (r * cols + k) + 1);
            sum += p[k];
        }
        for (size_t k = 0; k < cols; k++) {
            used += (size_t)snprintf(text + used, size - used, "%s%.17g",
                                     k > 0   ? ","
                                     : r > 0 ? ";"
                                             : "",
                                     p[k] / sum);
        }
    }
    return text;
}

typedef struct jn_test_maker {
    const char *name;
    jn_params params;
    const jn_table *data;
} jn_test_maker;

static inline jn_status jn_test_make(void *user)
{
    const jn_test_maker *maker = user;
    jn_model *m = (jn_model *)1;
    const jn_status st = jn_model_new(maker->name, &maker->params, maker->data, &m, NULL);
    if (st == JN_OK) {
        jn_model_free(m);
    } else {
        assert_ptr_equal(m, (jn_model *)1);
    }
    return st;
}

/* Every allocation on the way to a model may fail. */
static inline void jn_test_model_memory(const char *name, const char *const *texts,
                                        const jn_table *data)
{
    jn_test_maker maker = { name, jn_test_params(texts), data };
    assert_true(jn_malloc_sweep(jn_test_make, &maker) >= 5);
    jn_params_free(&maker.params);
}

#endif
