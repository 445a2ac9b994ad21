/* Schema jensen.gap/1: fields are added, never renamed. Without a model (stored weights) it is
 * jensen.weights/1: the same names, `model` and `proposal` null. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "gap/write.h"

enum { FLAGS = JSON_INDENT(2) | JSON_REAL_PRECISION(17) };

/* What is being built, and whether all of it could be. Every json_t is handed over to its parent
 * at once, so that freeing the root frees all. */
typedef struct build {
    bool failed;
} build;

static void put(build *b, json_t *object, const char *name, json_t *value)
{
    b->failed = json_object_set_new(object, name, value) != 0 || b->failed;
}

static void append(build *b, json_t *array, json_t *value)
{
    b->failed = json_array_append_new(array, value) != 0 || b->failed;
}

static json_t *number(double x)
{
    if (isnan(x)) {
        return json_null();
    }
    return isinf(x) ? json_string(x > 0.0 ? "inf" : "-inf") : json_real(x);
}

static json_t *count(uint64_t x)
{
    return x <= INT64_MAX ? json_integer((json_int_t)x) : json_real((double)x);
}

static json_t *count_or_null(uint64_t x)
{
    return x == 0 ? json_null() : count(x);
}

/* NULL is null. A file name need not be UTF-8, JSON must. */
static json_t *text(const char *s)
{
    if (s == NULL) {
        return json_null();
    }
    json_t *good = json_string(s);
    char *copy = good == NULL ? jn_strdup(s) : NULL;
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    if (copy != NULL) {
        good = json_string(copy);
        free(copy);
    }
    return good;
}

/* A number, a list of them, or a list of rows. */
static json_t *value_json(build *b, const jn_value *v)
{
    if (v->word != NULL) {
        return text(v->word);
    }
    if (v->rows == 1 && v->cols == 1) {
        return number(v->x[0]);
    }
    json_t *rows = json_array();
    for (size_t r = 0; r < v->rows; r++) {
        json_t *row = v->rows == 1 ? rows : json_array();
        for (size_t c = 0; c < v->cols; c++) {
            append(b, row, number(v->x[r * v->cols + c]));
        }
        if (v->rows > 1) {
            append(b, rows, row);
        }
    }
    return rows;
}

/* Networks go by where they came from: their layers are left out. */
static json_t *params_json(build *b, const jn_params *p, const jn_param_spec *specs, size_t n_specs)
{
    json_t *o = json_object();
    for (size_t i = 0; i < p->n; i++) {
        if (!jn_param_is_layer(p->item[i].name, specs, n_specs)) {
            put(b, o, p->item[i].name, value_json(b, &p->item[i].value));
        }
    }
    return o;
}

static json_t *evidence_json(build *b, const jn_estimate *e)
{
    json_t *o = json_object();
    put(b, o, "value", number(e->value));
    put(b, o, "error", number(e->error));
    put(b, o, "error_kind", text(jn_error_kind_name(e->kind)));
    put(b, o, "method", text(e->method));
    return o;
}

static json_t *bound_json(build *b, const jn_gap_bound *g)
{
    json_t *o = json_object();
    put(b, o, "name", text(g->arg.bound->name));
    put(b, o, "k", g->arg.bound->takes_k ? count(g->arg.k) : json_null());
    const jn_bound_number kind = g->arg.bound->number;
    put(b, o, "alpha", kind == JN_BOUND_ALPHA ? number(g->arg.alpha) : json_null());
    put(b, o, "n", kind == JN_BOUND_N ? number(g->arg.n) : json_null());
    put(b, o, "points", kind == JN_BOUND_POINTS ? count(g->arg.points) : json_null());
    put(b, o, "order", kind == JN_BOUND_ORDER ? count(g->arg.order) : json_null());
    put(b, o, "side", text(jn_side_name(g->side)));
    put(b, o, "estimator", text(jn_estimator_name(g->estimator)));
    put(b, o, "value", number(g->value.value));
    put(b, o, "error", number(jn_gap_error_of(&g->value)));
    put(b, o, "error_kind",
        isnan(g->value.value) ? json_null() : text(jn_error_kind_name(g->value.kind)));
    put(b, o, "error_dof", number(jn_gap_dof_of(&g->value)));
    put(b, o, "gap", number(g->gap.value));
    put(b, o, "gap_error", number(jn_gap_error_of(&g->gap)));
    put(b, o, "gap_estimator", text(g->gap_method));
    put(b, o, "gap_predicted", number(g->gap_predicted));
    put(b, o, "gap_predicted_reliable",
        g->predicted_reliable < 0 ? json_null() : json_boolean(g->predicted_reliable));
    put(b, o, "variance", number(g->variance));
    put(b, o, "reconstruction", number(g->reconstruction.value));
    put(b, o, "reconstruction_error", number(jn_gap_error_of(&g->reconstruction)));
    put(b, o, "kl", number(g->kl.value));
    put(b, o, "kl_error", number(jn_gap_error_of(&g->kl)));
    return o;
}

static json_t *bounds_json(build *b, const jn_gap_table *t, const jn_gap_row *row)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_bounds; i++) {
        append(b, list, bound_json(b, &row->bounds[i]));
    }
    return list;
}

