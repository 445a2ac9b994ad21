#include "chains.h"

#include "model/diffusion.h"

static jn_table *points(void)
{
    return jn_test_table(3, 2, (const char *const[]){ "label", "x" },
                         (double[]){ 0, 0.5, 1, -2.0, 2, 1.25 });
}

/* Posterior mean of x_{s-1} given x_s under the data law and the forward process, by brute force:
 * trapezoid sums over x_{s-1} of its marginal density times the forward step. */
static double slow_reverse_mean(const diffusion *m, size_t s, double x, const double *w,
                                const double *mu, const double *sd)
{
    double kept = 1.0, top = 0.0, bottom = 0.0;
    for (size_t r = 1; r < s; r++) {
        kept *= 1.0 - m->b[r];
    }
    for (double z = -12.0; z <= 12.0; z += 0.002) {
        double density = 0.0;
        for (size_t k = 0; k < m->K; k++) {
            const double var = kept * sd[k] * sd[k] + 1.0 - kept;
            const double e = z - sqrt(kept) * mu[k];
            density += w[k] * exp(-0.5 * e * e / var) / sqrt(var);
        }
        const double e = x - sqrt(1.0 - m->b[s]) * z;
        density *= exp(-0.5 * e * e / m->b[s]);
        top += z * density;
        bottom += density;
    }
    return top / bottom;
}

static void test_reverse_steps(void **state)
{
    (void)state;
    const double w[] = { 0.5, 0.2, 0.3 }, mu[] = { -1.5, 0.5, 2.0 }, sd[] = { 0.3, 0.5, 0.2 };
    jn_table *data = points();
    jn_model *m = jn_test_model("diffusion",
                                TEXTS("steps=4", "b_min=0.1", "b_max=0.7", "weights=0.5,0.2,0.3",
                                      "means=-1.5,0.5,2", "sds=0.3,0.5,0.2"),
                                data);
    const diffusion *d = m->self;
    assert_true(m->n_obs == 3 && m->dim == 1 && m->chain->n_steps(m->self, 2) == 4);
    assert_string_equal(m->notes, "1 column beside x not used");
    const double want[] = { 0.1, 0.3, 0.5, 0.7 };
    for (size_t s = 1; s <= 4; s++) {
        assert_close(d->b[s], want[s - 1], 1e-15, 0.0);
        assert_close(d->sd[s], sqrt(want[s - 1]), 1e-15, 0.0);
    }
    const double x[] = { -3.0, -0.7, 0.1, 1.4 };
    double mean[4], root;
    for (size_t t = 1; t < 4; t++) {
        assert_ok(m->chain->transition_gaussian(m->self, t, 4, 4, x, mean, &root), NULL);
        assert_true(root == d->sd[5 - t]);
        for (size_t i = 0; i < 4; i++) { /* a sum of Gaussians with a fine step */
            assert_close(mean[i], slow_reverse_mean(d, 5 - t, x[i], w, mu, sd), 1e-12, 1e-12);
        }
    }
    double out[4], z[] = { 0.0, 1.0, -1.0, 2.0 };
    assert_ok(m->chain->log_transition(m->self, 3, 4, 4, x, z, out), NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_close(out[i],
                     -0.5 * log(2 * M_PI * root * root) -
                         0.5 * (z[i] - mean[i]) * (z[i] - mean[i]) / (root * root),
                     1e-13, 1e-14);
    }
    assert_false(m->chain->emits(m->self, 0, 2));
    assert_true(m->chain->emits(m->self, 0, 3));
    assert_ok(m->chain->log_emission(m->self, 1, 2, 4, 4, x, out), NULL);
    assert_true(out[0] == 0.0 && out[3] == 0.0);
    assert_ok(m->chain->log_emission(m->self, 1, 3, 4, 4, x, out), NULL);
    for (size_t i = 0; i < 4; i++) {
        const double e = -2.0 - slow_reverse_mean(d, 1, x[i], w, mu, sd);
        assert_close(out[i], -0.5 * log(2 * M_PI * 0.1) - 0.5 * e * e / 0.1, 1e-11, 1e-12);
    }
    jn_model_free(m);
    jn_table_free(data);
}

