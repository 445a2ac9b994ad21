/* Hidden Markov models: z_0 ~ initial, z_t | z_{t-1} ~ row of transition, y_t | z_t Poisson,
 * Gaussian or categorical. Zeros are legal everywhere. A state is its index as a double; other
 * numbers are outside the support. */
#include "model/hmm.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "model/count_quantile.h"

static size_t n_steps(const void *self, size_t row)
{
    (void)row; /* one series, one observation */
    return ((const hmm *)self)->n;
}

/* The state that z names, or S. NaN is S, too. */
static size_t state_of(const hmm *m, double z)
{
    return z >= 0.0 && z < (double)m->S && z == floor(z) ? (size_t)z : m->S;
}

static jn_status log_initial(const void *self, size_t n, size_t ld, const double *z, double *out)
{
    const hmm *m = self;
    (void)ld; /* one coordinate */
    for (size_t i = 0; i < n; i++) {
        const size_t s = state_of(m, z[i]);
        out[i] = s < m->S ? m->log_initial[s] : -INFINITY;
    }
    return JN_OK;
}

static jn_status log_transition(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *to, double *out)
{
    const hmm *m = self;
    (void)t;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        const size_t a = state_of(m, from[i]), b = state_of(m, to[i]);
        out[i] = a < m->S && b < m->S ? m->log_tran[a * m->S + b] : -INFINITY;
    }
    return JN_OK;
}

static double log_normal(const hmm *m, double y, size_t s)
{
    const double e = (y - m->location[s]) / m->scale[s];
    return -0.5 * (JN_LOG_2PI + e * e) - log(m->scale[s]);
}

static double log_emission_at(const hmm *m, size_t t, size_t s)
{
    return m->kind == HMM_GAUSSIAN ? log_normal(m, m->y[t], s)
                                   : m->log_emission[m->symbols[t] * m->S + s];
}

static jn_status log_emission(const void *self, size_t row, size_t t, size_t n, size_t ld,
                              const double *z, double *out)
{
    const hmm *m = self;
    (void)row;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        const size_t s = state_of(m, z[i]);
        out[i] = s < m->S ? log_emission_at(m, t, s) : -INFINITY;
    }
    return JN_OK;
}

static jn_status state_log_emissions(const void *self, size_t row, size_t t0, size_t count,
                                     double *out)
{
    const hmm *m = self;
    (void)row;
    for (size_t t = 0; t < count; t++) {
        for (size_t s = 0; s < m->S; s++) {
            out[t * m->S + s] = log_emission_at(m, t0 + t, s);
        }
    }
    return JN_OK;
}

/* First state whose running sum exceeds u; states of probability 0 are never drawn, whatever the
 * rounding of the last sum. */
static double draw(size_t n, const double *cumulative, double u)
{
    const double at = u * cumulative[n - 1];
    size_t s = 0;
    while (s < n - 1 && !(at < cumulative[s])) {
        s++;
    }
    return (double)s;
}

static jn_status initial_map(const void *self, size_t n, size_t ld, const double *base, double *z)
{
    const hmm *m = self;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        z[i] = draw(m->S, m->cum0, base[i]);
    }
    return JN_OK;
}

static jn_status transition_map(const void *self, size_t t, size_t n, size_t ld, const double *from,
                                const double *base, double *to)
{
    const hmm *m = self;
    (void)t;
    (void)ld;
    for (size_t i = 0; i < n; i++) {
        const size_t s = state_of(m, from[i]);
        if (s == m->S) {
            return JN_ERR_VALUE;
        }
        to[i] = draw(m->S, m->cum + s * m->S, base[i]);
    }
    return JN_OK;
}

static const jn_chain_finite *finite_view(const void *self)
{
    return &((const hmm *)self)->view;
}

static jn_base symbol_base(const void *self)
{
    return ((const hmm *)self)->kind == HMM_GAUSSIAN ? JN_BASE_NORMAL : JN_BASE_UNIFORM;
}

/* The symbol at u by its probabilities in state s. */
static double draw_symbol(const hmm *m, size_t s, double u)
{
    const size_t n = m->view.n_symbols;
    double sum = 0.0;
    size_t last = 0;
    for (size_t k = 0; k < n; k++) {
        const double p = exp(m->log_emission[k * m->S + s]);
        sum += p;
        last = p > 0.0 ? k : last;
        if (u < sum) {
            return (double)k;
        }
    }
    return (double)last;
}

/* The model is bound to y = 0, whose log-probability under a rate is minus the rate. */
static jn_status simulate(const void *self, size_t row, size_t t, size_t ld, const double *z,
                          const jn_cells *cells)
{
    const hmm *m = self;
    const size_t s = state_of(m, z[0]);
    const double e = cells->base[t];
    (void)row;
    (void)ld;
    if (s == m->S) {
        return JN_ERR_VALUE;
    }
    cells->x[t] = m->kind == HMM_GAUSSIAN  ? m->location[s] + m->scale[s] * e
                  : m->kind == HMM_POISSON ? jn_poisson_quantile(-m->log_emission[s], e)
                                           : draw_symbol(m, s, e);
    return JN_OK;
}

const jn_simulator jn_hmm_simulator = { .column = "y", .base = symbol_base, .draw = simulate };

const jn_chain jn_hmm_chain = {
    .n_steps = n_steps,
    .log_initial = log_initial,
    .log_transition = log_transition,
    .log_emission = log_emission,
    .initial_map = initial_map,
    .transition_map = transition_map,
    .finite = finite_view,
    .state_log_emissions = state_log_emissions,
    .homogeneous = true,
};
