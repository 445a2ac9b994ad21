#include "jensen/finite.h"

#include <math.h>
#include <stdio.h>

#include "base/dense.h"
#include "base/memory.h"
#include "proposal/growth.h"
#include "proposal/rays.h"

static void say(jn_verdict *v, jn_finite finite, const char *reason)
{
    v->finite = finite;
    (void)snprintf(v->reason, sizeof v->reason, "%s", reason);
}

static void direction_text(jn_verdict *v, double n, size_t d, const double *vectors, size_t k)
{
    int used = n > 0.0 ? snprintf(v->reason, sizeof v->reason,
                                  "E W^%g is infinite: q falls faster than p(x, z)^%.4g along (", n,
                                  n / (n - 1.0))
                       : snprintf(v->reason, sizeof v->reason,
                                  "E W^%g is infinite: p(x, z) falls faster than q^%.4g along (", n,
                                  (n - 1.0) / n);
    for (size_t j = 0; j < d && j < 6 && used > 0 && (size_t)used < sizeof v->reason; j++) {
        used += snprintf(v->reason + used, sizeof v->reason - (size_t)used, "%s%.3g",
                         j == 0 ? "" : ", ", vectors[j * d + k]);
    }
    if (used > 0 && (size_t)used < sizeof v->reason) {
        (void)snprintf(v->reason + used, sizeof v->reason - (size_t)used, "%s)",
                       d > 6 ? ", ..." : "");
    }
}

/* m = n T - (n - 1) P, smallest eigenvalue first. */
static jn_status by_precision(const jn_proposal *q, size_t row, double n, jn_verdict *out)
{
    const jn_model *model = q->model;
    const size_t d = model->dim;
    double *t = jn_alloc_doubles(3 * d * d + d);
    if (t == NULL) {
        return JN_ERR_NOMEM;
    }
    double *p = t + d * d, *vectors = p + d * d, *values = vectors + d * d;
    jn_status st = model->density->tail_precision(model->self, row, t);
    st = st == JN_OK ? q->ops->tail_precision(q->self, row, p) : st;
    double scale = 0.0;
    for (size_t i = 0; st == JN_OK && i < d * d; i++) {
        scale = fmax(scale, fmax(fabs(n * t[i]), fabs((n - 1.0) * p[i])));
        t[i] = n * t[i] - (n - 1.0) * p[i];
    }
    if (st == JN_OK && jn_symmetric_eigen(d, t, values, vectors)) {
        const double slack = 1e-9 * scale;
        if (values[0] > slack && n < 0.0 && !model->density->tail_everywhere) {
            say(out, JN_FINITE_UNKNOWN, "p(x, z) may fall faster than along its slowest direction");
        } else if (values[0] > slack) {
            say(out, JN_FINITE, "Gaussian tails: n T - (n - 1) P is positive definite");
        } else if (values[0] < -slack) {
            out->finite = JN_INFINITE;
            direction_text(out, n, d, vectors, 0);
        } else {
            say(out, JN_FINITE_UNKNOWN, "the tails of q and of p(x, z) balance to rounding");
        }
    }
    free(t);
    return st == JN_ERR_NOMEM ? st : JN_OK;
}

/* q is the prior. What is not finite diverges, unless the model does not know its own tails. */
static jn_status by_prior(const jn_proposal *q, size_t row, double n, jn_verdict *out)
{
    const jn_density *d = q->model->density;
    const size_t dim = q->model->dim;
    if (d->prior_moment_finite(q->model->self, row, n)) {
        say(out, JN_FINITE, "q is the prior, and this moment of the likelihood is finite under it");
        return JN_OK;
    }
    double *t = jn_alloc_doubles(dim * dim);
    if (t == NULL) {
        return JN_ERR_NOMEM;
    }
    if (d->tail_precision == NULL || d->tail_precision(q->model->self, row, t) == JN_OK) {
        say(out, JN_INFINITE,
            "q is the prior, and this moment of the likelihood diverges under it");
    }
    free(t);
    return JN_OK;
}

/* What is not known: asked of the integrand, where there is a density to ask. */
static jn_status or_rays(const jn_proposal *q, size_t row, jn_rays_of what, double n,
                         jn_verdict *out)
{
    const bool can = q->model->density != NULL && q->ops != NULL && jn_model_states(q->model) == 0;
    return out->finite == JN_FINITE_UNKNOWN && can ? jn_rays_ask(q, row, what, n, out) : JN_OK;
}

