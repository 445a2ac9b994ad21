#include "jensen/law.h"

#include <string.h>

#include "base/memory.h"
#include "law/groups.h"
#include "law/tail.h"
#include "law/tilt.h"

/* n groups of ks[i] draws. */
static jn_status start_groups(size_t n, const uint64_t *ks, double log_p, uint64_t first,
                              size_t *n_out, jn_groups **out)
{
    if (n == 0) {
        return JN_OK;
    }
    *out = jn_alloc(n, sizeof **out);
    if (*out == NULL) {
        return JN_ERR_NOMEM;
    }
    *n_out = n;
    for (size_t i = 0; i < n; i++) {
        jn_groups_init(&(*out)[i], ks[i], first);
        (*out)[i].log_p = log_p;
    }
    return JN_OK;
}

static jn_status start_tilts(jn_law *law, size_t n, const double *betas)
{
    if (n == 0) {
        return JN_OK;
    }
    law->tilts = jn_alloc(n, sizeof *law->tilts);
    if (law->tilts == NULL) {
        return JN_ERR_NOMEM;
    }
    law->n_tilts = n;
    for (size_t i = 0; i < n; i++) {
        jn_tilt_init(&law->tilts[i], betas[i]);
    }
    return JN_OK;
}

jn_status jn_law_start(jn_law *law, const jn_law_wish *wish, double log_p, uint64_t first)
{
    const jn_lse empty = JN_LSE_INIT;
    const jn_moments none = JN_MOMENTS_INIT;
    *law = (jn_law){ .needs = wish->needs,
                     .mass = empty,
                     .zero_mass = empty,
                     .evidence = empty,
                     .second = empty,
                     .third = empty,
                     .edge_mass = empty,
                     .edge_evidence = empty,
                     .log_w = none,
                     .log_lik = none,
                     .log_ratio = none };
    jn_tail_init(&law->tail, (wish->needs & JN_NEED_TAIL) != 0 ? wish->n_tail : 0);
    jn_status st = JN_OK;
    if ((wish->needs & JN_NEED_GROUPS) != 0) {
        st = start_groups(wish->n_k, wish->ks, log_p, first, &law->n_groups, &law->groups);
    }
    if (st == JN_OK && (wish->needs & JN_NEED_POSTERIOR) != 0) {
        st = start_groups(wish->n_posterior_k, wish->posterior_ks, NAN, first, &law->n_posterior,
                          &law->posterior);
    }
    if (st == JN_OK && (wish->needs & JN_NEED_TILTS) != 0) {
        st = start_tilts(law, wish->n_beta, wish->betas);
    }
    return st;
}

jn_status jn_law_init(jn_law *law, unsigned needs, size_t n_k, const uint64_t *ks, uint64_t first)
{
    const jn_law_wish wish = { .needs = needs, .n_k = n_k, .ks = ks };
    return jn_law_start(law, &wish, NAN, first);
}

void jn_law_free(jn_law *law)
{
    free(law->node_log_w);
    free(law->node_log_m);
    free(law->groups);
    free(law->posterior);
    free(law->tilts);
    jn_tail_free(&law->tail);
    memset(law, 0, sizeof *law);
}

/* Room for `more` nodes, with masses if `masses`. */
static jn_status reserve(jn_law *law, size_t more, bool masses)
{
    const size_t wanted = law->n + more;
    if (wanted > law->capacity) {
        size_t capacity = law->capacity < 512 ? 1024 : 2 * law->capacity;
        capacity = capacity < wanted ? wanted : capacity;
        double *w = jn_realloc(law->node_log_w, capacity, sizeof *w);
        if (w == NULL) {
            return JN_ERR_NOMEM;
        }
        law->node_log_w = w;
        if (masses) {
            double *m = jn_realloc(law->node_log_m, capacity, sizeof *m);
            if (m == NULL) {
                return JN_ERR_NOMEM;
            }
            law->node_log_m = m;
        }
        law->capacity = capacity;
    }
    return JN_OK;
}

