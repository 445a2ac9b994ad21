#include "gap_args.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "counts.h"
#include "jensen/chain.h"
#include "jensen/csv.h"
#include "jensen/matrix.h"

#define AT(field) offsetof(jn_gap_args, field)

const jn_option jn_gap_option_table[] = {
    { "set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of the model; VALUE may be @FILE",
      AT(set), 0, 0, NULL, true },
    { "data", 0, JN_OPTION_TEXT, "FILE", "observations: .csv with a header, or .npy; - is stdin",
      AT(data), 0, 0, NULL, true },
    { "rows", 0, JN_OPTION_TEXT, "A:B", "rows A to B-1 of the data, from 0", AT(rows), 0, 0, NULL,
      true },
    { "columns", 0, JN_OPTION_TEXT, "LIST", "columns of the data: a,b,p0..p63", AT(columns), 0, 0,
      NULL, true },
    { "q", 0, JN_OPTION_TEXT, "PROPOSAL", "q(z|x); default: the model's own, laplace, or prior",
      AT(q), 0, 0, NULL, true },
    { "q-set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of q", AT(q_set), 0, 0, NULL, true },
    { "bounds", 0, JN_OPTION_TEXT, "LIST", "default elbo,iwae", AT(bounds), 0, 0, NULL, true },
    { "k", 'k', JN_OPTION_TEXT, "LIST", "for iwae: 1,2,5,1e6 or 1..1e6; default 1,10,100,1000",
      AT(k), 0, 0, NULL, true },
    { "rule", 0, JN_OPTION_CHOICE, "RULE", "quadrature, rqmc or mc; default: first that applies",
      AT(rule), 0, 0, "quadrature|rqmc|mc", true },
    { "estimator", 0, JN_OPTION_CHOICE, "WHICH", "groups of K draws (under mc), or the whole law",
      AT(estimator), 0, 0, "groups|law|ustat", true },
    { "samples", 0, JN_OPTION_COUNT, "N", "draws per observation and replicate; 4096, rqmc 1024",
      AT(samples), 1, UINT64_C(1) << 40, NULL, true },
    { "replicates", 0, JN_OPTION_COUNT, "R", "independent replicates; default 16, rqmc 64",
      AT(replicates), 1, JN_PARTS_MAX, NULL, true },
    { "tolerance", 0, JN_OPTION_REAL, "T", "of an observation, in nats; default 1e-9",
      AT(tolerance), 0, 0, NULL, true },
    { "seed", 0, JN_OPTION_COUNT, "S", "default 1", AT(seed), 0, INT64_MAX, NULL, true },
    { "threads", 0, JN_OPTION_COUNT, "T", "default: all; the numbers are the same for any",
      AT(threads), 1, 4096, NULL, false },
    { "per-datum", 0, JN_OPTION_FLAG, NULL, "every observation, too", AT(per_datum), 0, 0, NULL,
      false },
    { "timings", 0, JN_OPTION_FLAG, NULL, "seconds and threads on stderr", AT(timings), 0, 0, NULL,
      false },
    { "format", 0, JN_OPTION_CHOICE, "FORM", "table, csv, json, md or latex; default table",
      AT(format), 0, 0, "table|csv|json|md|latex", false },
    { "output", 'o', JN_OPTION_TEXT, "FILE", "where to write, whole or not at all", AT(output), 0,
      0, NULL, false },
    { "quiet", 0, JN_OPTION_FLAG, NULL, "no progress bar", AT(quiet), 0, 0, NULL, false },
    { "latents", 0, JN_OPTION_TEXT, "FILE", "for ais: the z that simulated data were drawn with",
      AT(latents), 0, 0, NULL, true },
    { "resampling", 0, JN_OPTION_CHOICE, "HOW", "for fivo: systematic, stratified or multinomial",
      AT(resampling), 0, 0, "systematic|stratified|multinomial", true },
    { "threshold", 0, JN_OPTION_REAL, "T",
      "for fivo: choose particles again below an effective share T; default 0.5, 1: always",
      AT(threshold), 0, 0, NULL, true },
    { "save-weights", 0, JN_OPTION_TEXT, "FILE",
      "all log-weights as .npy, a row an observation; needs --rule mc or rqmc", AT(save_weights), 0,
      0, NULL, false },
};
const size_t jn_gap_n_options = sizeof jn_gap_option_table / sizeof *jn_gap_option_table;

enum { RULE_RQMC = 2, RULE_MC = 3, ESTIMATOR_GROUPS = 1, ESTIMATOR_USTAT = 3 };

