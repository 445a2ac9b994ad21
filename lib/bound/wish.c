#include <string.h>

#include "base/memory.h"
#include "jensen/bound.h"

static jn_status add_count(size_t *n, uint64_t **list, uint64_t k)
{
    for (size_t i = 0; i < *n; i++) {
        if ((*list)[i] == k) {
            return JN_OK;
        }
    }
    uint64_t *more = jn_realloc(*list, *n + 1, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    *list = more;
    more[(*n)++] = k;
    return JN_OK;
}

jn_status jn_bound_wish_k(jn_bound_wish *w, uint64_t k)
{
    w->needs |= JN_NEED_GROUPS;
    return add_count(&w->n_k, &w->ks, k);
}

jn_status jn_bound_wish_posterior(jn_bound_wish *w, uint64_t k)
{
    w->needs |= JN_NEED_POSTERIOR;
    return add_count(&w->n_posterior_k, &w->posterior_ks, k);
}

jn_status jn_bound_wish_beta(jn_bound_wish *w, double beta)
{
    w->needs |= JN_NEED_TILTS;
    for (size_t i = 0; i < w->n_beta; i++) {
        if (w->betas[i] == beta) {
            return JN_OK;
        }
    }
    double *more = jn_realloc(w->betas, w->n_beta + 1, sizeof *more);
    if (more == NULL) {
        return JN_ERR_NOMEM;
    }
    w->betas = more;
    more[w->n_beta++] = beta;
    return JN_OK;
}

jn_status jn_bounds_wish(size_t n, const jn_bound_arg *args, const jn_bound_setting *setting,
                         jn_bound_wish *out)
{
    jn_bound_wish w = { 0 };
    for (size_t i = 0; i < n; i++) {
        const jn_bound *b = args[i].bound;
        const jn_estimator e = b->estimator(&args[i], setting);
        const jn_status st = b->wish(&args[i], e, &w);
        if (setting->alone && setting->kind == JN_MC && b->influence != NULL &&
            (e == JN_BY_LAW || e == JN_BY_SELF_NORMALISED)) {
            w.needs |= JN_NEED_NODES; /* its error is the spread of its influence over them */
        }
        if (st != JN_OK) {
            jn_bound_wish_free(&w);
            return st;
        }
    }
    *out = w;
    return JN_OK;
}

void jn_bound_wish_free(jn_bound_wish *w)
{
    free(w->ks);
    free(w->posterior_ks);
    free(w->betas);
    memset(w, 0, sizeof *w);
}
