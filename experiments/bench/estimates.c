/* What a whole estimate costs: jn_gap_run with all its guards, from the same call that users make.
 * Every result is checked against what is known before it is timed.
 *
 *   estimates [--json] [--isa NAME] [--only TEXT] [--long] [--write FOLDER]
 *
 * --only: the parts whose name has TEXT in it; --long: 10^9 draws, too; --write: the inputs of W2
 * and W3 for other programs, and nothing else. Lines are also written to stderr as they come. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "kernel/kernels.h"
#include "timing.h"
#include "workloads.h"

enum { REPEATS = 40 };
static const double SECONDS = 1.5; /* for one line */
static const char *isa;

typedef struct job {
    const workload *w;
    jn_estimator estimator;
    uint64_t samples, replicates, k;
    size_t threads;
    double elbo, iwae, elbo_error; /* what came out */
} job;

static void run_gap(void *user)
{
    job *j = user;
    jn_error err = JN_ERROR_INIT;
    jn_gap_table *t = NULL;
    const jn_bound_arg args[] = { { .bound = &jn_bound_elbo },
                                  { .bound = &jn_bound_iwae, .k = j->k } };
    const jn_gap_options o = { .rule = JN_RULE_MC,
                               .estimator = 1 + (int)j->estimator,
                               .samples = j->samples,
                               .replicates = j->replicates,
                               .seed = 1,
                               .threads = j->threads };
    workload_must(jn_gap_run(j->w->q, 2, args, &o, &t, &err), &err);
    j->elbo = t->total.bounds[0].value.value;
    j->elbo_error = t->total.bounds[0].value.error;
    j->iwae = t->total.bounds[1].value.value;
    jn_gap_table_free(t);
}

static void check(const char *name, double got, double want, double allowed)
{
    if (!(fabs(got - want) <= allowed)) {
        fprintf(stderr, "%s came out at %.10g, not %.10g +- %.2g: not timed\n", name, got, want,
                allowed);
        exit(EXIT_FAILURE);
    }
}

/* Nanoseconds a draw of a gap job. */
static double time_gap(const char *name, job j)
{
    j.samples = j.samples == 0 ? 1000000 : j.samples;
    j.replicates = j.replicates == 0 ? 1 : j.replicates;
    j.k = j.k == 0 ? 64 : j.k;
    run_gap(&j);
    const double draws = (double)j.samples * (double)j.replicates * (double)j.w->model->n_obs;
    const double error = isfinite(j.elbo_error) ? j.elbo_error : 3.0 / sqrt(draws);
    /* where q is the posterior itself nothing is left but rounding */
    check(name, j.elbo, j.w->elbo, 5.0 * error + 1e-12 * fabs(j.w->elbo));
    check(name, fmax(j.iwae, j.elbo), j.iwae, 1e-12 * fabs(j.elbo));
    const timing t = timing_best(run_gap, &j, REPEATS, SECONDS);
    timing_note(name, isa, j.threads, "ns a draw", 1e9 * t.wall / draws);
    return t.wall;
}

static void time_on_two(const char *name, job j)
{
    double wall[2];
    for (j.threads = 1; j.threads <= 2; j.threads++) {
        wall[j.threads - 1] = time_gap(name, j);
    }
    timing_note(name, isa, 2, "times one thread", wall[0] / wall[1]);
}

static void part_w1(void)
{
    workload w = workload_toy();
    time_on_two("W1 ELBO and IWAE-64, groups", (job){ .w = &w, .estimator = JN_BY_GROUPS });
    time_on_two("W1 ELBO and IWAE-64, law", (job){ .w = &w, .estimator = JN_BY_LAW });
    time_gap(
        "W1 groups, 16 replicates of 62500",
        (job){
            .w = &w, .estimator = JN_BY_GROUPS, .samples = 62500, .replicates = 16, .threads = 1 });
    time_gap(
        "W1 law, 16 replicates of 62500",
        (job){ .w = &w, .estimator = JN_BY_LAW, .samples = 62500, .replicates = 16, .threads = 1 });
    workload_free(&w);
}

static void part_w2(void)
{
    workload w = workload_linear(8, 12, 1);
    time_on_two("W2 ELBO and IWAE-64, groups", (job){ .w = &w, .estimator = JN_BY_GROUPS });
    time_on_two("W2 ELBO and IWAE-64, law", (job){ .w = &w, .estimator = JN_BY_LAW });
    workload_free(&w);
}

typedef struct evidence_job {
    const workload *w;
    size_t threads;
    jn_estimate out;
} evidence_job;

/* log p(x) from 10^5 draws, with its standard error from 10 replicates. */
static void run_evidence(void *user)
{
    evidence_job *j = user;
    jn_error err = JN_ERROR_INIT;
    const jn_source_options o = { .samples = 10000, .replicates = 10, .seed = 1 };
    jn_plan plan;
    jn_law_set set;
    workload_must(jn_plan_new(&jn_source_mc, j->w->q, 0, &o, &plan, &err), &err);
    workload_must(jn_source_run(&plan, 1, &(jn_law_wish){ 0 }, j->threads, &set, &err), &err);
    j->out = jn_law_set_evidence(&set);
    jn_law_set_free(&set);
    jn_plan_release(&plan);
}

