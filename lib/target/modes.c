/* Several modes: after the usual starts, searches begin where the target lies highest above what
 * the modes known so far explain. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/memory.h"
#include "target/climb.h"

enum {
    STARTS = 8,
    PROBES = 1024,
    FRUITLESS = 6, /* searches in a row that end in a known mode */
    MODES_MAX = 16
};

/* Of the probes about a mode, in its standard deviations, in turn. */
static const double reach[] = { 2.0, 4.0, 8.0 };

typedef struct hunt {
    jn_search s;
    jn_modes found; /* capacity MODES_MAX */
    jn_peak peak;
    jn_status failure; /* of the model, the last one */
    double *memory;
} hunt;

/* Squared distance from a mode in its standard deviations. */
static double distance(const jn_mode *mode, const double *u, size_t stride)
{
    const size_t d = mode->dim;
    double sum = 0.0;
    for (size_t j = 0; j < d; j++) {
        for (size_t k = 0; k < d; k++) {
            sum += (u[j * stride] - mode->u[j]) * mode->precision[j * d + k] *
                   (u[k * stride] - mode->u[k]);
        }
    }
    return sum;
}

static bool is_known(const jn_modes *found, const double *u)
{
    for (size_t i = 0; i < found->n; i++) {
        if (distance(&found->mode[i], u, 1) < 1e-4) {
            return true;
        }
    }
    return false;
}

/* Climbs from h->peak.u. *fresh: to a mode that was not known. */
static jn_status climb(hunt *h, bool *fresh)
{
    *fresh = false;
    jn_status st = jn_search_climb(&h->s, &h->peak);
    if (st < 0) {
        h->failure = st;
        return st == JN_ERR_NOMEM ? st : JN_OK;
    }
    if (!h->peak.converged || is_known(&h->found, h->peak.u) || h->found.n == MODES_MAX) {
        return JN_OK;
    }
    jn_mode *next = &h->found.mode[h->found.n];
    st = jn_mode_alloc(h->s.d, next);
    if (st == JN_OK) {
        *fresh = jn_search_gaussian(&h->s, &h->peak, next, NULL) == JN_OK;
    }
    if (*fresh) {
        h->found.n++;
    } else {
        jn_mode_free(next);
    }
    return st;
}

/* A number in (0, 1) for probe i, coordinate j: an additive recurrence, even in every coordinate.
 */
static double spread(size_t i, size_t j)
{
    const double x = (double)(i + 1) * fabs(cos((double)(j + 1))); /* linearly independent */
    return fmin(fmax(x - floor(x), 1e-6), 1.0 - 1e-6);
}

/* The first half: draws of the prior, where there is one that can be drawn. */
static jn_status prior_probes(const jn_model *m, double *base, double *u)
{
    for (size_t j = 0; j < m->dim; j++) {
        for (size_t i = 0; i < PROBES / 2; i++) {
            const double p = spread(i, j);
            base[j * PROBES + i] = jn_model_prior_base(m, j) == JN_BASE_NORMAL
                                       ? gsl_cdf_ugaussian_Pinv(p)
                                       : p;
        }
    }
    const jn_status st = m->density->prior_map(m->self, PROBES / 2, PROBES, base, u);
    jn_target_to_u(m, PROBES / 2, PROBES, u, u);
    return st;
}

/* Probes from `first` on, along the axes of the highest mode's Gaussian, far out. The next one. */
static size_t axis_probes(const jn_mode *mode, size_t first, double *u)
{
    static const double far[] = { 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 25.0, 31.0, 38.0, 47.0, 60.0 };
    enum { FAR = sizeof far / sizeof *far };
    const size_t d = mode->dim;
    for (size_t k = 0; k < 2 * FAR * d && first < PROBES - 256; k++, first++) {
        const size_t axis = k % d;
        const double t = (k / d % 2 == 0 ? 1.0 : -1.0) * far[k / (2 * d)];
        for (size_t j = 0; j < d; j++) {
            u[j * PROBES + first] = mode->u[j] + t * mode->chol_cov[j * d + axis];
        }
    }
    return first;
}

/* Probes from `first` on: normal about the highest mode, several times as wide. */
static void near_probes(const jn_mode *mode, size_t first, double *u)
{
    const size_t d = mode->dim;
    for (size_t i = first; i < PROBES; i++) {
        for (size_t j = 0; j < d; j++) {
            double sum = mode->u[j];
            for (size_t k = 0; k <= j; k++) {
                sum += reach[i % 3] * mode->chol_cov[j * d + k] *
                       gsl_cdf_ugaussian_Pinv(spread(i, k));
            }
            u[j * PROBES + i] = sum;
        }
    }
}

