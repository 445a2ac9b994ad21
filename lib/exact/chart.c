#include "exact/chart.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "kernel/kernels.h"

enum { LOOKS = 16 };

/* Where the axes are looked at: plain, and stretched. sinh 85 = 4e36. */
static const double looks[LOOKS] = { 1.5, 3.0, 4.5, 5.5, 6.5, 7.25, 8.0, 8.75,
                                     9.5, 11., 13., 16., 22., 30.,  42., 60. };
static const double far_looks[LOOKS] = { 1.5, 2.5, 3.5, 4.5, 5.5, 7.0, 9.0, 12.,
                                         15., 19., 24., 30., 38., 48., 62., 85. };

/* What of the joint belongs to the chart's mode: its Gaussian's weight among those of all modes. */
static double log_share(const jn_chart *f, const double *u, size_t i)
{
    const size_t d = f->dim;
    double own = 0.0, top = -INFINITY, sum = 0.0, each[64];
    for (size_t k = 0; k < f->modes->n; k++) {
        const jn_mode *mode = &f->modes->mode[k];
        double square = 0.0;
        for (size_t a = 0; a < d; a++) {
            const double da = u[a * JN_CHART_BLOCK + i] - mode->u[a];
            for (size_t b = 0; b < d; b++) {
                square += da * mode->precision[a * d + b] *
                          (u[b * JN_CHART_BLOCK + i] - mode->u[b]);
            }
        }
        each[k] = mode->log_joint - 0.5 * square;
        top = fmax(top, each[k]);
        own = k == f->which ? each[k] : own;
    }
    for (size_t k = 0; k < f->modes->n; k++) {
        sum += exp(each[k] - top);
    }
    return own - top - log(sum);
}

/* log |dt/ds| of the stretched axes, added; s becomes t in place. */
static void stretch(const jn_chart *f, size_t n, double *t, double *log_jacobian)
{
    for (size_t a = 0; a < f->dim; a++) {
        for (size_t i = 0; f->stretched[a] && i < n; i++) {
            const double s = t[a * JN_CHART_BLOCK + i];
            log_jacobian[i] += fabs(s) + log1p(exp(-2.0 * fabs(s))) - M_LN2;
            t[a * JN_CHART_BLOCK + i] = sinh(s);
        }
    }
}

jn_status jn_chart_log(const jn_chart *f, size_t n, const double *s, double *scratch, double *out)
{
    const size_t d = f->dim, ld = JN_CHART_BLOCK;
    const jn_mode *mode = &f->modes->mode[f->which];
    double *u = scratch, *log_jacobian = u + d * ld, *more = log_jacobian + ld;
    for (size_t a = 0; a < d; a++) {
        memcpy(u + a * ld, s + a * ld, n * sizeof *u);
    }
    for (size_t i = 0; i < n; i++) {
        log_jacobian[i] = 0.5 * mode->log_det_cov;
    }
    stretch(f, n, u, log_jacobian);
    jn_kernels_get()->affine(d, mode->u, mode->chol_cov, n, ld, u, u);
    const jn_status st = jn_target_log_joint(f->m, f->row, n, ld, u, more, out);
    if (st != JN_OK) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] += log_jacobian[i] + (f->shared ? log_share(f, u, i) : 0.0);
    }
    return JN_OK;
}

/* --- the box --------------------------------------------------------------------------------- */

typedef struct profile {
    double value[2][JN_CHART_DIM][LOOKS]; /* downwards and upwards */
} profile;

static jn_status look(jn_chart *f, double *block, profile *p)
{
    const size_t n = 2 * LOOKS * f->dim;
    double *s = block, *out = s + f->dim * JN_CHART_BLOCK, *scratch = out + JN_CHART_BLOCK;
    memset(s, 0, f->dim * JN_CHART_BLOCK * sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const size_t a = i / (2 * LOOKS), k = i % LOOKS;
        const double far = f->stretched[a] ? far_looks[k] : looks[k];
        s[a * JN_CHART_BLOCK + i] = i / LOOKS % 2 == 0 ? -far : far;
    }
    const jn_status st = jn_chart_log(f, n, s, scratch, out);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        p->value[i / LOOKS % 2][i / (2 * LOOKS)][i % LOOKS] = out[i];
        f->top = fmax(f->top, out[i]);
    }
    f->n_eval += n;
    return st;
}

/* Where a side of an axis has died out for good; *open: it has not. */
static double end_of(const jn_chart *f, const double *at, const double *value, bool *open)
{
    const double floor = f->top - f->depth;
    size_t k = LOOKS;
    while (k > 0 && value[k - 1] < floor) {
        k--;
    }
    *open = k == LOOKS;
    if (*open) {
        return at[LOOKS - 1];
    }
    const double near = k == 0 ? 0.0 : at[k - 1], above = k == 0 ? f->top : value[k - 1];
    const double part = value[k] > -INFINITY ? (above - floor) / (above - value[k]) : 1.0;
    return near + (at[k] - near) * fmin(1.0, part + 0.15);
}

