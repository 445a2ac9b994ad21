#include "jensen/law.h"

#include <string.h>

#include "base/memory.h"
#include "kernel/kernels.h"
#include "law/bins.h"
#include "law/groups.h"
#include "law/reuse.h"
#include "law/stream.h"
#include "law/tail.h"
#include "law/tilt.h"

static jn_status start_groups(size_t n, const uint64_t *ks, size_t *n_out, jn_groups **out)
{
    *out = n == 0 ? NULL : jn_alloc_apart(n, sizeof **out);
    if (n > 0 && *out == NULL) {
        return JN_ERR_NOMEM;
    }
    *n_out = n;
    for (size_t i = 0; i < n; i++) {
        (*out)[i].k = ks[i];
    }
    return JN_OK;
}

static jn_status start_tilts(jn_law *law, size_t n, const double *betas)
{
    law->tilts = n == 0 ? NULL : jn_alloc_apart(n, sizeof *law->tilts);
    if (n > 0 && law->tilts == NULL) {
        return JN_ERR_NOMEM;
    }
    law->n_tilts = n;
    for (size_t i = 0; i < n; i++) {
        law->tilts[i].beta = betas[i];
    }
    return JN_OK;
}

/* Memory for all that is wished for; what is in it comes from jn_law_clear. */
static jn_status start_companions(jn_law *law, const jn_law_wish *wish)
{
    jn_status st = JN_OK;
    jn_tail_init(&law->tail, (wish->needs & JN_NEED_TAIL) != 0 ? wish->n_tail : 0);
    if ((wish->needs & JN_NEED_NODES) != 0) {
        law->bins = jn_bins_new();
        st = law->bins == NULL ? JN_ERR_NOMEM : JN_OK;
    }
    if (st == JN_OK && (wish->needs & JN_NEED_GROUPS) != 0) {
        st = start_groups(wish->n_k, wish->ks, &law->n_groups, &law->groups);
    }
    if (st == JN_OK && (wish->needs & JN_NEED_POSTERIOR) != 0) {
        st = start_groups(wish->n_posterior_k, wish->posterior_ks, &law->n_posterior,
                          &law->posterior);
    }
    if (st == JN_OK && (wish->needs & JN_NEED_TILTS) != 0) {
        st = start_tilts(law, wish->n_beta, wish->betas);
    }
    if (st == JN_OK && (wish->needs & JN_NEED_POSTERIOR_NODES) != 0) {
        law->of_posterior = jn_alloc(1, sizeof *law->of_posterior);
        st = law->of_posterior == NULL ? JN_ERR_NOMEM
                                       : jn_law_init(law->of_posterior, JN_NEED_NODES, 0, NULL, 0);
    }
    return st;
}

jn_status jn_law_start(jn_law *law, const jn_law_wish *wish, double log_p, uint64_t first)
{
    *law = (jn_law){ .needs = wish->needs };
    const jn_status st = start_companions(law, wish);
    if (st == JN_OK) {
        jn_law_clear(law, log_p, first);
    } else {
        jn_law_free(law);
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
    if (law->of_posterior != NULL) {
        jn_law_free(law->of_posterior);
        free(law->of_posterior);
    }
    free(law->node_log_w);
    free(law->node_log_m);
    free(law->groups);
    free(law->posterior);
    free(law->tilts);
    jn_tail_free(&law->tail);
    jn_bins_free(law->bins);
    memset(law, 0, sizeof *law);
}

/* Room for `more` nodes. */
static jn_status reserve(jn_law *law, size_t more)
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
        double *m = jn_realloc(law->node_log_m, capacity, sizeof *m);
        if (m == NULL) {
            return JN_ERR_NOMEM;
        }
        law->node_log_m = m;
        law->capacity = capacity;
    }
    return JN_OK;
}

static jn_status keep_nodes(jn_law *law, const jn_weights *b)
{
    const jn_status st = reserve(law, b->n);
    for (size_t i = 0; st == JN_OK && i < b->n; i++) {
        if (b->log_w[i] > -INFINITY && b->log_mass[i] > -INFINITY) {
            law->node_log_w[law->n] = b->log_w[i];
            law->node_log_m[law->n++] = b->log_mass[i];
        }
    }
    return st;
}

