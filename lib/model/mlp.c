#include "model/mlp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include <cblas.h>

#include "base/memory.h"
#include "base/text.h"
#include "kernel/kernels.h"

/* --- reading --------------------------------------------------------------------------------- */

enum { NAME = JN_EXCERPT + 48 };

static const jn_value *find(const jn_params *params, const char *name, size_t k, const char *kind,
                            char full[NAME])
{
    (void)snprintf(full, NAME, "%.*s.%zu.%s", JN_EXCERPT, name, k, kind);
    return jn_params_find(params, full);
}

/* Layers 0, 1, ... that have a weight. */
static size_t count_layers(const jn_params *params, const char *name)
{
    char full[NAME];
    size_t n = 0;
    while (find(params, name, n, "weight", full) != NULL) {
        n++;
    }
    return n;
}

static jn_status no_layers(const jn_params *params, const char *name, jn_error *err)
{
    const jn_value *v = jn_params_find(params, name);
    if (v != NULL) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s is set, but none of its layers is: %s.0.weight, %s.0.bias, ...",
                            name, name, name);
    }
    return jn_error_set(err, JN_ERR_VALUE,
                        "%s is needed: %s=PREFIX reads PREFIX.0.weight.npy, PREFIX.0.bias.npy, "
                        "PREFIX.1.weight.npy, ...",
                        name, name);
}

/* A layer beyond the n that follow each other: one was forgotten. */
static jn_status check_stray(const jn_params *params, const char *name, size_t n, jn_error *err)
{
    const jn_param_spec network = { .name = name, .shape = JN_LAYERS };
    for (size_t i = 0; i < params->n; i++) {
        const char *given = params->item[i].name;
        size_t k = 0;
        if (jn_param_is_layer(given, &network, 1) &&
            sscanf(given + strlen(name) + 1, "%zu", &k) == 1 && k >= n) {
            return jn_error_set(err, JN_ERR_VALUE, "%s is set, but %s.%zu.weight is not", given,
                                name, n);
        }
    }
    return JN_OK;
}

static jn_status read_layer(const jn_params *params, const char *name, size_t k, size_t in,
                            jn_layer *out, jn_error *err)
{
    char weight[NAME], bias[NAME];
    const jn_value *w = find(params, name, k, "weight", weight);
    const jn_value *b = find(params, name, k, "bias", bias);
    if (b == NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "%s is set, but %s is not", weight, bias);
    }
    if (w->word != NULL || b->word != NULL) {
        return jn_error_set(err, JN_ERR_VALUE, "%s = '%s': need numbers",
                            w->word != NULL ? weight : bias, w->word != NULL ? w->word : b->word);
    }
    if (k > 0 && w->cols != in) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%s is %zu x %zu, but layer %zu has %zu outputs: need outputs x %zu",
                            weight, w->rows, w->cols, k - 1, in, in);
    }
    *out = (jn_layer){ .in = w->cols, .out = w->rows };
    out->weight = jn_alloc_doubles(w->rows * w->cols);
    out->bias = jn_alloc_doubles(w->rows);
    if (out->weight == NULL || out->bias == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for layer %zu of %s", k, name);
    }
    memcpy(out->weight, w->x, w->rows * w->cols * sizeof *w->x);
    if ((b->rows != 1 && b->cols != 1) || b->rows * b->cols != w->rows) {
        return jn_error_set(err, JN_ERR_VALUE, "%s is %zu x %zu, but %s has %zu rows: need %zu %s",
                            bias, b->rows, b->cols, weight, w->rows, w->rows,
                            w->rows == 1 ? "number" : "numbers");
    }
    memcpy(out->bias, b->x, w->rows * sizeof *b->x);
    return JN_OK;
}

static once_flag one_thread = ONCE_FLAG_INIT;

/* A threaded product splits the sum in ways that depend on the machine, and our own tasks use the
 * cores already. */
static void use_one_thread(void)
{
    openblas_set_num_threads(1);
}

jn_status jn_mlp_new(const jn_params *params, const char *name, jn_activation activation,
                     jn_mlp *out, jn_error *err)
{
    jn_mlp m = { .n_layers = count_layers(params, name), .activation = activation };
    if (m.n_layers == 0) {
        return no_layers(params, name, err);
    }
    jn_status status = check_stray(params, name, m.n_layers, err);
    m.layer = jn_alloc(m.n_layers, sizeof *m.layer);
    if (status == JN_OK && m.layer == NULL) {
        status = jn_error_set(err, JN_ERR_NOMEM, "no memory for the layers of %s", name);
    }
    for (size_t k = 0; status == JN_OK && k < m.n_layers; k++) {
        status = read_layer(params, name, k, k > 0 ? m.layer[k - 1].out : 0, &m.layer[k], err);
        m.width = m.layer[k].in > m.width ? m.layer[k].in : m.width;
        m.width = m.layer[k].out > m.width ? m.layer[k].out : m.width;
    }
    if (status < 0) {
        jn_mlp_free(&m);
        return status;
    }
    m.in = m.layer[0].in;
    m.out = m.layer[m.n_layers - 1].out;
    *out = m;
    call_once(&one_thread, use_one_thread);
    return JN_OK;
}

