/* Annealed importance sampling in the space of q's base points, both ways. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "chain/walk.h"

/* Sizes s of the moves at each temperature, in this order; backwards in reverse chains. */
static const double sizes[] = { 0.8, 0.4, 0.2, 0.1 };
enum { MOVES = sizeof sizes / sizeof *sizes, MAX_STEPS = 1000000 };

/* Reverse chains have replicates of their own. */
enum { REVERSE = 1 << (JN_REPLICATE_BITS - 1) };

typedef struct ais_plan {
    jn_proposal *posterior; /* of a chain, or NULL */
    const double *z;        /* the observation's part of the latents, or NULL */
} ais_plan;

typedef struct chains {
    const jn_plan *plan;
    const ais_plan *state;
    jn_walk walk;
    uint64_t index0, stride; /* of numbers: chains of a part, rounded up */
    uint64_t K;
    jn_stream draws, moves;
    jn_workspace *ws;
} chains;

/* Temperature k of 0 .. K: a logistic curve, steep in the middle. */
static double temperature(uint64_t k, uint64_t K)
{
    const double end = 4.0;
    if (k == 0 || k == K) {
        return k == 0 ? 0.0 : 1.0;
    }
    const double x = end * (2.0 * (double)k / (double)K - 1.0);
    const double below = 1.0 / (1.0 + exp(end)), here = 1.0 / (1.0 + exp(-x));
    return (here - below) / (1.0 - 2.0 * below);
}

/* --- planning -------------------------------------------------------------------------------- */

static size_t points_of(const jn_model *m, size_t row)
{
    return m->chain == NULL ? 1 : m->chain->n_steps(m->self, row);
}

static jn_status find_latents(const jn_plan *plan, ais_plan *s, jn_error *err)
{
    const jn_model *m = plan->q->model;
    const jn_latents *given = plan->options.latents;
    size_t before = 0, all = 0;
    for (size_t r = 0; r < m->n_obs; r++) {
        before += r < plan->row ? points_of(m, r) : 0;
        all += points_of(m, r);
    }
    if (given->n != all || given->dim != m->dim) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "the latents are %zu x %zu, but %zu observations of model %s have %zu "
                            "latent points of %zu coordinates",
                            given->n, given->dim, m->n_obs, m->type->name, all, m->dim);
    }
    s->z = given->z + before * m->dim;
    return JN_OK;
}

static jn_status find_start(const jn_plan *plan, ais_plan *s, jn_error *err)
{
    const jn_model *m = plan->q->model;
    jn_error why = JN_ERROR_INIT;
    if (plan->options.latents != NULL) {
        return find_latents(plan, s, err);
    }
    if (m->chain != NULL) {
        const jn_status st = jn_path_proposal_new("posterior", NULL, m, &s->posterior, &why);
        if (st != JN_ERR_UNSUPPORTED && st != JN_ERR_VALUE) { /* VALUE: of these parameters */
            return st < 0 ? jn_error_set(err, st, "%s", why.message) : st;
        }
    }
    return s->posterior != NULL || (m->density != NULL && m->density->posterior_map != NULL)
               ? JN_OK
               : jn_error_set(
                     err, JN_ERR_UNSUPPORTED,
                     "reverse chains start from exact draws of the posterior, and model "
                     "%s has no sampler of it%s%s: simulate the data, and give the latents "
                     "they were drawn with",
                     m->type->name, why.message[0] == '\0' ? "" : ": ", why.message);
}

static void release(jn_plan *plan)
{
    ais_plan *s = plan->state;
    if (s != NULL) {
        jn_proposal_free(s->posterior);
        free(s);
    }
}

