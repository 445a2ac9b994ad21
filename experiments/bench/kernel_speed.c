/* Nanoseconds of each kernel on each instruction set: the least of several repeats over arrays that
 * stay in the first cache. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "jensen/sobol.h"
#include "kernel/kernels.h"

enum { N = 1024, BLOCK = 256, DIM = 8, ROWS = 12, COVARIATES = 5, TRIALS = 200, REPEATS = 9 };

static double *a, *b, *c, *z, *w;
static const jn_kernels *kernels;
static const jn_counter counter = { .key = { 1, 2 }, .coordinate = 3, .word2 = 4, .word3 = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_words(void)
{
    static uint64_t words[N];
    kernels->words(&counter, 0, N, words);
}
static void run_uniforms(void)
{
    kernels->uniforms(&counter, 0, N, b);
}
static void run_normals(void)
{
    kernels->normals(&counter, 0, N, b);
}
static void run_sobol(void)
{
    const jn_stream s = { .seed = 1, .purpose = JN_FOR_SCRAMBLE };
    if (jn_sobol_fill(&s, 0, N, 100, b) != JN_OK) {
        abort();
    }
}
static void run_exp(void)
{
    kernels->exp(N, a, b);
}
static void run_log(void)
{
    kernels->log(N, w, b);
}
static void run_log1p(void)
{
    kernels->log1p(N, w, b);
}
static void run_expm1(void)
{
    kernels->expm1(N, a, b);
}
static void run_softplus(void)
{
    kernels->softplus(N, a, b);
}
static void run_quantile(void)
{
    kernels->quantile(N, w, b);
}
static void run_max(void)
{
    b[0] = kernels->max(N, a);
}
static void run_moments(void)
{
    kernels->moments(N, a, 0.1, b);
}
static void run_lse(void)
{
    b[0] = kernels->lse(N, a);
}
static void run_weigh(void)
{
    b[0] = (double)kernels->weigh(BLOCK, w, z, z + BLOCK, z + 4 * BLOCK, z + 5 * BLOCK,
                                  z + 6 * BLOCK);
}
static void run_extent(void)
{
    kernels->extent(N, a, b);
}
static void run_powers(void)
{
    kernels->powers(N, a, 3.0, b);
}
static void run_bins(void)
{
    static _Alignas(64) double rows[JN_BIN_SUMS * 1024];
    kernels->bins(N, a, 0.0, -512, rows);
}
static void run_bins_peaked(void)
{
    static _Alignas(64) double rows[JN_BIN_SUMS * 1024];
    kernels->bins(N, c, -0.2, -512, rows);
}
static void run_group_64(void)
{
    kernels->group_lme(N / 64, 64, a, b);
}
static void run_group_5(void)
{
    kernels->group_lme(N / 5, 5, a, b);
}
static void run_residual(void)
{
    kernels->residual(ROWS, DIM, w, w + 100, 0.0, BLOCK, BLOCK, z, b);
}
static void run_quadratic(void)
{
    kernels->quadratic(DIM, w, w + 100, 0.0, 0.5, BLOCK, BLOCK, z, b);
}
static void run_affine(void)
{
    static double shifted[DIM * BLOCK];
    kernels->affine(DIM, w, w + 100, BLOCK, BLOCK, z, shifted);
}
static void run_logistic(void)
{
    kernels->logistic(100, COVARIATES, w, BLOCK, BLOCK, z, b);
}
static void run_law_gap(void)
{
    const double s = 3.0;
    kernels->law_gap(1, &s, N, w, a, b);
}
static void run_law_exp(void)
{
    const double s = 3.0;
    kernels->law_exp(1, &s, N, w, a, b);
}

static const struct job {
    const char *what;
    void (*run)(void);
    int per; /* results in a call */
} jobs[] = {
    { "word", run_words, N },
    { "uniform", run_uniforms, N },
    { "normal", run_normals, N },
    { "scrambled Sobol' coordinate", run_sobol, N },
    { "exp", run_exp, N },
    { "log", run_log, N },
    { "log1p", run_log1p, N },
    { "expm1", run_expm1, N },
    { "softplus", run_softplus, N },
    { "normal quantile", run_quantile, N },
    { "max, a number", run_max, N },
    { "moments, a number", run_moments, N },
    { "log-sum-exp, a number", run_lse, N },
    { "log-weight from its parts", run_weigh, BLOCK },
    { "extent, a number", run_extent, N },
    { "three powers of e^x, a number", run_powers, N },
    { "bins over 10 nats, a number", run_bins, N },
    { "bins of a chi-square, a number", run_bins_peaked, N },
    { "groups of 64, a number", run_group_64, N },
    { "groups of 5, a number", run_group_5, N },
    { "residual 12 x 8, a sample", run_residual, BLOCK },
    { "sum of squares in 8, a sample", run_quadratic, BLOCK },
    { "m + L e in 8, a sample", run_affine, BLOCK },
    { "logistic in 5, a row", run_logistic, BLOCK * 100 },
    { "law e^-y - 1 + y, a node", run_law_gap, N },
    { "law e^-y, a node", run_law_exp, N },
};

static double least(const struct job *job)
{
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        const int trials = job->per > N ? TRIALS / 20 : TRIALS;
        const double start = now();
        for (int i = 0; i < trials; i++) {
            job->run();
        }
        const double t = (now() - start) / trials / job->per;
        best = t < best ? t : best;
    }
    return best * 1e9;
}

int main(void)
{
    static const char *const sets[] = { "avx512", "avx2", "plain" };
    a = jn_alloc_doubles(N), b = jn_alloc_doubles(N), c = jn_alloc_doubles(N),
    w = jn_alloc_doubles(N);
    z = jn_alloc_doubles((size_t)BLOCK * DIM);
    if (a == NULL || b == NULL || c == NULL || w == NULL || z == NULL) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < (size_t)BLOCK * DIM; i++) {
        z[i] = (double)(i * 7919 % 1009) / 300.0 - 1.7;
    }
    for (size_t i = 0; i < N; i++) {
        a[i] = (double)(i * 7919 % 1013) / 100.0 - 8.0;
        w[i] = ((double)(i * 7919 % 1019) + 0.5) / 1019.0;
    }
    jn_kernels_get()->normals(&counter, 0, N, c);
    for (size_t i = 0; i < N; i++) {
        c[i] *= -0.5 * c[i];
    }
    for (size_t s = 0; s < 3; s++) {
        if (jn_kernels_select(sets[s]) != JN_OK) {
            continue;
        }
        kernels = jn_kernels_get();
        for (size_t j = 0; j < sizeof jobs / sizeof jobs[0]; j++) {
            printf("%-7s %-32s %.3f ns\n", sets[s], jobs[j].what, least(&jobs[j]));
        }
    }
    free(a);
    free(b);
    free(c);
    free(w);
    free(z);
    return EXIT_SUCCESS;
}
