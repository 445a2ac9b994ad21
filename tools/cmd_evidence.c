/* jensen evidence: log p(x) by every method that applies, side by side. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/tasks.h"
#include "base/text.h"
#include "evidence_modes.h"
#include "gap_setup.h"
#include "jensen/exact.h"
#include "progress.h"
#include "sheet.h"

typedef struct evidence_args {
    jn_gap_args common;
    const char *methods;
} evidence_args;

#define AT(field) offsetof(evidence_args, field)

static const jn_option options[] = {
    { "set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of the model; VALUE may be @FILE",
      AT(common.set), 0, 0, NULL, true },
    { "data", 0, JN_OPTION_TEXT, "FILE", "observations: .csv with a header, or .npy; - is stdin",
      AT(common.data), 0, 0, NULL, true },
    { "rows", 0, JN_OPTION_TEXT, "A:B", "rows A to B-1 of the data, from 0", AT(common.rows), 0, 0,
      NULL, true },
    { "columns", 0, JN_OPTION_TEXT, "LIST", "columns of the data: a,b,p0..p63", AT(common.columns),
      0, 0, NULL, true },
    { "methods", 0, JN_OPTION_TEXT, "LIST", "default: all that apply ('jensen models' lists them)",
      AT(methods), 0, 0, NULL, true },
    { "tolerance", 0, JN_OPTION_REAL, "T", "of an observation, in nats; default 1e-9",
      AT(common.tolerance), 0, 0, NULL, true },
    { "seed", 0, JN_OPTION_COUNT, "S", "of methods that draw; default 1", AT(common.seed), 0,
      INT64_MAX, NULL, true },
    { "threads", 0, JN_OPTION_COUNT, "T", "default: all; the numbers are the same for any",
      AT(common.threads), 1, 4096, NULL, false },
    { "timings", 0, JN_OPTION_FLAG, NULL, "seconds of each method on stderr", AT(common.timings), 0,
      0, NULL, false },
    { "format", 0, JN_OPTION_CHOICE, "FORM", "table, csv, json or md; default table",
      AT(common.format), 0, 0, JN_FORMS, false },
    { "output", 'o', JN_OPTION_TEXT, "FILE", "where to write, whole or not at all",
      AT(common.output), 0, 0, NULL, false },
    { "quiet", 0, JN_OPTION_FLAG, NULL, "no progress bar", AT(common.quiet), 0, 0, NULL, false },
};

/* One method's total over the observations. */
typedef struct entry {
    const jn_exact_method *method;
    jn_status status; /* negative: no answer */
    jn_error why;
    jn_estimate total;
    double seconds;
} entry;

/* --- running --------------------------------------------------------------------------------- */

typedef struct batch {
    const jn_model *m;
    const jn_exact_method *method;
    jn_exact_options options;
    jn_estimate *out; /* n_obs */
    jn_error *why;    /* n_obs */
} batch;

static jn_status one_row(void *user, size_t row, size_t worker, jn_error *err)
{
    const batch *b = user;
    (void)worker;
    const jn_status st = b->method->run(b->m, row, &b->options, &b->out[row], &b->why[row]);
    if (st < 0) {
        *err = b->why[row];
    }
    return st;
}

static jn_status run_method(const jn_model *m, const evidence_args *a, entry *e)
{
    const size_t n = m->n_obs, threads = a->common.threads;
    batch b = { .m = m,
                .method = e->method,
                .options = { .tolerance = a->common.tolerance,
                             .seed = a->common.seed,
                             .threads = n > 1 ? 1 : threads },
                .out = jn_alloc(n, sizeof *b.out),
                .why = jn_alloc(n, sizeof *b.why) };
    const double start = jn_seconds();
    if (b.out == NULL || b.why == NULL) {
        free(b.out);
        free(b.why);
        return JN_ERR_NOMEM;
    }
    e->status = jn_tasks_run(n, n > 1 ? threads : 1, one_row, &b, &e->why);
    e->total = jn_estimate_zero();
    for (size_t r = 0; e->status >= 0 && r < n; r++) {
        if (isinf(b.out[r].error) && !isinf(e->total.error)) {
            e->why = b.why[r]; /* the first that has no error */
        }
        e->total = jn_estimate_add(e->total, b.out[r]);
    }
    if (e->status >= 0) {
        e->total.method = b.out[0].method;
    }
    e->seconds = jn_seconds() - start;
    free(b.out);
    free(b.why);
    return e->status == JN_ERR_NOMEM ? e->status : JN_OK;
}

