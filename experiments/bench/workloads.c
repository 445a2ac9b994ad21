#include "workloads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "jensen/random.h"

enum { W2_DIM = 8, W2_X = 12, W3_ROWS = 532, W3_COLS = 5, SEED = 7 };
static const double NOISE_VARIANCE = 0.5;

void workload_must(jn_status status, const jn_error *err)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", jn_status_name(status), err == NULL ? "" : err->message);
        exit(EXIT_FAILURE);
    }
}

static void normals(size_t n, uint32_t purpose, double *out)
{
    const jn_stream s = { .seed = SEED, .purpose = JN_FOR_SIMULATION };
    jn_normal_fill(&s, 0, n, purpose, out);
}

static double *doubles(size_t n)
{
    double *x = jn_alloc_doubles(n);
    if (x == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return x;
}

static jn_model *linear_model(size_t dim, size_t n_x, const double *w, size_t rows, const double *x)
{
    jn_error err = JN_ERROR_INIT;
    jn_params p = JN_PARAMS_INIT;
    jn_table *data;
    jn_model *m;
    workload_must(jn_table_new("benchmark", rows, n_x, NULL, x, &data), NULL);
    workload_must(jn_params_set_number(&p, "noise_sd", sqrt(NOISE_VARIANCE)), NULL);
    workload_must(jn_params_set_matrix(&p, "W", n_x, dim, w), NULL);
    workload_must(jn_model_new("linear-gaussian", &p, data, &m, &err), &err);
    jn_params_free(&p);
    jn_table_free(data);
    return m;
}

static jn_proposal *gaussian(const jn_model *m, size_t rows, const double *mean, const double *sd)
{
    jn_error err = JN_ERROR_INIT;
    jn_params p = JN_PARAMS_INIT;
    jn_proposal *q;
    workload_must(jn_params_set_matrix(&p, "mean", rows, m->dim, mean), NULL);
    workload_must(jn_params_set_matrix(&p, "sd", 1, m->dim, sd), NULL);
    workload_must(jn_proposal_new("gaussian", &p, m, &q, &err), &err);
    jn_params_free(&p);
    return q;
}

workload workload_toy(void)
{
    const double one = 1.0, x = 1.2, mean = 0.4, sd = 0.8;
    workload w = { .model = linear_model(1, 1, &one, 1, &x), .elbo = -1.97550849423891 };
    w.q = gaussian(w.model, 1, &mean, &sd);
    return w;
}

static void linear_inputs(size_t dim, size_t n_x, size_t rows, double *w, double *x)
{
    double *z = doubles(rows * dim);
    normals(n_x * dim, 0, w);
    normals(rows * dim, 1, z);
    normals(rows * n_x, 2, x);
    for (size_t i = 0; i < n_x * dim; i++) {
        w[i] /= sqrt((double)dim);
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n_x; j++) {
            x[r * n_x + j] *= sqrt(NOISE_VARIANCE);
            for (size_t d = 0; d < dim; d++) {
                x[r * n_x + j] += w[j * dim + d] * z[r * dim + d];
            }
        }
    }
    free(z);
}

/* Mean and 1 / sqrt of the precision's diagonal: of all such Gaussians the nearest. Its gap is
 * 1/2 (sum of log P_jj - log det P). */
static workload linear_of(jn_model *m)
{
    const size_t dim = m->dim, rows = m->n_obs;
    double *mean = doubles(rows * dim), *precision = doubles(dim * dim), *sd = doubles(dim);
    double *cov = doubles(dim * dim);
    workload w = { .model = m };
    for (size_t r = 0; r < rows; r++) {
        workload_must(m->density->posterior_gaussian(m->self, r, mean + r * dim, cov), NULL);
        jn_estimate e;
        workload_must(m->density->evidence(m->self, r, &e), NULL);
        w.elbo += e.value;
    }
    workload_must(m->density->tail_precision(m->self, 0, precision), NULL);
    for (size_t j = 0; j < dim; j++) {
        sd[j] = 1.0 / sqrt(precision[j * (dim + 1)]);
        w.elbo += (double)rows * log(sd[j]); /* -1/2 log P_jj */
    }
    w.q = gaussian(m, rows, mean, sd);
    for (size_t j = 0; j < dim; j++) { /* log det P by elimination */
        w.elbo += 0.5 * (double)rows * log(precision[j * (dim + 1)]);
        for (size_t i = j + 1; i < dim; i++) {
            const double f = precision[i * dim + j] / precision[j * (dim + 1)];
            for (size_t k = j; k < dim; k++) {
                precision[i * dim + k] -= f * precision[j * dim + k];
            }
        }
    }
    free(mean);
    free(precision);
    free(sd);
    free(cov);
    return w;
}

