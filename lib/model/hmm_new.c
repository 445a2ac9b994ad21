/* Parameters and data of a hidden Markov model, and the tables that follow from them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/hmm.h"
#include "model/log_densities.h"
#include "model/models.h"
#include "model/series.h"
#include "model/stationary.h"

enum { MAX_STATES = 4096 };

static const jn_param_spec specs[] = {
    { "emission", "poisson|gaussian|categorical", "poisson", "law of y given the state" },
    { "initial", "S probabilities or 'stationary'", "stationary", "law of the first state" },
    { "transition", "S x S probabilities", NULL, "a row a state that is left; rows sum to 1" },
    { "rates", "S numbers >= 0", NULL, "poisson: mean of y in each state" },
    { "means", "S numbers", NULL, "gaussian: mean of y in each state" },
    { "sds", "S numbers > 0", NULL, "gaussian: standard deviation of y in each state" },
    { "probs", "S x symbols", NULL, "categorical: probabilities of 0, 1, ..., a row a state" },
};

static void destroy(void *self)
{
    hmm *m = self;
    if (m != NULL) {
        free(m->y);
        free(m->initial);
        free(m->transition);
        free(m->location);
        free(m->symbols);
        free(m->counts);
        free(m->log_emission);
        free(m);
    }
}

/* n probabilities that sum to 1 within 1e-12. */
static jn_status check_law(size_t n, const double *p, const char *what, size_t row, jn_error *err)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += p[i];
    }
    return fabs(sum - 1.0) <= 1e-12
               ? JN_OK
               : jn_error_set(err, JN_ERR_VALUE,
                              "%s: row %zu sums to %.15g; probabilities must sum to 1", what, row,
                              sum);
}

static jn_status read_transition(hmm *m, const jn_params *params, jn_error *err)
{
    size_t rows, cols;
    jn_params_shape(params, "transition", &rows, &cols);
    m->S = rows;
    if (rows == 0 || rows != cols || rows > MAX_STATES) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "transition is %zu x %zu: need S x S probabilities, rows separated by "
                            "';', S <= %d",
                            rows, cols, MAX_STATES);
    }
    m->initial = jn_alloc_doubles(3 * rows);
    m->transition = jn_alloc_doubles(3 * rows * rows);
    if (m->initial == NULL || m->transition == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu states", rows);
    }
    m->log_initial = m->initial + rows;
    m->cum0 = m->initial + 2 * rows;
    m->log_tran = m->transition + rows * rows;
    m->cum = m->transition + 2 * rows * rows;
    jn_status status = jn_params_matrix(params, "transition", rows, rows, 0.0, 1.0, m->transition,
                                        err);
    for (size_t s = 0; status == JN_OK && s < rows; s++) {
        status = check_law(rows, m->transition + s * rows, "transition", s, err);
    }
    return status;
}

static jn_status read_initial(hmm *m, const jn_params *params, jn_error *err)
{
    const jn_value *v = jn_params_find(params, "initial");
    if (v != NULL && v->word != NULL) {
        size_t which;
        jn_status status = jn_params_choice(params, "initial", "stationary", &which, err);
        if (status == JN_OK) {
            status = jn_stationary(m->S, m->transition, m->initial);
            if (status < 0) {
                (void)jn_error_set(err, status,
                                   status == JN_ERR_NOMEM
                                       ? "no memory for the stationary law"
                                       : "initial=stationary: the transition matrix has several "
                                         "closed classes of states and so no one stationary law; "
                                         "give the probabilities");
            }
        }
        return status;
    }
    size_t rows, cols;
    jn_params_shape(params, "initial", &rows, &cols);
    if (rows * cols != m->S) {
        return jn_error_set(err, JN_ERR_VALUE, "initial has %zu numbers, transition %zu states",
                            rows * cols, m->S);
    }
    const jn_status status = jn_params_vector(params, "initial", m->S, 0.0, 1.0, m->initial, err);
    return status == JN_OK ? check_law(m->S, m->initial, "initial", 0, err) : status;
}

static void logs_and_sums(size_t rows, size_t n, const double *p, double *logs, double *sums)
{
    for (size_t r = 0; r < rows; r++) {
        double sum = 0.0;
        for (size_t i = r * n; i < (r + 1) * n; i++) {
            logs[i] = log(p[i]);
            sums[i] = sum += p[i];
        }
    }
}

/* Symbols of a series of whole numbers 0 .. top. What is in the way: its row. */
static jn_status read_symbols(hmm *m, const jn_table *data, double top, jn_error *err)
{
    for (size_t t = 0; t < m->n; t++) {
        if (!(m->y[t] >= 0.0 && m->y[t] <= top && m->y[t] == floor(m->y[t]))) {
            char where[256];
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s, column y: found %g, expected a whole number from 0 to %g",
                                jn_table_where(data, t, where, sizeof where), m->y[t], top);
        }
    }
    m->symbols = jn_alloc(m->n, sizeof *m->symbols);
    return m->symbols == NULL ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the series") : JN_OK;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distinct values of y in ascending order; symbols[t] is the place of y[t] among them. */
static jn_status index_counts(hmm *m, double **values, size_t *n_values, jn_error *err)
{
    double *sorted = jn_alloc_doubles(m->n);
    if (sorted == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the series");
    }
    memcpy(sorted, m->y, m->n * sizeof *sorted);
    qsort(sorted, m->n, sizeof *sorted, ascending);
    size_t k = 1;
    for (size_t t = 1; t < m->n; t++) {
        if (sorted[t] != sorted[k - 1]) {
            sorted[k++] = sorted[t];
        }
    }
    for (size_t t = 0; t < m->n; t++) {
        const double *at = bsearch(m->y + t, sorted, k, sizeof *sorted, ascending);
        m->symbols[t] = (uint32_t)(at - sorted);
    }
    *values = sorted;
    *n_values = k;
    return JN_OK;
}

