#include "law/select.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Of n values about the one of rank k, by a sample; any of them would do. */
static double pivot_near(size_t n, const double *x, size_t k)
{
    enum { SAMPLE = 31 };
    double sample[SAMPLE];
    if (n <= SAMPLE) {
        return x[n / 2];
    }
    for (size_t i = 0; i < SAMPLE; i++) {
        sample[i] = x[i * (n - 1) / (SAMPLE - 1)];
    }
    qsort(sample, SAMPLE, sizeof *sample, descending);
    return sample[k * SAMPLE / n];
}

/* Those above the pivot (or, where `ties`, at it, too) come first: how many. No branch to mistake.
 */
static size_t split(size_t n, double *x, double pivot, bool ties)
{
    size_t first = 0;
    for (size_t i = 0; i < n; i++) {
        const double v = x[i];
        x[i] = x[first];
        x[first] = v;
        first += ties ? v >= pivot : v > pivot;
    }
    return first;
}

/* Quickselect with three parts (larger, equal, smaller), so that ties cost nothing. */
void jn_select_largest(size_t n, double *x, size_t k)
{
    while (n > 1 && k > 0 && k < n) {
        const double pivot = pivot_near(n, x, k);
        const size_t above = split(n, x, pivot, false);
        if (k < above) {
            n = above;
            continue;
        }
        const size_t from = above + split(n - above, x + above, pivot, true);
        if (k <= from) {
            return;
        }
        x += from;
        n -= from;
        k -= from;
    }
}

double jn_select_floor(size_t n, const double *x, size_t k)
{
    enum { SAMPLE = 128 };
    if (n < 8 * SAMPLE || k > n / 2) {
        return -INFINITY;
    }
    double sample[SAMPLE];
    const size_t step = n / SAMPLE;
    for (size_t i = 0; i < SAMPLE; i++) {
        sample[i] = x[i * step];
    }
    qsort(sample, SAMPLE, sizeof *sample, descending);
    /* the rank that k should have, and four standard deviations more of it */
    const double share = (double)k / (double)n, rank = share * SAMPLE;
    for (size_t at = (size_t)(rank + 4.0 * sqrt(rank) + 2.0); at < SAMPLE; at += SAMPLE / 8) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            count += x[i] >= sample[at];
        }
        if (count >= k) {
            return sample[at];
        }
    }
    return -INFINITY;
}

/* The order of numbers as the order of words: negative ones have all bits flipped, others the sign.
 */
static uint64_t key_of(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b ^ ((b >> 63 != 0 ? UINT64_MAX : 0) | (uint64_t)1 << 63);
}

enum { BITS = 11, VALUES = 1 << BITS };

/* Counts become the places where the values of each digit begin. */
static void begin_after(size_t end[VALUES])
{
    size_t before = 0;
    for (size_t v = 0; v < VALUES; v++) {
        const size_t count = end[v];
        end[v] = before;
        before += count;
    }
}

/* Digit by digit, the lowest first: a few passes over the array, and ties stay in place. */
static void sort_by_bits(size_t n, double *x, double *scratch)
{
    enum { DIGITS = 6 };
    for (int d = 0; d < DIGITS; d++) {
        size_t end[VALUES] = { 0 };
        for (size_t i = 0; i < n; i++) {
            end[key_of(x[i]) >> (BITS * d) & (VALUES - 1)]++;
        }
        begin_after(end);
        for (size_t i = 0; i < n; i++) {
            scratch[end[key_of(x[i]) >> (BITS * d) & (VALUES - 1)]++] = x[i];
        }
        double *const t = x;
        x = scratch; /* after an even number of passes it is back */
        scratch = t;
    }
}

/* Neighbours change places until all are in order; false: it would take too many steps. */
static bool mend_order(size_t n, double *x)
{
    size_t steps = 0;
    for (size_t i = 1; i < n && steps <= 8 * n; i++) {
        const double v = x[i];
        size_t at = i;
        for (; at > 0 && x[at - 1] > v && steps <= 8 * n; at--, steps++) {
            x[at] = x[at - 1];
        }
        x[at] = v;
    }
    return steps <= 8 * n;
}

/* By two digits of the place between the least and the largest, which is all it takes unless most
 * values crowd somewhere. false: they do, or the range is not finite; some order is left. */
static bool sort_by_place(size_t n, double *x, double *scratch)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    const double scale = (VALUES * VALUES - 1) / (hi - lo);
    if (!(scale > 0.0 && scale < INFINITY)) {
        return false;
    }
    for (int d = 0; d < 2; d++) {
        size_t end[VALUES] = { 0 };
        for (size_t i = 0; i < n; i++) {
            end[(uint32_t)((x[i] - lo) * scale) >> (BITS * d) & (VALUES - 1)]++;
        }
        begin_after(end);
        for (size_t i = 0; i < n; i++) {
            scratch[end[(uint32_t)((x[i] - lo) * scale) >> (BITS * d) & (VALUES - 1)]++] = x[i];
        }
        double *const t = x;
        x = scratch;
        scratch = t;
    }
    return mend_order(n, x);
}

void jn_sort_ascending(size_t n, double *x, double *scratch)
{
    if (!sort_by_place(n, x, scratch)) {
        sort_by_bits(n, x, scratch);
    }
}
