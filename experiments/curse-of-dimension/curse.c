/* What an exact log p(x) costs by dimension: logistic regressions of 100 rows with 1 to 8
 * coefficients, to 1e-6, beside an importance-weighted estimate from as many draws of the Laplace
 * approximation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_errno.h>

#include "jensen/bound.h"
#include "jensen/exact.h"
#include "jensen/random.h"
#include "jensen/source.h"

enum { ROWS = 100, DIMS = 8, REPLICATES = 16 };

static const uint64_t DRAWS_MOST = (uint64_t)1 << 18; /* of a replicate; more are extrapolated */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(jn_status st, const jn_error *err)
{
    if (st < 0) {
        fprintf(stderr, "curse: %s\n", err->message);
        exit(1);
    }
}

static jn_model *make(size_t dim)
{
    static const char *const names[DIMS] = { "y", "x1", "x2", "x3", "x4", "x5", "x6", "x7" };
    const jn_stream s = { .seed = 30 + dim, .purpose = JN_FOR_SIMULATION };
    double x[DIMS][ROWS], beta[DIMS], chance[ROWS], cell[ROWS * DIMS];
    jn_table *t = NULL;
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_normal_fill(&s, 0, DIMS, 0, beta);
    jn_uniform_fill(&s, 0, ROWS, 1, chance);
    for (size_t j = 1; j < dim; j++) {
        jn_normal_fill(&s, 0, ROWS, (uint32_t)(j + 1), x[j]);
    }
    for (size_t i = 0; i < ROWS; i++) {
        double eta = 0.8 * beta[0];
        for (size_t j = 1; j < dim; j++) {
            eta += 0.8 * beta[j] * x[j][i];
            cell[i * dim + j] = x[j][i];
        }
        cell[i * dim] = chance[i] < 1.0 / (1.0 + exp(-eta));
    }
    check(jn_table_new("simulated", ROWS, dim, names, cell, &t), &err);
    check(jn_model_new("logistic", NULL, t, &m, &err), &err);
    jn_table_free(t);
    return m;
}

/* log of the mean weight of `draws` draws in all. */
static jn_estimate weighted(const jn_model *m, uint64_t draws, double *seconds)
{
    const jn_law_wish wish = { .needs = 0 };
    uint64_t each = draws / REPLICATES + 1;
    each = each > DRAWS_MOST ? DRAWS_MOST : each;
    const jn_source_options o = { .samples = each, .replicates = REPLICATES, .seed = 1 };
    jn_proposal *q = NULL;
    jn_plan plan = { 0 };
    jn_law_set set = { 0 };
    jn_error err = JN_ERROR_INIT;
    const double start = now();
    check(jn_proposal_new("laplace", NULL, m, &q, &err), &err);
    check(jn_plan_new(&jn_source_mc, q, 0, &o, &plan, &err), &err);
    check(jn_source_run(&plan, 1, &wish, 1, &set, &err), &err);
    jn_estimate e = jn_law_set_evidence(&set);
    const double factor = (double)draws / (double)(each * REPLICATES);
    *seconds = (now() - start) * fmax(1.0, factor);
    e.error /= sqrt(fmax(1.0, factor));
    jn_law_set_free(&set);
    jn_plan_release(&plan);
    jn_proposal_free(q);
    return e;
}

int main(int argc, char **argv)
{
    const size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : DIMS;
    const jn_exact_options o = { .tolerance = 1e-6, .max_nodes = (uint64_t)1 << 32, .threads = 1 };
    (void)gsl_set_error_handler_off();
    puts("dim,points,exact_seconds,log_p,error,iwae_error,iwae_seconds,draws_for_1e-6");
    for (size_t dim = 1; dim <= most && dim <= DIMS; dim++) {
        jn_model *m = make(dim);
        jn_estimate exact;
        jn_error err = JN_ERROR_INIT;
        double seconds = 0.0;
        const double start = now();
        check(jn_exact_quadrature(m, 0, &o, &exact, &err), &err);
        const double taken = now() - start;
        const jn_estimate drawn = weighted(m, exact.n_eval, &seconds);
        const double wanted = (double)exact.n_eval * pow(drawn.error / 1e-6, 2.0);
        printf("%zu,%llu,%.3g,%.9f,%.1g,%.2g,%.3g,%.2g\n", dim, (unsigned long long)exact.n_eval,
               taken, exact.value, exact.error, drawn.error, seconds, wanted);
        (void)fflush(stdout);
        jn_model_free(m);
    }
    return 0;
}
