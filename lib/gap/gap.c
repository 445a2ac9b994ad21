/* The main job: exact, then laws by tiles of observations, then totals. */
#include "jensen/gap.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "gap/ledger.h"
#include "gap/runs.h"
#include "gap/table_new.h"
#include "gap/tile.h"
#include "gap/total.h"
#include "gap/verdict.h"
#include "gap/warnings.h"
#include "jensen/exact.h"
#include "jensen/path.h"
#include "jensen/sobol.h"

/* JN_NOT_CONVERGED with a warning where log p(x) is off by more than was asked, whatever made it:
 * the rounding of an exact method, too, where its terms are huge. */
static jn_status warn_inexact(jn_gap_table *t)
{
    for (size_t r = 0; r < t->n_rows; r++) {
        const jn_estimate *e = &t->rows[r].evidence;
        if (isfinite(e->value) && !(e->error <= t->tolerance)) {
            const jn_status st = jn_gap_warn(
                t,
                "observation %zu: log p(x) has an error of %.2g, above the tolerance %.2g: raise "
                "--tolerance to accept it",
                r, e->error, t->tolerance);
            return st == JN_OK ? JN_NOT_CONVERGED : st;
        }
    }
    return JN_OK;
}

enum { TEMPERATURES_MOST = 1000000 };

static jn_status run_exact(jn_gap_job *j, jn_error *err)
{
    jn_gap_table *t = j->table;
    jn_estimate *evidence = jn_alloc(t->n_rows, sizeof *evidence);
    if (evidence == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %zu observations", t->n_rows);
    }
    const jn_exact_options o = { .tolerance = t->tolerance, .threads = j->options->threads };
    const jn_status st = jn_exact_all(j->q->model, &o, evidence, err);
    for (size_t r = 0; st >= 0 && r < t->n_rows; r++) {
        t->rows[r].index = r;
        t->rows[r].evidence = evidence[r];
    }
    free(evidence);
    if (st < 0) {
        return st;
    }
    const jn_status warned = warn_inexact(t);
    return warned == JN_OK ? st : warned;
}

/* Everything by one source. The share of the work done goes to the progress callback. */
static jn_status run_source(jn_gap_job *j, jn_error *err)
{
    const size_t n = j->table->n_rows, size = jn_gap_tile_size(j);
    jn_status weakest = JN_OK;
    j->table->nodes = 0;
    for (size_t first = 0; first < n; first += size) {
        const jn_status st = jn_gap_tile_run(j, first, n - first < size ? n - first : size, err);
        if (st < 0 || st == JN_REFUSED) {
            return st;
        }
        if (st > 0) {
            const jn_status warned = jn_gap_warn(j->table, "%s", err->message);
            if (warned != JN_OK) {
                return warned;
            }
            weakest = st;
        }
        if (j->options->progress != NULL) {
            const size_t done = first + size < n ? first + size : n;
            j->options->progress(j->options->progress_user, (double)done / (double)n);
        }
    }
    return weakest;
}

static void choose_estimator(jn_gap_job *j)
{
    const bool draws = !j->source->nested && j->source->kind != JN_EXACT;
    const bool independent = j->source->kind == JN_MC;
    j->estimator = j->options->estimator > 0 ? (jn_estimator)(j->options->estimator - 1)
                   : independent             ? JN_BY_GROUPS
                                             : JN_BY_LAW;
    if (!independent) {
        j->estimator = JN_BY_LAW; /* groups of K need independent draws */
    }
    j->table->rule = j->source->name;
    j->table->samples = draws ? j->options->samples : 0;
    j->table->replicates = draws ? j->options->replicates : 0;
}

static bool asks_for_moments(const jn_gap_job *j)
{
    double n;
    for (size_t i = 0; i < j->table->n_bounds; i++) {
        if (j->args[i].bound->integrand(&j->args[i], &n) == JN_OF_MOMENT) {
            return true;
        }
    }
    return false;
}

static jn_bound_setting setting_of(const jn_gap_job *j)
{
    const jn_density *d = j->q->model->density;
    return (jn_bound_setting){ .asked = j->estimator,
                               .kind = j->source->kind,
                               .posterior = d != NULL && d->posterior_map != NULL,
                               .alone = j->table->replicates == 1 };
}

