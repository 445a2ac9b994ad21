#include "derive_lines.h"

#include <math.h>
#include <stdlib.h>

#include "base/dense.h"
#include "base/memory.h"
#include "jensen/random.h"
#include "jensen/source.h"

enum { FINEST = 5, WIDEST = 5 };

/* --- log p(x) from log-weights --------------------------------------------------------------- */

/* Nodes that miss a part of q or of the posterior: *narrow, a wider domain may help. As jensen gap
 * has it, but for log p(x) itself, which is what the line is to tell. */
static jn_status check_nodes(const jn_law *law, size_t row, double tolerance, bool *narrow,
                             jn_error *err)
{
    const double allowed = fmax(tolerance, 1e-12);
    const double log_mass = jn_lse_log_sum(&law->mass);
    const double edge = fmax(jn_lse_log_sum(&law->edge_mass) - log_mass,
                             jn_lse_log_sum(&law->edge_evidence) - jn_lse_log_sum(&law->evidence));
    *narrow = edge > log(1e-3 * allowed);
    if (*narrow) {
        return jn_error_set(err, JN_REFUSED,
                            "observation %zu: %.2g of q or of the posterior lies on the border of "
                            "the nodes' domain",
                            row, exp(edge));
    }
    return fabs(expm1(log_mass)) <= allowed
               ? JN_OK
               : jn_error_set(err, JN_REFUSED,
                              "observation %zu: the nodes hold %.12g of q's mass: they miss the "
                              "rest",
                              row, exp(log_mass));
}

static jn_status check_draws(const jn_law *law, size_t row, double *k, jn_error *err)
{
    jn_pareto p = { .k = NAN };
    const jn_status st = jn_pareto_fit(law->n_nodes, law->tail.n, law->tail.log_w, &p);
    const double most = jn_pareto_limit(law->n_nodes);
    *k = p.k;
    return st != JN_OK || !(p.k > most)
               ? st
               : jn_error_set(err, JN_REFUSED,
                              "observation %zu: the weights are too heavy-tailed for draws: Pareto "
                              "k-hat is %.3g, above %.3g",
                              row, p.k, most);
}

static jn_status row_evidence(const jn_source *source, const jn_proposal *q, size_t row,
                              const jn_source_options *options, size_t threads, bool *narrow,
                              double *k, jn_estimate *out, jn_error *err)
{
    jn_law_wish wish = { .needs = 0 };
    jn_plan plan = { 0 };
    jn_law_set set = { 0 };
    *narrow = false;
    jn_status st = jn_plan_new(source, q, row, options, &plan, err);
    if (st != JN_OK) {
        return st;
    }
    if (source->kind == JN_MC || source->kind == JN_RQMC) {
        wish.needs = JN_NEED_TAIL;
        wish.n_tail = jn_pareto_tail(plan.n_points[0] * plan.n_parts) + 1;
    }
    st = jn_source_run(&plan, 1, &wish, threads, &set, err);
    if (st >= 0) {
        const bool drawn = set.kind == JN_MC || set.kind == JN_RQMC;
        st = drawn ? check_draws(&set.pooled, row, k, err)
                   : check_nodes(&set.law[0], row, options->tolerance, narrow, err);
    }
    if (st == JN_OK) {
        *out = jn_law_set_evidence(&set);
    }
    jn_law_set_free(&set);
    jn_plan_release(&plan);
    return st;
}

/* The domain is widened while it is too narrow; steps are halved until the error meets the
 * tolerance. */
static jn_status nested_evidence(const jn_source *source, const jn_proposal *q, size_t row,
                                 const jn_gap_options *o, double *k, jn_estimate *out,
                                 jn_error *err)
{
    jn_source_options options = { .samples = o->samples,
                                  .replicates = o->replicates,
                                  .seed = o->seed,
                                  .tolerance = o->tolerance };
    bool any = false, narrow = false;
    jn_status st = JN_OK;
    while (options.refinement <= FINEST) {
        st = row_evidence(source, q, row, &options, o->threads, &narrow, k, out, err);
        if (narrow && options.widening < WIDEST) {
            options.widening++;
            continue;
        }
        if (st != JN_OK) {
            break;
        }
        any = true;
        if (!source->nested || out->error <= o->tolerance) {
            break;
        }
        options.refinement++;
    }
    return any && st == JN_REFUSED ? JN_OK : st;
}

/* Is a mean of five standard errors off proof of anything? Not where the variance is infinite, nor
 * where a few draws make the mean. */
