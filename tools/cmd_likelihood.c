/* jensen likelihood: log L(theta | x) over a grid of theta, bounds of it, and where each peaks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "curves.h"
#include "sheet.h"

typedef struct likelihood_args {
    jn_gap_args common;
    jn_words sweeps;
} likelihood_args;

#define AT(field) offsetof(likelihood_args, field)

static const jn_option options[] = {
    { "sweep", 0, JN_OPTION_LIST, "NAME=A:B:N", "N values of a parameter; once or twice",
      AT(sweeps), 0, 0, NULL, true },
    { "set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of the model; VALUE may be @FILE",
      AT(common.set), 0, 0, NULL, true },
    { "data", 0, JN_OPTION_TEXT, "FILE", "observations: .csv with a header, or .npy; - is stdin",
      AT(common.data), 0, 0, NULL, true },
    { "rows", 0, JN_OPTION_TEXT, "A:B", "rows A to B-1 of the data, from 0", AT(common.rows), 0, 0,
      NULL, true },
    { "columns", 0, JN_OPTION_TEXT, "LIST", "columns of the data: a,b,p0..p63", AT(common.columns),
      0, 0, NULL, true },
    { "q", 0, JN_OPTION_TEXT, "PROPOSAL", "q(z|x), fixed at --set; a laplace is refitted, too",
      AT(common.q), 0, 0, NULL, true },
    { "q-set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of q", AT(common.q_set), 0, 0, NULL,
      true },
    { "bounds", 0, JN_OPTION_TEXT, "LIST", "default elbo,iwae", AT(common.bounds), 0, 0, NULL,
      true },
    { "k", 'k', JN_OPTION_TEXT, "LIST", "for iwae: 1,2,5,1e6 or 1..1e6; default 10", AT(common.k),
      0, 0, NULL, true },
    { "rule", 0, JN_OPTION_CHOICE, "RULE", "quadrature, rqmc or mc; default: first that applies",
      AT(common.rule), 0, 0, "quadrature|rqmc|mc", true },
    { "samples", 0, JN_OPTION_COUNT, "N", "draws per observation and replicate; default 4096",
      AT(common.samples), 1, UINT64_C(1) << 40, NULL, true },
    { "tolerance", 0, JN_OPTION_REAL, "T", "of an observation, in nats; default 1e-9",
      AT(common.tolerance), 0, 0, NULL, true },
    { "seed", 0, JN_OPTION_COUNT, "S", "default 1", AT(common.seed), 0, INT64_MAX, NULL, true },
    { "threads", 0, JN_OPTION_COUNT, "T", "default: all; the numbers are the same for any",
      AT(common.threads), 1, 4096, NULL, false },
    { "format", 0, JN_OPTION_CHOICE, "FORM", "table, csv (the grid alone), json or md",
      AT(common.format), 0, 0, JN_FORMS, false },
    { "output", 'o', JN_OPTION_TEXT, "FILE", "where to write, whole or not at all",
      AT(common.output), 0, 0, NULL, false },
};

/* --- the grid -------------------------------------------------------------------------------- */

/* theta, then each curve's value and error. Names of errors are made in `names`. */
static size_t n_columns(const jn_curves *c)
{
    return c->n_sweeps + 2 * c->n_curves;
}

static void name_columns(const jn_curves *c, char (*made)[JN_CURVE_NAME + 8], const char **cols)
{
    for (size_t s = 0; s < c->n_sweeps; s++) {
        cols[s] = c->sweep[s].name;
    }
    for (size_t k = 0; k < c->n_curves; k++) {
        (void)snprintf(made[k], sizeof *made, "%s_error", c->name[k]);
        cols[c->n_sweeps + 2 * k] = c->name[k];
        cols[c->n_sweeps + 2 * k + 1] = made[k];
    }
}

static void fill_grid(const jn_curves *c, jn_cell *cell)
{
    for (size_t i = 0; i < c->n_points; i++) {
        for (size_t s = 0; s < c->n_sweeps; s++) {
            *cell++ = jn_cell_number(jn_curves_theta(c, i, s), 6);
        }
        for (size_t k = 0; k < c->n_curves; k++) {
            const double v = c->value[i * c->n_curves + k];
            *cell++ = jn_cell_number(v, 12);
            *cell++ = jn_cell_number(isfinite(v) ? c->error[i * c->n_curves + k] : NAN, 2);
        }
    }
}

