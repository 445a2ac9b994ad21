/* jensen derive: the derivation of the ELBO, a number for each line and whether it holds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "derive_lines.h"
#include "gap_setup.h"
#include "jensen/exact.h"
#include "sheet.h"
#include "sweep.h"

typedef struct derive_args {
    jn_gap_args common;
    const char *sweep;
} derive_args;

#define AT(field) offsetof(derive_args, field)

static const jn_option options[] = {
    { "set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of the model; VALUE may be @FILE",
      AT(common.set), 0, 0, NULL, true },
    { "data", 0, JN_OPTION_TEXT, "FILE", "observations: .csv with a header, or .npy; - is stdin",
      AT(common.data), 0, 0, NULL, true },
    { "rows", 0, JN_OPTION_TEXT, "A:B", "rows A to B-1 of the data, from 0", AT(common.rows), 0, 0,
      NULL, true },
    { "columns", 0, JN_OPTION_TEXT, "LIST", "columns of the data: a,b,p0..p63", AT(common.columns),
      0, 0, NULL, true },
    { "q", 0, JN_OPTION_TEXT, "PROPOSAL", "q(z|x); default: the model's own, laplace, or prior",
      AT(common.q), 0, 0, NULL, true },
    { "q-set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of q", AT(common.q_set), 0, 0, NULL,
      true },
    { "sweep", 0, JN_OPTION_TEXT, "q.NAME=A:B:N", "A, B and the gap along N values of q's NAME",
      AT(sweep), 0, 0, NULL, true },
    { "samples", 0, JN_OPTION_COUNT, "N", "draws per observation and replicate; default 4096",
      AT(common.samples), 1, UINT64_C(1) << 40, NULL, true },
    { "tolerance", 0, JN_OPTION_REAL, "T", "of an observation, in nats; default 1e-9",
      AT(common.tolerance), 0, 0, NULL, true },
    { "seed", 0, JN_OPTION_COUNT, "S", "default 1", AT(common.seed), 0, INT64_MAX, NULL, true },
    { "threads", 0, JN_OPTION_COUNT, "T", "default: all; the numbers are the same for any",
      AT(common.threads), 1, 4096, NULL, false },
    { "format", 0, JN_OPTION_CHOICE, "FORM", "table, csv, json or md; default table",
      AT(common.format), 0, 0, JN_FORMS, false },
    { "output", 'o', JN_OPTION_TEXT, "FILE", "where to write, whole or not at all",
      AT(common.output), 0, 0, NULL, false },
};

static jn_form form_of(const jn_gap_args *a)
{
    return a->format == 0 ? JN_FORM_TABLE : (jn_form)(a->format - 1);
}

static jn_status write_sheet(const derive_args *a, const jn_parsed *p, const jn_model *m,
                             const jn_sheet *sheet, size_t n_notes, const char *const *notes,
                             jn_error *err)
{
    const jn_report report = { .schema = "jensen.derive/1",
                               .model = m,
                               .command = &p->provenance,
                               .seed = a->common.seed,
                               .n_sheets = 1,
                               .sheets = sheet,
                               .n_notes = n_notes,
                               .notes = notes };
    return jn_report_write(&report, form_of(&a->common), a->common.output, err);
}

/* The ELBO with its parts, and the exact log p(x). */
static jn_status run_elbo(const jn_proposal *q, const jn_gap_options *o, jn_gap_table **t,
                          jn_error *err)
{
    const jn_bound_arg elbo = { .bound = &jn_bound_elbo };
    return jn_gap_run(q, 1, &elbo, o, t, err);
}

/* --- the lines ------------------------------------------------------------------------------- */

enum { LINES = 12, COLUMNS = 8 };
static const char *const columns[COLUMNS] = { "line",     "quantity", "value",   "error",
                                              "identity", "off by",   "allowed", "holds" };

enum { NOTES = 4 };

typedef struct walk {
    size_t n;
    jn_cell cell[LINES * COLUMNS];
    bool failed;
    size_t n_notes;
    char note[NOTES][JN_ERROR_TEXT + 32];
} walk;

static double se(const jn_estimate *e)
{
    return e->kind == JN_MC || e->kind == JN_RQMC ? e->error : 0.0;
}

static double bound(const jn_estimate *e)
{
    return se(e) > 0.0 || isnan(e->error) ? 0.0 : e->error;
}

/* What two numbers may differ by: errors add, standard errors in quadrature and five times; `slack`
 * is rounding that neither knows of. */
