/* log p(x) of 1797 rows under a decoder 2-64-64-64 on a fixed grid of 201 x 201 nodes, on one
 * thread. The nodes are decoded once, a tile at a time; a tile scores all rows, and what it scored
 * is summed while it is in the second cache.
 *
 *     decoder_grid DIRECTORY [REPEATS]
 *
 * DIRECTORY holds w5_w0.txt, w5_b0.txt, ..., w5_x.txt: matrices as text, weights outputs x inputs.
 * The sum over rows is printed first; a time counts only where it is -71922.39371. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "jensen/logspace.h"
#include "jensen/model.h"
#include "kernel/kernels.h"

enum { SIDE = 201, TILE = 64, ROWS = 1797, PIXELS = 64 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* rows x cols numbers of DIRECTORY/NAME.txt */
static double *load(const char *directory, const char *name, size_t rows, size_t cols)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s.txt", directory, name);
    FILE *f = fopen(path, "r");
    double *x = jn_alloc_doubles(rows * cols);
    size_t n = 0;
    while (f != NULL && x != NULL && n < rows * cols && fscanf(f, "%lf", x + n) == 1) {
        n++;
    }
    if (n < rows * cols) {
        (void)fprintf(stderr, "decoder_grid: %s: no %zu x %zu numbers\n", path, rows, cols);
        exit(EXIT_FAILURE);
    }
    (void)fclose(f);
    return x;
}

static void set(jn_params *p, const char *directory, const char *file, const char *name,
                size_t rows, size_t cols)
{
    double *x = load(directory, file, rows, cols);
    if (jn_params_set_matrix(p, name, rows, cols, x) != JN_OK) {
        exit(EXIT_FAILURE);
    }
    free(x);
}

static jn_model *make(const char *directory)
{
    jn_params p = JN_PARAMS_INIT;
    jn_table *t = NULL;
    jn_model *m = NULL;
    jn_error err = JN_ERROR_INIT;
    for (int k = 0; k < 3; k++) {
        char file[16], name[32];
        (void)snprintf(file, sizeof file, "w5_w%d", k);
        (void)snprintf(name, sizeof name, "decoder.%d.weight", k);
        set(&p, directory, file, name, 64, k == 0 ? 2 : 64);
        (void)snprintf(file, sizeof file, "w5_b%d", k);
        (void)snprintf(name, sizeof name, "decoder.%d.bias", k);
        set(&p, directory, file, name, 1, 64);
    }
    double *x = load(directory, "w5_x", ROWS, PIXELS);
    if (jn_table_new("w5_x", ROWS, PIXELS, NULL, x, &t) != JN_OK ||
        jn_model_new("decoder", &p, t, &m, &err) != JN_OK) {
        (void)fprintf(stderr, "decoder_grid: %s\n", err.message);
        exit(EXIT_FAILURE);
    }
    free(x);
    jn_table_free(t);
    jn_params_free(&p);
    return m;
}

/* Adds the exponentials of n values; those below e^-50 of what is there already are less than its
 * rounding, all of a tile together. */
static void add(jn_lse *sum, size_t n, const double *v)
{
    const jn_kernels *kernels = jn_kernels_get();
    const double top = kernels->max(n, v);
    if (top > sum->max) {
        sum->scaled *= exp(sum->max - top);
        sum->max = top;
    }
    if (top > sum->max - 50.0) {
        sum->scaled += kernels->sum_exp(n, v, sum->max);
    }
}

static double grid(const jn_model *m, double *out)
{
    static jn_lse sum[ROWS];
    const double h = 12.0 / (SIDE - 1);
    double z[2 * TILE], prior[TILE];
    for (size_t r = 0; r < ROWS; r++) {
        sum[r] = (jn_lse)JN_LSE_INIT;
    }
    for (size_t at = 0; at < (size_t)SIDE * SIDE; at += TILE) {
        const size_t left = (size_t)SIDE * SIDE - at, n = left < TILE ? left : TILE;
        for (size_t i = 0; i < n; i++) {
            z[i] = -6.0 + h * (double)((at + i) / SIDE);
            z[TILE + i] = -6.0 + h * (double)((at + i) % SIDE);
        }
        if (m->density->log_prior(m->self, n, TILE, z, prior) != JN_OK ||
            m->density->log_likelihood(m->self, (jn_range){ 0, ROWS }, n, TILE, z, TILE, out) !=
                JN_OK) {
            exit(EXIT_FAILURE);
        }
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < n; i++) {
                out[r * TILE + i] += prior[i];
            }
            add(&sum[r], n, out + r * TILE);
        }
    }
    double total = 0.0;
    for (size_t r = 0; r < ROWS; r++) {
        total += jn_lse_log_sum(&sum[r]) + 2.0 * log(h);
    }
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: decoder_grid DIRECTORY [REPEATS]\n");
        return EXIT_FAILURE;
    }
    jn_model *m = make(argv[1]);
    double *out = jn_alloc_doubles((size_t)ROWS * TILE), best = INFINITY, total = NAN;
    for (int r = 0; out != NULL && r < (argc > 2 ? atoi(argv[2]) : 5); r++) {
        const double begin = now();
        total = grid(m, out);
        best = fmin(best, now() - begin);
    }
    printf("sum of log p(x) %.5f\nseconds %.4f (%s)\n", total, best, jn_kernels_get()->isa);
    free(out);
    jn_model_free(m);
    return fabs(total + 71922.39371) < 1e-5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
