/* A(s) = e_K(x) / C(N, K), x_j = e^(-s W_j), e_K the elementary symmetric polynomial, in two ways.
 *
 * Few of many: Newton's identities k e_k = sum over m of (-1)^(m-1) e_(k-m) P_m, P_m = sum of x^m,
 * whose terms fall like (k / N)^m.
 *
 * Else: e_K rho^K / prod (1 + rho x_j) is the chance that trials of chances
 * rho x_j / (1 + rho x_j) succeed K times, for every rho > 0; with the mean number of successes
 * near K it is of moderate size. The same for x_j = 1 gives C(N, K).
 *
 * Either way a draw is left out by dividing prod (1 + x_j t) by its factor. */
#include "bound/subsets.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/kernels.h"
#include "law/compress.h"

enum { MANY = 256, TERMS = 48 }; /* draws that stay as they are; most terms of the identities */
/* Up to this share of the draws, or this many, the identities are tried. */
static const double FEW = 0.3, FEW_SUBSETS = 150.0;

jn_status jn_sample_new(size_t n, const double *log_w, jn_sample *out)
{
    double *data = jn_alloc_doubles(3 * n + 3);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    jn_sample x = { .total = (double)n,
                    .log_unit = jn_kernels_get()->lse(n, log_w) - log((double)n),
                    .log_w = data,
                    .w1 = data + n + 1,
                    .count = data + 2 * n + 2 };
    size_t kinds = 0;
    for (size_t i = 0; i < n; i++) {
        if (log_w[i] > -INFINITY) {
            x.log_w[kinds] = log_w[i] - x.log_unit;
            x.count[kinds++] = 0.0;
        }
    }
    x.zeros = (double)(n - kinds);
    const jn_status st = jn_compress(kinds, kinds > MANY, x.log_w, x.count, &x.n);
    if (st != JN_OK) {
        free(data);
        return st;
    }
    x.single = x.n == kinds && x.zeros <= 1.0;
    for (size_t j = 0; j < x.n; j++) {
        x.count[j] = exp(x.count[j]);
    }
    if (x.zeros > 0.0) {
        x.log_w[x.n] = -INFINITY;
        x.count[x.n++] = x.zeros;
    }
    for (size_t j = 0; j < x.n; j++) {
        x.w1[j] = expm1(x.log_w[j]);
        x.mu2 += x.count[j] / x.total * x.w1[j] * x.w1[j];
    }
    *out = x;
    return JN_OK;
}

void jn_sample_free(jn_sample *x)
{
    free(x->log_w);
    memset(x, 0, sizeof *x);
}

jn_status jn_subsets_new(const jn_sample *x, double k, jn_subsets *out)
{
    double *data = jn_alloc_doubles(4 * x->n);
    if (data == NULL) {
        return JN_ERR_NOMEM;
    }
    jn_subsets a = { .x = x,
                     .k = k,
                     .y = data,
                     .power = data + x->n,
                     .scratch = data + 2 * x->n,
                     .without = data + 3 * x->n };
    const double p = k / x->total;
    double mass;
    const jn_status st = jn_trials_mass(&a.trials, 1, &x->total, &p, false, k, &mass, NULL);
    if (st != JN_OK) {
        free(data);
        return st;
    }
    a.log_mass = log(mass);
    for (double i = 0.0; i < k && k <= fmin(FEW * x->total, FEW_SUBSETS); i++) {
        a.log_chosen += log1p(-i / x->total);
    }
    *out = a;
    return JN_OK;
}

void jn_subsets_free(jn_subsets *a)
{
    free(a->y);
    jn_trials_free(&a->trials);
    memset(a, 0, sizeof *a);
}

/* x_j, in units of e^-s (y_j = e^(-s (W_j - 1))) where s is small. */
static void weigh(jn_subsets *a, double u, bool centred)
{
    const jn_sample *x = a->x;
    const jn_kernels *k = jn_kernels_get();
    const double s = exp(u);
    for (size_t j = 0; j < x->n; j++) {
        a->scratch[j] = centred ? s * x->w1[j] : u + x->log_w[j];
    }
    if (!centred) {
        k->exp(x->n, a->scratch, a->scratch);
    }
    for (size_t j = 0; j < x->n; j++) {
        a->scratch[j] = -a->scratch[j];
    }
    k->exp(x->n, a->scratch, a->y);
}

