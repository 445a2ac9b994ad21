/* A diffusion model of one coordinate. Forward: x_s = sqrt(1 - b_s) x_{s-1} + sqrt(b_s) e. Reverse:
 * x_T ~ N(0, 1), p(x_{s-1} | x_s) Gaussian about E[x_{s-1} | x_s] under a known mixture of
 * Gaussians and the forward process, or about what a network says. The chain runs backwards in s:
 * its step t is z_t = x_{T-t}, and x_0 is observed at the last step, given x_1. */
#include "model/diffusion.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/memory.h"
#include "kernel/kernels.h"
#include "model/models.h"
#include "model/series.h"

enum { CHUNK = 128 };

static size_t n_steps(const void *self, size_t row)
{
    (void)row;
    return ((const diffusion *)self)->T;
}

static bool emits(const void *self, size_t row, size_t t)
{
    (void)row;
    return t + 1 == ((const diffusion *)self)->T;
}

/* Means of the reverse step from x_s for up to CHUNK points: an average of the components' means
 * under their posterior weights, in log space. */
static void mean_chunk(const diffusion *m, size_t s, size_t n, const double *x, double *mean)
{
    double top[CHUNK], w[CHUNK], total[CHUNK], sum[CHUNK];
    const reverse_part *parts = m->part + s * m->K;
    for (size_t i = 0; i < n; i++) {
        top[i] = -INFINITY;
        total[i] = sum[i] = 0.0;
    }
    for (size_t k = 0; k < m->K; k++) {
        for (size_t i = 0; i < n; i++) {
            const double e = x[i] - parts[k].centre;
            top[i] = fmax(top[i], parts[k].log_weight - parts[k].half_inv_var * (e * e));
        }
    }
    for (size_t k = 0; k < m->K; k++) {
        for (size_t i = 0; i < n; i++) {
            const double e = x[i] - parts[k].centre;
            w[i] = parts[k].log_weight - parts[k].half_inv_var * (e * e) - top[i];
        }
        jn_kernels_get()->exp(n, w, w);
        for (size_t i = 0; i < n; i++) {
            total[i] += w[i];
            sum[i] += w[i] * (parts[k].base + parts[k].slope * x[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        mean[i] = sum[i] / total[i];
    }
}

/* Whole tiles: a point gets the same bits in every batch. */
static jn_status network_mean(const diffusion *m, size_t s, size_t n, const double *x, double *mean)
{
    enum { TILE = JN_MLP_TILE };
    double *spare, *work = jn_alloc_doubles(jn_mlp_work(&m->network));
    if (work == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t first = 0; first < n; first += TILE) {
        const size_t count = n - first < TILE ? n - first : TILE;
        for (size_t i = 0; i < TILE; i++) {
            work[i] = i < count ? x[first + i] : 0.0;
            work[TILE + i] = (double)s / (double)m->T;
        }
        memcpy(mean + first, jn_mlp_run(&m->network, work, &spare), count * sizeof *mean);
    }
    free(work);
    return JN_OK;
}

static jn_status reverse_mean(const diffusion *m, size_t s, size_t n, const double *x, double *mean)
{
    if (m->has_network) {
        return network_mean(m, s, n, x, mean);
    }
    for (size_t i = 0; m->K > 1 && i < n; i += CHUNK) {
        mean_chunk(m, s, n - i < CHUNK ? n - i : CHUNK, x + i, mean + i);
    }
    for (size_t i = 0; m->K == 1 && i < n; i++) {
        mean[i] = m->part[s].base + m->part[s].slope * x[i];
    }
    return JN_OK;
}

static const double one = 1.0, zero = 0.0;

static jn_status log_initial(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    (void)self;
    jn_gaussian_log_density(1, &zero, 0, &one, n, ld, z, out);
    return JN_OK;
}

static jn_status log_transition(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *to, double *out)
{
    const diffusion *m = self;
    const size_t s = m->T - t + 1;
    double mean[CHUNK];
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t count = n - i < CHUNK ? n - i : CHUNK;
        const jn_status st = reverse_mean(m, s, count, from + i, mean);
        if (st < 0) {
            return st;
        }
        jn_gaussian_log_density(1, mean, CHUNK, m->sd + s, count, ld, to + i, out + i);
    }
    return JN_OK;
}

static jn_status log_emission(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *z, double *out)
{
    const diffusion *m = self;
    (void)ld; /* one coordinate */
    if (t + 1 < m->T) {
        for (size_t i = 0; i < n; i++) {
            out[i] = 0.0;
        }
        return JN_OK;
    }
    const double constant = -0.5 * JN_LOG_2PI - log(m->sd[1]);
    const jn_status st = reverse_mean(m, 1, n, z, out);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        const double e = (m->x0[row] - out[i]) / m->sd[1];
        out[i] = constant - 0.5 * (e * e);
    }
    return st;
}

static jn_status initial_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    (void)self;
    jn_model_copy_points(1, n, ld, base, z);
    return JN_OK;
}