/* --- agreement ------------------------------------------------------------------------------- */

static bool is_drawn(const jn_estimate *e)
{
    return e->kind == JN_MC || e->kind == JN_RQMC;
}

static bool counts(const entry *e)
{
    return e->status >= 0 && !e->method->approximate && isfinite(e->total.error);
}

/* What two answers may differ by: their errors, a standard error five times. */
static double allowed(const jn_estimate *a, const jn_estimate *b)
{
    const double drawn = hypot(is_drawn(a) ? a->error : 0.0, is_drawn(b) ? b->error : 0.0);
    return 5.0 * drawn + (is_drawn(a) ? 0.0 : a->error) + (is_drawn(b) ? 0.0 : b->error);
}

static const entry *sharpest(size_t n, const entry *e)
{
    const entry *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (counts(&e[i]) && (best == NULL || e[i].total.error < best->total.error)) {
            best = &e[i];
        }
    }
    return best;
}

/* Equal infinities agree. */
static bool contradict(const entry *a, const entry *b)
{
    return counts(a) && counts(b) && a->total.value != b->total.value &&
           !(fabs(a->total.value - b->total.value) <= allowed(&a->total, &b->total));
}

/* The difference to the sharpest answer in units of both errors. */
static double distance(const entry *e, const entry *best)
{
    if (!counts(e) || best == NULL || e == best) {
        return NAN;
    }
    const double error = is_drawn(&e->total) || is_drawn(&best->total)
                             ? hypot(e->total.error, best->total.error)
                             : e->total.error + best->total.error;
    return (e->total.value - best->total.value) / error;
}

/* --- writing --------------------------------------------------------------------------------- */

enum { COLUMNS = 8 };
static const char *const columns[COLUMNS] = { "method",     "log p(x)",    "error",
                                              "error_kind", "evaluations", "difference",
                                              "in_errors",  "met" };

static void fill_row(const entry *e, const entry *best, double tolerance, jn_cell *c)
{
    const bool answer = e->status >= 0;
    c[0] = jn_cell_text(e->method->name);
    c[1] = jn_cell_number(answer ? e->total.value : NAN, 15);
    c[2] = jn_cell_number(answer ? e->total.error : NAN, 2);
    c[3] = jn_cell_text(!answer                  ? NULL
                        : e->method->approximate ? "approximation"
                                                 : jn_error_kind_name(e->total.kind));
    c[4] = answer ? jn_cell_count(e->total.n_eval) : (jn_cell){ .kind = JN_CELL_NONE };
    c[5] = jn_cell_number(
        answer && best != NULL && e != best ? e->total.value - best->total.value : NAN, 2);
    c[6] = jn_cell_number(distance(e, best), 2);
    c[7] = jn_cell_text(!answer                       ? "failed"
                        : e->method->approximate      ? NULL
                        : e->total.error <= tolerance ? "yes"
                                                      : "no");
}

