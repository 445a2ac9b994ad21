/* Processor time of log p(x) of logistic regressions with 1, 2 and 3 coefficients to 1e-10, on one
 * thread, the mode's search included: 100 rows, standard normal covariates after an intercept,
 * coefficients of size 0.8, prior standard deviation 2.5. Each result is held against adaptive
 * panels first.
 *
 * evidence --write FOLDER: inputs, mode and factor of the covariance as text for other programs,
 * too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gsl/gsl_errno.h>

#include "jensen/exact.h"
#include "jensen/random.h"
#include "jensen/table.h"
#include "jensen/target.h"

enum { ROWS = 100, REPEATS = 15 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* cell: the table, ROWS x dim, y first. */
static jn_model *make(size_t dim, double *cell)
{
    static const char *const names[] = { "y", "x1", "x2" };
    const jn_stream s = { .seed = 30 + dim, .purpose = JN_FOR_SIMULATION };
    double x[3][ROWS], beta[3], chance[ROWS];
    jn_normal_fill(&s, 0, 3, 0, beta);
    jn_uniform_fill(&s, 0, ROWS, 1, chance);
    for (size_t i = 0; i < ROWS; i++) {
        x[0][i] = 1.0;
    }
    for (size_t j = 1; j < dim; j++) {
        jn_normal_fill(&s, 0, ROWS, (uint32_t)(j + 1), x[j]);
    }
    for (size_t i = 0; i < ROWS; i++) {
        double eta = 0.0;
        for (size_t j = 0; j < dim; j++) {
            eta += 0.8 * beta[j] * x[j][i];
            cell[i * dim + j] = x[j][i];
        }
        cell[i * dim] = chance[i] < 1.0 / (1.0 + exp(-eta));
    }
    jn_table *t = NULL;
    jn_model *m = NULL;
    jn_params p = JN_PARAMS_INIT;
    if (jn_table_new("bench", ROWS, dim, names, cell, &t) != JN_OK ||
        jn_params_set_number(&p, "prior_sd", 2.5) != JN_OK ||
        jn_model_new("logistic", &p, t, &m, NULL) != JN_OK) {
        exit(1);
    }
    jn_params_free(&p);
    jn_table_free(t);
    return m;
}

static void write_numbers(const char *folder, size_t dim, const char *name, size_t n,
                          const double *x)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/w4d%zu_%s.txt", folder, dim, name);
    FILE *f = fopen(path, "w");
    for (size_t i = 0; f != NULL && i < n; i++) {
        fprintf(f, "%.17g\n", x[i]);
    }
    if (f == NULL || fclose(f) != 0) {
        fprintf(stderr, "%s: cannot write\n", path);
        exit(1);
    }
}

static void write_inputs(const char *folder, size_t dim, const jn_model *m, const double *cell)
{
    double design[ROWS * 3], y[ROWS];
    jn_mode mode;
    if (jn_target_mode(m, 0, &mode, NULL) != JN_OK) {
        exit(1);
    }
    for (size_t i = 0; i < ROWS; i++) {
        y[i] = cell[i * dim];
        design[i * dim] = 1.0;
        for (size_t j = 1; j < dim; j++) {
            design[i * dim + j] = cell[i * dim + j];
        }
    }
    write_numbers(folder, dim, "X", ROWS * dim, design);
    write_numbers(folder, dim, "y", ROWS, y);
    write_numbers(folder, dim, "mode", dim, mode.u);
    write_numbers(folder, dim, "L", dim * dim, mode.chol_cov);
    jn_mode_free(&mode);
}

int main(int argc, char **argv)
{
    static const size_t calls[] = { 2000, 200, 20 };
    const char *folder = argc > 2 && strcmp(argv[1], "--write") == 0 ? argv[2] : NULL;
    (void)gsl_set_error_handler_off();
    const jn_exact_options o = { .tolerance = 1e-10, .threads = 1 };
    const jn_exact_options other = { .tolerance = 1e-9, .threads = 1 };
    for (size_t dim = 1; dim <= 3; dim++) {
        double cell[ROWS * 3];
        jn_model *m = make(dim, cell);
        jn_estimate e, check;
        if (folder != NULL) {
            write_inputs(folder, dim, m, cell);
        }
        /* panels of three dimensions fall short of their tolerance: their own error counts */
        if (jn_exact(m, 0, &o, &e, NULL) != JN_OK ||
            jn_exact_method_find("panels")->run(m, 0, &other, &check, NULL) < 0 ||
            !(check.error < 1e-7) || fabs(e.value - check.value) > e.error + check.error) {
            fprintf(stderr, "%zu-D: wrong\n", dim);
            return 1;
        }
        double least = INFINITY;
        for (int r = 0; r < REPEATS; r++) {
            const double start = now();
            for (size_t i = 0; i < calls[dim - 1]; i++) {
                if (jn_exact(m, 0, &o, &e, NULL) != JN_OK) {
                    return 1;
                }
            }
            least = fmin(least, (now() - start) / (double)calls[dim - 1]);
        }
        printf("jensen %zu-D  %.12f  error %.1e  %6llu points  %9.2f us\n", dim, e.value, e.error,
               (unsigned long long)e.n_eval, 1e6 * least);
        jn_model_free(m);
    }
    return 0;
}
