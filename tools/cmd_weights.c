/* jensen weights: bounds and diagnostics from log-weights made elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "base/tasks.h"
#include "io/output.h"
#include "jensen/gap_write.h"
#include "progress.h"
#include "weights_args.h"

static jn_gap_format format_of(const jn_weights_args *a)
{
    return a->format == 0 ? JN_GAP_TABLE : (jn_gap_format)(a->format - 1);
}

static jn_status write_table(const jn_weights_args *a, const jn_parsed *p, const jn_gap_table *t,
                             jn_error *err)
{
    const jn_gap_write_options o = { .per_datum = a->per_datum,
                                     .colour = a->output == NULL && jn_fancy(stdout),
                                     .n_command = p->provenance.n,
                                     .command = p->provenance.word };
    jn_output *out;
    jn_status st = jn_output_open(a->output, &out, err);
    if (st < 0) {
        return st;
    }
    st = jn_gap_write(t, format_of(a), &o, jn_output_file(out), err);
    if (st < 0) {
        jn_output_discard(out);
        return st;
    }
    st = jn_output_commit(out, err);
    /* a table shows its warnings itself; the other forms are read by programs */
    for (size_t i = 0; st == JN_OK && format_of(a) != JN_GAP_TABLE && i < t->n_warnings; i++) {
        fprintf(stderr, "jensen weights: warning: %s\n", t->warnings[i]);
    }
    return st;
}

static jn_status run(const jn_weights_args *a, const jn_parsed *p, const char *name,
                     const jn_matrix *m, const double *evidence, jn_error *err)
{
    static const int estimators[] = { 0, 1 + JN_BY_USTAT, 1 + JN_BY_GROUPS, 1 + JN_BY_LAW };
    const jn_weights_options o = { .estimator = estimators[a->estimator],
                                   .evidence = evidence,
                                   .seed = a->seed,
                                   .threads = a->threads };
    size_t n;
    jn_bound_arg *bounds;
    jn_gap_table *t;
    jn_status st = jn_weights_args_bounds(a, m->cols, &n, &bounds, err);
    if (st < 0) {
        return st;
    }
    st = jn_weights_run(m, n, bounds, &o, &t, err);
    free(bounds);
    if (st < 0) {
        return jn_error_prefix(err, st, "%s", strcmp(name, "-") == 0 ? "standard input" : name);
    }
    const jn_status written = write_table(a, p, t, err);
    jn_gap_table_free(t);
    return written < 0 ? written : st;
}

/* What the command line alone shows is found before any data are read. */
static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    const jn_weights_args *a = args;
    const char *file = p->words.n == 0 ? NULL : p->words.word[0];
    const double started = jn_seconds();
    jn_matrix m = JN_MATRIX_INIT;
    double *evidence = NULL;
    size_t n;
    jn_bound_arg *bounds;
    jn_status st = jn_weights_args_check(a, file, err);
    st = st < 0 ? st : jn_weights_args_bounds(a, 0, &n, &bounds, err);
    if (st < 0) {
        return st;
    }
    free(bounds);
    st = jn_weights_args_matrix(a, file, &m, err);
    const double read = jn_seconds();
    st = st < 0 ? st : jn_weights_args_evidence(a, m.rows, &evidence, err);
    st = st < 0 ? st : run(a, p, file == NULL ? a->log_p : file, &m, evidence, err);
    if (st >= 0 && a->timings) {
        fprintf(stderr, "jensen weights: %.3f s to read, %.3f s after that on %zu threads\n",
                read - started, jn_seconds() - read, jn_tasks_workers(a->threads));
    }
    free(evidence);
    jn_matrix_free(&m);
    return st;
}

static int run_weights(const jn_command *self, int argc, char **argv)
{
    jn_weights_args a = { .bounds = "elbo,iwae", .seed = 1 };
    return jn_run_command(self, argc, argv, &a, start);
}

const jn_command jn_cmd_weights = {
    .name = "weights",
    .group = "Measure",
    .summary = "Bounds and diagnostics from log-weights made elsewhere",
    .usage = "FILE [OPTION]...   (.npy, .csv or -; a row an observation)",
    .options = jn_weights_option_table,
    .n_options = JN_WEIGHTS_N_OPTIONS,
    .max_words = 1,
    .examples = { "jensen weights log_w.npy --k 1..1000 --per-datum --format json",
                  "jensen weights --log-p log_joint.npy --log-q log_q.npy --evidence -3.5" },
    .run = run_weights,
};