static jn_status write_all(const evidence_args *a, const jn_parsed *p, const jn_model *m, size_t n,
                           const entry *e, const jn_mode_counts *modes, const jn_words *notes,
                           jn_error *err)
{
    const entry *best = sharpest(n, e);
    jn_cell *cells = jn_alloc(n * COLUMNS, sizeof *cells);
    if (cells == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        fill_row(&e[i], best, a->common.tolerance * (double)m->n_obs, cells + i * COLUMNS);
    }
    const jn_sheet sheets[] = {
        { .name = "methods", .n_cols = COLUMNS, .n_rows = n, .cols = columns, .cell = cells },
        modes->sheet,
    };
    const jn_report report = { .schema = "jensen.evidence/1",
                               .model = m,
                               .command = &p->provenance,
                               .seed = a->common.seed,
                               .n_sheets = modes->sheet.n_rows > 0 ? 2 : 1,
                               .sheets = sheets,
                               .n_notes = notes->n,
                               .notes = notes->word };
    const jn_status st = jn_report_write(
        &report, a->common.format == 0 ? JN_FORM_TABLE : (jn_form)(a->common.format - 1),
        a->common.output, err);
    free(cells);
    return st;
}

/* What contradicts what, what failed, and why an error is infinite. JN_NOT_CONVERGED: something
 * does, or nothing answered as asked. */
static jn_status judge(size_t n, const entry *e, double tolerance, char (*text)[JN_ERROR_TEXT],
                       jn_words *notes)
{
    const entry *best = sharpest(n, e);
    jn_status verdict = best == NULL || !(best->total.error <= tolerance) ? JN_NOT_CONVERGED
                                                                          : JN_OK;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const entry *against = NULL;
        for (size_t k = 0; k < i; k++) {
            against = contradict(&e[i], &e[k]) ? &e[k] : against;
        }
        if (against != NULL) {
            verdict = JN_NOT_CONVERGED;
            (void)snprintf(text[used], JN_ERROR_TEXT,
                           "%s and %s disagree beyond their errors: %.15g and %.15g",
                           against->method->name, e[i].method->name, against->total.value,
                           e[i].total.value);
        } else if (e[i].status < 0 || isinf(e[i].total.error)) {
            (void)snprintf(text[used], JN_ERROR_TEXT, "%s: %.400s", e[i].method->name,
                           e[i].why.message);
        } else {
            continue;
        }
        if (jn_words_add(notes, text[used++]) != JN_OK) {
            return JN_ERR_NOMEM;
        }
    }
    return verdict;
}

/* --- the command ----------------------------------------------------------------------------- */

static jn_status unknown_method(const char *name, jn_error *err)
{
    enum { MOST = 32 };
    char shown[JN_EXCERPT];
    const char *names[MOST];
    size_t n;
    const jn_exact_method *const *all = jn_exact_methods(&n);
    n = n < MOST ? n : MOST;
    for (size_t i = 0; i < n; i++) {
        names[i] = all[i]->name;
    }
    const char *near = jn_nearest(name, names, n);
    (void)jn_excerpt(name, shown);
    return near == NULL
               ? jn_error_set(err, JN_ERR_USAGE,
                              "--methods: no method %s ('jensen models' lists them)", shown)
               : jn_error_set(err, JN_ERR_USAGE, "--methods: no method %s; did you mean '%s'?",
                              shown, near);
}

/* The methods asked for by name; text is cut up. */
static jn_status named_methods(char *text, size_t *n, entry *out, size_t most, jn_error *err)
{
    jn_words names = { 0, NULL };
    jn_status st = jn_words_split(text, ',', &names);
    *n = 0;
    for (size_t i = 0; st == JN_OK && i < names.n; i++) {
        const jn_exact_method *method = jn_exact_method_find(names.word[i]);
        for (size_t k = 0; method != NULL && k < *n; k++) {
            if (out[k].method == method) {
                st = jn_error_set(err, JN_ERR_USAGE, "--methods: '%s' is given twice",
                                  method->name);
            }
        }
        if (method == NULL) {
            st = unknown_method(names.word[i], err);
        } else if (st == JN_OK && *n < most) {
            out[(*n)++].method = method;
        }
    }
    jn_words_free(&names);
    return st;
}