static jn_status judge_draws(const jn_proposal *q, size_t row, const jn_estimate *e, double k,
                             bool *sound)
{
    const double heavy = 0.3, rough = 0.1; /* k-hat, and the error of a log that is still normal */
    jn_verdict v;
    const jn_status st = jn_finite_moment(q, row, 2.0, &v);
    *sound = *sound && st == JN_OK && v.finite == JN_FINITE && !(k > heavy) && e->error < rough;
    return st;
}

static jn_status total_evidence(const jn_source *source, const jn_proposal *q,
                                const jn_gap_options *o, bool *sound, jn_estimate *out,
                                jn_error *err)
{
    jn_estimate total = jn_estimate_zero();
    jn_status st = JN_OK;
    *sound = true;
    for (size_t r = 0; st == JN_OK && r < q->model->n_obs; r++) {
        jn_estimate e;
        double k = NAN;
        st = nested_evidence(source, q, r, o, &k, &e, err);
        if (st == JN_OK && source == &jn_source_mc) {
            st = judge_draws(q, r, &e, k, sound);
        }
        total = st == JN_OK ? jn_estimate_add(total, e) : total;
    }
    *out = total;
    return st;
}

jn_status jn_derive_by_nodes(const jn_proposal *q, const jn_gap_options *o, jn_estimate *out,
                             jn_error *err)
{
    const jn_model *m = q->model;
    const jn_source *order[3] = { NULL, NULL, &jn_source_rqmc };
    if (jn_model_states(m) > 0) {
        order[0] = &jn_source_enumerate;
    } else if (m->dim <= 4) {
        order[0] = m->density->rugged && m->dim <= 3 ? &jn_source_panels : &jn_source_quadrature;
        order[1] = m->dim <= 3 ? &jn_source_panels : NULL;
    }
    jn_status st = JN_REFUSED;
    jn_error first = JN_ERROR_INIT, why = JN_ERROR_INIT;
    bool refused = false, sound;
    for (size_t i = 0; i < 3 && st == JN_REFUSED; i++) {
        if (order[i] != NULL) {
            st = total_evidence(order[i], q, o, &sound, out, &why);
            first = refused ? first : why;
            refused = true;
        }
    }
    if (st != JN_OK && err != NULL) {
        *err = st == JN_REFUSED ? first : why;
    }
    return st;
}

jn_status jn_derive_by_draws(const jn_proposal *q, const jn_gap_options *o, jn_estimate *out,
                             bool *sound, jn_error *err)
{
    return total_evidence(&jn_source_mc, q, o, sound, out, err);
}

/* --- divergences between Gaussians ----------------------------------------------------------- */

static bool all_real(const jn_model *m)
{
    for (size_t j = 0; j < m->dim; j++) {
        if (jn_model_support(m, j) != JN_REAL) {
            return false;
        }
    }
    return true;
}

/* KL(N(a, LL') || N(b, C)); C is spoilt. NaN: C is not positive definite. */
static double gaussian_kl(size_t d, const double *a, const double *l, const double *b, double *c,
                          double *step)
{
    if (!jn_cholesky(d, c)) {
        return NAN;
    }
    double twice = 2.0 * (jn_lower_log_det(d, c) - jn_lower_log_det(d, l)) - (double)d;
    for (size_t j = 0; j < d; j++) {
        step[j] = a[j] - b[j];
    }
    jn_lower_solve(d, c, step);
    for (size_t j = 0; j < d; j++) {
        twice += step[j] * step[j];
    }
    for (size_t k = 0; k < d; k++) { /* the trace: columns of C^-1/2 L */
        for (size_t j = 0; j < d; j++) {
            step[j] = l[j * d + k];
        }
        jn_lower_solve(d, c, step);
        for (size_t j = 0; j < d; j++) {
            twice += step[j] * step[j];
        }
    }
    return 0.5 * twice;
}

/* From q to the prior (`posterior` false) or to the posterior, all observations. */
static jn_status closed_form(const jn_proposal *q, bool posterior, jn_estimate *out)
{
    const jn_model *m = q->model;
    const jn_density *density = m->density;
    const size_t d = m->dim;
    double *a = jn_alloc_doubles(3 * d + 2 * d * d);
    jn_status st = a == NULL ? JN_ERR_NOMEM : JN_OK;
    double *b = a + d, *step = b + d, *l = step + d, *c = l + d * d, sum = 0.0, size = 0.0;
    for (size_t r = 0; st == JN_OK && r < m->n_obs; r++) {
        st = q->ops->location(q->self, r, a, l);
        if (st == JN_OK) {
            st = posterior ? density->posterior_gaussian(m->self, r, b, c)
                           : density->prior_gaussian(m->self, b, c);
        }
        const double kl = st == JN_OK ? gaussian_kl(d, a, l, b, c, step) : NAN;
        sum += kl;
        size += fabs(kl) + (double)d;
    }
    free(a);
    *out = (jn_estimate){ .value = sum,
                          .error = 1e-14 * (1.0 + size),
                          .dof = NAN,
                          .kind = JN_EXACT,
                          .method = "closed form" };
    return st == JN_OK && isnan(sum) ? JN_ERR_UNSUPPORTED : st;
}

