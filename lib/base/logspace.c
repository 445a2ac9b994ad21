#include "jensen/logspace.h"

void jn_lse_add(jn_lse *acc, double v)
{
    acc->n++;
    if (v <= acc->max) {
        if (v > -INFINITY) {
            acc->scaled += exp(v - acc->max);
        }
        return;
    }
    acc->scaled = acc->scaled * exp(acc->max - v) + 1.0;
    acc->max = v;
}

void jn_lse_add_array(jn_lse *acc, size_t n, const double *v)
{
    double max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        max = v[i] > max ? v[i] : max;
    }
    jn_lse block = { max, 0.0, n };
    if (max > -INFINITY) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += exp(v[i] - max);
        }
        block.scaled = sum;
    }
    jn_lse_merge(acc, &block);
}

void jn_lse_merge(jn_lse *into, const jn_lse *from)
{
    into->n += from->n;
    if (from->max == -INFINITY) {
        return;
    }
    if (from->max <= into->max) {
        into->scaled += from->scaled * exp(from->max - into->max);
        return;
    }
    into->scaled = into->scaled * exp(into->max - from->max) + from->scaled;
    into->max = from->max;
}

double jn_lse_log_sum(const jn_lse *acc)
{
    return acc->max == -INFINITY ? -INFINITY : acc->max + log(acc->scaled);
}

double jn_lse_log_mean(const jn_lse *acc)
{
    return acc->n == 0 ? NAN : jn_lse_log_sum(acc) - log((double)acc->n);
}

double jn_log_add(double a, double b)
{
    const double hi = a > b ? a : b, lo = a > b ? b : a;
    return lo == -INFINITY ? hi : hi + log1p(exp(lo - hi));
}

void jn_moments_add(jn_moments *acc, double x, double weight)
{
    acc->n++;
    if (!(weight > 0.0)) {
        return;
    }
    acc->weight += weight;
    if (isinf(x) || isinf(acc->mean)) {
        acc->mean = isinf(x) ? x : acc->mean;
        acc->m2 = NAN;
        return;
    }
    const double step = x - acc->mean;
    acc->mean += step * (weight / acc->weight);
    acc->m2 += weight * step * (x - acc->mean);
}

void jn_moments_merge(jn_moments *into, const jn_moments *from)
{
    into->n += from->n;
    if (!(from->weight > 0.0)) {
        return;
    }
    if (!(into->weight > 0.0)) {
        const uint64_t n = into->n;
        *into = *from;
        into->n = n;
        return;
    }
    const double w = into->weight + from->weight;
    if (isinf(into->mean) || isinf(from->mean)) {
        into->mean = isinf(from->mean) ? from->mean : into->mean;
        into->m2 = NAN;
    } else {
        const double step = from->mean - into->mean;
        into->m2 += from->m2 + step * step * (into->weight * (from->weight / w));
        into->mean += step * (from->weight / w);
    }
    into->weight = w;
}

double jn_moments_variance(const jn_moments *acc)
{
    return acc->n < 2 ? NAN : acc->m2 / ((double)(acc->n - 1) * (acc->weight / (double)acc->n));
}