/* --- peaks ----------------------------------------------------------------------------------- */

enum { PEAK_MOST = 6, NOTE = JN_ERROR_TEXT + 512 };

/* curve, theta, theta minus the exact curve's, the highest value on the grid. Two maxima are apart
 * by so much only where both lie inside the grid. */
static void fill_peaks(const jn_curves *c, jn_cell *cell)
{
    jn_peak exact;
    (void)jn_curves_peak(c, 0, &exact);
    for (size_t k = 0; k < c->n_curves; k++) {
        jn_peak peak;
        (void)jn_curves_peak(c, k, &peak);
        *cell++ = jn_cell_text(c->name[k]);
        for (size_t s = 0; s < c->n_sweeps; s++) {
            const bool inside = k > 0 && !peak.border[s] && !exact.border[s];
            *cell++ = jn_cell_number(peak.theta[s], 8);
            *cell++ = jn_cell_number(inside ? peak.theta[s] - exact.theta[s] : NAN, 4);
        }
        *cell++ = jn_cell_number(peak.value, 12);
    }
}

/* Which curves are highest at the border of the grid; false: none. */
static bool note_borders(const jn_curves *c, char note[NOTE])
{
    size_t used = (size_t)snprintf(note, NOTE, "highest at the border of the grid, where");
    bool any = false;
    for (size_t s = 0; s < c->n_sweeps; s++) {
        for (size_t k = 0; k < c->n_curves && used < NOTE - 200; k++) {
            jn_peak peak;
            if (jn_curves_peak(c, k, &peak) && peak.border[s]) {
                used += (size_t)snprintf(note + used, NOTE - used, "%s %s = %.6g (%s)",
                                         any ? "," : "", c->sweep[s].name, peak.theta[s],
                                         c->name[k]);
                any = true;
            }
        }
    }
    (void)snprintf(note + used, NOTE - used,
                   ": the maximum may lie beyond (a wider --sweep shows), and no difference of it "
                   "is told");
    return any;
}

/* Where and why points are weaker than nodes within the tolerance, a note for each kind of q; then
 * maxima at the border. */
static size_t fill_notes(const jn_curves *c, char (*note)[NOTE], const char **notes)
{
    static const char *const kinds[2] = { "held fixed", "refitted" };
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        const jn_curves_weak *w = &c->weak[i];
        if (w->n == 0) {
            continue;
        }
        char at[2 * (JN_SWEEP_NAME + 32)] = "";
        for (size_t s = 0; s < c->n_sweeps; s++) {
            const size_t used = strlen(at);
            (void)snprintf(at + used, sizeof at - used, "%s%s = %.6g", s == 0 ? "" : ", ",
                           c->sweep[s].name, jn_curves_theta(c, w->point, s));
        }
        (void)snprintf(
            note[n], NOTE,
            "%zu of %zu points with q %s are drawn, or weaker than asked; the first is %s: %s",
            w->n, c->n_points, kinds[i], at, w->why);
        notes[n] = note[n];
        n++;
    }
    if (note_borders(c, note[n])) {
        notes[n] = note[n];
        n++;
    }
    return n;
}