/* Finite log-weights; zeros split the block into runs. */
static jn_status bin_draws(jn_law *law, const jn_weights *b, const double range[2])
{
    const jn_kernels *k = jn_kernels_get();
    jn_status st = JN_OK;
    if (range[0] > -INFINITY) {
        return jn_bins_add(law->bins, b->n, b->log_w, range[0], range[1]);
    }
    for (size_t i = 0; i < b->n && st == JN_OK;) {
        size_t n = 0;
        while (i + n < b->n && b->log_w[i + n] > -INFINITY) {
            n++;
        }
        if (n > 0) {
            double run[2];
            k->extent(n, b->log_w + i, run);
            st = jn_bins_add(law->bins, n, b->log_w + i, run[0], run[1]);
        }
        i += n + 1;
    }
    return st;
}

/* Draws of the posterior, in runs between those where q has no density. */
static jn_status add_posterior(jn_law *law, const jn_weights *b)
{
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < b->n;) {
        size_t n = 0;
        while (i + n < b->n && b->log_w_posterior[i + n] < INFINITY) {
            n++;
        }
        const jn_weights run = { .n = n, .index0 = law->n_nodes, .log_w = b->log_w_posterior + i };
        st = jn_law_add(law, &run);
        i += n + 1;
    }
    return st;
}

/* All but the groups of draws of q. */
static jn_status add_companions(jn_law *law, const jn_weights *b)
{
    if (b->log_w_posterior != NULL && law->of_posterior != NULL) {
        const jn_status st = add_posterior(law->of_posterior, b);
        if (st != JN_OK) {
            return st;
        }
    }
    for (size_t i = 0; b->log_w_posterior != NULL && i < b->n; i++) {
        law->n_outside += b->log_w_posterior[i] == INFINITY;
    }
    for (size_t i = 0; b->log_w_posterior != NULL && i < law->n_posterior; i++) {
        jn_groups_add_replaced(&law->posterior[i], b->n, b->log_w, b->log_w_posterior);
    }
    for (size_t i = 0; i < law->n_tilts; i++) {
        jn_tilt_add(&law->tilts[i], b->n, b->log_w, b->log_mass, b->edge);
    }
    return b->log_mass == NULL ? jn_tail_add(&law->tail, b->n, b->log_w) : JN_OK;
}

jn_status jn_law_add(jn_law *law, const jn_weights *block)
{
    if (block->n == 0) {
        return JN_OK;
    }
    const bool draws = block->log_mass == NULL;
    jn_stream_block look;
    if (draws) {
        jn_stream_look(law, block, &look);
    }
    if ((law->needs & JN_NEED_NODES) != 0) {
        const jn_status st = draws ? bin_draws(law, block, look.sums.range)
                                   : keep_nodes(law, block);
        if (st != JN_OK) {
            return st;
        }
    }
    law->n_nodes += block->n;
    law->has_marks = block->log_lik != NULL;
    law->draws = draws;
    if (draws) {
        jn_law_stream_draws(law, &look);
        for (size_t i = 0; i < law->n_groups; i++) {
            jn_groups_add(&law->groups[i], block->n, block->log_w, &look.scaled);
        }
    } else {
        jn_law_stream_nodes(law, block);
    }
    return add_companions(law, block);
}

/* All of a merge but what knows groups. */
static jn_status join(jn_law *into, const jn_law *from)
{
    if (from->n > 0) {
        const jn_status st = reserve(into, from->n);
        if (st != JN_OK) {
            return st;
        }
        memcpy(into->node_log_w + into->n, from->node_log_w, from->n * sizeof(double));
        memcpy(into->node_log_m + into->n, from->node_log_m, from->n * sizeof(double));
        into->n += from->n;
    }
    if (from->bins != NULL && into->bins != NULL) {
        const jn_status st = jn_bins_merge(into->bins, from->bins);
        if (st != JN_OK) {
            return st;
        }
    }
    if (from->of_posterior != NULL && into->of_posterior != NULL) {
        const jn_status st = join(into->of_posterior, from->of_posterior);
        if (st != JN_OK) {
            return st;
        }
    }
    into->n_nodes += from->n_nodes;
    into->n_zero += from->n_zero;
    into->n_outside += from->n_outside;
    into->has_marks = into->has_marks || from->has_marks;
    into->draws = into->draws || from->draws;
    jn_lse_merge(&into->edge_mass, &from->edge_mass);
    jn_lse_merge(&into->edge_evidence, &from->edge_evidence);
    jn_lse_merge(&into->edge_entropy, &from->edge_entropy);
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
