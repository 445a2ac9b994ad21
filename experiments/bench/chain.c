/* Seconds of the exact recursions on a million steps (three-state hidden Markov model with Poisson
 * counts, local level by the Kalman filter; checked against plain recursions first) and of a
 * bootstrap particle filter, 10^4 particles on 1000 steps of stochastic volatility (checked against
 * the grid filter). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jensen/chain.h"
#include "jensen/path.h"
#include "jensen/random.h"

enum { T = 1000000, REPEATS = 9 };

static const double A[3][3] = { { 0.95, 0.04, 0.01 }, { 0.03, 0.94, 0.03 }, { 0.02, 0.08, 0.9 } };
static const double rates[3] = { 1.0, 4.0, 12.0 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static jn_model *bind(const char *name, const char *const *sets, size_t n, const double *y)
{
    jn_params params = JN_PARAMS_INIT;
    jn_table *data = NULL;
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    jn_status st = jn_table_new("series", n, 1, (const char *const[]){ "y" }, y, &data);
    for (; st == JN_OK && *sets != NULL; sets += 2) {
        st = jn_params_set_text(&params, sets[0], sets[1], &err);
    }
    st = st == JN_OK ? jn_model_new(name, &params, data, &m, &err) : st;
    if (st < 0) {
        fprintf(stderr, "chain: %s\n", err.message);
        exit(1);
    }
    jn_params_free(&params);
    jn_table_free(data);
    return m;
}

static void series(double *counts, double *level)
{
    const jn_stream s = { .seed = 1, .purpose = JN_FOR_SIMULATION };
    double *u = malloc(4 * T * sizeof *u), at = 0.0;
    size_t state = 0;
    for (uint32_t j = 0; j < 4; j++) {
        (j < 2 ? jn_uniform_fill : jn_normal_fill)(&s, 0, T, j, u + j * T);
    }
    for (size_t t = 0; t < T; t++) {
        double p = exp(-rates[state]), sum = p;
        counts[t] = 0.0;
        while (sum < u[T + t] && counts[t] < 100.0) {
            p *= rates[state] / ++counts[t];
            sum += p;
        }
        at += 0.1 * u[2 * T + t];
        level[t] = at + u[3 * T + t];
        state = u[t] < A[state][0] ? 0 : u[t] < A[state][0] + A[state][1] ? 1 : 2;
    }
    free(u);
}

static double plain_hmm(const double *y)
{
    double a[3] = { 1.0 / 3, 1.0 / 3, 1.0 / 3 }, b[3], sum = 0.0;
    for (size_t t = 0; t < T; t++) {
        double s = 0.0;
        for (size_t j = 0; j < 3; j++) {
            const double v = t == 0 ? a[j] : a[0] * A[0][j] + a[1] * A[1][j] + a[2] * A[2][j];
            s += b[j] = v * exp(y[t] * log(rates[j]) - rates[j] - lgamma(y[t] + 1.0));
        }
        for (size_t j = 0; j < 3; j++) {
            a[j] = b[j] / s;
        }
        sum += log(s);
    }
    return sum;
}

static double plain_kalman(const double *y)
{
    double m = 0.0, P = 1.0, sum = 0.0;
    for (size_t t = 0; t < T; t++) {
        const double F = P + 1.0, v = y[t] - m, k = P / F;
        sum -= 0.5 * (log(2.0 * M_PI * F) + v * v / F);
        m += k * v;
        P = P * (1.0 - k) + 0.01;
    }
    return sum;
}

static void report(const char *what, const jn_model *m, double truth)
{
    double best = INFINITY;
    jn_estimate e = { .value = NAN };
    for (int i = 0; i < REPEATS; i++) {
        const double start = now();
        if (jn_chain_evidence(m, 0, NULL, &e, NULL) < 0) {
            e.value = NAN;
        }
        best = fmin(best, now() - start);
    }
    if (!(fabs(e.value - truth) <= 1e-10 * fabs(truth))) {
        fprintf(stderr, "chain: %s is %.12g, not %.12g\n", what, e.value, truth);
        exit(1);
    }
    printf("%s,seconds,%.4g\n%s,loglik,%.6f\n", what, best, what, e.value);
}

static void particles(const jn_model *m)
{
    enum { RUNS = 9 };
    const jn_source_options o = { .samples = 1, .replicates = 1, .particles = 10000 };
    const jn_law_wish wish = { 0 }; /* the moments of log p-hat alone */
    jn_proposal *q = NULL;
    jn_estimate exact = { .value = NAN };
    jn_error err = JN_ERROR_INIT;
    double best = INFINITY, worst = 0.0;
    jn_status st = jn_path_proposal_new("prior", NULL, m, &q, &err);
    st = st == JN_OK ? jn_chain_evidence(m, 0, NULL, &exact, &err) : st;
    for (uint64_t i = 0; st == JN_OK && i < RUNS; i++) {
        jn_plan plan;
        jn_law_set set;
        jn_source_options now_o = o;
        now_o.seed = i;
        const double start = now();
        st = jn_plan_new(&jn_source_smc, q, 0, &now_o, &plan, &err);
        st = st == JN_OK ? jn_source_run(&plan, 1, &wish, 1, &set, &err) : st;
        best = fmin(best, now() - start);
        worst = fmax(worst, fabs(set.pooled.log_w.mean - exact.value));
        jn_law_set_free(&set);
        jn_plan_release(&plan);
    }
    jn_proposal_free(q);
    if (st < 0 || !(worst < 1.0)) { /* log p-hat has a standard deviation of 0.15 or so */
        fprintf(stderr, "chain: particles off by %g: %s\n", worst, err.message);
        exit(1);
    }
    printf("particles,seconds,%.4g\nparticles,loglik,%.6f\n", best, exact.value);
}

static jn_model *volatility(void)
{
    enum { N = 1000 };
    const jn_stream s = { .seed = 2, .purpose = JN_FOR_SIMULATION };
    double e[2 * N], y[N], h = -1.0;
    jn_normal_fill(&s, 0, N, 0, e);
    jn_normal_fill(&s, 0, N, 1, e + N);
    for (size_t t = 0; t < N; t++) {
        h = -1.0 + 0.97 * (h + 1.0) + 0.2 * e[t];
        y[t] = exp(0.5 * h) * e[N + t];
    }
    return bind("stochastic-volatility",
                (const char *const[]){ "mu", "-1", "phi", "0.97", "sigma", "0.2", NULL }, N, y);
}

int main(void)
{
    double *counts = malloc(2 * T * sizeof *counts), *level = counts + T;
    if (counts == NULL) {
        return 1;
    }
    series(counts, level);
    jn_model *hmm = bind("hmm",
                         (const char *const[]){ "transition",
                                                "0.95,0.04,0.01;0.03,0.94,0.03;0.02,0.08,0.9",
                                                "rates", "1,4,12", "initial",
                                                "0.333333333333333315,0.333333333333333315,"
                                                "0.333333333333333315",
                                                NULL },
                         T, counts);
    report("hmm", hmm, plain_hmm(counts));
    jn_model *local = bind("local-level", (const char *const[]){ "level_sd", "0.1", NULL }, T,
                           level);
    report("kalman", local, plain_kalman(level));
    jn_model *sv = volatility();
    particles(sv);
    jn_model_free(sv);
    jn_model_free(hmm);
    jn_model_free(local);
    free(counts);
    return 0;
}
