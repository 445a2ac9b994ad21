#include "gap_setup.h"

#include <string.h>

#include "jensen/layers.h"
#include "jensen/path.h"

/* The embedded example: one observation of a model whose every bound is known in closed form, and a
 * q that is off on purpose. */
static const char example_model[] = "linear-gaussian", example_q[] = "gaussian";
const char *const jn_gap_example_k = "1,2,5,10,100,1000,1e4,1e5,1e6";
static const double example_x = 1.2;
static const struct {
    const char *name;
    double value;
} example_set[] = { { "W", 1.0 }, { "b", 0.0 }, { "noise_sd", 0.70710678118654757 } },
  example_q_set[] = { { "mean", 0.4 }, { "sd", 0.8 } };

void jn_gap_example_intro(FILE *f)
{
    fputs("A worked example: z ~ N(0, 1), x|z ~ N(z, variance 0.5); x = 1.2 was observed.\n"
          "q(z|x) = N(0.4, 0.8^2) stands in for the posterior N(0.8, 1/3). How far below log p(x)\n"
          "are the bounds that q gives?\n\n",
          f);
}

void jn_gap_example_outro(FILE *f)
{
    fputs("\nlog p(x) is exact. elbo = E_q log w with w = p(x,z)/q(z|x); iwae averages K draws of\n"
          "w inside the log, and is the elbo at K = 1. Both are computed without sampling; error\n"
          "is what the computation may be off by. gap = log p(x) - bound, and predicted is its\n"
          "series in 1/K: good at large K, poor at small.\n\n"
          "Try another q:  jensen gap --q-set sd=0.5     (a narrow q: the gap falls more slowly)\n"
          "                jensen gap --q posterior      (the exact one: no gap)\n"
          "Your own data:  jensen gap linear-gaussian --data x.csv --set noise_sd=0.5\n"
          "What there is:  jensen models;  jensen gap --help\n",
          f);
}

static jn_status set_example(jn_gap_setup *s, const jn_gap_args *a, jn_params *params,
                             jn_table **data, jn_error *err)
{
    jn_status st = JN_OK;
    if (a->data != NULL || a->rows != NULL || a->columns != NULL) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "name a model for the data ('jensen models' lists them)");
    }
    s->example = true;
    for (size_t i = 0; st == JN_OK && i < sizeof example_set / sizeof *example_set; i++) {
        st = jn_params_set_number(params, example_set[i].name, example_set[i].value);
    }
    st = st == JN_OK ? jn_table_new("(built in)", 1, 1, NULL, &example_x, data) : st;
    return st;
}

/* What the command line alone shows about model and data. */
static jn_status check_data(const char *name, const jn_gap_args *a, jn_error *err)
{
    const jn_model_type *type = jn_model_type_find(name);
    if (type == NULL) {
        return JN_OK; /* jn_model_new knows the nearest */
    }
    if (type->data != NULL && a->data == NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s needs --data FILE (%s)", name, type->data);
    }
    if (type->data == NULL && (a->data != NULL || a->rows != NULL || a->columns != NULL)) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s takes no data", name);
    }
    return JN_OK;
}

/* Networks from the files that the parameters name. */
static jn_status read_networks(const char *name, jn_params *params, jn_error *err)
{
    const jn_model_type *type = jn_model_type_find(name);
    const jn_status st = type == NULL
                             ? JN_OK
                             : jn_layers_resolve(type->params, type->n_params, params, err);
    return st < 0 ? jn_error_prefix(err, st, "--set") : st;
}

jn_status jn_gap_setup_parts(const char *name, const jn_gap_args *a, jn_params *params,
                             jn_table **data, jn_error *err)
{
    jn_status st = check_data(name, a, err);
    st = st == JN_OK ? jn_gap_args_params("set", &a->set, params, err) : st;
    st = st == JN_OK ? read_networks(name, params, err) : st;
    if (st == JN_OK && a->data != NULL && jn_model_type_find(name) != NULL) {
        st = jn_gap_args_table(a, data, err);
    }
    return st;
}

jn_status jn_gap_setup_model(const char *name, const jn_gap_args *a, jn_gap_setup *s, jn_error *err)
{
    jn_params params = JN_PARAMS_INIT;
    jn_table *data = NULL;
    jn_status st;
    if (name == NULL) {
        st = set_example(s, a, &params, &data, err);
        st = st == JN_OK ? jn_gap_args_params("set", &a->set, &params, err) : st;
    } else {
        st = jn_gap_setup_parts(name, a, &params, &data, err);
    }
    if (st >= 0) {
        st = jn_model_new(name == NULL ? example_model : name, &params, data, &s->model, err);
    }
    jn_table_free(data);
    jn_params_free(&params);
    return st;
}

/* The proposal's name when none is given, with its parameters. */
static const char *default_proposal(const jn_gap_setup *s, jn_params *params, jn_status *st)
{
    const jn_model *m = s->model;
    *st = JN_OK;
    if (s->example) {
        for (size_t i = 0; *st == JN_OK && i < sizeof example_q_set / sizeof *example_q_set; i++) {
            *st = jn_params_set_number(params, example_q_set[i].name, example_q_set[i].value);
        }
        return example_q;
    }
    if (m->chain != NULL) {
        return "prior";
    }
    const char *own = m->type->own_proposal == NULL ? NULL : m->type->own_proposal(m->self, params);
    return own != NULL ? own : jn_model_states(m) > 0 ? "prior" : "laplace";
}

jn_status jn_gap_setup_proposal(const jn_gap_args *a, const jn_param *swept, jn_gap_setup *s,
                                jn_error *err)
{
    jn_params params = JN_PARAMS_INIT;
    jn_status st = JN_OK;
    const char *name = a->q != NULL ? a->q : default_proposal(s, &params, &st);
    st = st == JN_OK ? jn_gap_args_params("q-set", &a->q_set, &params, err) : st;
    if (st == JN_OK && swept != NULL) {
        st = jn_params_set_value(&params, swept->name, &swept->value);
    }
    if (st == JN_OK) {
        st = s->model->chain != NULL ? jn_path_proposal_new(name, &params, s->model, &s->q, err)
                                     : jn_proposal_new(name, &params, s->model, &s->q, err);
    }
    jn_params_free(&params);
    return st;
}

static bool is_path_proposal(const char *name)
{
    size_t n;
    const jn_proposal_type *const *types = jn_path_proposal_types(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

jn_status jn_gap_setup_make(const char *name, const jn_gap_args *a, jn_gap_setup *out,
                            jn_error *err)
{
    *out = (jn_gap_setup){ 0 };
    if (a->q != NULL && jn_proposal_type_find(a->q) == NULL && !is_path_proposal(a->q)) {
        return jn_proposal_new(a->q, NULL, NULL, &out->q, err); /* it knows the nearest name */
    }
    const jn_status st = jn_gap_setup_model(name, a, out, err);
    if (st < 0) {
        return st;
    }
    return jn_gap_setup_proposal(a, NULL, out, err);
}

void jn_gap_setup_release(jn_gap_setup *s)
{
    jn_proposal_free(s->q);
    jn_model_free(s->model);
}
