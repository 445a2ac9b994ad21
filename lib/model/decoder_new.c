/* Making a decoder: its networks and its data, checked against each other; and its encoder. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/decoder.h"
#include "model/models.h"

enum { MAX_DIM = JN_DECODER_MAX_DIM };

static const jn_param_spec specs[] = {
    { "decoder", JN_LAYERS, NULL, "prefix of the .npy files of the network from z to x" },
    { "encoder", JN_LAYERS, NULL, "likewise from x to dim(z) means and dim(z) log sds" },
    { "activation", JN_ACTIVATIONS, "tanh", "between the layers of both" },
    { "likelihood", "bernoulli|gaussian", "bernoulli", "outputs are logits, or means" },
    { "noise_sd", "number > 0", "1", "standard deviation of x given z (gaussian)" },
    { "binarize", "number", NULL, "data above it become 1, others 0" },
};

static void destroy(void *self)
{
    jn_decoder *m = self;
    if (m != NULL) {
        free(m->x);
        free(m->codes);
        jn_mlp_free(&m->network);
        jn_mlp_free(&m->encoder);
        free(m);
    }
}

static jn_status read_likelihood(jn_decoder *m, const jn_params *params, jn_error *err)
{
    size_t kind;
    double sd;
    jn_status status = jn_params_choice(params, "likelihood", "bernoulli|gaussian", &kind, err);
    if (status == JN_OK) {
        status = jn_params_number(params, "noise_sd", nextafter(0.0, 1.0), INFINITY, &sd, err);
    }
    if (status < 0) {
        return status;
    }
    m->gaussian = kind == 1;
    if (m->gaussian) {
        m->inv_var = 1.0 / (sd * sd);
        m->log_norm = -(double)m->D * (0.5 * JN_LOG_2PI + log(sd));
        if (!isnormal(m->inv_var)) {
            return jn_error_set(err, JN_ERR_VALUE, "noise_sd = %g: its square is out of range", sd);
        }
    }
    return JN_OK;
}

static jn_status check_network(const jn_decoder *m, const jn_table *data, jn_error *err)
{
    const jn_layer *last = &m->network.layer[m->network.n_layers - 1];
    if (m->network.in > MAX_DIM) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "decoder.0.weight is %zu x %zu, so that z has %zu coordinates: need 1 "
                            "to %d",
                            m->network.layer[0].out, m->network.in, m->network.in, MAX_DIM);
    }
    if (m->network.out != data->n_cols) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "decoder.%zu.weight is %zu x %zu, so that x has %zu coordinates, but "
                            "the data have %zu columns (from '%s' to '%s'): select the right ones "
                            "(--columns)",
                            m->network.n_layers - 1, last->out, last->in, last->out, data->n_cols,
                            data->names[0], data->names[data->n_cols - 1]);
    }
    return JN_OK;
}

static jn_status read_encoder(jn_decoder *m, const jn_params *params, jn_activation activation,
                              jn_error *err)
{
    m->has_encoder = jn_params_find(params, "encoder") != NULL ||
                     jn_params_find(params, "encoder.0.weight") != NULL;
    if (!m->has_encoder) {
        return JN_OK;
    }
    const jn_status status = jn_mlp_new(params, "encoder", activation, &m->encoder, err);
    if (status < 0) {
        return status;
    }
    const jn_layer *first = m->encoder.layer, *last = first + m->encoder.n_layers - 1;
    if (first->in != m->D) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "encoder.0.weight is %zu x %zu, but x has %zu coordinates: need "
                            "outputs x %zu",
                            first->out, first->in, m->D, m->D);
    }
    if (last->out != 2 * m->d) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "encoder.%zu.weight is %zu x %zu, but z has %zu coordinates: need %zu "
                            "outputs, means and then log sds",
                            m->encoder.n_layers - 1, last->out, last->in, m->d, 2 * m->d);
    }
    return JN_OK;
}

static jn_status read_networks(jn_decoder *m, const jn_params *params, const jn_table *data,
                               jn_error *err)
{
    size_t activation;
    jn_status status = jn_params_choice(params, "activation", JN_ACTIVATIONS, &activation, err);
    if (status == JN_OK) {
        status = jn_mlp_new(params, "decoder", (jn_activation)activation, &m->network, err);
    }
    if (status == JN_OK) {
        status = check_network(m, data, err);
    }
    if (status < 0) {
        return status;
    }
    m->D = m->network.out;
    m->d = m->network.in;
    return read_encoder(m, params, (jn_activation)activation, err);
}

static jn_status binarize(jn_decoder *m, const jn_params *params, jn_error *err)
{
    double threshold;
    if (jn_params_find(params, "binarize") == NULL) {
        return JN_OK;
    }
    const jn_status status = jn_params_number(params, "binarize", -INFINITY, INFINITY, &threshold,
                                              err);
    for (size_t i = 0; status == JN_OK && i < m->n * m->D; i++) {
        m->x[i] = m->x[i] > threshold ? 1.0 : 0.0;
    }
    return status;
}

/* A Bernoulli x lies in [0, 1]; what lies inside is scored by the same formula, with a note. */
static jn_status check_unit(const jn_decoder *m, const jn_table *data, char *notes, size_t size,
                            jn_error *err)
{
    size_t inside = 0;
    for (size_t i = 0; !m->gaussian && i < m->n * m->D; i++) {
        const double x = m->x[i];
        if (!(x >= 0.0 && x <= 1.0)) {
            char where[160];
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s, column '%s': %g lies outside [0, 1]; binarize=T makes what is "
                                "above T 1 and the rest 0",
                                jn_table_where(data, i / m->D, where, sizeof where),
                                data->names[i % m->D], x);
        }
        inside += x > 0.0 && x < 1.0;
    }
    if (inside > 0) {
        (void)snprintf(notes, size,
                       "%zu values lie between 0 and 1: scored by x log p + (1 - x) log(1 - p), "
                       "which is no normalised density of x",
                       inside);
    }
    return JN_OK;
}