static void part_w3(void)
{
    workload w = workload_logistic();
    jn_error err = JN_ERROR_INIT;
    jn_estimate exact;
    workload_must(jn_exact(w.model, 0, NULL, &exact, &err), &err);
    evidence_job j = { .w = &w };
    double wall[2];
    for (j.threads = 1; j.threads <= 2; j.threads++) {
        run_evidence(&j);
        check("W3", j.out.value, exact.value, 5.0 * j.out.error);
        wall[j.threads - 1] = timing_best(run_evidence, &j, REPEATS, SECONDS).wall;
        timing_note("W3 evidence, 10^5 draws", isa, j.threads, "ms", 1e3 * wall[j.threads - 1]);
    }
    timing_note("W3 evidence, 10^5 draws", isa, 2, "times one thread", wall[0] / wall[1]);
    workload_free(&w);
}

static void part_scaling(void)
{
    char name[64];
    workload toy = workload_toy();
    for (uint64_t n = 1000; n <= 10000000; n *= 10) {
        snprintf(name, sizeof name, "samples %g", (double)n);
        time_gap(name, (job){ .w = &toy, .estimator = JN_BY_GROUPS, .samples = n, .threads = 1 });
    }
    for (uint64_t k = 2; k <= 100000; k = k < 8 ? 8 : 10 * k - k % 10) {
        snprintf(name, sizeof name, "K %g", (double)k);
        time_gap(name, (job){ .w = &toy, .estimator = JN_BY_GROUPS, .k = k, .threads = 1 });
    }
    workload_free(&toy);
    for (size_t dim = 1; dim <= 128; dim *= 2) {
        workload w = workload_linear(dim, dim + dim / 2 + 1, 1);
        snprintf(name, sizeof name, "dimension %zu", dim);
        time_gap(name,
                 (job){ .w = &w, .estimator = JN_BY_GROUPS, .samples = 200000, .threads = 1 });
        workload_free(&w);
    }
    for (size_t rows = 1; rows <= 1000; rows *= 10) {
        workload w = workload_linear(2, 3, rows);
        snprintf(name, sizeof name, "observations %zu, 4096 draws each", rows);
        time_gap(name, (job){ .w = &w, .estimator = JN_BY_GROUPS, .samples = 4096, .threads = 1 });
        workload_free(&w);
    }
}

/* Peak memory of a run of its own. */
static double peak_of(job j)
{
    const pid_t child = fork();
    if (child == 0) {
        run_gap(&j);
        _exit(EXIT_SUCCESS);
    }
    int status = 1;
    struct rusage use;
    if (child < 0 || wait4(child, &status, 0, &use) != child || status != 0) {
        fprintf(stderr, "a run of its own failed\n");
        exit(EXIT_FAILURE);
    }
    return (double)use.ru_maxrss / 1024.0;
}

static void part_memory(bool longer)
{
    char name[64];
    workload w = workload_toy();
    for (uint64_t n = 1000000; n <= (longer ? 1000000000U : 100000000U); n *= 10) {
        for (int by = 0; by < 2; by++) {
            const job j = { .w = &w,
                            .estimator = by == 0 ? JN_BY_GROUPS : JN_BY_LAW,
                            .samples = n,
                            .replicates = 1,
                            .k = 64,
                            .threads = 1 };
            snprintf(name, sizeof name, "peak memory, %g draws, %s", (double)n,
                     by == 0 ? "groups" : "law");
            timing_note(name, isa, 1, "MiB", peak_of(j));
        }
    }
    workload_free(&w);
}

static bool wanted(const char *only, const char *part)
{
    return only == NULL || strstr(part, only) != NULL;
}

int main(int argc, char **argv)
{
    bool json = false, longer = false;
    const char *only = NULL;
    gsl_set_error_handler_off();
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--long") == 0) {
            longer = true;
        } else if (strcmp(argv[i], "--only") == 0 && more) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--isa") == 0 && more) {
            workload_must(jn_kernels_select(argv[++i]), NULL);
        } else if (strcmp(argv[i], "--write") == 0 && more) {
            return workload_write(argv[i + 1]) ? EXIT_SUCCESS : EXIT_FAILURE;
        } else {
            fprintf(stderr, "estimates: what is '%s'?\n", argv[i]);
            return EXIT_FAILURE;
        }
    }
    isa = jn_kernels_get()->isa;
    if (wanted(only, "memory")) { /* first: a child inherits what its parent holds */
        part_memory(longer);
    }
    if (wanted(only, "w1")) {
        part_w1();
    }
    if (wanted(only, "w2")) {
        part_w2();
    }
    if (wanted(only, "w3")) {
        part_w3();
    }
    if (wanted(only, "scaling")) {
        part_scaling();
    }
    timing_print(json);
    return EXIT_SUCCESS;
}