static jn_status finish_symbols(hmm *m, size_t n_symbols, jn_error *err)
{
    m->counts = jn_alloc(n_symbols, sizeof *m->counts);
    m->log_emission = jn_alloc_doubles(n_symbols * m->S);
    if (m->counts == NULL || m->log_emission == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu symbols", n_symbols);
    }
    for (size_t t = 0; t < m->n; t++) {
        m->counts[m->symbols[t]]++;
    }
    m->view.n_symbols = n_symbols;
    return JN_OK;
}

/* log of rate^y e^-rate / y!, also for rate 0. */
static double log_poisson(double y, double rate)
{
    return jn_log_poisson(y, jn_log_poisson_peak(y), rate);
}

static jn_status read_poisson(hmm *m, const jn_params *params, const jn_table *data, jn_error *err)
{
    double *values = NULL;
    size_t n_values = 0;
    double *rates = jn_alloc_doubles(m->S);
    jn_status status = rates == NULL
                           ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the rates")
                           : jn_params_vector(params, "rates", m->S, 0.0, INFINITY, rates, err);
    status = status == JN_OK ? read_symbols(m, data, 0x1p53, err) : status;
    status = status == JN_OK ? index_counts(m, &values, &n_values, err) : status;
    status = status == JN_OK ? finish_symbols(m, n_values, err) : status;
    for (size_t k = 0; status == JN_OK && k < n_values * m->S; k++) {
        m->log_emission[k] = log_poisson(values[k / m->S], rates[k % m->S]);
    }
    free(values);
    free(rates);
    return status;
}

static jn_status read_categorical(hmm *m, const jn_params *params, const jn_table *data,
                                  jn_error *err)
{
    size_t rows, n_symbols;
    jn_params_shape(params, "probs", &rows, &n_symbols);
    if (rows != m->S || n_symbols == 0 || n_symbols > UINT32_MAX) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "probs is %zu x %zu: need a row of probabilities for each of %zu "
                            "states, rows separated by ';'",
                            rows, n_symbols, m->S);
    }
    double *probs = jn_alloc_doubles(rows * n_symbols);
    jn_status status = probs == NULL
                           ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the probabilities")
                           : jn_params_matrix(params, "probs", rows, n_symbols, 0.0, 1.0, probs,
                                              err);
    for (size_t s = 0; status == JN_OK && s < rows; s++) {
        status = check_law(n_symbols, probs + s * n_symbols, "probs", s, err);
    }
    status = status == JN_OK ? read_symbols(m, data, (double)(n_symbols - 1), err) : status;
    for (size_t t = 0; status == JN_OK && t < m->n; t++) {
        m->symbols[t] = (uint32_t)m->y[t];
    }
    status = status == JN_OK ? finish_symbols(m, n_symbols, err) : status;
    for (size_t k = 0; status == JN_OK && k < n_symbols * rows; k++) {
        m->log_emission[k] = log(probs[k % rows * n_symbols + k / rows]);
    }
    free(probs);
    return status;
}

static jn_status read_gaussian(hmm *m, const jn_params *params, jn_error *err)
{
    m->location = jn_alloc_doubles(2 * m->S);
    if (m->location == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the means");
    }
    m->scale = m->location + m->S;
    jn_status status = jn_params_vector(params, "means", m->S, -INFINITY, INFINITY, m->location,
                                        err);
    if (status == JN_OK) { /* a density of a double must neither overflow nor vanish */
        status = jn_params_vector(params, "sds", m->S, 1e-150, 1e150, m->scale, err);
    }
    return status;
}

static jn_status read_emission(hmm *m, const jn_params *params, const jn_table *data, jn_error *err)
{
    size_t kind;
    const jn_status status = jn_params_choice(params, "emission", "poisson|gaussian|categorical",
                                              &kind, err);
    if (status < 0) {
        return status;
    }
    m->kind = (hmm_emission)kind;
    return m->kind == HMM_POISSON       ? read_poisson(m, params, data, err)
           : m->kind == HMM_CATEGORICAL ? read_categorical(m, params, data, err)
                                        : read_gaussian(m, params, err);
}

static jn_status create(const jn_params *params, const jn_table *data, jn_model *model,
                        jn_error *err)
{
    hmm *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    m->n = data->n_rows;
    jn_status status = read_transition(m, params, err);
    status = status == JN_OK ? read_initial(m, params, err) : status;
    status = status == JN_OK ? jn_series_read(data, "y", model, &m->y, err) : status;
    status = status == JN_OK ? read_emission(m, params, data, err) : status;
    if (status < 0) {
        return status;
    }
    logs_and_sums(1, m->S, m->initial, m->log_initial, m->cum0);
    logs_and_sums(m->S, m->S, m->transition, m->log_tran, m->cum);
    m->view.n_states = m->S;
    m->view.initial = m->initial;
    m->view.transition = m->transition;
    m->view.symbols = m->symbols;
    m->view.counts = m->counts;
    m->view.log_emission = m->log_emission;
    model->n_obs = 1;
    model->dim = 1;
    model->chain = &jn_hmm_chain;
    return JN_OK;
}

const jn_model_type jn_model_hmm = {
    .name = "hmm",
    .summary = "hidden Markov chain of finitely many states; y Poisson, Gaussian or categorical",
    .data = "y in order; the series is one observation",
    .exact = "forward recursion",
    .params = specs,
    .n_params = sizeof specs / sizeof *specs,
    .create = create,
    .destroy = destroy,
    .simulator = &jn_hmm_simulator,
};
