/* Schedules and the data law of a diffusion, and the reverse steps that follow from them. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/diffusion.h"
#include "model/models.h"
#include "model/series.h"

enum { MAX_STEPS = 1000000, MAX_PARTS = 10000 };

static const jn_param_spec specs[] = {
    { "steps", "1 to 1000000", "100", "T: from data x_0 to noise x_T" },
    { "schedule", "linear|cosine", "linear",
      "variances b_t: from b_min to b_max, or of Nichol & Dhariwal (2021)" },
    { "b_min", "number in (0, 1)", "0.001", "first variance of the linear schedule" },
    { "b_max", "number in (0, 1)", "0.2", "last variance of the linear schedule" },
    { "weights", "K probabilities", NULL,
      "data law: weights of its Gaussians; equal if not given" },
    { "means", "K numbers", "-1,1", "data law: their means" },
    { "sds", "number >= 0 or K numbers", "0.25", "data law: their standard deviations" },
    { "variance", "b|btilde", "b",
      "of a reverse step: b_t, or that of x_{t-1} given x_t and x_0 (b_1 at t = 1)" },
    { "reverse", JN_LAYERS, NULL,
      "prefix of the .npy files of a network from x_t, t / T to the mean of x_{t-1}" },
    { "activation", JN_ACTIVATIONS, "tanh", "between the layers of reverse" },
};

static void destroy(void *self)
{
    diffusion *m = self;
    if (m != NULL) {
        free(m->x0);
        free(m->b);
        free(m->part);
        jn_mlp_free(&m->network);
        free(m);
    }
}

/* cos^2 of Nichol & Dhariwal's schedule, whose ratios are the shares of signal kept. */
static double cosine_signal(double u)
{
    const double c = cos((u + 0.008) / 1.008 * 0.5 * M_PI);
    return c * c;
}

static jn_status make_schedule(diffusion *m, const jn_params *params, jn_error *err)
{
    const double tiny = 1e-12, T = (double)m->T;
    double b_min, b_max;
    size_t schedule;
    jn_status status = jn_params_choice(params, "schedule", "linear|cosine", &schedule, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "b_min", tiny, 1.0 - tiny, &b_min, err);
    }
    if (status == JN_OK) {
        status = jn_params_number(params, "b_max", tiny, 1.0 - tiny, &b_max, err);
    }
    for (size_t s = 1; status == JN_OK && s <= m->T; s++) {
        const double at = (double)s;
        m->b[s] = schedule == 1
                      ? fmin(0.999, 1.0 - cosine_signal(at / T) / cosine_signal((at - 1.0) / T))
                  : m->T == 1 ? b_min
                              : b_min + (b_max - b_min) * (at - 1.0) / (T - 1.0);
    }
    return status;
}

static jn_status read_law(size_t K, const jn_params *params, double *law, jn_error *err)
{
    double *w = law, *mean = law + K, *sd = law + 2 * K, sum = 0.0;
    jn_status status = JN_OK;
    for (size_t k = 0; k < K; k++) {
        w[k] = 1.0 / (double)K;
    }
    if (jn_params_find(params, "weights") != NULL) {
        status = jn_params_vector(params, "weights", K, 0.0, 1.0, w, err);
    }
    for (size_t k = 0; k < K; k++) {
        sum += w[k];
    }
    if (status == JN_OK && fabs(sum - 1.0) > 1e-12) {
        status = jn_error_set(err, JN_ERR_VALUE, "weights sum to %.15g; they must sum to 1", sum);
    }
    if (status == JN_OK) {
        status = jn_params_vector(params, "means", K, -1e100, 1e100, mean, err);
    }
    return status == JN_OK ? jn_params_vector(params, "sds", K, 0.0, 1e100, sd, err) : status;
}

/* Everything about the step from x_s to x_{s-1}; kept and kept + log share of signal at s - 1. */
static void make_part(double b, double log_kept, double weight, double mean, double sd,
                      reverse_part *out)
{
    const double kept = exp(log_kept), c = sqrt(1.0 - b);
    const double before = sqrt(kept) * mean, var = kept * sd * sd - expm1(log_kept);
    const double after = (1.0 - b) * var + b;
    out->centre = c * before;
    out->half_inv_var = 0.5 / after;
    out->log_weight = log(weight) - 0.5 * log(after);
    out->slope = c * (var / after);
    out->base = before * (b / after); /* before - slope centre */
}