static double allowed(const jn_estimate *a, const jn_estimate *b)
{
    if (isinf(a->value) || isinf(b->value)) {
        return NAN;
    }
    const double slack = 1e-13 * (1.0 + fabs(a->value) + fabs(b->value));
    return 5.0 * hypot(se(a), se(b)) + bound(a) + bound(b) + slack;
}

/* One line; `identity` NULL: nothing to obey. off > most: it does not hold. NaN off: not known. */
static void add_line(walk *w, const char *line, const char *quantity, const jn_estimate *e,
                     const char *identity, double off, double most)
{
    jn_cell *c = w->cell + w->n++ * COLUMNS;
    const bool tested = identity != NULL && !isnan(off);
    const bool holds = tested && (off == 0.0 || off <= most); /* infinite: no error to allow for */
    c[0] = jn_cell_text(line);
    c[1] = jn_cell_text(quantity);
    c[2] = jn_cell_number(e->value, 13);
    c[3] = jn_cell_number(isnan(e->value) ? NAN : e->error, 2);
    c[4] = jn_cell_text(identity);
    c[5] = jn_cell_number(tested ? off : NAN, 2);
    c[6] = jn_cell_number(tested ? most : NAN, 2);
    c[7] = jn_cell_text(identity == NULL ? NULL : !tested ? "not known" : holds ? "yes" : "NO");
    w->failed = w->failed || (tested && !holds);
}

static void add_equal(walk *w, const char *line, const char *quantity, const jn_estimate *e,
                      const char *identity, const jn_estimate *other)
{
    const double apart = isinf(e->value) || isinf(other->value) ? NAN
                                                                : fabs(e->value - other->value);
    const double off = e->value == other->value ? 0.0 : apart;
    add_line(w, line, quantity, e, identity, off, allowed(e, other));
}

/* How far below 0, where that is known. */
static double below_zero(double x)
{
    return isnan(x) ? NAN : fmax(0.0, -x);
}

/* A line that its law cannot carry is not known, and a note says why. */
static jn_status excuse(walk *w, const char *line, jn_status st, jn_estimate *e,
                        const jn_error *why)
{
    if (st == JN_REFUSED) {
        *e = (jn_estimate){ .value = NAN, .error = NAN, .dof = NAN };
        (void)snprintf(w->note[w->n_notes++], sizeof w->note[0], "line %s is not known: %s", line,
                       why->message);
        st = JN_OK;
    }
    return st;
}

static jn_status importance_lines(walk *w, const jn_proposal *q, const jn_gap_options *o,
                                  const jn_estimate *exact, jn_error *err)
{
    jn_estimate nodes, draws;
    bool sound = true;
    jn_status st = excuse(w, "2", jn_derive_by_nodes(q, o, &nodes, err), &nodes, err);
    if (st == JN_OK) {
        st = excuse(w, "3", jn_derive_by_draws(q, o, &draws, &sound, err), &draws, err);
    }
    if (st != JN_OK) {
        return st;
    }
    if (!sound && !(fabs(draws.value - exact->value) <= allowed(&draws, exact))) {
        (void)snprintf(w->note[w->n_notes++], sizeof w->note[0],
                       "line 3 is not known: the weights may have no finite variance, or too few "
                       "draws carry their mean, so that the standard error %.2g says little",
                       draws.error);
        draws = (jn_estimate){ .value = NAN, .error = NAN, .dof = NAN };
    }
    add_equal(w, "2", "log integral of q (p(x,z)/q), nodes by q", &nodes, "= line 1", exact);
    /* the log of a mean of n draws is low by half its variance */
    const double off = fabs(draws.value - exact->value);
    add_line(w, "3", "log of the mean of p(x,z)/q over draws of q", &draws, "= line 1", off,
             allowed(&draws, exact) + 0.5 * draws.error * draws.error);
    return JN_OK;
}

static jn_status gap_lines(walk *w, const jn_proposal *q, const jn_gap_options *o,
                           const jn_gap_bound *elbo, const jn_estimate *exact, jn_error *err)
{
    jn_estimate kl = { .value = NAN, .error = NAN };
    const jn_status st = jn_derive_kl_posterior(q, o, &kl, err);
    if (st < 0 && st != JN_ERR_UNSUPPORTED) {
        return st;
    }
    if (isinf(elbo->gap.value) && isfinite(kl.value)) { /* no draw shows that a mean is infinite */
        kl.value = NAN;
    }
    const jn_estimate *value = &elbo->value;
    const double below = below_zero(exact->value - value->value);
    add_line(w, "4", "E_q log p(x,z)/q, the ELBO", value, "<= line 1", below,
             allowed(value, exact));
    add_line(w, "", "the gap, log p(x) - ELBO", &elbo->gap, ">= 0", below_zero(elbo->gap.value),
             allowed(&elbo->gap, &elbo->gap));
    add_equal(w, "", "KL(q || p(z|x)), without log p(x)", &kl, "= the gap", &elbo->gap);
    return JN_OK;
}

