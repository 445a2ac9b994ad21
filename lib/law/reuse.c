#include "law/reuse.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "law/bins.h"
#include "law/compress.h"
#include "law/groups.h"
#include "law/select.h"
#include "law/tilt.h"

static void clear_groups(size_t n, jn_groups *groups, double log_p, uint64_t first)
{
    for (size_t i = 0; i < n; i++) {
        jn_groups_init(&groups[i], groups[i].k, first);
        groups[i].log_p = log_p;
    }
}

void jn_law_clear(jn_law *law, double log_p, uint64_t first)
{
    const jn_lse empty = JN_LSE_INIT;
    const jn_moments none = JN_MOMENTS_INIT;
    law->n_nodes = law->n_zero = law->n_outside = 0;
    law->n = 0;
    law->unit = log_p;
    law->has_marks = law->draws = false;
    law->mass = law->zero_mass = law->evidence = law->second = law->third = empty;
    law->edge_mass = law->edge_evidence = law->edge_entropy = empty;
    law->tail.n = 0;
    law->tail.floor = -INFINITY;
    law->log_w = law->log_lik = law->log_ratio = none;
    clear_groups(law->n_groups, law->groups, log_p, first);
    clear_groups(law->n_posterior, law->posterior, NAN, first);
    for (size_t i = 0; i < law->n_tilts; i++) {
        jn_tilt_init(&law->tilts[i], law->tilts[i].beta);
    }
    if (law->bins != NULL) {
        jn_bins_clear(law->bins);
    }
    if (law->of_posterior != NULL) {
        jn_law_clear(law->of_posterior, NAN, 0);
    }
}

void jn_law_place(jn_law *law, double origin)
{
    law->unit = isnan(law->unit) ? origin : law->unit;
    if (law->bins != NULL) {
        jn_bins_place(law->bins, origin);
    }
    if (law->of_posterior != NULL) {
        jn_law_place(law->of_posterior, origin);
    }
}

double jn_law_origin(size_t n, const double *log_w)
{
    enum { ENOUGH = 64 };
    double finite[ENOUGH];
    size_t found = 0;
    for (size_t i = 0; i < n && found < ENOUGH; i++) {
        if (log_w[i] > -INFINITY) {
            finite[found++] = log_w[i];
        }
    }
    return found == 0 ? NAN : jn_bins_origin(found, finite);
}

void jn_law_tail_from(jn_law *law, double floor)
{
    law->tail.floor = floor;
}

/* Among the few a Poisson number of mean mu belongs to the largest; the rank is so far above that
 * number (five standard deviations, and three) that it seldom holds fewer. What is as large as the
 * one of that rank still passes. */
double jn_law_tail_floor(size_t n_few, double *log_w, size_t keep, double n)
{
    const double mu = (double)n_few * (double)keep / n;
    const double rank = ceil(mu + 5.0 * sqrt(mu) + 3.0);
    if (rank >= (double)n_few) {
        return -INFINITY;
    }
    jn_select_largest(n_few, log_w, (size_t)rank);
    double floor = INFINITY;
    for (size_t i = 0; i < (size_t)rank; i++) {
        floor = fmin(floor, log_w[i]);
    }
    return nextafter(floor, -INFINITY);
}

bool jn_law_tail_short(const jn_law *law)
{
    const uint64_t there = law->n_nodes - law->n_zero;
    return law->tail.n < law->tail.keep && law->tail.n < there;
}

/* Compression wants log-weights in units of p(x), to leave out what no functional sees. So far only
 * a part of p(x) is known, which leaves out less; whole nats are taken off, which is exact. */
jn_status jn_law_shrink(jn_law *law)
{
    if (law->n <= JN_NODES_MANY) {
        return JN_OK;
    }
    const double seen = jn_lse_log_sum(&law->evidence), off = isfinite(seen) ? floor(seen) : 0.0;
    for (size_t i = 0; i < law->n; i++) {
        law->node_log_w[i] -= off;
    }
    const jn_status st = jn_compress(law->n, true, law->node_log_w, law->node_log_m, &law->n);
    for (size_t i = 0; i < law->n; i++) {
        law->node_log_w[i] += off;
    }
    return st;
}

/* Instead of bins and the nodes before. */
static void take_nodes(jn_law *law, double *log_w, double *log_m, size_t n, size_t room)
{
    free(law->node_log_w);
    free(law->node_log_m);
    jn_bins_free(law->bins);
    law->bins = NULL;
    law->node_log_w = log_w;
    law->node_log_m = log_m;
    law->n = n;
    law->capacity = room;
}

/* What stands in `from` with room for more, and then it is the law's. */
static jn_status take_copy(jn_law *law, const jn_law *from, size_t more)
{
    const size_t room = from->n + more;
    double *log_w = jn_alloc_doubles(room), *log_m = jn_alloc_doubles(room);
    if (log_w == NULL || log_m == NULL) {
        free(log_w);
        free(log_m);
        return JN_ERR_NOMEM;
    }
    if (from->n > 0) {
        memcpy(log_w, from->node_log_w, from->n * sizeof *log_w);
        memcpy(log_m, from->node_log_m, from->n * sizeof *log_m);
    }
    const size_t read = law == from ? jn_bins_nodes(law->bins, log_w + from->n, log_m + from->n)
                                    : 0;
    take_nodes(law, log_w, log_m, from->n + read, room);
    return JN_OK;
}

jn_status jn_law_settle(jn_law *law)
{
    const jn_status st = law->of_posterior == NULL ? JN_OK : jn_law_settle(law->of_posterior);
    if (st != JN_OK) {
        return st;
    }
    return law->bins == NULL ? jn_law_shrink(law) : take_copy(law, law, jn_bins_room(law->bins));
}

jn_status jn_law_settle_like(jn_law *law, const jn_law *settled)
{
    const bool both = law->of_posterior != NULL && settled->of_posterior != NULL;
    const jn_status st = both ? jn_law_settle_like(law->of_posterior, settled->of_posterior)
                              : JN_OK;
    if (st != JN_OK) {
        return st;
    }
    return take_copy(law, settled, 0);
}