static void make_steps(diffusion *m, const double *law, bool btilde)
{
    double log_kept = 0.0; /* log of the product of (1 - b) up to s - 1 */
    for (size_t s = 1; s <= m->T; s++) {
        const double log_next = log_kept + log1p(-m->b[s]);
        for (size_t k = 0; k < m->K; k++) {
            make_part(m->b[s], log_kept, law[k], law[m->K + k], law[2 * m->K + k],
                      m->part + s * m->K + k);
        }
        m->sd[s] = sqrt(btilde && s > 1 ? m->b[s] * (expm1(log_kept) / expm1(log_next)) : m->b[s]);
        log_kept = log_next;
    }
}

static jn_status shape(diffusion *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols, more;
    jn_params_shape(params, "means", &rows, &cols);
    m->K = rows * cols;
    jn_params_shape(params, "weights", &rows, &more);
    m->K = rows * more > m->K ? rows * more : m->K;
    if (m->K == 0 || m->K > MAX_PARTS) {
        return jn_error_set(err, JN_ERR_VALUE, "means: need 1 to %d numbers", MAX_PARTS);
    }
    return jn_model_count(params, "steps", 1, MAX_STEPS, &m->T, err);
}

static jn_status build(diffusion *m, const jn_params *params, jn_error *err)
{
    size_t variance = 0;
    double *law = jn_alloc_doubles(3 * m->K);
    m->b = jn_alloc_doubles(2 * (m->T + 1));
    m->part = jn_alloc((m->T + 1) * m->K, sizeof *m->part);
    jn_status status = JN_OK;
    if (law == NULL || m->b == NULL || m->part == NULL) {
        status = jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu steps of %zu parts", m->T,
                              m->K);
    }
    if (status == JN_OK) {
        m->sd = m->b + m->T + 1;
        status = make_schedule(m, params, err);
    }
    status = status == JN_OK ? read_law(m->K, params, law, err) : status;
    status = status == JN_OK ? jn_params_choice(params, "variance", "b|btilde", &variance, err)
                             : status;
    if (status == JN_OK) {
        make_steps(m, law, variance == 1);
    }
    free(law);
    return status;
}

/* In place of the means that the data law would have. */
static jn_status read_network(diffusion *m, const jn_params *params, jn_error *err)
{
    size_t activation;
    m->has_network = jn_params_find(params, "reverse") != NULL ||
                     jn_params_find(params, "reverse.0.weight") != NULL;
    jn_status status = jn_params_choice(params, "activation", JN_ACTIVATIONS, &activation, err);
    if (status == JN_OK && m->has_network) {
        status = jn_mlp_new(params, "reverse", (jn_activation)activation, &m->network, err);
    }
    if (status == JN_OK && m->has_network && (m->network.in != 2 || m->network.out != 1)) {
        status = jn_error_set(err, JN_ERR_VALUE,
                              "reverse has %zu inputs and %zu outputs: need 2, x_t and t / T, and "
                              "1, the mean of x_{t-1}",
                              m->network.in, m->network.out);
    }
    return status;
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    diffusion *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    jn_status status = shape(m, params, err);
    status = status == JN_OK ? build(m, params, err) : status;
    status = status == JN_OK ? read_network(m, params, err) : status;
    status = status == JN_OK ? jn_series_read(data, "x", model, &m->x0, err) : status;
    model->n_obs = m->n;
    model->dim = 1;
    model->chain = &jn_diffusion_chain;
    return status;
}

const jn_model_type jn_model_diffusion = {
    .name = "diffusion",
    .summary =
        "noise to data in T Gaussian steps whose means a mixture of Gaussians or a network gives",
    .data = "rows of x_0, one column (x)",
    .exact = "closed form for one Gaussian, else transfer operator on a grid",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &jn_diffusion_simulator,
};
