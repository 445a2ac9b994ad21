/* W1, W2 and W3 as one writes them by hand in C with GSL: a draw at a time, libm.
 * peers_gsl FOLDER THREADS; FOLDER has what `estimates --write` made. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#ifdef _OPENMP
#include <omp.h>
#endif

enum { S = 1000000, S3 = 100000, K = 64, DIM = 8, N_X = 12, ROWS = 532, COLS = 5, REPEATS = 5 };
static double w2_W[N_X * DIM], w2_x[N_X], w2_mean[DIM], w2_sd[DIM];
static double w3_data[ROWS * COLS], w3_mode[COLS], w3_L[COLS * COLS];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void load(const char *folder, const char *name, int n, double *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *f = fopen(path, "r");
    for (int i = 0; i < n; i++) {
        if (f == NULL || fscanf(f, "%lf", out + i) != 1) {
            fprintf(stderr, "cannot read %s\n", path);
            exit(1);
        }
    }
    fclose(f);
}

static double toy(gsl_rng *r)
{
    const double e = gsl_ran_gaussian_ziggurat(r, 1.0), z = 0.4 + 0.8 * e, d = 1.2 - z;
    return 0.5 * e * e - 0.5 * z * z - d * d - 0.5 * log(M_PI) + log(0.8);
}

static double linear(gsl_rng *r)
{
    double z[DIM], l = -0.5 * N_X * log(M_PI);
    for (int j = 0; j < DIM; j++) {
        const double e = gsl_ran_gaussian_ziggurat(r, 1.0);
        z[j] = w2_mean[j] + w2_sd[j] * e;
        l += 0.5 * (e * e - z[j] * z[j]) + log(w2_sd[j]);
    }
    for (int i = 0; i < N_X; i++) {
        double d = w2_x[i];
        for (int j = 0; j < DIM; j++) {
            d -= w2_W[i * DIM + j] * z[j];
        }
        l -= d * d;
    }
    return l;
}

/* covariates with the intercept in place of the outcome */
static double logistic(gsl_rng *r)
{
    double e[COLS], b[COLS], l = 0.0;
    for (int j = 0; j < COLS; j++) {
        e[j] = gsl_ran_gaussian_ziggurat(r, 1.0);
        b[j] = w3_mode[j];
        for (int k = 0; k <= j; k++) {
            b[j] += w3_L[j * COLS + k] * e[k];
        }
        l += 0.5 * e[j] * e[j] + log(w3_L[j * COLS + j]) - 0.5 * b[j] * b[j] / 6.25 - log(2.5);
    }
    for (int i = 0; i < ROWS; i++) {
        double eta = b[0];
        for (int j = 1; j < COLS; j++) {
            eta += b[j] * w3_data[i * COLS + j];
        }
        l += w3_data[i * COLS] * eta - (fmax(eta, 0.0) + log1p(exp(-fabs(eta))));
    }
    return l;
}

typedef double draw(gsl_rng *r);

/* Sums of l and of the log-mean-exps of groups. */
static void groups(draw *one, const gsl_rng_type *type, int threads, double *elbo, double *iwae)
{
    double a = 0.0, b = 0.0;
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) reduction(+ : a, b)
#endif
    {
        gsl_rng *r = gsl_rng_alloc(type);
#ifdef _OPENMP
        gsl_rng_set(r, 77 + omp_get_thread_num());
#pragma omp for
#endif
        for (int g = 0; g < S / K; g++) {
            double l[K], top = -INFINITY, sum = 0.0;
            for (int i = 0; i < K; i++) {
                l[i] = one(r);
                a += l[i];
                top = fmax(top, l[i]);
            }
            for (int i = 0; i < K; i++) {
                sum += exp(l[i] - top);
            }
            b += top + log(sum / K);
        }
        gsl_rng_free(r);
    }
    *elbo = a / (S / K * K);
    *iwae = b / (S / K);
}

static double evidence(int threads)
{
    static double l[S3];
    double top = -INFINITY, sum = 0.0;
    (void)threads;
#ifdef _OPENMP
#pragma omp parallel num_threads(threads)
#endif
    {
        gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
#ifdef _OPENMP
        gsl_rng_set(r, 77 + omp_get_thread_num());
#pragma omp for
#endif
        for (int i = 0; i < S3; i++) {
            l[i] = logistic(r);
        }
        gsl_rng_free(r);
    }
    for (int i = 0; i < S3; i++) {
        top = fmax(top, l[i]);
    }
    for (int i = 0; i < S3; i++) {
        sum += exp(l[i] - top);
    }
    return top + log(sum / S3);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    const int threads = argc > 2 ? atoi(argv[2]) : 1;
    load(folder, "w2_W", N_X * DIM, w2_W);
    load(folder, "w2_x", N_X, w2_x);
    load(folder, "w2_mean", DIM, w2_mean);
    load(folder, "w2_sd", DIM, w2_sd);
    load(folder, "w3_data", ROWS * COLS, w3_data);
    load(folder, "w3_mode", COLS, w3_mode);
    load(folder, "w3_L", COLS * COLS, w3_L);
    const struct {
        const char *name;
        draw *one;
        const gsl_rng_type *type;
    } jobs[] = { { "W1,GSL mt19937", toy, gsl_rng_mt19937 },
                 { "W1,GSL taus2", toy, gsl_rng_taus2 },
                 { "W2,GSL mt19937", linear, gsl_rng_mt19937 } };
    for (int j = 0; j < 3; j++) {
        double best = 1e9, elbo = 0.0, iwae = 0.0;
        for (int i = 0; i < REPEATS; i++) {
            const double t = now();
            groups(jobs[j].one, jobs[j].type, threads, &elbo, &iwae);
            best = fmin(best, now() - t);
        }
        printf("%s,%d,ns,%.4g,%.6f,%.6f\n", jobs[j].name, threads, best / S * 1e9, elbo, iwae);
    }
    double best = 1e9, value = 0.0;
    for (int i = 0; i < 3; i++) {
        const double t = now();
        value = evidence(threads);
        best = fmin(best, now() - t);
    }
    printf("W3,GSL mt19937,%d,ms,%.4g,%.6f,\n", threads, best * 1e3, value);
}