jn_status jn_gap_args_options(const jn_gap_args *a, jn_gap_options *out, jn_error *err)
{
    static const jn_rule rules[] = { JN_RULE_AUTO, JN_RULE_QUADRATURE, JN_RULE_RQMC, JN_RULE_MC };
    static const int estimators[] = { 0, 1 + JN_BY_GROUPS, 1 + JN_BY_LAW, 0 };
    if (a->estimator == ESTIMATOR_USTAT) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--estimator: ustat is for stored weights; use groups or law");
    }
    if (a->estimator == ESTIMATOR_GROUPS && a->rule != RULE_MC) {
        return jn_error_set(err, JN_ERR_USAGE, "--estimator groups needs draws: add --rule mc");
    }
    if (a->save_weights != NULL && a->rule != RULE_MC && a->rule != RULE_RQMC) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--save-weights needs draws of equal weight: add --rule mc or rqmc "
                            "(the nodes of a quadrature rule have masses of their own)");
    }
    *out = (jn_gap_options){ .rule = rules[a->rule],
                             .estimator = estimators[a->estimator],
                             .samples = a->samples,
                             .replicates = a->replicates,
                             .seed = a->seed,
                             .resampling = a->resampling == 0 ? JN_SYSTEMATIC
                                                              : (jn_resampling)(a->resampling - 1),
                             /* 0 is the library's word for its default */
                             .threshold = isnan(a->threshold) ? 0.0 : fmax(a->threshold, DBL_MIN),
                             .tolerance = a->tolerance,
                             .threads = a->threads };
    return JN_OK;
}

jn_status jn_gap_args_bounds(const jn_gap_args *a, size_t *n, jn_bound_arg **out, jn_error *err)
{
    size_t n_k;
    uint64_t *k;
    jn_status st = jn_counts_read(a->k, 1, JN_K_MAX, &n_k, &k, err);
    if (st < 0) {
        return jn_error_prefix(err, st, "--k");
    }
    st = jn_bounds_parse(a->bounds, n_k, k, n, out, err);
    free(k);
    return st < 0 ? jn_error_prefix(err, st, "--bounds") : st;
}

static bool asks_for(size_t n, const jn_bound_arg *bounds, const jn_bound *which)
{
    for (size_t i = 0; i < n; i++) {
        if (bounds[i].bound == which) {
            return true;
        }
    }
    return false;
}

jn_status jn_gap_args_used(const jn_gap_args *a, size_t n, const jn_bound_arg *bounds,
                           jn_error *err)
{
    const bool ais = asks_for(n, bounds, &jn_bound_ais), fivo = asks_for(n, bounds, &jn_bound_fivo);
    const char *idle = a->latents != NULL && !ais      ? "latents"
                       : a->resampling != 0 && !fivo   ? "resampling"
                       : !isnan(a->threshold) && !fivo ? "threshold"
                                                       : NULL;
    if (idle == NULL) {
        return JN_OK;
    }
    const char *bound = a->latents != NULL && !ais ? "ais" : "fivo";
    return jn_error_set(err, JN_ERR_USAGE, "--%s is for %s alone: add --bounds %s", idle, bound,
                        bound);
}

static jn_status set_one(const char *option, const char *text, jn_params *out, jn_error *err)
{
    char shown[JN_EXCERPT];
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        return jn_error_set(err, JN_ERR_USAGE, "--%s: %s is not NAME=VALUE", option,
                            jn_excerpt(text, shown));
    }
    char *name = jn_strdup(text);
    jn_value value = JN_VALUE_INIT;
    if (name == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    name[equals - text] = '\0';
    jn_status st = jn_value_read(equals + 1, &value, err);
    if (st == JN_OK) {
        st = jn_params_set_value(out, name, &value);
        jn_value_free(&value);
        st = st < 0 ? jn_error_set(err, st, "%s", jn_status_text(st)) : st;
    }
    if (st < 0) {
        (void)jn_error_prefix(err, st, "--%s %s", option, name);
    }
    free(name);
    return st;
}

jn_status jn_gap_args_params(const char *option, const jn_words *texts, jn_params *out,
                             jn_error *err)
{
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < texts->n; i++) {
        st = set_one(option, texts->word[i], out, err);
    }
    return st;
}

/* "A:B", "A:" and ":B"; *to is UINT64_MAX where it is open. */
static jn_status read_rows(const char *text, uint64_t *from, uint64_t *to, jn_error *err)
{
    char shown[JN_EXCERPT];
    const char *colon = strchr(text, ':');
    *from = 0;
    *to = UINT64_MAX;
    if (colon == NULL) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--rows: %s is not A:B (rows A to B-1, counted from 0)",
                            jn_excerpt(text, shown));
    }
    jn_status st = colon == text
                       ? JN_OK
                       : jn_count_read(text, (size_t)(colon - text), 0, INT64_MAX, from, err);
    if (st == JN_OK && colon[1] != '\0') {
        st = jn_count_read(colon + 1, strlen(colon + 1), 0, INT64_MAX, to, err);
    }
    if (st < 0) {
        return jn_error_prefix(err, st, "--rows");
    }
    return *from < *to
               ? st
               : jn_error_set(err, JN_ERR_USAGE, "--rows: %s has no rows", jn_excerpt(text, shown));
}

