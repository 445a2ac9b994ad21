/* Processor time of one thread to a standard error of the gap, of IWAE-100 on a 2-D linear-Gaussian
 * model, of 1e-4 and 1e-6 nats: by each estimator of the program, with as many draws as it takes.
 * Lines of CSV; precision.sh adds NumPy's plain estimator. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "timing.h"
#include "workloads.h"

static const double MOST_SECONDS = 20.0; /* of a run; what would take longer is scaled up */
static const double TARGETS[] = { 1e-4, 1e-6 };

/* Bounded weights, Var W = 0.60. */
static workload make(void)
{
    const double x[] = { 0.7, -0.4 }, w[] = { 1.0, 0.5, -0.3, 0.8 };
    jn_error err = JN_ERROR_INIT;
    jn_params p = JN_PARAMS_INIT, q = JN_PARAMS_INIT;
    jn_table *data;
    workload out;
    workload_must(jn_table_new("benchmark", 1, 2, NULL, x, &data), NULL);
    workload_must(jn_params_set_number(&p, "noise_sd", 0.6), NULL);
    workload_must(jn_params_set_matrix(&p, "W", 2, 2, w), NULL);
    workload_must(jn_model_new("linear-gaussian", &p, data, &out.model, &err), &err);
    workload_must(jn_params_set_number(&q, "widen", 1.5), NULL);
    workload_must(jn_params_set_number(&q, "shift", 0.2), NULL);
    workload_must(jn_proposal_new("laplace", &q, out.model, &out.q, &err), &err);
    jn_params_free(&p);
    jn_params_free(&q);
    jn_table_free(data);
    return out;
}

typedef struct answer {
    double gap, error, cpu;
    const char *method;
} answer;

static answer measure(const workload *w, const jn_gap_options *o)
{
    const jn_bound_arg arg = { .bound = &jn_bound_iwae, .k = 100 };
    jn_error err = JN_ERROR_INIT;
    jn_gap_table *t;
    answer a = { .cpu = INFINITY };
    for (int i = 0; i < 3 && (i == 0 || a.cpu < 1.0); i++) { /* the best of three where short */
        const double start = timing_cpu();
        workload_must(jn_gap_run(w->q, 1, &arg, o, &t, &err), &err);
        a.cpu = fmin(a.cpu, timing_cpu() - start);
        const jn_gap_bound *b = &t->rows[0].bounds[0];
        a.gap = b->gap.value;
        a.error = b->gap.error;
        a.method = b->gap_method == NULL ? "law" : b->gap_method;
        jn_gap_table_free(t);
    }
    return a;
}

/* Twice the draws until the error is there. */
static void reach(const workload *w, const char *name, jn_gap_options o, double target,
                  double truth)
{
    answer a = measure(w, &o);
    while (a.error > target && a.cpu < MOST_SECONDS / 2.0) {
        o.samples *= 2;
        a = measure(w, &o);
    }
    const double more = fmax(a.error / target, 1.0), draws = (double)(o.samples * o.replicates);
    /* only what errs like 1 / sqrt(draws) is ever so slow */
    printf("%s,%s,%g,%.3g,%.3g,%s,%.2g,%.2f\n", name, a.method, target, draws * more * more,
           a.cpu * more * more, more > 1.0 ? "scaled" : "run", a.error, (a.gap - truth) / a.error);
    fflush(stdout);
}

int main(void)
{
    gsl_set_error_handler_off();
    workload w = make();
    const jn_gap_options nodes = { .rule = JN_RULE_QUADRATURE, .threads = 1 };
    const answer exact = measure(&w, &nodes);
    printf("who,method,target,draws,seconds,how,error,off\n");
    printf("jensen quadrature,nodes,,,%.3g,run,%.2g,\n", exact.cpu, exact.error);
    for (size_t i = 0; i < 2; i++) {
        const jn_gap_options groups = {
            .rule = JN_RULE_MC, .samples = 1600, .replicates = 16, .threads = 1
        };
        jn_gap_options law = groups, points = groups;
        law.estimator = 1 + JN_BY_LAW;
        law.samples = 64;
        points.rule = JN_RULE_RQMC;
        points.samples = 16;
        points.replicates = 64;
        reach(&w, "jensen mc", groups, TARGETS[i], exact.gap);
        reach(&w, "jensen mc by law", law, TARGETS[i], exact.gap);
        reach(&w, "jensen rqmc", points, TARGETS[i], exact.gap);
    }
    printf("# gap %.12g\n", exact.gap);
    workload_free(&w);
    return 0;
}