/* Bernoulli data of bits only: kept four by four as well. */
static jn_status encode_bits(jn_decoder *m, jn_error *err)
{
    const size_t fours = (m->D + 3) / 4;
    bool bits = !m->gaussian;
    for (size_t i = 0; bits && i < m->n * m->D; i++) {
        bits = m->x[i] == 0.0 || m->x[i] == 1.0;
    }
    if (!bits) {
        return JN_OK;
    }
    m->codes = jn_alloc(m->n * fours, 1);
    if (m->codes == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu rows of bits", m->n);
    }
    for (size_t i = 0; i < m->n * m->D; i++) {
        const size_t j = i % m->D;
        const unsigned bit = m->x[i] == 1.0 ? 1u << j % 4 : 0u;
        m->codes[i / m->D * fours + j / 4] |= (uint8_t)bit;
    }
    return JN_OK;
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    jn_decoder *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    jn_status status = read_networks(m, params, data, err);
    if (status == JN_OK) {
        status = read_likelihood(m, params, err);
    }
    if (status == JN_OK) {
        status = jn_model_read_all(data, &m->x, err);
    }
    if (status == JN_OK) {
        status = binarize(m, params, err);
    }
    if (status == JN_OK) {
        status = check_unit(m, data, model->notes, sizeof model->notes, err);
    }
    if (status == JN_OK) {
        status = encode_bits(m, err);
    }
    if (status < 0) {
        return status;
    }
    model->n_obs = m->n;
    model->dim = m->d;
    model->density = &jn_decoder_density;
    return JN_OK;
}

static const char *own_proposal(const void *self, jn_params *params)
{
    const jn_decoder *m = self;
    (void)params; /* the layers are the model's */
    return m->has_encoder ? "encoder" : NULL;
}

/* As many as the last layer has outputs. */
static size_t n_columns(const jn_params *params)
{
    size_t rows, cols, n = 0;
    char name[64] = "decoder.0.weight";
    jn_params_shape(params, name, &rows, &cols);
    for (unsigned k = 1; rows > 0; k++) {
        n = rows;
        snprintf(name, sizeof name, "decoder.%u.weight", k);
        jn_params_shape(params, name, &rows, &cols);
    }
    return n;
}

static jn_base base(const void *self)
{
    return ((const jn_decoder *)self)->gaussian ? JN_BASE_NORMAL : JN_BASE_UNIFORM;
}

/* A whole tile for one point: the shape that every density has, too. */
static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const jn_decoder *m = self;
    double *spare, *work = jn_alloc_doubles(jn_mlp_work(&m->network));
    (void)t;
    if (work == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t k = 0; k < m->d; k++) {
        work[k * JN_MLP_TILE] = z[k * ld];
    }
    const double *l = jn_mlp_run(&m->network, work, &spare);
    for (size_t j = 0; j < m->D; j++) {
        const size_t at = j * cells->n_rows + row;
        const double mean = l[j * JN_MLP_TILE], e = cells->base[at];
        cells->x[at] = m->gaussian                  ? mean + e / sqrt(m->inv_var)
                       : e * (1.0 + exp(-mean)) < 1 ? 1.0
                                                    : 0.0;
    }
    free(work);
    return JN_OK;
}

static const jn_simulator simulator = {
    .column = "x", .n_columns = n_columns, .base = base, .draw = draw
};

const jn_model_type jn_model_decoder = {
    .name = "decoder",
    .summary = "z ~ N(0, I), x | z Bernoulli or Gaussian with a network of z: the decoder of a VAE",
    .data = "rows of x, all columns; in [0, 1] for bernoulli",
    .exact = "quadrature on refined panels",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .own_proposal = own_proposal,
    .simulator = &simulator,
};

/* Points of the encoder are observations. */
static void encode_tile(const jn_decoder *m, size_t first, size_t count, double *work, double *out)
{
    enum { TILE = JN_MLP_TILE };
    double *spare;
    for (size_t j = 0; j < m->D; j++) {
        for (size_t i = 0; i < TILE; i++) {
            work[j * TILE + i] = i < count ? m->x[(first + i) * m->D + j] : 0.0;
        }
    }
    const double *y = jn_mlp_run(&m->encoder, work, &spare);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < 2 * m->d; k++) {
            out[(first + i) * 2 * m->d + k] = y[k * TILE + i];
        }
    }
}

jn_status jn_decoder_encode(const jn_model *model, double *out, jn_error *err)
{
    if (model->type != &jn_model_decoder) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "model %s has no encoder", model->type->name);
    }
    const jn_decoder *m = model->self;
    if (!m->has_encoder) {
        return jn_error_set(
            err, JN_ERR_UNSUPPORTED,
            "the model was given no encoder: encoder=PREFIX is a parameter of model "
            "decoder (--set)");
    }
    double *work = jn_alloc_doubles(jn_mlp_work(&m->encoder));
    if (work == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the encoder");
    }
    for (size_t r = 0; r < m->n; r += JN_MLP_TILE) {
        encode_tile(m, r, m->n - r < JN_MLP_TILE ? m->n - r : JN_MLP_TILE, work, out);
    }
    free(work);
    return JN_OK;
}
