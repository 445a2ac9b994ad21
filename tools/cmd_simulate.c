/* jensen simulate: data from a model, and the latents they were drawn with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gap_args.h"
#include "jensen/csv.h"
#include "jensen/layers.h"
#include "jensen/simulate.h"
#include "overwrite.h"

enum { ROWS = 100 };

typedef struct simulate_args {
    jn_gap_args common;
    const char *latents;
    uint64_t n;
} simulate_args;

#define AT(field) offsetof(simulate_args, field)

static const jn_option options[] = {
    { "set", 0, JN_OPTION_LIST, "NAME=VALUE", "a parameter of the model; VALUE may be @FILE",
      AT(common.set), 0, 0, NULL, true },
    { "n", 'n', JN_OPTION_COUNT, "N", "rows of data; default 100, or those of --data", AT(n), 1,
      UINT64_C(1) << 40, NULL, true },
    { "data", 0, JN_OPTION_TEXT, "FILE", "what is not drawn: covariates, group, trials, ...",
      AT(common.data), 0, 0, NULL, true },
    { "rows", 0, JN_OPTION_TEXT, "A:B", "rows A to B-1 of --data, from 0", AT(common.rows), 0, 0,
      NULL, true },
    { "columns", 0, JN_OPTION_TEXT, "LIST", "columns of --data: a,b,p0..p63", AT(common.columns), 0,
      0, NULL, true },
    { "seed", 0, JN_OPTION_COUNT, "S", "default 1", AT(common.seed), 0, INT64_MAX, NULL, true },
    { "output", 'o', JN_OPTION_TEXT, "FILE", "the data, .csv with a header; default: here",
      AT(common.output), 0, 0, NULL, false },
    { "latents", 0, JN_OPTION_TEXT, "FILE", "z, too: a row a latent point (of a chain: a state)",
      AT(latents), 0, 0, NULL, false },
};

/* What the command line alone shows. */
static jn_status check(const simulate_args *a, const jn_parsed *p, jn_error *err)
{
    if (p->words.n == 0) {
        return jn_error_set(err, JN_ERR_USAGE, "name a model ('jensen models' lists them)");
    }
    if (a->n > 0 && a->common.data != NULL) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "--n and --data: the table says how many rows; --rows takes fewer");
    }
    if (a->common.data == NULL && (a->common.rows != NULL || a->common.columns != NULL)) {
        return jn_error_set(err, JN_ERR_USAGE, "--rows and --columns choose a part of --data");
    }
    if (a->latents != NULL && jn_same_place(a->latents, a->common.output)) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "the data and the latents would both be written to %s: name another "
                            "file for --latents",
                            jn_is_standard(a->latents) ? "standard output" : a->latents);
    }
    return JN_OK;
}

static jn_status write_both(const simulate_args *a, const jn_table *x, const jn_table *z,
                            jn_error *err)
{
    const jn_status st = z == NULL ? JN_OK : jn_csv_write(a->latents, z, err);
    return st < 0 ? st : jn_csv_write(a->common.output, x, err);
}

static jn_status simulate(const simulate_args *a, const char *name, jn_error *err)
{
    const jn_model_type *type = jn_model_type_find(name);
    jn_params params = JN_PARAMS_INIT;
    jn_table *design = NULL, *x = NULL, *z = NULL;
    jn_status st = jn_gap_args_params("set", &a->common.set, &params, err);
    if (st == JN_OK && type != NULL) {
        st = jn_layers_resolve(type->params, type->n_params, &params, err);
        st = st < 0 ? jn_error_prefix(err, st, "--set") : st;
    }
    if (st == JN_OK && a->common.data != NULL) {
        st = jn_gap_args_table(&a->common, &design, err);
    }
    if (st == JN_OK) {
        const uint64_t n = design != NULL ? 0 : a->n > 0 ? a->n : ROWS;
        st = jn_simulate(name, &params, n, design, a->common.seed, &x,
                         a->latents == NULL ? NULL : &z, err);
    }
    st = st == JN_OK ? write_both(a, x, z, err) : st;
    jn_table_free(design);
    jn_table_free(x);
    jn_table_free(z);
    jn_params_free(&params);
    return st;
}

static jn_status start(void *args, const jn_parsed *p, jn_error *err)
{
    const simulate_args *a = args;
    const jn_status st = check(a, p, err);
    return st == JN_OK ? simulate(a, p->words.word[0], err) : st;
}

static int run_simulate(const jn_command *self, int argc, char **argv)
{
    simulate_args a = { .common = { .seed = 1 } };
    const int code = jn_run_command(self, argc, argv, &a, start);
    jn_words_free(&a.common.set);
    return code;
}

const jn_command jn_cmd_simulate = {
    .name = "simulate",
    .group = "Measure",
    .summary = "Data from a model, and the latents they were drawn with",
    .usage = "MODEL [OPTION]...",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_words = 1,
    .examples = { "jensen simulate stochastic-volatility -n 200 --output y.csv --latents z.csv",
                  "jensen simulate logistic --data x.csv --seed 2 --output xy.csv" },
    .run = run_simulate,
};
