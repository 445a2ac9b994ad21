/* Value, gradient and Hessian in z by forward mode: every unit carries its value, its d first and
 * d (d + 1) / 2 second derivatives through the network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "model/decoder.h"

enum { MAX_D = JN_DECODER_MAX_DIM, MAX_PARTS = 1 + MAX_D + MAX_D * (MAX_D + 1) / 2 };

/* A unit: [0] value, [1 + k] first, [1 + d + k (k + 1) / 2 + l] second derivatives, l <= k. */
typedef struct jet {
    size_t d;
    int order;    /* 0, 1 or 2: what is carried */
    size_t parts; /* numbers a unit */
} jet;

static jet jet_of(size_t d, int order)
{
    return (jet){ .d = d,
                  .order = order,
                  .parts = 1 + (order > 0 ? d : 0) + (order > 1 ? d * (d + 1) / 2 : 0) };
}

static size_t second(const jet *j, size_t k, size_t l)
{
    return 1 + j->d + k * (k + 1) / 2 + l;
}

static double sigmoid(double t)
{
    const double e = exp(-fabs(t));
    return t < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

static double softplus(double t)
{
    return (t > 0.0 ? t : 0.0) + log1p(exp(-fabs(t)));
}

/* f, f' and f'' of an activation; those of relu almost everywhere. */
static void activation_at(jn_activation a, double t, double f[3])
{
    switch (a) {
    case JN_TANH:
        f[0] = tanh(t);
        f[1] = 1.0 - f[0] * f[0];
        f[2] = -2.0 * f[0] * f[1];
        break;
    case JN_RELU:
        f[0] = t < 0.0 ? 0.0 : t;
        f[1] = t > 0.0 ? 1.0 : 0.0;
        f[2] = 0.0;
        break;
    case JN_SOFTPLUS:
        f[0] = softplus(t);
        f[1] = sigmoid(t);
        f[2] = f[1] * sigmoid(-t);
        break;
    case JN_SIGMOID:
        f[0] = sigmoid(t);
        f[1] = f[0] * sigmoid(-t);
        f[2] = f[1] * (1.0 - 2.0 * f[0]);
        break;
    }
}

static void activate(const jet *j, jn_activation a, double *unit)
{
    double f[3] = { 0.0 };
    activation_at(a, unit[0], f);
    for (size_t k = 0; j->order > 1 && k < j->d; k++) {
        for (size_t l = 0; l <= k; l++) {
            double *h = unit + second(j, k, l);
            *h = f[1] * *h + f[2] * unit[1 + k] * unit[1 + l];
        }
    }
    for (size_t k = 0; j->order > 0 && k < j->d; k++) {
        unit[1 + k] *= f[1];
    }
    unit[0] = f[0];
}

static void apply(const jet *j, const jn_layer *layer, const double *in, double *out)
{
    for (size_t r = 0; r < layer->out; r++) {
        double sum[MAX_PARTS] = { layer->bias[r] };
        for (size_t c = 0; c < layer->in; c++) {
            const double w = layer->weight[r * layer->in + c];
            for (size_t p = 0; p < j->parts; p++) {
                sum[p] += w * in[c * j->parts + p];
            }
        }
        memcpy(out + r * j->parts, sum, j->parts * sizeof *sum);
    }
}

/* The outputs' jets, in one of the halves of work. */
static const double *run(const jet *j, const jn_mlp *mlp, const double *z, double *work)
{
    double *in = work, *out = work + mlp->width * j->parts;
    memset(in, 0, j->d * j->parts * sizeof *in);
    for (size_t k = 0; k < j->d; k++) {
        in[k * j->parts] = z[k];
        if (j->order > 0) {
            in[k * j->parts + 1 + k] = 1.0;
        }
    }
    for (size_t i = 0; i < mlp->n_layers; i++) {
        apply(j, &mlp->layer[i], in, out);
        for (size_t r = 0; i + 1 < mlp->n_layers && r < mlp->layer[i].out; r++) {
            activate(j, mlp->activation, out + r * j->parts);
        }
        double *swap = in;
        in = out;
        out = swap;
    }
    return in;
}

/* One output's log-likelihood and its derivatives in that output. */
static void term(const jn_decoder *m, double x, double l, double f[3])
{
    if (m->gaussian) {
        const double e = x - l;
        f[0] = -0.5 * m->inv_var * e * e;
        f[1] = m->inv_var * e;
        f[2] = -m->inv_var;
    } else {
        const double p = sigmoid(l);
        f[0] = x * l - softplus(l);
        f[1] = x - p;
        f[2] = -p * sigmoid(-l);
    }
}

/* Adds one output's part; hess: the lower triangle. */
static void add_output(const jet *j, const double *unit, const double f[3], double *value,
                       double *grad, double *hess)
{
    *value += f[0];
    for (size_t k = 0; grad != NULL && k < j->d; k++) {
        grad[k] += f[1] * unit[1 + k];
    }
    for (size_t k = 0; hess != NULL && k < j->d; k++) {
        for (size_t l = 0; l <= k; l++) {
            hess[k * j->d + l] += f[1] * unit[second(j, k, l)] + f[2] * unit[1 + k] * unit[1 + l];
        }
    }
}

static void add_prior(size_t d, const double *z, double *value, double *grad, double *hess)
{
    for (size_t k = 0; k < d; k++) {
        *value -= 0.5 * (z[k] * z[k] + JN_LOG_2PI);
        if (grad != NULL) {
            grad[k] -= z[k];
        }
        if (hess != NULL) {
            hess[k * d + k] -= 1.0;
        }
    }
}

jn_status jn_decoder_derivatives(const void *self, size_t row, const double *z, double *value,
                                 double *grad, double *hess)
{
    const jn_decoder *m = self;
    const jet j = jet_of(m->d, hess != NULL ? 2 : grad != NULL ? 1 : 0);
    double *work = jn_alloc_doubles(2 * m->network.width * j.parts);
    if (work == NULL) {
        return JN_ERR_NOMEM;
    }
    const double *outputs = run(&j, &m->network, z, work);
    double sum = m->log_norm;
    if (grad != NULL) {
        memset(grad, 0, m->d * sizeof *grad);
    }
    if (hess != NULL) {
        memset(hess, 0, m->d * m->d * sizeof *hess);
    }
    for (size_t r = 0; r < m->D; r++) {
        double f[3];
        term(m, m->x[row * m->D + r], outputs[r * j.parts], f);
        add_output(&j, outputs + r * j.parts, f, &sum, grad, hess);
    }
    add_prior(m->d, z, &sum, grad, hess);
    for (size_t k = 0; hess != NULL && k < m->d; k++) {
        for (size_t l = 0; l < k; l++) {
            hess[l * m->d + k] = hess[k * m->d + l];
        }
    }
    *value = sum;
    free(work);
    return JN_OK;
}