/* Does it fall from the last look but one to the last more slowly than a power of the distance? */
static bool falls_slowly(const double *value, double power)
{
    const double last = value[LOOKS - 1], before = value[LOOKS - 2];
    return last > -INFINITY && last - before > -power * log(looks[LOOKS - 1] / looks[LOOKS - 2]);
}

/* A tail that no integrable density has is a shoulder, low but wide: it may hold what a floor under
 * densities does not show. */
static void judge_tails(jn_chart *f, const profile *p)
{
    const double d = (double)f->dim;
    for (size_t a = 0; a < f->dim; a++) {
        for (size_t side = 0; side < 2; side++) {
            f->shoulder = f->shoulder || falls_slowly(p->value[side][a], d);
            f->heavy = f->heavy || falls_slowly(p->value[side][a], d + 1.0);
        }
    }
}

/* By how much a place on an axis stands for more than itself: there is room beside a shoulder. */
static void add_room(const jn_chart *f, profile *p)
{
    for (size_t a = 0; a < f->dim; a++) {
        for (size_t k = 0; k < LOOKS; k++) {
            const double room = (double)(f->dim - 1) * fmax(0.0, far_looks[k] - M_LN2);
            p->value[0][a][k] += room;
            p->value[1][a][k] += room;
        }
    }
}

static bool set_ends(jn_chart *f, const profile *p, bool open[JN_CHART_DIM])
{
    bool any = false;
    for (size_t a = 0; a < f->dim; a++) {
        const double *at = f->stretched[a] ? far_looks : looks;
        bool below, above;
        f->lo[a] = -end_of(f, at, p->value[0][a], &below);
        f->hi[a] = end_of(f, at, p->value[1][a], &above);
        open[a] = below || above || f->shoulder;
        any = any || (open[a] && !f->stretched[a]);
    }
    return any;
}

/* Nodes of a needle far from 0 are rounded, and so is what a density makes of them: by eps |u|, in
 * its widths. */
static double place_rounding(const jn_mode *mode)
{
    double sum = 0.0;
    for (size_t a = 0; a < mode->dim; a++) {
        sum += fabs(mode->u[a]) * sqrt(mode->precision[a * mode->dim + a]);
    }
    return 8.9e-16 * sum;
}

jn_status jn_chart_make(const jn_model *m, size_t row, const jn_modes *modes, size_t which,
                        bool shared, double tolerance, jn_chart *out)
{
    /* what is left out weighs a hundredth of the tolerance, or rounding */
    *out = (jn_chart){ .m = m,
                       .row = row,
                       .dim = m->dim,
                       .modes = modes,
                       .which = which,
                       .shared = shared && modes->n > 1,
                       .depth = fmin(11.0 - log(tolerance), 42.0),
                       .top = modes->mode[which].log_joint + 0.5 * modes->mode[which].log_det_cov,
                       .rounding = place_rounding(&modes->mode[which]) };
    double *block = jn_alloc_doubles((m->dim + 1) * JN_CHART_BLOCK + JN_CHART_SCRATCH(m->dim));
    profile p;
    bool open[JN_CHART_DIM];
    jn_status st = block == NULL ? JN_ERR_NOMEM : look(out, block, &p);
    if (st == JN_OK) {
        judge_tails(out, &p);
    }
    if (st == JN_OK && set_ends(out, &p, open)) {
        for (size_t a = 0; a < m->dim; a++) {
            out->stretched[a] = open[a];
        }
        st = look(out, block, &p);
        if (out->shoulder) {
            add_room(out, &p);
        }
        (void)set_ends(out, &p, open);
    }
    free(block);
    return st;
}

void jn_chart_cover(jn_chart *f)
{
    const size_t d = f->dim;
    const jn_mode *here = &f->modes->mode[f->which];
    const double reach = sqrt(2.0 * f->depth);
    for (size_t k = 0; k < f->modes->n; k++) {
        const jn_mode *mode = &f->modes->mode[k];
        double centre[JN_CHART_DIM], column[JN_CHART_DIM], half[JN_CHART_DIM] = { 0 };
        for (size_t a = 0; a < d; a++) {
            centre[a] = mode->u[a] - here->u[a];
        }
        jn_lower_solve(d, here->chol_cov, centre);
        for (size_t b = 0; b < d; b++) {
            for (size_t a = 0; a < d; a++) {
                column[a] = mode->chol_cov[a * d + b];
            }
            jn_lower_solve(d, here->chol_cov, column);
            for (size_t a = 0; a < d; a++) {
                half[a] += column[a] * column[a];
            }
        }
        for (size_t a = 0; a < d; a++) {
            const double lo = centre[a] - reach * sqrt(half[a]);
            const double hi = centre[a] + reach * sqrt(half[a]);
            f->lo[a] = fmin(f->lo[a], f->stretched[a] ? asinh(lo) : lo);
            f->hi[a] = fmax(f->hi[a], f->stretched[a] ? asinh(hi) : hi);
        }
    }
}

jn_axis_of jn_chart_axis(const jn_chart *f)
{
    const jn_mode *mode = &f->modes->mode[f->which];
    return (jn_axis_of){ .centre = mode->u[0],
                         .scale = mode->chol_cov[0],
                         .stretched = f->stretched[0] };
}