static void keep_nodes(jn_law *law, const jn_weights *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const double m = b->log_mass == NULL ? 0.0 : b->log_mass[i];
        if (b->log_w[i] > -INFINITY && m > -INFINITY) {
            law->node_log_w[law->n] = b->log_w[i];
            if (b->log_mass != NULL) {
                law->node_log_m[law->n] = m;
            }
            law->n++;
        }
    }
}

/* Draws: every mass is one. */
static void stream_draws(jn_law *law, const jn_weights *b)
{
    jn_lse mass = { 0.0, (double)b->n, b->n }, twice = JN_LSE_INIT, thrice = JN_LSE_INIT;
    jn_lse_merge(&law->mass, &mass);
    jn_lse_add_array(&law->evidence, b->n, b->log_w);
    for (size_t i = 0; i < b->n; i++) {
        jn_lse_add(&twice, 2.0 * b->log_w[i]);
        jn_lse_add(&thrice, 3.0 * b->log_w[i]);
        if (b->log_w[i] == -INFINITY) {
            law->n_zero++;
            jn_lse_add(&law->zero_mass, 0.0);
        }
    }
    jn_lse_merge(&law->second, &twice);
    jn_lse_merge(&law->third, &thrice);
    jn_moments block[3] = { JN_MOMENTS_INIT, JN_MOMENTS_INIT, JN_MOMENTS_INIT };
    for (size_t i = 0; i < b->n; i++) {
        jn_moments_add(&block[0], b->log_w[i], 1.0);
        if (b->log_lik != NULL) {
            jn_moments_add(&block[1], b->log_lik[i], 1.0);
            jn_moments_add(&block[2], b->log_ratio[i], 1.0);
        }
    }
    jn_moments_merge(&law->log_w, &block[0]);
    jn_moments_merge(&law->log_lik, &block[1]);
    jn_moments_merge(&law->log_ratio, &block[2]);
}

/* Nodes of a rule, each with its mass. */
static void stream_nodes(jn_law *law, const jn_weights *b)
{
    jn_lse evidence = JN_LSE_INIT, second = JN_LSE_INIT, third = JN_LSE_INIT;
    for (size_t i = 0; i < b->n; i++) {
        const double log_m = b->log_mass[i], l = b->log_w[i], m = exp(log_m);
        if (log_m == -INFINITY) {
            continue;
        }
        if (l == -INFINITY) {
            law->n_zero++;
            jn_lse_add(&law->zero_mass, log_m);
        }
        jn_lse_add(&evidence, log_m + l);
        jn_lse_add(&second, log_m + 2.0 * l);
        jn_lse_add(&third, log_m + 3.0 * l);
        if (b->edge != NULL && b->edge[i] != 0) {
            jn_lse_add(&law->edge_mass, log_m);
            jn_lse_add(&law->edge_evidence, log_m + l);
        }
        jn_moments_add(&law->log_w, l, m);
        if (b->log_lik != NULL) {
            jn_moments_add(&law->log_lik, b->log_lik[i], m);
            jn_moments_add(&law->log_ratio, b->log_ratio[i], m);
        }
    }
    jn_lse_add_array(&law->mass, b->n, b->log_mass);
    jn_lse_merge(&law->evidence, &evidence);
    jn_lse_merge(&law->second, &second);
    jn_lse_merge(&law->third, &third);
}

static jn_status add_companions(jn_law *law, const jn_weights *b)
{
    for (size_t i = 0; i < law->n_groups; i++) {
        jn_groups_add(&law->groups[i], b->n, b->log_w);
    }
    for (size_t i = 0; b->log_w_posterior != NULL && i < b->n; i++) {
        law->n_outside += b->log_w_posterior[i] == INFINITY;
    }
    for (size_t i = 0; b->log_w_posterior != NULL && i < law->n_posterior; i++) {
        jn_groups_add_replaced(&law->posterior[i], b->n, b->log_w, b->log_w_posterior);
    }
    for (size_t i = 0; i < law->n_tilts; i++) {
        jn_tilt_add(&law->tilts[i], b->n, b->log_w, b->log_mass);
    }
    return b->log_mass == NULL ? jn_tail_add(&law->tail, b->n, b->log_w) : JN_OK;
}

