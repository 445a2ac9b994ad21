#include "source/axis.h"

#include <math.h>
#include <stdint.h>

#include "base/memory.h"

static const double GROWTH = 0.1; /* g: steps grow by a tenth of the distance from a bump */

jn_axis_map jn_axis_map_make(double b, double r)
{
    if (r > 0.7 && r < 1.4 && fabs(b) < 2.0) {
        return (jn_axis_map){ .n_bumps = 1, .centre = { 0.5 * b }, .width = { fmin(1.0, r) } };
    }
    return (jn_axis_map){ .n_bumps = 2, .centre = { 0.0, b }, .width = { 1.0, r } };
}

double jn_axis_t(const jn_axis_map *m, double x)
{
    double t = 0.0;
    for (size_t c = 0; c < m->n_bumps; c++) {
        t += asinh(GROWTH * (x - m->centre[c]) / m->width[c]) / GROWTH;
    }
    return t;
}

double jn_axis_dx(const jn_axis_map *m, double x)
{
    double density = 0.0;
    for (size_t c = 0; c < m->n_bumps; c++) {
        density += 1.0 / hypot(m->width[c], GROWTH * (x - m->centre[c]));
    }
    return 1.0 / density;
}

/* x for one bump alone: t is monotone in x and each term is too, so the answer for two bumps lies
 * between those where one of them takes all of t. */
static double single(const jn_axis_map *m, size_t c, double t)
{
    return m->centre[c] + m->width[c] / GROWTH * sinh(GROWTH * t);
}

double jn_axis_x(const jn_axis_map *m, double t)
{
    if (m->n_bumps == 1) {
        return single(m, 0, t);
    }
    double lo = fmin(m->centre[0], m->centre[1]), hi = fmax(m->centre[0], m->centre[1]);
    double span = fmax(hi - lo, fmax(m->width[0], m->width[1]));
    while (jn_axis_t(m, lo) > t) {
        lo -= span;
        span *= 2.0;
    }
    span = fmax(hi - lo, m->width[0]);
    while (jn_axis_t(m, hi) < t) {
        hi += span;
        span *= 2.0;
    }
    double x = 0.5 * (lo + hi);
    for (int i = 0; i < 200 && hi - lo > 0.0; i++) { /* Newton inside a bracket */
        const double f = jn_axis_t(m, x) - t;
        if (f > 0.0) {
            hi = x;
        } else {
            lo = x;
        }
        double next = x - f * jn_axis_dx(m, x);
        if (!(next > lo && next < hi)) {
            next = 0.5 * (lo + hi);
        }
        if (fabs(next - x) <= 1e-15 * (fabs(x) + m->width[0])) {
            return next;
        }
        x = next;
    }
    return x;
}

jn_status jn_axis_new(const jn_axis_map *m, double t_lo, double t_hi, double h, jn_axis *out)
{
    const double first = ceil(t_lo / h), last = floor(t_hi / h);
    if (!(last - first >= 1.0) || last - first > 1e7) {
        return JN_REFUSED;
    }
    const size_t n = (size_t)(last - first) + 1;
    double *data = jn_alloc_doubles(3 * n);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        data[2 * n + i] = (first + (double)i) * h;
        data[i] = jn_axis_x(m, data[2 * n + i]);
        data[n + i] = log(h * jn_axis_dx(m, data[i]));
    }
    *out = (jn_axis){ .n = n, .x = data, .log_step = data + n, .t = data + 2 * n };
    return JN_OK;
}

void jn_axis_free(jn_axis *a)
{
    free(a->x);
    *a = (jn_axis){ 0 };
}