static jn_status known_moment(const jn_proposal *q, size_t row, double n, jn_verdict *out)
{
    const jn_density *d = q->model->density;
    say(out, JN_FINITE_UNKNOWN, "the tails of q against p(x, z) are not known");
    if (q->is_posterior) {
        say(out, JN_FINITE, "q is the posterior: every weight is p(x)");
    } else if (d == NULL) {
        return JN_OK; /* paths */
    } else if (q->is_bounded && n >= 0.0) {
        say(out, JN_FINITE, "the weights are bounded");
    } else if (q->is_prior && d->prior_moment_finite != NULL) {
        return by_prior(q, row, n, out);
    } else if (jn_model_states(q->model) > 0 && n > 0.0) {
        say(out, JN_FINITE, "a finite sum");
    } else if (d->tail_precision != NULL && q->ops->tail_precision != NULL) {
        return by_precision(q, row, n, out);
    }
    return JN_OK;
}

jn_status jn_finite_moment(const jn_proposal *q, size_t row, double n, jn_verdict *out)
{
    const jn_status st = known_moment(q, row, n, out);
    return st == JN_OK ? or_rays(q, row, JN_RAYS_MOMENT, n, out) : st;
}

/* Is the matrix that a tail gives positive definite? false also where it is not known. */
static jn_status is_gaussian_tail(size_t d, jn_status (*tail)(const void *, size_t, double *),
                                  const void *self, size_t row, bool *out)
{
    *out = false;
    if (tail == NULL) {
        return JN_OK;
    }
    double *m = jn_alloc_doubles(d * d);
    if (m == NULL) {
        return JN_ERR_NOMEM;
    }
    *out = tail(self, row, m) == JN_OK && jn_cholesky(d, m);
    free(m);
    return JN_OK;
}

/* Powers in u carry no moment of e^u, however many draws must all be out there. */
static jn_status by_growth(const jn_proposal *q, size_t row, double k, jn_verdict *out)
{
    bool grows;
    size_t axis = 0;
    const jn_status st = jn_growth_ask(q, row, &grows, &axis);
    if (st != JN_OK || !grows) {
        return st;
    }
    char what[64] = "E log w is -inf";
    if (k > 1.0) {
        (void)snprintf(what, sizeof what, "E log of the mean of %g weights is -inf", k);
    }
    static const char *const name[] = { "z", "log z", "logit z" };
    const jn_support kind = jn_model_support(q->model, axis);
    char place[32] = "";
    if (q->model->dim > 1) {
        (void)snprintf(place, sizeof place, " (coordinate %zu)", axis);
    }
    out->finite = JN_INFINITE;
    (void)snprintf(out->reason, sizeof out->reason,
                   "%s: q falls like a power of %s%s, -log p(x, z) grows exponentially in it", what,
                   name[kind == JN_POSITIVE ? 1
                        : kind == JN_UNIT   ? 2
                                            : 0],
                   place);
    return JN_OK;
}

/* A log-density falls like a polynomial in u, or in e^u for positive coordinates: Gaussian tails
 * carry either. */
jn_status jn_finite_log(const jn_proposal *q, size_t row, double k, jn_verdict *out)
{
    bool gaussian = false;
    say(out, JN_FINITE_UNKNOWN, "the tails of q against log p(x, z) are not known");
    if (q->is_posterior) {
        say(out, JN_FINITE, "q is the posterior: every weight is p(x)");
    } else if (q->is_bounded) {
        say(out, JN_FINITE, "the weights fall off no faster than powers of what q carries");
    } else if (jn_model_states(q->model) > 0) {
        say(out, JN_FINITE, "a finite sum");
    } else if (q->ops == NULL) {
        return JN_OK; /* paths */
    } else {
        const jn_status st = is_gaussian_tail(q->model->dim, q->ops->tail_precision, q->self, row,
                                              &gaussian);
        if (st != JN_OK) {
            return st;
        }
    }
    if (gaussian) {
        say(out, JN_FINITE, "q has Gaussian tails");
    }
    if (out->finite == JN_FINITE_UNKNOWN && q->has_power_tails) {
        const jn_status st = by_growth(q, row, k, out);
        if (st != JN_OK) {
            return st;
        }
    }
    return or_rays(q, row, JN_RAYS_LOG, k, out);
}

jn_status jn_finite_entropy(const jn_proposal *q, size_t row, jn_verdict *out)
{
    const jn_density *d = q->model->density;
    const double above_one = 1.0 + 1e-3;
    jn_status st = known_moment(q, row, above_one, out);
    if (st != JN_OK || out->finite == JN_FINITE) {
        return st;
    }
    if (d == NULL) {
        return JN_OK; /* paths */
    }
    bool target = false, proposal = false;
    st = is_gaussian_tail(q->model->dim, d->tail_precision, q->model->self, row, &target);
    st = st == JN_OK
             ? is_gaussian_tail(q->model->dim, q->ops->tail_precision, q->self, row, &proposal)
             : st;
    if (target && proposal) {
        say(out, JN_FINITE, "Gaussian tails of p(x, z) carry any power of log q");
    } else {
        say(out, JN_FINITE_UNKNOWN, "the tails of p(x, z) against log q are not known");
    }
    return st == JN_OK ? or_rays(q, row, JN_RAYS_ENTROPY, 1.0, out) : st;
}
