/* From a table to triangular factors, by Householder reflections. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/dense.h"
#include "base/memory.h"
#include "model/columns.h"
#include "model/linear_regression.h"
#include "model/models.h"

/* Reflects rows x cols a (row-major) so that column j is 0 below row j, for the first `steps`. */
static void triangulate(size_t rows, size_t cols, size_t steps, double *a)
{
    for (size_t j = 0; j < steps && j < rows; j++) {
        double norm = 0.0;
        for (size_t r = j; r < rows; r++) {
            norm = hypot(norm, a[r * cols + j]);
        }
        if (norm == 0.0) {
            continue;
        }
        const double head = a[j * cols + j], diagonal = head > 0.0 ? -norm : norm;
        const double scale = 1.0 / (norm * (norm + fabs(head))); /* 2 / |v|^2 */
        a[j * cols + j] = head - diagonal;                       /* column j holds v for now */
        for (size_t c = j + 1; c < cols; c++) {
            double dot = 0.0;
            for (size_t r = j; r < rows; r++) {
                dot += a[r * cols + j] * a[r * cols + c];
            }
            for (size_t r = j; r < rows; r++) {
                a[r * cols + c] -= scale * dot * a[r * cols + j];
            }
        }
        a[j * cols + j] = diagonal;
        for (size_t r = j + 1; r < rows; r++) {
            a[r * cols + j] = 0.0;
        }
    }
}

/* a: rows x (k + 1), its last column the target; rows >= k. Spoils a. */
static void solve_least_squares(size_t rows, size_t k, double *a, jn_least_squares *out)
{
    triangulate(rows, k + 1, k, a);
    for (size_t r = 0; r < k; r++) {
        memcpy(out->R + r * k, a + r * (k + 1), k * sizeof *a);
        out->c[r] = a[r * (k + 1) + k];
    }
    out->rest = 0.0;
    for (size_t r = k; r < rows; r++) {
        out->rest += a[r * (k + 1) + k] * a[r * (k + 1) + k];
    }
}

/* The data's rows, and k rows below them that are 0 or the prior's. */
static void stack_rows(const jn_regression *m, const jn_design *x, const double *y, bool prior,
                       double *a)
{
    const size_t k = m->k, width = k + 1;
    memset(a, 0, (m->n + k) * width * sizeof *a);
    for (size_t r = 0; r < m->n; r++) {
        memcpy(a + r * width, x->x + r * k, k * sizeof *a);
        a[r * width + k] = y[r];
    }
    for (size_t j = 0; prior && j < k; j++) {
        const double root = sqrt(m->precision[j]);
        a[(m->n + j) * width + j] = root;
        a[(m->n + j) * width + k] = root * m->mean[j];
    }
}

static void back_substitute(size_t k, const double *R, const double *c, double *b)
{
    for (size_t r = k; r-- > 0;) {
        double sum = c[r];
        for (size_t j = r + 1; j < k; j++) {
            sum -= R[r * k + j] * b[j];
        }
        b[r] = sum / R[r * (k + 1)];
    }
}

/* What jn_regression_moment_finite reads. work: 2 k^2 + k */
static jn_status weigh_data_against_prior(jn_regression *m, double *work)
{
    const size_t k = m->k;
    double *a = work, *vectors = work + k * k, *e = work + 2 * k * k;
    m->residual = m->data.rest;
    for (size_t r = 0; r < k; r++) {
        e[r] = m->data.c[r];
        for (size_t c = r; c < k; c++) {
            e[r] -= m->data.R[r * k + c] * m->mean[c];
        }
        m->residual += e[r] * e[r];
    }
    for (size_t i = 0; i < k * k; i++) {
        a[i] = 0.0;
        for (size_t r = 0; r < k; r++) {
            a[i] += m->data.R[r * k + i / k] * m->data.R[r * k + i % k];
        }
        a[i] /= sqrt(m->precision[i / k] * m->precision[i % k]);
    }
    if (!jn_symmetric_eigen(k, a, m->strength, vectors)) {
        return JN_ERR_VALUE;
    }
    for (size_t i = 0; i < k; i++) {
        m->pull[i] = 0.0;
        for (size_t j = 0; j < k; j++) {
            double g = 0.0;
            for (size_t r = 0; r <= j; r++) {
                g += m->data.R[r * k + j] * e[r];
            }
            m->pull[i] += vectors[j * k + i] * g / sqrt(m->precision[j]);
        }
    }
    return JN_OK;
}