/* power *= y; the sum of it, in four strands: one would wait for itself. */
static double next_power(size_t n, const double *y, double *power)
{
    double sum[4] = { 0.0 };
    size_t j = 0;
    for (; j + 4 <= n; j += 4) {
        for (size_t i = 0; i < 4; i++) {
            power[j + i] *= y[j + i];
            sum[i] += power[j + i];
        }
    }
    for (; j < n; j++) {
        power[j] *= y[j];
        sum[0] += power[j];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* phi[m - 1] = sum of y^m / N, until the terms of the identities no longer count; how many, or 0:
 * too many. */
static size_t power_means(jn_subsets *a, double *phi)
{
    const jn_sample *x = a->x;
    memcpy(a->power, x->count, x->n * sizeof *a->power);
    double reach = 1.0;
    for (size_t m = 0; m < TERMS; m++) {
        phi[m] = next_power(x->n, a->y, a->power) / x->total;
        reach *= phi[0] * x->total / a->k;
        if (phi[m] * x->total / a->k < 1e-17 * reach) {
            return m + 1;
        }
    }
    return 0;
}

/* T_k = e_k k! / N^k for the last TERMS k up to K in units of e^log_scale: t[0] is T_K.
 * false: the terms cancel. */
static bool identities(const jn_subsets *a, size_t terms, const double *phi, double *t,
                       double *log_scale)
{
    const double n = a->x->total;
    double ring[TERMS + 1] = { 1.0 };
    double size = 0.0, value = 1.0;
    *log_scale = 0.0;
    for (double k = 1.0; k <= a->k; k++) {
        double fall = 1.0, left = (k - 1.0) / n, term = INFINITY;
        value = size = 0.0;
        /* `left` is 0 to rounding where m has reached k */
        for (size_t m = 0; m < terms && fabs(term) > 1e-19 * size; m++) {
            term = ring[m] * phi[m] * fall;
            value += m % 2 == 0 ? term : -term;
            size += term;
            fall *= left;
            left -= 1.0 / n;
        }
        memmove(ring + 1, ring, terms * sizeof *ring);
        ring[0] = value;
        if (!(value > 1e-100 && value < 1e100)) {
            if (!(value > 0.0)) {
                return false;
            }
            for (size_t m = 0; m <= terms; m++) {
                ring[m] /= value;
            }
            *log_scale += log(value);
        }
    }
    memcpy(t, ring, (terms + 1) * sizeof *t);
    return value > 1e-3 * size;
}

/* e_K(-j) / e_K = sum over i of (-y_j)^i e_(K-i) / e_K. */
static void leave_out(jn_subsets *a, size_t terms, const double *t)
{
    const double n = a->x->total;
    double ratio[TERMS + 1], fall = n / (n - a->k);
    for (size_t i = 0; i <= terms; i++) {
        ratio[i] = t[i] / t[0] * fall;
        fall *= -fmax(a->k - (double)i, 0.0) / n;
    }
    for (size_t j = 0; j < a->x->n; j++) {
        a->without[j] = ratio[terms];
    }
    for (size_t i = terms; i-- > 0;) {
        for (size_t j = 0; j < a->x->n; j++) {
            a->without[j] = a->without[j] * a->y[j] + ratio[i];
        }
    }
    for (size_t j = 0; j < a->x->n; j++) {
        a->without[j] -= 1.0;
    }
}

/* By Newton's identities; false: they do not serve here. */
static bool by_identities(jn_subsets *a, double u, bool centred, double *out)
{
    double phi[TERMS], t[TERMS + 1], log_scale;
    const size_t n = a->x->n;
    if (a->k > fmin(FEW * a->x->total, FEW_SUBSETS)) {
        return false;
    }
    weigh(a, u, centred);
    const double top = jn_kernels_get()->max(n, a->y);
    if (!(top > 0.0)) {
        return false;
    }
    for (size_t j = 0; j < n; j++) {
        a->y[j] /= top;
    }
    const size_t terms = power_means(a, phi);
    if (terms == 0 || !identities(a, terms, phi, t, &log_scale)) {
        return false;
    }
    leave_out(a, terms, t);
    *out = log(t[0]) + log_scale + a->k * log(top) - a->log_chosen;
    return true;
}

/* Log-odds of each kind, less those of K / N, into a->power: d is log rho less its value at s = 0,
 * and less s where s is centred. */
static void tilts(jn_subsets *a, double u)
{
    const jn_sample *x = a->x;
    const double s = exp(u);
    for (size_t j = 0; j < x->n; j++) {
        a->power[j] = a->shifted ? a->d - exp(u + x->log_w[j]) : a->d - s * x->w1[j];
    }
}

/* Chances into a->y; the mean number of successes less K, and the variance. */
static double chances(jn_subsets *a, double u, double *variance)
{
    const jn_sample *x = a->x;
    const double p0 = a->k / x->total, q0 = 1.0 - p0;
    double off = -a->k;
    tilts(a, u);
    for (size_t j = 0; j < x->n; j++) {
        a->scratch[j] = -fabs(a->power[j]);
    }
    jn_kernels_get()->exp(x->n, a->scratch, a->scratch);
    *variance = 0.0;
    for (size_t j = 0; j < x->n; j++) {
        const double e = a->scratch[j];
        const double p = a->power[j] > 0.0 ? p0 / (p0 + q0 * e) : p0 * e / (p0 * e + q0);
        a->y[j] = p;
        off += x->count[j] * p;
        *variance += x->count[j] * p * (1.0 - p);
    }
    return off;
}

/* Newton's method inside a bracket that it narrows. Where the variance is large the last step goes
 * on to rounding, for the saddle point; else a tenth of a standard deviation is near enough. */
static void balance(jn_subsets *a, double u)
{
    double lo = -INFINITY, hi = INFINITY, reach = 2.0;
    for (int turn = 0; turn < 200; turn++) {
        double variance;
        const double off = chances(a, u, &variance);
        const double near = variance < JN_TRIALS_MANY ? 0.1 * fmax(1.0, sqrt(variance)) : 1e-8;
        if (fabs(off) <= near || lo == hi) {
            return;
        }
        *(off > 0.0 ? &hi : &lo) = a->d;
        double next = a->d - fmax(-reach, fmin(reach, off / fmax(variance, 1e-300)));
        if (!(next > lo && next < hi)) {
            next = 0.5 * (lo + hi);
        }
        if (next == a->d) {
            return; /* as near as doubles go */
        }
        reach *= 1.5;
        a->d = next;
    }
}

/* The sum over draws of log(1 - p0 + p0 e^t), t in a->power. */
static double log_factors(jn_subsets *a)
{
    const jn_sample *x = a->x;
    const jn_kernels *k = jn_kernels_get();
    const double p0 = a->k / x->total;
    double sum = 0.0;
    for (size_t j = 0; j < x->n; j++) { /* beyond 300 e^t stands alone */
        const double t = a->power[j];
        sum += t > 300.0 ? x->count[j] * (t - 300.0) : 0.0;
        a->scratch[j] = fmin(t, 300.0);
    }
    k->expm1(x->n, a->scratch, a->scratch);
    for (size_t j = 0; j < x->n; j++) {
        a->scratch[j] *= p0;
    }
    k->log1p(x->n, a->scratch, a->scratch);
    for (size_t j = 0; j < x->n; j++) {
        sum += x->count[j] * a->scratch[j];
    }
    return sum;
}

static jn_status by_trials(jn_subsets *a, double u, double *out)
{
    const jn_sample *x = a->x;
    const double left = x->total / (x->total - a->k);
    double mass;
    jn_status st = JN_OK;
    balance(a, u);
    if (!jn_trials_saddle(x->n, x->count, a->y, &mass, a->without)) {
        st = jn_trials_mass(&a->trials, x->n, x->count, a->y, x->single, a->k, &mass, a->without);
    }
    for (size_t j = 0; st == JN_OK && j < x->n; j++) {
        a->without[j] = left * (1.0 - a->y[j]) * a->without[j] / mass - 1.0;
    }
    *out = log_factors(a) - a->k * a->d + log(mass) - a->log_mass;
    return st;
}

jn_status jn_subsets_average(jn_subsets *a, double u, double *log_average)
{
    const double s = exp(u);
    if (!a->shifted && s > JN_SUBSETS_CENTRED) {
        a->shifted = true;
        a->d += s;
    }
    const bool centred = s <= 1.0;
    if (by_identities(a, u, centred, log_average)) {
        *log_average += centred || a->shifted ? 0.0 : a->k * s;
        return JN_OK;
    }
    return by_trials(a, u, log_average);
}
