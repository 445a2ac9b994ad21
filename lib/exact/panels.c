#include "exact/panels.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/chart.h"
#include "exact/local.h"
#include "exact/methods.h"
#include "exact/refinement.h"

enum { SMOOTH_DEPTH = 4 };

/* Where so many levels are needed there are kinks, and a kink that cuts off less of a panel's
 * corner than its outermost nodes see adds what no difference shows: this many times the rest. */
static const double UNSEEN = 20.0;

static const double BOX_SDS = 10.0; /* half-width of the first box in prior sds */
static const double GROW = 1.5;     /* and what it is multiplied by where it was too narrow */

static jn_status prior_box(const jn_model *m, double sds, jn_box *box)
{
    double mean[JN_PANEL_DIM], cov[JN_PANEL_DIM * JN_PANEL_DIM];
    const jn_status st = m->density->prior_gaussian == NULL
                             ? JN_ERR_UNSUPPORTED
                             : m->density->prior_gaussian(m->self, mean, cov);
    for (size_t j = 0; st == JN_OK && j < m->dim; j++) {
        const double half = sds * sqrt(cov[j * m->dim + j]);
        box->lo[j] = mean[j] - half;
        box->hi[j] = mean[j] + half;
    }
    return st;
}

/* Rows whose error exceeds the tolerance, packed to the front of `rows`. */
static size_t unfinished(const jn_estimate *out, double tolerance, size_t n, size_t *rows)
{
    size_t kept = 0;
    for (size_t k = 0; k < n; k++) {
        if (!(out[rows[k]].error <= tolerance)) {
            rows[kept++] = rows[k];
        }
    }
    return kept;
}

jn_status jn_exact_panels(const jn_model *m, const jn_exact_options *options, jn_estimate *out,
                          jn_error *err)
{
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    const uint64_t most = options->max_nodes == 0 ? (uint64_t)1 << 24 : options->max_nodes;
    if (m->dim > JN_PANEL_DIM || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s: panels cover 1 to %d continuous "
                            "latent coordinates, not %zu",
                            m->type->name, JN_PANEL_DIM, m->dim);
    }
    size_t *rows = jn_alloc(m->n_obs, sizeof *rows), n = m->n_obs;
    jn_status st = rows == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        rows[i] = i;
    }
    double sds = BOX_SDS;
    for (int attempt = 0; attempt < 3 && n > 0 && st == JN_OK; attempt++, sds *= GROW) {
        jn_refinement r = { .m = m,
                            .n_slots = m->n_obs,
                            .tolerance = tolerance,
                            .threads = options->threads,
                            .out = out };
        jn_panel_rule_make(m->dim, &r.rule);
        jn_panel_lobatto_make(m->dim, &r.check);
        st = prior_box(m, sds, &r.domain);
        st = st == JN_OK ? jn_refinement_run(&r, n, rows, most, err) : st;
        jn_refinement_free(&r);
        n = st == JN_OK ? unfinished(out, tolerance, n, rows) : n;
    }
    for (size_t i = 0; st == JN_OK && i < m->n_obs; i++) {
        out[i].error = jn_local_log_error(out[i].error);
    }
    if (st == JN_ERR_NOMEM) {
        (void)jn_error_set(err, st, "out of memory for panels of %zu observations", m->n_obs);
    } else if (st == JN_OK && n > 0) {
        st = jn_error_set(err, JN_NOT_CONVERGED,
                          "observation %zu: log p(x) on panels has an error of %.2g, above the "
                          "tolerance %.2g",
                          rows[0], out[rows[0]].error, tolerance);
    }
    free(rows);
    return st;
}

/* A box that never became wide enough: along a ridge that bends away from the axes panels on the
 * border hold little of what lies beyond. What the last widening brought tells more, and it takes
 * tens of them where every one brings about as much. */
static const double STILL_TO_COME = 20.0;
static const double BORDER_MOST = 1e-4; /* ten times what stands on it, whatever the tolerance */

