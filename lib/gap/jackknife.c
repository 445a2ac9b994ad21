#include "gap/jackknife.h"

#include <math.h>

#include "base/memory.h"

enum { RUNS = 20 };

typedef struct parts {
    size_t n, size; /* runs, draws */
    const double *log_w;
    const jn_law_wish *wish;
    jn_law law[RUNS]; /* one a run; unused where the bounds need groups */
    bool regroup;     /* groups of K do not respect the borders of runs */
} parts;

static size_t border(const parts *p, size_t run)
{
    return run * p->size / p->n;
}

static jn_status add(jn_law *law, const parts *p, size_t from, size_t to)
{
    const jn_weights block = { .n = to - from, .index0 = law->n_nodes, .log_w = p->log_w + from };
    return jn_law_add(law, &block);
}

static jn_status start(parts *p)
{
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && !p->regroup && i < p->n; i++) {
        st = jn_law_start(&p->law[i], p->wish, NAN, 0);
        st = st == JN_OK ? add(&p->law[i], p, border(p, i), border(p, i + 1)) : st;
    }
    return st;
}

/* The law of all draws but a run; to be freed also after an error. */
static jn_status without(const parts *p, size_t run, jn_law *out)
{
    jn_status st = jn_law_start(out, p->wish, NAN, 0);
    if (p->regroup) {
        st = st == JN_OK ? add(out, p, 0, border(p, run)) : st;
        return st == JN_OK ? add(out, p, border(p, run + 1), p->size) : st;
    }
    for (size_t i = 0; st == JN_OK && i < p->n; i++) {
        st = i == run ? JN_OK : jn_law_pool(out, &p->law[i]);
    }
    return st;
}

static jn_status values_without(const parts *p, size_t run, jn_estimator estimator, size_t n,
                                const jn_bound_arg *args, jn_bound_result *results)
{
    jn_law law;
    jn_status st = without(p, run, &law);
    if (st == JN_OK) {
        const jn_law_set set = { .kind = JN_MC, .n = 1, .law = &law, .pooled = law };
        st = jn_bound_results(&set, estimator, n, args, results);
    }
    jn_law_free(&law);
    return st;
}

jn_status jn_gap_jackknife(size_t size, const double *log_w, const jn_law_wish *wish,
                           jn_estimator estimator, size_t n, const jn_bound_arg *args, double *se,
                           double *dof)
{
    const jn_moments none = JN_MOMENTS_INIT;
    parts p = { .n = size < RUNS ? size : RUNS, .size = size, .log_w = log_w, .wish = wish };
    p.regroup = (wish->needs & JN_NEED_GROUPS) != 0;
    jn_bound_result *results = jn_alloc(n, sizeof *results);
    jn_moments *spread = jn_alloc(n, sizeof *spread);
    jn_status st = results == NULL || spread == NULL ? JN_ERR_NOMEM : start(&p);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        spread[i] = none;
    }
    for (size_t run = 0; st == JN_OK && run < p.n; run++) {
        st = values_without(&p, run, estimator, n, args, results);
        for (size_t i = 0; st == JN_OK && i < n; i++) {
            jn_moments_add(&spread[i], results[i].value.value, 1.0);
        }
    }
    const double runs = (double)p.n;
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        se[i] = sqrt((runs - 1.0) / runs * spread[i].m2);
        dof[i] = isfinite(se[i]) ? runs - 1.0 : NAN;
        se[i] = isfinite(se[i]) ? se[i] : NAN;
    }
    for (size_t i = 0; i < p.n; i++) {
        jn_law_free(&p.law[i]);
    }
    free(results);
    free(spread);
    return st;
}
