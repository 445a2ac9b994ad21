/* z ~ N(0, I_d), x | z ~ Bernoulli(1 / (1 + e^-f(z))) or N(f(z), noise_sd^2), f a network.
 *
 * Points are decoded once, a tile at a time, and then score all rows: with outputs l,
 *   Bernoulli  log p(x | z) = x.l - sum softplus(l),
 *   Gaussian   log p(x | z) = log_norm - |x - l|^2 / (2 noise_sd^2). */
#include "model/decoder.h"

#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "kernel/kernels.h"
#include "model/models.h"

enum { TILE = JN_MLP_TILE, MAX_D = JN_DECODER_MAX_DIM };

static jn_status log_prior(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const jn_decoder *m = self;
    jn_model_normal_prior(m->d, n, ld, z, out);
    return JN_OK;
}

/* The rows of d numbers become the rows of a whole tile, 0 beyond n. */
static void load_tile(size_t d, size_t n, size_t ld, const double *z, double *tile)
{
    for (size_t j = 0; j < d; j++) {
        memcpy(tile + j * TILE, z + j * ld, n * sizeof *z);
        memset(tile + j * TILE + n, 0, (TILE - n) * sizeof *z);
    }
}

/* start[i] = - sum over j of softplus(l[j, i]); terms: D x TILE of work space. */
static void normalisers(size_t D, const double *l, double *terms, double *start)
{
    jn_kernels_get()->softplus(D * TILE, l, terms);
    memset(start, 0, TILE * sizeof *start);
    for (size_t j = 0; j < D; j++) {
        for (size_t i = 0; i < TILE; i++) {
            start[i] -= terms[j * TILE + i];
        }
    }
}

static size_t fours(const jn_decoder *m)
{
    return (m->D + 3) / 4;
}

/* table: work space where rows are scored by their bits, else NULL; the result is the same. */
static void score_tile(const jn_decoder *m, size_t first, size_t n_rows, const size_t *pick,
                       size_t n, double *work, double *table, size_t ld_out, double *out)
{
    const double *x = m->x + first * m->D;
    double *spare, start[TILE];
    const double *l = jn_mlp_run(&m->network, work, &spare);
    if (m->gaussian) {
        for (size_t i = 0; i < TILE; i++) {
            start[i] = m->log_norm;
        }
        jn_kernels_get()->distance(n_rows, pick, m->D, x, -0.5 * m->inv_var, n, TILE, l, start,
                                   ld_out, out);
    } else {
        normalisers(m->D, l, spare, start);
        if (table != NULL) {
            jn_kernels_get()->score_bits(n_rows, pick, m->D, m->codes + first * fours(m), n, TILE,
                                         l, start, table, ld_out, out);
        } else {
            jn_kernels_get()->score(n_rows, pick, m->D, x, n, TILE, l, start, ld_out, out);
        }
    }
}

/* Rows first + pick[k], or the n_rows from `first` on where pick is NULL. */
static jn_status score(const jn_decoder *m, size_t first, size_t n_rows, const size_t *pick,
                       size_t n, size_t ld, const double *z, size_t ld_out, double *out)
{
    enum { MANY = 8 }; /* rows that repay the table */
    const size_t size = jn_mlp_work(&m->network);
    const bool bits = m->codes != NULL && n_rows >= MANY;
    double *work = jn_alloc_doubles(size + (bits ? 16 * fours(m) * JN_SCORE_STRIP : 0));
    if (work == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i += TILE) {
        const size_t count = n - i < TILE ? n - i : TILE;
        load_tile(m->d, count, ld, z + i, work);
        score_tile(m, first, n_rows, pick, count, work, bits ? work + size : NULL, ld_out, out + i);
    }
    free(work);
    return JN_OK;
}

static jn_status log_likelihood(const void *self, jn_range rows, size_t n, size_t ld,
                                const double *z, size_t ld_out, double *out)
{
    const jn_decoder *m = self;
    return score(m, rows.first, rows.count, NULL, n, ld, z, ld_out, out);
}

static jn_status log_likelihood_of(const void *self, size_t n_rows, const size_t *rows, size_t n,
                                   size_t ld, const double *z, size_t ld_out, double *out)
{
    const jn_decoder *m = self;
    return score(m, 0, n_rows, rows, n, ld, z, ld_out, out);
}

static jn_status prior_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const jn_decoder *m = self;
    jn_model_copy_points(m->d, n, ld, base, z);
    return JN_OK;
}