bool jn_regression_moment_finite(const void *self, size_t row, double n)
{
    const jn_regression *m = self;
    (void)row;
    if (n >= 0.0) { /* the sums of squares only add */
        return true;
    }
    double square = n * m->residual;
    for (size_t i = 0; i < m->k; i++) {
        const double left = 1.0 + n * m->strength[i];
        if (!(left > 0.0)) {
            return false;
        }
        square -= n * n * m->pull[i] * m->pull[i] / left;
    }
    return m->shape + 0.5 * n * (double)m->n > 0.0 && m->rate + 0.5 * square > 0.0;
}

static void center_columns(const jn_design *x)
{
    for (size_t c = 1; c < x->p; c++) {
        double mean = 0.0;
        for (size_t r = 0; r < x->n; r++) {
            mean += (x->x[r * x->p + c] - mean) / (double)(r + 1);
        }
        for (size_t r = 0; r < x->n; r++) {
            x->x[r * x->p + c] -= mean;
        }
    }
}

static jn_status factor(jn_regression *m, const jn_design *x, const double *y, jn_error *err)
{
    const size_t k = m->k, size = (m->n + k) * (k + 1);
    double *work = jn_alloc_doubles(size + 2 * k * k + k);
    if (work == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the factorisation");
    }
    stack_rows(m, x, y, false, work);
    solve_least_squares(m->n + k, k, work, &m->data);
    stack_rows(m, x, y, true, work);
    solve_least_squares(m->n + k, k, work, &m->posterior);
    back_substitute(k, m->posterior.R, m->posterior.c, m->posterior_mean);
    m->posterior_shape = m->shape + 0.5 * (double)m->n;
    m->posterior_rate = m->rate + 0.5 * m->posterior.rest;
    const jn_status status = weigh_data_against_prior(m, work);
    free(work);
    return status < 0 || !isfinite(m->posterior_rate)
               ? jn_error_set(err, JN_ERR_VALUE,
                              "the data leave the range of doubles: rescale them")
               : JN_OK;
}

static jn_status allocate(jn_regression *m, jn_error *err)
{
    const size_t k = m->k;
    double *next = m->memory = jn_alloc_doubles(2 * k * k + 7 * k);
    if (next == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu coefficients", k);
    }
    double **const vectors[] = { &m->mean,     &m->precision, &m->data.c,        &m->posterior.c,
                                 &m->strength, &m->pull,      &m->posterior_mean };
    for (size_t i = 0; i < 7; i++, next += k) {
        *vectors[i] = next;
    }
    m->data.R = next;
    m->posterior.R = next + k * k;
    return JN_OK;
}

static jn_status read_params(jn_regression *m, const jn_params *params, jn_error *err)
{
    jn_status status = jn_params_vector(params, "mean", m->k, -1e100, 1e100, m->mean, err);
    if (status == JN_OK) {
        status = jn_params_vector(params, "precision", m->k, 1e-100, 1e100, m->precision, err);
    }
    if (status == JN_OK) { /* below 0.05 draws of tau would underflow to 0 */
        status = jn_params_number(params, "shape", 0.05, 1e6, &m->shape, err);
    }
    return status < 0 ? status : jn_params_number(params, "rate", 1e-100, 1e100, &m->rate, err);
}

static jn_status read_all(jn_regression *m, const jn_params *params, const jn_table *data,
                          jn_design *x, double *y, jn_error *err)
{
    static const char *const used[] = { "y" };
    size_t col;
    jn_status status = jn_column_find(data, "y", "the outcome", &col, err);
    if (status == JN_OK) {
        status = jn_table_numbers(data, col, y, err);
    }
    if (status == JN_OK) {
        status = jn_design_read(data, used, 1, true, x, err);
    }
    if (status < 0) {
        return status;
    }
    m->n = x->n;
    m->k = x->p;
    center_columns(x);
    status = allocate(m, err);
    if (status == JN_OK) {
        status = read_params(m, params, err);
    }
    return status < 0 ? status : factor(m, x, y, err);
}

jn_status jn_regression_create(const jn_params *params, const jn_table *data, jn_model *model,
                               jn_error *err)
{
    jn_regression *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_design x = { 0, 0, NULL };
    double *y = jn_alloc_doubles(data->n_rows);
    const jn_status status = y == NULL
                                 ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the outcome")
                                 : read_all(m, params, data, &x, y, err);
    free(y);
    m->x = x.x;
    model->n_obs = 1;
    model->dim = m->k + 1;
    model->density = &jn_regression_density;
    return status;
}

void jn_regression_destroy(void *self)
{
    jn_regression *m = self;
    if (m != NULL) {
        free(m->memory);
        free(m->x);
        free(m);
    }
}