/* --- one observation, any prior -------------------------------------------------------------- */

static double rounding_at_mode(const jn_chart *f)
{
    double z[JN_PANEL_DIM], log_jacobian;
    if (f->m->density->rounding == NULL) {
        return 0.0;
    }
    jn_target_to_z(f->m, 1, 1, f->modes->mode[f->which].u, z, &log_jacobian);
    return f->m->density->rounding(f->m->self, f->row, z);
}

static jn_status run_chart(const jn_chart *f, const jn_exact_options *o, jn_estimate *out,
                           jn_error *err)
{
    const double tolerance = o->tolerance > 0.0 ? o->tolerance : 1e-9;
    const uint64_t most = o->max_nodes == 0 ? (uint64_t)1 << 24 : o->max_nodes;
    const size_t row = 0; /* the only slot */
    double grow = 1.0, before = NAN, gained = 0.0;
    bool narrow = false;
    jn_status st = JN_OK;
    for (int attempt = 0; attempt < 4 && st == JN_OK; attempt++, grow *= GROW) {
        jn_refinement r = { .m = f->m,
                            .chart = f,
                            .n_slots = 1,
                            .tolerance = tolerance,
                            .threads = o->threads,
                            .out = out };
        jn_panel_rule_make(f->dim, &r.rule);
        jn_panel_lobatto_make(f->dim, &r.check);
        for (size_t a = 0; a < f->dim; a++) {
            r.domain.lo[a] = f->lo[a] * grow;
            r.domain.hi[a] = f->hi[a] * grow;
        }
        st = jn_refinement_run(&r, 1, &row, most, err);
        out->error *= f->dim > 1 && r.depth > SMOOTH_DEPTH ? UNSEEN : 2.0;
        narrow = st == JN_OK &&
                 10.0 * exp(r.border[0] - out->value) > fmin(0.5 * tolerance, BORDER_MOST);
        gained = fabs(out->value - before);
        before = out->value;
        jn_refinement_free(&r);
        if (!narrow) {
            break;
        }
    }
    out->error += narrow ? STILL_TO_COME * gained : 0.0;
    out->error += rounding_at_mode(f);
    out->error += f->rounding + 4.4e-16 * fabs(f->modes->mode[0].log_joint);
    out->n_eval += f->n_eval;
    return st;
}

jn_status jn_exact_panels_of(const jn_model *m, size_t row, const jn_exact_options *options,
                             jn_estimate *out, jn_error *err)
{
    const double tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    jn_modes modes;
    jn_chart f;
    jn_estimate e = { .value = NAN };
    jn_status st = jn_chart_modes(m, row, &modes, err);
    if (st < 0) {
        return st;
    }
    st = jn_chart_make(m, row, &modes, 0, false, tolerance, &f);
    if (st == JN_OK) {
        jn_chart_cover(&f);
        st = run_chart(&f, options, &e, err);
    }
    jn_modes_free(&modes);
    if (st < 0) {
        return jn_error_set(err, st, "observation %zu: log p(x) on panels: %s", row,
                            jn_status_text(st));
    }
    e.value = isfinite(e.value) ? e.value : NAN; /* nothing but what no panel saw */
    e.error = isfinite(e.value) ? jn_local_log_error(e.error) : INFINITY;
    *out = e;
    if (isinf(e.error)) {
        return jn_error_set(
            err, JN_NOT_CONVERGED,
            "observation %zu: panels have not found their integrand after %llu "
            "nodes: what they saw bounds no error, and the tolerance %.2g is not met",
            row, (unsigned long long)e.n_eval, tolerance);
    }
    return e.error <= tolerance
               ? JN_OK
               : jn_error_set(err, JN_NOT_CONVERGED,
                              "observation %zu: log p(x) on panels has an error of %.2g, above the "
                              "tolerance %.2g",
                              row, e.error, tolerance);
}
