/* The table for people: totals, the mean of an observation beside them, what was odd at the end. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gap/write.h"
#include "io/grid.h"
#include "io/numbers.h"
#include "jensen/target.h"

enum { DECIMALS = 9, DIGITS = 9, TEXT = 64, MAX_COLS = 9 };

/* As many decimals as the error supports; of what has none, enough to tell one value from another.
 */
static const char *value_text(const jn_estimate *e, char buf[TEXT])
{
    if (isnan(e->value)) {
        return "-";
    }
    if (isinf(e->value)) {
        return e->value > 0.0 ? "inf" : "-inf";
    }
    if (isnan(e->error)) {
        (void)snprintf(buf, TEXT, "%.3g", e->value);
    } else {
        (void)snprintf(buf, TEXT, "%.*f", jn_decimals_for(e->error, DECIMALS), e->value);
    }
    return buf;
}

/* As many digits as the error supports, however small the value is. */
static const char *gap_text(double value, double error, char buf[TEXT])
{
    if (!isfinite(value) || isnan(error) || fabs(value) >= 1e-3 || fabs(value) <= error) {
        const jn_estimate e = { .value = value, .error = error };
        return !isnan(error) && fabs(value) > 0.0 && fabs(value) < 1e-3
                   ? (snprintf(buf, TEXT, "%.0e", value), buf)
                   : value_text(&e, buf);
    }
    const int exponent = value == 0.0 ? 0 : (int)floor(log10(fabs(value)));
    const int digits = jn_decimals_for(error, DIGITS - exponent) + exponent;
    (void)snprintf(buf, TEXT, "%.*e",
                   digits < 0            ? 0
                   : digits > DIGITS - 1 ? DIGITS - 1
                                         : digits,
                   value);
    return buf;
}

static const char *error_text(double error, char buf[TEXT])
{
    if (isnan(error)) {
        return "-";
    }
    (void)snprintf(buf, TEXT, error == 0.0 ? "%.0f" : "%.1e", error);
    return buf;
}

static void heading(const jn_gap_table *t, bool predicts, jn_grid *g)
{
    jn_grid_init(g, 6 + (predicts ? 1 : 0) + (t->n_rows > 1 ? 2 : 0));
    jn_grid_add(g, "bound");
    jn_grid_add(g, "K");
    jn_grid_add(g, "value");
    jn_grid_add(g, "error");
    jn_grid_add(g, "gap");
    jn_grid_add(g, "error");
    if (predicts) {
        jn_grid_add(g, "predicted");
    }
    if (t->n_rows > 1) {
        jn_grid_add(g, "value/obs");
        jn_grid_add(g, "gap/obs");
    }
}

static void prediction(const jn_gap_bound *b, jn_grid *g)
{
    if (isnan(b->gap_predicted)) {
        jn_grid_add(g, "-");
    } else {
        jn_grid_add(g, "%.*g%s", 5, b->gap_predicted, b->predicted_reliable == 0 ? "?" : " ");
    }
}

static void bound_row(const jn_gap_table *t, const jn_gap_bound *b, bool predicts, jn_grid *g)
{
    char buf[TEXT], title[JN_BOUND_LABEL];
    const double n = (double)t->n_rows;
    jn_grid_add(g, "%s", jn_bound_title(&b->arg, title));
    if (b->arg.bound->takes_k) {
        jn_grid_add(g, "%" PRIu64, b->arg.k);
    } else {
        jn_grid_add(g, "%s", "");
    }
    jn_grid_add(g, "%s", value_text(&b->value, buf));
    jn_grid_add(g, "%s", error_text(b->value.error, buf));
    jn_grid_add(g, "%s", isnan(b->gap.value) ? "-" : gap_text(b->gap.value, b->gap.error, buf));
    jn_grid_add(g, "%s", error_text(b->gap.error, buf));
    if (predicts) {
        prediction(b, g);
    }
    if (t->n_rows > 1) {
        jn_grid_add(g, isnan(b->value.value) ? "-" : "%.6g", b->value.value / n);
        jn_grid_add(g, isnan(b->gap.value) ? "-" : "%.4g", b->gap.value / n);
    }
}

/* "linear-gaussian, 150 observations of 2 latent coordinates; q = laplace" */
static void setting(const jn_gap_table *t, FILE *f)
{
    const jn_model *m = t->model;
    if (m == NULL) {
        fprintf(f, "stored log-weights: %zu observation%s, %" PRIu64 " draws each\n", t->n_rows,
                t->n_rows == 1 ? "" : "s", t->samples);
        return;
    }
    fprintf(f, "%s: %zu observation%s, z of %zu coordinate%s; q = %s; rule %s, ", m->type->name,
            t->n_rows, t->n_rows == 1 ? "" : "s", m->dim, m->dim == 1 ? "" : "s",
            t->proposal->type->name, t->rule);
    if (t->samples > 0) {
        fprintf(f, "%" PRIu64 " x %" PRIu64 " draws\n", t->replicates, t->samples);
    } else {
        fprintf(f, "%" PRIu64 " nodes\n", t->nodes);
    }
}