void jn_mlp_free(jn_mlp *mlp)
{
    for (size_t k = 0; mlp->layer != NULL && k < mlp->n_layers; k++) {
        free(mlp->layer[k].weight);
        free(mlp->layer[k].bias);
    }
    free(mlp->layer);
    *mlp = (jn_mlp){ 0 };
}

/* --- running --------------------------------------------------------------------------------- */

size_t jn_mlp_work(const jn_mlp *mlp)
{
    return 2 * mlp->width * JN_MLP_TILE;
}

static void relu(size_t n, double *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] < 0.0 ? 0.0 : x[i]; /* NaN stays */
    }
}

static void activate(jn_activation activation, size_t n, double *x)
{
    const jn_kernels *kernels = jn_kernels_get();
    switch (activation) {
    case JN_TANH:
        kernels->tanh(n, x, x);
        break;
    case JN_RELU:
        relu(n, x);
        break;
    case JN_SOFTPLUS:
        kernels->softplus(n, x, x);
        break;
    case JN_SIGMOID:
        kernels->sigmoid(n, x, x);
        break;
    }
}

static void apply(const jn_layer *layer, const double *in, double *out)
{
    for (size_t j = 0; j < layer->out; j++) {
        for (size_t i = 0; i < JN_MLP_TILE; i++) {
            out[j * JN_MLP_TILE + i] = layer->bias[j];
        }
    }
    const int rows = (int)layer->out, inner = (int)layer->in;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, JN_MLP_TILE, inner, 1.0,
                layer->weight, inner, in, JN_MLP_TILE, 1.0, out, JN_MLP_TILE);
}

double *jn_mlp_run(const jn_mlp *mlp, double *work, double **spare)
{
    double *in = work, *out = work + mlp->width * JN_MLP_TILE;
    for (size_t k = 0; k < mlp->n_layers; k++) {
        const jn_layer *layer = &mlp->layer[k];
        apply(layer, in, out);
        if (k + 1 < mlp->n_layers) {
            activate(mlp->activation, layer->out * JN_MLP_TILE, out);
        }
        double *swap = in;
        in = out;
        out = swap;
    }
    *spare = out;
    return in;
}

/* --- its rounding ---------------------------------------------------------------------------- */

/* A unit's value t and size become those behind the activation. */
static void activate_size(jn_activation activation, double *t, double *size)
{
    double slope = 0.0;
    switch (activation) {
    case JN_TANH:
        *t = tanh(*t);
        slope = 1.0 - *t * *t;
        break;
    case JN_RELU:
        slope = *t > 0.0 ? 1.0 : 0.0;
        *t = fmax(*t, 0.0);
        break;
    case JN_SOFTPLUS:
        slope = 1.0 / (1.0 + exp(-*t));
        *t = fmax(*t, 0.0) + log1p(exp(-fabs(*t)));
        break;
    case JN_SIGMOID:
        *t = 1.0 / (1.0 + exp(-*t));
        slope = *t * (1.0 - *t);
        break;
    }
    *size = *size * slope + fabs(*t);
}

void jn_mlp_sizes(const jn_mlp *mlp, const double *z, double *work, double *l, double *size)
{
    double *t = work, *s = work + mlp->width, *next_t = s + mlp->width;
    double *next_s = next_t + mlp->width;
    for (size_t i = 0; i < mlp->in; i++) {
        t[i] = z[i];
        s[i] = fabs(z[i]);
    }
    for (size_t k = 0; k < mlp->n_layers; k++) {
        const jn_layer *layer = &mlp->layer[k];
        const bool last = k + 1 == mlp->n_layers;
        double *to = last ? l : next_t, *to_size = last ? size : next_s;
        for (size_t j = 0; j < layer->out; j++) {
            to[j] = layer->bias[j];
            to_size[j] = fabs(layer->bias[j]);
            for (size_t i = 0; i < layer->in; i++) {
                to[j] += layer->weight[j * layer->in + i] * t[i];
                to_size[j] += fabs(layer->weight[j * layer->in + i]) * s[i];
            }
            if (!last) {
                activate_size(mlp->activation, &to[j], &to_size[j]);
            }
        }
        double *swap = t;
        t = next_t;
        next_t = swap;
        swap = s;
        s = next_s;
        next_s = swap;
    }
}