static jn_status write_curves(const likelihood_args *a, const jn_parsed *p, const jn_curves *c,
                              jn_error *err)
{
    char note[3][NOTE];
    const char *notes[3];
    const size_t n_notes = fill_notes(c, note, notes);
    const size_t cols = n_columns(c), peak_cols = 2 + 2 * c->n_sweeps;
    char(*made)[JN_CURVE_NAME + 8] = jn_alloc(c->n_curves, sizeof *made);
    char away[2][JN_SWEEP_NAME + 16];
    const char **names = jn_alloc(cols, sizeof *names), *peak_names[PEAK_MOST] = { "curve" };
    jn_cell *cell = jn_alloc(c->n_points * cols + c->n_curves * peak_cols, sizeof *cell);
    if (made == NULL || names == NULL || cell == NULL) {
        free(made);
        free(names);
        free(cell);
        return jn_error_set(err, JN_ERR_NOMEM, "out of memory");
    }
    jn_cell *peaks = cell + c->n_points * cols;
    name_columns(c, made, names);
    for (size_t s = 0; s < c->n_sweeps; s++) {
        (void)snprintf(away[s], sizeof away[s], "%s - exact", c->sweep[s].name);
        peak_names[1 + 2 * s] = c->sweep[s].name;
        peak_names[2 + 2 * s] = away[s];
    }
    peak_names[peak_cols - 1] = "top of grid";
    fill_grid(c, cell);
    fill_peaks(c, peaks);
    const jn_sheet sheets[2] = {
        { .name = "grid", .n_cols = cols, .n_rows = c->n_points, .cols = names, .cell = cell },
        { .name = "peaks",
          .n_cols = peak_cols,
          .n_rows = c->n_curves,
          .cols = peak_names,
          .cell = peaks },
    };
    const jn_report report = { .schema = "jensen.likelihood/1",
                               .command = &p->provenance,
                               .seed = a->common.seed,
                               .n_sheets = 2,
                               .sheets = sheets,
                               .n_notes = n_notes,
                               .notes = notes };
    const jn_form form = a->common.format == 0 ? JN_FORM_TABLE : (jn_form)(a->common.format - 1);
    const jn_status st = jn_report_write(&report, form, a->common.output, err);
    free(made);
    free(names);
    free(cell);
    return st;
}

/* --- the command ----------------------------------------------------------------------------- */

static jn_status read_sweeps(const likelihood_args *a, jn_curves *c, jn_error *err)
{
    if (a->sweeps.n < 1 || a->sweeps.n > 2) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--sweep NAME=A:B:N names the parameter to vary, once or twice");
    }
    jn_status st = JN_OK;
    for (size_t i = 0; st == JN_OK && i < a->sweeps.n; i++) {
        st = jn_sweep_read(a->sweeps.word[i], &c->sweep[i], err);
    }
    c->n_sweeps = a->sweeps.n;
    if (st == JN_OK && c->n_sweeps == 2 && strcmp(c->sweep[0].name, c->sweep[1].name) == 0) {
        st = jn_error_set(err, JN_ERR_USAGE, "--sweep: '%s' is swept twice", c->sweep[0].name);
    }
    return st;
}

static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    const likelihood_args *a = args;
    jn_curves c = { 0 };
    jn_gap_options o;
    size_t n_bounds = 0;
    jn_bound_arg *bounds = NULL;
    jn_status st = p->words.n > 0 ? JN_OK
                                  : jn_error_set(err, JN_ERR_USAGE,
                                                 "name a model ('jensen models' lists them)");
    st = st < 0 ? st : read_sweeps(a, &c, err);
    st = st < 0 ? st : jn_gap_args_options(&a->common, &o, err);
    st = st < 0 ? st : jn_gap_args_bounds(&a->common, &n_bounds, &bounds, err);
    st = st < 0 ? st : jn_curves_make(p->words.word[0], &a->common, n_bounds, bounds, &o, &c, err);
    const jn_status weak = st;
    st = st < 0 ? st : write_curves(a, p, &c, err);
    jn_curves_free(&c);
    free(bounds);
    return st < 0 ? st : weak;
}

static int run_likelihood(const jn_command *self, int argc, char **argv)
{
    likelihood_args a = { .common = { .bounds = "elbo,iwae",
                                      .threshold = NAN,
                                      .k = "10",
                                      .samples = 4096,
                                      .replicates = 16,
                                      .seed = 1,
                                      .tolerance = 1e-9 } };
    const int code = jn_run_command(self, argc, argv, &a, start);
    jn_words_free(&a.sweeps);
    jn_words_free(&a.common.set);
    jn_words_free(&a.common.q_set);
    return code;
}

const jn_command jn_cmd_likelihood = {
    .name = "likelihood",
    .group = "Measure",
    .summary = "L(theta|x) over a grid of theta: exact, each bound, and where each peaks",
    .usage = "MODEL --sweep NAME=A:B:N [OPTION]...",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_words = 1,
    .examples = { "jensen likelihood logistic --data birthwt3.csv --sweep prior_sd=0.1:3:30",
                  "jensen likelihood glmm --data g.csv --sweep sigma=0.1:2:20 --format csv" },
    .run = run_likelihood,
};
