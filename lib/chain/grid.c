/* log p(x) on grids: the first one covers nine standard deviations of every state's law before any
 * data, with a step below the narrowest noise; then the step is halved and the domain widened until
 * neither changes the answers. */
#include "chain/grid.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_ROUNDS = 24 };
static const double MAX_NODES = 32768.0;

typedef struct plan {
    const jn_model *m;
    jn_range rows;
    double tolerance, max_nodes;
    double lo, hi, h;
    uint64_t n_eval;
    /* values on (h), (h / 2) and (h / 2, widened), and how they moved in the last full round */
    double *base, *fine, *wide, *moved;
    bool border, escaped; /* of the last widened run */
    bool full;            /* no more nodes allowed */
} plan;

/* Domain and step from the moments of the chain without data, each step linearised about the mean
 * by its secant over one standard deviation. */
static jn_status first_grid(plan *p, size_t T)
{
    const jn_chain *c = p->m->chain;
    double mean, sd;
    jn_status st = c->initial_gaussian(p->m->self, &mean, &sd);
    p->lo = mean - 9.0 * sd;
    p->hi = mean + 9.0 * sd;
    p->h = sd;
    for (size_t t = 1; st == JN_OK && t < T; t++) {
        const double from[3] = { mean - sd, mean, mean + sd };
        double to[3], noise;
        st = c->transition_gaussian(p->m->self, t, 3, 3, from, to, &noise);
        if (st == JN_OK) {
            const double slope = (to[2] - to[0]) / (2.0 * sd);
            p->h = fmin(p->h, noise / fmax(1.0, fabs(slope)));
            sd = hypot(slope * sd, noise);
            mean = to[1];
            p->lo = fmin(p->lo, mean - 9.0 * sd);
            p->hi = fmax(p->hi, mean + 9.0 * sd);
        }
    }
    p->h *= 0.8; /* a Gaussian summed at 0.8 standard deviations is right to 1e-13 */
    return st;
}

/* Values on the grid of this step and domain; p->full where that would be too many nodes. */
static jn_status evaluate(plan *p, double lo, double hi, double h, double *value, jn_error *err)
{
    const double n = ceil((hi - lo) / h) + 1.0;
    if (!(n <= p->max_nodes)) {
        p->full = true;
        return JN_OK;
    }
    jn_grid_result r = { .value = value };
    const jn_status st = jn_grid_run(p->m, p->rows, (jn_grid){ lo, h, (size_t)n }, &r, err);
    p->n_eval += r.n_eval;
    p->border = r.border;
    p->escaped = r.escaped;
    return st;
}

/* Largest change over rows, added to `moved`; one -inf against a finite value is infinite. */
static double change(plan *p, const double *a, const double *b)
{
    double most = 0.0;
    for (size_t k = 0; k < p->rows.count; k++) {
        const double by = a[k] == b[k] ? 0.0 : fabs(a[k] - b[k]);
        most = fmax(most, by);
        p->moved[k] += by;
    }
    return most;
}

static double widening(const plan *p)
{
    return 0.25 * (p->hi - p->lo);
}

/* Three runs a round: this step, half of it, and that on a wider domain. */
static jn_status refine(plan *p, bool *converged, jn_error *err)
{
    jn_status st = evaluate(p, p->lo, p->hi, p->h, p->base, err);
    for (int round = 0; st == JN_OK && !p->full && round < MAX_ROUNDS; round++) {
        const double more = widening(p);
        st = evaluate(p, p->lo, p->hi, 0.5 * p->h, p->fine, err);
        if (st == JN_OK && !p->full) {
            st = evaluate(p, p->lo - more, p->hi + more, 0.5 * p->h, p->wide, err);
        }
        if (st != JN_OK || p->full) {
            break;
        }
        memset(p->moved, 0, p->rows.count * sizeof *p->moved);
        const bool domain = change(p, p->fine, p->wide) > 0.25 * p->tolerance || p->border;
        /* a cut-off top makes any rule slow: the domain first */
        const bool step = change(p, p->base, p->fine) > 0.25 * p->tolerance && !p->border;
        if (!step && !domain) {
            *converged = !p->escaped;
            break;
        }
        p->h *= step ? 0.5 : 1.0;
        p->lo -= domain ? more : 0.0;
        p->hi += domain ? more : 0.0;
        if (domain && !step) {
            st = evaluate(p, p->lo, p->hi, p->h, p->base, err);
        } else {
            memcpy(p->base, domain ? p->wide : p->fine, p->rows.count * sizeof *p->base);
        }
    }
    return st;
}

/* What the last full round changed, and the rounding of sums of positive terms; NaN before one. */
static jn_estimate estimate(const plan *p, size_t k, size_t T)
{
    const double value = isnan(p->wide[k]) ? p->base[k] : p->wide[k];
    const double rounding = DBL_EPSILON * (16.0 * (double)T + 4.0 * fabs(value));
    return (jn_estimate){ .value = value,
                          .error = value == -INFINITY ? p->moved[k] : p->moved[k] + rounding,
                          .dof = NAN,
                          .kind = JN_QUADRATURE,
                          .method = "grid filter",
                          .n_eval = p->n_eval };
}

static jn_status check(const jn_model *m, jn_range rows, jn_error *err)
{
    const jn_chain *c = m->chain;
    if (c == NULL || m->dim != 1 || c->initial_gaussian == NULL || c->transition_gaussian == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED,
                            "model %s: the grid needs a chain of one real coordinate with Gaussian "
                            "steps",
                            m->type->name);
    }
    return rows.count >= 1 && rows.first + rows.count <= m->n_obs
               ? JN_OK
               : jn_error_set(err, JN_ERR_VALUE, "observations %zu to %zu: model %s has %zu",
                              rows.first, rows.first + rows.count, m->type->name, m->n_obs);
}

jn_status jn_chain_grid(const jn_model *m, jn_range rows, const jn_exact_options *options,
                        jn_estimate *out, jn_error *err)
{
    const jn_exact_options none = { 0 };
    options = options == NULL ? &none : options;
    jn_status st = check(m, rows, err);
    if (st < 0) {
        return st;
    }
    plan p = { .m = m, .rows = rows };
    p.tolerance = options->tolerance > 0.0 ? options->tolerance : 1e-9;
    p.max_nodes = options->max_nodes > 0 ? fmin((double)options->max_nodes, MAX_NODES) : MAX_NODES;
    size_t T = 1;
    for (size_t row = rows.first; row < rows.first + rows.count; row++) {
        const size_t steps = m->chain->n_steps(m->self, row);
        T = steps > T ? steps : T;
    }
    bool converged = false;
    st = first_grid(&p, T);
    p.base = jn_alloc_doubles(4 * rows.count);
    if (st < 0 || p.base == NULL) {
        st = st < 0 ? jn_error_set(err, st, "model %s: no density for its steps", m->type->name)
                    : jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu values", rows.count);
        free(p.base);
        return st;
    }
    p.fine = p.base + rows.count;
    p.wide = p.base + 2 * rows.count;
    p.moved = p.base + 3 * rows.count;
    for (size_t k = 0; k < 4 * rows.count; k++) {
        p.base[k] = NAN;
    }
    st = refine(&p, &converged, err);
    for (size_t k = 0; st == JN_OK && k < rows.count; k++) {
        out[k] = estimate(&p, k, T);
    }
    free(p.base);
    return st != JN_OK || converged ? st : JN_NOT_CONVERGED;
}