jn_status jn_derive_kl_prior(const jn_proposal *q, jn_estimate *out, jn_error *err)
{
    const jn_density *d = q->model->density;
    if (d == NULL || d->prior_gaussian == NULL || !q->is_gaussian || q->ops->location == NULL ||
        !all_real(q->model)) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "q and the prior are not both Gaussian");
    }
    return closed_form(q, false, out);
}

/* --- KL to the posterior by draws ------------------------------------------------------------ */

enum { BLOCK = 512, REPLICATES = 16, BLOCKS = 16 };

static jn_status add_block(const jn_proposal *q, size_t row, const jn_stream *s, uint64_t first,
                           double *block, jn_moments *sum, bool *infinite)
{
    const jn_model *m = q->model;
    const size_t n_base = jn_proposal_n_base(q);
    double *base = block, *z = base + n_base * BLOCK, *log_q = z + m->dim * BLOCK;
    double *log_p = log_q + BLOCK;
    for (size_t j = 0; j < n_base; j++) {
        const bool normal = jn_proposal_base(q, j) == JN_BASE_NORMAL;
        (normal ? jn_normal_fill : jn_uniform_fill)(s, first, BLOCK, (uint32_t)j, base + j * BLOCK);
    }
    jn_status st = q->ops->map(q->self, row, BLOCK, BLOCK, base, z, log_q);
    if (st == JN_OK) {
        st = m->density->posterior_log_density(m->self, row, BLOCK, BLOCK, z, log_p);
    }
    for (size_t i = 0; st == JN_OK && i < BLOCK; i++) {
        *infinite = *infinite || (log_p[i] == -INFINITY && isfinite(log_q[i]));
        jn_moments_add(sum, log_q[i] - log_p[i], 1.0);
    }
    return st;
}

static jn_status drawn(const jn_proposal *q, const jn_gap_options *o, jn_estimate *out)
{
    double *block = jn_alloc_doubles((jn_proposal_n_base(q) + q->model->dim + 2) * BLOCK);
    jn_estimate total = jn_estimate_zero();
    jn_status st = block == NULL ? JN_ERR_NOMEM : JN_OK;
    bool infinite = false;
    for (size_t r = 0; st == JN_OK && r < q->model->n_obs; r++) {
        const jn_stream s = { .seed = o->seed,
                              .observation = (uint32_t)r,
                              .replicate = REPLICATES, /* not the draws of line 3 */
                              .purpose = JN_FOR_SIMULATION };
        jn_moments sum = JN_MOMENTS_INIT;
        for (size_t i = 0; st == JN_OK && i < REPLICATES * BLOCKS; i++) {
            st = add_block(q, r, &s, i * BLOCK, block, &sum, &infinite);
        }
        const double n = (double)sum.n;
        const jn_estimate e = { .value = sum.mean,
                                .error = sqrt(jn_moments_variance(&sum) / n) +
                                         1e-15 * fabs(sum.mean),
                                .dof = n - 1.0,
                                .kind = JN_MC,
                                .method = "draws of q",
                                .n_eval = sum.n };
        total = jn_estimate_add(total, e);
    }
    free(block);
    if (infinite || !isfinite(total.value)) { /* a draw where the posterior is 0, or not a number */
        total.value = infinite ? INFINITY : NAN;
        total.error = NAN;
    }
    *out = total;
    return st;
}

jn_status jn_derive_kl_posterior(const jn_proposal *q, const jn_gap_options *o, jn_estimate *out,
                                 jn_error *err)
{
    const jn_density *d = q->model->density;
    if (d != NULL && d->posterior_gaussian != NULL && q->is_gaussian && q->ops->location != NULL &&
        all_real(q->model) && closed_form(q, true, out) == JN_OK) {
        return JN_OK;
    }
    if (d == NULL || d->posterior_log_density == NULL) {
        return jn_error_set(err, JN_ERR_UNSUPPORTED, "the posterior of model %s is not known",
                            q->model->type->name);
    }
    return drawn(q, o, out);
}
