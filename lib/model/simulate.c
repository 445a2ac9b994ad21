/* Data from a model: a table whose drawn cells are 0, the model bound to it, its prior, its draws.
 */
#include "jensen/simulate.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "jensen/chain.h"
#include "jensen/random.h"
#include "model/models.h"

enum { NAME = 32, BLOCK = 512 };

typedef struct simulation {
    const jn_model_type *type;
    const jn_simulator *s;
    const jn_params *params;
    const jn_table *design;
    size_t n_rows, n_cols; /* of the table; of them drawn */
    char (*text)[NAME];    /* names of the drawn columns */
    const char **names;
    jn_model *m; /* bound to zeros */
    jn_cells cells;
    double *memory;  /* of the cells */
    size_t n_points; /* latent points of all observations */
    double *z;       /* z[point * dim + j]; NULL: not kept */
    jn_stream of_z, of_x;
} simulation;

static jn_status no_memory(jn_error *err)
{
    return jn_error_set(err, JN_ERR_NOMEM, "out of memory for simulated data");
}

/* --- what to draw into ----------------------------------------------------------------------- */

static jn_status check(const simulation *s, const char *name, size_t n, jn_error *err)
{
    if (s->s == NULL) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s has no data to simulate", name);
    }
    if (s->design != NULL && !s->s->takes_design) {
        return jn_error_set(err, JN_ERR_USAGE,
                            "model %s draws all of its data: give the number of rows, no table",
                            name);
    }
    if (s->s->design != NULL &&
        (s->design == NULL || jn_table_find(s->design, s->s->design) == JN_NO_COLUMN)) {
        return jn_error_set(err, JN_ERR_USAGE, "model %s needs a table with a column '%s' (%s)",
                            name, s->s->design, s->type->data);
    }
    return (n == 0) == (s->design == NULL)
               ? jn_error_set(err, JN_ERR_USAGE,
                              n == 0 ? "model %s: how many rows?"
                                     : "model %s: the table says how many rows",
                              name)
               : JN_OK;
}

static jn_status count_columns(simulation *s, jn_error *err)
{
    jn_params completed = JN_PARAMS_INIT;
    char owner[64];
    snprintf(owner, sizeof owner, "model %.48s", s->type->name);
    s->n_cols = 1;
    if (s->s->n_columns == NULL) {
        return JN_OK;
    }
    jn_status st = s->params == NULL || jn_params_copy(s->params, &completed) == JN_OK
                       ? JN_OK
                       : no_memory(err);
    if (st == JN_OK) {
        st = jn_params_complete(&completed, s->type->params, s->type->n_params, owner, err);
    }
    if (st == JN_OK) { /* where they do not say, the model will say what it lacks */
        const size_t n = s->s->n_columns(&completed);
        s->n_cols = n == 0 ? 1 : n;
    }
    jn_params_free(&completed);
    return st;
}

static jn_status name_columns(simulation *s, jn_error *err)
{
    s->text = jn_alloc(s->n_cols, sizeof *s->text);
    s->names = jn_alloc(s->n_cols, sizeof *s->names);
    if (s->text == NULL || s->names == NULL) {
        return no_memory(err);
    }
    for (size_t c = 0; c < s->n_cols; c++) {
        if (s->s->n_columns == NULL) {
            snprintf(s->text[c], NAME, "%s", s->s->column);
        } else {
            snprintf(s->text[c], NAME, "%s%zu", s->s->column, c + 1);
        }
        s->names[c] = s->text[c];
    }
    return JN_OK;
}

/* The model bound to a table; its drawn cells are cells.x. */
static jn_status bind(const simulation *s, jn_table **table, jn_model **m, jn_error *err)
{
    const jn_status st = jn_table_replace(s->design, s->n_rows, s->n_cols, s->names, s->cells.x,
                                          table);
    return st < 0 ? no_memory(err) : jn_model_new(s->type->name, s->params, *table, m, err);
}

