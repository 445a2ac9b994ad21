#include "target/panel.h"

#include <math.h>

/* Newton's method on the Legendre recurrence from Tricomi's starting points: good to rounding. */
static void gauss_legendre(size_t n, double *x, double *w)
{
    for (size_t i = 0; i < n; i++) {
        double z = -cos(M_PI * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1.0;
        for (int step = 0; step < 8; step++) {
            double p0 = 1.0, p1 = z;
            for (size_t k = 2; k <= n; k++) {
                const double p2 = ((double)(2 * k - 1) * z * p1 - (double)(k - 1) * p0) / (double)k;
                p0 = p1;
                p1 = p2;
            }
            slope = (double)n * (z * p1 - p0) / (z * z - 1.0);
            z -= p1 / slope;
        }
        x[i] = z;
        w[i] = 2.0 / ((1.0 - z * z) * slope * slope);
    }
}

/* Newton's method for the zeros of (1 - x^2) P'_{n-1}, from those of the Chebyshev polynomial. */
static void gauss_lobatto(size_t n, double *x, double *w)
{
    const double top = (double)(n - 1);
    for (size_t i = 0; i < n; i++) {
        double z = -cos(M_PI * (double)i / top), p0 = 1.0, p1 = z;
        for (int step = 0; step < 30; step++) {
            p0 = 1.0;
            p1 = z;
            for (size_t k = 2; k < n; k++) {
                const double p2 = ((double)(2 * k - 1) * z * p1 - (double)(k - 1) * p0) / (double)k;
                p0 = p1;
                p1 = p2;
            }
            z -= (z * p1 - p0) / ((double)n * p1);
        }
        x[i] = z;
        w[i] = 2.0 / (top * (double)n * p1 * p1);
    }
}

static void tensor(size_t dim, void (*on_axis)(size_t n, double *x, double *w), jn_panel_rule *out)
{
    static const size_t per_axis[JN_PANEL_DIM] = { 16, 8, 6 };
    double w[16];
    *out = (jn_panel_rule){ .dim = dim, .per_axis = per_axis[dim - 1], .n = 1 };
    on_axis(out->per_axis, out->x, w);
    for (size_t i = 0; i < out->per_axis; i++) {
        out->log_w[i] = log(w[i]);
    }
    for (size_t j = 0; j < dim; j++) {
        out->n *= out->per_axis;
    }
}

void jn_panel_rule_make(size_t dim, jn_panel_rule *out)
{
    tensor(dim, gauss_legendre, out);
}

void jn_panel_lobatto_make(size_t dim, jn_panel_rule *out)
{
    tensor(dim, gauss_lobatto, out);
}

void jn_panel_nodes(const jn_panel_rule *r, const jn_box *box, size_t ld, double *u, double *log_w)
{
    double log_volume = 0.0;
    for (size_t j = 0; j < r->dim; j++) {
        log_volume += log(0.5 * (box->hi[j] - box->lo[j]));
    }
    for (size_t i = 0; i < r->n; i++) {
        size_t rest = i;
        log_w[i] = log_volume;
        for (size_t j = 0; j < r->dim; j++) {
            const size_t k = rest % r->per_axis;
            const double middle = 0.5 * (box->lo[j] + box->hi[j]);
            rest /= r->per_axis;
            u[j * ld + i] = middle + 0.5 * (box->hi[j] - box->lo[j]) * r->x[k];
            log_w[i] += r->log_w[k];
        }
    }
}

unsigned jn_box_all(size_t dim)
{
    return (1u << dim) - 1u;
}

size_t jn_box_children(unsigned axes)
{
    size_t n = 1;
    for (; axes != 0; axes >>= 1) {
        n <<= axes & 1u;
    }
    return n;
}

jn_box jn_box_child(const jn_box *box, size_t dim, unsigned axes, size_t index)
{
    jn_box child = *box;
    for (size_t j = 0; j < dim; j++) {
        if ((axes >> j & 1u) == 0) {
            continue;
        }
        const double middle = 0.5 * (box->lo[j] + box->hi[j]);
        if (index % 2 == 0) {
            child.hi[j] = middle;
        } else {
            child.lo[j] = middle;
        }
        index /= 2;
    }
    return child;
}

jn_box jn_box_cell(const jn_box *box, size_t dim, size_t cells, size_t index)
{
    jn_box cell = *box;
    for (size_t j = 0; j < dim; j++, index /= cells) {
        const double step = (box->hi[j] - box->lo[j]) / (double)cells;
        const size_t k = index % cells;
        cell.lo[j] = box->lo[j] + step * (double)k;
        cell.hi[j] = k + 1 == cells ? box->hi[j] : box->lo[j] + step * (double)(k + 1);
    }
    return cell;
}

bool jn_box_on_border(const jn_box *box, const jn_box *outer, size_t dim)
{
    for (size_t j = 0; j < dim; j++) {
        if (box->lo[j] <= outer->lo[j] || box->hi[j] >= outer->hi[j]) {
            return true;
        }
    }
    return false;
}