static void evidence(const jn_gap_table *t, FILE *f)
{
    char value[TEXT], error[TEXT];
    const jn_estimate *e = &t->total.evidence;
    fprintf(f, "log p(x) = %s  (%s; error %s)", value_text(e, value),
            e->method == NULL ? jn_error_kind_name(e->kind) : e->method,
            error_text(e->error, error));
    if (t->n_rows > 1) {
        fprintf(f, ", %.7g an observation", e->value / (double)t->n_rows);
    }
    fputc('\n', f);
}

static jn_status totals(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    static const bool left[MAX_COLS] = { true };
    const bool predicts = jn_gap_predicts(t);
    jn_grid g;
    heading(t, predicts, &g);
    for (size_t i = 0; i < t->n_bounds; i++) {
        bound_row(t, &t->total.bounds[i], predicts, &g);
    }
    const jn_status st = jn_grid_status(&g);
    if (st == JN_OK) {
        jn_grid_print(&g, left, options->colour ? "\033[1m" : NULL,
                      options->colour ? "\033[0m" : NULL, f);
    }
    jn_grid_free(&g);
    return st;
}

/* Not the mean of what independent draws say, but a function of them all. */
static bool is_biased(const jn_gap_table *t, const jn_gap_bound *b)
{
    const bool mean = b->arg.bound == &jn_bound_elbo || b->arg.k == 1;
    return t->samples > 0 &&
           (b->estimator == JN_BY_SELF_NORMALISED || b->estimator == JN_BY_POSTERIOR_LAW ||
            (b->estimator == JN_BY_LAW && !mean));
}

/* The families of which that holds, each once. */
static void biases(const jn_gap_table *t, FILE *f)
{
    bool any = false;
    for (size_t i = 0; i < t->n_bounds; i++) {
        const jn_gap_bound *b = &t->total.bounds[i];
        bool new = is_biased(t, b);
        for (size_t j = 0; new &&j < i; j++) {
            const jn_gap_bound *other = &t->total.bounds[j];
            new = other->arg.bound != b->arg.bound || !is_biased(t, other);
        }
        if (new) {
            fprintf(f, "%s%s", any ? ", " : "", b->arg.bound->name);
            any = true;
        }
    }
    if (any) {
        fputs(": of the law that the draws make, biased by about 1 / draws\n", f);
    }
}

/* A and B, and what else is known of the weights. */
static void remarks(const jn_gap_table *t, FILE *f)
{
    char a[TEXT], b[TEXT];
    const jn_diagnostics *d = &t->total.diagnostics;
    bool unreliable = false;
    for (size_t i = 0; i < t->n_bounds; i++) {
        const jn_gap_bound *g = &t->total.bounds[i];
        if (!isnan(g->reconstruction.value) && !isnan(g->kl.value)) {
            fprintf(f, "%s = A - B: A = %s (E_q log p(x|z)), B = %s (KL from q to the prior)\n",
                    g->arg.bound->name, value_text(&g->reconstruction, a), value_text(&g->kl, b));
        }
        unreliable = unreliable || (!isnan(g->gap_predicted) && g->predicted_reliable == 0);
    }
    if (!isnan(d->var_w)) {
        fprintf(f, "weights W = p(x,z) / (q(z|x) p(x)): Var W = %.4g", d->var_w);
        if (!isnan(d->ess_fraction)) {
            fprintf(f, ", effective sample size %.3g %%", 100.0 * d->ess_fraction);
        }
        if (t->n_rows > 1) {
            fprintf(f, " (worst observation: %zu)",
                    isfinite(d->var_w) || isnan(d->ess_fraction) ? d->var_w_row : d->ess_row);
        }
        fputc('\n', f);
    }
    if (isnan(d->var_w) && !isnan(d->ess_fraction)) {
        fprintf(f, "effective sample size %.3g %% of the draws", 100.0 * d->ess_fraction);
        if (t->n_rows > 1) {
            fprintf(f, " (worst observation: %zu)", d->ess_row);
        }
        fputc('\n', f);
    }
    if (t->samples * t->replicates == 1) {
        fputs("Var W and effective sample size: not known (one draw has no spread)\n", f);
    }
    if (t->model == NULL && isnan(d->pareto_k) && d->pareto_note != NULL) {
        fprintf(f, "Pareto k-hat of the weights: not known (%s)\n", d->pareto_note);
    }
    if (!isnan(d->pareto_k)) {
        fprintf(f, "Pareto k-hat of the weights: %.2f +- %.2f", d->pareto_k, d->pareto_error);
        if (t->n_rows > 1) {
            fprintf(f, " (worst observation: %zu)", d->pareto_row);
        }
        fputc('\n', f);
    }
    if (d->zero_weights > 0) {
        fprintf(f, "%" PRIu64 " draws had weight 0\n", d->zero_weights);
    }
    if (unreliable) {
        fputs("? K is below 10 Var W: the prediction, a series in 1/K, is not reliable there\n", f);
    }
    biases(t, f);
}

