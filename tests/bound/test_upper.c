/* U_K of draws of the posterior and draws of q, each with a law of their own. */
#include "assertions.h"
#include "chance.h"
#include "jensen/bound.h"
#include "malloc_sweep.h"

enum { OF_Q = 7, OF_P = 5 };

typedef struct both {
    double l[OF_Q], star[OF_P];
} both;

/* The draws of the posterior have larger weights; all lie far from 0. */
static both draws(void)
{
    both b;
    for (size_t i = 0; i < OF_Q; i++) {
        b.l[i] = -700.0 + 1.5 * jn_chance_normal(3, i);
    }
    for (size_t i = 0; i < OF_P; i++) {
        b.star[i] = -699.0 + 1.2 * jn_chance_normal(4, i);
    }
    return b;
}

static jn_status law_of(const both *b, bool outside, jn_law *law)
{
    const jn_law_wish wish = { .needs = JN_NEED_NODES | JN_NEED_POSTERIOR_NODES };
    double star[OF_Q];
    for (size_t i = 0; i < OF_Q; i++) { /* the law leaves out what lies outside q */
        star[i] = i < OF_P ? b->star[i] : INFINITY;
    }
    const jn_weights block = { .n = outside ? OF_Q : OF_P, .log_w = b->l, .log_w_posterior = star };
    const jn_weights rest = { .n = OF_Q - block.n, .index0 = block.n, .log_w = b->l + block.n };
    jn_status st = jn_law_start(law, &wish, NAN, 0);
    st = st == JN_OK ? jn_law_add(law, &block) : st;
    st = st == JN_OK ? jn_law_add(law, &rest) : st;
    if (st != JN_OK) {
        jn_law_free(law);
    }
    return st;
}

/* The mean over all tuples of one draw of the posterior and two of q. */
static double all_triples(const both *b)
{
    long double sum = 0.0L;
    for (size_t i = 0; i < OF_P; i++) {
        for (size_t j = 0; j < OF_Q; j++) {
            for (size_t k = 0; k < OF_Q; k++) {
                sum += logl(
                    (expl(b->star[i] + 700.0) + expl(b->l[j] + 700.0) + expl(b->l[k] + 700.0)) /
                    3.0L);
            }
        }
    }
    return (double)(sum / OF_P / OF_Q / OF_Q) - 700.0;
}

static jn_status evaluate(const both *b, bool outside, jn_bound_value *out)
{
    const jn_bound_arg args[] = { { .bound = &jn_bound_upper, .k = 3 },
                                  { .bound = &jn_bound_upper, .k = 50 } };
    jn_law law;
    jn_weight_law w;
    jn_status st = law_of(b, outside, &law);
    if (st != JN_OK) {
        return st;
    }
    st = jn_weight_law_new(&law, &w);
    if (st == JN_OK) {
        st = jn_bound_upper.eval(&law, &w, JN_BY_POSTERIOR_LAW, 2, args, out);
        jn_weight_law_free(&w);
    }
    jn_law_free(&law);
    return st;
}

static void test_all_tuples(void **state)
{
    (void)state;
    const both b = draws();
    jn_bound_value v[2];
    assert_ok(evaluate(&b, false, v), NULL);
    assert_close(v[0].value, all_triples(&b), 0.0, 1e-11); /* log-weights of 700: 1e-13 each */
    assert_true(v[1].value < v[0].value);                  /* it tightens with K */
    assert_true(isnan(v[0].gap)); /* what the draws of q see of log p(x) is no truth */
}

/* A draw of the posterior where q has no density has an infinite weight. */
static void test_posterior_beyond_q(void **state)
{
    (void)state;
    const both b = draws();
    jn_bound_value v[2];
    assert_ok(evaluate(&b, true, v), NULL);
    assert_true(v[0].value == INFINITY && v[1].value == INFINITY);
}

/* All draws of the posterior have weight 1 and so have those of q: no gap at any K. */
static void test_equal_weights(void **state)
{
    (void)state;
    both b = draws();
    for (size_t i = 0; i < OF_Q; i++) {
        b.l[i] = -2.0;
        b.star[i < OF_P ? i : 0] = -2.0;
    }
    jn_bound_value v[2];
    assert_ok(evaluate(&b, false, v), NULL);
    assert_close(v[0].value, -2.0, 0.0, 1e-14);
    assert_close(v[1].value, -2.0, 0.0, 1e-14);
}

/* Laws merge with their companions: two halves are the whole. */
static void test_merge(void **state)
{
    (void)state;
    const both b = draws();
    jn_law one, two;
    assert_ok(law_of(&b, false, &one), NULL);
    assert_ok(law_of(&b, true, &two), NULL);
    assert_ok(jn_law_merge(&one, &two), NULL);
    assert_true(one.of_posterior->n_nodes == 2 * OF_P && one.n_outside == OF_Q - OF_P);
    jn_law_free(&two);
    jn_law_free(&one);
}

static jn_status attempt(void *user)
{
    const both b = draws();
    jn_bound_value v[2];
    (void)user;
    return evaluate(&b, false, v);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    assert_true(jn_malloc_sweep(attempt, NULL) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_tuples),      cmocka_unit_test(test_posterior_beyond_q),
        cmocka_unit_test(test_equal_weights),   cmocka_unit_test(test_merge),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