/* What the laws must keep. */
static jn_status wish_for(jn_gap_job *j)
{
    const jn_bound_setting setting = setting_of(j);
    const jn_status st = jn_bounds_wish(j->table->n_bounds, j->args, &setting, &j->lists);
    if (st != JN_OK) {
        return st;
    }
    const jn_bound_wish *w = &j->lists;
    j->wish = (jn_law_wish){ .needs = w->needs,
                             .n_k = w->n_k,
                             .ks = w->ks,
                             .n_beta = w->n_beta,
                             .betas = w->betas,
                             .n_posterior_k = w->n_posterior_k,
                             .posterior_ks = w->posterior_ks };
    if (j->table->samples ==
        0) { /* under a rule all comes from its nodes, far moments of W apart */
        j->wish = (jn_law_wish){ .needs = JN_NEED_NODES };
        if (asks_for_moments(j)) {
            j->wish.needs |= JN_NEED_TILTS;
            j->wish.n_beta = w->n_beta;
            j->wish.betas = w->betas;
        }
    }
    if (j->table->samples > 0) {
        j->wish.needs |= JN_NEED_TAIL;
        j->wish.n_tail = jn_pareto_tail(j->table->samples * j->table->replicates) + 1;
    }
    j->posterior = setting.posterior &&
                   (j->wish.needs & (JN_NEED_POSTERIOR | JN_NEED_POSTERIOR_NODES)) != 0;
    return JN_OK;
}

static bool takes_groups(const jn_gap_job *j, const jn_bound_arg *arg)
{
    const jn_bound_setting setting = setting_of(j);
    const jn_estimator e = arg->bound->estimator(arg, &setting);
    return !arg->bound->runs && (e == JN_BY_GROUPS || e == JN_BY_POSTERIOR);
}

/* Groups of K draws need K of them: such rows stay null. */
static jn_status warn_short_groups(jn_gap_job *j)
{
    jn_status weak = JN_OK;
    for (size_t i = 0; i < j->table->n_bounds; i++) {
        if (takes_groups(j, &j->args[i]) && j->args[i].k > j->options->samples) {
            const unsigned long long k = j->args[i].k;
            char label[JN_BOUND_LABEL];
            const jn_status st = jn_gap_warn(
                j->table,
                "%s: groups of %llu draws need --samples %llu or more (or --estimator law)",
                jn_bound_label(&j->args[i], label), k, k);
            if (st != JN_OK) {
                return st;
            }
            weak = JN_NOT_CONVERGED;
        }
    }
    return weak;
}

static jn_status run_with(jn_gap_job *j, const jn_source *source, jn_error *err)
{
    j->source = source;
    choose_estimator(j);
    jn_status weak = wish_for(j);
    if (weak != JN_OK) {
        return jn_error_set(err, weak, "out of memory for %zu bounds", j->table->n_bounds);
    }
    weak = warn_short_groups(j);
    const jn_status st = weak < 0 ? weak : run_source(j, err);
    jn_bound_wish_free(&j->lists);
    return st == JN_OK ? weak : st;
}

/* The deterministic rules that apply, in the order in which they are tried. Panels cover q and the
 * posterior, and no power of W. */
static size_t rules_for(const jn_gap_job *j, const jn_source **rules)
{
    const jn_model *m = j->q->model;
    size_t n = 0;
    if (jn_model_states(m) > 0) {
        rules[n++] = &jn_source_enumerate;
        return n;
    }
    if (!m->density->rugged) {
        rules[n++] = &jn_source_quadrature;
    }
    if (m->dim <= 3 && (n == 0 || !asks_for_moments(j))) {
        rules[n++] = &jn_source_panels;
    } else if (n == 0) {
        rules[n++] = &jn_source_quadrature;
    }
    return n;
}

/* Nodes, and where no nodes can carry the law JN_REFUSED with a warning. */
static jn_status run_nodes(jn_gap_job *j, jn_error *err)
{
    const jn_source *rules[2];
    const size_t n = rules_for(j, rules);
    jn_status st = JN_REFUSED;
    for (size_t i = 0; i < n && st == JN_REFUSED; i++) {
        st = run_with(j, rules[i], err);
    }
    if (st == JN_REFUSED) {
        const bool asked = j->options->rule == JN_RULE_QUADRATURE;
        const jn_status warned = jn_gap_warn(
            j->table,
            asked ? "rule quadrature refused: %s; --rule rqmc or mc draws instead"
                  : "no quadrature, so draws: %s",
            err->message);
        return warned == JN_OK ? st : warned;
    }
    return st;
}

/* Paths are drawn, and by mc alone. */
static jn_status run_paths(jn_gap_job *j, jn_error *err)
{
    if (j->options->rule == JN_RULE_QUADRATURE || j->options->rule == JN_RULE_RQMC) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "model %s: the latent is a whole path, which is drawn: --rule mc",
                            j->q->model->type->name);
    }
    return run_with(j, &jn_source_path, err);
}

