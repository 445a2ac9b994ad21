#include "source/frame.h"

#include <math.h>
#include <string.h>

#include "base/dense.h"
#include "jensen/target.h"

enum { MAX = JN_FRAME_MAX };

/* Cq seen from the posterior: Lp^-1 Lq, row-major in out. */
static void whiten(size_t d, const double *lp, const double *lq, double *out)
{
    for (size_t c = 0; c < d; c++) {
        double column[MAX];
        for (size_t r = 0; r < d; r++) {
            column[r] = lq[r * d + c];
        }
        jn_lower_solve(d, lp, column);
        for (size_t r = 0; r < d; r++) {
            out[r * d + c] = column[r];
        }
    }
}

static void multiply(size_t d, const double *a, const double *b, bool transpose_b, double *out)
{
    for (size_t r = 0; r < d; r++) {
        for (size_t c = 0; c < d; c++) {
            double sum = 0.0;
            for (size_t k = 0; k < d; k++) {
                sum += a[r * d + k] * (transpose_b ? b[c * d + k] : b[k * d + c]);
            }
            out[r * d + c] = sum;
        }
    }
}

/* Posterior N(mode, lp lp'), q about N(mean, lq lq'). */
static bool diagonalise(jn_frame *f, const double *lp, const double *mean, const double *lq)
{
    const size_t d = f->dim;
    double a[MAX * MAX] = { 0 }, aat[MAX * MAX], values[MAX], vectors[MAX * MAX], shift[MAX];
    whiten(d, lp, lq, a);
    multiply(d, a, a, true, aat);
    if (!jn_symmetric_eigen(d, aat, values, vectors)) {
        return false;
    }
    multiply(d, lp, vectors, false, f->b_matrix);
    for (size_t j = 0; j < d; j++) {
        shift[j] = mean[j] - f->origin[j];
    }
    jn_lower_solve(d, lp, shift);
    for (size_t j = 0; j < d; j++) {
        double sum = 0.0;
        for (size_t k = 0; k < d; k++) {
            sum += vectors[k * d + j] * shift[k];
        }
        f->q_centre[j] = sum;
        f->q_width[j] = sqrt(fmax(values[j], 1e-24));
    }
    f->log_det = jn_lower_log_det(d, lp);
    return true;
}

jn_status jn_frame_make(const jn_proposal *q, size_t row, jn_frame *out, jn_error *err)
{
    const jn_model *m = q->model;
    const size_t d = m->dim;
    if (d > MAX || jn_model_states(m) > 0) {
        return jn_error_set(err, JN_REFUSED,
                            "quadrature covers 1 to %d continuous latent coordinates; this model "
                            "has %zu%s: use --rule mc",
                            MAX, d, jn_model_states(m) > 0 ? " (discrete)" : "");
    }
    jn_frame f = { .dim = d };
    double mean[MAX], lq[MAX * MAX];
    const bool have_q = q->ops->location != NULL &&
                        q->ops->location(q->self, row, mean, lq) == JN_OK;
    jn_mode mode;
    memset(&mode, 0, sizeof mode);
    const jn_status st = jn_target_mode(m, row, &mode, err);
    if (st == JN_ERR_NOMEM || (st < 0 && !have_q)) {
        jn_mode_free(&mode);
        return st == JN_ERR_NOMEM
                   ? st
                   : jn_error_set(err, JN_REFUSED,
                                  "observation %zu: no mode to put nodes about, and proposal %s "
                                  "gives none: use --rule mc",
                                  row, q->type->name);
    }
    const double *lp = st >= 0 ? mode.chol_cov : lq;
    memcpy(f.origin, st >= 0 ? mode.u : mean, d * sizeof(double));
    const bool good = have_q ? diagonalise(&f, lp, mean, lq) : diagonalise(&f, lp, f.origin, lp);
    jn_mode_free(&mode);
    if (!good) {
        return jn_error_set(err, JN_REFUSED,
                            "observation %zu: the covariances of q and of the posterior have no "
                            "common frame (nearly singular): use --rule mc",
                            row);
    }
    *out = f;
    return JN_OK;
}

void jn_frame_apply(const jn_frame *f, size_t n, size_t ld, double *t)
{
    const size_t d = f->dim;
    for (size_t i = 0; i < n; i++) {
        double in[MAX];
        for (size_t k = 0; k < d; k++) {
            in[k] = t[k * ld + i];
        }
        for (size_t r = 0; r < d; r++) {
            double sum = f->origin[r];
            for (size_t k = 0; k < d; k++) {
                sum += f->b_matrix[r * d + k] * in[k];
            }
            t[r * ld + i] = sum;
        }
    }
}
