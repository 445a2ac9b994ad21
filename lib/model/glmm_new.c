/* From a table to the sums of each group. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/logspace.h"
#include "model/columns.h"
#include "model/glmm.h"
#include "model/models.h"

/* Above it e^eta and e^-eta near the ends of the range of doubles, and y is certain anyhow. */
static const double largest_offset = 600.0;
/* Products of factors stay within e^+-product_range. */
static const double product_range = 700.0, log_2 = 0.69314718055994530942;
/* Bernoulli trials of one pattern that enter as factors; more enter as a power. */
enum { MOST_FACTORS = 8 };

static const double most_count = 1e9;

typedef jn_glmm_row row;

/* What is read before the sums are made. */
typedef struct reading {
    const jn_table *data;
    const char *used[3]; /* columns that are no covariates */
    size_t n_used;
    size_t col_y, col_group, col_trials;
    jn_design design;
    double *beta, *y, *trials;
    size_t *group;
    row *rows;
} reading;

static void reading_free(reading *r)
{
    free(r->design.x);
    free(r->beta);
    free(r->y);
    free(r->group);
    free(r->rows);
}

static jn_status find_columns(const jn_glmm *m, reading *r, jn_error *err)
{
    const bool binomial = m->family == JN_GLMM_BINOMIAL;
    r->used[0] = "group";
    r->used[1] = "y";
    r->used[2] = "trials";
    r->n_used = binomial ? 3 : 2;
    jn_status status = jn_column_find(r->data, "group", "whose rows share a random intercept",
                                      &r->col_group, err);
    if (status == JN_OK) {
        status = jn_column_find(r->data, "y", "the outcome", &r->col_y, err);
    }
    if (status == JN_OK && binomial) {
        status = jn_column_find(r->data, "trials", "the trials of family=binomial", &r->col_trials,
                                err);
    }
    if (status == JN_OK && !binomial && jn_table_find(r->data, "trials") != JN_NO_COLUMN) {
        status = jn_error_set(
            err, JN_ERR_VALUE,
            "%s has a column 'trials', which only family=binomial takes; leave it "
            "out by naming the columns that are wanted",
            r->data->origin);
    }
    return status;
}

/* "intercept, age, dose" */
static void coefficient_names(const reading *r, bool intercept, size_t size, char *out)
{
    size_t used = (size_t)snprintf(out, size, "%s", intercept ? "intercept" : "");
    for (size_t c = 0; c < r->data->n_cols && used < size; c++) {
        bool covariate = true;
        for (size_t k = 0; k < r->n_used; k++) {
            covariate = covariate && strcmp(r->data->names[c], r->used[k]) != 0;
        }
        if (covariate) {
            const int k = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ", ",
                                   r->data->names[c]);
            used += k > 0 ? (size_t)k : size;
        }
    }
}

static jn_status read_beta(const jn_params *params, bool intercept, reading *r, jn_error *err)
{
    const size_t p = r->design.p;
    size_t rows, cols;
    jn_params_shape(params, "beta", &rows, &cols);
    const bool given = jn_params_find(params, "beta") != NULL;
    if (given && rows * cols == 0) {
        return jn_params_vector(params, "beta", p, -INFINITY, INFINITY, NULL, err); /* a word */
    }
    const bool one_for_all = rows * cols == 1 && p > 1;
    if (given ? rows * cols != p && !one_for_all : p > 0) {
        char names[160];
        coefficient_names(r, intercept, sizeof names, names);
        return jn_error_set(err, JN_ERR_VALUE, "beta %s %zu number%s: %s",
                            given ? "has the wrong length, need" : "is needed,", p,
                            p == 1 ? "" : "s", p == 0 ? "no covariate and no intercept" : names);
    }
    r->beta = jn_alloc_doubles(p);
    if (r->beta == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for beta");
    }
    return p == 0 ? JN_OK : jn_params_vector(params, "beta", p, -INFINITY, INFINITY, r->beta, err);
}

static jn_status read_outcome(const jn_glmm *m, reading *r, jn_error *err)
{
    const size_t n = r->data->n_rows;
    r->y = jn_alloc_doubles(2 * n);
    if (r->y == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the outcome");
    }
    r->trials = r->y + n;
    const char *const expected = m->family == JN_GLMM_BERNOULLI  ? "0 or 1"
                                 : m->family == JN_GLMM_BINOMIAL ? "a whole number, 0 to trials"
                                                                 : "a whole number, 0 to 1e9";
    jn_status status = jn_column_counts(r->data, r->col_y, 0.0,
                                        m->family == JN_GLMM_BERNOULLI ? 1.0 : most_count, expected,
                                        r->y, err);
    for (size_t i = 0; i < n; i++) {
        r->trials[i] = 1.0;
    }
    if (status == JN_OK && m->family == JN_GLMM_BINOMIAL) {
        status = jn_column_counts(r->data, r->col_trials, 0.0, most_count,
                                  "a whole number, 0 to 1e9", r->trials, err);
        for (size_t i = 0; status == JN_OK && i < n; i++) {
            status = r->y[i] <= r->trials[i]
                         ? JN_OK
                         : jn_column_refuse(r->data, i, r->col_y, expected, err);
        }
    }
    return status;
}

