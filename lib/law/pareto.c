/* The tail shape of importance weights: the generalised Pareto fit of Zhang & Stephens (2009) to
 * the excesses of the largest weights, with the prior of Vehtari, Simpson, Gelman, Yao & Gabry
 * (JMLR 2024). */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/law.h"
#include "kernel/kernels.h"
#include "law/select.h"

enum { LEAST_TAIL = 5, GRID = 30, PRIOR_WEIGHT = 10, SORTED_MOST = 8192 };

/* Log-weights that differ by no more, relative to their size, differ by rounding. */
static const double SAME = 1e-12;

size_t jn_pareto_tail(uint64_t s)
{
    const double m = ceil(fmin((double)s / 5.0, 3.0 * sqrt((double)s)));
    return m < JN_TAIL_MAX ? (size_t)m : JN_TAIL_MAX;
}

double jn_pareto_limit(uint64_t s)
{
    return fmin(1.0 - 1.0 / log10((double)s), 0.7);
}

/* -k of the fit with x (1 - theta x)^(1/k - 1): the mean of log(1 - theta x). */
static double mean_log(size_t m, const double *x, double theta, double *scratch)
{
    const jn_kernels *k = jn_kernels_get();
    double sum = 0.0;
    if (-theta * x[m - 1] < 1e30) {
        return k->sum_log1p(m, x, -theta) / (double)m;
    }
    for (size_t i = 0; i < m; i++) {
        scratch[i] = -theta * x[i];
    }
    k->log1p(m, scratch, scratch);
    for (size_t i = 0; i < m; i++) {
        sum += scratch[i];
    }
    return sum / (double)m;
}

/* Profile log-likelihood over m, up to a constant; its limit at theta = 0 is the exponential law.
 */
static double profile(size_t m, const double *x, double theta, double *scratch)
{
    const double k = mean_log(m, x, theta, scratch);
    if (k == 0.0) {
        double sum = 0.0;
        for (size_t i = 0; i < m; i++) {
            sum += x[i];
        }
        return -log(sum / (double)m) - 1.0;
    }
    return log(-theta / k) - k - 1.0;
}

/* The quarter of the excesses that sets the grid's scale; the smallest positive one where it is
 * tied with the cutoff. x ascending. */
static double quartile(size_t m, const double *x)
{
    size_t at = (size_t)floor((double)m / 4.0 + 0.5) - 1;
    while (at + 1 < m && !(x[at] > 0.0)) {
        at++;
    }
    return x[at];
}

/* x: m excesses, ascending, the largest positive. grid: 2 per point of the grid, scratch: m. */
static double fit(size_t m, const double *x, size_t n_grid, double *grid, double *scratch)
{
    double *theta = grid, *height = grid + n_grid, top = -INFINITY, mass = 0.0, first = 0.0;
    const double star = quartile(m, x);
    for (size_t j = 0; j < n_grid; j++) {
        theta[j] = 1.0 / x[m - 1] + (1.0 - sqrt((double)n_grid / ((double)j + 0.5))) / 3.0 / star;
        height[j] = (double)m * profile(m, x, theta[j], scratch);
        top = fmax(top, height[j]);
    }
    for (size_t j = 0; j < n_grid; j++) {
        const double e = exp(height[j] - top);
        mass += e;
        first += e * theta[j];
    }
    return mean_log(m, x, first / mass, scratch);
}

static bool few_values(size_t m, const double *x)
{
    size_t distinct = 1;
    for (size_t i = 1; i < m && distinct < LEAST_TAIL; i++) {
        distinct += x[i] > x[i - 1];
    }
    return distinct < LEAST_TAIL;
}

/* e^l - e^cutoff in units of the largest weight; nothing where the cutoff itself is -inf. */
static void excesses(size_t m, double *x, double cutoff, double *scratch)
{
    const jn_kernels *k = jn_kernels_get();
    const double top = x[m - 1];
    for (size_t i = 0; i < m; i++) {
        scratch[i] = x[i] > cutoff ? cutoff - x[i] : 0.0;
        x[i] -= top;
    }
    k->expm1(m, scratch, scratch);
    k->exp(m, x, x);
    for (size_t i = 0; i < m; i++) {
        x[i] *= -scratch[i];
    }
}

/* The `most` largest of n, in no order, to the front of x, which has room for n. */
static void candidates(size_t n, const double *log_w, size_t most, double *x)
{
    if (n == most) {
        memcpy(x, log_w, n * sizeof *x);
        return;
    }
    const double floor = jn_select_floor(n, log_w, most);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        x[count] = log_w[i];
        count += log_w[i] >= floor;
    }
    jn_select_largest(count, x, most);
}

jn_status jn_pareto_fit(uint64_t s, size_t n, const double *log_w, jn_pareto *out)
{
    const size_t m = jn_pareto_tail(s);
    jn_pareto p = { .k = NAN, .error = NAN, .tail = m };
    if (m < LEAST_TAIL || n < m + 1) {
        p.note = "too few draws for a tail: 21 at least";
        *out = p;
        return JN_OK;
    }
    const size_t n_grid = GRID + (size_t)floor(sqrt((double)m));
    /* to sort some more is cheaper than to choose, and takes more memory */
    const size_t n_sorted = n <= 2 * (m + 1) && m <= SORTED_MOST ? n : m + 1;
    double *work = jn_realloc(NULL, n + n_sorted + 2 * n_grid, sizeof *work);
    if (work == NULL) {
        return JN_ERR_NOMEM;
    }
    double *const scratch = work + n, *const grid = scratch + n_sorted;
    candidates(n, log_w, n_sorted, work);
    jn_sort_ascending(n_sorted, work, scratch);
    double *const tail = work + n_sorted - (m + 1), *const x = tail + 1;
    const double cutoff = tail[0], top = tail[m];
    if (top == cutoff || top - cutoff <= SAME * (1.0 + fabs(top))) {
        p.note = "the largest weights are all the same";
    } else if (few_values(m, x)) {
        p.note = "fewer than 5 distinct values among the largest weights";
    } else {
        excesses(m, x, cutoff, scratch);
        const double k = fit(m, x, n_grid, grid, scratch), mm = (double)m;
        const double shrink = mm / (mm + PRIOR_WEIGHT);
        p.k = shrink * k + (1.0 - shrink) * 0.5;
        p.error = shrink * fmax(1.0 + k, 0.5) / sqrt(mm); /* of maximum likelihood, k > -1/2 */
        p.note = m == JN_TAIL_MAX ? "the tail is the largest 32767 weights" : NULL;
    }
    free(work);
    *out = p;
    return JN_OK;
}
