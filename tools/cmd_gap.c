/* jensen gap: exact log p(x), bounds and gaps of one model and data set. */
#include <math.h>
#include <stdlib.h>

#include "base/tasks.h"
#include "gap_args.h"
#include "gap_setup.h"
#include "io/output.h"
#include "jensen/gap_write.h"
#include "jensen/npy.h"
#include "jensen/weights.h"
#include "progress.h"

static jn_gap_format format_of(const jn_gap_args *a)
{
    return a->format == 0 ? JN_GAP_TABLE : (jn_gap_format)(a->format - 1);
}

static jn_status write_table(const jn_gap_args *a, const jn_parsed *p, const jn_gap_setup *s,
                             const jn_gap_table *t, jn_error *err)
{
    const jn_gap_format format = format_of(a);
    const bool people = format == JN_GAP_TABLE && s->example && p->provenance.n == 1;
    const jn_gap_write_options o = { .per_datum = a->per_datum,
                                     .colour = a->output == NULL && jn_fancy(stdout),
                                     .n_command = p->provenance.n,
                                     .command = p->provenance.word };
    jn_output *out;
    jn_status st = jn_output_open(a->output, &out, err);
    if (st < 0) {
        return st;
    }
    if (people) {
        jn_gap_example_intro(jn_output_file(out));
    }
    st = jn_gap_write(t, format, &o, jn_output_file(out), err);
    if (st < 0) {
        jn_output_discard(out);
        return st;
    }
    if (people) {
        jn_gap_example_outro(jn_output_file(out));
    }
    return jn_output_commit(out, err);
}

/* A table shows its warnings itself; the other forms are read by programs. */
static void show_warnings(const jn_gap_args *a, const jn_gap_table *t)
{
    for (size_t i = 0; format_of(a) != JN_GAP_TABLE && i < t->n_warnings; i++) {
        fprintf(stderr, "jensen gap: warning: %s\n", t->warnings[i]);
    }
}

static jn_status save_weights(const jn_gap_args *a, const jn_gap_table *t, jn_error *err)
{
    jn_matrix m;
    if (a->save_weights == NULL) {
        return JN_OK;
    }
    jn_status st = jn_weights_of_gap(t, a->threads, &m, err);
    if (st == JN_OK) {
        st = jn_npy_write(a->save_weights, &m, err);
        jn_matrix_free(&m);
    }
    return st;
}

static jn_status run(const jn_gap_args *a, const jn_parsed *p, const jn_gap_setup *s,
                     jn_gap_options *o, size_t n_bounds, const jn_bound_arg *bounds, jn_error *err)
{
    jn_gap_table *t;
    jn_progress bar;
    jn_progress_start(&bar, a->quiet);
    o->progress = jn_progress_show;
    o->progress_user = &bar;
    const jn_status st = jn_gap_run(s->q, n_bounds, bounds, o, &t, err);
    jn_progress_end(&bar);
    if (st < 0) {
        return st;
    }
    if (a->timings) {
        fprintf(stderr, "jensen gap: %.3f s on %zu threads\n", jn_seconds() - bar.started,
                jn_tasks_workers(a->threads));
    }
    jn_status written = save_weights(a, t, err);
    written = written < 0 ? written : write_table(a, p, s, t, err);
    if (written == JN_OK) {
        show_warnings(a, t);
    }
    jn_gap_table_free(t);
    return written < 0 ? written : st;
}

/* What the command line alone shows is found before any data are read. */
static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    jn_gap_args *a = args;
    jn_gap_setup s = { 0 };
    jn_gap_options o;
    size_t n_bounds = 0;
    jn_bound_arg *bounds = NULL;
    jn_matrix z = JN_MATRIX_INIT;
    jn_latents latents;
    const char *name = p->words.n == 0 ? NULL : p->words.word[0];
    a->k = a->k != NULL ? a->k : name == NULL ? jn_gap_example_k : "1,10,100,1000";
    jn_status st = jn_gap_args_options(a, &o, err);
    st = st < 0 ? st : jn_gap_args_bounds(a, &n_bounds, &bounds, err);
    st = st < 0 ? st : jn_gap_args_used(a, n_bounds, bounds, err);
    st = st < 0 ? st : jn_gap_setup_make(name, a, &s, err);
    const jn_status weak = st;
    if (st >= 0 && a->latents != NULL) {
        const jn_status read = jn_gap_args_latents(a, s.model, &z, err);
        st = read < 0 ? read : st;
        latents = (jn_latents){ .n = z.rows, .dim = z.cols, .z = z.x };
        o.latents = &latents;
    }
    st = st < 0 ? st : run(a, p, &s, &o, n_bounds, bounds, err);
    free(bounds);
    jn_matrix_free(&z);
    jn_gap_setup_release(&s);
    return st == JN_OK ? weak : st;
}

static int run_gap(const jn_command *self, int argc, char **argv)
{
    jn_gap_args a = { .bounds = "elbo,iwae", .seed = 1, .tolerance = 1e-9, .threshold = NAN };
    const int code = jn_run_command(self, argc, argv, &a, start);
    jn_words_free(&a.set);
    jn_words_free(&a.q_set);
    return code;
}

const jn_command jn_cmd_gap = {
    .name = "gap",
    .group = "Measure",
    .summary = "Exact log p(x), bounds and their gaps for one model and data set",
    .usage = "[MODEL] [OPTION]...    (no MODEL: a worked example)",
    .options = jn_gap_option_table,
    .n_options = 24,
    .n_help = 20,
    .max_words = 1,
    .examples = { "jensen gap linear-gaussian --data x.csv --set noise_sd=0.5 --k 1..1e6",
                  "jensen gap logistic --data birthwt3.csv --set prior_sd=2 --format json" },
    .run = run_gap,
};