jn_status jn_law_add(jn_law *law, const jn_weights *block)
{
    if (block->n == 0) {
        return JN_OK;
    }
    if ((law->needs & JN_NEED_NODES) != 0) {
        const jn_status st = reserve(law, block->n, block->log_mass != NULL);
        if (st != JN_OK) {
            return st;
        }
        keep_nodes(law, block);
    }
    law->n_nodes += block->n;
    law->has_marks = block->log_lik != NULL;
    law->draws = block->log_mass == NULL;
    if (law->draws) {
        stream_draws(law, block);
    } else {
        stream_nodes(law, block);
    }
    return add_companions(law, block);
}

/* All of a merge but what knows groups. */
static jn_status join(jn_law *into, const jn_law *from)
{
    if (from->n > 0) {
        const bool masses = from->node_log_m != NULL;
        const jn_status st = reserve(into, from->n, masses);
        if (st != JN_OK) {
            return st;
        }
        memcpy(into->node_log_w + into->n, from->node_log_w, from->n * sizeof(double));
        if (masses) {
            memcpy(into->node_log_m + into->n, from->node_log_m, from->n * sizeof(double));
        }
        into->n += from->n;
    }
    into->n_nodes += from->n_nodes;
    into->n_zero += from->n_zero;
    into->n_outside += from->n_outside;
    into->has_marks = into->has_marks || from->has_marks;
    into->draws = into->draws || from->draws;
    jn_lse_merge(&into->edge_mass, &from->edge_mass);
    jn_lse_merge(&into->edge_evidence, &from->edge_evidence);
    jn_lse_merge(&into->mass, &from->mass);
    jn_lse_merge(&into->zero_mass, &from->zero_mass);
    jn_lse_merge(&into->evidence, &from->evidence);
    jn_lse_merge(&into->second, &from->second);
    jn_lse_merge(&into->third, &from->third);
    jn_moments_merge(&into->log_w, &from->log_w);
    jn_moments_merge(&into->log_lik, &from->log_lik);
    jn_moments_merge(&into->log_ratio, &from->log_ratio);
    for (size_t i = 0; i < into->n_tilts; i++) {
        jn_tilt_merge(&into->tilts[i], &from->tilts[i]);
    }
    return jn_tail_merge(&into->tail, &from->tail);
}

typedef void join_groups(jn_groups *into, const jn_groups *from);

static void join_all(jn_law *into, const jn_law *from, join_groups *how)
{
    for (size_t i = 0; i < into->n_groups; i++) {
        how(&into->groups[i], &from->groups[i]);
    }
    for (size_t i = 0; i < into->n_posterior; i++) {
        how(&into->posterior[i], &from->posterior[i]);
    }
}

jn_status jn_law_merge(jn_law *into, const jn_law *from)
{
    const jn_status st = join(into, from);
    if (st == JN_OK) {
        join_all(into, from, jn_groups_merge);
    }
    return st;
}

jn_status jn_law_pool(jn_law *into, const jn_law *from)
{
    const jn_status st = join(into, from);
    if (st == JN_OK) {
        join_all(into, from, jn_groups_pool);
    }
    return st;
}

double jn_law_log_evidence(const jn_law *law)
{
    const double total = jn_lse_log_sum(&law->evidence);
    return law->draws ? total - jn_lse_log_sum(&law->mass) : total;
}

double jn_law_ess_fraction(const jn_law *law)
{
    const double first = jn_lse_log_sum(&law->evidence), second = jn_lse_log_sum(&law->second);
    return exp(2.0 * first - second - jn_lse_log_sum(&law->mass));
}

void jn_law_set_free(jn_law_set *set)
{
    for (size_t i = 0; set->law != NULL && i < set->n; i++) {
        jn_law_free(&set->law[i]);
    }
    free(set->law);
    jn_law_free(&set->pooled);
    memset(set, 0, sizeof *set);
}