static jn_status transition_map(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *base, double *to)
{
    const diffusion *m = self;
    const size_t s = m->T - t + 1;
    double mean[CHUNK];
    (void)ld;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t count = n - i < CHUNK ? n - i : CHUNK;
        const jn_status st = reverse_mean(m, s, count, from + i, mean);
        if (st < 0) {
            return st;
        }
        for (size_t k = 0; k < count; k++) {
            to[i + k] = mean[k] + m->sd[s] * base[i + k];
        }
    }
    return JN_OK;
}

static jn_status initial_gaussian(const void *self, double *mean, double *root)
{
    (void)self;
    if (mean != NULL) {
        *mean = 0.0;
    }
    if (root != NULL) {
        *root = 1.0;
    }
    return JN_OK;
}

static jn_status transition_gaussian(const void *self, size_t t, size_t n, size_t ld,
                                     const double *from, double *mean, double *root)
{
    const diffusion *m = self;
    (void)ld;
    if (root != NULL) {
        *root = m->sd[m->T - t + 1];
    }
    return mean == NULL ? JN_OK : reverse_mean(m, m->T - t + 1, n, from, mean);
}

/* The forward process: x_s given x_{s-1}, s = T - t. */
static jn_status backward_gaussian(const void *self, size_t row, size_t t, size_t n, size_t ld,
                                   const double *next, double *mean, double *root)
{
    const diffusion *m = self;
    const size_t s = m->T - t;
    const double keep = sqrt(1.0 - m->b[s]);
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        mean[i] = keep * (s == 1 ? m->x0[row] : next[i]);
    }
    *root = sqrt(m->b[s]);
    return JN_OK;
}

/* A single Gaussian makes every reverse mean affine: x_0 is Gaussian. */
static jn_status evidence(const void *self, size_t row, jn_estimate *out)
{
    const diffusion *m = self;
    double mean = 0.0, var = 1.0, size = 0.0;
    if (m->K > 1 || m->has_network) {
        return JN_ERR_UNSUPPORTED;
    }
    for (size_t s = m->T; s >= 1; s--) {
        const reverse_part *p = m->part + s;
        mean = p->base + p->slope * mean;
        var = p->slope * p->slope * var + m->sd[s] * m->sd[s];
        size = fmax(size, fabs(mean));
    }
    const double e = (m->x0[row] - mean) / sqrt(var);
    const double value = -0.5 * (JN_LOG_2PI + log(var) + e * e);
    const double steps = 4.0 * (double)m->T + 8.0; /* roundings of var; of the mean */
    *out = (jn_estimate){ .value = value,
                          .error = DBL_EPSILON *
                                   (steps * (0.5 + 0.5 * e * e) + fabs(value) +
                                    steps * fabs(e) * (size + fabs(m->x0[row])) / sqrt(var)),
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "closed form" };
    return JN_OK;
}

/* x_0 given x_1, which is the state of the last step. */
static jn_status draw(const void *self, size_t row, size_t t, size_t ld, const double *z,
                      const jn_cells *cells)
{
    const diffusion *m = self;
    double mean;
    (void)ld;
    if (t + 1 < m->T) {
        return JN_OK;
    }
    const jn_status st = reverse_mean(m, 1, 1, z, &mean);
    cells->x[row] = st == JN_OK ? mean + m->sd[1] * cells->base[row] : NAN;
    return st;
}

const jn_simulator jn_diffusion_simulator = { .column = "x", .draw = draw };

const jn_chain jn_diffusion_chain = {
    .n_steps = n_steps,
    .log_initial = log_initial,
    .log_transition = log_transition,
    .log_emission = log_emission,
    .initial_map = initial_map,
    .transition_map = transition_map,
    .emits = emits,
    .initial_gaussian = initial_gaussian,
    .transition_gaussian = transition_gaussian,
    .backward_gaussian = backward_gaussian,
    .evidence = evidence,
};
