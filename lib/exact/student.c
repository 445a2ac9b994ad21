#include "exact/student.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "base/dense.h"
#include "exact/chart.h"
#include "jensen/logspace.h"
#include "jensen/sobol.h"
#include "kernel/kernels.h"

/* A chart of a mode tells how slowly the joint dies out along its axes. */
static jn_status look_at_tails(jn_student *q)
{
    static const double tolerance = 1e-9;
    jn_status st = JN_OK;
    for (size_t k = 0; st == JN_OK && q->m->dim <= JN_CHART_DIM && k < q->modes.n; k++) {
        jn_chart f;
        st = jn_chart_make(q->m, q->row, &q->modes, k, false, tolerance, &f);
        q->outweighed = q->outweighed || (st == JN_OK && f.heavy);
    }
    return st;
}

jn_status jn_student_new(const jn_model *m, size_t row, jn_student *out, jn_error *err)
{
    if (m->density == NULL || jn_model_states(m) > 0 || m->dim > JN_STUDENT_DIM) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s with %zu latent coordinates: importance sampling covers 1 to "
                            "%d continuous ones",
                            m->type->name, m->dim, JN_STUDENT_DIM);
    }
    jn_student q = { .m = m, .row = row };
    const jn_status st = jn_chart_modes(m, row, &q.modes, err);
    if (st < 0) {
        return st;
    }
    jn_lse all = JN_LSE_INIT;
    for (size_t k = 0; k < q.modes.n; k++) {
        q.log_weight[k] = q.modes.mode[k].log_joint + 0.5 * q.modes.mode[k].log_det_cov;
        jn_lse_add(&all, q.log_weight[k]);
    }
    for (size_t k = 0; k < q.modes.n; k++) { /* a hundredth each at least: a mode may be wider than
                                                its Gaussian */
        const double share = exp(q.log_weight[k] - jn_lse_log_sum(&all));
        q.log_weight[k] = log((share + 0.01) / (1.0 + 0.01 * (double)q.modes.n));
    }
    const jn_status looked = look_at_tails(&q);
    if (looked != JN_OK) {
        jn_modes_free(&q.modes);
        return looked;
    }
    *out = q;
    return JN_OK;
}

void jn_student_free(jn_student *q)
{
    jn_modes_free(&q->modes);
}

/* log of the mixture at point i of u. */
static double log_density(const jn_student *q, const double *u, size_t i)
{
    const size_t d = q->m->dim;
    const double dim = (double)d;
    double step[JN_STUDENT_DIM];
    jn_lse sum = JN_LSE_INIT;
    for (size_t k = 0; k < q->modes.n; k++) {
        const jn_mode *mode = &q->modes.mode[k];
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            step[j] = u[j * JN_STUDENT_BLOCK + i] - mode->u[j];
        }
        jn_lower_solve(d, mode->chol_cov, step);
        for (size_t j = 0; j < d; j++) {
            square += step[j] * step[j];
        }
        /* Gamma(1 + d/2) / (2 pi)^(d/2) |L|^-1 (1 + square/2)^-(1 + d/2) */
        jn_lse_add(&sum, q->log_weight[k] + lgamma(1.0 + 0.5 * dim) - 0.5 * dim * JN_LOG_2PI -
                             0.5 * mode->log_det_cov - (1.0 + 0.5 * dim) * log1p(0.5 * square));
    }
    return jn_lse_log_sum(&sum);
}

jn_status jn_student_weights_at(const jn_student *q, size_t n, const double *u, double *scratch,
                                double *out)
{
    const jn_status st = jn_target_log_joint(q->m, q->row, n, JN_STUDENT_BLOCK, u, scratch, out);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        out[i] -= log_density(q, u, i);
    }
    return st;
}

static size_t pick(const jn_student *q, double p)
{
    size_t k = 0;
    for (double sum = exp(q->log_weight[0]); k + 1 < q->modes.n && p > sum;) {
        sum += exp(q->log_weight[++k]);
    }
    return k;
}

/* Normals over the root of a mean of two squares, from d + 2 uniforms: the last but one tells the
 * length, the last one the mode. */
static void place(const jn_student *q, size_t n, const double *radius, const double *which,
                  double *u)
{
    const size_t d = q->m->dim, ld = JN_STUDENT_BLOCK;
    double e[JN_STUDENT_DIM];
    for (size_t i = 0; i < n; i++) {
        const jn_mode *mode = &q->modes.mode[pick(q, which[i])];
        const double length = 1.0 / sqrt(-log(radius[i])); /* chi2_2 / 2 = -log p */
        for (size_t j = 0; j < d; j++) {
            e[j] = u[j * ld + i] * length;
        }
        for (size_t j = 0; j < d; j++) {
            double sum = mode->u[j];
            for (size_t k = 0; k <= j; k++) {
                sum += mode->chol_cov[j * d + k] * e[k];
            }
            u[j * ld + i] = sum;
        }
    }
}

jn_status jn_student_weights(const jn_student *q, const jn_stream *s, uint64_t first, size_t n,
                             double *scratch, double *out)
{
    const size_t d = q->m->dim, ld = JN_STUDENT_BLOCK;
    double *u = scratch, *radius = u + d * ld, *which = radius + ld, *more = which + ld;
    jn_status st = JN_OK;
    for (size_t j = 0; st == JN_OK && j < d; j++) {
        st = jn_sobol_fill(s, first, n, (uint32_t)(j + 1), u + j * ld);
        jn_kernels_get()->quantile(n, u + j * ld, u + j * ld);
    }
    st = st == JN_OK ? jn_sobol_fill(s, first, n, 0, radius) : st;
    st = st == JN_OK ? jn_sobol_fill(s, first, n, (uint32_t)(d + 1), which) : st;
    if (st != JN_OK) {
        return st;
    }
    place(q, n, radius, which, u);
    return jn_student_weights_at(q, n, u, more, out);
}

/* A weight's share of the sum: more like it may be missing, or the sum means nothing. */
static const double SUSPECT = 1e-3, USELESS = 0.05, MISSING = 20.0;
static const double UNKNOWN = 0.2; /* relative standard error */

double jn_student_doubt(const jn_student *q, double error, const jn_lse *weights)
{
    const double largest = weights->scaled > 0.0 ? 1.0 / weights->scaled : 1.0;
    if (largest > USELESS || q->outweighed) {
        return INFINITY;
    }
    const double doubted = largest > SUSPECT ? fmax(error, MISSING * largest) : error;
    return doubted < UNKNOWN ? doubted : INFINITY;
}
