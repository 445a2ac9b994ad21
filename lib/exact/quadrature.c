/* The trapezoid rule on a lattice in the coordinates of a chart.
 *
 * Steps are chosen, axis by axis, on a few lines beforehand: the difference between the lattice's
 * nodes on a line and those half a step beside them is the line's own error. */
#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "exact/lattice.h"
#include "exact/local.h"

enum { MAX_PASSES = 16, MAX_STEPS = 20 };

/* Steps that the budget has made wider than the lines ask for: differences do not bound what the
 * lattice does not see, and count this many times. */
static const double CUT_SHORT = 30.0;

/* What the last widening of a box brought that is never wide enough: tens of them would follow. */
static const double STILL_TO_COME = 20.0;

/* --- errors ---------------------------------------------------------------------------------- */

/* From the values of three steps. Where nothing else bears witness the last difference stands as it
 * is; else, where they close in fast, errors that square from step to step would leave
 * last^3 / before^2. Powers of the step (a kink) show in differences that are all near the
 * tolerance, or in ratios that are not small; the last one may then be small by chance. */
static double ladder_error(const jn_lattice_sums *s, bool alone, double tolerance)
{
    const double last = fabs(1.0 - s->twice), before = fabs(s->twice - s->four);
    const double ratio = before > 0.0 ? last / before : last > 0.0 ? 1.0 : 0.0;
    if (ratio > 0.03 || before < 1e3 * tolerance) {
        return fmax(3.0 * last, 0.9 * before);
    }
    return alone ? last : 10.0 * last * ratio * ratio;
}

/* In two dimensions nodes of one parity make a grid of step sqrt(2) h, between 2h and h: both for
 * errors that go like e^(-c/h) and for powers of h at most the square over the error at 2h is left.
 */
static double parity_error(const jn_lattice_sums *s, size_t dim)
{
    const double last = fabs(1.0 - s->twice);
    return dim == 2 && last > 0.0 ? s->parity * fmin(1.0, 10.0 * s->parity / last) : s->parity;
}

/* Line l of those on which steps are tried: through the centre, on both sides of it, and through
 * the other modes whose shares are taken off. */
static void line_place(const jn_chart *f, size_t l, double *out)
{
    static const double beside[] = { 0.0, 1.0, -1.0 };
    const size_t k = l < 3 ? 0 : l - 3 + (l - 3 >= f->which);
    for (size_t a = 0; a < f->dim; a++) {
        out[a] = l < 3 ? beside[l] : f->modes->mode[k].u[a] - f->modes->mode[f->which].u[a];
    }
    if (l >= 3) {
        jn_lower_solve(f->dim, f->modes->mode[f->which].chol_cov, out);
    }
    for (size_t a = 0; l >= 3 && a < f->dim; a++) {
        out[a] = f->stretched[a] ? asinh(out[a]) : out[a];
    }
}

/* The relative error of the step along an axis: against the sum half a step beside, and the sums of
 * another step, where a kink lies elsewhere between nodes. What stands at other modes counts
 * against the whole, not against the little that is left of them. */
static jn_status line_error(const jn_lattice *g, size_t axis, jn_lattice_block *b, double *out,
                            uint64_t *used)
{
    const size_t n_lines = 3 + (g->f->shared ? g->f->modes->n - 1 : 0);
    double whole = 0.0;
    jn_status st = JN_OK;
    *out = 0.0;
    for (size_t l = 0; l < n_lines && st == JN_OK; l++) {
        double at[2], other[2], through[JN_CHART_DIM];
        line_place(g->f, l, through);
        st = jn_lattice_line(g->f, axis, through, g->h[axis], b, at, used);
        st = st == JN_OK ? jn_lattice_line(g->f, axis, through, 0.77 * g->h[axis], b, other, used)
                         : st;
        const double off = fmax(fabs(at[0] - at[1]),
                                fmax(fabs(at[0] - other[0]), fabs(at[0] - other[1])));
        whole = l == 0 ? at[0] : whole;
        *out = at[0] > 0.0 ? fmax(*out, 2.0 * off / (l < 3 ? at[0] : whole)) : *out;
    }
    return st;
}

