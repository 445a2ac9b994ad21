/* Tables for papers: value(error in units of the last digit), as Markdown and as LaTeX. */
#include <inttypes.h>
#include <math.h>

#include "gap/write.h"
#include "io/grid.h"
#include "io/numbers.h"

enum { DECIMALS = 9, MAX_COLS = 5 };
static const bool left[MAX_COLS] = { true };

static void rounded(const jn_estimate *e, jn_grid *g)
{
    char buf[JN_ROUNDED_TEXT];
    /* a gap of 1e-7 deserves its digits, not DECIMALS zeros */
    const bool tiny = fabs(e->value) < 1e-3 && e->error < 1e-2 * fabs(e->value);
    if (isnan(e->value)) {
        jn_grid_add(g, "%s", "");
    } else if (isfinite(e->value) && isnan(e->error)) {
        jn_grid_add(g, "%.3g(?)", e->value);
    } else if (tiny && e->error < 1e-5 * fabs(e->value)) {
        jn_grid_add(g, "%.5e", e->value);
    } else {
        jn_grid_add(g, "%s", jn_text_rounded(e->value, e->error, DECIMALS, buf));
    }
}

static void bound_row(const jn_gap_bound *b, bool predicts, jn_grid *g)
{
    char title[JN_BOUND_LABEL];
    jn_grid_add(g, "%s", jn_bound_title(&b->arg, title));
    if (b->arg.bound->takes_k) {
        jn_grid_add(g, "%" PRIu64, b->arg.k);
    } else {
        jn_grid_add(g, "%s", "");
    }
    rounded(&b->value, g);
    rounded(&b->gap, g);
    if (predicts && isnan(b->gap_predicted)) {
        jn_grid_add(g, "%s", "");
    } else if (predicts) {
        jn_grid_add(g, "%.5g", b->gap_predicted);
    }
}

static void fill(const jn_gap_table *t, jn_grid *g)
{
    const bool predicts = jn_gap_predicts(t);
    jn_grid_init(g, predicts ? 5 : 4);
    jn_grid_add(g, "bound");
    jn_grid_add(g, "K");
    jn_grid_add(g, "value");
    jn_grid_add(g, "gap");
    if (predicts) {
        jn_grid_add(g, "predicted gap");
    }
    jn_grid_add(g, "log p(x)");
    jn_grid_add(g, "%s", "");
    rounded(&t->total.evidence, g);
    jn_grid_add(g, "%s", "");
    if (predicts) {
        jn_grid_add(g, "%s", "");
    }
    for (size_t i = 0; i < t->n_bounds; i++) {
        bound_row(&t->total.bounds[i], predicts, g);
    }
}

static void source(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    fprintf(f, "jensen %s, seed %" PRIu64 ": ", JN_VERSION, t->seed);
    jn_gap_command_line(options, f);
}

jn_status jn_gap_write_markdown(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    jn_grid g;
    fill(t, &g);
    const jn_status st = jn_grid_status(&g);
    if (st == JN_OK) {
        jn_grid_print_markdown(&g, left, f);
        fputs("\n`", f);
        source(t, options, f);
        fputs("`\n", f);
        for (size_t i = 0; i < t->n_warnings; i++) {
            fprintf(f, "\nWarning: %s\n", t->warnings[i]);
        }
    }
    jn_grid_free(&g);
    return st;
}

jn_status jn_gap_write_latex(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    jn_grid g;
    fill(t, &g);
    const jn_status st = jn_grid_status(&g);
    if (st == JN_OK) {
        fputs("% ", f);
        source(t, options, f);
        fputc('\n', f);
        for (size_t i = 0; i < t->n_warnings; i++) {
            fprintf(f, "%% warning: %s\n", t->warnings[i]);
        }
        jn_grid_print_latex(&g, left, f);
    }
    jn_grid_free(&g);
    return st;
}