/* The first and the last terms of the ledger, and the rest in one line. */
static jn_status ledger(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    enum { HEAD = 6, TAIL = 6 };
    static const bool left[2] = { true };
    const size_t n = t->n_ledger, cut = n > HEAD + TAIL + 1 ? n - TAIL : HEAD;
    double rest = 0.0;
    char buf[TEXT];
    jn_grid g;
    jn_grid_init(&g, 2);
    jn_grid_add(&g, "ledger");
    jn_grid_add(&g, "nats");
    for (size_t k = 0; k < n; k++) {
        if (k >= HEAD && k < cut) {
            rest += t->ledger[k];
            if (k + 1 == cut) {
                jn_grid_add(&g, "L_%zu to L_%zu", n - 1 - HEAD, n - cut);
                jn_grid_add(&g, "%.9g", rest);
            }
            continue;
        }
        jn_grid_add(&g, "L_%zu", n - 1 - k);
        jn_grid_add(&g, "%.9g", t->ledger[k]);
    }
    jn_grid_add(&g, "elbo = -sum");
    jn_grid_add(&g, "%s", value_text(&t->ledger_elbo, buf));
    const jn_status st = jn_grid_status(&g);
    if (st == JN_OK) {
        jn_grid_print(&g, left, options->colour ? "\033[1m" : NULL,
                      options->colour ? "\033[0m" : NULL, f);
        fputs("(step by step, by quadrature: what the noise at the end costs, each step of the "
              "reverse\nprocess, and -E log p(x_0|x_1))\n\n",
              f);
    }
    jn_grid_free(&g);
    return st;
}

/* Gaps; where log p(x) was not given, the bounds themselves. */
static double shown_of(const jn_gap_table *t, const jn_gap_bound *b)
{
    const bool given = t->model != NULL || t->total.evidence.kind == JN_EXACT;
    return given ? b->gap.value : b->value.value;
}

static void tail_columns(const jn_gap_row *row, jn_grid *g)
{
    const jn_diagnostics *d = &row->diagnostics;
    jn_grid_add(g, isnan(d->ess_fraction) ? "-" : "%.3g", 100.0 * d->ess_fraction);
    jn_grid_add(g, isnan(d->pareto_k) ? "-" : "%.2f", d->pareto_k);
}

static jn_status per_datum(const jn_gap_table *t, FILE *f)
{
    const bool stored = t->model == NULL;
    static const bool none[1024] = { false };
    char buf[JN_BOUND_LABEL], text[TEXT];
    const size_t shown = t->n_bounds < 1000 ? t->n_bounds : 1000;
    jn_grid g;
    jn_grid_init(&g, 2 + shown + (stored ? 2 : 0));
    jn_grid_add(&g, "index");
    jn_grid_add(&g, "log p(x)");
    for (size_t i = 0; i < shown; i++) {
        jn_grid_add(&g, "%s", jn_bound_label(&t->total.bounds[i].arg, buf));
    }
    if (stored) {
        jn_grid_add(&g, "ESS %%");
        jn_grid_add(&g, "k-hat");
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        const jn_gap_row *row = &t->rows[r];
        jn_grid_add(&g, "%zu", row->index);
        jn_grid_add(&g, "%s", value_text(&row->evidence, text));
        for (size_t i = 0; i < shown; i++) {
            const double x = shown_of(t, &row->bounds[i]);
            jn_grid_add(&g, isnan(x) ? "-" : stored ? "%.6g" : "%.4g", x);
        }
        if (stored) {
            tail_columns(row, &g);
        }
    }
    const jn_status st = jn_grid_status(&g);
    if (st == JN_OK) {
        const bool gaps = t->model != NULL || t->total.evidence.kind == JN_EXACT;
        fprintf(f, "\nlog p(x) and %s of each observation:\n", gaps ? "gaps" : "bounds");
        jn_grid_print(&g, none, NULL, NULL, f);
    }
    jn_grid_free(&g);
    return st;
}

jn_status jn_gap_write_table(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    setting(t, f);
    evidence(t, f);
    fputc('\n', f);
    jn_status st = totals(t, options, f);
    if (st == JN_OK) {
        fputc('\n', f);
        st = t->n_ledger > 0 ? ledger(t, options, f) : st;
        remarks(t, f);
        st = options->per_datum && t->n_rows > 1 ? per_datum(t, f) : st;
    }
    if (st != JN_OK) {
        return st;
    }
    if (t->model != NULL && t->model->notes[0] != '\0') {
        fprintf(f, "note: %s\n", t->model->notes);
    }
    for (size_t i = 0; i < t->n_warnings; i++) {
        fprintf(f, "%swarning:%s %s\n", options->colour ? "\033[33m" : "",
                options->colour ? "\033[0m" : "", t->warnings[i]);
    }
    fprintf(f, "# jensen %s, seed %" PRIu64 ": ", JN_VERSION, t->seed);
    jn_gap_command_line(options, f);
    fputc('\n', f);
    return JN_OK;
}