/* Steps small enough for every axis by itself; out: the sum of what is left. */
static jn_status choose_steps(jn_lattice *g, double tolerance, double *out, uint64_t *used)
{
    jn_lattice_block *b = jn_lattice_block_new();
    jn_status st = b == NULL ? JN_ERR_NOMEM : JN_OK;
    const double share = tolerance / (double)(4 * g->f->dim);
    *out = 0.0;
    for (size_t a = 0; a < g->f->dim && st == JN_OK; a++) {
        double error = INFINITY;
        for (int i = 0; i < MAX_STEPS && st == JN_OK; i++) {
            st = line_error(g, a, b, &error, used);
            if (error <= share) {
                break;
            }
            g->h[a] *= 0.8;
        }
        *out += error;
    }
    free(b);
    return st;
}

/* --- the rule -------------------------------------------------------------------------------- */

/* A step that serves a Gaussian: errors of a trapezoid rule with step h go like e^(-2 pi^2/h^2),
 * and ladder_error sees them with 4h and 2h. */
static double first_step(size_t dim, double tolerance)
{
    const double wanted = log(40.0 * (double)dim / fmin(tolerance, 0.1));
    return 0.93 * sqrt((dim == 1 ? 4.9 : 12.3) / fmax(wanted, 3.0));
}

static bool any_stretched(const jn_chart *f)
{
    bool any = false;
    for (size_t a = 0; a < f->dim; a++) {
        any = any || f->stretched[a];
    }
    return any;
}

/* All witnesses together. A mode's share of the joint has poles between the modes, and on stretched
 * axes a slanted ridge thins out far from the centre: both off the lines, and no extrapolation
 * foresees them. */
static double step_error(const jn_chart *f, const jn_lattice_sums *s, double lines,
                         double tolerance)
{
    if (f->dim == 1) {
        return ladder_error(s, true, tolerance);
    }
    double error = fmax(ladder_error(s, false, tolerance), lines);
    if (f->shared) {
        const double last = fabs(1.0 - s->twice), before = fabs(s->twice - s->four);
        error = fmax(error, before > 0.0 ? 10.0 * last * fmin(0.1, last / before) : last);
    }
    return fmax(error, f->shared || any_stretched(f) ? 4.0 * s->parity : parity_error(s, f->dim));
}

static void widen(jn_chart *f)
{
    for (size_t a = 0; a < f->dim; a++) {
        f->lo[a] *= 1.2;
        f->hi[a] *= 1.2;
    }
}

static void scale_steps(jn_lattice *g, double factor)
{
    for (size_t a = 0; a < g->f->dim; a++) {
        g->h[a] *= factor;
    }
}

static double log_volume(const jn_lattice *g)
{
    double sum = 0.0;
    for (size_t a = 0; a < g->f->dim; a++) {
        sum += log(g->h[a]);
    }
    return sum;
}

/* Steps too small for the budget: as small as it allows, and what the lines say of them. */
static jn_status coarsen(jn_lattice *g, uint64_t most, double *out, uint64_t *used)
{
    jn_lattice_block *b = jn_lattice_block_new();
    jn_status st = b == NULL ? JN_ERR_NOMEM : JN_OK;
    while (!jn_lattice_lay_out(g, most) && g->h[0] < 1e3) {
        scale_steps(g, 1.2);
    }
    *out = 0.0;
    for (size_t a = 0; a < g->f->dim && st == JN_OK; a++) {
        double error = NAN;
        st = line_error(g, a, b, &error, used);
        *out += error;
    }
    free(b);
    return st;
}

/* A box that is never wide enough, widened for the OFTEN-th time: a ridge leads out of it. It may
 * be thinner out there than the steps, which no extrapolation foresees: the last difference stands.
 * What the last widening brought says more of what is beyond than the box's outer shells do. */