workload workload_linear(size_t dim, size_t n_x, size_t rows)
{
    double *w = doubles(n_x * dim), *x = doubles(rows * n_x);
    linear_inputs(dim, n_x, rows, w, x);
    const workload out = linear_of(linear_model(dim, n_x, w, rows, x));
    free(w);
    free(x);
    return out;
}

/* Column 0: the outcome. */
static void logistic_inputs(double *data)
{
    static double covariates[W3_ROWS * (W3_COLS - 1)], u[W3_ROWS], beta[W3_COLS];
    const jn_stream s = { .seed = SEED, .purpose = JN_FOR_SIMULATION };
    normals(W3_ROWS * (W3_COLS - 1), 3, covariates);
    normals(W3_COLS, 4, beta);
    jn_uniform_fill(&s, 0, W3_ROWS, 5, u);
    for (size_t r = 0; r < W3_ROWS; r++) {
        double eta = 0.8 * beta[0];
        for (size_t c = 1; c < W3_COLS; c++) {
            data[r * W3_COLS + c] = covariates[r * (W3_COLS - 1) + c - 1];
            eta += 0.8 * beta[c] * data[r * W3_COLS + c];
        }
        data[r * W3_COLS] = u[r] < 1.0 / (1.0 + exp(-eta)) ? 1.0 : 0.0;
    }
}

workload workload_logistic(void)
{
    static const char *const names[] = { "y", "a", "b", "c", "d" };
    static double data[W3_ROWS * W3_COLS];
    jn_error err = JN_ERROR_INIT;
    jn_table *t;
    workload w = { .elbo = NAN };
    logistic_inputs(data);
    workload_must(jn_table_new("benchmark", W3_ROWS, W3_COLS, names, data, &t), NULL);
    workload_must(jn_model_new("logistic", NULL, t, &w.model, &err), &err);
    jn_table_free(t);
    workload_must(jn_proposal_new("laplace", NULL, w.model, &w.q, &err), &err);
    return w;
}

void workload_free(workload *w)
{
    jn_proposal_free(w->q);
    jn_model_free(w->model);
}

static bool write_numbers(const char *folder, const char *name, size_t n, const double *x)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *f = fopen(path, "w");
    for (size_t i = 0; f != NULL && i < n; i++) {
        fprintf(f, "%.17g\n", x[i]);
    }
    return f != NULL && fclose(f) == 0;
}

bool workload_write(const char *folder)
{
    static double w[W2_X * W2_DIM], x[W2_X], mean[W2_DIM], chol[W2_DIM * W2_DIM], sd[W2_DIM];
    static double data[W3_ROWS * W3_COLS];
    linear_inputs(W2_DIM, W2_X, 1, w, x);
    workload w2 = workload_linear(W2_DIM, W2_X, 1), w3 = workload_logistic();
    workload_must(w2.q->ops->location(w2.q->self, 0, mean, chol), NULL);
    for (size_t j = 0; j < W2_DIM; j++) {
        sd[j] = chol[j * (W2_DIM + 1)];
    }
    bool good = write_numbers(folder, "w2_W", W2_X * W2_DIM, w);
    good = write_numbers(folder, "w2_x", W2_X, x) && good;
    good = write_numbers(folder, "w2_mean", W2_DIM, mean) && good;
    good = write_numbers(folder, "w2_sd", W2_DIM, sd) && good;
    logistic_inputs(data);
    workload_must(w3.q->ops->location(w3.q->self, 0, mean, chol), NULL);
    good = write_numbers(folder, "w3_data", W3_ROWS * W3_COLS, data) && good;
    good = write_numbers(folder, "w3_mode", W3_COLS, mean) && good;
    good = write_numbers(folder, "w3_L", W3_COLS * W3_COLS, chol) && good;
    workload_free(&w2);
    workload_free(&w3);
    return good;
}
