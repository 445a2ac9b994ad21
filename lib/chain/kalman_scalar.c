/* Kalman filter of one coordinate. Once the variance has reached the fixed point of its recursion,
 * which has a closed form, the gain is constant and the filter is m' = g m + k y: eight strands of
 * the series then run side by side, each warmed up on the steps before its own until what it did
 * not know of the past has shrunk below 2^-80. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "chain/recursions.h"
#include "chain/sum.h"

enum { STRANDS = 8, CHUNK = 512 };

typedef struct filter {
    const double *y;
    size_t n, t;           /* steps, steps done */
    double f, h, q, r;     /* transition, observation, variances */
    double m, P;           /* prediction of the state at step t */
    jn_sum log_F, quad;    /* sums of log F and of v^2 / F */
    double size, min_F, g; /* sum of |log F|; smallest F; last closed-loop factor */
} filter;

/* Fixed point of P -> f^2 P r / (h^2 P + r) + q, in the form that does not cancel. */
static double fixed_point(const filter *k)
{
    const double b = k->r * (k->f * k->f - 1.0) + k->h * k->h * k->q, h2 = k->h * k->h;
    const double root = sqrt(b * b + 4.0 * h2 * k->q * k->r);
    return b >= 0.0 ? (b + root) / (2.0 * h2) : 2.0 * k->q * k->r / (root - b);
}

static void one_step(filter *k)
{
    const double F = k->h * k->h * k->P + k->r, v = k->y[k->t] - k->h * k->m;
    const double gain = k->P * k->h / F, log_F = log(F);
    jn_sum_add(&k->log_F, log_F);
    jn_sum_add(&k->quad, v * v / F);
    k->size += fabs(log_F);
    k->min_F = fmin(k->min_F, F);
    k->g = k->f * (k->r / F); /* f (1 - gain h) */
    k->m = k->f * (k->m + gain * v);
    k->P = k->f * k->f * (k->P * (k->r / F)) + k->q;
    k->t++;
}

/* Steps from the fixed gain alone: returns the sum of v^2, moves *m. */
static double plain_steps(const double *y, size_t n, double g, double gain, double h, double *m)
{
    double sum = 0.0, at = *m;
    for (size_t i = 0; i < n; i++) {
        const double v = y[i] - h * at;
        sum += v * v;
        at = g * at + gain * y[i];
    }
    *m = at;
    return sum;
}

static void strands(const double *y, size_t stride, size_t n, double g, double gain, double h,
                    double m[STRANDS], double sum[STRANDS])
{
    double at[STRANDS], s[STRANDS] = { 0.0 };
    memcpy(at, m, sizeof at);
    for (size_t i = 0; i < n; i++) {
#pragma GCC unroll 8
        for (size_t k = 0; k < STRANDS; k++) {
            const double yk = y[k * stride + i], v = yk - h * at[k];
            s[k] += v * v;
            at[k] = g * at[k] + gain * yk;
        }
    }
    memcpy(m, at, sizeof at);
    memcpy(sum, s, sizeof s);
}

/* The rest of the series with a constant gain; the sum of v^2. */
static double steady(const filter *k, double g, double gain)
{
    const double *y = k->y + k->t;
    const size_t left = k->n - k->t, n = left / STRANDS;
    const double need = g == 0.0 ? 1.0 : ceil(-80.0 * M_LN2 / log(fabs(g)));
    jn_sum total = { 0.0, 0.0 };
    double m[STRANDS] = { k->m };
    size_t done = 0;
    if (need < (double)n / 2.0) {
        const size_t warm = (size_t)need;
        for (size_t s = 1; s < STRANDS; s++) {
            m[s] = k->m;
            (void)plain_steps(y + s * n - warm, warm, g, gain, k->h, m + s);
        }
        for (size_t i = 0; i < n; i += CHUNK) {
            double sum[STRANDS];
            strands(y + i, n, n - i < CHUNK ? n - i : CHUNK, g, gain, k->h, m, sum);
            for (size_t s = 0; s < STRANDS; s++) {
                jn_sum_add(&total, sum[s]);
            }
        }
        m[0] = m[STRANDS - 1];
        done = STRANDS * n;
    }
    for (; done < left; done += CHUNK) {
        const size_t count = left - done < CHUNK ? left - done : CHUNK;
        jn_sum_add(&total, plain_steps(y + done, count, g, gain, k->h, m));
    }
    return jn_sum_total(&total);
}

/* Rounding: of the logarithms and of the sums; of v, which is a difference of numbers as large as
 * y, and which also carries the rounding of m, an average over 1 / (1 - |g|) steps (by Cauchy and
 * Schwarz, sum of |v| dv / F). */
static double rounding(const filter *k, double value, double quad)
{
    double top = fabs(k->m);
    for (size_t t = 0; t < k->n; t++) {
        top = fabs(k->y[t]) > top ? fabs(k->y[t]) : top;
    }
    const double n = (double)k->n, memory = fmin(n, 1.0 / (1.0 - fmin(fabs(k->g), 1.0 - 1.0 / n)));
    const double dv = 2.0 * (3.0 + sqrt(memory)) * top / sqrt(k->min_F);
    return DBL_EPSILON * (fabs(value) + 4.0 * k->size + 16.0 * quad + 4.0 * n * 0.1 +
                          dv * sqrt(n * quad) + n * dv * dv * DBL_EPSILON);
}

jn_status jn_kalman_scalar(const jn_chain_linear *c, jn_estimate *out)
{
    filter k = { .y = c->y, .n = c->n_steps, .f = c->F[0], .h = c->H[0], .m = c->m0[0] };
    k.q = c->root_Q[0] * c->root_Q[0];
    k.r = c->root_R[0] * c->root_R[0];
    k.P = c->root_P0[0] * c->root_P0[0];
    k.min_F = INFINITY;
    const double limit = k.h == 0.0 ? NAN : fixed_point(&k);
    while (k.t < k.n && !(fabs(k.P - limit) <= 8.0 * DBL_EPSILON * limit)) {
        one_step(&k);
    }
    if (k.t < k.n) {
        const double F = k.h * k.h * limit + k.r, g = k.f * (k.r / F);
        const double left = (double)(k.n - k.t);
        k.g = g;
        k.min_F = fmin(k.min_F, F);
        k.size += left * fabs(log(F));
        jn_sum_add(&k.quad, steady(&k, g, k.f * limit * k.h / F) / F);
        jn_sum_add(&k.log_F, left * log(F));
    }
    const double quad = jn_sum_total(&k.quad);
    const double value = -0.5 * ((double)k.n * JN_LOG_2PI + jn_sum_total(&k.log_F) + quad);
    *out = (jn_estimate){ .value = value,
                          .error = rounding(&k, value, quad),
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "Kalman filter",
                          .n_eval = k.n };
    return isfinite(value) ? JN_OK : JN_ERR_VALUE;
}
