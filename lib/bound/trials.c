#include "bound/trials.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const double NOTHING = -45.0; /* log of what no longer counts against 1 */

void jn_trials_free(jn_trials *t)
{
    free(t->lost);
    memset(t, 0, sizeof *t);
}

static jn_status reserve(jn_trials *t, size_t n)
{
    if (n <= t->capacity) {
        return JN_OK;
    }
    double *more = jn_realloc(t->lost, 4 * n, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    *t = (jn_trials){
        .capacity = n, .lost = more, .sine = more + n, .re = more + 2 * n, .im = more + 3 * n
    };
    return JN_OK;
}

/* An odd number of angles: as many as there are values of S, or so many that Bernstein's inequality
 * leaves e^-42 of the law that far from k. Odd, since at pi a factor may vanish. */
static double angles_for(double variance, double off, double total)
{
    const double far = ceil(14.0 + sqrt(196.0 + 84.0 * variance) + 2.0 * fabs(off)) + 2.0;
    const double m = fmin(far, round(total) + 1.0);
    return m + (fmod(m, 2.0) == 0.0 ? 1.0 : 0.0);
}

/* E e^(i theta (S - k)) as a product: whole counts, each 1. */
static void by_product(jn_trials *t, size_t used, double angles, size_t n, const double *p,
                       double k)
{
    for (size_t m = 0; m < used; m++) {
        /* k theta modulo 2 pi, exactly */
        const double turn = 2.0 * M_PI * fmod(k * (double)(m + 1), angles) / angles;
        t->re[m] = cos(turn);
        t->im[m] = -sin(turn);
    }
    for (size_t j = 0; j < n; j++) {
        const double q = p[j];
        for (size_t m = 0; m < used; m++) {
            const double zr = 1.0 - q * t->lost[m], zi = q * t->sine[m], re = t->re[m];
            t->re[m] = re * zr - t->im[m] * zi;
            t->im[m] = re * zi + t->im[m] * zr;
        }
    }
}

/* The same for any counts, by logarithms; `off` is E S - k. */
static void by_logs(jn_trials *t, size_t used, double angles, size_t n, const double *count,
                    const double *p, double off)
{
    for (size_t m = 0; m < used; m++) {
        const double theta = 2.0 * M_PI * (double)(m + 1) / angles;
        const double lost = t->lost[m], s = t->sine[m];
        double size = 0.0, turn = off * theta;
        for (size_t j = 0; j < n; j++) {
            const double q = p[j];
            size += count[j] * 0.5 * log1p(-2.0 * q * (1.0 - q) * lost);
            turn += count[j] * (atan2(q * s, 1.0 - q * lost) - q * theta);
        }
        t->re[m] = exp(size) * cos(turn);
        t->im[m] = exp(size) * sin(turn);
    }
}

/* Factor j is divided out of the characteristic function. */
static double leave_out(const jn_trials *t, size_t used, double angles, double p)
{
    double sum = 0.5;
    for (size_t m = 0; m < used; m++) {
        const double zr = 1.0 - p * t->lost[m], zi = p * t->sine[m];
        sum += (t->re[m] * zr + t->im[m] * zi) / (zr * zr + zi * zi);
    }
    return 2.0 / angles * sum;
}

/* Angles at which the characteristic function, below e^(-variance lost), still counts. */
static size_t fill_angles(jn_trials *t, double angles, double variance)
{
    size_t used = 0;
    for (double m = 1.0; m <= (angles - 1.0) / 2.0; m++) {
        const double half = sin(M_PI * m / angles), lost = 2.0 * half * half;
        if (-variance * lost < NOTHING) {
            break;
        }
        t->lost[used] = lost;
        t->sine[used++] = sin(2.0 * M_PI * m / angles);
    }
    return used;
}

jn_status jn_trials_mass(jn_trials *t, size_t n, const double *count, const double *p, bool single,
                         double k, double *mass, double *without)
{
    double off = -k, variance = 0.0, total = 0.0;
    for (size_t j = 0; j < n; j++) {
        total += count[j];
        off += count[j] * p[j];
        variance += count[j] * p[j] * (1.0 - p[j]);
    }
    const double angles = angles_for(variance, off, total);
    const jn_status st = reserve(t, (size_t)angles / 2 + 1);
    if (st != JN_OK) {
        return st;
    }
    const size_t used = fill_angles(t, angles, variance);
    if (single) {
        by_product(t, used, angles, n, p, k);
    } else {
        by_logs(t, used, angles, n, count, p, off);
    }
    double sum = 0.5;
    for (size_t m = 0; m < used; m++) {
        sum += t->re[m];
    }
    *mass = 2.0 / angles * sum;
    for (size_t j = 0; without != NULL && j < n; j++) {
        without[j] = leave_out(t, used, angles, p[j]);
    }
    return JN_OK;
}

/* 1 + what a lattice law of these cumulants differs by from the normal one at its mean (Daniels
 * 1954), relative to 1 / sqrt(2 pi c2). */
static double saddle_series(const double c[7])
{
    const double v = c[2], l3 = c[3] / (v * sqrt(v)), l4 = c[4] / (v * v);
    const double l5 = c[5] / (v * v * sqrt(v)), l6 = c[6] / (v * v * v);
    const double first = l4 / 8.0 - 5.0 * l3 * l3 / 24.0;
    const double second = -l6 / 48.0 + 35.0 * l4 * l4 / 384.0 + 7.0 * l3 * l5 / 48.0 -
                          35.0 * l3 * l3 * l4 / 64.0 + 385.0 * l3 * l3 * l3 * l3 / 1152.0;
    return 1.0 + first + second;
}

bool jn_trials_saddle(size_t n, const double *count, const double *p, double *mass, double *without)
{
    double c[7] = { 0.0 };
    for (size_t j = 0; j < n; j++) {
        const double v = p[j] * (1.0 - p[j]), skew = 1.0 - 2.0 * p[j];
        c[2] += count[j] * v;
        c[3] += count[j] * v * skew;
        c[4] += count[j] * v * (1.0 - 6.0 * v);
        c[5] += count[j] * v * skew * (1.0 - 12.0 * v);
        c[6] += count[j] * v * (1.0 - 30.0 * v + 120.0 * v * v);
    }
    if (c[2] < JN_TRIALS_MANY) {
        return false;
    }
    *mass = saddle_series(c) / sqrt(2.0 * M_PI * c[2]);
    for (size_t j = 0; j < n; j++) { /* the mean falls by p, the variance by p (1 - p) */
        const double v = p[j] * (1.0 - p[j]);
        const double shift = (v - p[j] * p[j] - p[j] * c[3] / c[2]) / (2.0 * c[2]);
        without[j] = *mass * (1.0 + shift);
    }
    return true;
}
