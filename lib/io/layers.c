#include "jensen/layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "jensen/npy.h"

/* PREFIX.k.kind.npy on the heap, or NULL. */
static char *file_name(const char *prefix, size_t k, const char *kind)
{
    enum { REST = 48 };
    const size_t size = strlen(prefix) + REST;
    char *path = jn_alloc(size, 1);
    if (path != NULL) {
        (void)snprintf(path, size, "%s.%zu.%s.npy", prefix, k, kind);
    }
    return path;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static jn_status keep(const char *path, const jn_matrix *m, const char *parameter,
                      jn_params *params, jn_error *err)
{
    for (size_t i = 0; i < m->rows * m->cols; i++) {
        if (!isfinite(m->x[i])) {
            return jn_error_set(err, JN_ERR_VALUE,
                                "%s: element [%zu,%zu] is %g: a layer needs finite numbers", path,
                                i / m->cols, i % m->cols, m->x[i]);
        }
    }
    const jn_status status = jn_params_set_matrix(params, parameter, m->rows, m->cols, m->x);
    return status == JN_OK ? status : jn_error_set(err, status, "no memory for %s", path);
}

/* One file of layer k into params; *found says whether it is there. */
static jn_status read_one(const char *prefix, const char *name, size_t k, const char *kind,
                          bool *found, jn_params *params, jn_error *err)
{
    char parameter[JN_EXCERPT + 48];
    jn_matrix m = JN_MATRIX_INIT;
    char *path = file_name(prefix, k, kind);
    if (path == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a file name");
    }
    (void)snprintf(parameter, sizeof parameter, "%.*s.%zu.%s", JN_EXCERPT, name, k, kind);
    jn_status status = JN_OK;
    *found = is_there(path);
    if (*found) {
        status = jn_npy_read(path, &m, err);
        status = status == JN_OK ? keep(path, &m, parameter, params, err) : status;
        jn_matrix_free(&m);
    }
    free(path);
    return status;
}

static jn_status missing(const char *prefix, size_t k, const char *kind, const char *reason,
                         jn_error *err)
{
    return jn_error_set(err, JN_ERR_IO, "%s.%zu.%s.npy: no such file%s", prefix, k, kind, reason);
}

/* Where the layers seem to end at k: no later file may show that one was lost. */
static jn_status check_end(const char *prefix, size_t k, bool bias, jn_error *err)
{
    char *next = file_name(prefix, k + 1, "weight");
    if (next == NULL) {
        return jn_error_set(err, JN_ERR_NOMEM, "no memory for a file name");
    }
    const bool gap = is_there(next);
    free(next);
    if (k == 0) {
        return missing(
            prefix, k, "weight",
            "; a network is PREFIX.0.weight.npy, PREFIX.0.bias.npy, PREFIX.1.weight.npy, "
            "...",
            err);
    }
    return bias  ? missing(prefix, k, "weight", ", but the bias of that layer is there", err)
           : gap ? missing(prefix, k, "weight", ", but the layer after it is there", err)
                 : JN_OK;
}

static jn_status read_all(const char *prefix, const char *name, jn_params *params, jn_error *err)
{
    for (size_t k = 0;; k++) {
        bool weight = false, bias = false;
        jn_status status = read_one(prefix, name, k, "weight", &weight, params, err);
        if (status == JN_OK) {
            status = read_one(prefix, name, k, "bias", &bias, params, err);
        }
        if (status != JN_OK || !weight) {
            return status != JN_OK ? status : check_end(prefix, k, bias, err);
        }
        if (!bias) {
            return missing(prefix, k, "bias", ", but the weight of that layer is there", err);
        }
    }
}

jn_status jn_layers_read(const char *prefix, const char *name, jn_params *params, jn_error *err)
{
    jn_params all = JN_PARAMS_INIT;
    jn_status status = jn_params_copy(params, &all);
    if (status == JN_OK) {
        status = jn_params_set_word(&all, name, prefix);
    }
    if (status != JN_OK) {
        jn_params_free(&all);
        return jn_error_set(err, status, "no memory for the parameters");
    }
    status = read_all(prefix, name, &all, err);
    if (status != JN_OK) {
        jn_params_free(&all);
        return jn_error_prefix(err, status, "%s", name);
    }
    jn_params_free(params);
    *params = all;
    return JN_OK;
}

jn_status jn_layers_resolve(const jn_param_spec *specs, size_t n_specs, jn_params *params,
                            jn_error *err)
{
    for (size_t i = 0; i < n_specs; i++) {
        const jn_value *v = jn_params_find(params, specs[i].name);
        if (strcmp(specs[i].shape, JN_LAYERS) != 0 || v == NULL || v->word == NULL) {
            continue;
        }
        char *prefix = jn_strdup(v->word); /* v dies with the list that it stands in */
        const jn_status status = prefix == NULL
                                     ? jn_error_set(err, JN_ERR_NOMEM, "no memory for a file name")
                                     : jn_layers_read(prefix, specs[i].name, params, err);
        free(prefix);
        if (status != JN_OK) {
            return status;
        }
    }
    return JN_OK;
}