static jn_status split_lines(walk *w, const jn_proposal *q, const jn_gap_bound *elbo, jn_error *err)
{
    const jn_estimate *a = &elbo->reconstruction, *b = &elbo->kl;
    jn_estimate closed = { .value = NAN, .error = NAN };
    const jn_status st = jn_derive_kl_prior(q, &closed, err);
    if (st < 0 && st != JN_ERR_UNSUPPORTED) {
        return st;
    }
    add_line(w, "5", "A = E_q log p(x|z), reconstruction", a, NULL, NAN, NAN);
    add_line(w, "", "B = KL(q || p(z)), regularisation", b, ">= 0", below_zero(b->value),
             allowed(b, b));
    jn_estimate split = *a;
    split.value = a->value - b->value;
    split.error = se(a) > 0.0 ? hypot(a->error, b->error) : a->error + b->error;
    add_equal(w, "", "A - B", &split, "= line 4", &elbo->value);
    if (!isnan(closed.value)) {
        add_equal(w, "", "B in closed form", &closed, "= B", b);
    }
    return JN_OK;
}

static jn_status walk_lines(const derive_args *a, const jn_parsed *p, const jn_proposal *q,
                            const jn_gap_options *o, jn_error *err)
{
    walk w = { .n = 0 };
    jn_gap_table *t;
    const jn_status weak = run_elbo(q, o, &t, err);
    if (weak < 0) {
        return weak;
    }
    const jn_gap_bound *elbo = &t->total.bounds[0];
    const jn_estimate *exact = &t->total.evidence;
    add_line(&w, "1", "log p(x)", exact, NULL, NAN, NAN);
    jn_status st = importance_lines(&w, q, o, exact, err);
    st = st == JN_OK ? gap_lines(&w, q, o, elbo, exact, err) : st;
    st = st == JN_OK ? split_lines(&w, q, elbo, err) : st;
    if (st >= 0) {
        const jn_sheet sheet = {
            .name = "lines", .n_cols = COLUMNS, .n_rows = w.n, .cols = columns, .cell = w.cell
        };
        const char **notes = jn_alloc(NOTES + t->n_warnings, sizeof *notes);
        if (notes == NULL) {
            jn_gap_table_free(t);
            return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
        }
        if (w.failed) {
            (void)snprintf(w.note[w.n_notes++], sizeof w.note[0],
                           "An identity does not hold within the errors.");
        }
        for (size_t i = 0; i < w.n_notes; i++) {
            notes[i] = w.note[i];
        }
        for (size_t i = 0; i < t->n_warnings; i++) {
            notes[w.n_notes + i] = t->warnings[i];
        }
        st = write_sheet(a, p, q->model, &sheet, w.n_notes + t->n_warnings, notes, err);
        free(notes);
    }
    jn_gap_table_free(t);
    return st != JN_OK ? st : w.failed ? JN_NOT_CONVERGED : weak;
}

/* --- the sweep of q -------------------------------------------------------------------------- */

enum { SWEEP_COLUMNS = 10 };

static void fill_point(double at, const jn_gap_table *t, jn_cell *c)
{
    const jn_gap_bound *elbo = &t->total.bounds[0];
    const jn_estimate *shown[] = { &elbo->value, &elbo->gap, &elbo->reconstruction, &elbo->kl };
    c[0] = jn_cell_number(at, 6);
    for (size_t i = 0; i < 4; i++) {
        c[1 + 2 * i] = jn_cell_number(shown[i]->value, 12);
        c[2 + 2 * i] = jn_cell_number(isnan(shown[i]->value) ? NAN : shown[i]->error, 2);
    }
    c[9] = jn_cell_text(jn_error_kind_name(elbo->value.kind));
}