static jn_status start(simulation *s, jn_error *err)
{
    jn_status st = count_columns(s, err);
    st = st == JN_OK ? name_columns(s, err) : st;
    if (st < 0) {
        return st;
    }
    s->cells.n_rows = s->n_rows;
    if (s->n_rows > SIZE_MAX / 64 / s->n_cols) {
        return no_memory(err);
    }
    double *base = jn_alloc_doubles(2 * s->n_rows * s->n_cols);
    if (base == NULL) {
        return no_memory(err);
    }
    s->memory = base;
    s->cells.base = base;
    s->cells.x = base + s->n_rows * s->n_cols;
    jn_table *zeros = NULL;
    st = bind(s, &zeros, &s->m, err);
    jn_table_free(zeros);
    const bool uniform = st == JN_OK && s->s->base != NULL &&
                         s->s->base(s->m->self) == JN_BASE_UNIFORM;
    for (size_t c = 0; st == JN_OK && c < s->n_cols; c++) {
        (uniform ? jn_uniform_fill : jn_normal_fill)(&s->of_x, 0, s->n_rows, (uint32_t)c,
                                                     base + c * s->n_rows);
    }
    return st;
}

/* --- drawing --------------------------------------------------------------------------------- */

/* x and, where it is kept, z of point `point`, coordinate j of z at z[j * ld]. */
static jn_status draw(simulation *s, size_t row, size_t t, size_t point, size_t ld, const double *z)
{
    for (size_t j = 0; s->z != NULL && j < s->m->dim; j++) {
        s->z[point * s->m->dim + j] = z[j * ld];
    }
    return s->s->draw(s->m->self, row, t, ld, z, &s->cells);
}

static jn_status draw_density(simulation *s, double *base, double *z)
{
    const jn_model *m = s->m;
    jn_status st = JN_OK;
    for (size_t first = 0; st == JN_OK && first < m->n_obs; first += BLOCK) {
        const size_t n = m->n_obs - first < BLOCK ? m->n_obs - first : BLOCK;
        for (size_t j = 0; j < m->dim; j++) {
            const jn_base kind = jn_model_prior_base(m, j);
            (kind == JN_BASE_NORMAL ? jn_normal_fill : jn_uniform_fill)(
                &s->of_z, first, n, (uint32_t)j, base + j * BLOCK);
        }
        st = m->density->prior_map(m->self, n, BLOCK, base, z);
        for (size_t i = 0; st == JN_OK && i < n; i++) {
            st = draw(s, first + i, 0, first + i, BLOCK, z + i);
        }
    }
    return st;
}

/* Observation after observation, a step at a time. */
static jn_status draw_chain(simulation *s, double *base, double *z)
{
    const jn_model *m = s->m;
    const jn_chain *c = m->chain;
    const size_t per_step = c->finite != NULL ? 1 : m->dim;
    double *to = z, *from = z + m->dim;
    jn_status st = JN_OK;
    for (size_t row = 0, point = 0; st == JN_OK && row < m->n_obs; row++) {
        const size_t T = c->n_steps(m->self, row);
        for (size_t t = 0; st == JN_OK && t < T; t++, point++) {
            for (size_t j = 0; j < per_step; j++) {
                (c->finite != NULL ? jn_uniform_fill : jn_normal_fill)(
                    &s->of_z, row, 1, (uint32_t)(t * m->dim + j), base + j);
            }
            st = t == 0 ? c->initial_map(m->self, 1, 1, base, to)
                        : c->transition_map(m->self, t, 1, 1, from, base, to);
            st = st == JN_OK ? draw(s, row, t, point, 1, to) : st;
            double *old = from;
            from = to;
            to = old;
        }
    }
    return st;
}

/* Latent points of all observations; 0: a path is longer than a stream has coordinates. */
static size_t count_points(const jn_model *m)
{
    size_t n = 0;
    for (size_t row = 0; row < m->n_obs; row++) {
        const size_t T = m->chain == NULL ? 1 : m->chain->n_steps(m->self, row);
        if (T > ((size_t)1 << JN_COORDINATE_BITS) / m->dim) {
            return 0;
        }
        n += T;
    }
    return n;
}

