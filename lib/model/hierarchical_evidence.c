/* p(y) = integral of p(y | tau) p(tau) d tau, with t = log tau. The integrand is analytic within
 * pi / 2 of the real line (its nearest poles are at tau = +- i sd_j and +- i tau_scale), and falls
 * exponentially at both ends: the trapezoid rule converges exponentially. */
#include <float.h>
#include <math.h>

#include "base/constants.h"
#include "jensen/logspace.h"
#include "model/hierarchical_normal.h"

static const double depth = 46.0;     /* nats below the top that no longer count */
static const double scan_step = 0.25; /* of the search for the top, and the first step */

double jn_hierarchical_given_tau(const jn_hierarchical *m, double tau)
{
    double precision = 0.0, weighted = 0.0, value = 0.0, log_det = 0.0;
    for (size_t j = 0; j < m->J; j++) {
        const double v = m->sd[j] * m->sd[j] + tau * tau;
        precision += 1.0 / v;
        weighted += m->y[j] / v;
        log_det += log(v);
    }
    const double prior = 1.0 / (m->mu_sd * m->mu_sd), center = weighted / (precision + prior);
    value = center * center * prior;
    for (size_t j = 0; j < m->J; j++) {
        const double e = m->y[j] - center;
        value += e * e / (m->sd[j] * m->sd[j] + tau * tau);
    }
    return -0.5 * ((double)m->J * JN_LOG_2PI + log_det + log1p(precision / prior) + value);
}

double jn_hierarchical_tau_prior(const jn_hierarchical *m, double tau)
{
    const double r = tau / m->tau_scale;
    const double log_scale = log(m->tau_scale);
    if (m->half_cauchy) { /* 2 / (pi s (1 + r^2)) */
        const double growth = r < 1e8 ? log1p(r * r) : 2.0 * log(r);
        return log(M_2_PI) - log_scale - growth;
    }
    return 0.5 * log(M_2_PI) - log_scale - 0.5 * r * r;
}

/* Log of the integrand in t. */
static double integrand(const jn_hierarchical *m, double t)
{
    const double tau = exp(t);
    return jn_hierarchical_given_tau(m, tau) + jn_hierarchical_tau_prior(m, tau) + t;
}

/* The stretch outside which the integrand is `depth` nats below its top, and a step that shows its
 * shape. */
typedef struct stretch {
    double lo, hi, step, top;
} stretch;

static void trim(const jn_hierarchical *m, stretch *s)
{
    const double low = s->top - depth;
    for (; s->lo < s->hi && integrand(m, s->lo + s->step) < low; s->lo += s->step) {
    }
    for (; s->hi > s->lo && integrand(m, s->hi - s->step) < low; s->hi -= s->step) {
    }
}

/* A peak may be much narrower than the first step (its width is of the order of J^(-1/2)): what
 * remains is searched with half the step until the top stays where it is. */
static stretch scan(const jn_hierarchical *m)
{
    enum { MAX_ROUNDS = 20 };
    double least = m->tau_scale, most = fmax(m->tau_scale, m->mu_sd);
    for (size_t j = 0; j < m->J; j++) {
        least = fmin(least, m->sd[j]);
        most = fmax(most, fmax(m->sd[j], fabs(m->y[j])));
    }
    /* below `least` the integrand is e^t times a constant, above `most` it falls like e^{-2t} */
    stretch s = { floor(log(least)) - depth - 4.0, log(most) + depth, scan_step, -INFINITY };
    for (int round = 0; round < MAX_ROUNDS; round++) {
        const double before = s.top;
        for (double t = s.lo; t <= s.hi; t += s.step) {
            s.top = fmax(s.top, integrand(m, t));
        }
        trim(m, &s);
        if (s.top - before < 1.0) {
            break;
        }
        s.step *= 0.5;
    }
    return s;
}

/* log of h times the sum over the nodes lo + first h, then every `stride` h, up to hi. */
static void add_nodes(const jn_hierarchical *m, const stretch *s, double h, size_t first,
                      size_t stride, jn_lse *sum)
{
    for (size_t k = first; s->lo + (double)k * h <= s->hi; k += stride) {
        jn_lse_add(sum, integrand(m, s->lo + (double)k * h));
    }
}

jn_status jn_hierarchical_evidence(const jn_hierarchical *m, jn_estimate *out)
{
    enum { MAX_HALVINGS = 14 };
    const stretch s = scan(m);
    double h = s.step, last, value, change = INFINITY;
    jn_lse sum = JN_LSE_INIT;
    add_nodes(m, &s, h, 0, 1, &sum);
    value = log(h) + jn_lse_log_sum(&sum);
    /* the change bounds the error of the coarser rule; that of the finer is about its square */
    const double rounding = 2.0 * DBL_EPSILON * ((double)m->J + fabs(value) + 8.0);
    for (int i = 0; i < MAX_HALVINGS && change > fmax(rounding, 1e-13); i++) {
        h *= 0.5;
        add_nodes(m, &s, h, 1, 2, &sum);
        last = value;
        value = log(h) + jn_lse_log_sum(&sum);
        change = fabs(value - last);
    }
    const double cut = 4.0 * exp(s.top - depth - value); /* both ends, falling at least like e^-t */
    *out = (jn_estimate){ .value = value,
                          .error = change + cut + rounding,
                          .dof = NAN,
                          .kind = JN_QUADRATURE,
                          .method = "theta, mu in closed form, tau by quadrature",
                          .n_eval = sum.n };
    return change <= 1e-9 ? JN_OK : JN_NOT_CONVERGED;
}