static jn_status sweep_point(const derive_args *a, const jn_gap_setup *s, const char *name,
                             double at, const jn_gap_options *o, jn_cell *c, jn_error *err)
{
    char text[JN_SWEEP_NAME];
    jn_gap_setup one = { .example = s->example, .model = s->model };
    (void)snprintf(text, sizeof text, "%s", name);
    jn_param swept = { .name = text, .value = { .rows = 1, .cols = 1, .x = &at } };
    jn_gap_table *t;
    jn_status st = jn_gap_setup_proposal(&a->common, &swept, &one, err);
    if (st < 0) {
        return st;
    }
    st = run_elbo(one.q, o, &t, err);
    if (st >= 0) {
        fill_point(at, t, c);
        jn_gap_table_free(t);
    }
    jn_proposal_free(one.q);
    return st;
}

static jn_status walk_sweep(const derive_args *a, const jn_parsed *p, const jn_gap_setup *s,
                            const jn_sweep *sweep, const jn_gap_options *o, jn_error *err)
{
    const char *const names[SWEEP_COLUMNS] = { sweep->name, "elbo",      "elbo_error", "gap",
                                               "gap_error", "A",         "A_error",    "B",
                                               "B_error",   "error_kind" };
    jn_cell *cell = jn_alloc(sweep->n * SWEEP_COLUMNS, sizeof *cell);
    jn_status st = cell == NULL ? jn_error_set(err, JN_ERR_NOMEM, "out of memory") : JN_OK;
    jn_status weakest = JN_OK;
    for (size_t i = 0; st >= 0 && i < sweep->n; i++) {
        st = sweep_point(a, s, sweep->name + 2, jn_sweep_at(sweep, i), o, cell + i * SWEEP_COLUMNS,
                         err);
        weakest = st > weakest ? st : weakest;
    }
    if (st >= 0) {
        const jn_sheet sheet = { .name = "sweep",
                                 .n_cols = SWEEP_COLUMNS,
                                 .n_rows = sweep->n,
                                 .cols = names,
                                 .cell = cell };
        st = write_sheet(a, p, s->model, &sheet, 0, NULL, err);
    }
    free(cell);
    return st == JN_OK ? weakest : st;
}

/* --- the command ----------------------------------------------------------------------------- */

static jn_status no_paths(const jn_model *m, jn_error *err)
{
    return m->chain == NULL ? JN_OK
                            : jn_error_set(err, JN_ERR_UNSUPPORTED,
                                           "model %s: derive walks models of one latent, not of "
                                           "trajectories",
                                           m->type->name);
}

static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    const derive_args *a = args;
    jn_gap_setup s = { 0 };
    jn_gap_options o;
    jn_sweep sweep = { .n = 0 };
    jn_status st = a->sweep == NULL ? JN_OK : jn_sweep_read(a->sweep, &sweep, err);
    if (st == JN_OK && sweep.n > 0 && (strncmp(sweep.name, "q.", 2) != 0 || sweep.name[2] == 0)) {
        st = jn_error_set(err, JN_ERR_USAGE,
                          "--sweep: '%s' is no parameter of q; write q.mean or q.sd", sweep.name);
    }
    st = st < 0 ? st : jn_gap_args_options(&a->common, &o, err);
    st = st < 0
             ? st
             : jn_gap_setup_model(p->words.n == 0 ? NULL : p->words.word[0], &a->common, &s, err);
    st = st < 0 ? st : no_paths(s.model, err);
    if (st >= 0 && sweep.n > 0) {
        st = walk_sweep(a, p, &s, &sweep, &o, err);
    } else if (st >= 0) {
        st = jn_gap_setup_proposal(&a->common, NULL, &s, err);
        st = st < 0 ? st : walk_lines(a, p, s.q, &o, err);
    }
    jn_gap_setup_release(&s);
    return st;
}

static int run_derive(const jn_command *self, int argc, char **argv)
{
    derive_args a = { .common = { .samples = 4096,
                                  .replicates = 16,
                                  .seed = 1,
                                  .tolerance = 1e-9,
                                  .threshold = NAN } };
    const int code = jn_run_command(self, argc, argv, &a, start);
    jn_words_free(&a.common.set);
    jn_words_free(&a.common.q_set);
    return code;
}

const jn_command jn_cmd_derive = {
    .name = "derive",
    .group = "Measure",
    .summary = "The derivation of the ELBO: each line a number, and whether it holds",
    .usage = "[MODEL] [OPTION]...    (no MODEL: a worked example)",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_words = 1,
    .examples = { "jensen derive logistic --data birthwt3.csv --set prior_sd=2",
                  "jensen derive --sweep q.sd=0.1:2:20 --format csv" },
    .run = run_derive,
};