static jn_status draw_all(simulation *s, bool keep, jn_error *err)
{
    const jn_model *m = s->m;
    s->n_points = count_points(m);
    if (s->n_points == 0 || s->n_points > SIZE_MAX / 64 / m->dim) {
        return jn_error_set(err, JN_ERR_VALUE,
                            "model %s: a path may have at most 2^%d steps times coordinates",
                            m->type->name, JN_COORDINATE_BITS);
    }
    double *scratch = jn_alloc_doubles(2 * m->dim * BLOCK);
    s->z = keep ? jn_alloc_doubles(s->n_points * m->dim) : NULL;
    if (scratch == NULL || (keep && s->z == NULL)) {
        free(scratch);
        return no_memory(err);
    }
    double *z = scratch + m->dim * BLOCK;
    const jn_status st = m->chain != NULL ? draw_chain(s, scratch, z) : draw_density(s, scratch, z);
    free(scratch);
    return st < 0 ? jn_error_set(err, st, "model %s: simulating: %s", m->type->name,
                                 jn_status_text(st))
                  : st;
}

/* --- the tables ------------------------------------------------------------------------------ */

static jn_status check_drawn(const simulation *s, jn_error *err)
{
    for (size_t i = 0; i < s->n_rows * s->n_cols; i++) {
        if (!isfinite(s->cells.x[i])) {
            return jn_error_set(err, JN_ERR_VALUE,
                                "row %zu, column %s: the drawn value is %g: the prior reaches "
                                "beyond what doubles can hold (of counts: below 2^53)",
                                i % s->n_rows, s->names[i / s->n_rows], s->cells.x[i]);
        }
    }
    return JN_OK;
}

static jn_status make_latents(const simulation *s, jn_table **out, jn_error *err)
{
    const size_t d = s->m->dim;
    char(*text)[NAME] = jn_alloc(d, sizeof *text);
    const char **names = jn_alloc(d, sizeof *names);
    jn_status st = text == NULL || names == NULL ? JN_ERR_NOMEM : JN_OK;
    for (size_t j = 0; st == JN_OK && j < d; j++) {
        snprintf(text[j], NAME, "z%zu", j + 1);
        names[j] = text[j];
    }
    st = st == JN_OK ? jn_table_new("(drawn)", s->n_points, d, names, s->z, out) : st;
    free(text);
    free(names);
    return st < 0 ? no_memory(err) : st;
}

/* The data, which the model must be able to read. */
static jn_status make_data(const simulation *s, jn_table **out, jn_error *err)
{
    jn_table *x = NULL;
    jn_model *read = NULL;
    jn_status st = check_drawn(s, err);
    st = st == JN_OK ? bind(s, &x, &read, err) : st;
    jn_model_free(read);
    if (st < 0) {
        jn_table_free(x);
        return st;
    }
    *out = x;
    return st;
}

static jn_status run(simulation *s, jn_table **x, jn_table **z, jn_error *err)
{
    jn_table *latents = NULL;
    jn_status st = start(s, err);
    st = st == JN_OK ? draw_all(s, z != NULL, err) : st;
    st = st == JN_OK && z != NULL ? make_latents(s, &latents, err) : st;
    st = st == JN_OK ? make_data(s, x, err) : st;
    if (st < 0) {
        jn_table_free(latents);
    } else if (z != NULL) {
        *z = latents;
    }
    return st;
}

jn_status jn_simulate(const char *name, const jn_params *params, size_t n, const jn_table *design,
                      uint64_t seed, jn_table **x, jn_table **z, jn_error *err)
{
    simulation s = { .type = jn_model_type_find(name), .params = params, .design = design };
    if (s.type == NULL) {
        return jn_model_new(name, NULL, NULL, &s.m, err); /* it knows the nearest name */
    }
    s.s = s.type->simulator;
    s.of_z = (jn_stream){ .seed = seed, .purpose = JN_FOR_SIMULATION };
    s.of_x = s.of_z;
    s.of_x.replicate = 1;
    s.n_rows = design == NULL ? n : design->n_rows;
    jn_status st = check(&s, name, n, err);
    st = st == JN_OK ? run(&s, x, z, err) : st;
    jn_model_free(s.m);
    free(s.text);
    free(s.names);
    free(s.memory);
    free(s.z);
    return st;
}
