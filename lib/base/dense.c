#include "base/dense.h"

#include <float.h>
#include <math.h>

bool jn_cholesky(size_t n, double *a)
{
    for (size_t j = 0; j < n; j++) {
        double *aj = a + j * n;
        const double whole = aj[j];
        double pivot = whole;
        for (size_t k = 0; k < j; k++) {
            pivot -= aj[k] * aj[k];
        }
        /* what is left is rounding: the matrix is singular as far as doubles can tell */
        if (!(pivot > (double)n * DBL_EPSILON * whole) || isinf(pivot)) {
            return false;
        }
        const double root = sqrt(pivot);
        aj[j] = root;
        for (size_t i = j + 1; i < n; i++) {
            double *ai = a + i * n;
            double sum = ai[j];
            for (size_t k = 0; k < j; k++) {
                sum -= ai[k] * aj[k];
            }
            ai[j] = sum / root;
            aj[i] = 0.0;
        }
    }
    return true;
}

void jn_lower_solve(size_t n, const double *l, double *b)
{
    for (size_t i = 0; i < n; i++) {
        double sum = b[i];
        for (size_t k = 0; k < i; k++) {
            sum -= l[i * n + k] * b[k];
        }
        b[i] = sum / l[i * n + i];
    }
}

void jn_lower_transpose_solve(size_t n, const double *l, double *b)
{
    for (size_t i = n; i-- > 0;) {
        double sum = b[i];
        for (size_t k = i + 1; k < n; k++) {
            sum -= l[k * n + i] * b[k];
        }
        b[i] = sum / l[i * n + i];
    }
}

double jn_lower_log_det(size_t n, const double *l)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += log(l[i * n + i]);
    }
    return sum;
}

/* L^-1 in place, row by row: row i needs the finished rows above it. */
static void lower_invert(size_t n, double *l)
{
    for (size_t i = 0; i < n; i++) {
        double *li = l + i * n;
        const double diagonal = 1.0 / li[i];
        for (size_t j = 0; j < i; j++) {
            double sum = 0.0;
            for (size_t k = j; k < i; k++) {
                sum += li[k] * l[k * n + j];
            }
            li[j] = -diagonal * sum; /* later columns do not read li[j] */
        }
        li[i] = diagonal;
    }
}

void jn_cholesky_invert(size_t n, double *l)
{
    lower_invert(n, l);
    for (size_t i = 0; i < n; i++) { /* (M'M)_ij, i >= j: reads rows k >= i only */
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (size_t k = i; k < n; k++) {
                sum += l[k * n + i] * l[k * n + j];
            }
            l[i * n + j] = sum;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            l[j * n + i] = l[i * n + j];
        }
    }
}

bool jn_spd_invert(size_t n, double *a)
{
    if (!jn_cholesky(n, a)) {
        return false;
    }
    jn_cholesky_invert(n, a);
    return true;
}

/* The rotation in the plane (p, q) that makes a_pq zero. */
static void rotate(size_t n, double *a, double *v, size_t p, size_t q)
{
    const double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
    const double t = copysign(1.0, theta) / (fabs(theta) + hypot(theta, 1.0));
    const double c = 1.0 / hypot(t, 1.0), s = t * c;
    for (size_t k = 0; k < n; k++) {
        const double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < n; k++) {
        const double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
    }
    a[p * n + q] = a[q * n + p] = 0.0; /* not what rounding made of it */
    for (size_t k = 0; v != NULL && k < n; k++) {
        const double kp = v[k * n + p], kq = v[k * n + q];
        v[k * n + p] = c * kp - s * kq;
        v[k * n + q] = s * kp + c * kq;
    }
}

static void sort_ascending(size_t n, double *values, double *v)
{
    for (size_t i = 0; i + 1 < n; i++) {
        size_t least = i;
        for (size_t j = i + 1; j < n; j++) {
            least = values[j] < values[least] ? j : least;
        }
        const double value = values[i];
        values[i] = values[least];
        values[least] = value;
        for (size_t k = 0; v != NULL && k < n; k++) {
            const double x = v[k * n + i];
            v[k * n + i] = v[k * n + least];
            v[k * n + least] = x;
        }
    }
}

/* One pass over all planes; how many needed a rotation. Entries up to `floor` are left alone. */
static size_t sweep(size_t n, double *a, double *v, double floor)
{
    size_t rotations = 0;
    for (size_t p = 0; p + 1 < n; p++) {
        for (size_t q = p + 1; q < n; q++) {
            const double off = fabs(a[p * n + q]);
            const double scale = sqrt(fabs(a[p * n + p])) * sqrt(fabs(a[q * n + q]));
            if (off > DBL_EPSILON * scale && off > floor) {
                rotate(n, a, v, p, q);
                rotations++;
            }
        }
    }
    return rotations;
}

bool jn_symmetric_eigen(size_t n, double *a, double *values, double *vectors)
{
    enum { RELATIVE_SWEEPS = 30, MAX_SWEEPS = 60 };
    double norm = 0.0;
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i])) {
            return false;
        }
        norm = fmax(norm, fabs(a[i]));
    }
    for (size_t i = 0; vectors != NULL && i < n * n; i++) {
        vectors[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    }
    /* A singular matrix may never meet the relative test: rounding refills what a rotation clears.
     */
    int sweeps = 0;
    while (sweep(n, a, vectors, sweeps < RELATIVE_SWEEPS ? DBL_MIN : DBL_EPSILON * norm) > 0) {
        if (++sweeps == MAX_SWEEPS) {
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = a[i * n + i];
    }
    sort_ascending(n, values, vectors);
    return true;
}