static jn_status fill_rows(reading *r, jn_error *err)
{
    const size_t n = r->data->n_rows, p = r->design.p;
    r->rows = jn_alloc(n, sizeof *r->rows);
    if (r->rows == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the rows");
    }
    for (size_t i = 0; i < n; i++) {
        double offset = 0.0;
        for (size_t k = 0; k < p; k++) {
            offset += r->design.x[i * p + k] * r->beta[k];
        }
        if (!(fabs(offset) <= largest_offset)) {
            char where[256];
            return jn_error_set(err, JN_ERR_VALUE, "%s: X beta = %g there; need at most %g in size",
                                jn_table_where(r->data, i, where, sizeof where), offset,
                                largest_offset);
        }
        r->rows[i] = (row){ r->group[i], i, offset, r->y[i], r->trials[i] };
    }
    return JN_OK;
}

static int by_group_and_offset(const void *a, const void *b)
{
    const row *p = a, *q = b;
    if (p->group != q->group) {
        return p->group < q->group ? -1 : 1;
    }
    if (p->offset != q->offset) {
        return p->offset < q->offset ? -1 : 1;
    }
    return p->index < q->index ? -1 : p->index > q->index;
}

/* Sorted rows to groups and patterns, and their sums. */
static void sum_rows(jn_glmm *m, const row *rows, size_t n)
{
    size_t k = 0; /* patterns so far */
    for (size_t i = 0; i < n; i++) {
        const row *r = rows + i;
        const bool new_group = i == 0 || r->group != rows[i - 1].group;
        jn_glmm_group *g = m->groups + r->group;
        if (new_group) {
            *g = (jn_glmm_group){ .pattern = k, .log_mean = -INFINITY };
        }
        if (new_group || r->offset != rows[i - 1].offset) {
            m->patterns[k++] = (jn_glmm_pattern){ .offset = r->offset };
            g->n_patterns++;
        }
        m->patterns[k - 1].successes += r->y;
        m->patterns[k - 1].trials += r->trials;
        g->successes += r->y;
        g->trials += r->trials;
        g->log_mean = jn_log_add(g->log_mean, r->offset);
    }
}

/* Constants of a sum of rows: plainly, or by its deviance where the counts are large. */
static void add_constants(jn_glmm *m, jn_glmm_group *g, jn_glmm_pattern *p, const row *rows,
                          size_t n)
{
    const bool binomial = m->family != JN_GLMM_POISSON;
    if (binomial && p->trials > JN_GLMM_MANY) {
        jn_glmm_many_binomial(p, rows, n);
        g->many = true;
        g->constant += p->constant;
        g->rounding += p->rounding;
        g->successes -= p->successes;
        g->trials -= p->trials;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        g->constant += rows[i].y * rows[i].offset - lgamma(rows[i].y + 1.0);
        if (binomial) {
            g->constant += lgamma(rows[i].trials + 1.0) - lgamma(rows[i].trials - rows[i].y + 1.0);
        }
    }
}

static void sum_constants(jn_glmm *m, const row *rows, size_t n)
{
    for (size_t i = 0, first = 0; i < n; i = first) {
        jn_glmm_group *g = m->groups + rows[i].group;
        size_t k = g->pattern;
        for (size_t at = i; first < n && rows[first].group == rows[i].group; at = first, k++) {
            while (first < n && rows[first].group == rows[i].group &&
                   rows[first].offset == rows[at].offset) {
                first++;
            }
            add_constants(m, g, m->patterns + k, rows + at, first - at);
        }
        if (m->family == JN_GLMM_POISSON && g->successes > JN_GLMM_MANY) {
            jn_glmm_many_poisson(g, rows + i, first - i);
        }
    }
}

/* The factors of one pattern: copies in the last batch while there is room, or a power. */
static void add_factors(jn_glmm *m, jn_glmm_group *g, const jn_glmm_pattern *p, size_t *n_odds,
                        double *room)
{
    const double size = fabs(p->offset) + log_2, odds = exp(p->offset);
    const bool power = p->trials > MOST_FACTORS;
    if (p->many) {
        return;
    }
    const size_t copies = power ? 1 : (size_t)p->trials;
    for (size_t c = 0; c < copies; c++) {
        if (g->n_batches == 0 || power || size > *room) {
            m->batches[g->batch + g->n_batches++] =
                (jn_glmm_batch){ .first = *n_odds, .power = power ? p->trials : 1.0 };
            *room = product_range;
        }
        m->odds[(*n_odds)++] = odds;
        m->batches[g->batch + g->n_batches - 1].count++;
        *room = power ? 0.0 : *room - size;
    }
}