enum { OFTEN = 3 };

typedef struct box_history {
    int widened; /* times */
    bool now;    /* the last thing that was done */
    double value;
} box_history;

static double inside_error(const jn_chart *f, const box_history *past, jn_lattice_sums *s,
                           double lines, double value, double tolerance)
{
    const double error = step_error(f, s, lines, tolerance);
    if (past->widened < OFTEN) {
        return error;
    }
    const double gained = past->now ? fabs(expm1(value - past->value)) : 0.0;
    s->beyond = fmax(s->beyond, STILL_TO_COME * gained);
    return fmax(error, 3.0 * fabs(1.0 - s->twice));
}

/* One pass; *wider: the box is what falls short, not the steps. */
static jn_status sum_once(const jn_lattice *g, const jn_exact_options *o, double tolerance,
                          double lines, box_history *past, bool *wider, jn_local *out)
{
    jn_lattice_sums s;
    const jn_status st = jn_lattice_sum(g, o->threads, &s, &out->n_eval);
    if (st == JN_OK) {
        out->value = s.log_total + log_volume(g);
        const double inside = inside_error(g->f, past, &s, lines, out->value, tolerance);
        out->error = inside + s.beyond;
        *wider = s.beyond > 0.5 * tolerance && s.beyond > inside;
        past->value = out->value;
        past->now = *wider;
        past->widened += *wider;
    }
    return st;
}

jn_status jn_trapezoid(jn_chart *f, const jn_exact_options *o, double tolerance, jn_local *out)
{
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 25 : o->max_nodes;
    const double aim = 0.5 * tolerance;
    static const double refinement[JN_CHART_DIM] = { 0.5, 0.6, 0.7, 0.75, 0.8, 0.8, 0.85, 0.85 };
    jn_lattice g = { .f = f };
    box_history past = { 0 };
    double lines = 0.0;
    bool wider = false;
    *out = (jn_local){ NAN, NAN, 0 };
    for (size_t a = 0; a < f->dim; a++) {
        g.h[a] = first_step(f->dim, aim);
    }
    jn_status st = f->dim == 1 ? JN_OK : choose_steps(&g, aim, &lines, &out->n_eval);
    const bool fits = jn_lattice_lay_out(&g, most);
    bool cut = !fits;
    st = fits || st != JN_OK ? st : coarsen(&g, most, &lines, &out->n_eval);
    for (int pass = 0; st == JN_OK && pass < MAX_PASSES; pass++) {
        st = sum_once(&g, o, tolerance, lines, &past, &wider, out);
        if (st != JN_OK || out->error <= tolerance || cut) {
            break;
        }
        if (wider) {
            widen(f);
        } else {
            scale_steps(&g, refinement[f->dim - 1]);
            st = f->dim == 1 ? st : choose_steps(&g, aim, &lines, &out->n_eval);
        }
        if (!jn_lattice_lay_out(&g, most)) {
            cut = true;
            break;
        }
    }
    if (st == JN_OK && cut) {
        out->error *= f->shoulder ? INFINITY : fits ? 1.0 : CUT_SHORT;
    }
    return st != JN_OK ? st : out->error <= tolerance ? JN_OK : JN_NOT_CONVERGED;
}

jn_status jn_exact_quadrature(const jn_model *m, size_t row, const jn_exact_options *options,
                              jn_estimate *out, jn_error *err)
{
    const jn_exact_options none = { 0 };
    if (m->density == NULL || m->dim > JN_CHART_DIM || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s with %zu latent coordinates has no exact log p(x) here: "
                            "quadrature covers 1 to %d continuous ones",
                            m->type->name, m->dim, JN_CHART_DIM);
    }
    return jn_local_sum(m, row, options == NULL ? &none : options, jn_trapezoid, false,
                        "quadrature about the mode", out, err);
}
