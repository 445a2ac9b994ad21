/* Does the error column tell the truth? For each pair of a model and a proposal, rule and bound:
 * how often value +- t error, a nominal 95 % interval, holds the true value over many seeds.
 *
 * coverage BIRTHWT_CSV [SEEDS [RULE [PAIR]]]: lines of CSV, a cell each; RULE, such as "mc one
 * replicate": its cells alone; PAIR: those of the pairs whose name has it. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs.h"

enum { MAX_BOUNDS = 32 };
#define ALL "elbo,iwae,vr:0.5,cubo:2,eubo,upper,tvo:4,jvi:1"

/* How draws are made and read. */
typedef struct manner {
    const char *name;
    jn_rule rule;
    int estimator;
    uint64_t samples, replicates;
    const char *bounds;
} manner;

/* One law of scrambled points has no central limit within: what is unbounded in W leaves replicates
 * skewed, and it takes tens of them for a t interval. */
static const manner manners[] = {
    { "mc", JN_RULE_MC, 0, 512, 16, ALL },
    { "mc by law", JN_RULE_MC, 1 + JN_BY_LAW, 512, 16, "iwae,jvi:1" },
    { "mc one replicate", JN_RULE_MC, 0, 8192, 1, ALL },
    { "rqmc", JN_RULE_RQMC, 0, 128, 64, ALL },
    { "rqmc 16 replicates", JN_RULE_RQMC, 0, 512, 16, "elbo,iwae,vr:0.5,cubo:2" },
};
enum { N_MANNERS = sizeof manners / sizeof *manners };

static const uint64_t KS[] = { 2, 16 };

/* One seed's answers: [0] values, [1] gaps. */
typedef struct answer {
    double value[2][MAX_BOUNDS], error[2][MAX_BOUNDS], dof[2][MAX_BOUNDS];
    unsigned char estimator[MAX_BOUNDS];
} answer;

typedef struct cell {
    int n, inside, below, above, none; /* intervals; none: no error was given */
    double mean, m2, claimed;          /* of the values; mean square of the errors */
} cell;

static void fail(const char *what, const jn_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->message);
    exit(EXIT_FAILURE);
}

static void note(answer *a, const jn_gap_table *t)
{
    for (size_t b = 0; b < t->n_bounds; b++) {
        const jn_gap_bound *x = &t->rows[0].bounds[b];
        const jn_estimate *const e[2] = { &x->value, &x->gap };
        a->estimator[b] = (unsigned char)x->estimator;
        for (int g = 0; g < 2; g++) {
            a->value[g][b] = e[g]->value;
            a->error[g][b] = e[g]->error;
            a->dof[g][b] = e[g]->dof;
        }
    }
}

static void run_seed(const made *m, const manner *how, uint64_t seed, size_t n,
                     const jn_bound_arg *bounds, answer *out)
{
    const jn_gap_options o = { .rule = how->rule,
                               .estimator = how->estimator,
                               .samples = how->samples,
                               .replicates = how->replicates,
                               .seed = seed,
                               .threads = 1 };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    if (jn_gap_run(m->q, n, bounds, &o, &t, &err) < 0) {
        fail(how->name, &err);
    }
    note(out, t);
    jn_gap_table_free(t);
}

/* Quadrature's answer to the same question, its errors far below what draws can see. */
static void find_truth(const pair *p, const char *csv, size_t n, const jn_bound_arg *bounds,
                       answer *out)
{
    made m = make_same(p, csv);
    const jn_gap_options o = { .rule = JN_RULE_QUADRATURE, .tolerance = 1e-8 };
    jn_gap_table *t;
    jn_error err = JN_ERROR_INIT;
    if (jn_gap_run(m.q, n, bounds, &o, &t, &err) < 0) {
        fail(p->name, &err);
    }
    note(out, t);
    jn_gap_table_free(t);
    made_free(&m);
}