static json_t *diagnostics_json(build *b, const jn_gap_table *t, const jn_diagnostics *d)
{
    const bool total = d == &t->total.diagnostics;
    json_t *o = json_object();
    put(b, o, "ess_fraction", number(d->ess_fraction));
    put(b, o, "pareto_k", number(d->pareto_k));
    put(b, o, "pareto_k_error", number(d->pareto_error));
    put(b, o, "pareto_k_note", text(d->pareto_note));
    put(b, o, "var_w", number(d->var_w));
    put(b, o, "coverage", number(d->coverage));
    put(b, o, "zero_weights", count(d->zero_weights));
    if (total) {
        put(b, o, "ess_fraction_index", count(d->ess_row));
        put(b, o, "var_w_index", count(d->var_w_row));
        put(b, o, "pareto_k_index", isnan(d->pareto_k) ? json_null() : count(d->pareto_row));
        json_t *warnings = json_array();
        for (size_t i = 0; i < t->n_warnings; i++) {
            append(b, warnings, text(t->warnings[i]));
        }
        put(b, o, "warnings", warnings);
    }
    return o;
}

static json_t *rule_json(build *b, const jn_gap_table *t)
{
    const bool draws = t->samples > 0;
    json_t *o = json_object();
    put(b, o, "name", text(t->rule));
    put(b, o, "nodes", draws ? json_null() : count(t->nodes));
    put(b, o, "samples", count_or_null(t->samples));
    put(b, o, "replicates", count_or_null(t->replicates));
    put(b, o, "tolerance", number(t->tolerance));
    return o;
}

static json_t *command_json(build *b, const jn_gap_write_options *options)
{
    json_t *list = json_array();
    for (size_t i = 0; i < options->n_command; i++) {
        append(b, list, text(options->command[i]));
    }
    return list;
}

static json_t *model_json(build *b, const jn_model *m)
{
    if (m == NULL) {
        return json_null();
    }
    json_t *o = json_object();
    put(b, o, "name", text(m->type->name));
    put(b, o, "dim", count(m->dim));
    put(b, o, "observations", count(m->n_obs));
    put(b, o, "parameters", params_json(b, &m->params, m->type->params, m->type->n_params));
    put(b, o, "notes", text(m->notes[0] == '\0' ? NULL : m->notes));
    return o;
}

static json_t *proposal_json(build *b, const jn_proposal *q)
{
    if (q == NULL) {
        return json_null();
    }
    json_t *o = json_object();
    put(b, o, "name", text(q->type->name));
    put(b, o, "parameters", params_json(b, &q->params, q->type->params, q->type->n_params));
    return o;
}

/* A diffusion's bound step by step: L_T, ..., L_1, L_0. */
static json_t *ledger_json(build *b, const jn_gap_table *t)
{
    json_t *o = json_object(), *list = json_array();
    for (size_t k = 0; k < t->n_ledger; k++) {
        json_t *term = json_object();
        put(b, term, "step", count(t->n_ledger - 1 - k));
        put(b, term, "value", number(t->ledger[k]));
        append(b, list, term);
    }
    put(b, o, "terms", list);
    put(b, o, "elbo", number(t->ledger_elbo.value));
    put(b, o, "error", number(jn_gap_error_of(&t->ledger_elbo)));
    put(b, o, "error_kind", text(jn_error_kind_name(t->ledger_elbo.kind)));
    return o;
}

static json_t *per_datum_json(build *b, const jn_gap_table *t)
{
    json_t *list = json_array();
    for (size_t r = 0; r < t->n_rows; r++) {
        const jn_gap_row *row = &t->rows[r];
        json_t *o = json_object();
        put(b, o, "index", count(row->index));
        put(b, o, "evidence", evidence_json(b, &row->evidence));
        put(b, o, "bounds", bounds_json(b, t, row));
        put(b, o, "diagnostics", diagnostics_json(b, t, &row->diagnostics));
        append(b, list, o);
    }
    return list;
}

jn_status jn_gap_write_json(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    build b = { false };
    json_t *o = json_object();
    put(&b, o, "schema", text(t->model == NULL ? "jensen.weights/1" : "jensen.gap/1"));
    put(&b, o, "version", text(JN_VERSION));
    put(&b, o, "command", command_json(&b, options));
    put(&b, o, "seed", count(t->seed));
    put(&b, o, "model", model_json(&b, t->model));
    put(&b, o, "proposal", proposal_json(&b, t->proposal));
    put(&b, o, "rule", rule_json(&b, t));
    if (t->model == NULL) {
        put(&b, o, "observations", count(t->n_rows));
    }
    put(&b, o, "evidence", evidence_json(&b, &t->total.evidence));
    put(&b, o, "bounds", bounds_json(&b, t, &t->total));
    put(&b, o, "diagnostics", diagnostics_json(&b, t, &t->total.diagnostics));
    if (t->n_ledger > 0) {
        put(&b, o, "ledger", ledger_json(&b, t));
    }
    if (options->per_datum) {
        put(&b, o, "per_datum", per_datum_json(&b, t));
    }
    if (!b.failed) {
        (void)json_dumpf(o, f, FLAGS); /* what fails here is the file, which its owner asks */
        fputc('\n', f);
    }
    json_decref(o);
    return b.failed ? JN_ERR_NOMEM : JN_OK;
}
