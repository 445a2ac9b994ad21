/* One row a bound, the names of the JSON; totals first, with an empty index. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gap/write.h"

static const char heading[] =
    "index,name,k,alpha,n,points,order,side,estimator,value,error,error_kind,error_dof,gap,gap_"
    "error,gap_predicted,"
    "gap_predicted_reliable,variance,reconstruction,reconstruction_error,kl,kl_error,"
    "evidence,evidence_error,evidence_error_kind,evidence_method,"
    "ess_fraction,var_w,pareto_k,coverage,zero_weights,"
    "model,observations,proposal,rule,nodes,samples,replicates,seed,version,command\n";

static void number(double x, FILE *f)
{
    if (isinf(x)) {
        fputs(x > 0.0 ? "inf" : "-inf", f);
    } else if (!isnan(x)) {
        fprintf(f, "%.17g", x);
    }
    fputc(',', f);
}

static void count(uint64_t x, FILE *f)
{
    if (x > 0) {
        fprintf(f, "%" PRIu64, x);
    }
    fputc(',', f);
}

/* `text` may be NULL: an empty cell. */
static void word(const char *text, FILE *f)
{
    fprintf(f, "%s,", text == NULL ? "" : text);
}

static void bound(const jn_gap_bound *b, FILE *f)
{
    word(b->arg.bound->name, f);
    count(b->arg.bound->takes_k ? b->arg.k : 0, f);
    const jn_bound_number kind = b->arg.bound->number;
    number(kind == JN_BOUND_ALPHA ? b->arg.alpha : NAN, f);
    number(kind == JN_BOUND_N ? b->arg.n : NAN, f);
    count(kind == JN_BOUND_POINTS ? b->arg.points : 0, f);
    count(kind == JN_BOUND_ORDER ? b->arg.order : 0, f);
    word(jn_side_name(b->side), f);
    word(jn_estimator_name(b->estimator), f);
    number(b->value.value, f);
    number(jn_gap_error_of(&b->value), f);
    word(isnan(b->value.value) ? NULL : jn_error_kind_name(b->value.kind), f);
    number(jn_gap_dof_of(&b->value), f);
    number(b->gap.value, f);
    number(jn_gap_error_of(&b->gap), f);
    number(b->gap_predicted, f);
    word(b->predicted_reliable < 0 ? NULL : b->predicted_reliable > 0 ? "true" : "false", f);
    number(b->variance, f);
    number(b->reconstruction.value, f);
    number(jn_gap_error_of(&b->reconstruction), f);
    number(b->kl.value, f);
    number(jn_gap_error_of(&b->kl), f);
}

/* Quotes doubled, as RFC 4180 has it. */
static void command(const jn_gap_write_options *options, FILE *f)
{
    fputc('"', f);
    for (size_t i = 0; i < options->n_command; i++) {
        fputs(i > 0 ? " " : "", f);
        for (const char *c = options->command[i]; *c != '\0'; c++) {
            fputs(*c == '"' ? "\"" : "", f);
            fputc((unsigned char)*c < 0x20 ? '?' : *c, f);
        }
    }
    fputs("\"\n", f);
}

static void row(const jn_gap_table *t, const jn_gap_row *r, const char *index,
                const jn_gap_write_options *options, FILE *f)
{
    for (size_t i = 0; i < t->n_bounds; i++) {
        word(index, f);
        bound(&r->bounds[i], f);
        number(r->evidence.value, f);
        number(r->evidence.error, f);
        word(jn_error_kind_name(r->evidence.kind), f);
        word(r->evidence.method, f);
        number(r->diagnostics.ess_fraction, f);
        number(r->diagnostics.var_w, f);
        number(r->diagnostics.pareto_k, f);
        number(r->diagnostics.coverage, f);
        fprintf(f, "%" PRIu64 ",", r->diagnostics.zero_weights);
        word(t->model == NULL ? NULL : t->model->type->name, f);
        count(t->n_rows, f);
        word(t->proposal == NULL ? NULL : t->proposal->type->name, f);
        word(t->rule, f);
        count(t->samples > 0 ? 0 : t->nodes, f);
        count(t->samples, f);
        count(t->replicates, f);
        fprintf(f, "%" PRIu64 ",%s,", t->seed, JN_VERSION);
        command(options, f);
    }
}

jn_status jn_gap_write_csv(const jn_gap_table *t, const jn_gap_write_options *options, FILE *f)
{
    fputs(heading, f);
    row(t, &t->total, "", options, f);
    for (size_t i = 0; options->per_datum && i < t->n_rows; i++) {
        char index[32];
        (void)snprintf(index, sizeof index, "%zu", t->rows[i].index);
        row(t, &t->rows[i], index, options, f);
    }
    return JN_OK;
}
