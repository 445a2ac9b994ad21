/* Named parameters of models and proposals: numbers, words, vectors and matrices.
 *
 * Text form: a number (`0.5`, `1e-3`), a word (`poisson`), a comma list (`1,2,3`: a row), rows
 * separated by `;` (`1,0;0,1`). Blanks around a number are skipped. A word starts with a letter,
 * `_`, `/`, `./` or `../` and goes to the end of the text; `nan` and `inf` are no words. Written
 * back by jn_value_text with as many digits (up to 17) as it takes to read the same numbers. */
#ifndef JENSEN_PARAMS_H
#define JENSEN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "jensen/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A word, or rows x cols finite numbers (a scalar is 1 x 1). */
typedef struct jn_value {
    char *word; /* NULL for numbers */
    size_t rows, cols;
    double *x; /* x[r * cols + c]; NULL for a word */
} jn_value;

typedef struct jn_param {
    char *name;
    jn_value value;
} jn_param;

/* Owns its items; order is that of setting. */
typedef struct jn_params {
    size_t n;
    jn_param *item;
} jn_params;

#define JN_VALUE_INIT    \
    {                    \
        NULL, 0, 0, NULL \
    }
#define JN_PARAMS_INIT \
    {                  \
        0, NULL        \
    }

/* What a model or proposal accepts. */
typedef struct jn_param_spec {
    const char *name;
    const char *shape; /* for people: "number > 0", "D x d", "logistic|probit" */
    const char
        *fallback; /* default in text form; NULL: no default, the owner decides if it is needed */
    const char *help; /* one short sentence */
} jn_param_spec;

/* A spec of this shape is a network. Its NAME is a word, where the layers came from; the layers are
 * the matrices NAME.0.weight (outputs x inputs), NAME.0.bias, NAME.1.weight, ..., which
 * jn_layers_resolve (jensen/layers.h) reads from the files that the word names. */
#define JN_LAYERS "layers"

/* Whether `name` is NAME.k.weight or NAME.k.bias of a network among the specs: too large to show.
 */
JN_API bool jn_param_is_layer(const char *name, const jn_param_spec *specs, size_t n_specs);

/* *out: overwritten, not freed. JN_ERR_USAGE: not in the text form above; `@FILE` is not either
 * (see jn_value_read in matrix.h). */
JN_API JN_CHECKED jn_status jn_value_parse(const char *text, jn_value *out, jn_error *err);
JN_API void jn_value_free(jn_value *v); /* leaves an empty value */
/* Text form into a new string, or NULL when out of memory. */
JN_API char *jn_value_text(const jn_value *v);

/* Each set replaces an earlier value of that name. JN_ERR_USAGE: an empty name, or a text that
 * jn_value_parse does not take; JN_ERR_VALUE: a number that is not finite, no rows or no columns.
 */
JN_API JN_CHECKED jn_status jn_params_set_text(jn_params *p, const char *name, const char *text,
                                               jn_error *err);
JN_API JN_CHECKED jn_status jn_params_set_matrix(jn_params *p, const char *name, size_t rows,
                                                 size_t cols, const double *x);
JN_API JN_CHECKED jn_status jn_params_set_number(jn_params *p, const char *name, double x);
JN_API JN_CHECKED jn_status jn_params_set_word(jn_params *p, const char *name, const char *word);
JN_API JN_CHECKED jn_status jn_params_set_value(jn_params *p, const char *name,
                                                const jn_value *value); /* copied */
/* `to` is replaced. */
JN_API JN_CHECKED jn_status jn_params_copy(const jn_params *from, jn_params *to);
JN_API void jn_params_free(jn_params *p); /* leaves an empty list */

/* NULL when it is not set. */
JN_API const jn_value *jn_params_find(const jn_params *p, const char *name);

/* Every name is one of the specs (else JN_ERR_USAGE with the nearest name), and every spec with a
 * fallback that is not set gets it. `owner` for messages: "model logistic". */
JN_API JN_CHECKED jn_status jn_params_complete(jn_params *p, const jn_param_spec *specs,
                                               size_t n_specs, const char *owner, jn_error *err);

/* Readers: JN_ERR_VALUE where the value is missing or of the wrong shape; they name the parameter,
 * the shape found and the shape wanted. Ranges are inclusive; `lo` = nextafter(0, 1) for "> 0". */
JN_API JN_CHECKED jn_status jn_params_number(const jn_params *p, const char *name, double lo,
                                             double hi, double *out, jn_error *err);
/* n numbers as a row or a column; a scalar is repeated. */
JN_API JN_CHECKED jn_status jn_params_vector(const jn_params *p, const char *name, size_t n,
                                             double lo, double hi, double *out, jn_error *err);
/* rows x cols numbers; a scalar is repeated only where `rows` or `cols` is 1. */
JN_API JN_CHECKED jn_status jn_params_matrix(const jn_params *p, const char *name, size_t rows,
                                             size_t cols, double lo, double hi, double *out,
                                             jn_error *err);
/* Index of the word in `choices` ("a|b|c"); JN_ERR_USAGE with the nearest one where it is none of
 * them or not a word, JN_ERR_VALUE where it is missing. */
JN_API JN_CHECKED jn_status jn_params_choice(const jn_params *p, const char *name,
                                             const char *choices, size_t *index, jn_error *err);

/* Shape of a value without copying it; 0 x 0 when it is not set or is a word. */
JN_API void jn_params_shape(const jn_params *p, const char *name, size_t *rows, size_t *cols);

/* The name in `names` (n of them, NULLs skipped) nearest to `word` by edit distance, or NULL when
 * none is near enough to be what was meant. */
JN_API const char *jn_nearest(const char *word, const char *const *names, size_t n);

#ifdef __cplusplus
}
#endif
#endif