static cell tally(int seeds, const answer *a, const answer *truth, int g, size_t b)
{
    cell c = { 0 };
    const double at = truth->value[g][b];
    for (int s = 0; s < seeds; s++) {
        const double x = a[s].value[g][b], e = a[s].error[g][b];
        if (!isfinite(x) || !isfinite(e)) {
            c.none++;
            continue;
        }
        const double dof = a[s].dof[g][b];
        const double t = isnan(dof) ? 1.0 : gsl_cdf_tdist_Pinv(0.975, dof);
        const double d = x - c.mean;
        c.n++;
        c.inside += fabs(x - at) <= t * e;
        c.below += x + t * e < at;
        c.above += x - t * e > at;
        c.mean += d / c.n;
        c.m2 += d * (x - c.mean);
        c.claimed += e * e;
    }
    return c;
}

static void print_cell(const pair *p, const manner *how, const jn_bound_arg *arg,
                       const char *estimator, int g, double truth, const cell *c)
{
    char label[JN_BOUND_LABEL];
    const double n = c->n, sd = sqrt(c->m2 / (n - 1.0));
    printf("%s,%.4g,%s,%s,%s,%s,%d,%d,%.2f,%.2f,%.2f,%.3f,%.3f\n", p->name, p->shape, how->name,
           jn_bound_label(arg, label), estimator, g == 0 ? "value" : "gap", c->n, c->none,
           100.0 * c->inside / n, 100.0 * c->below / n, 100.0 * c->above / n,
           (c->mean - truth) / sd, sqrt(c->claimed / n) / sd);
}

static void run_manner(const pair *p, const char *csv, const made *m, const manner *how, int seeds,
                       answer *a)
{
    jn_bound_arg *bounds;
    answer truth;
    jn_error err = JN_ERROR_INIT;
    size_t n;
    if (jn_bounds_parse(how->bounds, 2, KS, &n, &bounds, &err) < 0 || n > MAX_BOUNDS) {
        fail("bounds", &err);
    }
    find_truth(p, csv, n, bounds, &truth);
#pragma omp parallel for schedule(dynamic, 16)
    for (int s = 0; s < seeds; s++) {
        run_seed(m, how, (uint64_t)s + 1, n, bounds, &a[s]);
    }
    for (size_t b = 0; b < n; b++) {
        for (int g = 0; g < 2 && isfinite(truth.value[g][b]); g++) {
            const cell c = tally(seeds, a, &truth, g, b);
            print_cell(p, how, &bounds[b], jn_estimator_name((jn_estimator)a[0].estimator[b]), g,
                       truth.value[g][b], &c);
        }
    }
    fflush(stdout);
    free(bounds);
}

/* only: the name of one manner; NULL: all. */
static void run_pair(const pair *p, const char *csv, int seeds, const char *only)
{
    answer *a = malloc((size_t)seeds * sizeof *a);
    if (a == NULL) {
        exit(EXIT_FAILURE);
    }
    made m = make_drawn(p, csv);
    for (size_t h = 0; h < N_MANNERS; h++) {
        const bool applies = m.model->chain == NULL ||
                             manners[h].rule == JN_RULE_MC; /* paths: mc */
        if (applies && (only == NULL || strcmp(only, manners[h].name) == 0)) {
            run_manner(p, csv, &m, &manners[h], seeds, a);
        }
    }
    made_free(&m);
    free(a);
}

int main(int argc, char **argv)
{
    const int seeds = argc > 2 ? atoi(argv[2]) : 2000;
    gsl_set_error_handler_off();
    if (argc < 2 || seeds < 2) {
        fprintf(stderr, "usage: %s BIRTHWT_CSV [SEEDS [RULE [PAIR]]]\n", argv[0]);
        return 2;
    }
    printf("pair,k,rule,bound,estimator,quantity,seeds,no_error,covered,below,above,bias_sd,"
           "error_sd\n");
    for (size_t i = 0; i < N_PAIRS; i++) {
        if (argc < 5 || strstr(pairs[i].name, argv[4]) != NULL) {
            run_pair(&pairs[i], argv[1], seeds, argc > 3 ? argv[3] : NULL);
        }
    }
    return 0;
}
