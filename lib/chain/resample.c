#include "chain/resample.h"

#include <math.h>
#include <string.h>

size_t jn_resample_uniforms(jn_resampling how, size_t n)
{
    return how == JN_SYSTEMATIC ? 1 : how == JN_STRATIFIED ? n : n + 1;
}

/* Points (k + u) / n against the running sums c_j: particle j takes the k below n c_j - u. Where
 * each particle's first copy goes is written down in order, so that a particle without copies is
 * overwritten by the next one; copies follow from the largest index so far. No branch to guess. */
static void systematic(size_t n, const double *w, double u, uint32_t *ancestor)
{
    double sum = 0.0, running = 0.0;
    size_t last = 0; /* what rounding leaves at the end is not for particles of weight 0 */
    for (size_t j = 0; j < n; j++) {
        sum += w[j];
        last = w[j] > 0.0 ? j : last;
    }
    const double scale = (double)n / sum;
    memset(ancestor, 0, (n + 1) * sizeof *ancestor);
    uint32_t first = 0;
    for (uint32_t j = 0; j <= last; j++) {
        ancestor[first] = j;
        running += w[j];
        const double x = running * scale - u;
        uint32_t next = x > 0.0 ? (uint32_t)x : 0;
        next += x > (double)next;
        first = next < n ? next : (uint32_t)n;
    }
    uint32_t top = 0;
    for (size_t k = 0; k < n; k++) {
        top = ancestor[k] > top ? ancestor[k] : top;
        ancestor[k] = top;
    }
}

/* Points in ascending order, in units of the sum, against the running sums. */
static void sweep(size_t n, const double *w, const double *point, uint32_t *ancestor)
{
    double sum = 0.0, running = w[0];
    size_t last = 0;
    for (size_t j = 0; j < n; j++) {
        sum += w[j];
        last = w[j] > 0.0 ? j : last;
    }
    for (size_t k = 0, j = 0; k < n; k++) {
        while (j < last && !(point[k] * sum < running)) {
            running += w[++j];
        }
        ancestor[k] = (uint32_t)j;
    }
}

void jn_resample(jn_resampling how, size_t n, const double *w, const double *u, double *work,
                 uint32_t *ancestor)
{
    if (how == JN_SYSTEMATIC) {
        systematic(n, w, u[0], ancestor);
        return;
    }
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) { /* sorted uniforms: sums of n + 1 exponentials */
        sum -= how == JN_MULTINOMIAL ? log(u[k]) : 0.0;
        work[k] = how == JN_MULTINOMIAL ? sum : ((double)k + u[k]) / (double)n;
    }
    sum -= how == JN_MULTINOMIAL ? log(u[n]) : 0.0;
    for (size_t k = 0; how == JN_MULTINOMIAL && k < n; k++) {
        work[k] /= sum;
    }
    sweep(n, w, work, ancestor);
}
