#include "weights_args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "counts.h"

#define AT(field) offsetof(jn_weights_args, field)

const jn_option jn_weights_option_table[] = {
    { "log-p", 0, JN_OPTION_TEXT, "FILE", "log p(x,z) of each draw, instead of log-weights",
      AT(log_p), 0, 0, NULL, true },
    { "log-q", 0, JN_OPTION_TEXT, "FILE", "log q(z|x) of each draw, with --log-p", AT(log_q), 0, 0,
      NULL, true },
    { "evidence", 0, JN_OPTION_TEXT, "VALUE", "exact log p(x), for gaps: of one row, or a FILE",
      AT(evidence), 0, 0, NULL, true },
    { "bounds", 0, JN_OPTION_TEXT, "LIST", "default elbo,iwae", AT(bounds), 0, 0, NULL, true },
    { "k", 'k', JN_OPTION_TEXT, "LIST", "at most the draws of a row; default 1,10,100,1000", AT(k),
      0, 0, NULL, true },
    { "estimator", 0, JN_OPTION_CHOICE, "WHICH", "ustat (all subsets of K; default), groups or law",
      AT(estimator), 0, 0, "ustat|groups|law", true },
    { "seed", 0, JN_OPTION_COUNT, "S", "where subsets are drawn; default 1", AT(seed), 0, INT64_MAX,
      NULL, true },
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
};
_Static_assert(sizeof jn_weights_option_table / sizeof *jn_weights_option_table ==
                   JN_WEIGHTS_N_OPTIONS,
               "the command says how many options it has");

static bool is_stdin(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

jn_status jn_weights_args_check(const jn_weights_args *a, const char *file, jn_error *err)
{
    const bool pair = a->log_p != NULL || a->log_q != NULL;
    if (file == NULL && !pair) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "name a FILE of log-weights (- is stdin), or --log-p and --log-q");
    }
    if (file != NULL && pair) {
        return jn_error_set(err, JN_ERR_USAGE, "FILE, or --log-p and --log-q: not both");
    }
    if (pair && (a->log_p == NULL || a->log_q == NULL)) {
        return jn_error_set(err, JN_ERR_USAGE, "--log-p and --log-q go together: %s is missing",
                            a->log_p == NULL ? "--log-p" : "--log-q");
    }
    if (is_stdin(file) + is_stdin(a->log_p) + is_stdin(a->log_q) + is_stdin(a->evidence) > 1) {
        return jn_error_set(err, JN_ERR_USAGE, "'-' is given twice: there is one standard input");
    }
    return JN_OK;
}

static jn_status read_pair(const jn_weights_args *a, jn_matrix *out, jn_error *err)
{
    jn_matrix p = JN_MATRIX_INIT, q = JN_MATRIX_INIT;
    jn_status st = jn_matrix_read_titled(a->log_p, &p, err);
    st = st == JN_OK ? jn_matrix_read_titled(a->log_q, &q, err) : st;
    st = st == JN_OK ? jn_weights_subtract(&p, &q, err) : st;
    jn_matrix_free(&q);
    if (st != JN_OK) {
        jn_matrix_free(&p);
        return st;
    }
    *out = p;
    return st;
}

jn_status jn_weights_args_matrix(const jn_weights_args *a, const char *file, jn_matrix *out,
                                 jn_error *err)
{
    return file == NULL ? read_pair(a, out, err) : jn_matrix_read_titled(file, out, err);
}

/* "-inf", "nan" and their like: numbers, but none that a gap could be taken from. */
static bool is_not_finite(const char *text)
{
    char *end;
    const double x = strtod(text, &end);
    return end != text && *end == '\0' && !isfinite(x);
}

/* One number, or as many as there are observations, in a row or a column. */
jn_status jn_weights_args_evidence(const jn_weights_args *a, size_t n, double **out, jn_error *err)
{
    jn_matrix m = { .rows = 1, .cols = 1 };
    double value;
    *out = NULL;
    if (a->evidence == NULL) {
        return JN_OK;
    }
    if (is_not_finite(a->evidence)) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--evidence: found %s, expected a finite number or a FILE",
                            a->evidence);
    }
    const bool number = jn_number_read(a->evidence, strlen(a->evidence), &value);
    if (number) {
        m.x = jn_alloc_doubles(1);
        if (m.x == NULL) {
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
        }
        m.x[0] = value;
    } else {
        const jn_status st = jn_matrix_read_titled(a->evidence, &m, err);
        if (st != JN_OK) {
            return jn_error_prefix(err, st, "--evidence");
        }
    }
    if (m.rows * m.cols != n || (m.rows > 1 && m.cols > 1)) {
        const jn_status st = jn_error_set(err, JN_ERR_VALUE,
                                          "--evidence: %zu x %zu numbers for %zu observation%s: "
                                          "expected one each%s",
                                          m.rows, m.cols, n, n == 1 ? "" : "s",
                                          number ? ", in a FILE" : "");
        jn_matrix_free(&m);
        return st;
    }
    *out = m.x;
    return JN_OK;
}

/* A list of its own is taken as it is: K above the draws is an error of the data. */
jn_status jn_weights_args_bounds(const jn_weights_args *a, size_t draws, size_t *n,
                                 jn_bound_arg **out, jn_error *err)
{
    size_t n_k = 0;
    uint64_t *k;
    jn_status st = jn_counts_read(a->k == NULL ? "1,10,100,1000" : a->k, 1, JN_K_MAX, &n_k, &k,
                                  err);
    if (st < 0) {
        return jn_error_prefix(err, st, "--k");
    }
    while (a->k == NULL && draws > 0 && n_k > 1 && k[n_k - 1] > draws) {
        n_k--;
    }
    st = jn_bounds_parse(a->bounds, n_k, k, n, out, err);
    free(k);
    return st < 0 ? jn_error_prefix(err, st, "--bounds") : st;
}