/* The rule that was asked for; by itself, quadrature, then rqmc, then mc. */
static jn_status run_rule(jn_gap_job *j, jn_error *err)
{
    if (j->q->model->chain != NULL) {
        return run_paths(j, err);
    }
    const size_t dim = j->q->model->dim;
    const bool small = dim <= 4 || jn_model_states(j->q->model) > 0;
    switch (j->options->rule) {
    case JN_RULE_MC:
        return run_with(j, &jn_source_mc, err);
    case JN_RULE_RQMC:
        return run_with(j, &jn_source_rqmc, err);
    case JN_RULE_QUADRATURE:
        return run_nodes(j, err);
    case JN_RULE_AUTO:
    default: {
        const jn_status st = small ? run_nodes(j, err) : JN_REFUSED;
        if (st != JN_REFUSED) {
            return st;
        }
        const bool sobol = jn_proposal_n_base(j->q) <= JN_SOBOL_DIMENSIONS;
        return run_with(j, sobol ? &jn_source_rqmc : &jn_source_mc, err);
    }
    }
}

/* The mean over a replicate's independent draws is nearly normal, that over scrambled points is
 * not: what is unbounded leaves it skewed, and a t interval then takes tens of replicates. */
static jn_gap_options complete(const jn_gap_options *options, const jn_model *m)
{
    jn_gap_options o = options == NULL ? (jn_gap_options){ 0 } : *options;
    const bool scrambled = o.rule == JN_RULE_RQMC || (o.rule == JN_RULE_AUTO && m->chain == NULL);
    o.samples = o.samples != 0 ? o.samples : scrambled ? 1024 : 4096;
    o.replicates = o.replicates != 0 ? o.replicates : scrambled ? 64 : 16;
    o.tolerance = o.tolerance > 0.0 ? o.tolerance : 1e-9;
    return o;
}

jn_status jn_gap_run(const jn_proposal *q, size_t n_bounds, const jn_bound_arg *bounds,
                     const jn_gap_options *options, jn_gap_table **out, jn_error *err)
{
    if (q->model->n_obs == 0 || n_bounds == 0) {
        return jn_error_set(err, JN_ERR_VALUE, "model %s: need observations and bounds",
                            q->model->type->name);
    }
    for (size_t i = 0; i < n_bounds; i++) {
        if (bounds[i].bound == &jn_bound_fivo && q->model->chain == NULL) {
            return jn_error_set(err, JN_ERR_UNSUPPORTED,
                                "fivo is a bound for trajectories; model %s has none",
                                q->model->type->name);
        }
        if (bounds[i].bound == &jn_bound_ais && bounds[i].k > TEMPERATURES_MOST) {
            return jn_error_set(err, JN_ERR_VALUE,
                                "ais of %llu temperatures: at most %d, which every chain walks",
                                (unsigned long long)bounds[i].k, TEMPERATURES_MOST);
        }
    }
    const jn_gap_options o = complete(options, q->model);
    jn_gap_table *t = jn_gap_table_new(q, n_bounds, bounds, &o);
    if (t == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory for %zu observations",
                            q->model->n_obs);
    }
    jn_gap_job j = { .q = q, .args = bounds, .options = &o, .table = t };
    const jn_status exact = run_exact(&j, err);
    jn_status st = exact < 0 ? exact : run_rule(&j, err);
    if (st < 0) {
        jn_gap_table_free(t);
        return st;
    }
    if (st == JN_REFUSED) { /* rows before the one that was refused have no company */
        for (size_t r = 0; r < t->n_rows; r++) {
            free(t->rows[r].bounds);
            t->rows[r].bounds = jn_gap_blank_bounds(bounds, n_bounds);
            if (t->rows[r].bounds == NULL) {
                jn_gap_table_free(t);
                return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
            }
        }
    }
    jn_status runs = jn_gap_ledger(&j, err);
    runs = runs < 0 ? runs : jn_gap_runs(&j, err);
    if (runs < 0) {
        jn_gap_table_free(t);
        return runs;
    }
    st = st == JN_OK ? runs : st;
    jn_gap_total(t);
    jn_status warned = jn_gap_warn_infinite(t);
    warned = warned == JN_OK ? jn_gap_warn_unsure(t) : warned;
    const jn_status heavy = warned >= 0 ? jn_gap_warn_heavy(t) : warned;
    warned = heavy == JN_OK ? warned : heavy;
    if (warned < 0) {
        jn_gap_table_free(t);
        return jn_error_set(err, warned, "out of memory");
    }
    *out = t;
    return st != JN_OK ? st : exact != JN_OK ? exact : warned;
}