static jn_status prior_gaussian(const void *self, double *mean, double *cov)
{
    const jn_decoder *m = self;
    if (mean != NULL) {
        memset(mean, 0, m->d * sizeof *mean);
    }
    if (cov != NULL) {
        jn_model_scaled_identity(m->d, 1.0, cov);
    }
    return JN_OK;
}

/* Outputs grow without bound where an activation does. */
static bool is_bounded(const jn_mlp *mlp)
{
    return mlp->n_layers > 1 && (mlp->activation == JN_TANH || mlp->activation == JN_SIGMOID);
}

/* scale W'W / noise_sd^2, where the outputs are W z + b */
static void add_information(const jn_decoder *m, double scale, double *precision)
{
    for (size_t j = 0; j < m->D; j++) {
        const double *w = m->network.layer[0].weight + j * m->d;
        for (size_t k = 0; k < m->d * m->d; k++) {
            precision[k] += scale * m->inv_var * w[k / m->d] * w[k % m->d];
        }
    }
}

/* A Bernoulli likelihood falls off at most linearly, since every activation is Lipschitz; a
 * Gaussian one adds nothing where the outputs are bounded, and its information where they are
 * linear. */
static jn_status tail_precision(const void *self, size_t row, double *precision)
{
    const jn_decoder *m = self;
    (void)row;
    const bool linear = m->network.n_layers == 1;
    if (m->gaussian && !linear && !is_bounded(&m->network)) {
        return JN_ERR_UNSUPPORTED;
    }
    jn_model_scaled_identity(m->d, 1.0, precision);
    if (m->gaussian && linear) {
        add_information(m, 1.0, precision);
    }
    return JN_OK;
}

/* Is I + n W'W / noise_sd^2 positive definite? What E p(x | z)^n needs where outputs are W z + b.
 */
static bool linear_moment_finite(const jn_decoder *m, double n)
{
    double precision[MAX_D * MAX_D];
    jn_model_scaled_identity(m->d, 1.0, precision);
    add_information(m, n, precision);
    return jn_cholesky(m->d, precision);
}

/* Bounded above always; and a negative power grows at most exponentially, unless the square of
 * something unbounded is in it. */
static bool prior_moment_finite(const void *self, size_t row, double n)
{
    const jn_decoder *m = self;
    (void)row;
    return n >= 0.0 || !m->gaussian || is_bounded(&m->network) ||
           (m->network.n_layers == 1 && linear_moment_finite(m, n));
}

static jn_status kinks(const void *self, double lo, double hi, size_t *n, double **out)
{
    const jn_decoder *m = self;
    return jn_mlp_kinks(&m->network, lo, hi, n, out);
}

static bool may_bend(const void *self, const double *lo, const double *hi)
{
    const jn_decoder *m = self;
    double *work = jn_alloc_doubles(4 * m->network.width);
    const bool answer = work == NULL || jn_mlp_may_bend(&m->network, lo, hi, work);
    free(work);
    return answer;
}

/* An output is off by about eps times the sum of the terms' sizes that make it: |W| |h| + |b|. A
 * Gaussian likelihood is steep in it where the noise is small. */
static double rounding(const void *self, size_t row, const double *z)
{
    const jn_decoder *m = self;
    const double *x = m->x + row * m->D, eps = 2.2e-16;
    double *l = jn_alloc_doubles(2 * m->D + 4 * m->network.width);
    if (l == NULL) {
        return INFINITY;
    }
    double *size = l + m->D, sum = 0.0;
    jn_mlp_sizes(&m->network, z, size + m->D, l, size);
    for (size_t j = 0; j < m->D; j++) {
        const double off = fabs(x[j] - l[j]) + 1.0 / sqrt(m->inv_var);
        const double slope = m->gaussian ? off * m->inv_var : 1.0;
        sum += eps * slope * size[j] + (m->gaussian ? eps * off * slope : eps * size[j]);
    }
    free(l);
    return sum;
}

const jn_density jn_decoder_density = {
    .log_prior = log_prior,
    .log_likelihood = log_likelihood,
    .log_likelihood_of = log_likelihood_of,
    .derivatives = jn_decoder_derivatives,
    .prior_map = prior_map,
    .prior_gaussian = prior_gaussian,
    .tail_precision = tail_precision,
    .prior_moment_finite = prior_moment_finite,
    .kinks = kinks,
    .may_bend = may_bend,
    .rounding = rounding,
    .has_split = true,
    .rugged = true,
};