static jn_status select_part(const jn_gap_args *a, uint64_t from, uint64_t to, const jn_table *all,
                             jn_table **out, jn_error *err)
{
    jn_words names = { 0, NULL };
    jn_status st = JN_OK;
    to = to == UINT64_MAX && from < all->n_rows ? all->n_rows : to;
    char *copy = jn_strdup(a->columns == NULL ? "" : a->columns);
    if (copy == NULL || a->columns != NULL) {
        st = copy == NULL ? JN_ERR_NOMEM : jn_words_split(copy, ',', &names);
    }
    st = st < 0 ? jn_error_set(err, st, "out of memory")
                : jn_table_select(all, from, to - from, names.word, names.n, out, err);
    jn_words_free(&names);
    free(copy);
    return st;
}

jn_status jn_gap_args_table(const jn_gap_args *a, jn_table **out, jn_error *err)
{
    uint64_t from = 0, to = UINT64_MAX;
    jn_table *all;
    jn_status st = a->rows == NULL ? JN_OK : read_rows(a->rows, &from, &to, err);
    st = st < 0 ? st : jn_table_read(a->data, &all, err);
    if (st < 0) {
        return st;
    }
    if (a->rows == NULL && a->columns == NULL) {
        *out = all;
        return st;
    }
    st = select_part(a, from, to, all, out, err);
    jn_table_free(all);
    return st;
}

/* What coordinate j of a latent point must be and z is not; NULL: it may be. */
static const char *amiss(const jn_model *m, size_t j, double z)
{
    const jn_chain_finite *finite = m->chain != NULL && m->chain->finite != NULL
                                        ? m->chain->finite(m->self)
                                        : NULL;
    const jn_support support = finite != NULL       ? JN_DISCRETE
                               : m->density == NULL ? JN_REAL
                                                    : jn_model_support(m, j);
    const size_t states = finite != NULL ? finite->n_states : jn_model_states(m);
    switch (support) {
    case JN_POSITIVE:
        return z > 0.0 ? NULL : "a number > 0";
    case JN_UNIT:
        return z > 0.0 && z < 1.0 ? NULL : "a number in (0, 1)";
    case JN_DISCRETE:
        return z >= 0.0 && z == floor(z) && (states == 0 || z < (double)states)
                   ? NULL
                   : "one of the model's states, numbered from 0";
    case JN_REAL:
    default:
        return NULL;
    }
}

static jn_status check_latents(const jn_model *m, const jn_table *t, const double *x, jn_error *err)
{
    for (size_t i = 0; t->n_cols == m->dim && i < t->n_rows * t->n_cols; i++) {
        const size_t row = i / t->n_cols, col = i % t->n_cols;
        const char *expected = amiss(m, col, x[i]);
        if (expected != NULL) {
            char where[256], found[32];
            return jn_error_set(err, JN_ERR_VALUE, "%s, column %s: found '%.40s', expected %s",
                                jn_table_where(t, row, where, sizeof where), t->names[col],
                                jn_table_text(t, row, col, found), expected);
        }
    }
    return JN_OK;
}

jn_status jn_gap_args_latents(const jn_gap_args *a, const jn_model *m, jn_matrix *out,
                              jn_error *err)
{
    jn_table *t = NULL;
    jn_status st = jn_table_read(a->latents, &t, err);
    if (st < 0) {
        return jn_error_prefix(err, st, "--latents");
    }
    const size_t n = t->n_rows, d = t->n_cols;
    double *x = jn_alloc_doubles(n * d), *column = jn_alloc_doubles(n);
    st = x == NULL || column == NULL ? jn_error_set(err, JN_ERR_NOMEM, "out of memory") : JN_OK;
    for (size_t c = 0; st == JN_OK && c < d; c++) {
        st = jn_table_numbers(t, c, column, err);
        for (size_t r = 0; st == JN_OK && r < n; r++) {
            x[r * d + c] = column[r];
        }
    }
    st = st == JN_OK ? check_latents(m, t, x, err) : st;
    jn_table_free(t);
    free(column);
    if (st < 0) {
        free(x);
        return jn_error_prefix(err, st, "--latents");
    }
    *out = (jn_matrix){ .rows = n, .cols = d, .ndim = 2, .x = x };
    return st;
}