static void make_batches(jn_glmm *m)
{
    size_t n_batches = 0, n_odds = 0;
    for (size_t j = 0; j < m->n_groups; j++) {
        jn_glmm_group *g = m->groups + j;
        double room = 0.0;
        g->batch = n_batches;
        for (size_t k = g->pattern; k < g->pattern + g->n_patterns; k++) {
            add_factors(m, g, m->patterns + k, &n_odds, &room);
        }
        n_batches += g->n_batches;
    }
}

/* Room for every factor alone in its batch: each row brings MOST_FACTORS at most. */
static size_t most_factors(const jn_glmm *m, const row *rows, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; m->family != JN_GLMM_POISSON && i < n; i++) {
        total += rows[i].trials > MOST_FACTORS ? 1 : (size_t)rows[i].trials;
    }
    return total;
}

static jn_status make_groups(jn_glmm *m, reading *r, jn_error *err)
{
    const size_t n = r->data->n_rows, factors = most_factors(m, r->rows, n);
    m->groups = jn_alloc(m->n_groups, sizeof *m->groups);
    m->patterns = jn_alloc(n, sizeof *m->patterns);
    m->batches = jn_alloc(factors, sizeof *m->batches);
    m->odds = jn_alloc_doubles(factors);
    if (m->groups == NULL || m->patterns == NULL || m->batches == NULL || m->odds == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for %zu groups", m->n_groups);
    }
    qsort(r->rows, n, sizeof *r->rows, by_group_and_offset);
    sum_rows(m, r->rows, n);
    sum_constants(m, r->rows, n);
    if (m->family != JN_GLMM_POISSON) {
        make_batches(m);
    }
    return JN_OK;
}

static jn_status read_data(jn_glmm *m, const jn_params *params, bool intercept, reading *r,
                           jn_error *err)
{
    jn_status status = find_columns(m, r, err);
    if (status == JN_OK) {
        status = jn_design_read(r->data, r->used, r->n_used, intercept, &r->design, err);
    }
    if (status == JN_OK) {
        status = read_beta(params, intercept, r, err);
    }
    if (status == JN_OK) {
        status = read_outcome(m, r, err);
    }
    if (status == JN_OK) {
        r->group = jn_alloc(r->data->n_rows, sizeof *r->group);
        status = r->group == NULL
                     ? jn_error_set(err, JN_ERR_NOMEM, "no memory for the groups")
                     : jn_glmm_group_rows(r->data, r->col_group, r->group, &m->n_groups, err);
    }
    if (status == JN_OK) {
        status = fill_rows(r, err);
    }
    return status < 0 ? status : make_groups(m, r, err);
}

/* What y was drawn from, row by row; the rows have been sorted. */
static jn_status keep_rows(jn_glmm *m, reading *r, jn_error *err)
{
    m->n_rows = r->data->n_rows;
    m->group = r->group;
    r->group = NULL;
    m->offset = jn_alloc_doubles(2 * m->n_rows);
    if (m->offset == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for the rows");
    }
    m->trials = m->offset + m->n_rows;
    for (size_t i = 0; i < m->n_rows; i++) {
        m->offset[r->rows[i].index] = r->rows[i].offset;
        m->trials[r->rows[i].index] = r->rows[i].trials;
    }
    return JN_OK;
}

jn_status jn_glmm_create(const jn_params *params, const jn_table *data, jn_model *model,
                         jn_error *err)
{
    size_t family = 0, intercept = 1;
    jn_glmm *m = jn_alloc(1, sizeof *m);
    if (m == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory");
    }
    model->self = m;
    jn_status status = jn_params_choice(params, "family", "bernoulli|binomial|poisson", &family,
                                        err);
    if (status == JN_OK) { /* bounds that keep the square a normal number */
        status = jn_params_number(params, "sigma", 1e-150, 1e150, &m->sigma, err);
    }
    if (status == JN_OK) {
        status = jn_model_count(params, "intercept", 0, 1, &intercept, err);
    }
    if (status == JN_OK) {
        reading r = { .data = data };
        m->family = (jn_glmm_family)family;
        status = read_data(m, params, intercept == 1, &r, err);
        status = status == JN_OK ? keep_rows(m, &r, err) : status;
        reading_free(&r);
    }
    model->n_obs = m->n_groups;
    model->dim = 1;
    model->density = jn_glmm_density(m->family);
    return status;
}

void jn_glmm_destroy(void *self)
{
    jn_glmm *m = self;
    if (m != NULL) {
        free(m->groups);
        free(m->patterns);
        free(m->batches);
        free(m->odds);
        free(m->group);
        free(m->offset);
        free(m);
    }
}
