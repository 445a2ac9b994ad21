#include <float.h>
#include <math.h>

#include "base/dense.h"

enum { MAX_STEPS = 60 };

/* Is the coupling between k and k + 1 gone? */
static bool decoupled(const double *d, const double *e, size_t k)
{
    return fabs(e[k]) <= DBL_EPSILON * (fabs(d[k]) + fabs(d[k + 1])) || e[k] == 0.0;
}

/* One QL step on the block lo .. hi with Wilkinson's shift, the rotations applied to `first`. */
static void step(size_t lo, size_t hi, double *d, double *e, double *first)
{
    const double g0 = (d[lo + 1] - d[lo]) / (2.0 * e[lo]);
    double g = d[hi] - d[lo] + e[lo] / (g0 + copysign(sqrt(g0 * g0 + 1.0), g0));
    double s = 1.0, c = 1.0, p = 0.0;
    for (size_t k = hi; k-- > lo;) {
        double f = s * e[k];
        const double b = c * e[k], r = sqrt(f * f + g * g);
        if (k + 1 < hi) {
            e[k + 1] = r;
        }
        if (r == 0.0) { /* the block falls apart here */
            d[k + 1] -= p;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[k + 1] - p;
        const double t = (d[k] - g) * s + 2.0 * c * b;
        p = s * t;
        d[k + 1] = g + p;
        g = c * t - b;
        f = first[k + 1];
        first[k + 1] = s * first[k] + c * f;
        first[k] = c * first[k] - s * f;
    }
    d[lo] -= p;
    e[lo] = g;
}

static void sort(size_t n, double *d, double *first)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && d[k] < d[k - 1]; k--) {
            const double x = d[k], y = first[k];
            d[k] = d[k - 1];
            first[k] = first[k - 1];
            d[k - 1] = x;
            first[k - 1] = y;
        }
    }
}

bool jn_tridiagonal_eigen(size_t n, double *diagonal, double *off, double *first)
{
    for (size_t k = 0; k < n; k++) {
        first[k] = k == 0 ? 1.0 : 0.0;
    }
    for (size_t lo = 0; lo + 1 < n; lo++) {
        for (int steps = 0;; steps++) {
            size_t hi = lo;
            while (hi + 1 < n && !decoupled(diagonal, off, hi)) {
                hi++;
            }
            if (hi == lo) {
                break;
            }
            if (steps == MAX_STEPS) {
                return false;
            }
            step(lo, hi, diagonal, off, first);
        }
    }
    for (size_t k = 0; k < n; k++) {
        if (!isfinite(diagonal[k]) || !isfinite(first[k])) {
            return false;
        }
    }
    sort(n, diagonal, first);
    return true;
}
