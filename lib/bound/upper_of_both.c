/* U_K where draws of the posterior have a law of their own: with phi of q's law and phi* of theirs,
 *     U_K - log p = integral over u of  e^(-Ks) - phi*(s) phi(s)^(K-1),   s = e^u,
 * for W in units of q's p(x) in both. */
#include <math.h>

#include "base/memory.h"
#include "jensen/bound.h"

static const double STEP = 0.2;    /* in u: off by e^(-pi^2 / STEP), as for iwae */
static const double FLOOR = -44.0; /* log of what no longer counts against 1 */
enum { BATCH = 32, MOST = 1 << 20 };

/* A stretch of the lattice. */
typedef struct stretch {
    double u[BATCH], log_phi[BATCH], delta[BATCH]; /* of q */
    double shifted[BATCH], log_star[BATCH], delta_star[BATCH];
} stretch;

/* shift: log of the mean W of the posterior's draws, the unit of their own law. */
static jn_status fill(const jn_weight_law *w, const jn_weight_law *posterior, double shift,
                      double at, stretch *s)
{
    for (size_t i = 0; i < BATCH; i++) {
        s->u[i] = STEP * (at + (double)i);
        s->shifted[i] = s->u[i] + shift;
    }
    const jn_status st = jn_weight_law_laplace(w, BATCH, s->u, s->log_phi, s->delta);
    return st == JN_OK
               ? jn_weight_law_laplace(posterior, BATCH, s->shifted, s->log_star, s->delta_star)
               : st;
}

/* Neither term is 1 less the other's rounding where s is small. */
static double integrand(const stretch *s, size_t i, double k)
{
    const double x = exp(s->u[i]), star = exp(s->shifted[i]);
    const double rise = (k - 1.0) * s->delta[i] + s->delta_star[i] + (x - star);
    if (fabs(rise) <= 1.0) { /* false where a delta is NaN */
        return -exp(-k * x) * expm1(rise);
    }
    return exp(-k * x) - exp(s->log_star[i] + (k - 1.0) * s->log_phi[i]);
}

/* Has the smallest K no more to come? */
static bool over(const stretch *s, double k)
{
    const size_t last = BATCH - 1;
    return k * exp(s->u[last]) > -FLOOR &&
           !(s->log_star[last] + (k - 1.0) * s->log_phi[last] > FLOOR);
}

jn_status jn_upper_of_both(const jn_weight_law *w, const jn_weight_law *posterior, size_t n,
                           const double *k, double *excess)
{
    double k_min = INFINITY, k_max = 1.0;
    for (size_t i = 0; i < n; i++) {
        k_min = fmin(k_min, k[i]);
        k_max = fmax(k_max, k[i]);
    }
    double *sum = jn_alloc_doubles(n);
    const double shift = posterior->log_evidence - w->log_evidence;
    double at = floor((-log(k_max) - fmax(shift, 0.0) - 40.0) / STEP);
    stretch s;
    jn_status st = sum == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t made = 0; st == JN_OK && n > 0 && made < MOST; made += BATCH, at += BATCH) {
        st = fill(w, posterior, shift, at, &s);
        for (size_t i = 0; st == JN_OK && i < n * BATCH; i++) {
            sum[i / BATCH] += STEP * integrand(&s, i % BATCH, k[i / BATCH]);
        }
        if (st == JN_OK && over(&s, k_min)) {
            break;
        }
    }
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        excess[i] = sum[i];
    }
    free(sum);
    return st;
}