static jn_status choose(const jn_model *m, size_t *n, entry *e, bool named, jn_error *err)
{
    size_t all, kept = 0;
    const jn_exact_method *const *methods = jn_exact_methods(&all);
    if (!named) {
        for (size_t i = 0; i < all; i++) {
            if (methods[i]->applies(m)) {
                e[kept++].method = methods[i];
            }
        }
        *n = kept;
    }
    for (size_t i = 0; named && i < *n; i++) {
        if (!e[i].method->applies(m)) {
            return jn_error_set(err, JN_ERR_UNSUPPORTED,
                                "--methods: %s does not apply to model %s with %zu latent "
                                "coordinates",
                                e[i].method->name, m->type->name, m->dim);
        }
    }
    return *n > 0 ? JN_OK
                  : jn_error_set(err, JN_ERR_UNSUPPORTED, "no method applies to model %s",
                                 m->type->name);
}

static jn_status run_all(const evidence_args *a, const jn_parsed *p, const jn_model *m, size_t n,
                         entry *e, jn_error *err)
{
    jn_progress bar;
    jn_words notes = { 0, NULL };
    jn_mode_counts modes = { 0 };
    jn_status st = JN_OK;
    jn_progress_start(&bar, a->common.quiet);
    for (size_t i = 0; st == JN_OK && i < n; i++) {
        st = run_method(m, a, &e[i]);
        jn_progress_show(&bar, (double)(i + 1) / (double)n);
    }
    st = st == JN_OK ? jn_count_modes(m, a->common.threads, &modes, err) : st;
    jn_progress_end(&bar);
    char(*text)[JN_ERROR_TEXT] = jn_alloc(n, sizeof *text);
    st = text == NULL ? JN_ERR_NOMEM : st;
    st = st == JN_OK && modes.sheet.n_rows > 0 ? jn_words_add(&notes, modes.note) : st;
    const double tolerance = a->common.tolerance * (double)m->n_obs;
    const jn_status verdict = st == JN_OK ? judge(n, e, tolerance, text, &notes) : st;
    st = verdict < 0 ? jn_error_set(err, verdict, "out of memory")
                     : write_all(a, p, m, n, e, &modes, &notes, err);
    for (size_t i = 0; st == JN_OK && a->common.timings && i < n; i++) {
        fprintf(stderr, "jensen evidence: %-14s %.6f s\n", e[i].method->name, e[i].seconds);
    }
    jn_words_free(&notes);
    free(text);
    return st == JN_OK ? verdict : st;
}

static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    const evidence_args *a = args;
    jn_gap_setup s = { 0 };
    size_t most, n = 0;
    (void)jn_exact_methods(&most);
    entry *e = jn_alloc(most, sizeof *e);
    char *list = jn_strdup(a->methods == NULL ? "" : a->methods);
    jn_status st = e == NULL || list == NULL ? jn_error_set(err, JN_ERR_NOMEM, "out of memory")
                                             : JN_OK;
    if (st == JN_OK && a->methods != NULL) {
        st = named_methods(list, &n, e, most, err);
    }
    st = st < 0
             ? st
             : jn_gap_setup_model(p->words.n == 0 ? NULL : p->words.word[0], &a->common, &s, err);
    st = st < 0 ? st : choose(s.model, &n, e, a->methods != NULL, err);
    st = st < 0 ? st : run_all(a, p, s.model, n, e, err);
    jn_gap_setup_release(&s);
    free(list);
    free(e);
    return st;
}

static int run_evidence(const jn_command *self, int argc, char **argv)
{
    evidence_args a = { .common = { .seed = 1, .tolerance = 1e-9 } };
    const int code = jn_run_command(self, argc, argv, &a, start);
    jn_words_free(&a.common.set);
    return code;
}

const jn_command jn_cmd_evidence = {
    .name = "evidence",
    .group = "Measure",
    .summary = "log p(x) by every method that applies, side by side",
    .usage = "[MODEL] [OPTION]...    (no MODEL: a worked example)",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_words = 1,
    .examples = { "jensen evidence logistic --data birthwt3.csv --set prior_sd=2",
                  "jensen evidence logistic --data x.csv --methods trapezoid,cubature" },
    .run = run_evidence,
};
