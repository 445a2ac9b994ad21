/* The highest mode, from several starts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "target/climb.h"

enum { MAX_STARTS = 8 };

static void set_scale(const jn_search *s, jn_peak *p)
{
    for (size_t j = 0; j < s->d; j++) {
        p->scale[j] = sqrt(fmax(0.0, -s->hess[j * s->d + j]));
    }
}

/* Closer than a thousandth of a standard deviation in every coordinate: the same mode. */
static bool is_known(const jn_peak *found, size_t n, const jn_peak *p, size_t d)
{
    for (size_t i = 0; i < n; i++) {
        double distance = 0.0;
        for (size_t j = 0; j < d; j++) {
            distance = fmax(distance, fabs(found[i].u[j] - p->u[j]) * found[i].scale[j]);
        }
        if (distance < 1e-3) {
            return true;
        }
    }
    return false;
}

/* All starts; peaks[0 .. *n-1] are distinct modes in order of finding. *seen is the highest point
 * at which a search stopped short of a mode. */
static jn_status climb_all(jn_search *s, jn_peak *peaks, size_t *n, jn_peak *seen)
{
    const size_t starts = s->m->density->log_concave ? 1 : MAX_STARTS;
    jn_status failure = JN_OK;
    *n = 0;
    for (size_t k = 0; k < starts; k++) {
        jn_peak *p = peaks + *n;
        jn_status status = jn_search_start(s, k, p->u);
        if (status >= 0) {
            status = jn_search_climb(s, p);
        }
        if (status == JN_ERR_NOMEM) {
            return status;
        }
        failure = status < 0 ? status : failure;
        set_scale(s, p);
        if (status >= 0 && p->converged && !is_known(peaks, *n, p, s->d)) {
            ++*n;
        } else if (status >= 0 && !p->converged && p->value > seen->value) {
            const jn_peak spare = *seen;
            *seen = *p;
            *p = spare;
        }
    }
    return *n == 0 && seen->value == -INFINITY && failure < 0 ? failure : JN_OK;
}

static size_t highest(const jn_peak *peaks, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) { /* equal heights but for rounding: the first one found */
        best = peaks[i].value > peaks[best].value + 1e-10 * fmax(1.0, fabs(peaks[best].value))
                   ? i
                   : best;
    }
    return best;
}

static jn_status find(jn_search *s, double *points, jn_mode *out, jn_error *err)
{
    jn_peak peaks[MAX_STARTS + 1];
    size_t n;
    for (size_t i = 0; i <= MAX_STARTS; i++) {
        peaks[i] = (jn_peak){ .u = points + 2 * i * s->d, .scale = points + (2 * i + 1) * s->d };
    }
    jn_peak *seen = peaks + MAX_STARTS;
    seen->value = -INFINITY;
    jn_status status = climb_all(s, peaks, &n, seen);
    if (status < 0) {
        return jn_error_set(err, status, "observation %zu: no finite log-density at any start",
                            s->row);
    }
    status = jn_search_describe(s, n == 0 ? seen : peaks + highest(peaks, n), out, err);
    out->n_modes = n;
    return status;
}

jn_status jn_mode_alloc(size_t d, jn_mode *out)
{
    *out = (jn_mode){ .dim = d,
                      .u = jn_alloc_doubles(d),
                      .precision = jn_alloc_doubles(d * d),
                      .chol_cov = jn_alloc_doubles(d * d) };
    return out->u == NULL || out->precision == NULL || out->chol_cov == NULL ? JN_ERR_NOMEM : JN_OK;
}

jn_status jn_target_mode(const jn_model *m, size_t row, jn_mode *out, jn_error *err)
{
    if (m->density == NULL || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s has no continuous latent, so no mode to expand about",
                            m->type->name);
    }
    const size_t d = m->dim;
    jn_search s;
    jn_mode mode;
    double *points = jn_alloc_doubles(2 * (MAX_STARTS + 1) * d);
    const jn_status made = jn_mode_alloc(d, &mode);
    jn_status status = jn_search_new(&s, m, row, JN_CLIMB_EXACT);
    if (status < 0 || points == NULL || made < 0) {
        status = jn_error_set(err, JN_ERR_NOMEM, "no memory for a mode in %zu dimensions", d);
    } else {
        status = find(&s, points, &mode, err);
    }
    free(points);
    free(s.memory);
    if (status < 0) {
        jn_mode_free(&mode);
        return status;
    }
    *out = mode;
    return status;
}

void jn_mode_free(jn_mode *mode)
{
    free(mode->u);
    free(mode->precision);
    free(mode->chol_cov);
    *mode = (jn_mode){ 0 };
}