/* How far a probe lies above what the known modes explain; -inf for one that leads nowhere. */
static double excess(const jn_modes *found, const double *u, double value)
{
    double explained = -INFINITY;
    for (size_t k = 0; k < found->n; k++) {
        const jn_mode *mode = &found->mode[k];
        explained = fmax(explained, mode->log_joint - 0.5 * distance(mode, u, PROBES));
    }
    return isfinite(value) && value > explained + 2.0 ? value - explained : -INFINITY;
}

/* The unused probe to start from: by turns the one with the largest excess and the highest one.
 * PROBES: none. */
static size_t next_probe(const hunt *h, const double *u, const double *value, int turn)
{
    size_t best = PROBES;
    double top = -INFINITY;
    for (size_t i = 0; i < PROBES; i++) {
        const double over = excess(&h->found, u + i, value[i]);
        const double rank = over == -INFINITY ? over : turn % 2 == 0 ? over : value[i];
        if (rank > top) {
            top = rank;
            best = i;
        }
    }
    return best;
}

static jn_status probe(hunt *h)
{
    const jn_model *m = h->s.m;
    const size_t d = m->dim;
    double *u = jn_alloc_doubles((2 * d + 2) * PROBES);
    if (u == NULL) {
        return JN_ERR_NOMEM;
    }
    double *value = u + d * PROBES, *scratch = value + PROBES;
    jn_status st = JN_OK;
    size_t from_prior = 0;
    if (m->density->prior_map != NULL && prior_probes(m, scratch, u) == JN_OK) {
        from_prior = PROBES / 2;
    }
    near_probes(&h->found.mode[0], axis_probes(&h->found.mode[0], from_prior, u), u);
    for (size_t i = 0; i < PROBES; i++) {
        value[i] = NAN; /* what fails leads nowhere */
    }
    (void)!jn_target_log_joint(m, h->s.row, PROBES, PROBES, u, scratch, value);
    for (int fruitless = 0, turn = 0; st == JN_OK && fruitless < FRUITLESS; turn++) {
        bool fresh;
        const size_t i = next_probe(h, u, value, turn);
        if (i == PROBES) {
            break;
        }
        value[i] = NAN;
        for (size_t j = 0; j < d; j++) {
            h->peak.u[j] = u[j * PROBES + i];
        }
        st = climb(h, &fresh);
        fruitless = fresh ? 0 : fruitless + 1;
    }
    free(u);
    return st;
}

/* Highest first; equal ones in order of finding. */
static void sort(jn_modes *modes)
{
    for (size_t i = 1; i < modes->n; i++) {
        const jn_mode mode = modes->mode[i];
        size_t at = i;
        for (; at > 0 && modes->mode[at - 1].log_joint < mode.log_joint; at--) {
            modes->mode[at] = modes->mode[at - 1];
        }
        modes->mode[at] = mode;
    }
}

static jn_status find(hunt *h)
{
    const bool alone = h->s.m->density->log_concave;
    jn_status st = JN_OK;
    for (size_t k = 0; st == JN_OK && k < (alone ? 1 : STARTS); k++) {
        bool fresh;
        if (jn_search_start(&h->s, k, h->peak.u) == JN_OK) {
            st = climb(h, &fresh);
        }
    }
    sort(&h->found);
    if (st == JN_OK && !alone && h->found.n > 0) {
        st = probe(h);
        sort(&h->found);
    }
    return st;
}

jn_status jn_target_modes(const jn_model *m, size_t row, jn_modes *out, jn_error *err)
{
    if (m->density == NULL || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no continuous latent, so no mode to expand about",
                            m->type->name);
    }
    hunt h = { .failure = JN_OK };
    jn_status st = jn_search_new(&h.s, m, row, JN_CLIMB_NODES);
    h.peak.u = jn_alloc_doubles(m->dim);
    h.found.mode = jn_alloc(m->density->log_concave ? 1 : MODES_MAX, sizeof *h.found.mode);
    st = h.peak.u == NULL || h.found.mode == NULL ? JN_ERR_NOMEM : st;
    st = st == JN_OK ? find(&h) : st;
    free(h.s.memory);
    free(h.peak.u);
    if (st == JN_ERR_NOMEM) {
        (void)jn_error_set(err, st, "no memory for modes in %zu dimensions", m->dim);
    } else if (h.found.n == 0) {
        st = h.failure < 0 ? h.failure : JN_ERR_VALUE;
        (void)jn_error_set(err, st,
                           "observation %zu: log p(x, z) has no strict maximum that a Gaussian "
                           "fits (%s)",
                           row,
                           h.failure < 0 ? jn_status_text(h.failure)
                                         : "a flat direction, a kink, or it grows without end");
    }
    if (st < 0) {
        jn_modes_free(&h.found);
        return st;
    }
    *out = h.found;
    return JN_OK;
}

void jn_modes_free(jn_modes *modes)
{
    for (size_t i = 0; i < modes->n; i++) {
        jn_mode_free(&modes->mode[i]);
    }
    free(modes->mode);
    *modes = (jn_modes){ 0 };
}