static jn_status plan(const jn_proposal *q, size_t row, const jn_source_options *o, jn_plan *plan,
                      jn_error *err)
{
    const size_t D = jn_walk_dim(q, row);
    if (o->samples == 0 || o->replicates == 0 || o->replicates > JN_PARTS_MAX ||
        o->steps > MAX_STEPS || D + 1 >= (size_t)1 << (JN_COORDINATE_BITS - 1) ||
        o->samples > JN_INDEX_MAX / MOVES / (o->steps + 1) - 16) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "%llu chains of %llu steps in %zu coordinates: need 1 to %d steps, at "
                            "most 2^%d coordinates, 2^39 chains times steps, 1 to %d replicates",
                            (unsigned long long)o->samples, (unsigned long long)o->steps, D,
                            MAX_STEPS, JN_COORDINATE_BITS - 1, JN_PARTS_MAX);
    }
    plan->n_parts = o->replicates;
    plan->n_points[0] = o->samples;
    if (!o->reverse) {
        return JN_OK;
    }
    ais_plan *s = plan->state = jn_alloc(1, sizeof *s);
    return s == NULL ? jn_error_set(err, JN_ERR_NOMEM, "out of memory for annealed chains")
                     : find_start(plan, s, err);
}

/* --- the start of a chain -------------------------------------------------------------------- */

/* z (points x dim rows of n) by the path proposal of the posterior. */
static jn_status draw_path(chains *c, double *z, jn_error *err)
{
    const jn_proposal *q = c->state->posterior;
    const size_t T = q->model->chain->n_steps(q->model->self, c->plan->row), d = q->model->dim;
    jn_workspace *ws = c->ws;
    for (size_t k = 0; k < T; k++) {
        const size_t t = q->path->backward ? T - 1 - k : k;
        jn_path_base(q->model, &c->draws, t, c->index0, c->walk.n, JN_BLOCK, ws->base);
        const jn_status st = q->path->step(q->self, c->plan->row, t, c->walk.n, JN_BLOCK,
                                           k == 0 ? NULL : ws->u, ws->base, ws->z, ws->log_q);
        if (st < 0) {
            return jn_error_set(err, st, "the posterior of model %s, step %zu: %s",
                                q->model->type->name, t, jn_status_text(st));
        }
        for (size_t j = 0; j < d; j++) {
            memcpy(z + (t * d + j) * c->walk.n, ws->z + j * JN_BLOCK, c->walk.n * sizeof *z);
        }
        double *old = ws->u;
        ws->u = ws->z;
        ws->z = old;
    }
    return JN_OK;
}

static jn_status draw_point(chains *c, double *z, jn_error *err)
{
    const jn_model *m = c->plan->q->model;
    const jn_density *f = m->density;
    for (size_t j = 0; j < m->dim; j++) {
        const jn_base kind = jn_model_posterior_base(m, j);
        (kind == JN_BASE_NORMAL ? jn_normal_fill : jn_uniform_fill)(
            &c->draws, c->index0, c->walk.n, (uint32_t)j, c->ws->base + j * JN_BLOCK);
    }
    const jn_status st = f->posterior_map(m->self, c->plan->row, c->walk.n, JN_BLOCK, c->ws->base,
                                          c->ws->z);
    for (size_t j = 0; st == JN_OK && j < m->dim; j++) {
        memcpy(z + j * c->walk.n, c->ws->z + j * JN_BLOCK, c->walk.n * sizeof *z);
    }
    return st < 0 ? jn_error_set(err, st == JN_ERR_NOMEM ? st : JN_ERR_UNSUPPORTED,
                                 "the posterior of observation %zu: %s", c->plan->row,
                                 jn_status_text(st))
                  : st;
}

/* e of exact draws of the posterior. */
static jn_status start_reverse(chains *c, jn_error *err)
{
    const jn_model *m = c->plan->q->model;
    const size_t rows = points_of(m, c->plan->row) * m->dim;
    double *z = jn_alloc_doubles(rows * c->walk.n);
    if (z == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for reverse chains");
    }
    jn_status st = JN_OK;
    for (size_t i = 0; c->state->z != NULL && i < rows * c->walk.n; i++) {
        z[i] = c->state->z[i / c->walk.n];
    }
    if (c->state->z == NULL) {
        st = m->chain != NULL ? draw_path(c, z, err) : draw_point(c, z, err);
    }
    if (st == JN_OK) {
        st = jn_walk_invert(c->plan->q, c->plan->row, &c->draws, c->index0, c->walk.n, z, c->ws,
                            c->walk.e, err);
    }
    free(z);
    return st;
}

