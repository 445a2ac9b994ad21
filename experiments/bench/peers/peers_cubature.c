/* The logistic regressions of evidence.c by libcubature and GSL to 1e-10, on their shifted
 * integrand in coordinates whitened by mode and covariance, which a user would have to find first.
 * Scalar libm, as a user writes it. peers_cubature FOLDER: lines who, dimension, microseconds,
 * error, evaluations. */
#include <cubature.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>

enum { ROWS = 100 };

static double X[ROWS * 3], y[ROWS], mode[3], L[9], yX[3], top, constant, log_det, reference;
static size_t calls, dim;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void load(const char *folder, const char *name, double *x, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/w4d%zu_%s.txt", folder, dim, name);
    FILE *f = fopen(path, "r");
    for (size_t i = 0; i < n; i++) {
        if (f == NULL || fscanf(f, "%lf", x + i) != 1) {
            fprintf(stderr, "%s: cannot read\n", path);
            exit(1);
        }
    }
    fclose(f);
}

static double log_joint(const double *b)
{
    double sum = constant;
    for (size_t d = 0; d < dim; d++) {
        sum += b[d] * yX[d] - 0.5 * b[d] * b[d] / 6.25;
    }
    for (size_t i = 0; i < ROWS; i++) {
        double u = 0.0;
        for (size_t d = 0; d < dim; d++) {
            u += X[i * dim + d] * b[d];
        }
        sum -= u > 0.0 ? u + log1p(exp(-u)) : log1p(exp(u));
    }
    return sum;
}

static double density(const double *u)
{
    double b[3];
    calls++;
    for (size_t d = 0; d < dim; d++) {
        b[d] = mode[d];
        for (size_t j = 0; j <= d; j++) {
            b[d] += L[d * dim + j] * u[j];
        }
    }
    return exp(log_joint(b) - top);
}

static int for_cubature(unsigned n, const double *u, void *user, unsigned one, double *out)
{
    (void)n, (void)user, (void)one;
    *out = density(u);
    return 0;
}

/* Nested adaptive rules of GSL: coordinate `level` runs, those before it stand in at[]. */
static double at[3];
static gsl_integration_workspace *space[3];

static double nested(double u, void *level)
{
    const size_t k = *(size_t *)level;
    size_t next = k + 1;
    double value = NAN, error;
    at[k] = u;
    if (next == dim) {
        return density(at);
    }
    gsl_function f = { nested, &next };
    gsl_integration_qag(&f, -10.0, 10.0, 1e-13, 1e-10, 200, GSL_INTEG_GAUSS31, space[next], &value,
                        &error);
    return value;
}

static double by_gsl(void)
{
    size_t first = 0;
    double value = NAN, error;
    gsl_function f = { nested, &first };
    gsl_integration_qag(&f, -10.0, 10.0, 0.0, 1e-10, 200, GSL_INTEG_GAUSS31, space[0], &value,
                        &error);
    return value;
}

static double by_cubature(int h)
{
    const double lo[] = { -10, -10, -10 }, hi[] = { 10, 10, 10 };
    double value = NAN, error;
    (h ? hcubature : pcubature)(1, for_cubature, NULL, (unsigned)dim, lo, hi, 30000000, 0.0, 1e-10,
                                ERROR_L2, &value, &error);
    return value;
}

/* By a grid of 121 nodes an axis. */
static void set_up(const char *folder)
{
    load(folder, "X", X, ROWS * dim);
    load(folder, "y", y, ROWS);
    load(folder, "mode", mode, dim);
    load(folder, "L", L, dim * dim);
    constant = -(double)dim * (log(2.5) + 0.5 * log(2.0 * M_PI));
    log_det = 0.0;
    for (size_t j = 0; j < dim; j++) {
        yX[j] = 0.0;
        log_det += log(L[j * dim + j]);
        for (size_t i = 0; i < ROWS; i++) {
            yX[j] += y[i] * X[i * dim + j];
        }
    }
    top = log_joint(mode);
    const size_t n = 121, nodes = dim == 1 ? n : dim == 2 ? n * n : n * n * n;
    const double h = 20.0 / (double)(n - 1);
    double sum = 0.0;
    for (size_t i = 0; i < nodes; i++) {
        const double u[] = { -10.0 + h * (double)(i % n), -10.0 + h * (double)(i / n % n),
                             -10.0 + h * (double)(i / n / n) };
        sum += density(u);
    }
    reference = top + log(sum * pow(h, (double)dim)) + log_det;
}

int main(int argc, char **argv)
{
    static const char *const who[] = { "pcubature", "hcubature", "gsl-qag" };
    static const int runs[] = { 20, 5, 1 };
    gsl_set_error_handler_off();
    for (int k = 0; k < 3; k++) {
        space[k] = gsl_integration_workspace_alloc(200);
    }
    for (dim = 1; dim <= 3 && argc > 1; dim++) {
        set_up(argv[1]);
        printf("reference,%zu,,,%.12f\n", dim, reference);
        for (int k = 0; k < 3; k++) {
            double least = INFINITY, value = NAN;
            for (int r = 0; r < runs[dim - 1]; r++) {
                calls = 0;
                const double start = now();
                value = k == 2 ? by_gsl() : by_cubature(k);
                least = fmin(least, now() - start);
            }
            printf("%s,%zu,%.4g,%.2g,%zu\n", who[k], dim, 1e6 * least,
                   fabs(top + log(value) + log_det - reference), calls);
            fflush(stdout);
        }
    }
    for (int k = 0; k < 3; k++) {
        gsl_integration_workspace_free(space[k]);
    }
    return 0;
}
