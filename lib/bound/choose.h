/* What bounds have in common when they pick an estimator. Internal. */
#ifndef JN_BOUND_CHOOSE_H
#define JN_BOUND_CHOOSE_H

#include "jensen/bound.h"

static inline bool jn_is_sampled(const jn_bound_setting *s)
{
    return s->kind == JN_MC || s->kind == JN_RQMC;
}

/* Functionals that only a law has: of q's draws, the empirical one. */
static inline jn_estimator jn_choose_law(const jn_bound_arg *arg, const jn_bound_setting *s)
{
    (void)arg;
    (void)s;
    return JN_BY_LAW;
}

static inline jn_side jn_side_lower(const jn_bound_arg *arg)
{
    (void)arg;
    return JN_SIDE_LOWER;
}

static inline jn_side jn_side_upper(const jn_bound_arg *arg)
{
    (void)arg;
    return JN_SIDE_UPPER;
}

/* The tilt of a law with this beta; NULL: not kept. */
static inline const jn_tilt *jn_find_tilt(const jn_law *law, double beta)
{
    for (size_t i = 0; i < law->n_tilts; i++) {
        if (law->tilts[i].beta == beta) {
            return &law->tilts[i];
        }
    }
    return NULL;
}

static inline const jn_groups *jn_find_groups(size_t n, const jn_groups *groups, uint64_t k)
{
    for (size_t i = 0; i < n; i++) {
        if (groups[i].k == k) {
            return &groups[i];
        }
    }
    return NULL;
}

/* The mean over groups, or NaN where there is none. */
static inline jn_bound_value jn_group_value(const jn_groups *g)
{
    const bool none = g == NULL || g->done.n == 0;
    return (jn_bound_value){ .value = none ? NAN : g->done.mean,
                             .gap = NAN,
                             .gap_error = NAN,
                             .variance = none ? NAN : jn_moments_variance(&g->done),
                             .groups = none ? 0.0 : (double)g->done.n };
}

/* A value whose gap is known to come from nowhere else. */
static inline jn_bound_value jn_plain_value(double value)
{
    return (jn_bound_value){ .value = value, .gap = NAN, .gap_error = NAN, .variance = NAN };
}

/* Of a sample: its gap is to the log p(x) of the same draws. */
static inline jn_bound_value jn_sample_value(const jn_law *law, double value)
{
    jn_bound_value v = jn_plain_value(value);
    v.gap = isfinite(value) ? jn_law_log_evidence(law) - value : NAN;
    return v;
}

/* From nodes: a gap and what it is off by. */
static inline jn_bound_value jn_gap_value(const jn_weight_law *w, double gap, double error)
{
    return (jn_bound_value){ .value = w->log_evidence - gap,
                             .gap = gap,
                             .gap_error = isfinite(gap) ? error : NAN,
                             .variance = NAN };
}

#endif