static jn_status start(chains *c, jn_error *err)
{
    const jn_proposal *q = c->plan->q;
    if (c->plan->options.reverse && !q->is_posterior) {
        const jn_status st = start_reverse(c, err);
        if (st < 0) {
            return st;
        }
    } else {
        for (size_t j = 0; j < c->walk.D; j++) {
            jn_normal_fill(&c->draws, c->index0, c->walk.n, (uint32_t)j, c->walk.e + j * c->walk.n);
        }
    }
    return jn_walk_weigh(&c->walk, c->ws, err);
}

/* --- walking --------------------------------------------------------------------------------- */

static void weigh(const chains *c, uint64_t k, double *log_w)
{
    const double step = temperature(k, c->K) - temperature(k - 1, c->K);
    for (size_t i = 0; i < c->walk.n; i++) {
        log_w[i] += step * c->walk.l[i];
    }
}

/* Reverse chains make the moves of each temperature in the opposite order. */
static jn_status move_all(chains *c, uint64_t k, jn_error *err)
{
    const double beta = temperature(k, c->K);
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < MOVES; i++) {
        const size_t m = c->plan->options.reverse ? MOVES - 1 - i : i;
        st = jn_walk_move(&c->walk, beta, sizes[m], &c->moves,
                          (k * MOVES + m) * c->stride + c->index0, c->ws, err);
    }
    return st;
}

static jn_status run(chains *c, double *log_w, jn_error *err)
{
    const bool reverse = c->plan->options.reverse;
    jn_status st = start(c, err);
    memset(log_w, 0, c->walk.n * sizeof *log_w);
    for (uint64_t step = 1; st == JN_OK && step <= c->K; step++) {
        weigh(c, reverse ? c->K + 1 - step : step, log_w);
        if (step < c->K) {
            st = move_all(c, reverse ? c->K - step : step, err);
        }
    }
    for (size_t i = 0; st == JN_OK && reverse && i < c->walk.n; i++) {
        log_w[i] = -log_w[i];
    }
    return st;
}

static jn_status block(const jn_plan *plan, size_t part, uint64_t index, jn_workspace *ws,
                       jn_weights *out, jn_error *err)
{
    const jn_source_options *o = &plan->options;
    const uint64_t index0 = index * JN_BLOCK, left = plan->n_points[0] - index0;
    const size_t n = left < JN_BLOCK ? (size_t)left : JN_BLOCK;
    const bool posterior = o->reverse && !plan->q->is_posterior;
    const jn_stream draws = { .seed = o->seed,
                              .observation = (uint32_t)plan->row,
                              .replicate = (uint32_t)part + (o->reverse ? REVERSE : 0),
                              .purpose = posterior ? JN_FOR_POSTERIOR : JN_FOR_PROPOSAL };
    chains c = { .plan = plan,
                 .state = plan->state,
                 .index0 = index0,
                 .stride = (o->samples + 15) / 16 * 16,
                 .K = o->steps == 0 ? 1 : o->steps,
                 .draws = draws,
                 .moves = draws,
                 .ws = ws };
    c.moves.purpose = JN_FOR_TRANSITION;
    double log_w[JN_BLOCK]; /* ws->log_w serves every move */
    jn_status st = jn_walk_new(plan->q, plan->row, n, &c.walk, err);
    st = st == JN_OK ? run(&c, log_w, err) : st;
    jn_walk_free(&c.walk);
    if (st == JN_OK) {
        memcpy(ws->log_w, log_w, n * sizeof *log_w);
        *out = (jn_weights){ .n = n, .index0 = index0, .log_w = ws->log_w };
    }
    return st;
}

const jn_source jn_source_ais = { "ais", JN_MC, false, plan, block, release };