static void test_schedules(void **state)
{
    (void)state;
    jn_table *data = points();
    jn_model *m = jn_test_model("diffusion", TEXTS("steps=50", "schedule=cosine"), data);
    const diffusion *d = m->self;
    double kept = 1.0;
    const double f0 = pow(cos(0.008 / 1.008 * M_PI / 2), 2);
    for (size_t s = 1; s < 50; s++) { /* the last one is held at 0.999 */
        kept *= 1.0 - d->b[s];
        const double f = pow(cos(((double)s / 50 + 0.008) / 1.008 * M_PI / 2), 2);
        assert_close(kept, f / f0, 1e-12, 0.0);
    }
    assert_close(d->b[50], 0.999, 0.0, 0.0);
    jn_model_free(m);
    m = jn_test_model("diffusion", TEXTS("steps=3", "b_min=0.2", "b_max=0.4", "variance=btilde"),
                      data);
    d = m->self;
    assert_close(d->sd[1], sqrt(0.2), 1e-15, 0.0);
    assert_close(d->sd[2] * d->sd[2], 0.2 / (1 - 0.8 * 0.7) * 0.3, 1e-14, 0.0);
    assert_close(d->sd[3] * d->sd[3], (1 - 0.56) / (1 - 0.56 * 0.6) * 0.4, 1e-14, 0.0);
    jn_model_free(m);
    m = jn_test_model("diffusion", TEXTS("steps=1", "b_min=0.2", "b_max=0.4"), data);
    assert_close(((const diffusion *)m->self)->b[1], 0.2, 0.0, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* The forward process has the forward step's moments. */
static void test_backward_gaussian(void **state)
{
    (void)state;
    jn_table *data = points();
    jn_model *m = jn_test_model("diffusion", TEXTS("steps=3", "b_min=0.1", "b_max=0.5"), data);
    const double next[] = { 1.0, -2.0 };
    double mean[2], root;
    assert_ok(m->chain->backward_gaussian(m->self, 1, 2, 2, 2, NULL, mean, &root), NULL);
    assert_close(mean[1], -2.0 * sqrt(0.9), 1e-15, 0.0);
    assert_close(root, sqrt(0.1), 1e-15, 0.0);
    assert_ok(m->chain->backward_gaussian(m->self, 1, 0, 2, 2, next, mean, &root), NULL);
    assert_close(mean[0], sqrt(0.5), 1e-15, 0.0);
    assert_close(root, sqrt(0.5), 1e-15, 0.0);
    jn_model_free(m);
    jn_table_free(data);
}

/* Means of a network: two inputs, x_s and s / T, and tanh between two layers. */
static void test_reverse_steps_of_a_network(void **state)
{
    (void)state;
    enum { N = 70, T = 5 }; /* more than a tile */
    jn_table *data = points();
    jn_model *m = jn_test_model("diffusion",
                                TEXTS("steps=5", "b_min=0.2", "b_max=0.4",
                                      "reverse.0.weight=1.5,-0.5;0.3,2", "reverse.0.bias=0.1,-0.2",
                                      "reverse.1.weight=0.7,-0.4", "reverse.1.bias=0.05"),
                                data);
    double from[N], to[N], out[N];
    for (size_t i = 0; i < N; i++) {
        from[i] = 2.0 * jn_chance_normal(1, i);
        to[i] = jn_chance_normal(2, i);
    }
    for (size_t t = 1; t < T; t++) {
        const size_t s = T - t + 1;
        const double b = 0.2 + 0.2 * (double)(s - 1) / (T - 1), at = (double)s / T;
        assert_ok(m->chain->log_transition(m->self, t, N, N, from, to, out), NULL);
        for (size_t i = 0; i < N; i++) {
            const double h = tanh(1.5 * from[i] - 0.5 * at + 0.1);
            const double g = tanh(0.3 * from[i] + 2.0 * at - 0.2);
            const double e = to[i] - (0.7 * h - 0.4 * g + 0.05);
            assert_close(out[i], -0.5 * (log(2.0 * M_PI * b) + e * e / b), 1e-13, 1e-13);
        }
    }
    jn_estimate none;
    assert_int_equal(m->chain->evidence(m->self, 0, &none), JN_ERR_UNSUPPORTED);
    jn_model_free(m);
    jn_test_refused("diffusion", TEXTS("reverse.0.weight=1,2,3", "reverse.0.bias=0"), data,
                    JN_ERR_VALUE, "3 inputs and 1 outputs");
    jn_table_free(data);
}

static void test_refusals_and_memory(void **state)
{
    (void)state;
    jn_table *data = points();
    jn_test_refused("diffusion", TEXTS("steps=0"), data, JN_ERR_VALUE, "steps");
    jn_test_refused("diffusion", TEXTS("b_min=0"), data, JN_ERR_VALUE, "b_min");
    jn_test_refused("diffusion", TEXTS("b_max=1"), data, JN_ERR_VALUE, "b_max");
    jn_test_refused("diffusion", TEXTS("schedule=cubic"), data, JN_ERR_USAGE, "cubic");
    jn_test_refused("diffusion", TEXTS("variance=c"), data, JN_ERR_USAGE, "variance");
    jn_test_refused("diffusion", TEXTS("weights=0.5,0.6"), data, JN_ERR_VALUE, "sum to 1.1");
    jn_test_refused("diffusion", TEXTS("weights=0.5,0.2,0.3"), data, JN_ERR_VALUE, "means");
    jn_test_refused("diffusion", TEXTS("sds=-1"), data, JN_ERR_VALUE, "sds");
    jn_test_refused("diffusion", TEXTS("means=a"), data, JN_ERR_VALUE, "means");
    jn_test_model_memory("diffusion", TEXTS("steps=3"), data);
    jn_table_free(data);
    data = jn_test_table(1, 2, (const char *const[]){ "a", "b" }, (double[]){ 1.0, 2.0 });
    jn_test_refused("diffusion", NULL, data, JN_ERR_VALUE, "no column 'x'");
    jn_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reverse_steps),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_backward_gaussian),
        cmocka_unit_test(test_reverse_steps_of_a_network),
        cmocka_unit_test(test_refusals_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
